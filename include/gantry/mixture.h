/* SPDX-License-Identifier: Apache-2.0
 * Gaussian mixtures, fitted by expectation maximisation (A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood
 * from Incomplete Data via the EM Algorithm", 1977) on any number of ranks and threads with the same bits, all in
 * float64.
 *
 *     gt_cloud *points;
 *     gt_status st = gt_cloud_open(&points, "points.csv", "");
 *     gt_blocks *blocks;
 *     // each rank its share, held in memory
 *     st = gt_blocks_read(&blocks, comm, pool, NULL, points);
 *     gt_fit fit;
 *     st = gt_fit_init(&fit, &(gt_mixture_recipe){.covariance = GT_COVARIANCE_FULL, .k = 16, ...},
 *     gt_cloud_get_info(points));
 *     st = gt_mixture_fit(blocks, &fit, NULL);
 *     ... fit.best, fit.log_likelihood ...
 *     gt_fit_write(&fit, "mixture.h5");
 *
 * A log-likelihood is per sample, in nats, of the density over the data's own units; images count as points of H*W*C
 * numbers from 0 to 1. Functions that take blocks are collective: all ranks call them, and all return the same. */
#ifndef GANTRY_MIXTURE_H
#define GANTRY_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/hash.h"
#include "gantry/kernels.h"
#include "gantry/status.h"

/* ---- points ---- */

typedef struct gt_cloud gt_cloud;

typedef struct gt_cloud_info {
    int64_t count;
    int d;
    int height, width, channels; /* of images: d is their product; else 0 */
} gt_cloud_info;

/* `spec`: FILE.csv (a line of numbers for each point; a first line that is none is a heading), an array of an HDF5
 * file, or the images of a dataset (dataset.h). `array`: which array of an HDF5 file; "": its images if it has such,
 * else its only array of numbers, or the one called `latent` or `points`. GT_FORMAT: lines of unequal length, what is
 * no number, ... */
gt_status gt_cloud_open(gt_cloud **out, const char *spec, const char *array);
void gt_cloud_close(gt_cloud *c); /* NULL is fine */
gt_cloud_info gt_cloud_get_info(const gt_cloud *c);
/* n points from `first` on, [n,d]. Fastest in ascending order. GT_NONFINITE names the place of what is not finite. Main
 * thread only. */
gt_status gt_cloud_read(gt_cloud *c, int64_t first, int64_t n, double *points);

/* The points cut into blocks by their number and dimension alone; each rank holds its own blocks in memory, 8 bytes a
 * number. */
typedef struct gt_blocks gt_blocks;
/* pool may be NULL. What is computed of the points is computed with `kernels` (NULL: the best of this CPU), or with
 * those of a fit that goes on. */
gt_status gt_blocks_read(gt_blocks **out, gt_comm *c, gt_pool *pool, const gt_kernel_set *kernels, gt_cloud *points);
void gt_blocks_free(gt_blocks *b);              /* NULL is fine */
gt_hash128 gt_blocks_fingerprint(gt_blocks *b); /* of the points, on rank 0 */

/* ---- mixtures ---- */

typedef enum gt_covariance {
    GT_COVARIANCE_FULL,
    GT_COVARIANCE_TIED,
    GT_COVARIANCE_DIAGONAL,
    GT_COVARIANCE_SPHERICAL
} gt_covariance;
#define GT_COVARIANCES "full|tied|diag|spherical"

typedef struct gt_mixture {
    gt_covariance covariance;
    int k, d;
    size_t size;         /* of `weights` with what follows it */
    double *weights;     /* [k] */
    double *means;       /* [k,d] */
    double *covariances; /* full [k,d,d]; tied [d,d]; diag [k,d]; spherical [k] */
} gt_mixture;

gt_covariance gt_covariance_parse(const char *name); /* one of GT_COVARIANCES */
const char *gt_covariance_name(gt_covariance c);

/* 0: there is no such mixture (see gt_message()) */
size_t gt_mixture_size(gt_covariance covariance, int k, int d);
gt_status gt_mixture_init(gt_mixture *m, gt_covariance covariance, int k, int d); /* zeros */
void gt_mixture_free(gt_mixture *m);
void gt_mixture_copy(gt_mixture *to, const gt_mixture *from); /* of equal shapes */
double gt_mixture_free_numbers(const gt_mixture *m);          /* how many numbers a fit chooses: for BIC and AIC */
/* Row i, column j of the covariance of component c. */
double gt_mixture_covariance(const gt_mixture *m, int c, int i, int j);

/* ---- fitting ---- */

typedef struct gt_mixture_recipe {
    gt_covariance covariance;
    int k;
    uint64_t seed;
    int restarts;   /* starts with k-means++; the best end is kept */
    int iterations; /* at most, of each */
    double tol;     /* ends when an iteration gains less log-likelihood per sample */
    double floor;   /* least variance in any direction, in units of the points' variance (mean over dimensions) */
} gt_mixture_recipe;

/* Where a fit stands: after some restarts, in the middle of one. All ranks have the same. */
typedef struct gt_fit {
    gt_mixture_recipe recipe;
    gt_cloud_info points; /* what it is fitted to */
    char fingerprint[33]; /* of them */
    /* of the computation so far: what goes on with the fit adopts it; "" at the beginning */
    char kernel_set[GT_KERNEL_SET_BYTES];
    bool finished;
    gt_mixture best;       /* of the restarts that are over; no weights: none is */
    double log_likelihood; /* of `best` */
    int best_restart;
    bool converged; /* it; else `iterations` were not enough */
    int n_curve;
    double *curve;  /* log-likelihoods of the restart that led to `best`, from its start */
    int restart;    /* what goes on: the restart, */
    bool started;   /* has it begun? */
    gt_mixture now; /* its mixture, */
    int n_now;      /* and the log-likelihoods of those before */
    double *curve_now;
} gt_fit;

gt_status gt_fit_init(gt_fit *f, const gt_mixture_recipe *recipe, gt_cloud_info points); /* at the beginning */
void gt_fit_free(gt_fit *f);
double gt_fit_bic(const gt_fit *f, double log_likelihood, int64_t points); /* -2 ln L + numbers ln points */
double gt_fit_aic(const gt_fit *f, double log_likelihood, int64_t points); /* -2 ln L + 2 numbers */

typedef struct gt_fit_hooks { /* NULL: none. Called on all ranks after every iteration */
    bool (*stop)(void *arg);  /* a wish: any rank's counts */
    /* collective; `now`: it is the last call before the fit stops or is finished */
    gt_status (*save)(void *arg, const gt_fit *f, bool now);
    void *arg;
} gt_fit_hooks;

/* From where it stands to the end. GT_STOPPED: a hook wished so; called again with the same fit, also one that was
 * written and read, it ends with the same bits. A log-likelihood that falls by more than rounding explains is an error
 * that names the iteration. */
gt_status gt_mixture_fit(gt_blocks *b, gt_fit *f, const gt_fit_hooks *hooks);

/* One file holds a fit, finished or not (checkpoint.h: whole or not at all, verified when it is read). Rank 0. */
gt_status gt_fit_write(const gt_fit *f, const char *path);
gt_status gt_fit_read(gt_fit *f, const char *path); /* GT_FORMAT: damaged, or no fit; to be freed in any case */

/* ---- using a mixture ---- */

typedef struct gt_prediction { /* of all points, on rank 0; malloc'ed */
    float *responsibilities;   /* [points,k]; NULL unless wanted */
    int32_t *labels;           /* [points] the component with the largest share */
    double *log_likelihoods;   /* [points] */
} gt_prediction;

/* Rank 0 holds all of it, 12 bytes a point, and 4 k more with responsibilities. GT_FORMAT: points of another dimension.
 */
gt_status gt_mixture_predict(gt_blocks *b, const gt_mixture *m, bool responsibilities, gt_prediction *out);
void gt_prediction_free(gt_prediction *p);
gt_status gt_mixture_score(gt_blocks *b, const gt_mixture *m, double *log_likelihood); /* per sample, on all ranks */
/* [points] one number of every point, on rank 0 */
gt_status gt_blocks_coordinate(gt_blocks *b, int axis, float *out);

/* Points [n,d] and their components, a function of seed and place in the list alone. `places` [n] >= 0; NULL: 0 .. n-1.
 * Not collective. */
gt_status gt_mixture_sample(const gt_mixture *m, uint64_t seed, int64_t n, const int64_t *places, double *points,
                            int32_t *components);
/* The density of one of the numbers of a point. */
double gt_mixture_marginal(const gt_mixture *m, int axis, double x);

#endif
