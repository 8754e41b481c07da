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
#ifndef GANTRY_MIXTURE_MIXTURE_H
#define GANTRY_MIXTURE_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/hash.h"
#include "gantry/kernels.h"
#include "gantry/memory.h"
#include "gantry/mixture.h"
#include "gantry/pool.h"
#include "gantry/shape.h" /* gt_shape */
#include "gantry/status.h"

/* ---- points ---- */

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

/* [points] number `axis` of every point, on rank 0. */
gt_status gt_blocks_coordinate(gt_blocks *b, int axis, float *out);

/* How far two ways of dividing points agree, table[i * columns + j]: points in part i of the one and in part j of the
 * other. 1: the same parts; about 0: as by chance (L. Hubert, P. Arabie, "Comparing partitions", 1985, equation 5). */
double gt_adjusted_rand_index(const int64_t *table, int rows, int columns);
/* The density of one of the numbers of a point under component c, times the weight of the component. */
double gt_mixture_part(const gt_mixture *m, int c, int axis, double x);

#endif
