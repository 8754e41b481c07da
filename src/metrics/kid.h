/* SPDX-License-Identifier: Apache-2.0
 * Kernel distance, the KID where rows are Inception's features: Binkowski et al., "Demystifying MMD GANs", section 4.
 * The unbiased estimate of the squared maximum mean discrepancy with the kernel k(a, b) = (a.b / d + 1)^3, mean over
 * subsets of m rows of each set:
 *
 *     sum over i != j of (k(x_i, x_j) + k(y_i, y_j)) / (m (m - 1)) - 2 mean of k(x_i, y_j) */
#ifndef GANTRY_METRICS_KID_H
#define GANTRY_METRICS_KID_H

#include "metrics/rows.h"

enum { GT_KID_SUBSETS = 100, GT_KID_SIZE = 1000 };

typedef struct gt_kid_options {
    int subsets; /* 0: GT_KID_SUBSETS */
    int size;    /* of a subset; 0: GT_KID_SIZE, or fewer where a set has fewer */
    /* Row numbers [subsets,size]; NULL: drawn without repetition by formula, from the seed, the set's name
     * ("kid/fakes", "kid/reals") and the number of the subset. */
    const int32_t *fakes, *reals;
    uint64_t seed;
} gt_kid_options;

/* *kid and each[subsets] (NULL: not wanted) on all ranks. GT_USAGE: rows of different d, or fewer than two. */
gt_status gt_kid_all(const gt_team *team, const gt_rows *fakes, const gt_rows *reals, const gt_kid_options *o,
                     double *kid, double *each);

#endif
