/* SPDX-License-Identifier: Apache-2.0
 * Principal components: see features/score/distances/gaussian.h. Of fewer rows than numbers, the eigenvectors are found
 * by the products of the rows with each other, a smaller matrix with the same eigenvalues. */
#include "features/score/distances/gaussian.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "kernels/door/lapack.h"

void gt_components_free(gt_components *c) {
    free(c->mean);
    free(c->axes);
    *c = (gt_components){0};
}

static gt_status make_room(gt_components *c) {
    size_t d = (size_t)c->d;
    c->mean = malloc(d * sizeof *c->mean);
    c->axes = calloc(d * (size_t)c->n, sizeof *c->axes);
    return c->mean && c->axes ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d components", c->n);
}

/* The covariance, or the products of the rows, becomes eigenvectors in its rows, the largest last. */
static gt_status find_vectors(const gt_gaussian *g, size_t side, double *matrix, double *values) {
    size_t d = (size_t)g->d;
    gt_status st = gt_lapack_begin(NULL, 1);
    if (st) return st;
    GT_FREED double *scratch = malloc(gt_eigen_scratch(side, true) * sizeof *scratch);
    if (!scratch) return gt_fail(GT_NOMEM, "out of memory for the eigenvalues of a covariance");
    if (g->rows) gt_product_of_rows(side, side, d, g->rows, d, g->rows, d, matrix, side);
    else memcpy(matrix, g->covariance, side * side * sizeof *matrix);
    bool found = gt_eigen(side, matrix, true, values, scratch);
    return found ? GT_OK : gt_fail(GT_FAILED, "no eigenvalues were found");
}

/* Of products of rows: the direction is the sum of the rows, each as often as the vector says. */
static void axis_of_rows(const gt_gaussian *g, const double *vector, double *axis) {
    memset(axis, 0, (size_t)g->d * sizeof *axis);
    for (int64_t i = 0; i < g->count; i++)
        for (int64_t k = 0; k < g->d; k++) axis[k] += vector[i] * g->rows[i * g->d + k];
}

/* To length 1, with a positive largest number. */
static void normalise_axis(int64_t d, double *axis) {
    double square = 0;
    int64_t largest = 0;
    for (int64_t k = 0; k < d; k++) {
        square += axis[k] * axis[k];
        if (fabs(axis[k]) > fabs(axis[largest])) largest = k;
    }
    double scale = (axis[largest] < 0 ? -1 : 1) / sqrt(square);
    for (int64_t k = 0; k < d; k++) axis[k] *= scale;
}

/* How many of the eigenvalues, ascending, are not noise of rounding, at most `most`. A covariance is a difference of
 * means of products (gt_gram_finish), whose rounding grows with the square of the mean: pictures that are bright and
 * nearly equal have noise that is large beside their variance. */
static int count_values(const gt_gaussian *g, const double *values, size_t side, int most) {
    double noise = 0;
    for (int64_t k = 0; k < g->d; k++) noise += g->mean[k] * g->mean[k];
    noise = fmax(8 * DBL_EPSILON * noise, 1e-10 * values[side - 1]);
    int n = 0;
    while (n < most && (size_t)n < side && values[side - 1 - (size_t)n] > noise) n++;
    return n;
}

static gt_status take_axes(const gt_gaussian *g, size_t side, const double *vectors, const double *values,
                           gt_components *c) {
    double *axis = malloc((size_t)c->d * sizeof *axis), all = 0, taken = 0;
    if (!axis) return gt_fail(GT_NOMEM, "out of memory for %d components", c->n);
    for (size_t i = 0; i < side; i++) all += fmax(values[i], 0);
    for (int n = 0; n < c->n; n++) {
        size_t i = side - 1 - (size_t)n;
        taken += values[i];
        if (g->rows) axis_of_rows(g, vectors + i * side, axis);
        else memcpy(axis, vectors + i * side, (size_t)c->d * sizeof *axis);
        normalise_axis(c->d, axis);
        for (int64_t k = 0; k < c->d; k++) c->axes[k * c->n + n] = axis[k];
    }
    c->share = taken / all;
    free(axis);
    return GT_OK;
}

gt_status gt_components_of(const gt_gaussian *g, int n, gt_components *out) {
    size_t side = (size_t)(g->rows ? g->count : g->d), bytes;
    bool fits = !gt_mul_overflows(side, side, &bytes) && !gt_mul_overflows(bytes, sizeof(double), &bytes);
    GT_FREED double *matrix = fits ? malloc(bytes) : NULL, *values = malloc(side * sizeof *values);
    *out = (gt_components){.d = g->d};
    gt_status st = matrix && values ? find_vectors(g, side, matrix, values)
                                    : gt_fail(GT_NOMEM, "out of memory for a covariance of %zu numbers", side);
    if (!st && !(out->n = count_values(g, values, side, n))) st = gt_fail(GT_USAGE, "all rows are equal");
    if (!st) st = make_room(out);
    if (!st) memcpy(out->mean, g->mean, (size_t)g->d * sizeof *out->mean);
    if (!st) st = take_axes(g, side, matrix, values, out);
    if (st) gt_components_free(out);
    return st;
}

gt_status gt_components_share_all(gt_comm *comm, gt_components *c) {
    gt_components head = *c;
    gt_comm_broadcast_all(comm, &head, sizeof head, 0);
    gt_status st = GT_OK;
    if (comm->rank) {
        *c = (gt_components){.d = head.d, .n = head.n, .share = head.share};
        st = make_room(c);
    }
    st = gt_comm_agree_all(comm, st);
    if (st) return gt_components_free(c), st;
    gt_comm_broadcast_all(comm, c->mean, (size_t)c->d * sizeof *c->mean, 0);
    gt_comm_broadcast_all(comm, c->axes, (size_t)c->d * (size_t)c->n * sizeof *c->axes, 0);
    return GT_OK;
}

void gt_components_project(const gt_components *c, const float *row, float *out) {
    enum { MOST = GT_COMPONENTS_MAX };
    double sum[MOST] = {0};
    const double *axis = c->axes;
    for (int64_t k = 0; k < c->d; k++, axis += c->n) {
        double x = (double)row[k] - c->mean[k];
        for (int n = 0; n < c->n; n++) sum[n] += x * axis[n];
    }
    for (int n = 0; n < c->n; n++) out[n] = (float)sum[n];
}
