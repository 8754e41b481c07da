/* SPDX-License-Identifier: Apache-2.0
 * Files that are written piece by piece (base/door/file.h). */
#include "base/door/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room is made first: the message tells how much there is then. */
static gt_status failed(gt_growing_file *f, int error, size_t more) {
    size_t needed = (size_t)f->bytes + more;
    if (f->fd >= 0) {
        unlink(f->part);
        close(f->fd);
        f->fd = -1;
    }
    return gt_file_write_failed(f->path, error, needed);
}

gt_status gt_growing_open(gt_growing_file *f, const char *path) {
    struct stat s;
    *f = (gt_growing_file){.fd = -1};
    if (!stat(path, &s) && !S_ISREG(s.st_mode))
        return gt_fail(GT_USAGE, "'%s' is %s: a file is needed", path,
                       S_ISDIR(s.st_mode) ? "a folder" : "a device or a pipe");
    f->path = strdup(path);
    f->file = f->path ? gt_file_follow(path) : NULL;
    f->fd = f->file ? gt_half_open(f->file, &f->part) : -1;
    gt_status st = GT_OK;
    if (f->fd < 0) {
        st = gt_file_write_failed(path, f->path ? errno : ENOMEM, 0);
        gt_growing_close(f);
    }
    return st;
}

gt_status gt_growing_add(gt_growing_file *f, const void *bytes, size_t n) {
    int error = f->fd < 0 ? EBADF : gt_write_all(f->fd, bytes, n);
    if (error) return failed(f, error, n);
    f->bytes += n;
    return GT_OK;
}

gt_status gt_growing_put(gt_growing_file *f, uint64_t offset, const void *bytes, size_t n) {
    int error = f->fd < 0 ? EBADF : gt_write_all_at(f->fd, bytes, n, (off_t)offset);
    return error ? failed(f, error, 0) : GT_OK;
}

gt_status gt_growing_finish(gt_growing_file *f) {
    gt_status refused = GT_OK;
    int error = f->fd < 0 ? EBADF : gt_file_sync(f->fd);
    if (!error) error = gt_file_take_place(f->part, f->file, f->path, &refused);
    if (refused) return refused; /* the half goes with gt_growing_close() */
    if (error) return failed(f, error, 0);
    close(f->fd);
    f->fd = -1;
    return gt_sync_parent(f->file);
}

void gt_growing_close(gt_growing_file *f) {
    if (f->fd >= 0) {
        unlink(f->part);
        close(f->fd);
    }
    free(f->path);
    free(f->file);
    free(f->part);
    *f = (gt_growing_file){.fd = -1};
}
