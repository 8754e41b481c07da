/* SPDX-License-Identifier: Apache-2.0
 * The lines of a text file of any size, one after the other, in a buffer that does not grow:
 *     gt_lines in;
 *     gt_status st = gt_lines_open(&in, path, 0, 0);
 *     while (!st && gt_lines_next(&in)) ... in.text ...
 *     st = gt_lines_close(&in, st); */
#ifndef GANTRY_BASE_DOOR_LINES_H
#define GANTRY_BASE_DOOR_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_lines {
    /* the line without its newline; the caller may change the text. Zero bytes, which a power cut may leave in a file,
     * are given as bytes of value 1: the text would end at a zero */
    char *text;
    int64_t start, end; /* the place of the line and its newline in the file */
    int64_t number;     /* of the line, from 1 on, counted from where reading began */
    bool whole;         /* the line has a newline */

    const char *path;
    int fd, error;
    char *buffer;
    size_t longest, at, n;
    bool over;
} gt_lines;

/* Reads from byte `start` on, where a line begins. `path` must last until gt_lines_close(). Of a line of more than
 * `longest` bytes (0: 2 MB) the first `longest` bytes are given. */
gt_status gt_lines_open(gt_lines *l, const char *path, int64_t start, size_t longest);
bool gt_lines_next(gt_lines *l); /* false: there are no more lines, or the file cannot be read */
/* To be called also after a failed gt_lines_open(). Returns `st` if `st` is an error, else whether all could be read.
 */
gt_status gt_lines_close(gt_lines *l, gt_status st);

#endif
