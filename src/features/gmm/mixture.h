/* SPDX-License-Identifier: Apache-2.0
 * Gaussian mixtures, fitted by expectation maximisation (A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood
 * from Incomplete Data via the EM Algorithm", 1977) on any number of ranks and threads with the same bits, all in
 * float64.
 *
 *     gt_cloud *points;
 *     gt_status st = gt_cloud_open(&points, "points.csv", "");
 *     gt_blocks *blocks;
 *     st = gt_blocks_read(&blocks, comm, pool, NULL, points); // each rank holds its own points in memory
 *     gt_fit fit;
 *     gt_mixture_recipe recipe = {.covariance = GT_COVARIANCE_FULL, .k = 16, ...};
 *     st = gt_fit_init(&fit, &recipe, gt_cloud_get_info(points));
 *     st = gt_mixture_fit(blocks, &fit, NULL);
 *     ... fit.best, fit.log_likelihood ...
 *     gt_fit_write(&fit, "mixture.h5");
 *
 * A log-likelihood is per sample, in nats, of the density over the data's own units; images count as points of H*W*C
 * numbers from 0 to 1. Functions that take blocks, but for gt_blocks_free(), are collective: all ranks call them, and
 * all return the same status. */
#ifndef GANTRY_FEATURES_GMM_MIXTURE_H
#define GANTRY_FEATURES_GMM_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/kernels.h"
#include "gantry/memory.h"
#include "gantry/status.h"
#include "gantry/dist.h"
#include "gantry/hash.h"
#include "gantry/pool.h"
#include "gantry/shape.h" /* gt_shape */

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

/* `spec`: FILE.csv, .tsv, .txt or .dat (a line of numbers for each point, separated by commas, semicolons, tabs or
 * blanks; a first line that holds something else is a heading), FILE.npy with an array [points] or [points,d], an array
 * of an HDF5 file, or the images of a dataset (dataset.h). `array`: which array of an HDF5 file; "": the images of the
 * file if it has images, else its only array of numbers, or the array called `latent` or `points`. GT_FORMAT: lines of
 * unequal length, a field that is not a number, no points, ... On failure *out is NULL. */
gt_status gt_cloud_open(gt_cloud **out, const char *spec, const char *array);
/* The same with labels. `labels`: a column of FILE.csv, by its name in the heading or by its number from 0, which is
 * then no number of the points; or an array of integers of the HDF5 file; "": none. Images bring their classes.
 * `classes`: of images those of some classes alone (gt_dataset_options.classes); "": all. GT_USAGE: the points are of
 * another kind. */
gt_status gt_cloud_open_labelled(gt_cloud **out, const char *spec, const char *array, const char *labels,
                                 const char *classes);
void gt_cloud_close(gt_cloud *c); /* NULL is fine */
gt_cloud_info gt_cloud_get_info(const gt_cloud *c);
/* The name of number i of a point, from the heading of a CSV file; NULL: there are no names. */
const char *gt_cloud_name(const gt_cloud *c, int i);
enum { GT_CLOUD_CLASSES_MAX = 4096 };
gt_cloud_labels gt_cloud_get_labels(const gt_cloud *c); /* valid until the cloud is closed */
/* n points from `first` on, [n,d]; fastest in ascending order. GT_NONFINITE names the place of a number that is not
 * finite; points and numbers are counted from 0, lines of a file from 1. Main thread only. */
gt_status gt_cloud_read(gt_cloud *c, int64_t first, int64_t n, double *points);

/* `pool` may be NULL. `kernels` (NULL: the best of this CPU) compute on the points; gt_mixture_fit() puts the kernels
 * of a resumed fit in their place. On failure *out is NULL. */
gt_status gt_blocks_read(gt_blocks **out, gt_comm *c, gt_pool *pool, const gt_kernel_set *kernels, gt_cloud *points);
void gt_blocks_free(gt_blocks *b); /* NULL is fine */
/* Of the points, on rank 0; {0} on other ranks, and where memory is short. */
gt_hash128 gt_blocks_fingerprint(gt_blocks *b);

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

gt_covariance gt_covariance_parse(const char *name); /* of one of GT_COVARIANCES; the last one for any other name */

gt_shape gt_covariances_shape(gt_covariance covariance, int k, int d); /* of gt_mixture's covariances */
/* How many numbers such a mixture has; 0: there is no such mixture (see gt_message()). */
size_t gt_mixture_size(gt_covariance covariance, int k, int d);
/* All numbers are 0; they lie in the arena. */
gt_status gt_mixture_init(gt_mixture *m, gt_arena *a, gt_covariance covariance, int k, int d);
/* Are the weights shares of 1, up to roundings of a file? *sum: what they add up to. */
bool gt_mixture_has_shares(const gt_mixture *m, double *sum);
void gt_mixture_copy(gt_mixture *to, const gt_mixture *from); /* the numbers; both are of one shape */
double gt_mixture_free_numbers(const gt_mixture *m);          /* how many numbers a fit chooses: for BIC and AIC */
/* Row i, column j of the covariance of component c. */
double gt_mixture_covariance(const gt_mixture *m, int c, int i, int j);

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

/* `path`: a mixture that a fit has written; an HDF5 file with the arrays means [k,d] and, for a whole mixture, weights
 * [k] and covariances (shapes as in gt_mixture; weights and covariances both or neither); or the points of FILE.csv or
 * FILE.npy as means. The covariances must be of the kind `covariance`. GT_FORMAT, GT_USAGE: no such thing. The caller
 * has called gt_h5_check(). The mixture lies in the arena. `fingerprint` [33] becomes that of the start. */
gt_status gt_mixture_start_read(gt_mixture_start *start, gt_arena *a, const char *path, gt_covariance covariance,
                                char fingerprint[33]);

/* A fit at its beginning; gt_fit_free() ends it, also on failure. */
gt_status gt_fit_init(gt_fit *f, const gt_mixture_recipe *recipe, gt_cloud_info points);
/* A fit that is finished, or in the middle, gets more iterations or a smaller tol, and resumes to the same bits as a
 * fit that had them from its beginning. Where restarts were over, and were more than one, *anew becomes true: all
 * restarts begin anew. GT_USAGE: fewer iterations, or a larger tol. */
gt_status gt_fit_extend(gt_fit *f, int iterations, double tol, bool *anew);

typedef struct gt_fit_hooks { /* called on all ranks after every iteration; a NULL is not called */
    bool (*stop)(void *arg);  /* whether this rank wishes the fit to stop; the wish of one rank is enough */
    /* Collective. `last`: the fit stops now, or is finished. */
    gt_status (*save)(void *arg, const gt_fit *f, bool last);
    /* Collective. `m`: the mixture at the beginning, or where the fit resumes, and after each iteration. */
    gt_status (*mixture)(void *arg, const gt_mixture *m, int iteration);
    bool quiet; /* no messages */
    void *arg;
} gt_fit_hooks;

/* Goes on with a fit until it is finished; `hooks` may be NULL. Of a finished fit the components that the floor holds
 * up are found, no more. GT_STOPPED: a hook wished so. A fit that was stopped, also one that was written and read, goes
 * on when it is given to this function again, and ends with the same bits as a fit that was never stopped. GT_FAILED: a
 * covariance is singular, or a log-likelihood falls by more than rounding explains. */
gt_status gt_mixture_fit(gt_blocks *b, gt_fit *f, const gt_fit_hooks *hooks);

/* Computes the iterations of the restart that led to f->best once more, as far as that came, for hooks.mixture: a fit
 * keeps its last mixture alone. The same iterations, whether the fit was stopped or not. GT_STOPPED: a signal wished
 * so. */
gt_status gt_fit_again_all(const gt_fit *f, gt_blocks *b, gt_fit_hooks hooks);

/* One file holds a fit, finished or not; the file is a checkpoint (checkpoint.h): written whole or not at all, verified
 * when it is read. Not collective. */
gt_status gt_fit_write(const gt_fit *f, const char *path);
/* GT_FORMAT: damaged, or no fit. gt_fit_free() ends the fit, also on failure. */
gt_status gt_fit_read(gt_fit *f, const char *path);

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

/* [points] number `axis` of every point, on rank 0. */
gt_status gt_blocks_coordinate(gt_blocks *b, int axis, float *out);

/* How far two ways of dividing points agree, table[i * columns + j]: points in part i of the one and in part j of the
 * other. 1: the same parts; about 0: as by chance (L. Hubert, P. Arabie, "Comparing partitions", 1985, equation 5). */
double gt_adjusted_rand_index(const int64_t *table, int rows, int columns);
/* The density of one of the numbers of a point under component c, times the weight of the component. */
double gt_mixture_part(const gt_mixture *m, int c, int axis, double x);

#endif
