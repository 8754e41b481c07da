/* SPDX-License-Identifier: Apache-2.0
 * The lines of a text file of any size, one after the other, in a buffer that does not grow:
 *     gt_lines in;
 *     gt_status st = gt_lines_open(&in, path, 0, 0);
 *     while (!st && gt_lines_next(&in)) ... in.text ...
 *     st = gt_lines_close(&in, st); */
#ifndef GANTRY_BASE_LINES_H
#define GANTRY_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_lines {
    /* without its newline; zeros, blocks of which a power cut may leave, are read as ones, or it would end there. May
     * be changed */
    char *text;
    int64_t start, end; /* where it stands in the file, with its newline */
    bool whole;         /* it has one */

    const char *path;
    int fd, error;
    char *buffer;
    size_t longest, at, n;
    bool over;
} gt_lines;

/* From byte `start` on, where a line begins. `path` must last. Of a line of more than `longest` bytes (0: 2 MB) the
 * first ones are given. */
gt_status gt_lines_open(gt_lines *l, const char *path, int64_t start, size_t longest);
bool gt_lines_next(gt_lines *l); /* false: that was all, or it cannot be read: see the end */
/* st if it is an error, else whether all was read. After a failed open, too */
gt_status gt_lines_close(gt_lines *l, gt_status st);

#endif
