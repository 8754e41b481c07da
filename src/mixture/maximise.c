/* SPDX-License-Identifier: Apache-2.0
 * The M step: from moments to a mixture, on rank 0, a component a thread.
 *
 * The floor is a constraint and not an addition: of all covariances whose eigenvalues are at least `floor` the
 * likeliest one has the eigenvectors of the unconstrained one and its eigenvalues, raised to the floor where they are
 * less. So the log-likelihood never falls from one pass to the next, which adding a constant to the diagonal would not
 * ensure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "gantry/log.h"
#include "kernels/lapack.h"
#include "mixture/em.h"

static const double NOBODY = 1e-100; /* shares of nobody at all have no mean that means anything */

struct gt_maximiser {
    gt_em *em;
    const double *total, *first, *second; /* of em->sums */
    double *work;                         /* [workers][work_size] */
    size_t work_size;
    enum outcome { FINE, EMPTY, SINGULAR } * outcome; /* [k] */
};

/* The covariance [d,d] is within the floor, or brought there. */
static enum outcome hold_above_floor(const gt_em *em, double *covariance, double *work) {
    size_t d = em->blocks->d;
    memcpy(work, covariance, d * d * sizeof *work);
    for (size_t i = 0; i < d; i++) work[i * d + i] -= em->floor;
    if (gt_cholesky(d, work)) return FINE;
    return em->floor > 0 && gt_raise_eigenvalues(d, covariance, em->floor, work) ? FINE : SINGULAR;
}

static enum outcome set_full(const gt_em *em, const double *second, double total, const double *shift,
                             double *covariance, double *work) {
    size_t d = em->blocks->d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            covariance[i * d + j] = covariance[j * d + i] = second[i * (i + 1) / 2 + j] / total - shift[i] * shift[j];
    return hold_above_floor(em, covariance, work);
}

static enum outcome set_variance(const gt_em *em, double variance, double *out) {
    *out = fmax(variance, em->floor);
    return *out > 0 ? FINE : SINGULAR;
}

static void maximise_component(void *arg, int c, int worker) {
    const gt_maximiser *m = arg;
    gt_mixture *mixture = &m->em->mixture;
    size_t d = m->em->blocks->d, n = (size_t)c;
    double total = m->total[c], *mean = mixture->means + n * d, *work = m->work + (size_t)worker * m->work_size,
           *shift = work, variance = 0;
    const double *second = m->second + n * m->em->moments;
    enum outcome *outcome = &m->outcome[c];
    bool had_points = mixture->weights[c] > 0, has_points = total > NOBODY;
    gt_progress();
    mixture->weights[c] = has_points ? total / (double)m->em->blocks->count : 0;
    *outcome = had_points && !has_points ? EMPTY : FINE;
    if (!has_points) return; /* it stays where it is */
    for (size_t j = 0; j < d; j++) {
        shift[j] = m->first[n * d + j] / total;
        mean[j] += shift[j];
    }
    switch (mixture->covariance) {
    case GT_COVARIANCE_FULL:
        *outcome = set_full(m->em, second, total, shift, mixture->covariances + n * d * d, work + d);
        break;
    case GT_COVARIANCE_DIAGONAL:
        for (size_t j = 0; j < d && *outcome == FINE; j++)
            *outcome = set_variance(m->em, second[j] / total - shift[j] * shift[j], &mixture->covariances[n * d + j]);
        break;
    case GT_COVARIANCE_SPHERICAL:
        for (size_t j = 0; j < d; j++) variance += (second[j] / total - shift[j] * shift[j]) / (double)d;
        *outcome = set_variance(m->em, variance, &mixture->covariances[c]);
        break;
    case GT_COVARIANCE_TIED: break;
    }
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
static double scatter_less_shifts(const gt_maximiser *m, size_t i, size_t j) {
    size_t d = m->em->blocks->d;
    double shifts = 0;
    for (size_t c = 0; c < (size_t)m->em->mixture.k; c++)
        if (m->total[c] > NOBODY) shifts += m->first[c * d + i] / m->total[c] * m->first[c * d + j];
    return (m->second[i * (i + 1) / 2 + j] - shifts) / (double)m->em->blocks->count;
}

static enum outcome set_tied(const gt_maximiser *m) {
    const gt_em *em = m->em;
    size_t d = em->blocks->d;
    double *covariance = em->mixture.covariances;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            covariance[i * d + j] = covariance[j * d + i] = em->about_means ? scatter_less_shifts(m, i, j)
                                                                            : scatter_less_between(em, i, j);
    return hold_above_floor(em, covariance, m->work);
}

gt_status gt_em_maximise(gt_maximiser *m) {
    gt_em *em = m->em;
    int k = em->mixture.k;
    gt_pool_run(em->blocks->pool, k, maximise_component, m);
    for (int c = 0; c < k; c++) {
        if (m->outcome[c] == SINGULAR)
            return gt_fail(GT_FAILED,
                           "the covariance of component %d is singular: its points lie in a space of fewer dimensions; "
                           "a --floor above 0 keeps it regular",
                           c);
        if (m->outcome[c] == EMPTY) gt_warn("component %d has no points left", c);
    }
    if (em->mixture.covariance != GT_COVARIANCE_TIED || set_tied(m) == FINE) return GT_OK;
    return gt_fail(GT_FAILED, "the covariance is singular: the points lie in a space of fewer dimensions; a --floor "
                              "above 0 keeps it regular");
}

gt_maximiser *gt_maximiser_new(gt_em *em) {
    size_t k = (size_t)em->mixture.k, d = em->blocks->d, workers = (size_t)gt_pool_threads(em->blocks->pool);
    bool matrix = em->mixture.covariance == GT_COVARIANCE_FULL || em->mixture.covariance == GT_COVARIANCE_TIED;
    gt_maximiser *m = malloc(sizeof *m);
    if (!m) return NULL;
    *m = (gt_maximiser){
        .em = em, .total = em->sums + 1, .first = em->sums + 1 + k, .second = em->sums + 1 + k + k * d, .work_size = d};
    if (matrix) m->work_size += d * d > gt_raise_scratch(d) ? d * d : gt_raise_scratch(d);
    m->work = malloc(workers * m->work_size * sizeof *m->work);
    m->outcome = calloc(k, sizeof *m->outcome);
    if (m->work && m->outcome) return m;
    gt_maximiser_free(m);
    return NULL;
}

void gt_maximiser_free(gt_maximiser *m) {
    if (!m) return;
    free(m->work);
    free(m->outcome);
    free(m);
}
