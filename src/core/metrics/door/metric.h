/* SPDX-License-Identifier: Apache-2.0
 * What metrics need, metrics by their names and series, and metrics of sheets, beside gantry/metric.h. */
#ifndef GANTRY_METRICS_DOOR_METRIC_H
#define GANTRY_METRICS_DOOR_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/kernels.h"
#include "gantry/metric.h"
#include "run/door/runlog.h"

/* What a formula is given, of fakes and, with GT_METRIC_REALS, of reals. */
enum {
    GT_METRIC_REALS = 1,
    GT_METRIC_GAUSSIAN = 2,
    GT_METRIC_ROWS = 4,
    GT_METRIC_HALVES = 8,         /* the formula may round rows to float16 in place: it comes after others */
    GT_METRIC_PROBABILITIES = 16, /* of fakes */
    GT_METRIC_CLASSES = 32,       /* of fakes */
    GT_METRIC_PICTURES = 64,
    GT_METRIC_EQUAL_COUNTS = 128, /* as many reals as fakes, and no more than there are of either */
    /* The value stands beside a base rate, that of pictures which the network never saw. It does not depend on fakes,
     * but on how many there are. */
    GT_METRIC_BASE = 256,
};

#define GT_METRIC_BASE_KEY "_base" /* suffix of a base rate, which follows the value that it stands beside */
#define GT_METRIC_ALL INT64_MAX

const gt_metric *gt_metric_at(int i);       /* number i of all metrics, from 0; NULL: there are no more */
const gt_metric *gt_metric_named_at(int i); /* the same of those with a name */

/* ---- names ---- */

/* The metric that a key such as "pr10k3_recall" is a value of, and whether more of it is better; NULL: none. */
const gt_metric *gt_metric_of_key(const char *key, bool *more);
/* The name with this number of fakes; the plain name for the published number, where there is one. */
void gt_metric_name(const gt_metric *m, int64_t count, char name[GT_METRIC_NAME_BYTES]);

/* ---- series of sheets ---- */

const gt_metric *gt_metric_of_series(const char *series); /* NULL: the series is not that of a metric of sheets */
bool gt_metric_of_fakes(const char *series);              /* whether its values are those of sheets of fakes */
/* The series that a run logs in place of this one of an earlier version; another series is itself. */
const char *gt_metric_series_now(const char *series);

/* ---- the metrics of the sheets of a run: values of the newest pictures; rank 0 alone ---- */

typedef struct gt_sheet_metrics gt_sheet_metrics;

enum { GT_SHEET_REALS = 1, GT_SHEET_FAKES = 2, GT_SHEET_MAX_VALUES = 64 };

/* For sheets of `count` pictures. `kernels` NULL: the best of this CPU. NULL: out of memory, see gt_message(). */
gt_sheet_metrics *gt_sheet_metrics_new(const gt_kernel_set *kernels, int height, int width, int channels,
                                       int64_t count);
/* Whether all metrics that need reals have them; if not, the caller must add the reals before the next fakes. */
bool gt_sheet_metrics_know_reals(const gt_sheet_metrics *m);
/* The sheet `set`, GT_SHEET_...: pictures [count,H,W,C], range -1 .. 1, which stay the caller's. A metric that fails is
 * a warning, and has no value this time; one of which the pictures have none (GT_USAGE) has none, and nothing is said.
 */
void gt_sheet_metrics_add(gt_sheet_metrics *m, int set, const float *pictures);
/* Appends the values that there are to the *n values of a tick, which need room for GT_SHEET_MAX_VALUES more. Values of
 * fakes are then forgotten: a tick without new pictures has none. */
void gt_sheet_metrics_put(gt_sheet_metrics *m, gt_stat_value *values, int *n);
/* To be called when a log has been opened. Values of fakes are forgotten, since a checkpoint ends a tick, whose log has
 * them; values of reals become those in the log. */
void gt_sheet_metrics_go_on(gt_sheet_metrics *m, const gt_runlog *log);
void gt_sheet_metrics_free(gt_sheet_metrics *m); /* NULL is fine */

#endif
