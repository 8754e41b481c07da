/* SPDX-License-Identifier: Apache-2.0
 * Comparison of runs: the ends of their logs as a table, and their newest pictures in one picture. The name of a run
 * is the name of its directory. */
#ifndef GANTRY_FEATURES_REPORT_COMPARE_H
#define GANTRY_FEATURES_REPORT_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/choices.h"
#include "gantry/status.h"
#include "base/door/file.h"
#include "run/door/reductions.h"
#include "gantry/runlog.h"

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

/* ---- what the table, the pictures and the page share ---- */

/* The name of a run: that of its directory, behind that of the folder above where another run has the same name. */
void compare_name(const char *const *dirs, int n, int run, char name[GT_NAME_BYTES]);

/* Reads the logs of all runs into stats[n], to be freed each by gt_stats_free(), also after an error. GT_USAGE: a
 * directory is not a run. */
gt_status compare_read(gt_stats **stats, const char *const *dirs, int n);

/* ---- the table ---- */

typedef struct compare_cell {
    char text[24];
} compare_cell;
/* The *filled columns of the table, to be freed, n + 1 cells each: a title, then the runs. NULL: out of memory. */
compare_cell *compare_cells(gt_stats *const *stats, const char *const *dirs, int n, int *filled);
/* "Means over the last quarter of the ticks: loss, test. All else is the latest value." */
enum { COMPARE_NOTE = 512 };
void compare_note(const compare_cell *cells, int n, int filled, char note[COMPARE_NOTE]);

/* Values of --metrics with different recipes are not compared. */
enum { COMPARE_RECIPE = 1024 };
typedef struct compare_difference { /* two runs whose values of a metric are of different recipes */
    const char *score;
    int run[2];
    char name[2][GT_NAME_BYTES], recipe[2][COMPARE_RECIPE];
} compare_difference;
/* Whether the values of the series "Metrics/..." are of one recipe; if not, *d has the recipes of two runs. */
bool compare_recipes(gt_stats *const *stats, const char *const *dirs, int n, const char *series, compare_difference *d);
typedef void compare_say(void *arg, const compare_difference *d);
void compare_each_difference(gt_stats *const *stats, const char *const *dirs, int n, compare_say *say, void *arg);

/* ---- compare_units.c ---- */
/* Turns losses of an autoencoder that are means over the pixels or the latent into sums over an image. */
void compare_unify(gt_stats *s, const gt_reductions *r);
/* Tells which losses were turned so, and which do not compare, a sentence each. */
typedef void compare_tell(void *arg, const char *sentence);
void compare_tell_units(gt_stats *const *stats, const char *const *dirs, int n, compare_tell *tell, void *arg);

/* ---- compare_curves.c ---- */
/* What curves of a run are drawn over: thousands of images, which each line of a log tells, or a series of the log. */
enum { ALONG_AXES = GT_OVER_HOURS + 1 };

typedef struct along_axis {
    const char *name;   /* as in GT_COMPARE_AXES; also the unit */
    const char *label;  /* below a figure */
    const char *series; /* NULL: images */
} along_axis;
extern const along_axis along_axes[ALONG_AXES]; /* by gt_compare_axis */

/* Has the log the series of the axis? Logs of older programs lack some. */
bool along_known(const gt_stats *s, gt_compare_axis over);
/* Where a tick stands on a known axis; not finite: the line does not say so. */
double along_place(const gt_stats *s, gt_compare_axis over, int tick);

/* ---- compare_jobs.c ---- */
/* Appends a table of the keys whose values differ among the jobs of the runs, and of what they ran on. */
void compare_jobs(gt_buffer *out, const char *const *dirs, const char *const *names, int n);

#endif
