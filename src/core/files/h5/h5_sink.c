/* SPDX-License-Identifier: Apache-2.0
 * A file driver that reports no failures to libhdf5: see h5_sink_use() in h5_room.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/h5/h5_room.h"

#define MOST_ADDRESS (((haddr_t)1 << 62) - 1)

typedef struct sink_file {
    H5FD_t base; /* HDF5's own part: first */
    int fd;
    haddr_t allocated, end; /* as HDF5 believes them to be */
    int *error;
} sink_file;

static void note(sink_file *f, int error) {
    if (error && !*f->error) *f->error = error;
}

static H5FD_t *sink_open(const char *path, unsigned flags, hid_t access, haddr_t most) {
    int *const *error = H5Pget_driver_info(access);
    (void)most;
    if (!error || !(flags & H5F_ACC_TRUNC)) return NULL; /* it makes files, and nothing else */
    sink_file *f = calloc(1, sizeof *f);
    if (!f) {
        **error = ENOMEM;
        return NULL;
    }
    f->error = *error;
    f->fd = gt_file_open(path, O_RDWR | O_CREAT | O_TRUNC);
    if (f->fd >= 0) return &f->base;
    note(f, errno);
    free(f);
    return NULL;
}

static herr_t sink_close(H5FD_t *file) {
    sink_file *f = (sink_file *)file;
    if (close(f->fd) && errno != EINTR) note(f, errno);
    free(f);
    return 0;
}

static herr_t sink_query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_SUPPORTS_SWMR_IO;
    return 0;
}

static haddr_t sink_allocated(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const sink_file *)file)->allocated;
}

static herr_t sink_allocate(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((sink_file *)file)->allocated = address;
    return 0;
}

static haddr_t sink_end(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const sink_file *)file)->end;
}

/* What is not there reads as zeros. */
static herr_t sink_read(H5FD_t *file, H5FD_mem_t type, hid_t list, haddr_t at, size_t bytes, void *out) {
    sink_file *f = (sink_file *)file;
    (void)type, (void)list;
    char *p = out;
    while (bytes) {
        ssize_t n = pread(f->fd, p, bytes, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) note(f, errno);
        if (n <= 0) break;
        p += n;
        at += (haddr_t)n;
        bytes -= (size_t)n;
    }
    memset(p, 0, bytes);
    return 0;
}

static herr_t sink_write(H5FD_t *file, H5FD_mem_t type, hid_t list, haddr_t at, size_t bytes, const void *data) {
    sink_file *f = (sink_file *)file;
    (void)type, (void)list;
    if (at + bytes > f->end) f->end = at + bytes;
    if (!*f->error) note(f, gt_write_all_at(f->fd, data, bytes, (off_t)at));
    return 0;
}

static herr_t sink_truncate(H5FD_t *file, hid_t list, hbool_t closing) {
    sink_file *f = (sink_file *)file;
    (void)list, (void)closing;
    while (!*f->error && f->end != f->allocated && ftruncate(f->fd, (off_t)f->allocated))
        if (errno != EINTR) note(f, errno);
    f->end = f->allocated;
    return 0;
}

/* The run's own lock keeps writers apart, and some network file systems have no others. But only where these two are
 * there HDF5 marks a file as being written, which its readers look for. */
static herr_t sink_lock(H5FD_t *file, hbool_t writes) {
    (void)file, (void)writes;
    return 0;
}

static herr_t sink_unlock(H5FD_t *file) {
    (void)file;
    return 0;
}

static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600, /* any number that is not taken */
#endif
    .name = "sink",
    .maxaddr = MOST_ADDRESS,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(int *),
    .open = sink_open,
    .close = sink_close,
    .query = sink_query,
    .get_eoa = sink_allocated,
    .set_eoa = sink_allocate,
    .get_eof = sink_end,
    .read = sink_read,
    .write = sink_write,
    .truncate = sink_truncate,
    .lock = sink_lock,
    .unlock = sink_unlock,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

void h5_sink_use(hid_t access, int *error) {
    hid_t id = H5FDregister(&driver);
    *error = 0;
    H5Pset_driver(access, id, &error);
    H5FDunregister(id);
}
