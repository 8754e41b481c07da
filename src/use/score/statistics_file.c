/* SPDX-License-Identifier: Apache-2.0
 * Statistics of features in .npz files: see statistics_file.h. */
#include "use/score/statistics_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/npy.h"
#include "codec/zip_records.h"
#include "gantry/codec.h"
#include "gantry/hash.h"
#include "gantry/memory.h"
#include "kernels/lapack.h"

enum { MOST_FEATURES = 16384 }; /* an entry of a ZIP here has less than 4 GB */

/* ---- reading ---- */

/* The array NAME of an archive, as float64. */
static gt_status read_array(gt_zip *z, const char *name, gt_npy *a, double **out) {
    char entry_name[32];
    size_t i;
    snprintf(entry_name, sizeof entry_name, "%s.npy", name);
    const gt_zip_entry *entry = gt_zip_find(z, entry_name, &i);
    *out = NULL;
    if (!entry) return gt_fail(GT_FORMAT, "there is no array '%s' (mu and sigma are needed)", name);
    if (entry->size > (uint64_t)MOST_FEATURES * MOST_FEATURES * sizeof(double) + GT_NPY_HEAD_MOST)
        return gt_fail(GT_FORMAT, "the array '%s' has %llu bytes", name, (unsigned long long)entry->size);
    char *bytes = malloc((size_t)entry->size + 1);
    gt_status st = bytes ? gt_zip_read(z, i, bytes) : gt_fail(GT_NOMEM, "out of memory for the array '%s'", name);
    if (!st) st = gt_npy_any_head(a, bytes, (size_t)entry->size);
    if (!st && (a->type == 'U' || a->type == 'S' || a->elements > ((size_t)entry->size - a->head) / (size_t)a->size))
        st = gt_fail(GT_FORMAT, "the array '%s' is damaged, or no array of numbers", name);
    if (!st) *out = malloc((a->elements + 1) * sizeof **out);
    if (!st && !*out) st = gt_fail(GT_NOMEM, "out of memory for the array '%s'", name);
    for (size_t k = 0; k < a->elements && !st; k++) {
        (*out)[k] = gt_npy_number(a, bytes + a->head, k);
        if (!isfinite((*out)[k]))
            st = gt_fail(GT_NONFINITE, "number %zu of the array '%s' is NaN or infinite", k, name);
    }
    free(bytes);
    return st;
}

/* Rounding, also to float16, leaves eigenvalues a little below 0. */
static gt_status check_eigenvalues(size_t d, const double *covariance, double largest) {
    const double allowed = 0.01;
    double *raised = malloc(d * d * sizeof *raised);
    gt_status st = raised ? gt_lapack_begin(NULL, 1) : gt_fail(GT_NOMEM, "out of memory for %zu features", d);
    if (st) {
        free(raised);
        return st;
    }
    memcpy(raised, covariance, d * d * sizeof *raised);
    for (size_t i = 0; i < d; i++) raised[i * d + i] += allowed * largest;
    bool good = largest <= 0 || gt_cholesky(d, raised);
    free(raised);
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

typedef struct archive {
    gt_buffer bytes, index;
    uint64_t offset, entries;
} archive;

static void put_array(archive *a, const char *name, int n_dims, const int64_t *dims, const double *values, size_t n) {
    char head[GT_NPY_MADE_MOST];
    size_t length = gt_npy_make_head(head, "<f8", n_dims, dims), bytes = n * sizeof *values;
    uint32_t crc = gt_crc32(gt_crc32(0, head, length), values, bytes), size = (uint32_t)(length + bytes);
    gt_zip_put_local(&a->bytes, name, size, crc);
    gt_buffer_add(&a->bytes, head, length);
    gt_buffer_add(&a->bytes, values, bytes);
    gt_zip_put_central(&a->index, name, size, crc, &a->offset);
    a->entries++;
}

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
    archive a = {0};
    const int64_t dims[] = {g->d, g->d};
    if (!sigma) return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    put_array(&a, "mu.npy", 1, dims, g->mean, (size_t)g->d);
    put_array(&a, "sigma.npy", 2, dims, sigma, (size_t)g->d * (size_t)g->d);
    if (g->count) put_array(&a, "count.npy", 0, NULL, &count, 1);
    uint64_t start = a.bytes.n, length = a.index.n;
    gt_zip_put_end(&a.index, a.entries, start, length);
    gt_buffer_add(&a.bytes, a.index.data, a.index.n);
    a.bytes.failed |= a.index.failed;
    gt_buffer_free(&a.index);
    free(sigma);
    return gt_buffer_write(&a.bytes, path);
}
