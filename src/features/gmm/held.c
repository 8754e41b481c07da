/* SPDX-License-Identifier: Apache-2.0
 * Which components have a low variance: in any direction at most so many times the floor, `floors` (em.h). A covariance
 * S has a variance u^T S u <= m in some direction u, |u| = 1, if and only if S - m I is not positive definite, so that
 * its Cholesky factorisation fails. fit.c asks about a mixture that is given as the start, and about the mixture at the
 * end of each restart. */
#include <string.h>

#include "base/door/progress.h"
#include "base/door/pool.h"
#include "kernels/door/symmetric.h"
#include "features/gmm/em.h"

typedef struct low_search {
    const gt_em *em;
    const gt_mixture *m;
    double maximum; /* a variance up to it is low: floors times the floor */
    double *work;   /* [workers][d,d], of matrices */
    int *is_low;    /* [k], or one for all (tied) */
} low_search;

static bool has_low_direction(const low_search *s, const double *covariance, double *work) {
    size_t d = s->em->blocks->d;
    memcpy(work, covariance, d * d * sizeof *work);
    for (size_t i = 0; i < d; i++) work[i * d + i] -= s->maximum;
    return !gt_cholesky(d, work);
}

static void find_low(void *arg, int c, int worker) {
    const low_search *s = arg;
    size_t d = s->em->blocks->d, n = (size_t)c;
    double *work = s->work ? s->work + (size_t)worker * d * d : NULL;
    const double *covariances = s->m->covariances;
    gt_progress();
    switch (s->m->covariance) {
    case GT_COVARIANCE_FULL: s->is_low[c] = has_low_direction(s, covariances + n * d * d, work); break;
    case GT_COVARIANCE_TIED: s->is_low[c] = has_low_direction(s, covariances, work); break;
    case GT_COVARIANCE_DIAGONAL:
        for (size_t j = 0; j < d; j++) s->is_low[c] |= covariances[n * d + j] <= s->maximum;
        break;
    case GT_COVARIANCE_SPHERICAL: s->is_low[c] = covariances[n] <= s->maximum; break;
    }
}

gt_status gt_em_low_variance(gt_em *em, const gt_mixture *m, double floors, int *low, int *n) {
    gt_comm *c = em->blocks->comm;
    size_t d = em->blocks->d, k = (size_t)m->k;
    bool tied = m->covariance == GT_COVARIANCE_TIED, matrices = tied || m->covariance == GT_COVARIANCE_FULL;
    GT_ARENA gt_arena *a = gt_arena_new();
    low_search s = {.em = em, .m = m, .maximum = em->floor * floors};
    if (a) s.is_low = gt_arena_array(a, k, sizeof *s.is_low);
    if (a && matrices && em->floor > 0 && c->rank == 0)
        s.work = gt_arena_array(a, (size_t)gt_pool_threads(em->blocks->pool), d * d * sizeof *s.work);
    gt_status st = gt_comm_agree_all(c, a && !gt_arena_failed(a) ? GT_OK : GT_NOMEM);
    *n = 0;
    if (!st && em->floor > 0) {
        gt_comm_busy(c, "covariances of a mixture");
        if (c->rank == 0) gt_pool_run(em->blocks->pool, tied ? 1 : m->k, find_low, &s);
        gt_comm_broadcast_all(c, s.is_low, k * sizeof *s.is_low, 0);
        for (int i = 0; i < m->k; i++)
            if (s.is_low[tied ? 0 : i] && m->weights[i] > 0) low[(*n)++] = i;
    }
    return st;
}
