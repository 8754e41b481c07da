/* SPDX-License-Identifier: Apache-2.0
 * Metrics are features: a file of src/features defines gt_metrics_of_NAME, rows (gantry/metric.h) that end with an
 * empty row, and its name is a word in the list METRICS of src/features/list.h. And what their formulas are given. */
#ifndef GANTRY_METRICS_DOOR_METRIC_LIST_H
#define GANTRY_METRICS_DOOR_METRIC_LIST_H

#include "gantry/metric.h"
#include "metrics/door/rows.h"

/* The rows of each word of METRICS in src/features/list.h, in the order of help and of the logs; NULL ends the list. */
extern const gt_metric *const gt_metric_files[];

/* This rank's part of a set: gt_rows_share(count). */
typedef struct gt_metric_set {
    int64_t count;
    const struct gt_gaussian *gaussian; /* on rank 0 (features/score/distances/gaussian.h) */
    gt_rows rows;                       /* features */
    gt_rows probabilities;              /* of classes */
    gt_rows classes;         /* [own,2]: the class by the classifier, and the class that was asked for or -1 */
    const uint8_t *pictures; /* [own,height,width,channels] */
    const float *floats;     /* of a sheet: the pictures before they were rounded to 8 bits, range -1 .. 1 */
    int height, width, channels;
    bool mirrored; /* the second half of the set are the mirror images of the first */
} gt_metric_set;

/* Of a sheet one rank computes, and a set has no more than `pictures`, and `floats` unless it is the reals beside
 * fakes. */
typedef struct gt_metric_input {
    const gt_team *team;
    gt_metric_set reals, fakes;
    gt_metric_set held_out; /* with GT_METRIC_BASE; no pictures: none are held out */
    double *base; /* with GT_METRIC_BASE: the base rate if it is known, else NaN, which the formula replaces */
    uint64_t seed;
    bool is_sheet; /* the value is one of many in a run: it may draw fewer samples */
    /* Takes a value. Its key is the metric's name and `suffix`: "", "_precision". */
    void (*put)(void *arg, const char *suffix, double value);
    void *arg;
} gt_metric_input;

#endif
