/* SPDX-License-Identifier: Apache-2.0
 * Frechet distance of two Gaussians. */
#include "features/score/distances/distances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "gantry/log.h"
#include "kernels/door/lapack.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

/* What the covariance, or the product of the rows, is to be multiplied by. */
static double factor_of(const gt_gaussian *g, gt_divisor divisor) {
    double n = (double)g->count, less = divisor == GT_DIVISOR_N_LESS ? 1 : 0;
    if (g->covariance) return g->count ? n / (n - less) : 1;
    return 1 / (n - less);
}

static double trace_of(const gt_gaussian *g) {
    double sum = 0;
    if (g->covariance)
        for (int64_t k = 0; k < g->d; k++) sum += g->covariance[k * g->d + k];
    else
        for (int64_t i = 0; i < g->count * g->d; i++) sum += g->rows[i] * g->rows[i];
    return sum;
}

/* F [d,d] with F^T F = covariance, in memory of malloc; NULL: see gt_message(). */
static double *root_of(const gt_gaussian *g) {
    size_t d = (size_t)g->d;
    double *f = malloc(d * d * sizeof *f), *values = malloc((d + gt_eigen_scratch(d, true)) * sizeof *values);
    bool good = f && values;
    if (good) memcpy(f, g->covariance, d * d * sizeof *f);
    if (!good) gt_fail(GT_NOMEM, "out of memory for the eigenvalues of a covariance");
    else if (!gt_eigen(d, f, true, values, values + d)) good = false, gt_fail(GT_FAILED, "no eigenvalues were found");
    for (size_t i = 0; i < d && good; i++)
        for (size_t j = 0; j < d; j++) f[i * d + j] *= sqrt(fmax(values[i], 0));
    free(values);
    if (good) return f;
    free(f);
    return NULL;
}

/* The sum of the singular values of A B^T, A [m,d], B [n,d]; < 0: see gt_message(). */
static double singular_sum(size_t m, size_t n, size_t d, const double *a, const double *b) {
    size_t least = m < n ? m : n;
    double *product = malloc((m * n + least + gt_singular_scratch(m, n)) * sizeof *product), *values = product + m * n,
           sum = -1;
    if (!product) {
        gt_fail(GT_NOMEM, "out of memory for singular values");
    } else {
        gt_product_of_rows(m, n, d, a, d, b, d, product, n);
        if (gt_singular_values(m, n, product, values, values + least)) {
            sum = 0;
            for (size_t i = 0; i < least; i++) sum += values[i];
        } else {
            gt_fail(GT_FAILED, "no singular values were found");
        }
    }
    free(product);
    return sum;
}

/* The sum of the roots of the eigenvalues of F S F^T; < 0: see gt_message(). */
static double eigen_sum(size_t d, const double *f, const double *covariance) {
    double *half = malloc((2 * d * d + d + gt_eigen_scratch(d, false)) * sizeof *half), *whole = half + d * d,
           *values = whole + d * d, sum = -1;
    if (!half) {
        gt_fail(GT_NOMEM, "out of memory for the eigenvalues of a covariance");
    } else {
        gt_product_of_rows(d, d, d, f, d, covariance, d, half, d); /* F S, since S is symmetric */
        gt_product_of_rows(d, d, d, half, d, f, d, whole, d);
        if (gt_eigen(d, whole, false, values, values + d)) {
            sum = 0;
            for (size_t i = 0; i < d; i++) sum += sqrt(fmax(values[i], 0));
        } else {
            gt_fail(GT_FAILED, "no eigenvalues were found");
        }
    }
    free(half);
    return sum;
}

/* tr (S_a S_b)^(1/2) without the factors; < 0: see gt_message(). */
static double root_trace(const gt_gaussian *a, const gt_gaussian *b) {
    size_t d = (size_t)a->d;
    if (a->rows && b->rows) return singular_sum((size_t)a->count, (size_t)b->count, d, a->rows, b->rows);
    if (a->rows) return root_trace(b, a);
    GT_FREED double *f = root_of(a);
    if (!f) return -1;
    return b->rows ? singular_sum(d, (size_t)b->count, d, f, b->rows) : eigen_sum(d, f, b->covariance);
}

gt_status gt_frechet_distance(const gt_gaussian *a, const gt_gaussian *b, gt_divisor divisor, double *distance) {
    if (a->d != b->d)
        return gt_fail(GT_USAGE, "rows of %lld numbers and of %lld numbers cannot be compared", (long long)a->d,
                       (long long)b->d);
    if (divisor == GT_DIVISOR_N_LESS && (a->count == 1 || b->count == 1))
        return gt_fail(GT_USAGE, "a set of one picture has no covariance with divisor n - 1");
    gt_status st = gt_lapack_begin(NULL, 1);
    if (st) return st;
    double fa = factor_of(a, divisor), fb = factor_of(b, divisor), apart = 0, root = root_trace(a, b);
    if (root < 0) return GT_FAILED;
    for (int64_t k = 0; k < a->d; k++) apart += (a->mean[k] - b->mean[k]) * (a->mean[k] - b->mean[k]);
    double value = apart + fa * trace_of(a) + fb * trace_of(b) - 2 * sqrt(fa * fb) * root;
    *distance = value < 0 ? 0 : value;
    return isfinite(value) ? GT_OK : gt_fail(GT_NONFINITE, "a distance of NaN or infinite numbers");
}

void gt_gaussian_warn(const gt_gaussian *g, const char *what) {
    if (g->count && g->count <= g->d)
        gt_warn("there are not more %s (%lld) than features (%lld), so distances are too large; use more pictures",
                what, (long long)g->count, (long long)g->d);
    double square = 0;
    for (int64_t k = 0; k < g->d; k++) square += g->mean[k] * g->mean[k];
    if (g->count > 1 && trace_of(g) * factor_of(g, GT_DIVISOR_N) <= 1e-12 * square)
        gt_warn("all %lld %s are equal for these features", (long long)g->count, what);
}

/* ---- the metric ---- */

/* The metric FID. Both covariances have one divisor: n, as in StyleGAN2-ADA. Where a set is statistics of another
 * program, which do not say of how many pictures they are, their n - 1 stays, and the other set gets n - 1, too. */
static gt_status distance_of(const gt_gaussian *fakes, const gt_gaussian *reals, double *distance) {
    bool known = fakes->count && reals->count;
    return gt_frechet_distance(fakes, reals, known ? GT_DIVISOR_N : GT_DIVISOR_N_LESS, distance);
}

static gt_status fid_all(const gt_metric_input *in) {
    gt_comm *c = in->team->comm;
    double distance = 0;
    gt_status st = c->rank ? GT_OK : distance_of(in->fakes.gaussian, in->reals.gaussian, &distance);
    st = gt_comm_agree_all(c, st);
    if (st) return st;
    gt_comm_broadcast_all(c, &distance, sizeof distance, 0);
    in->put(in->arg, "", distance);
    return GT_OK;
}

#define FID                                                                                                      \
    .count = 50000, .network = GT_METRIC_INCEPTION, .needs = GT_METRIC_REALS | GT_METRIC_GAUSSIAN, .keys = {""}, \
    .compute_all = fid_all

const gt_metric gt_metrics_of_fid[] = {
    {.name = "fid#_full",
     .plain = "fid_full",
     .most_reals = GT_METRIC_ALL,
     .full = true,
     .help = "Frechet distance of features, against all reals",
     FID},
    {.name = "fid#", .plain = "fid", .help = "Frechet distance of features, against as many reals", FID},
    {0},
};
