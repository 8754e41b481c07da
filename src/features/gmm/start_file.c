/* SPDX-License-Identifier: Apache-2.0
 * Where a fit begins, from a file: see gt_mixture_start_read(). */
#include <math.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/hash.h"
#include "gantry/hash.h"
#include "gantry/shape.h"
#include "files/h5/door/arrays.h"
#include "features/gmm/mixture.h"

/* ---- means alone: points ---- */

static gt_status copy_means(gt_mixture_start *start, gt_arena *a, gt_cloud *means, const char *path) {
    gt_cloud_info info = gt_cloud_get_info(means);
    gt_mixture *m = &start->mixture;
    if (info.count > INT32_MAX) return gt_fail(GT_FORMAT, "'%s': too many means", path);
    gt_status st = gt_mixture_init(m, a, GT_COVARIANCE_SPHERICAL, (int)info.count, info.d);
    return st ? st : gt_cloud_read(means, 0, info.count, m->means);
}

static gt_status read_means(gt_mixture_start *start, gt_arena *a, const char *path, const char *array) {
    gt_cloud *means;
    gt_status st = gt_cloud_open(&means, path, array);
    if (st) return st;
    st = copy_means(start, a, means, path);
    gt_cloud_close(means);
    return st;
}

/* ---- whole mixtures ---- */

static gt_status read_array(const char *path, const char *name, int64_t rows, int64_t columns, double *out) {
    gt_array_file *f;
    int64_t found[2];
    gt_status st = gt_array_open(&f, path, name, &found[0], &found[1]);
    if (st) return st;
    if (found[0] != rows || found[1] != columns)
        st = gt_fail(GT_FORMAT, "'%s': '%s' has %lld rows of %lld numbers, but %lld of %lld are needed", path, name,
                     (long long)found[0], (long long)found[1], (long long)rows, (long long)columns);
    if (!st) st = gt_array_rows(f, 0, rows, out);
    for (int64_t i = 0; i < rows * columns && !st; i++)
        if (!isfinite(out[i])) st = gt_fail(GT_NONFINITE, "'%s': '%s' is not finite", path, name);
    gt_array_close(f);
    return st;
}

static gt_status check_weights(const gt_mixture *m, const char *path) {
    double sum;
    if (!gt_mixture_has_shares(m, &sum))
        return gt_fail(GT_FORMAT, "'%s': the weights add up to %g; they must be shares of 1", path, sum);
    for (int i = 0; i < m->k; i++) m->weights[i] /= sum;
    return GT_OK;
}

static gt_status check_symmetric(const gt_mixture *m, const char *path) {
    static const double CLOSE = 1e-8;
    for (int c = 0; c < m->k; c++)
        for (int i = 0; i < m->d; i++)
            for (int j = 0; j < i; j++) {
                double a = gt_mixture_covariance(m, c, i, j), b = gt_mixture_covariance(m, c, j, i);
                if (fabs(a - b) > CLOSE * (fabs(a) + fabs(b)))
                    return gt_fail(GT_FORMAT, "'%s': the covariance of component %d is not symmetric", path, c);
            }
    return GT_OK;
}

static gt_status read_arrays(gt_mixture_start *start, gt_arena *a, const char *path, gt_covariance covariance) {
    gt_mixture *m = &start->mixture, means;
    bool weights = gt_array_axes(path, "weights") >= 0, covariances = gt_array_axes(path, "covariances") >= 0;
    gt_status st = read_means(start, a, path, "means");
    if (st) return st;
    if (weights != covariances)
        return gt_fail(GT_FORMAT, "'%s' has %s but no %s: a whole mixture has weights, means and covariances", path,
                       weights ? "weights" : "covariances", weights ? "covariances" : "weights");
    if (!weights) return GT_OK;
    means = *m;
    *m = (gt_mixture){0};
    start->whole = true;
    st = gt_mixture_init(m, a, covariance, means.k, means.d);
    if (!st) memcpy(m->means, means.means, (size_t)m->k * (size_t)m->d * sizeof *m->means);
    if (st) return st;
    gt_shape shape = gt_covariances_shape(covariance, m->k, m->d);
    int64_t rows = shape.d[0];
    st = read_array(path, "weights", m->k, 1, m->weights);
    if (!st) st = check_weights(m, path);
    if (!st && (st = read_array(path, "covariances", rows, gt_shape_size(&shape) / rows, m->covariances)))
        st = gt_wrap(st, "--covariance=%s", gt_covariance_name(covariance));
    return st ? st : check_symmetric(m, path);
}

static gt_status read_fit_as_start(gt_mixture_start *start, gt_arena *a, const char *path, gt_covariance covariance) {
    gt_fit f;
    gt_status st = gt_fit_read(&f, path);
    if (!st && !f.n_curve) st = gt_fail(GT_FORMAT, "'%s' holds no mixture yet: its fit was stopped", path);
    if (!st && f.best.covariance != covariance)
        st = gt_fail(GT_USAGE, "'%s' has %s covariances: give --covariance=%s, or only its means as FILE.csv", path,
                     gt_covariance_name(f.best.covariance), gt_covariance_name(f.best.covariance));
    if (!st) st = gt_mixture_init(&start->mixture, a, covariance, f.best.k, f.best.d);
    if (!st) gt_mixture_copy(&start->mixture, &f.best);
    start->whole = true;
    gt_fit_free(&f);
    return st;
}

gt_status gt_mixture_start_read(gt_mixture_start *start, gt_arena *a, const char *path, gt_covariance covariance,
                                char fingerprint[33]) {
    *start = (gt_mixture_start){0};
    *fingerprint = 0;
    bool hdf5 = gt_ends_with(path, ".h5") || gt_ends_with(path, ".hdf5");
    gt_status st = !hdf5                               ? read_means(start, a, path, "")
                   : gt_array_axes(path, "means") >= 0 ? read_arrays(start, a, path, covariance)
                                                       : read_fit_as_start(start, a, path, covariance);
    if (st) return st;
    const gt_mixture *m = &start->mixture;
    const int64_t shape[] = {start->whole, start->whole ? m->covariance : 0, m->k, m->d};
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    gt_hasher_add(h, shape, sizeof shape);
    if (start->whole) gt_hasher_add(h, m->weights, m->size * sizeof *m->weights);
    else gt_hasher_add(h, m->means, (size_t)m->k * (size_t)m->d * sizeof *m->means);
    gt_hash_hex(gt_hasher_end(h), fingerprint);
    return GT_OK;
}
