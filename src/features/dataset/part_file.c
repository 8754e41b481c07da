/* SPDX-License-Identifier: Apache-2.0
 * DEST.part: a file that grows. When the file is whole, the file gets the name DEST. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features/dataset/tool.h"

int gt_part_stat(const char *dest, const char *ending, struct stat *s) {
    GT_FREED char *path = NULL;
    if (asprintf(&path, "%s%s", dest, ending) < 0) return ENOMEM;
    return lstat(path, s) ? errno : 0;
}

gt_status gt_part_clear(const gt_dest *d) {
    int error = d->n ? 0 : gt_part_remove(d->path);
    return error ? gt_fail(GT_FAILED, "files of an earlier run in '%s' cannot be removed: %s", d->part, strerror(error))
                 : GT_OK;
}

gt_status gt_part_open(gt_dest *d, uint64_t length) {
    struct stat s;
    gt_status st = gt_part_clear(d);
    if (st) return st;
    d->fd = open(d->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->fd < 0) return gt_fail(GT_FAILED, "cannot create '%s': %s", d->part, gt_error_text(errno, d->part));
    if (fstat(d->fd, &s)) return gt_dest_failed(d->part, errno);
    if ((uint64_t)s.st_size < length)
        return gt_fail(GT_FORMAT, "'%s' is shorter than the data written to it; start over with --restart", d->part);
    if (ftruncate(d->fd, (off_t)length) || lseek(d->fd, 0, SEEK_END) < 0) return gt_dest_failed(d->part, errno);
    d->offset = length;
    return GT_OK;
}

/* 0 or errno */
static int sync_data(gt_dest *d) {
    d->unsynced = 0;
    return fdatasync(d->fd) ? errno : 0;
}

static gt_status flush_waiting(gt_dest *d) {
    int error = d->broken ? EIO : gt_write_all(d->fd, d->waiting.data, d->waiting.n);
    d->unsynced += d->waiting.n;
    if (!error && d->unsynced >= GT_UNSYNCED_MAX) error = sync_data(d);
    d->broken = error != 0;
    d->waiting.n = 0;
    if (error == ENOSPC)
        return gt_fail(GT_FAILED, "'%s': %s (%.1f MB free); make room and give the same command: it resumes here",
                       d->part, strerror(error), gt_space_free(d->part) / 1e6);
    return error ? gt_dest_failed(d->part, error) : GT_OK;
}

gt_status gt_part_append(gt_dest *d, const void *bytes, size_t n) {
    enum { ENOUGH = 1 << 20 };
    if (d->comparing) return gt_existing_bytes(d, bytes, n);
    gt_buffer_add(&d->waiting, bytes, n);
    if (d->waiting.failed) return gt_fail(GT_NOMEM, "out of memory for '%s'", d->part);
    d->offset += n;
    return d->waiting.n < ENOUGH ? GT_OK : flush_waiting(d);
}

gt_status gt_part_sync(gt_dest *d) {
    gt_status st = flush_waiting(d);
    int error = st ? 0 : sync_data(d);
    return error ? gt_fail(GT_FAILED, "cannot sync '%s': %s", d->part, strerror(error)) : st;
}

int gt_part_sync_file(const char *file) {
    int fd = open(file, O_RDONLY | O_CLOEXEC), error = fd < 0 || fsync(fd) ? errno : 0;
    if (fd >= 0) close(fd);
    return error;
}

/* 0 or errno; EEXIST: something is there that may not be replaced. */
static int give_name(const char *file, const char *path, bool replaces) {
    struct stat s;
    if (!replaces && !renameat2(AT_FDCWD, file, AT_FDCWD, path, RENAME_NOREPLACE)) return 0;
    if (!replaces && (errno == EEXIST || !lstat(path, &s))) return EEXIST;
    /* also on file systems that cannot look and rename in one step */
    return rename(file, path) ? errno : 0;
}

gt_status gt_part_finish(const gt_dest *d, const char *file) {
    int error = gt_part_sync_file(file);
    if (!error) error = give_name(file, d->path, d->replaces);
    if (error == EEXIST) return gt_dest_taken(d->path);
    return error ? gt_fail(GT_FAILED, "'%s' cannot be finished as '%s': %s", file, d->path, strerror(error))
                 : gt_sync_parent(d->path);
}

int gt_part_remove(const char *dest) {
    GT_FREED char *path = NULL;
    struct stat s;
    int error = 0;
    if (asprintf(&path, "%s.part.h5", dest) < 0) return ENOMEM;
    if (unlink(path) && errno != ENOENT) error = errno;
    path[strlen(path) - strlen(".h5")] = 0;
    if (lstat(path, &s)) error = errno == ENOENT ? error : errno;
    else if (S_ISDIR(s.st_mode)) error = gt_existing_remove(path);
    else if (unlink(path)) error = errno;
    return error;
}
