/* SPDX-License-Identifier: Apache-2.0
 * What a chart draws, on a page or on a terminal: points and axes. */
#ifndef GANTRY_FEATURES_REPORT_DRAWING_H
#define GANTRY_FEATURES_REPORT_DRAWING_H

#include "figures/door/plot.h"
#include "features/report/report.h"

enum { DRAWING_TITLE = 200 };

typedef struct drawing_line { /* of a chart; no points: there is none */
    double last;              /* of the finite values */
    int points;
    double *x, *y; /* middles of stretches of ticks, and means of what is finite in them; NaN: a gap */
} drawing_line;

typedef struct drawing {
    const chart *chart;
    drawing_line lines[CHART_MOST_LINES];
    double *numbers; /* of all lines, to be freed */
    double lo, hi, first, last;
    int values; /* finite ones, of all lines */
    bool bridge;
    axis x, y;
} drawing;

/* False: there is nothing to draw, as chart_draw() says, or no memory (*failed). Else d->numbers is to be freed. */
bool drawing_take(drawing *d, const chart *c, bool *failed);
/* The points through which line i goes; x, y [CHART_POINTS]: room for them. A gap of a rare series is bridged. */
gt_curve drawing_curve(const drawing *d, int i, double *x, double *y);
void drawing_title(const drawing *d, char title[DRAWING_TITLE]); /* with the unit */

#endif
