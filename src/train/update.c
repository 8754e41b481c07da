/* SPDX-License-Identifier: Apache-2.0
 * An update of parameters and their average. A tile of all the arrays stays in the cache from one rule to the next, so
 * that each float crosses the memory bus once; tiles are shared out among the threads. */
#include "gantry/optimizer.h"

enum { TILE = 1 << 14 }; /* floats: five arrays of 64 KiB */

static void update_tile(void *arg, int tile, int worker) {
    (void)worker;
    const gt_update *u = arg;
    size_t start = (size_t)tile * TILE, n = u->n - start < TILE ? u->n - start : TILE;
    if (u->optimizer) {
        float *moments[GT_MAX_MOMENTS];
        for (int k = 0; k < u->optimizer->n_moments; k++) moments[k] = u->moments[k] ? u->moments[k] + start : NULL;
        if (u->clean) gt_clean_nonfinite(u->grad + start, n);
        u->optimizer->update(&u->settings, u->step, n, u->grad + start, u->params + start, moments);
    }
    if (u->average) gt_ema_update(u->average + start, u->params + start, n, u->average_beta);
}

void gt_update_run(const gt_update *u, gt_pool *pool) {
    gt_pool_run(pool, (int)((u->n + TILE - 1) / TILE), update_tile, (void *)u);
}
