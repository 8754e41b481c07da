/* SPDX-License-Identifier: Apache-2.0
 * A mixture made ready to be evaluated on panels: its covariances factorised. */
#ifndef GANTRY_FEATURES_GMM_DENSITY_H
#define GANTRY_FEATURES_GMM_DENSITY_H

#include "gantry/memory.h"
#include "kernels/door/mixture_kernels.h"
#include "features/gmm/blocks.h"

typedef struct gt_covariance_axes { /* of one covariance */
    double log_volume;              /* the logarithm of the determinant of W */
    double amplification;           /* of rounding, by this covariance: see gt_density */
    bool singular;
} gt_covariance_axes;

/* With S = L L^T and W = L^-1 the squared distance of x is |W (x - mean)|^2. diag and spherical have a W of one number
 * a dimension. A tied W is the same for all components: points are whitened once, about `centre`, and compared with
 * whitened means; but where components are so many of their widths apart that too much cancels (`apart`), points are
 * whitened about each mean, as with full covariances. */
typedef struct gt_density {
    const gt_mixture_kernels *kernels;
    gt_covariance covariance;
    size_t k, d, panel;
    double *factors; /* full: [k] packed W; tied: one; diag, spherical [k,d] */
    double *places;  /* [k,d]: the means; tied and not apart: the whitened means */
    double *centre;  /* [d], tied */
    double *ones;    /* [d] */
    double *bias;    /* [k]: logarithm of the weight and of the density at the mean */
    /* Of rounding: how many times a variance exceeds the variance that is left when the dimensions before are known, at
     * most; times the part that cancels. */
    double amplification;
    bool apart;
    gt_covariance_axes *axes; /* [k], or one for all */
    double *work;             /* [workers][d,d] */
} gt_density;

/* Room for mixtures of the shape of `m` on the panels of `b`, which has the dimension of `m`. The arrays live in the
 * arena; gt_arena_failed() says whether memory was short. */
void gt_density_init(gt_density *e, gt_arena *a, const gt_mixture *m, const gt_blocks *b);

/* Factorises the covariances of `m`. GT_FAILED names a component whose covariance is singular. `centre` [d]: a place
 * among the points; tied covariances alone use it. */
gt_status gt_density_set(gt_density *e, const gt_mixture *m, const double *centre, gt_pool *pool);

/* [d] the mean of the mixture: a place among its points. */
void gt_mixture_mean(const gt_mixture *m, double *mean);

/* Squared distances of the points x [d, panel] from all components, [k, panel]. `scratch`: gt_density_scratch()
 * doubles. */
void gt_density_distances(const gt_density *e, const double *x, double *scratch, double *squared);
size_t gt_density_scratch(const gt_density *e);

#endif
