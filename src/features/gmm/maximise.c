/* SPDX-License-Identifier: Apache-2.0
 * The M step: from moments to a mixture, on rank 0, a component a thread. gt_em_update() (em.c) calls gt_em_maximise().
 * With the moments T, F and S of em.c, about the means of the pass:
 *
 *   weight_c      = T_c / N
 *   mean_c        = mean_c of the pass + f_c,  f_c = F_c / T_c
 *   covariance_c  = S_c / T_c - f_c f_c^T                          full
 *                   the diagonal of that matrix                    diagonal
 *                   the mean of that diagonal                      spherical
 *   covariance    = sum over c of (S_c - T_c f_c f_c^T) / N        tied, if the pass took second moments (about_means)
 *                   scatter / N - sum over c of weight_c g_c g_c^T,  g_c = mean_c - centre            tied, if not
 *
 * A component whose T_c is at most NOBODY gets weight 0; its mean and covariance stay.
 *
 * The floor is a constraint and not an addition: of all covariances whose eigenvalues are at least `floor` the
 * likeliest one has the eigenvectors of the unconstrained one and its eigenvalues, raised to the floor where they are
 * less. So the log-likelihood never falls from one pass to the next, which adding a constant to the diagonal would not
 * ensure. */
#include <math.h>
#include <string.h>

#include "gantry/log.h"
#include "base/door/pool.h"
#include "base/door/progress.h"
#include "kernels/door/symmetric.h"
#include "features/gmm/em.h"

static const double NOBODY = 1e-100; /* shares of nobody at all have no mean that means anything */

typedef enum end { FINE, EMPTY, SINGULAR } end; /* of a component */

typedef struct moments { /* in em->sums */
    const double *total, *first, *second;
} moments;

static moments moments_of(const gt_em *em) {
    const double *total = em->sums + 1, *first = total + em->mixture.k;
    return (moments){total, first, first + (size_t)em->mixture.k * em->blocks->d};
}

/* The covariance [d,d] is within the floor, or brought there. */
static end hold_above_floor(const gt_em *em, double *covariance, double *work) {
    size_t d = em->blocks->d;
    memcpy(work, covariance, d * d * sizeof *work);
    for (size_t i = 0; i < d; i++) work[i * d + i] -= em->floor;
    if (gt_cholesky(d, work)) return FINE;
    return em->floor > 0 && gt_raise_eigenvalues(d, covariance, em->floor, work) ? FINE : SINGULAR;
}

static end set_full(const gt_em *em, const double *second, double total, const double *shift, double *covariance,
                    double *work) {
    size_t d = em->blocks->d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            covariance[i * d + j] = covariance[j * d + i] = second[i * (i + 1) / 2 + j] / total - shift[i] * shift[j];
    return hold_above_floor(em, covariance, work);
}

static end set_variance(const gt_em *em, double variance, double *out) {
    *out = fmax(variance, em->floor);
    return *out > 0 ? FINE : SINGULAR;
}

/* Weight, mean and covariance of component c, and em->ends[c]. A tied covariance comes later, from all components. */
static void maximise_component(void *arg, int c, int worker) {
    gt_em *em = arg;
    gt_mixture *mixture = &em->mixture;
    const moments m = moments_of(em);
    size_t d = em->blocks->d, n = (size_t)c;
    double total = m.total[c], *mean = mixture->means + n * d, *shift = em->work + (size_t)worker * em->worker_doubles,
           variance = 0;
    const double *second = m.second + n * em->moments;
    end became = FINE;
    bool had_points = mixture->weights[c] > 0, has_points = total > NOBODY;
    gt_progress();
    mixture->weights[c] = has_points ? total / (double)em->blocks->count : 0;
    em->ends[c] = had_points && !has_points ? EMPTY : FINE;
    if (!has_points) return; /* the component stays where it is */
    for (size_t j = 0; j < d; j++) {
        shift[j] = m.first[n * d + j] / total;
        mean[j] += shift[j];
    }
    switch (mixture->covariance) {
    case GT_COVARIANCE_FULL:
        became = set_full(em, second, total, shift, mixture->covariances + n * d * d, shift + d);
        break;
    case GT_COVARIANCE_DIAGONAL:
        for (size_t j = 0; j < d && became == FINE; j++)
            became = set_variance(em, second[j] / total - shift[j] * shift[j], &mixture->covariances[n * d + j]);
        break;
    case GT_COVARIANCE_SPHERICAL:
        for (size_t j = 0; j < d; j++) variance += (second[j] / total - shift[j] * shift[j]) / (double)d;
        became = set_variance(em, variance, &mixture->covariances[c]);
        break;
    case GT_COVARIANCE_TIED: break;
    }
    em->ends[c] = became;
}

/* The scatter about the centre less that of the means. */
static double scatter_less_between(const gt_em *em, size_t i, size_t j) {
    const gt_mixture *m = &em->mixture;
    size_t d = em->blocks->d;
    double between = 0;
    for (size_t c = 0; c < (size_t)m->k; c++)
        between += m->weights[c] * (m->means[c * d + i] - em->centre[i]) * (m->means[c * d + j] - em->centre[j]);
    return em->scatter[i * (i + 1) / 2 + j] / (double)em->blocks->count - between;
}

/* The scatter about the means before less that of their shifts. */
static double scatter_less_shifts(const gt_em *em, size_t i, size_t j) {
    const moments m = moments_of(em);
    size_t d = em->blocks->d;
    double shifts = 0;
    for (size_t c = 0; c < (size_t)em->mixture.k; c++)
        if (m.total[c] > NOBODY) shifts += m.first[c * d + i] / m.total[c] * m.first[c * d + j];
    return (m.second[i * (i + 1) / 2 + j] - shifts) / (double)em->blocks->count;
}

static end set_tied(const gt_em *em) {
    size_t d = em->blocks->d;
    double *covariance = em->mixture.covariances;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            covariance[i * d + j] = covariance[j * d + i] = em->about_means ? scatter_less_shifts(em, i, j)
                                                                            : scatter_less_between(em, i, j);
    return hold_above_floor(em, covariance, em->work);
}

size_t gt_em_maximise_scratch(gt_covariance covariance, size_t d) {
    size_t raise = gt_raise_scratch(d), matrix = d * d > raise ? d * d : raise;
    return d + (covariance == GT_COVARIANCE_FULL || covariance == GT_COVARIANCE_TIED ? matrix : 0);
}

gt_status gt_em_maximise(gt_em *em) {
    int k = em->mixture.k;
    gt_pool_run(em->blocks->pool, k, maximise_component, em);
    for (int c = 0; c < k; c++) {
        if (em->ends[c] == SINGULAR)
            return gt_fail(GT_FAILED,
                           "the covariance of component %d is singular: its points lie in a space of fewer dimensions; "
                           "a --floor above 0 keeps it regular",
                           c);
        if (em->ends[c] == EMPTY) gt_warn("component %d has no points left", c);
    }
    if (em->mixture.covariance != GT_COVARIANCE_TIED || set_tied(em) == FINE) return GT_OK;
    return gt_fail(GT_FAILED, "the covariance is singular: the points lie in a space of fewer dimensions; a --floor "
                              "above 0 keeps it regular");
}
