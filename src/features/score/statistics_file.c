/* SPDX-License-Identifier: Apache-2.0
 * Statistics of features in .npz files: see scores_of.h. */
#include "features/score/scores_of.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/npz.h"
#include "kernels/door/symmetric.h"

enum { MOST_FEATURES = 16384 }; /* an entry of a ZIP here has less than 4 GB */

/* ---- reading ---- */

/* The array NAME of an archive, as float64. */
static gt_status read_array(gt_zip *z, const char *name, gt_npy *a, double **out) {
    char *file, entry[32];
    snprintf(entry, sizeof entry, "%s.npy", name);
    *out = NULL;
    if (!gt_zip_find(z, entry, NULL))
        return gt_fail(GT_FORMAT, "there is no array '%s' (mu and sigma are needed)", name);
    gt_status st = gt_npz_read(z, name, (uint64_t)MOST_FEATURES * MOST_FEATURES * sizeof(double), a, &file);
    if (st) return st;
    *out = malloc((a->elements + 1) * sizeof **out);
    if (!*out) st = gt_fail(GT_NOMEM, "out of memory for the array '%s'", name);
    for (size_t k = 0; k < a->elements && !st; k++) {
        (*out)[k] = gt_npy_number(a, file + a->head, k);
        if (!isfinite((*out)[k]))
            st = gt_fail(GT_NONFINITE, "number %zu of the array '%s' is NaN or infinite", k, name);
    }
    free(file);
    return st;
}

/* Rounding, also to float16, leaves eigenvalues a little below 0. */
static gt_status check_eigenvalues(size_t d, const double *covariance, double largest) {
    const double allowed = 0.01;
    GT_FREED double *raised = malloc(d * d * sizeof *raised);
    if (!raised) return gt_fail(GT_NOMEM, "out of memory for %zu features", d);
    memcpy(raised, covariance, d * d * sizeof *raised);
    for (size_t i = 0; i < d; i++) raised[i * d + i] += allowed * largest;
    bool good = largest <= 0 || gt_cholesky(d, raised);
    return good ? GT_OK : gt_fail(GT_FORMAT, "sigma is not a covariance: it has negative eigenvalues");
}

static gt_status check_shapes(const gt_npy *mu, const gt_npy *sigma, const double *covariance) {
    size_t d = mu->elements;
    if (mu->dimensions != 1 || !d || d > MOST_FEATURES)
        return gt_fail(GT_FORMAT, "mu has %d dimensions and %zu numbers, and one dimension is needed", mu->dimensions,
                       d);
    if (sigma->dimensions != 2 || sigma->shape[0] != d || sigma->shape[1] != d)
        return gt_fail(GT_FORMAT, "sigma must be [%zu,%zu], as mu has %zu numbers", d, d, d);
    double largest = 0;
    for (size_t i = 0; i < d; i++) largest = fmax(largest, fabs(covariance[i * d + i]));
    for (size_t i = 0; i < d; i++)
        for (size_t k = 0; k <= i; k++)
            if (fabs(covariance[i * d + k] - covariance[k * d + i]) > 1e-6 * largest || covariance[i * d + i] < 0)
                return gt_fail(GT_FORMAT, "sigma is not a covariance (numbers %zu,%zu)", i, k);
    return check_eigenvalues(d, covariance, largest);
}

static gt_status read_all(gt_zip *z, gt_gaussian *out) {
    gt_npy mu = {0}, sigma = {0}, number = {0};
    double *count = NULL;
    gt_status st = read_array(z, "mu", &mu, &out->mean);
    if (!st) st = read_array(z, "sigma", &sigma, &out->covariance);
    if (!st) st = check_shapes(&mu, &sigma, out->covariance);
    if (!st && gt_zip_find(z, "count.npy", NULL)) st = read_array(z, "count", &number, &count);
    if (st) return free(count), st;
    out->d = (int64_t)mu.elements;
    if (count && number.elements == 1 && *count > 1 && *count < 1e15) {
        out->count = (int64_t)*count;
        for (int64_t i = 0; i < out->d * out->d; i++) out->covariance[i] *= (*count - 1) / *count;
    }
    free(count);
    return GT_OK;
}

gt_status gt_statistics_read(const char *path, gt_gaussian *out) {
    gt_zip *z;
    *out = (gt_gaussian){0};
    gt_status st = gt_zip_open(&z, path);
    if (st) return st;
    st = read_all(z, out);
    gt_zip_close(z);
    if (st) gt_gaussian_free(out);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}

/* ---- writing ---- */

/* The covariance with the divisor n - 1; NULL: out of memory. */
static double *sigma_of(const gt_gaussian *g) {
    size_t d = (size_t)g->d;
    double *sigma = calloc(d * d, sizeof *sigma), n = (double)g->count;
    if (!sigma) return NULL;
    for (size_t i = 0; i < d * d && g->covariance; i++) sigma[i] = g->covariance[i] * (g->count ? n / (n - 1) : 1);
    for (int64_t r = 0; r < g->count && !g->covariance; r++)
        for (size_t i = 0; i < d; i++)
            for (size_t k = 0; k < d; k++)
                sigma[i * d + k] += g->rows[(size_t)r * d + i] * g->rows[(size_t)r * d + k] / (n - 1);
    return sigma;
}

gt_status gt_statistics_write(const char *path, const gt_gaussian *g) {
    if (g->count == 1) return gt_fail(GT_USAGE, "'%s': one picture has no covariance", path);
    if (g->d > MOST_FEATURES)
        return gt_fail(GT_USAGE, "'%s': statistics of %lld features are too large", path, (long long)g->d);
    double *sigma = sigma_of(g), count = (double)g->count;
    const int64_t dims[] = {g->d, g->d};
    size_t d = (size_t)g->d;
    gt_npz w;
    if (!sigma) return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    gt_status st = gt_npz_begin(&w, path);
    if (!st) st = gt_npz_add(&w, "mu", "<f8", 1, dims, g->mean, d * sizeof *g->mean);
    if (!st) st = gt_npz_add(&w, "sigma", "<f8", 2, dims, sigma, d * d * sizeof *sigma);
    if (!st && g->count) st = gt_npz_add(&w, "count", "<f8", 0, NULL, &count, sizeof count);
    if (!st) st = gt_npz_finish(&w);
    gt_npz_close(&w);
    free(sigma);
    return st;
}
