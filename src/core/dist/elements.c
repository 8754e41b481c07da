/* SPDX-License-Identifier: Apache-2.0
 * The loops of the reducer over the elements of vectors. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/door/clones.h"
#include "base/door/pool.h"
#include "dist/reducer.h"

enum {
    TILE = 1 << 15,  /* floats: work of a thread */
    PIECE = 1 << 10, /* floats that stay in the first cache while all their terms are folded */
    HEIGHT = 20,     /* of the stack over 2^16 slices, the last term included, and some */
};

typedef struct loop {
    float *y;
    const float *x;
    size_t n;
    bool large;
    const float *const *terms;
    gt_fold fold;
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

/* y = (a + b) / divisor, or a / divisor for b = NULL; returns how many of the results are not finite. By a power of
 * two, products have the same bits, and keep up with memory. */
GT_CLONES static uint32_t divide(size_t n, float *y, const float *a, const float *b, float divisor) {
    int exponent;
    float inverse = frexpf(divisor, &exponent) == 0.5f ? 1 / divisor : 0;
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        float sum = b ? a[i] + b[i] : a[i], v = inverse > 0 ? sum * inverse : sum / divisor;
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

/* The terms at `at`, n <= PIECE, folded but for the last addition, which divide() makes together with the division: so
 * the sum is written once. last: what that addition adds; or the only term, and NULL. Sums lie in `room`. */
GT_CLONES static void fold_terms(const loop *l, size_t at, size_t n, float room[HEIGHT][PIECE], const float *last[2]) {
    const float *stack[HEIGHT] = {NULL};
    int depth = 0, left = l->fold.n - 1; /* additions */
    for (int i = 0; i < l->fold.n; i++) {
        stack[depth++] = l->terms[i] + at;
        for (int k = 0; k < l->fold.additions[i] && left > 1; k++, depth--, left--) {
            const float *a = stack[depth - 2], *b = stack[depth - 1];
            float *sum = room[depth - 2];
            for (size_t j = 0; j < n; j++) sum[j] = a[j] + b[j];
            stack[depth - 2] = sum;
        }
    }
    last[0] = stack[0];
    last[1] = depth > 1 ? stack[1] : NULL;
}

static void note_bad(loop *l, size_t at, uint32_t bad) {
    atomic_fetch_add(&l->bad, bad);
    size_t i = at;
    while (fabsf(l->y[i]) <= FLT_MAX) i++;
    uint64_t least = atomic_load(&l->first_bad);
    while (i < least && !atomic_compare_exchange_weak(&l->first_bad, &least, i)) continue;
}

static void mean_tile(void *arg, int tile, int worker) {
    (void)worker;
    loop *l = arg;
    float room[HEIGHT][PIECE];
    size_t start, n = tile_of(l, tile, &start);
    for (size_t at = start; at < start + n; at += PIECE) {
        size_t left = start + n - at, piece = left < PIECE ? left : PIECE;
        const float *last[2];
        float *y = l->y + at;
        fold_terms(l, at, piece, room, last);
        bool is_done = last[0] == y && !last[1] && l->divisor == 1;
        uint32_t bad = is_done ? count_bad(piece, y) : divide(piece, y, last[0], last[1], l->divisor);
        if (bad) note_bad(l, at, bad);
    }
}

gt_nonfinite gt_mean_of(gt_pool *pool, float *y, const float *const *terms, gt_fold fold, size_t n, int divisor) {
    loop l = {.y = y, .terms = terms, .fold = fold, .n = n, .divisor = (float)divisor, .first_bad = UINT64_MAX};
    gt_pool_run(pool, tiles_of(n), mean_tile, &l);
    return (gt_nonfinite){.count = atomic_load(&l.bad), .first = atomic_load(&l.first_bad)};
}

/* Past the caches: a line that is only written need not be read first, and what is in the caches stays there. */
static void copy_past_caches(float *y, const float *x, size_t n) {
    size_t i = 0;
#ifdef __SSE2__
    size_t lines = (uintptr_t)y % 16 ? 0 : n / 4 * 4;
    for (; i < lines; i += 4) _mm_stream_ps(y + i, _mm_loadu_ps(x + i));
    _mm_sfence();
#endif
    memcpy(y + i, x + i, (n - i) * sizeof *y);
}

static void copy_tile(void *arg, int tile, int worker) {
    (void)worker;
    const loop *l = arg;
    size_t start, n = tile_of(l, tile, &start);
    if (l->large) copy_past_caches(l->y + start, l->x + start, n);
    else memcpy(l->y + start, l->x + start, n * sizeof *l->y);
}

void gt_copy_to(gt_pool *pool, float *y, const float *x, size_t n, bool large) {
    loop l = {.y = y, .x = x, .n = n, .large = large};
    gt_pool_run(pool, tiles_of(n), copy_tile, &l);
}
