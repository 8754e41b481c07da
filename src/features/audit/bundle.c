/* SPDX-License-Identifier: Apache-2.0
 * Bundles of runs: see features/audit/audit.h. An entry is copied and hashed in one go, and its header, which holds the
 * checksum, is written again afterwards: the files of a running training may grow meanwhile. */
#include "features/audit/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "files/codec/door/codec.h"
#include "files/codec/door/zip_records.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/ledger.h"
#include "run/door/rundir.h"

static const struct {
    const char *name;
    bool needed;
} texts[] = {{GT_LEDGER_NAME, true}, {"job.ini", true}, {GT_RUN_LEAVES, false}};
enum { TEXTS = sizeof texts / sizeof *texts, PATH_ROOM = 4096 };

/* ---- writing ---- */

typedef struct writer {
    gt_growing_file file;
    gt_buffer index;
    uint64_t entries, offset; /* so far; where the next one begins */
} writer;

static gt_status add_records(writer *w, gt_buffer *b) {
    gt_status st = b->failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", w->file.path)
                             : gt_growing_add(&w->file, b->data, b->n);
    gt_buffer_free(b);
    return st;
}

/* The first `size` bytes of a file that is open. */
static gt_status copy_bytes(writer *w, int fd, uint32_t size, uint32_t *crc) {
    char piece[1 << 16];
    gt_status st = GT_OK;
    *crc = 0;
    for (uint32_t done = 0, n; done < size && !st; done += n) {
        n = size - done < sizeof piece ? size - done : sizeof piece;
        if ((st = gt_read_at(fd, done, piece, n))) break;
        *crc = gt_crc32(*crc, piece, n);
        st = gt_growing_add(&w->file, piece, n);
    }
    return st;
}

static gt_status add_entry(writer *w, const char *name, int fd, off_t bytes) {
    GT_BUFFER gt_buffer local = {0};
    uint32_t crc = 0, size = (uint32_t)bytes;
    if (bytes >= (off_t)GT_ZIP_TOO_LARGE) return gt_fail(GT_USAGE, "%s has 4 GB or more, too much for a bundle", name);
    gt_zip_put_local(&local, name, size, crc);
    gt_status st = add_records(w, &local);
    if (!st && (st = copy_bytes(w, fd, size, &crc))) st = gt_wrap(st, "%s", name);
    gt_zip_put_local(&local, name, size, crc);
    if (!st && local.failed) st = gt_fail(GT_NOMEM, "out of memory for '%s'", w->file.path);
    if (!st) st = gt_growing_put(&w->file, w->offset, local.data, local.n);
    gt_zip_put_central(&w->index, name, size, crc, &w->offset);
    w->entries++;
    return st;
}

static gt_status add_text(writer *w, const char *run, int i) {
    if (!texts[i].needed && !gt_folder_has(run, texts[i].name)) return GT_OK;
    GT_FREED char *path = gt_path_join(run, texts[i].name);
    int fd = -1;
    off_t bytes = 0;
    gt_status st = path ? gt_file_open_regular(path, &fd, &bytes) : GT_NOMEM;
    if (!st) st = add_entry(w, texts[i].name, fd, bytes);
    if (fd >= 0) close(fd);
    return st;
}

static gt_status add_checkpoint(writer *w, const char *path) {
    char name[GT_NAME_BYTES];
    struct stat s;
    gt_path_name(path, name);
    if (checkpoint_number(name) < 0)
        return gt_fail(GT_USAGE, "'%s' has not the name that a training gives to a checkpoint", path);
    int fd = checkpoint_open_file(path);
    if (fd < 0 || fstat(fd, &s)) {
        if (fd >= 0) close(fd);
        return gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
    }
    gt_status st = add_entry(w, name, fd, s.st_size);
    close(fd);
    return st;
}

static gt_status finish(writer *w) {
    GT_BUFFER gt_buffer end = {0};
    uint64_t length = w->index.n;
    gt_zip_put_end(&end, w->entries, w->offset, length);
    gt_status st = add_records(w, &w->index);
    if (!st) st = add_records(w, &end);
    return st ? st : gt_growing_finish(&w->file);
}

/* The checkpoint is chosen before the ledger is read: its line is then in the ledger. */
gt_status gt_audit_bundle_write(const char *run, const char *checkpoint, const char *path) {
    writer w = {.file = {.fd = -1}};
    GT_FREED char *chosen = NULL;
    gt_status st = gt_checkpoint_choose(checkpoint ? checkpoint : run, &chosen);
    if (!st && !chosen) st = gt_checkpoint_none_in(run);
    if (!st) st = gt_growing_open(&w.file, path);
    for (int i = 0; i < TEXTS && !st; i++) st = add_text(&w, run, i);
    if (!st) st = add_checkpoint(&w, chosen);
    if (!st) st = finish(&w);
    gt_growing_close(&w.file);
    gt_buffer_free(&w.index);
    return st;
}

/* ---- reading ---- */

bool gt_audit_bundle_is(const char *path) {
    gt_zip *z = NULL;
    bool is = gt_kind_of_file(path) == GT_KIND_ZIP && !gt_zip_open(&z, path) && gt_zip_find(z, texts[0].name, NULL);
    gt_zip_close(z);
    return is;
}

static bool is_text(const char *name) {
    int i = 0;
    while (i < TEXTS && strcmp(texts[i].name, name)) i++;
    return i < TEXTS;
}

/* Are these the entries of a bundle, and do they unpack to no more than the file has? */
static gt_status check_entries(const gt_zip *z, uint64_t file_bytes) {
    int checkpoints = 0;
    uint64_t bytes = 0;
    for (int i = 0; i < TEXTS; i++)
        if (texts[i].needed && !gt_zip_find(z, texts[i].name, NULL))
            return gt_fail(GT_FORMAT, "not a bundle of a run: there is no %s in it", texts[i].name);
    for (size_t i = 0; i < gt_zip_count(z); i++) {
        const gt_zip_entry *e = gt_zip_at(z, i);
        bool is_checkpoint = checkpoint_number(e->name) >= 0;
        checkpoints += is_checkpoint;
        if (!is_checkpoint && !is_text(e->name))
            return gt_fail(GT_FORMAT, "'%s' does not belong into a bundle", e->name);
        if (e->size > file_bytes - bytes)
            return gt_fail(GT_FORMAT, "'%s' would unpack to more bytes than the bundle has", e->name);
        bytes += e->size;
    }
    return checkpoints == 1 ? GT_OK : gt_fail(GT_FORMAT, "%d checkpoints, a bundle has one", checkpoints);
}

static gt_status take_piece(void *arg, const void *bytes, size_t n) {
    int error = gt_write_all(*(int *)arg, bytes, n);
    return error ? gt_fail(GT_FAILED, "cannot be written: %s", strerror(error)) : GT_OK;
}

/* The name is one of those that check_entries() lets through, and nothing lies in the folder yet. */
static gt_status unpack_entry(gt_zip *z, size_t i, const char *folder) {
    const gt_zip_entry *e = gt_zip_at(z, i);
    GT_FREED char *path = gt_path_join(folder, e->name);
    int fd = path ? gt_file_open(path, O_WRONLY | O_CREAT | O_EXCL) : -1;
    gt_status st = !path    ? GT_NOMEM
                   : fd < 0 ? gt_fail(GT_FAILED, "cannot be written: %s", strerror(errno))
                            : gt_zip_pour(z, i, 0, e->size, take_piece, &fd);
    if (fd >= 0) close(fd);
    if (st) gt_wrap(st, "'%s'", path ? path : e->name);
    return st;
}

static gt_status make_folder(char **folder, uint64_t bytes) {
    const char *in = gt_temp_folder();
    double room = gt_space_free(in);
    if (room < (double)bytes)
        return gt_fail(GT_FAILED, "'%s' has no room for %.1f MB (TMPDIR names another folder)", in,
                       (double)bytes / 1e6);
    char path[PATH_ROOM];
    gt_status st = gt_temp_folder_make("bundle", path, sizeof path);
    if (st) return st;
    return (*folder = strdup(path)) ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
}

gt_status gt_audit_bundle_open(const char *path, char **folder) {
    struct stat s;
    gt_zip *z;
    *folder = NULL;
    gt_status st = gt_zip_open(&z, path);
    if (st) return st;
    uint64_t bytes = stat(path, &s) ? 0 : (uint64_t)s.st_size;
    if ((st = check_entries(z, bytes))) gt_wrap(st, "'%s'", path);
    if (!st) st = make_folder(folder, bytes);
    for (size_t i = 0; i < gt_zip_count(z) && !st; i++)
        if ((st = unpack_entry(z, i, *folder))) gt_wrap(st, "'%s'", path);
    gt_zip_close(z);
    if (st) gt_audit_bundle_close(*folder);
    if (st) *folder = NULL;
    return st;
}

static gt_status remove_file(void *arg, const char *path, const char *name) {
    (void)arg;
    (void)name;
    gt_file_remove(path);
    return GT_OK;
}

void gt_audit_bundle_close(char *folder) {
    if (!folder) return;
    gt_folder_each(folder, remove_file, NULL);
    rmdir(folder);
    free(folder);
}
