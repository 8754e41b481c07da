/* SPDX-License-Identifier: Apache-2.0
 * A line chart as a figure of a page (report.c). */
#ifndef FILES_CHART_H
#define FILES_CHART_H

#include "base/file.h"
#include "gantry/runlog.h"

enum { CHART_LINES = 3 };

typedef struct chart {
    const char *title, *note; /* note: one line of meaning; "" for none */
    struct {
        const char *label;
        const gt_stats_series *series; /* NULL: left out */
        double (*map)(double);         /* of the means; NULL: as they are */
        bool rare;                     /* most ticks have no value: the line bridges them */
    } lines[CHART_LINES];
} chart;

/* Appends the chart; false when none of its lines has a finite value, or one beyond 1e300 (then nothing is appended). */
bool chart_draw(gt_buffer *out, const gt_stats *stats, const chart *c);

#endif
