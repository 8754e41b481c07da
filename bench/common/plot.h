/* SPDX-License-Identifier: Apache-2.0
 * Two columns of results against each other as a plot: curves, or dots in groups. */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdbool.h>

#include "common/results.h"

typedef struct bench_plot {
    const char *x, *y; /* keys of columns of numbers; the axes have their titles */
    const char *group; /* key of a column of words: a colour and a place in the legend for each; "": none */
    const char *line;  /* the same: a curve for each within a group; "": a curve for a group */
    bool dots;         /* a dot for a row, and a line at the median of a group, in place of curves */
    bool log;          /* the upright axis is logarithmic */
} bench_plot;

/* Writes an SVG of all rows of all tables that have these columns; rows without one of the numbers are left out.
 * GT_USAGE: no row has both. */
gt_status bench_plot_write(gt_results *const *list, int n, const bench_plot *p, const char *path);

#endif
