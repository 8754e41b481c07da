/* SPDX-License-Identifier: Apache-2.0
 * Comparison of runs: the ends of their logs as a table, and their newest pictures in one picture. The name of a run
 * is the name of its directory.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_COMPARE_H
#define GANTRY_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/choices.h"
#include "gantry/status.h"

/* Takes what is there and is not a run, as the picture that a comparison before has left among the runs, out of the
 * list, and says so in the log, a line each. Returns how many are left; where none is a run, all are. */
int gt_compare_sort_out(const char **dirs, int n);

/* Writes a row for each run. Losses, accuracies and gap are means over the last quarter of the ticks, since they vary
 * much from tick to tick; all other columns show the latest value; a line below says which are which. Columns without
 * any value are left out. Losses of autoencoders are sums over an image in all that is compared; lines say where the
 * log has means, and what does not compare. GT_FAILED: a directory is not a run. */
gt_status gt_compare_table(FILE *f, const char *const *dirs, int n);

/* Writes a PNG with the newest fakes*.png of each run above the name of the run, in so many columns (0: about as
 * many as rows). Pictures wider or higher than 512 pixels are made smaller. The place of a run without pictures is
 * empty. */
gt_status gt_compare_picture(const char *path, const char *const *dirs, int n, int columns);
bool gt_compare_has_pictures(const char *const *dirs, int n); /* has one of the runs any? */

/* What a panel of curves shows, and so what a curve of it is. */

/* A series, and a curve is a run; the runs of one name, and a curve is a series; the runs whose names agree up to their
 * last dash, and a curve is what follows the dash. */
#define GT_COMPARE_PANELS(X) X(GT_PANELS_SERIES, "series") X(GT_PANELS_RUN, "run") X(GT_PANELS_GROUP, "group")
typedef enum gt_compare_panels { GT_COMPARE_PANELS(GT_CONSTANT) } gt_compare_panels;

/* What curves are drawn over. */
#define GT_COMPARE_AXES(X) \
    X(GT_OVER_KIMG, "kimg") X(GT_OVER_STEPS, "steps") X(GT_OVER_EPOCHS, "epochs") X(GT_OVER_HOURS, "hours")
typedef enum gt_compare_axis { GT_COMPARE_AXES(GT_CONSTANT) } gt_compare_axis;

/* Writes a PNG with curves of the series (names with commas between them). Runs of one name, in several folders, are
 * curves of one colour. Each value is the mean of the `smooth` ticks around it, weighted by a Kaiser window (beta 2).
 * More than nine panels are small ones. GT_USAGE: no run has such a series, or one has no word of `over`. */
typedef struct gt_compare_curves {
    const char *series;
    gt_compare_axis over;
    int smooth; /* 1: as logged */
    gt_compare_panels panels;
    int columns;     /* 0: about as many as rows */
    double range[2]; /* ends of the upright axes; both 0: all values */
} gt_compare_curves;
gt_status gt_compare_draw(const char *path, const char *const *dirs, int n, const gt_compare_curves *c);

/* Writes a page in the style of report.html, which needs nothing from elsewhere: what differs between the jobs, the
 * table, the newest picture and the curves of each run, and links to the reports of the runs. */
gt_status gt_compare_html(const char *path, const char *const *dirs, int n);

#endif
