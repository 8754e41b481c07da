/* SPDX-License-Identifier: Apache-2.0
 * Gaussian mixtures, fitted by expectation maximisation (A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood
 * from Incomplete Data via the EM Algorithm", 1977) on any number of ranks and threads with the same bits, all in
 * float64. gantry/mixture_folder.h fits them; here is what is made of a fit.
 *
 * A log-likelihood is per sample, in nats, of the density over the data's own units; images count as points of H*W*C
 * numbers from 0 to 1. Functions that take blocks are collective: all ranks call them, and all return the same status.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_MIXTURE_H
#define GANTRY_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/kernels.h"
#include "gantry/memory.h"
#include "gantry/status.h"

/* ---- points ---- */

typedef struct gt_cloud gt_cloud;

typedef struct gt_cloud_info {
    int64_t count;
    int d;
    int height, width, channels; /* of images: d is their product; 0: the points are not images */
} gt_cloud_info;

bool gt_cloud_is_csv(const gt_cloud *c);
typedef struct gt_cloud_labels {
    int classes;             /* 0: there are no labels */
    const char *const *name; /* [classes] */
    const int32_t *label;    /* [points] 0 .. classes - 1; -1: none */
} gt_cloud_labels;

/* The points, cut into blocks. Where they are cut depends on the number of points and on their dimension alone. Each
 * rank holds its own blocks in memory, 8 bytes a number. */
typedef struct gt_blocks gt_blocks;

/* ---- mixtures ---- */

#define GT_COVARIANCES(X)         \
    X(GT_COVARIANCE_FULL, "full") \
    X(GT_COVARIANCE_TIED, "tied") X(GT_COVARIANCE_DIAGONAL, "diag") X(GT_COVARIANCE_SPHERICAL, "spherical")
typedef enum gt_covariance { GT_COVARIANCES(GT_CONSTANT) } gt_covariance;

typedef struct gt_mixture {
    gt_covariance covariance;
    int k, d;
    size_t size;         /* numbers of the three arrays, which follow each other in memory */
    double *weights;     /* [k]; NULL: there is no mixture */
    double *means;       /* [k,d] */
    double *covariances; /* full [k,d,d]; tied [d,d]; diag [k,d]; spherical [k] */
} gt_mixture;

const char *gt_covariance_name(gt_covariance c);

/* ---- fitting ---- */

typedef struct gt_mixture_recipe {
    gt_covariance covariance;
    int k;
    uint64_t seed;
    int restarts;   /* each starts by k-means++ or as gt_fit.start; the best mixture of all restarts is kept */
    int iterations; /* of a restart, at most */
    double tol;     /* a restart ends when an iteration gains less log-likelihood per sample */
    double floor;   /* least variance in any direction, in units of the points' variance (mean over dimensions) */
    int lloyd;      /* steps of Lloyd's algorithm between k-means++ and EM, at most (S. P. Lloyd, "Least Squares
                       Quantization in PCM", 1982); fewer where the means come to rest */
    char start[33]; /* fingerprint of gt_fit.start; "": each restart begins by k-means++ */
} gt_mixture_recipe;

/* Where a fit begins. A whole mixture is the first mixture; of means alone each point belongs to the nearest mean, as
 * after k-means++. */
typedef struct gt_mixture_start {
    gt_mixture mixture; /* weights NULL: there is no start */
    bool whole;         /* false: the means alone count */
} gt_mixture_start;

/* A fit: at its beginning, in the middle of a restart, between two restarts, or finished. All ranks have the same. */
typedef struct gt_fit {
    gt_arena *arena; /* holds all arrays and texts of the fit */
    gt_mixture_recipe recipe;
    gt_cloud_info points; /* the points that the mixture is fitted to */
    char fingerprint[33]; /* of the points: gt_blocks_fingerprint() as text, set by the caller; "": unknown */
    char kernel_set[GT_KERNEL_SET_BYTES]; /* the kernels of the iterations so far; "": there were none */
    const char *columns; /* names of the points' numbers, a JSON array of texts; NULL: none. Set by the caller */
    bool finished;
    gt_mixture_start start; /* where recipe.start is set: set by the caller; not in files */
    gt_mixture best;        /* of the restarts that are over; holds nothing while n_curve is 0 */
    double log_likelihood;  /* of `best` */
    int best_restart;
    bool converged;    /* whether that restart ended by `tol`; false: it ended by `iterations` */
    int n_curve;       /* log-likelihoods in `curve`; 0: no restart is over */
    double *curve;     /* of the mixtures of the restart that led to `best`, from its start to its end */
    int restart;       /* the restart that is under way, or comes next */
    bool started;      /* whether that restart is under way */
    gt_mixture now;    /* the mixture of the restart that is under way */
    int n_now;         /* log-likelihoods in `curve_now` */
    double *curve_now; /* of the mixtures before `now` */
    /* Components of `best` with a variance that the floor holds up, in ascending order [k]; not in files:
     * gt_mixture_fit() finds them. The likelihood of such a component says how small the floor is, so a restart without
     * such components is better than any restart with them. */
    int n_held;
    int *held;
} gt_fit;

void gt_fit_free(gt_fit *f); /* {0} is fine; *f becomes {0} */
/* Of `best` and of points with this log-likelihood per sample: -2 ln L + numbers ln points, -2 ln L + 2 numbers. */
double gt_fit_bic(const gt_fit *f, double log_likelihood, int64_t points);
double gt_fit_aic(const gt_fit *f, double log_likelihood, int64_t points);

/* ---- using a mixture ---- */

typedef struct gt_prediction { /* of all points, on rank 0 */
    gt_arena *arena;           /* holds the arrays */
    float *responsibilities;   /* [points,k]; NULL unless wanted */
    int32_t *labels;           /* [points] the component with the largest responsibility */
    double *log_likelihoods;   /* [points] */
} gt_prediction;

/* Rank 0 holds 12 bytes for each point, and 4 k more with responsibilities. On other ranks *out is {0}; on failure it
 * is so on all. GT_FORMAT: points of another dimension. */
gt_status gt_mixture_predict(gt_blocks *b, const gt_mixture *m, bool responsibilities, gt_prediction *out);
void gt_prediction_free(gt_prediction *p);
gt_status gt_mixture_score(gt_blocks *b, const gt_mixture *m, double *log_likelihood); /* per sample, on all ranks */

/* n points [n,d], drawn from the mixture, and the component of each [n]. Point i depends on the mixture, on the seed
 * and on places[i] alone, a number >= 0; without `places` on i. GT_FORMAT: a covariance is singular. Not collective. */
gt_status gt_mixture_sample(const gt_mixture *m, uint64_t seed, int64_t n, const int64_t *places, double *points,
                            int32_t *components);
/* Latents [n,z_dim] of the `seeds` for a generator (gt_generate_request.latents): sample number seeds[i] of a
 * gt_mixture with the seed 0. GT_USAGE: the mixture is of points of another dimension. */
gt_status gt_mixture_latents(void *mixture, int64_t n, const int64_t *seeds, int z_dim, float *z);

#endif
