/* SPDX-License-Identifier: Apache-2.0
 * A line chart as a figure of a page (report.c). */
#ifndef GANTRY_REPORT_CHART_H
#define GANTRY_REPORT_CHART_H

#include "base/file.h"
#include "gantry/runlog.h"

enum { CHART_LINES = 4, CHART_MOST_LINES = 16 /* that the style of the page can tell apart */, CHART_POINTS = 400 };

typedef struct chart_line {
    const gt_stats *stats;
    const char *label;
    const char *series;    /* its name; NULL: there is no such line */
    double (*map)(double); /* of the means; NULL: as they are */
} chart_line;

typedef struct chart {
    const char *title, *note; /* `note`: what the chart means, in one line; "": what the table of series says */
    int n;                    /* at most CHART_MOST_LINES */
    const chart_line *lines;
    int points; /* of a line, at most CHART_POINTS: means of stretches of ticks; 0: so many */
} chart;

/* Appends the chart, unless none of its lines has a finite value, or one has a value beyond 1e300. The line of a metric
 * of generated pictures bridges the ticks without pictures. */
void chart_draw(gt_buffer *out, const chart *c);

#endif
