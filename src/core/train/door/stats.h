/* SPDX-License-Identifier: Apache-2.0
 * Statistics of a run: moments (count, sum, sum of squares) in float64 of what the phases report per sample
 * (docs/mathematics/stylegan2-ada.md#statistics). Each slice has its own moments; they are joined by the tree over
 * slices, so that they do not depend on ranks. */
#ifndef GANTRY_TRAIN_DOOR_STATS_H
#define GANTRY_TRAIN_DOOR_STATS_H

#include <stddef.h>

#include "gantry/model.h"
#include "gantry/runlog.h"
#include "gantry/status.h"

typedef struct gt_stat_moments {
    double num, sum, sum2;
} gt_stat_moments;

/* n values, `stride` floats from one to the next */
void gt_stat_moments_add(gt_stat_moments *m, const float *values, size_t n, size_t stride);
void gt_stat_moments_join(gt_stat_moments *m, const gt_stat_moments *other);

enum { GT_MAX_STATS = 144 };

/* The statistics of all phases of a model, by name; a name reported by several phases is one series. */
typedef struct gt_stat_table {
    int n;
    bool counts[GT_MAX_STATS];                /* see gt_stat */
    gt_stat_moments since_tick[GT_MAX_STATS]; /* what the log shows next */
    gt_stat_value shown[GT_MAX_STATS];        /* names and latest values, which stay where nothing new was reported */
} gt_stat_table;

gt_status gt_stat_table_init(gt_stat_table *t, const gt_model *m);
int gt_stat_index(const gt_stat_table *t, const char *name); /* -1: unknown */
/* The interval goes on that has ended with the value v of statistic i; `shown` has the one before. */
void gt_stat_table_go_on(gt_stat_table *t, int i, const gt_stat_value *v);
void gt_stat_table_forget(gt_stat_table *t); /* the interval begins anew */
/* Ends the interval between two ticks: renews `shown` and begins the next interval. `goes_on`: means go on, so that the
 * next tick's are of this interval, too; counts begin anew. */
void gt_stat_table_tick(gt_stat_table *t, bool goes_on);
/* A tick of before: series that not every tick renews have their latest values again. */
void gt_stat_table_take_past(gt_stat_table *t, const gt_stat_value *values, int n);

#endif
