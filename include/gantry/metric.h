/* SPDX-License-Identifier: Apache-2.0
 * Metrics: numbers that say how good generated pictures are. A metric is a file of src/metrics and a line of
 * metrics/metric_list.h; from there it appears in the log, in the report, in comparisons and as --best=SERIES.
 *
 * A metric looks at sets of pictures, batch by batch, keeps what it needs of each set, and computes its value from two
 * sets. The set of the reals is looked at once in a process; the set of the fakes anew whenever there are new ones.
 * A metric needs pictures alone, and knows no family of models. Rank 0 alone computes metrics. */
#ifndef GANTRY_METRIC_H
#define GANTRY_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/kernels.h"
#include "gantry/runlog.h"
#include "gantry/status.h"

/* Which sets a metric looks at. */
enum { GT_METRIC_REALS = 1, GT_METRIC_FAKES = 2 };

typedef struct gt_metric_input {
    const gt_kernel_set *kernels; /* of products of matrices; NULL: the best of this CPU */
    int height, width, channels;
    int64_t count; /* pictures of each set: so many come in all batches together */
} gt_metric_input;

/* Items first .. first+n-1 of a set; the batches come in the order of their items. The arrays are the caller's, and end
 * with the call. */
typedef struct gt_metric_batch {
    int64_t first, n;
    const float *pictures; /* [n,H,W,C], range -1 .. 1 */
} gt_metric_batch;

typedef struct gt_metric {
    const char *series;       /* in logs, "Fakes/swd" */
    const char *label;        /* in columns, "swd" */
    const char *legend;       /* of its chart, "SWD"; NULL: the label */
    const char *title, *note; /* of its chart in the report; both NULL: its chart is among those of all other series */
    const char *format;       /* of its value in comparisons, "%.1f"; NULL: it has no column */
    int needs; /* GT_METRIC_...; GT_METRIC_REALS without GT_METRIC_FAKES: a property of the data, logged in each tick */
    bool more_is_better;
    /* Makes an empty set; *set is NULL before. Where begin() fails and has set *set, end() frees it. GT_USAGE: pictures
     * of this shape have no such value, and the metric is left out from then on; any other failure is a warning, and
     * the next pictures are tried anew. `input` stays as long as the set. */
    gt_status (*begin)(void **set, const gt_metric_input *input);
    gt_status (*add)(void *set, const gt_metric_batch *batch); /* failures as of begin(); end() is called after them */
    /* Of whole sets; NULL for a set that the metric does not need. Reals are kept, so their set may be changed but not
     * freed: the next value is of the same set. NaN: there is no value this time; value() has said why. */
    double (*value)(void *reals, void *fakes);
    void (*end)(void *set); /* frees the set */
} gt_metric;

const gt_metric *gt_metric_find(const char *series); /* NULL: the series is not that of a metric */
const gt_metric *gt_metric_at(int i);                /* number i of the list, from 0; NULL: there are no more */
bool gt_metric_of_fakes(const char *series);         /* whether a metric of this series needs fakes */

/* ---- all metrics of a run: values of the newest pictures ---- */

typedef struct gt_metrics gt_metrics;

gt_metrics *gt_metrics_new(const gt_metric_input *input); /* copied; NULL: out of memory, see gt_message() */
/* Whether all metrics that need reals know what they need; if not, the caller must add the reals. */
bool gt_metrics_know_reals(const gt_metrics *m);
/* A whole set, GT_METRIC_REALS or GT_METRIC_FAKES, in one batch or in many: the caller adds each batch, then finishes
 * the set; reals come before fakes. A metric that fails is a warning, and has no value this time. */
void gt_metrics_add(gt_metrics *m, int set, const gt_metric_batch *batch);
void gt_metrics_finish(gt_metrics *m, int set);
/* Appends the values that there are to the *n values of a tick, which need room for GT_METRICS_MOST more. Values of
 * fakes are then forgotten: a tick without new pictures has none. */
enum { GT_METRICS_MOST = 64 };
void gt_metrics_put(gt_metrics *m, gt_stat_value *values, int *n);
/* To be called when a log has been opened. Values of fakes are forgotten, since a checkpoint ends a tick, whose log has
 * them; values of reals become those in the log. */
void gt_metrics_go_on(gt_metrics *m, const gt_runlog *log);
void gt_metrics_free(gt_metrics *m); /* NULL is fine */

#endif
