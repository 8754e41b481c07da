/* SPDX-License-Identifier: Apache-2.0
 * Images that a network reconstructs badly are not like those it was trained on: the images of a dataset by their
 * reconstruction errors, a threshold, and the ROC curve where it is known which classes are normal.
 *
 *     gt_anomalies list;
 *     const gt_anomalies_limit limit = {.errors = of_training, .n = 1000, .quantile = 0.99};
 *     gt_status st = gt_anomalies_rank(arena, dataset, encoded.error, "0,cat", &limit, &list);
 *     if (!st) st = gt_anomalies_write(&list, &pairs, 32, "out", &area); */
#ifndef GANTRY_FEATURES_ANOMALIES_ANOMALIES_H
#define GANTRY_FEATURES_ANOMALIES_ANOMALIES_H

#include "gantry/dataset.h"
#include "gantry/memory.h"
#include "gantry/model.h"

typedef enum gt_anomaly_kind { GT_ANOMALY_UNKNOWN, GT_ANOMALY_NORMAL, GT_ANOMALY_OTHER } gt_anomaly_kind;

typedef struct gt_anomaly { /* an image */
    float error;
    int64_t item;
    gt_anomaly_kind kind; /* by its class */
    bool above;           /* the threshold; an error that is not a number lies above, too */
} gt_anomaly;

/* Above which error an image is an anomaly: `threshold` if that is a number; else the quantile of the finite errors of
 * images that are known to be normal, or, where `errors` is NULL, of the normal images of the data. */
typedef struct gt_anomalies_limit {
    double threshold, quantile;
    const float *errors; /* [n] */
    int64_t n;
} gt_anomalies_limit;

typedef struct gt_anomalies {
    gt_dataset *data;
    int64_t n, above;           /* images, and those above the threshold */
    gt_anomaly *all;            /* [n], the largest error first; not a number before all */
    const char *normal;         /* classes, as they were given; NULL: none were */
    double threshold, quantile; /* quantile NaN: the threshold was given */
} gt_anomalies;

/* Ranks all images of a dataset by error [count]. `normal`: numbers and names of classes with commas between them; ""
 * or NULL: not known, and `limit` says more than a quantile. The list lives in the arena. GT_USAGE: there is no such
 * class, or images of only one kind. GT_FAILED: no error of a normal image is finite. */
gt_status gt_anomalies_rank(gt_arena *a, gt_dataset *data, const float *error, const char *normal,
                            const gt_anomalies_limit *limit, gt_anomalies *out);

/* Reads n items and puts beside each what the network makes of it: pairs [n,2,H,W,C] in [-1,1]. Items become those that
 * were read. */
typedef struct gt_pairs_of {
    const gt_model *model;
    gt_status (*read)(void *arg, gt_dataset *ds, int64_t n, int64_t *items, float *pairs);
    void *arg;
} gt_pairs_of;

/* Writes into OUTDIR scores.csv (every image), worst.png (the first images of the list, `pictures` of them, each beside
 * its reconstruction), errors.svg and .png (a histogram), and, where classes are normal, roc.csv, roc.svg and roc.png.
 * *area: under the ROC curve, 0 without one. */
gt_status gt_anomalies_write(const gt_anomalies *l, const gt_pairs_of *e, int64_t pictures, const char *outdir,
                             double *area);

/* ---- parts of that ---- */

gt_status gt_anomalies_plot_errors(const gt_anomalies *l, const char *stem); /* STEM.svg and STEM.png */

typedef struct gt_roc {
    int n;
    /* [n]: shares of the normal images and of the others whose errors are at least as large as the threshold; from 0
     * and 0 to 1 and 1, a place for each error that occurs */
    double *false_positives, *true_positives, *threshold;
    double area; /* the probability that an anomaly has a larger error than a normal image, where a tie counts half */
} gt_roc;
/* The arrays live in the arena. */
gt_status gt_roc_of(gt_arena *a, const gt_anomalies *l, gt_roc *out);
gt_status gt_roc_write(gt_arena *a, const gt_roc *r, const char *stem); /* STEM.csv, STEM.svg and STEM.png */

#endif
