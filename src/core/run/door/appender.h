/* SPDX-License-Identifier: Apache-2.0
 * A file that grows by whole records and stays usable where the disk is full for a while: after each call the file ends
 * with a whole record, and records that could not be written are kept in memory and written before later records. */
#ifndef FILES_APPENDER_H
#define FILES_APPENDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/door/file.h"

typedef struct appender {
    char *path;
    int fd;
    off_t good;        /* the file has whole records up to this byte */
    bool torn;         /* bytes of half a record behind `good` could not be cut away yet */
    gt_buffer pending; /* whole records that are not in the file yet */
} appender;

/* Opens or makes `path` (copied), to append to the file. `flags`: further flags of open(), such as O_EXCL. On failure
 * errno says why. */
gt_status appender_open(appender *a, const char *path, int flags);
/* Writes the pending records; `sync`: the records are on the disk afterwards. GT_FAILED: they stay pending. */
gt_status appender_flush(appender *a, bool sync);
/* What stands in the file from byte `at` on, the end of a whole record, goes with the next flush. */
void appender_take_back(appender *a, off_t at);
void appender_close(appender *a); /* drops pending records; fd -1: never opened */

#endif
