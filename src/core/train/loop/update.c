/* SPDX-License-Identifier: Apache-2.0
 * An update of parameters and their average. A tile of all the arrays stays in the cache from one rule to the next, so
 * that each float crosses the memory bus once; tiles are shared out among the threads. */
#include "networks/model/door/optimizer.h"
#include "base/door/pool.h"

enum { TILE = 1 << 14 }; /* floats: five arrays of 64 KiB */

/* lambda / 2 times the sum of the squares, as part of the loss; or, decoupled, a factor. */
static void decay(const gt_update *u, size_t start, size_t n) {
    float *grad = u->grad + start, *params = u->params + start, by = (float)u->decay,
          factor = (float)(1 - u->settings.lr * u->decay);
    for (size_t i = 0; i < n; i++)
        if (u->optimizer->decoupled) params[i] *= factor;
        else grad[i] += by * params[i];
}

/* Renews the mean of all parameters so far, and adds the derivative of the distance from it. */
static void pull_to_history(const gt_update *u, size_t start, size_t n) {
    float *grad = u->grad + start, *history = u->history + start, by = (float)(2 * u->settings.history),
          share = (float)(1 / (double)u->step);
    const float *params = u->params + start;
    for (size_t i = 0; i < n; i++) {
        history[i] += share * (params[i] - history[i]);
        grad[i] += by * (params[i] - history[i]);
    }
}

static void update_tile(void *arg, int tile, int worker) {
    (void)worker;
    const gt_update *u = arg;
    size_t start = (size_t)tile * TILE, n = u->n - start < TILE ? u->n - start : TILE;
    if (u->optimizer) {
        float *moments[GT_MAX_MOMENTS];
        for (int k = 0; k < u->optimizer->n_moments; k++) moments[k] = u->moments[k] ? u->moments[k] + start : NULL;
        if (u->clean) gt_clean_nonfinite(u->grad + start, n);
        if (u->decay > 0) decay(u, start, n);
        if (u->history) pull_to_history(u, start, n);
        u->optimizer->update(&u->settings, u->step, n, u->grad + start, u->params + start, moments);
    }
    if (u->average) gt_ema_update(u->average + start, u->params + start, n, u->average_beta);
}

void gt_update_run(const gt_update *u, gt_pool *pool) {
    gt_pool_run(pool, (int)((u->n + TILE - 1) / TILE), update_tile, (void *)u);
}
