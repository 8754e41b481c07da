/* SPDX-License-Identifier: Apache-2.0
 * A file that only grows, by whole records, and survives a disk that is full for a while: after each call the file ends
 * with a whole record, and what could not be written is kept and written before anything that comes later. */
#ifndef FILES_APPENDER_H
#define FILES_APPENDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/file.h"

typedef struct appender {
    char *path;
    int fd;
    off_t good;        /* the file is whole up to here */
    bool torn;         /* ... and has more behind it, which could not be cut away yet */
    gt_buffer pending; /* whole records not yet in it */
} appender;

/* Open `path` (copied) at its end; `flags` are added to those of open(): O_EXCL. On failure errno says why. */
gt_status appender_open(appender *a, const char *path, int flags);
/* Write what is pending; `sync`: it is on the disk afterwards. */
gt_status appender_flush(appender *a, bool sync);
void appender_close(appender *a); /* does not flush. An appender of zeros that was never opened is fine with fd -1 */

#endif
