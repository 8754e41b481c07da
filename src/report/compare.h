/* SPDX-License-Identifier: Apache-2.0
 * What the table, the pictures and the page of a comparison of runs share. */
#ifndef GANTRY_REPORT_COMPARE_H
#define GANTRY_REPORT_COMPARE_H

#include "base/door/file.h"
#include "gantry/compare.h"
#include "gantry/reductions.h"
#include "gantry/runlog.h"

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
