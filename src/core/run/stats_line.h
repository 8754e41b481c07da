/* SPDX-License-Identifier: Apache-2.0
 * One line of stats.jsonl, written and read:
 *     {"Loss/G/loss": {"num": 64, "mean": 0.69, "std": 0.01}, ..., "images": 200000, "timestamp": 1700000000.5}
 * As in the reference tool, numbers that are not finite stand as NaN, Infinity and -Infinity. */
#ifndef FILES_STATS_LINE_H
#define FILES_STATS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/file.h"
#include "gantry/memory.h"
#include "gantry/runlog.h"

/* Appends the line, with its newline. */
void stats_line_print(gt_buffer *out, int64_t images, double timestamp, const gt_stat_value *values, int n);

/* The content of a line. Names point into the text of the line. */
typedef struct stats_line {
    int64_t images; /* -1: neither "images" nor "Progress/kimg" */
    double timestamp;
    const gt_stat_value *values;
    int n;
    gt_buffer memory; /* of the values, for one line after the other: gt_buffer_free() at the end */
} stats_line;

/* false: the line is damaged, or no line of such a file; or, where memory.failed, there is no memory for its values */
bool stats_line_parse(char *text, stats_line *line);

/* The index of the row of this name in a table of n rows of `size` bytes, each of which begins with the pointer to its
 * name; -1: there is none. Row `near` is tried first. */
int gt_stats_index(const void *rows, size_t size, int n, const char *name, int near);

/* A table without series for at most `ticks` ticks, in the arena; NULL: out of memory. */
gt_stats *gt_stats_new(gt_arena *a, int64_t ticks);
/* May the table get one more series of so many ticks? The limits are needed because a short file can ask for a huge
 * table with few values. */
enum { GT_STATS_MOST_VALUES = 1 << 25 };
bool gt_stats_has_room(const gt_stats *s, int64_t ticks, int64_t most_values);
/* A new series without values; NULL: out of memory. */
gt_stats_series *gt_stats_add_series(gt_stats *s, const char *name, int64_t ticks);

/* gt_stats_read() with another limit of values than GT_STATS_MOST_VALUES. */
gt_stats *gt_stats_read_within(const char *path, int64_t most_values);

#endif
