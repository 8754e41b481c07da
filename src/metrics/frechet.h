/* SPDX-License-Identifier: Apache-2.0
 * Frechet distance of two Gaussians, the FID where they are those of Inception's features: Heusel et al., "GANs Trained
 * by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", equation 6:
 *
 *     |mean a - mean b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))
 *
 * The last trace is the sum of the square roots of the eigenvalues of the symmetric F S_b F^T with F^T F = S_a; where a
 * set has fewer rows than numbers of a row, it is a sum of singular values, of rows, which is exact for such sets. */
#ifndef GANTRY_METRICS_FRECHET_H
#define GANTRY_METRICS_FRECHET_H

#include "metrics/gaussian.h"

/* The divisor of a covariance of n rows. */
typedef enum gt_divisor {
    GT_DIVISOR_N,      /* n: StyleGAN2-ADA */
    GT_DIVISOR_N_LESS, /* n - 1: pytorch-fid, the Frechet wavelet distance */
} gt_divisor;

/* On the calling thread alone, any thread. GT_USAGE: Gaussians of different d, or a single row with GT_DIVISOR_N_LESS;
 * GT_FAILED: no convergence. A value that rounding has made negative becomes 0. */
gt_status gt_frechet_distance(const gt_gaussian *a, const gt_gaussian *b, gt_divisor divisor, double *distance);

/* Warns where distances of this Gaussian say little: fewer rows than numbers of a row (the distance is too large by a
 * bias), or rows that are all equal. `what` names the set: "fakes". */
void gt_gaussian_warn(const gt_gaussian *g, const char *what);

#endif
