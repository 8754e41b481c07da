/* SPDX-License-Identifier: Apache-2.0
 * Precision and recall: Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models",
 * equations 1 and 2. The manifold of a set is the union of balls around its rows; the radius of a ball is the distance
 * to the row's k-th neighbour in its set. Precision is the share of fakes in the manifold of the reals, recall the
 * share of reals in the manifold of the fakes. */
#ifndef GANTRY_METRICS_PRECISION_RECALL_H
#define GANTRY_METRICS_PRECISION_RECALL_H

#include "metrics/rows.h"

enum { GT_MANIFOLD_K = 3 };

/* radius[count], on all ranks, of all rows of the set. */
gt_status gt_manifold_all(const gt_team *team, const gt_rows *rows, int k, double *radius);

typedef struct gt_precision_recall_options {
    int k; /* 0: GT_MANIFOLD_K */
    /* Radii are rounded to float16, as in StyleGAN2-ADA. The rows must have been rounded by gt_round_half() before. */
    bool half;
} gt_precision_recall_options;

/* On all ranks. GT_USAGE: rows of different d, not more than k rows in a set, or k above GT_NEAREST_MOST;
 * GT_NONFINITE: a number is NaN or infinite, perhaps since it is beyond float16. */
gt_status gt_precision_recall_all(const gt_team *team, const gt_rows *reals, const gt_rows *fakes,
                                  const gt_precision_recall_options *o, double *precision, double *recall);

/* The nearest float16 (ties to even; infinity beyond 65504), in place. */
void gt_round_half(float *x, size_t n);

#endif
