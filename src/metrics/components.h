/* SPDX-License-Identifier: Apache-2.0
 * Principal components of rows: the directions in which rows differ most, and the coordinates of other rows along them.
 * They are the eigenvectors of the covariance with the largest eigenvalues; of each the largest number by amount (the
 * first one of equals) is positive. */
#ifndef GANTRY_METRICS_COMPONENTS_H
#define GANTRY_METRICS_COMPONENTS_H

#include "metrics/gaussian.h"

enum { GT_COMPONENTS_MOST = 1024 };

typedef struct gt_components {
    int64_t d;    /* numbers of a row */
    int n;        /* directions */
    double share; /* of the variance of the rows, 0 .. 1 */
    double *mean; /* [d] */
    double *axes; /* [d,n]: each number's place in all directions */
} gt_components;

/* The n <= GT_COMPONENTS_MOST directions of largest variance, or fewer where the rows differ in fewer. On the calling
 * thread alone. GT_USAGE: all rows are equal. On failure *out is empty. */
gt_status gt_components_of(const gt_gaussian *g, int n, gt_components *out);
/* *c of rank 0 becomes that of all ranks; empty ones elsewhere. All ranks. */
gt_status gt_components_share_all(gt_comm *comm, gt_components *c);
void gt_components_free(gt_components *c); /* as new again */

/* The coordinates [n] of a row [d]. Any thread. */
void gt_components_project(const gt_components *c, const float *row, float *out);

#endif
