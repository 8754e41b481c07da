/* SPDX-License-Identifier: Apache-2.0
 * The two loops of the reducer over the elements of vectors. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>

#include "base/clones.h"
#include "dist/reducer.h"

enum { TILE = 1 << 15 }; /* floats */

typedef struct loop {
    float *y;
    const float *x;
    size_t n;
    float divisor;
    _Atomic uint64_t bad, first_bad;
} loop;

static size_t tile_of(const loop *l, int tile, size_t *start) {
    *start = (size_t)tile * TILE;
    return l->n - *start < TILE ? l->n - *start : TILE;
}

static int tiles_of(size_t n) { return (int)((n + TILE - 1) / TILE); }

GT_CLONES static void add(size_t n, float *y, const float *x) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

static void add_tile(void *arg, int tile, int worker) {
    (void)worker;
    const loop *l = arg;
    size_t start, n = tile_of(l, tile, &start);
    add(n, l->y + start, l->x + start);
}

void gt_add_to(gt_pool *pool, float *sum, const float *x, size_t n) {
    loop l = {.y = sum, .x = x, .n = n};
    gt_pool_run(pool, tiles_of(n), add_tile, &l);
}

/* y = x / divisor; returns how many of the results are not finite. */
GT_CLONES static uint32_t divide(size_t n, float *y, const float *x, float divisor) {
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] / divisor;
        y[i] = v;
        bad += !(fabsf(v) <= FLT_MAX);
    }
    return bad;
}

GT_CLONES static uint32_t count_bad(size_t n, const float *x) {
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) bad += !(fabsf(x[i]) <= FLT_MAX);
    return bad;
}

static void divide_tile(void *arg, int tile, int worker) {
    (void)worker;
    loop *l = arg;
    size_t start, n = tile_of(l, tile, &start);
    float *y = l->y + start;
    const float *x = l->x + start;
    uint32_t bad = x == y && l->divisor == 1 ? count_bad(n, x) : divide(n, y, x, l->divisor);
    if (!bad) return;
    atomic_fetch_add(&l->bad, bad);
    size_t i = 0;
    while (fabsf(y[i]) <= FLT_MAX) i++;
    uint64_t least = atomic_load(&l->first_bad);
    while (start + i < least && !atomic_compare_exchange_weak(&l->first_bad, &least, start + i)) continue;
}

gt_nonfinite gt_divide(gt_pool *pool, float *y, const float *x, size_t n, int divisor) {
    loop l = {.y = y, .x = x, .n = n, .divisor = (float)divisor, .first_bad = UINT64_MAX};
    gt_pool_run(pool, tiles_of(n), divide_tile, &l);
    return (gt_nonfinite){.count = atomic_load(&l.bad), .first = atomic_load(&l.first_bad)};
}
