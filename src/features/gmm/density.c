/* SPDX-License-Identifier: Apache-2.0
 * Factorises the covariances of a mixture, and computes distances of points (density.h). With S_c = L_c L_c^T, the
 * covariance of component c, and W_c = L_c^-1,
 *
 *   ln p_c(x) = bias_c - |W_c (x - mean_c)|^2 / 2      bias_c = ln weight_c - d/2 ln(2 pi) + ln det W_c
 *
 *   full                 W_c a lower triangle: kernel `whiten`
 *   tied                 W (x - centre) once for all components, less the whitened means W (mean_c - centre)
 *   tied and apart       W (x - mean_c) for each component: kernel `whiten`
 *   diagonal, spherical  sum over j of (w_cj (x_j - mean_cj))^2,  w_cj = 1 / sqrt(variance_cj): kernel `distance`
 *
 * em.c and predict.c evaluate panels of points with it; the kernel `share` makes probabilities of the distances. */
#include "features/gmm/density.h"

#include <math.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "base/door/pool.h"
#include "kernels/door/symmetric.h"

/* Clusters a hundred widths apart: four of sixteen digits cancel. Beyond that the way about each mean is worth its
 * time. */
static const double MUCH = 1e4;

static bool is_matrix(gt_covariance c) { return c == GT_COVARIANCE_FULL || c == GT_COVARIANCE_TIED; }

void gt_density_init(gt_density *e, gt_arena *a, const gt_mixture *m, const gt_blocks *b) {
    size_t k = (size_t)m->k, d = b->d;
    bool matrix = is_matrix(m->covariance);
    *e = (gt_density){
        .kernels = b->kernels->mixture,
        .covariance = m->covariance,
        .k = k,
        .d = d,
        .panel = b->panel,
        .factors = gt_arena_array(
            a, (m->covariance == GT_COVARIANCE_TIED ? 1 : k) * (matrix ? gt_mixture_factor_size(d) : d),
            sizeof(double)),
        .places = gt_arena_array(a, k * d, sizeof(double)),
        .centre = gt_arena_array(a, d, sizeof(double)),
        .ones = gt_arena_array(a, d, sizeof(double)),
        .bias = gt_arena_array(a, k, sizeof(double)),
        .work = gt_arena_array(a, (size_t)gt_pool_threads(b->pool), (matrix ? d * d : 1) * sizeof(double)),
        .axes = gt_arena_array(a, k, sizeof(gt_covariance_axes)),
    };
    for (size_t j = 0; j < d && e->ones; j++) e->ones[j] = 1;
}

/* ---- factorising ---- */

/* W row by row [d,d] -> as `whiten` wants it. */
static void pack_factor(size_t d, const double *w, double *factor) {
    for (size_t i = 0; i < d; i += GT_MIXTURE_ROWS)
        for (size_t j = 0; j < i + GT_MIXTURE_ROWS; j++)
            for (size_t r = i; r < i + GT_MIXTURE_ROWS; r++) *factor++ = r < d && j <= r ? w[r * d + j] : 0;
}

static void count_axis(gt_covariance_axes *a, double w, double variance) {
    a->log_volume += gt_ln(w);
    a->amplification = fmax(a->amplification, w * w * variance);
}

static bool factorise(size_t d, const double *covariance, double *work, double *factor, gt_covariance_axes *a) {
    memcpy(work, covariance, d * d * sizeof *work);
    if (!gt_cholesky(d, work)) return false;
    gt_invert_lower(d, work);
    for (size_t i = 0; i < d; i++) count_axis(a, work[i * d + i], covariance[i * d + i]);
    pack_factor(d, work, factor);
    return true;
}

typedef struct setting {
    gt_density *e;
    const gt_mixture *m;
} setting;

static void set_component(void *arg, int c, int worker) {
    const setting *s = arg;
    gt_density *e = s->e;
    size_t d = e->d, n = (size_t)c;
    gt_covariance_axes *axes = &e->axes[c];
    *axes = (gt_covariance_axes){0, 1, false};
    if (is_matrix(e->covariance)) {
        axes->singular = !factorise(d, s->m->covariances + n * d * d, e->work + (size_t)worker * d * d,
                                    e->factors + n * gt_mixture_factor_size(d), axes);
        return;
    }
    for (size_t j = 0; j < d; j++) {
        double variance = s->m->covariances[e->covariance == GT_COVARIANCE_DIAGONAL ? n * d + j : n],
               w = 1 / sqrt(variance);
        axes->singular |= !(variance > 0 && isfinite(w) && w > 0);
        e->factors[n * d + j] = w;
        count_axis(axes, w, variance);
    }
}

/* By how much a variance about the centre exceeds that about the means: what cancels between them. */
static double spread_of_means(const gt_mixture *m, const double *centre) {
    double largest = 1;
    for (size_t j = 0, d = (size_t)m->d; j < d; j++) {
        double between = 0;
        for (size_t c = 0; c < (size_t)m->k; c++)
            between += m->weights[c] * (m->means[c * d + j] - centre[j]) * (m->means[c * d + j] - centre[j]);
        largest = fmax(largest, 1 + between / m->covariances[j * d + j]);
    }
    return largest;
}

/* places = W (mean - centre) */
static void whiten_means(gt_density *e, const gt_mixture *m) {
    const double *w = e->work; /* worker 0 factorised it */
    for (size_t c = 0; c < e->k; c++)
        for (size_t i = 0; i < e->d; i++) {
            double sum = 0;
            for (size_t j = 0; j <= i; j++) sum += w[i * e->d + j] * (m->means[c * e->d + j] - e->centre[j]);
            e->places[c * e->d + i] = sum;
        }
}

gt_status gt_density_set(gt_density *e, const gt_mixture *m, const double *centre, gt_pool *pool) {
    bool tied = e->covariance == GT_COVARIANCE_TIED;
    int n = tied ? 1 : m->k;
    gt_pool_run(pool, n, set_component, &(setting){e, m});
    e->amplification = 1;
    for (int c = 0; c < n; c++) {
        if (e->axes[c].singular && tied) return gt_fail(GT_FAILED, "the covariance is singular");
        if (e->axes[c].singular) return gt_fail(GT_FAILED, "the covariance of component %d is singular", c);
        e->amplification = fmax(e->amplification, e->axes[c].amplification);
    }
    double constant = -0.5 * (double)m->d * gt_ln(2 * M_PI);
    for (int c = 0; c < m->k; c++) e->bias[c] = gt_ln(m->weights[c]) + constant + e->axes[tied ? 0 : c].log_volume;
    double cancelling = tied ? spread_of_means(m, centre) : 1;
    e->apart = !(cancelling < MUCH);
    if (tied && !e->apart) {
        e->amplification *= cancelling;
        memcpy(e->centre, centre, e->d * sizeof *centre);
        whiten_means(e, m);
    } else {
        memcpy(e->places, m->means, e->k * e->d * sizeof *e->places);
    }
    return GT_OK;
}

void gt_mixture_mean(const gt_mixture *m, double *mean) {
    size_t d = (size_t)m->d;
    memset(mean, 0, d * sizeof *mean);
    for (int c = 0; c < m->k; c++)
        for (size_t j = 0; j < d; j++) mean[j] += m->weights[c] * m->means[(size_t)c * d + j];
}

/* ---- evaluating ---- */

size_t gt_density_scratch(const gt_density *e) {
    return gt_mixture_padded(e->d) * GT_MIXTURE_STEP + (e->covariance == GT_COVARIANCE_TIED ? e->d * e->panel : 0);
}

void gt_density_distances(const gt_density *e, const double *x, double *scratch, double *squared) {
    const gt_mixture_kernels *kernels = e->kernels;
    size_t p = e->panel, d = e->d;
    double *whitened = scratch + gt_mixture_padded(d) * GT_MIXTURE_STEP;
    bool tied = e->covariance == GT_COVARIANCE_TIED, at_once = tied && !e->apart;
    if (at_once) kernels->whiten(p, d, x, e->centre, e->factors, scratch, NULL, whitened);
    for (size_t c = 0; c < e->k; c++) {
        const double *place = e->places + c * d;
        if (at_once) kernels->distance(p, d, whitened, place, e->ones, squared + c * p);
        else if (is_matrix(e->covariance))
            kernels->whiten(p, d, x, place, e->factors + (tied ? 0 : c * gt_mixture_factor_size(d)), scratch,
                            squared + c * p, NULL);
        else kernels->distance(p, d, x, place, e->factors + c * d, squared + c * p);
    }
}
