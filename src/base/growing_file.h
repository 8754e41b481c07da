/* SPDX-License-Identifier: Apache-2.0
 * A file that is written piece by piece, of any size, and that readers see whole or not at all: until it is finished
 * its bytes are in a half (halves.h).
 *
 *     gt_growing_file f;
 *     gt_status st = gt_growing_open(&f, path);
 *     if (!st) st = gt_growing_add(&f, bytes, n);      // as often as needed
 *     if (!st) st = gt_growing_finish(&f);
 *     gt_growing_close(&f);                            // removes what is not finished
 *
 * After an error nothing is left, and the old file is as it was. Messages name the path. */
#ifndef GANTRY_BASE_GROWING_FILE_H
#define GANTRY_BASE_GROWING_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_growing_file {
    char *path, *file, *part; /* as it was given; behind symbolic links; the half */
    int fd;                   /* -1: not open */
    uint64_t bytes;           /* so far */
} gt_growing_file;

/* GT_USAGE: the path is a folder, a device or a pipe. On failure *f is closed. */
gt_status gt_growing_open(gt_growing_file *f, const char *path);
gt_status gt_growing_add(gt_growing_file *f, const void *bytes, size_t n);
/* The same for a file of which all `f->bytes` up to here are known: n bytes that lie before are replaced. */
gt_status gt_growing_put(gt_growing_file *f, uint64_t offset, const void *bytes, size_t n);
/* Syncs the file and gives it its name. */
gt_status gt_growing_finish(gt_growing_file *f);
void gt_growing_close(gt_growing_file *f); /* harmless on one that is closed, or {0} with fd -1 */

#endif
