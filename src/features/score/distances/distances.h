/* SPDX-License-Identifier: Apache-2.0
 * The published scores of a set of fakes, as functions of rows of features and of pictures: Frechet and kernel
 * distance, Inception Score, precision and recall, perceptual path length, and the distance of power spectra. */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_DISTANCES_H
#define GANTRY_FEATURES_SCORE_DISTANCES_DISTANCES_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"
#include "features/score/distances/gaussian.h"
#include "metrics/door/rows.h"

/* Frechet distance of two Gaussians, the FID where they are those of Inception's features: Heusel et al., "GANs Trained
 * by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", equation 6:
 *
 *     |mean a - mean b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))
 *
 * The last trace is the sum of the square roots of the eigenvalues of the symmetric F S_b F^T with F^T F = S_a; where a
 * set has fewer rows than numbers of a row, it is a sum of singular values, of rows, which is exact for such sets. */

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

/* Kernel distance, the KID where rows are Inception's features: Binkowski et al., "Demystifying MMD GANs", section 4.
 * The unbiased estimate of the squared maximum mean discrepancy with the kernel k(a, b) = (a.b / d + 1)^3, mean over
 * subsets of m rows of each set:
 *
 *     sum over i != j of (k(x_i, x_j) + k(y_i, y_j)) / (m (m - 1)) - 2 mean of k(x_i, y_j) */

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

/* Inception Score: Salimans et al., "Improved Techniques for Training GANs", section 4. Rows are probabilities of
 * classes. Split i of s are the rows floor(i n / s) .. floor((i + 1) n / s) - 1; its score is
 *
 *     exp(mean over rows of sum over classes of p (ln p - ln mean of p over rows))
 *
 * and the result the mean and the population standard deviation over splits. */

enum { GT_INCEPTION_SPLITS = 10 };

/* mean, std and each[splits] (NULL: not wanted) on all ranks. GT_USAGE: fewer rows than splits. */
gt_status gt_inception_score_all(const gt_team *team, const gt_rows *probabilities, int splits, double *mean,
                                 double *std, double *each);

/* Precision and recall: Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models",
 * equations 1 and 2. The manifold of a set is the union of balls around its rows; the radius of a ball is the distance
 * to the row's k-th neighbour in its set. Precision is the share of fakes in the manifold of the reals, recall the
 * share of reals in the manifold of the fakes. */

enum { GT_MANIFOLD_K = 3 };

/* radius[count], on all ranks, of all rows of the set. */
gt_status gt_manifold_all(const gt_team *team, const gt_rows *rows, int k, double *radius);

typedef struct gt_precision_recall_options {
    int k; /* 0: GT_MANIFOLD_K */
    /* Radii are rounded to float16, as in StyleGAN2-ADA. The rows must have been rounded by gt_round_half() before. */
    bool half;
} gt_precision_recall_options;

/* On all ranks. GT_USAGE: rows of different d, not more than k rows in a set, or k above GT_NEAREST_MAX;
 * GT_NONFINITE: a number is NaN or infinite, perhaps since it is beyond float16. */
gt_status gt_precision_recall_all(const gt_team *team, const gt_rows *reals, const gt_rows *fakes,
                                  const gt_precision_recall_options *o, double *precision, double *recall);

/* The nearest float16 (ties to even; infinity beyond 65504), in place. */
void gt_round_half(float *x, size_t n);

/* Perceptual path length: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks",
 * section 4.1. How far features move when a latent moves by `epsilon` of its way to another latent:
 *
 *     distance of a sample = |features at t + epsilon - features at t|^2 / epsilon^2
 *
 * PPL is the mean of those that lie between the 1st percentile, rounded to a lower place, and the 99th, rounded to a
 * higher place. Here are the formulas; features and pictures are the caller's. */

#define GT_PATH_EPSILON 1e-4

/* The point at t on the great circle through a and b, which are first brought to length 1; out [d] has length 1. */
void gt_slerp(size_t d, const float *a, const float *b, double t, float *out);

/* Of a sample, from its two rows of features. */
double gt_path_distance(size_t d, const float *at, const float *further, double epsilon);

/* PPL of n distances. GT_NOMEM; GT_NONFINITE: a distance is NaN. */
gt_status gt_path_length(const float *distances, int64_t n, double *value);

/* Radial power spectra of sets of pictures, and their distance: the azimuthal average of Durall et al., "Watch your
 * Up-Convolution: CNN Based Generative Deep Neural Networks are Failing to Reproduce Spectral Distributions", and the
 * log-spectral distance in decibel.
 *
 *     y = mean of the channels / 255;  P = |DFT of y|^2 / (H W);  m = min(H, W)
 *     ring of frequency (fu, fv), in cycles per pixel = floor(sqrt((m fu)^2 + (m fv)^2) + 1/2), up to m div 2
 *     A(ring) = mean of P over the ring, mean over pictures
 *     distance = sqrt(mean over rings 1 .. m div 2 of (10 log10((A1 + 1e-12) / (A2 + 1e-12)))^2) */

typedef struct gt_spectrum gt_spectrum;

int gt_spectrum_rings(int height, int width); /* ring 0 included */
/* Of a set of `count` pictures, each rank having its share (gt_rows_share). NULL: see gt_message(). */
gt_spectrum *gt_spectrum_new(const gt_team *team, int64_t count, int height, int width, int channels);
/* The next n of this rank's pictures [n,H,W,C], 0 .. 255. */
gt_status gt_spectrum_add(gt_spectrum *s, const uint8_t *pictures, int64_t n);
gt_status gt_spectrum_finish_all(gt_spectrum *s, double *power); /* [rings], on all ranks */
void gt_spectrum_free(gt_spectrum *s);                           /* NULL is fine */

/* Symmetric; 0 of a spectrum and itself. */
double gt_spectrum_distance(const double *a, const double *b, int rings);

#endif
