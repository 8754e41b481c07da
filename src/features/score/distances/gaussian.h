/* SPDX-License-Identifier: Apache-2.0
 * The Gaussian of a set of rows: mean and covariance in float64, from rows that come batch by batch.
 *
 *     gt_row_moments *m = gt_row_moments_new(team, 50000, 2048);
 *     while (...) st = gt_row_moments_add(m, features, n);        // this rank's rows (gt_rows_share), in their order
 *     st = gt_row_moments_finish_all(m, &gaussian);
 *     gt_row_moments_free(m);
 *
 * Sums of a block of rows (rows.h) are made in pieces of fixed length, and summed over blocks by the exact tree: the
 * result does not depend on batches, threads and ranks. A set with fewer rows than numbers of a row keeps its rows,
 * since its covariance has no inverse and the distance (distances.h) is then computed from rows. */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_GAUSSIAN_H
#define GANTRY_FEATURES_SCORE_DISTANCES_GAUSSIAN_H

#include "metrics/door/rows.h"

typedef struct gt_gaussian {
    int64_t count; /* rows; 0: not known (statistics of others), and the covariance is taken as it is */
    int64_t d;
    double *mean;       /* [d] */
    double *covariance; /* [d,d], divisor `count`; NULL: see rows */
    double *rows;       /* [count,d] less the mean, where count < d and the rows are known; else NULL */
} gt_gaussian;

void gt_gaussian_free(gt_gaussian *g); /* its arrays; as new again */

typedef struct gt_row_moments gt_row_moments;

gt_row_moments *gt_row_moments_new(const gt_team *team, int64_t count, int64_t d); /* NULL: see gt_message() */
/* The next n of this rank's rows, x [n,d]. GT_USAGE: these are more rows than this rank has. */
gt_status gt_row_moments_add(gt_row_moments *m, const float *x, int64_t n);
/* *out is filled on rank 0, and empty elsewhere. GT_NONFINITE, on all ranks: a number was NaN or infinite. */
gt_status gt_row_moments_finish_all(gt_row_moments *m, gt_gaussian *out);
void gt_row_moments_free(gt_row_moments *m); /* NULL is fine */

/* Of rows that are there already. */
gt_status gt_gaussian_of_rows_all(const gt_team *team, const gt_rows *rows, gt_gaussian *out);

/* ---- what the sums are made of, for callers with many small Gaussians; any thread ---- */

/* Adds n rows x [n,d] to sum[d] and, lower triangle alone, to gram [d,d] = sum of x x^T. */
void gt_gram_add(gt_pool *pool, int64_t d, int64_t n, const double *x, double *sum, double *gram);
/* The sums of `count` rows become mean and covariance, in place; all of [d,d] is written. */
void gt_gram_finish(int64_t d, int64_t count, double *sum, double *gram);
/* Rows less their mean, in place. */
void gt_rows_centre(int64_t d, int64_t count, double *rows, double *mean);

/* Principal components of rows: the directions in which rows differ most, and the coordinates of other rows along them.
 * They are the eigenvectors of the covariance with the largest eigenvalues; of each the largest number by amount (the
 * first one of equals) is positive. */

enum { GT_COMPONENTS_MAX = 1024 };

typedef struct gt_components {
    int64_t d;    /* numbers of a row */
    int n;        /* directions */
    double share; /* of the variance of the rows, 0 .. 1 */
    double *mean; /* [d] */
    double *axes; /* [d,n]: each number's place in all directions */
} gt_components;

/* The n <= GT_COMPONENTS_MAX directions of largest variance, or fewer where the rows differ in fewer. On the calling
 * thread alone. GT_USAGE: all rows are equal. On failure *out is empty. */
gt_status gt_components_of(const gt_gaussian *g, int n, gt_components *out);
/* *c of rank 0 becomes that of all ranks; empty ones elsewhere. All ranks. */
gt_status gt_components_share_all(gt_comm *comm, gt_components *c);
void gt_components_free(gt_components *c); /* as new again */

/* The coordinates [n] of a row [d]. Any thread. */
void gt_components_project(const gt_components *c, const float *row, float *out);

#endif
