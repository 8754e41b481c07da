/* SPDX-License-Identifier: Apache-2.0
 * Every file of metrics: a line each, in the order of help and of the logs. A file defines gt_metrics_of_NAME, rows
 * (gantry/metric.h) that end with an empty row. And what their formulas are given. */
#ifndef GANTRY_METRICS_DOOR_METRIC_LIST_H
#define GANTRY_METRICS_DOOR_METRIC_LIST_H

#include "gantry/metric.h"
#include "metrics/door/gaussian.h"

#define GT_METRIC_LIST(X) \
    X(spread)             \
    X(fid)                \
    X(kid)                \
    X(pr)                 \
    X(is)                 \
    X(ppl)                \
    X(agreement)          \
    X(authenticity)       \
    X(swd)                \
    X(fwd)                \
    X(spectrum)

#define X(name) extern const gt_metric gt_metrics_of_##name[];
GT_METRIC_LIST(X)
#undef X

/* This rank's part of a set: gt_rows_share(count). */
typedef struct gt_metric_set {
    int64_t count;
    const gt_gaussian *gaussian; /* on rank 0 */
    gt_rows rows;                /* features */
    gt_rows probabilities;       /* of classes */
    gt_rows classes;             /* [own,2]: the class by the classifier, and the class that was asked for or -1 */
    const uint8_t *pictures;     /* [own,height,width,channels] */
    const float *floats;         /* of a sheet: the pictures before they were rounded to 8 bits, range -1 .. 1 */
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
