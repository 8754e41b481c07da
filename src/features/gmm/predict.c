/* SPDX-License-Identifier: Apache-2.0
 * Evaluates a mixture on points: shares, labels and log-likelihoods. */
#include <string.h>

#include "features/gmm/blocks.h"
#include "base/door/pool.h"
#include "features/gmm/density.h"
#include "features/gmm/mixture.h"

typedef struct prediction {
    gt_blocks *b;
    gt_arena *arena;
    gt_density density;
    size_t worker_doubles;
    double *work;      /* [workers][worker_doubles]: shares, log sums, scratch */
    gt_prediction own; /* of this rank's points; members that are NULL are not wanted */
} prediction;

static void predict_panel(void *arg, const gt_panel_of_points *panel, int worker, double *sums) {
    prediction *p = arg;
    size_t size = p->b->panel, k = p->density.k, first = (size_t)panel->own;
    double *shares = p->work + (size_t)worker * p->worker_doubles, *log_sum = shares + k * size;
    gt_density_distances(&p->density, panel->x, log_sum + size, shares);
    p->b->kernels->mixture->share(size, k, p->density.bias, shares, log_sum);
    for (size_t n = 0; n < panel->count; n++) sums[0] += log_sum[n];
    if (!p->own.labels) return;
    memcpy(p->own.log_likelihoods + first, log_sum, panel->count * sizeof *log_sum);
    for (size_t n = 0; n < panel->count; n++) {
        size_t largest = 0;
        for (size_t c = 0; c < k; c++) {
            if (shares[c * size + n] > shares[largest * size + n]) largest = c;
            if (p->own.responsibilities) p->own.responsibilities[(first + n) * k + c] = (float)shares[c * size + n];
        }
        p->own.labels[first + n] = (int32_t)largest;
    }
}

static gt_status prepare_density(prediction *p, const gt_mixture *m) {
    size_t d = p->b->d;
    if ((size_t)m->d != d) return gt_fail(GT_FORMAT, "the mixture has %d dimensions, the data have %zu", m->d, d);
    gt_arena *a = p->arena = gt_arena_new();
    if (!a) return GT_NOMEM;
    gt_density_init(&p->density, a, m, p->b);
    p->worker_doubles = (p->density.k + 1) * p->b->panel + gt_density_scratch(&p->density);
    p->work = gt_arena_array(a, (size_t)gt_pool_threads(p->b->pool), p->worker_doubles * sizeof *p->work);
    double *centre = gt_arena_array(a, d, sizeof *centre);
    if (gt_arena_failed(a)) return gt_fail(GT_NOMEM, "out of memory for the shares of %d components", m->k);
    gt_mixture_mean(m, centre);
    return gt_density_set(&p->density, m, centre, p->b->pool);
}

static gt_status allocate_prediction(gt_prediction *p, size_t n, size_t k, bool responsibilities) {
    gt_arena *a = p->arena = gt_arena_new();
    if (!a) return GT_NOMEM;
    p->labels = gt_arena_array(a, n + 1, sizeof *p->labels);
    p->log_likelihoods = gt_arena_array(a, n + 1, sizeof *p->log_likelihoods);
    if (responsibilities) p->responsibilities = gt_arena_array(a, n + 1, k * sizeof *p->responsibilities);
    return gt_arena_failed(a) ? gt_fail(GT_NOMEM, "out of memory for the results of %zu points", n) : GT_OK;
}

void gt_prediction_free(gt_prediction *p) {
    gt_arena_free(p->arena);
    *p = (gt_prediction){0};
}

static gt_status predict_blocks_all(prediction *p, const gt_mixture *m, double *sum) {
    gt_status st = gt_comm_agree_all(p->b->comm, prepare_density(p, m));
    if (!st) st = gt_blocks_sum(p->b, 1, predict_panel, p, sum);
    gt_arena_free(p->arena);
    return st;
}

gt_status gt_mixture_score(gt_blocks *b, const gt_mixture *m, double *log_likelihood) {
    prediction p = {.b = b};
    double sum = 0;
    gt_status st = predict_blocks_all(&p, m, &sum);
    if (st) return st;
    *log_likelihood = sum / (double)b->count;
    gt_comm_broadcast_all(b->comm, log_likelihood, sizeof *log_likelihood, 0);
    return GT_OK;
}

gt_status gt_mixture_predict(gt_blocks *b, const gt_mixture *m, bool responsibilities, gt_prediction *out) {
    prediction p = {.b = b};
    double sum;
    size_t n = (size_t)b->own_points, k = (size_t)m->k;
    *out = (gt_prediction){0};
    gt_status st = allocate_prediction(&p.own, n, k, responsibilities);
    if (!st && b->comm->rank == 0) st = allocate_prediction(out, (size_t)b->count, k, responsibilities);
    st = gt_comm_agree_all(b->comm, st);
    if (!st) st = predict_blocks_all(&p, m, &sum);
    if (!st) {
        gt_comm_gather_all(b->comm, p.own.labels, n * sizeof *p.own.labels, out->labels);
        gt_comm_gather_all(b->comm, p.own.log_likelihoods, n * sizeof *p.own.log_likelihoods, out->log_likelihoods);
        if (responsibilities)
            gt_comm_gather_all(b->comm, p.own.responsibilities, n * k * sizeof *p.own.responsibilities,
                               out->responsibilities);
    } else {
        gt_prediction_free(out);
    }
    gt_prediction_free(&p.own);
    return st;
}

gt_status gt_blocks_coordinate(gt_blocks *b, int axis, float *out) {
    size_t n = (size_t)b->own_points;
    GT_ARENA gt_arena *a = gt_arena_new();
    float *own = a ? gt_arena_array(a, n + 1, sizeof *own) : NULL;
    gt_status st = gt_comm_agree_all(b->comm, own ? GT_OK : GT_NOMEM);
    for (size_t i = 0; i < n && !st; i++)
        own[i] = (float)b->x[i / b->panel * b->panel * b->d + (size_t)axis * b->panel + i % b->panel];
    if (!st) gt_comm_gather_all(b->comm, own, n * sizeof *own, out);
    return st;
}
