/* SPDX-License-Identifier: Apache-2.0
 * Appends whole records to a file (appender.h). */
#include "run/door/appender.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/progress.h"

gt_status appender_open(appender *a, const char *path, int flags) {
    *a = (appender){.path = strdup(path), .fd = -1};
    if (!a->path) return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    int error;
    a->fd = gt_file_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | flags); /* a pipe must not block */
    if (a->fd < 0 || (a->good = lseek(a->fd, 0, SEEK_END)) < 0) {
        error = errno;
        gt_fail(GT_FAILED, "cannot open '%s': %s", path, gt_error_text(error, path));
        appender_close(a);
        errno = error;
        return GT_FAILED;
    }
    return GT_OK;
}

/* 0 or errno: no half of a record behind the whole ones. */
static int cut_half_record(appender *a) {
    int error = a->torn ? gt_file_truncate(a->fd, a->good) : 0;
    if (!error) a->torn = false;
    return error;
}

static int write_pending(appender *a, bool sync) {
    int error = cut_half_record(a);
    if (!error && a->pending.n) {
        error = gt_write_all(a->fd, a->pending.data, a->pending.n);
        if (!error && sync) error = gt_file_sync(a->fd);
        if (error) {
            a->torn = true;
            cut_half_record(a); /* if that fails, the next flush tries again before it writes */
        }
    }
    return error;
}

gt_status appender_flush(appender *a, bool sync) {
    if (!a->torn && !a->pending.n) return GT_OK;
    gt_storage_begin("writing", a->path);
    int error = write_pending(a, sync);
    gt_storage_end();
    if (error) return gt_fail(GT_FAILED, "cannot write '%s': %s", a->path, strerror(error));
    a->good += (off_t)a->pending.n;
    a->pending.n = 0;
    return GT_OK;
}

void appender_take_back(appender *a, off_t at) {
    a->good = at;
    a->torn = true;
}

void appender_close(appender *a) {
    if (a->fd >= 0) close(a->fd);
    gt_buffer_free(&a->pending);
    free(a->path);
    *a = (appender){.fd = -1};
}
