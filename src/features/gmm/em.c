/* SPDX-License-Identifier: Apache-2.0
 * The pass over the points. With p_c(x) = weight_c times the density of component c at x (density.h), and N points x_n:
 *
 *   share      r_nc    = p_c(x_n) / sum over c of p_c(x_n)
 *   total      T_c     = sum over n of r_nc
 *   first      F_c     = sum over n of r_nc (x_n - mean_c)
 *   second     S_c     = sum over n of r_nc (x_n - mean_c) (x_n - mean_c)^T
 *   log-likelihood     = sum over n of ln(sum over c of p_c(x_n)) / N
 *
 * Moments are taken about the means that the shares were computed with, which are near the new ones, so that little
 * cancels. em->sums holds them for maximise.c:
 *
 *   | N log-likelihood | T [k] | F [k,d] | S [k,moments]  |    full: moments = d(d+1)/2, a lower triangle
 *                                        |                |    diagonal, spherical: moments = d, the diagonal
 *                                        | sum of all S_c |    tied: one lower triangle, zeros without about_means
 *
 * In a hard pass r_nc is 1 for the nearest mean and 0 for the others, and the log-likelihood is left at 0.
 * fit.c calls gt_em_start() for each restart, then gt_em_pass() and gt_em_update() in turns. */
#include "features/gmm/em.h"
#include "base/door/pool.h"
#include "features/gmm/mixture.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct worker_room {
    double *shares;            /* [k, panel] */
    double *log_sum, *weights; /* [panel] each */
    double *scratch;
} worker_room;

static size_t scratch_size(const gt_em *em) {
    size_t d = em->blocks->d, p = em->blocks->panel, moments = (gt_mixture_padded(d) + 1) * p,
           distances = gt_density_scratch(&em->density);
    if (em->scatter) moments += d * p + 2 * d; /* scatter_about_nearest */
    return moments > distances ? moments : distances;
}

static worker_room room_of(const gt_em *em, int worker) {
    double *base = em->work + (size_t)worker * em->worker_doubles;
    size_t p = em->blocks->panel, k = (size_t)em->mixture.k;
    return (worker_room){base, base + k * p, base + (k + 1) * p, base + (k + 2) * p};
}

/* ---- the points by themselves ---- */

/* The moments of a panel about em->centre. The second moments are a diagonal; for the scatter, once the mean is known,
 * they are a whole matrix. */
static void measure_panel(void *arg, const gt_panel_of_points *panel, int worker, double *sums) {
    const gt_em *em = arg;
    const gt_mixture_kernels *kernels = em->blocks->kernels->mixture;
    worker_room w = room_of(em, worker);
    size_t p = em->blocks->panel, d = em->blocks->d;
    double *first = sums + 1, *second = first + d;
    for (size_t n = 0; n < p; n++) w.weights[n] = n < panel->count;
    if (em->measures_scatter)
        kernels->moments_full(p, d, panel->x, em->centre, w.weights, w.scratch, sums, first, second);
    else kernels->moments_diagonal(p, d, panel->x, em->centre, w.weights, sums, first, second);
}

/* Sets what depends on the points alone, with c = the first point of all:
 *
 *   centre    = c + shift,  shift = sum over n of (x_n - c) / N
 *   variance  = mean over the dimensions j of  sum over n of (x_nj - c_j)^2 / N - shift_j^2
 *   scatter   = sum over n of (x_n - centre) (x_n - centre)^T        tied; a second pass over the points
 *
 * Moments about a point of the cloud cancel less than moments about 0. `floor` is in units of the variance. */
static gt_status measure_points(gt_em *em, double floor) {
    gt_blocks *b = em->blocks;
    size_t d = b->d, triangle = d * (d + 1) / 2;
    double *sums = gt_arena_array(em->arena, 1 + d + (em->scatter ? triangle : d), sizeof *sums);
    gt_status st = gt_comm_agree_all(b->comm, sums ? GT_OK : GT_NOMEM);
    bool mine = b->first == 0 && b->own > 0; /* where ranks are more than blocks, rank 0 has none */
    /* the first point, until the mean is known */
    for (size_t j = 0; j < d && !st && mine; j++) em->centre[j] = b->x[j * b->panel];
    if (!st)
        gt_comm_broadcast_all(b->comm, em->centre, d * sizeof *em->centre,
                              gt_comm_max_all(b->comm, mine ? b->comm->rank : 0));
    if (!st) st = gt_blocks_sum(b, 1 + 2 * d, measure_panel, em, sums);
    for (size_t j = 0; j < d && !st && b->comm->rank == 0; j++) {
        double shift = sums[1 + j] / (double)b->count;
        em->centre[j] += shift;
        double spread = sums[1 + d + j] / (double)b->count - shift * shift;
        /* infinity less infinity: fmax would pass over that */
        em->variance += isfinite(spread) ? fmax(spread, 0) / (double)d : INFINITY;
    }
    if (!st) gt_comm_broadcast_all(b->comm, em->centre, d * sizeof *em->centre, 0);
    if (!st) gt_comm_broadcast_all(b->comm, &em->variance, sizeof em->variance, 0);
    if (!st && !(em->variance > 0))
        st = gt_fail(GT_FORMAT, "all %lld points are equal: there is nothing to fit", (long long)b->count);
    if (!st && !isfinite(em->variance))
        st = gt_fail(GT_NONFINITE, "the points are so far apart that their variance is not finite");
    em->floor = floor * em->variance;
    if (!st && em->scatter) {
        em->measures_scatter = true;
        st = gt_blocks_sum(b, 1 + d + triangle, measure_panel, em, sums);
        memcpy(em->scatter, sums + 1 + d, triangle * sizeof *sums);
    }
    return st;
}

/* ---- begin and end ---- */

static gt_status allocate_em(gt_em *em, gt_covariance covariance, int k) {
    gt_blocks *b = em->blocks;
    gt_arena *a = em->arena;
    bool tied = covariance == GT_COVARIANCE_TIED;
    size_t d = b->d, triangle = d * (d + 1) / 2, n = (size_t)k, scratch = gt_em_maximise_scratch(covariance, d);
    gt_status st = gt_mixture_init(&em->mixture, a, covariance, k, (int)d);
    if (st) return st;
    gt_density_init(&em->density, a, &em->mixture, b);
    em->moments = covariance == GT_COVARIANCE_FULL ? triangle : tied ? 0 : d;
    em->n_sums = 1 + n * (1 + d + em->moments) + (tied ? triangle : 0);
    em->centre = gt_arena_array(a, d, sizeof *em->centre);
    if (tied) em->scatter = gt_arena_array(a, triangle, sizeof *em->scatter);
    em->worker_doubles = (n + 2) * b->panel + scratch_size(em);
    if (em->worker_doubles < scratch) em->worker_doubles = scratch;
    em->sums = gt_arena_array(a, em->n_sums, sizeof *em->sums);
    em->work = gt_arena_array(a, (size_t)gt_pool_threads(b->pool), em->worker_doubles * sizeof *em->work);
    em->ends = gt_arena_array(a, n, sizeof *em->ends);
    em->low = gt_arena_array(a, n, sizeof *em->low);
    return gt_arena_failed(a) ? gt_fail(GT_NOMEM, "out of memory for the moments of %d components", k) : GT_OK;
}

gt_status gt_em_new(gt_em **out, gt_blocks *b, gt_covariance covariance, int k, double floor) {
    gt_arena *a = gt_arena_new();
    gt_em *em = *out = a ? gt_arena_array(a, 1, sizeof *em) : NULL;
    gt_status st = em ? GT_OK : GT_NOMEM;
    if (!st && k > b->count)
        st = gt_fail(GT_USAGE, "%d components for %lld points: there must be at least as many points", k,
                     (long long)b->count);
    if (!st) {
        em->blocks = b;
        em->arena = a;
        st = allocate_em(em, covariance, k);
    }
    st = gt_comm_agree_all(b->comm, st);
    if (!st) st = measure_points(em, floor);
    if (!st) return GT_OK;
    gt_arena_free(a);
    *out = NULL;
    return st;
}

void gt_em_free(gt_em *em) {
    if (em) gt_arena_free(em->arena);
}

/* ---- passes ---- */

double *gt_em_shares(const gt_em *em, int worker) { return room_of(em, worker).shares; }

void gt_em_share_with_nearest(const gt_em *em, const gt_panel_of_points *panel, double *shares) {
    size_t p = em->blocks->panel, d = em->blocks->d, k = (size_t)em->mixture.k;
    for (size_t c = 0; c < k; c++)
        em->blocks->kernels->mixture->distance(p, d, panel->x, em->mixture.means + c * d, em->density.ones,
                                               shares + c * p);
    for (size_t n = 0; n < p; n++) {
        size_t nearest = 0;
        for (size_t c = 1; c < k; c++)
            if (shares[c * p + n] < shares[nearest * p + n]) nearest = c;
        for (size_t c = 0; c < k; c++) shares[c * p + n] = c == nearest;
    }
}

/* Tied, the first pass: all points together, each about its own mean. */
static void scatter_about_nearest(const gt_em *em, const gt_panel_of_points *panel, worker_room w, double *second) {
    size_t p = em->blocks->panel, d = em->blocks->d, k = (size_t)em->mixture.k;
    double *about = w.scratch + (gt_mixture_padded(d) + 1) * p, *origin = about + d * p, *first = origin + d, total = 0;
    memset(about, 0, (d * p + 2 * d) * sizeof *about);
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < d; j++)
            for (size_t n = 0; n < p; n++)
                about[j * p + n] += w.shares[c * p + n] * (panel->x[j * p + n] - em->mixture.means[c * d + j]);
    for (size_t n = 0; n < p; n++) w.weights[n] = 1; /* `about` is 0 where there is no point */
    em->blocks->kernels->mixture->moments_full(p, d, about, origin, w.weights, w.scratch, &total, first, second);
}

/* A panel's part of em->sums: the shares of its points (or, in a hard pass, 1 for the nearest mean), then the moments
 * of each component. Padding gets shares of 0. */
static void pass_panel(void *arg, const gt_panel_of_points *panel, int worker, double *sums) {
    const gt_em *em = arg;
    const gt_mixture_kernels *kernels = em->blocks->kernels->mixture;
    worker_room w = room_of(em, worker);
    size_t p = em->blocks->panel, d = em->blocks->d, k = (size_t)em->mixture.k;
    double *total = sums + 1, *first = total + k, *second = first + k * d;
    bool tied = em->mixture.covariance == GT_COVARIANCE_TIED,
         matrices = em->mixture.covariance == GT_COVARIANCE_FULL || (tied && em->about_means && !em->hard);
    if (em->hard) {
        gt_em_share_with_nearest(em, panel, w.shares);
    } else {
        gt_density_distances(&em->density, panel->x, w.scratch, w.shares);
        kernels->share(p, k, em->density.bias, w.shares, w.log_sum);
        for (size_t n = 0; n < panel->count; n++) sums[0] += w.log_sum[n];
    }
    for (size_t c = 0; c < k; c++) {
        double *share = w.shares + c * p;
        const double *mean = em->mixture.means + c * d;
        for (size_t n = panel->count; n < p; n++) share[n] = 0;
        if (matrices)
            kernels->moments_full(p, d, panel->x, mean, share, w.scratch, total + c, first + c * d,
                                  second + c * em->moments);
        else
            kernels->moments_diagonal(p, d, panel->x, mean, share, total + c, first + c * d,
                                      em->moments ? second + c * em->moments : NULL);
    }
    if (tied && em->hard) scatter_about_nearest(em, panel, w, second);
}

static gt_status sum_pass(gt_em *em, double *log_likelihood) {
    gt_blocks *b = em->blocks;
    em->about_means = em->hard || em->density.apart;
    gt_status st = gt_blocks_sum(b, em->n_sums, pass_panel, em, em->sums);
    if (st) return st;
    *log_likelihood = em->sums[0] / (double)b->count;
    gt_comm_broadcast_all(b->comm, log_likelihood, sizeof *log_likelihood, 0);
    return GT_OK;
}

gt_status gt_em_pass(gt_em *em, double *log_likelihood) {
    gt_status st = sum_pass(em, log_likelihood);
    if (!st && !isfinite(*log_likelihood))
        st = gt_fail(GT_NONFINITE, "the log-likelihood is %g: some points are too far from all components",
                     *log_likelihood);
    return st;
}

gt_status gt_em_set(gt_em *em) {
    return gt_comm_agree_all(em->blocks->comm,
                             gt_density_set(&em->density, &em->mixture, em->centre, em->blocks->pool));
}

gt_status gt_em_update(gt_em *em) {
    gt_comm *c = em->blocks->comm;
    gt_comm_busy(c, "covariances of a mixture");
    gt_status st = gt_comm_agree_all(c, c->rank ? GT_OK : gt_em_maximise(em));
    if (st) return st;
    gt_comm_broadcast_all(c, em->mixture.weights, em->mixture.size * sizeof *em->mixture.weights, 0);
    return gt_em_set(em);
}

gt_status gt_em_start(gt_em *em, const gt_mixture_recipe *recipe, const gt_mixture_start *start, uint32_t restart) {
    double nothing;
    bool given = *recipe->start;
    gt_comm_busy(em->blocks->comm, "the start of a mixture");
    if (given && start->whole) {
        gt_mixture_copy(&em->mixture, &start->mixture);
        return gt_em_set(em);
    }
    if (given)
        memcpy(em->mixture.means, start->mixture.means,
               (size_t)em->mixture.k * em->blocks->d * sizeof *em->mixture.means);
    gt_status st = given ? GT_OK : gt_em_seed_means(em, recipe->seed, restart);
    if (!st && recipe->lloyd) st = gt_em_lloyd(em, recipe->lloyd);
    if (st) return st;
    em->hard = true;
    st = sum_pass(em, &nothing);
    em->hard = false;
    return st ? st : gt_em_update(em);
}

double gt_em_rounding(const gt_em *em, double log_likelihood) {
    enum { SAFETY = 64 };
    return SAFETY * DBL_EPSILON * em->density.amplification * ((double)em->mixture.d + fabs(log_likelihood));
}
