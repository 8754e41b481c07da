/* SPDX-License-Identifier: Apache-2.0
 * The table of vector kernels for Gaussian mixtures of one set of instructions, in float64. One source
 * (mixture_micro.h) is compiled once per set; a kernel set holds one of the tables (kernel_set.h).
 *
 * A panel holds `points` points, a multiple of GT_MIXTURE_STEP, dimension by dimension: number j of point n at x[j *
 * points + n]. A vector register holds the same number of several points, so nothing is wasted on few dimensions. Sums
 * over points are GT_MIXTURE_CHAINS chains, added at the panel's end: the same bits with every set of instructions that
 * has fused multiply-adds. */
#ifndef GANTRY_KERNELS_DOOR_MIXTURE_KERNELS_H
#define GANTRY_KERNELS_DOOR_MIXTURE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
    GT_MIXTURE_CHAINS = 8, /* of a sum over points: the lanes of the widest vectors */
    GT_MIXTURE_STEP = 32,  /* points that a panel's size is a multiple of */
    GT_MIXTURE_ROWS = 4,   /* rows of a matrix that are worked on together: scratch has so many more rows at most */
};

/* Rows up to the next multiple of GT_MIXTURE_ROWS. */
static inline size_t gt_mixture_padded(size_t d) {
    return (d + GT_MIXTURE_ROWS - 1) / GT_MIXTURE_ROWS * GT_MIXTURE_ROWS;
}
/* Doubles of a lower triangular factor as packed for `whiten`: rows in groups of four, of each its columns up to the
 * diagonal's block, of each column the four rows' numbers. */
static inline size_t gt_mixture_factor_size(size_t d) {
    return gt_mixture_padded(d) * (gt_mixture_padded(d) + GT_MIXTURE_ROWS) / 2;
}

typedef struct gt_mixture_kernels {
    /* y = W (x - mean), W lower triangular, packed. squared: |y|^2 of each point, NULL: not wanted; whitened: y [d,
     * points], NULL: not wanted. scratch: padded(d) * GT_MIXTURE_STEP. */
    void (*whiten)(size_t points, size_t d, const double *x, const double *mean, const double *factor, double *scratch,
                   double *squared, double *whitened);
    /* squared[n] = sum over j of (factor[j] (x_j - mean[j]))^2 */
    void (*distance)(size_t points, size_t d, const double *x, const double *mean, const double *factor,
                     double *squared);
    /* In: squared distances [k, points]. Component c has the logarithm of density bias[c] - squared / 2. Out: the
     * probabilities of the components, and log_sum[n], the logarithm of the sum of densities. */
    void (*share)(size_t points, size_t k, const double *bias, double *squared, double *log_sum);
    /* With weights r (0 for points that are padding): total += sum r, first[j] += sum r (x_j - mean_j), and second
     * moments about `mean`: moments_full: second[i(i+1)/2 + j] += sum r (x_i - mean_i)(x_j - mean_j), j <= i; scratch:
     * (padded(d) + 1) * points. moments_diagonal: second[j] += sum r (x_j - mean_j)^2; NULL: not wanted. */
    void (*moments_full)(size_t points, size_t d, const double *x, const double *mean, const double *r, double *scratch,
                         double *total, double *first, double *second);
    void (*moments_diagonal)(size_t points, size_t d, const double *x, const double *mean, const double *r,
                             double *total, double *first, double *second);
} gt_mixture_kernels;

extern const gt_mixture_kernels gt_mixture_portable, gt_mixture_neon, gt_mixture_avx2, gt_mixture_avx512;

#endif
