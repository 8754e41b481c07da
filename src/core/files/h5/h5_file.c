/* SPDX-License-Identifier: Apache-2.0
 * Opens, makes and closes files. A file in memory is a buffer of ours, on which the core driver of libhdf5 works
 * through its image callbacks. So neither a finished file nor a file that is read needs a second copy. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/h5/door/h5.h"
#include "files/h5/h5_room.h"

/* ---- the buffer of a file in memory ---- */

enum { INCREMENT = 1 << 16 }; /* each is zeroed, needed or not; the buffer itself grows by half */

static void *image_realloc(void *old, size_t size, H5FD_file_image_op_t op, void *arg) {
    gt_h5_file *f = arg;
    (void)old, (void)op; /* there is one buffer only */
    if (size > f->capacity) {
        size_t capacity = f->capacity + f->capacity / 2;
        if (capacity < size) capacity = size;
        void *data = realloc(f->data, capacity);
        if (!data) {
            f->no_memory = true;
            return NULL;
        }
        f->data = data;
        f->capacity = capacity;
    }
    return f->data;
}

static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *arg) {
    return image_realloc(NULL, size, op, arg);
}

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *arg) {
    (void)op, (void)arg;
    return to == from ? to : memcpy(to, from, size);
}

static herr_t image_keep(void *data, H5FD_file_image_op_t op, void *arg) {
    (void)data, (void)op, (void)arg;
    return 0;
}

static void *arg_keep(void *arg) { return arg; }

static herr_t arg_free(void *arg) {
    (void)arg;
    return 0;
}

/* ---- open and create ---- */

/* Closing the file closes what is open in it. */
static hid_t access_list(void) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    return access;
}

static hid_t memory_access(gt_h5_file *f) {
    H5FD_file_image_callbacks_t callbacks = {
        .image_malloc = image_malloc,
        .image_memcpy = image_copy,
        .image_realloc = image_realloc,
        .image_free = image_keep,
        .udata_copy = arg_keep,
        .udata_free = arg_free,
        .udata = f,
    };
    hid_t access = access_list();
    H5Pset_fapl_core(access, INCREMENT, 0);
    H5Pset_file_image_callbacks(access, &callbacks);
    return access;
}

/* No file has this name; libhdf5 tells files in memory apart by it. */
static const char *memory_name(char name[64], const gt_h5_file *f) {
    snprintf(name, 64, "/in memory/%p", (const void *)f);
    return name;
}

static gt_status opened(gt_h5_file *f, hid_t file, hid_t access, const char *path, const char *what) {
    f->id = file < 0 ? 0 : file;
    gt_status st = file < 0 ? gt_h5_fail(f->error ? GT_FAILED : GT_FORMAT, "'%s': %s", path, what) : GT_OK;
    H5Pclose(access);
    if (f->no_memory) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    return st;
}

static gt_status begin(gt_h5_file *f) {
    *f = (gt_h5_file){0};
    return h5_begin();
}

gt_status gt_h5_open(gt_h5_file *f, const char *path) {
    int fd;
    off_t bytes;
    gt_status st = begin(f);
    if (!st) st = gt_file_open_regular(path, &fd, &bytes); /* libhdf5 would wait for a pipe for ever */
    if (st) return st;
    close(fd);
    hid_t access = access_list(), file = -1;
    H5Pset_file_locking(access, false, true); /* network file systems often have none */
    /* of a file that is being written; the default of 100 takes hours over a damaged one */
    H5Pset_metadata_read_attempts(access, 10);
    /* A metric log that a run is writing opens in the second way only; the third attempt is for the message of the
     * first. */
    const unsigned ways[] = {H5F_ACC_RDONLY, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5F_ACC_RDONLY};
    for (size_t i = 0; i < sizeof ways / sizeof *ways && file < 0; i++) file = H5Fopen(path, ways[i], access);
    return opened(f, file, access, path, "damaged, truncated or not an HDF5 file");
}

gt_status gt_h5_open_memory(gt_h5_file *f, const void *bytes, size_t n) {
    char name[64];
    gt_status st = begin(f);
    if (st) return st;
    *f = (gt_h5_file){.data = (void *)bytes, .capacity = n, .borrowed = true};
    hid_t access = memory_access(f);
    H5Pset_file_image(access, f->data, n);
    return opened(f, H5Fopen(memory_name(name, f), H5F_ACC_RDONLY, access), access, "a file in memory", "damaged");
}

static gt_status create(gt_h5_file *f, const char *path, hid_t access, H5F_libver_t version, const char *what) {
    hid_t list = h5_untimed(H5P_FILE_CREATE, !f->unordered);
    H5Pset_libver_bounds(access, version, version);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, list, access);
    gt_status st = opened(f, file, access, what, "cannot be created");
    H5Pclose(list);
    if (!st || !f->error) return st;
    gt_status why = f->error == ENOMEM ? GT_NOMEM : GT_FAILED;
    return gt_fail(why, "cannot create '%s': %s", what, strerror(f->error));
}

gt_status gt_h5_create_memory(gt_h5_file *f) {
    char name[64];
    gt_status st = begin(f);
    return st ? st : create(f, memory_name(name, f), memory_access(f), H5F_LIBVER_V18, "a file in memory");
}

gt_status gt_h5_create(gt_h5_file *f, const char *path, bool grows) {
    gt_status st = begin(f);
    if (st) return st;
    f->unordered = grows;
    hid_t access = access_list();
    h5_sink_use(access, &f->error);
    return create(f, path, access, grows ? H5F_LIBVER_LATEST : H5F_LIBVER_V18, path);
}

gt_status gt_h5_written(const gt_h5_file *f) {
    return f->error ? gt_fail(GT_FAILED, "the disk: %s", strerror(f->error)) : GT_OK;
}

/* libhdf5 reads back what it has flushed, and waits without end for what a full disk has not taken. */
gt_status gt_h5_grow(gt_h5_file *f) {
    bool fine = H5Fflush(f->id, H5F_SCOPE_GLOBAL) >= 0;
    if (gt_h5_written(f)) return GT_FAILED;
    fine = fine && H5Fstart_swmr_write(f->id) >= 0;
    return fine ? gt_h5_written(f) : gt_h5_fail(GT_FAILED, "cannot be written");
}

/* ---- close ---- */

gt_status gt_h5_finish(gt_h5_file *f) {
    ssize_t bytes = 0;
    bool fine = f->id && H5Fflush(f->id, H5F_SCOPE_GLOBAL) >= 0;
    if (fine && f->data) fine = (bytes = H5Fget_file_image(f->id, NULL, 0)) > 0 && (size_t)bytes <= f->capacity;
    gt_status st = fine ? GT_OK : gt_h5_fail(GT_FAILED, "an HDF5 file cannot be finished");
    if (f->id && H5Fclose(f->id) < 0 && !st) st = gt_h5_fail(GT_FAILED, "an HDF5 file cannot be closed");
    f->id = 0;
    f->bytes = (size_t)bytes;
    if (f->no_memory)
        return gt_fail(GT_NOMEM, "out of memory for an HDF5 file of more than %.1f MB", (double)f->capacity / 1e6);
    return st && !f->error ? st : gt_h5_written(f);
}

gt_status gt_h5_save(gt_h5_file *f, const char *path) {
    gt_status st = gt_h5_finish(f);
    return st ? gt_wrap(st, "'%s'", path) : gt_file_write(path, f->data, f->bytes);
}

void gt_h5_close(gt_h5_file *f) {
    if (f->id) H5Fclose(f->id);
    if (!f->borrowed) free(f->data);
    *f = (gt_h5_file){0};
}
