/* SPDX-License-Identifier: Apache-2.0
 * Distances between all rows of two sets. For each panel of the base, centred and packed once: blocks of queries,
 * centred, times the panel; then a look at each row of the product. */
#include "features/score/distances/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "gantry/progress.h"
#include "kernels/door/gemm.h"

enum {
    QUERIES = 1024,  /* of a block */
    CANDIDATES = 16, /* of a query: what is computed again */
    LANES = 8,
    RUN = 64, /* numbers of a product that are looked at together */
};
/* A product of rows in float32 is off by less than this, times the sum of the squares of their lengths: chains of
 * GT_PRODUCT_KC fused multiply-adds and some roundings. */
static const float off_by = 600 * 0x1p-24f;

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

GT_CLONES double gt_row_distance(int64_t d, const float *a, const float *b) {
    lanes sum = {0};
    int64_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (int k = 0; k < LANES; k++) {
            double off = (double)a[i + k] - (double)b[i + k];
            sum[k] += off * off;
        }
    double total = 0;
    for (; i < d; i++) total += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    for (int k = 0; k < LANES; k++) total += sum[k];
    return sqrt(total);
}

/* ---- products of all blocks ---- */

typedef struct products {
    const gt_team *team;
    const gt_rows *queries, *base;
    gt_arena *arena;
    float *mean;                    /* of the base */
    float *panel, *block, *product; /* centred rows; [QUERIES,GT_ROWS_AT_ONCE] */
    float *packed;                  /* the panel */
    float *panel_square, *block_square;
    void *workspace;
    size_t workspace_bytes;
    /* for each panel before its blocks, and for each query of a block, with the panel's rows: */
    void (*begin)(void *arg, int64_t first, int64_t n);
    void (*look)(void *arg, int64_t query, const float *product, float square, int64_t first, int64_t n,
                 const float *x);
    void *arg;
    /* the block that is being looked at */
    int64_t block_first, first, n;
    const float *x;
} products;

static gt_gemm_args args_of(const products *p, int64_t m, int64_t n) {
    return (gt_gemm_args){.kernels = p->team->kernels,
                          .m = m,
                          .n = n,
                          .k = p->base->d,
                          .transpose_b = true,
                          .a = p->block,
                          .lda = p->base->d,
                          .b = p->panel,
                          .ldb = p->base->d,
                          .c = p->product,
                          .ldc = GT_ROWS_AT_ONCE};
}

typedef struct centring {
    const float *from, *mean;
    float *to, *square;
    int64_t d;
} centring;

static void centre_row(void *arg, int tile, int worker) {
    (void)worker;
    const centring *c = arg;
    const float *x = c->from + tile * c->d;
    float *to = c->to + tile * c->d;
    for (int64_t k = 0; k < c->d; k++) to[k] = x[k] - c->mean[k];
    double sum = 0;
    for (int64_t k = 0; k < c->d; k++) sum += (double)to[k] * (double)to[k];
    c->square[tile] = (float)sum;
}

static void centre(const products *p, int64_t n, const float *from, float *to, float *square) {
    gt_pool_run(p->team->pool, (int)n, centre_row, &(centring){from, p->mean, to, square, p->base->d});
}

static void look_at(void *arg, int tile, int worker) {
    (void)worker;
    const products *p = arg;
    p->look(p->arg, p->block_first + tile, p->product + (int64_t)tile * GT_ROWS_AT_ONCE, p->block_square[tile],
            p->first, p->n, p->x);
}

static void multiply(void *arg, int64_t first, int64_t n, const float *x) {
    products *p = arg;
    int64_t d = p->base->d;
    p->first = first, p->n = n, p->x = x;
    centre(p, n, x, p->panel, p->panel_square);
    gt_gemm_args g = args_of(p, QUERIES, n);
    gt_gemm_pack_b(&g, p->team->pool, p->packed);
    g.b_packed = p->packed;
    if (p->begin) p->begin(p->arg, first, n);
    int64_t own = p->queries->own;
    for (int64_t i = 0; i < own && !gt_team_stops(p->team); i += QUERIES) {
        g.m = gt_smallest(QUERIES, own - i);
        centre(p, g.m, p->queries->x + i * d, p->block, p->block_square);
        gt_gemm(&g, p->team->pool, p->workspace);
        p->block_first = i;
        gt_pool_run(p->team->pool, (int)g.m, look_at, p);
        gt_tell(first + n * (i + g.m) / own);
    }
}

static void close_products(products *p) {
    if (p->workspace) gt_block_free(p->workspace, p->workspace_bytes);
    gt_arena_free(p->arena);
}

/* Memory for a panel of the base, a block of queries and their product, and the mean of the base, which is subtracted
 * from both so that their product loses few digits. */
static gt_status open_products(products *p) {
    if (p->queries->d != p->base->d)
        return gt_fail(GT_USAGE, "rows of %lld numbers and of %lld numbers cannot be compared",
                       (long long)p->queries->d, (long long)p->base->d);
    size_t d = (size_t)p->base->d;
    GT_FREED double *mean = malloc(d * sizeof *mean);
    gt_gemm_args g = args_of(p, QUERIES, GT_ROWS_AT_ONCE);
    p->arena = gt_arena_new();
    p->workspace_bytes = gt_gemm_workspace(&g, gt_pool_threads(p->team->pool)) + 1;
    p->workspace = gt_block_alloc(p->workspace_bytes, "distances");
    if (p->arena) {
        p->mean = gt_arena_array(p->arena, d, sizeof(float));
        p->panel = gt_arena_array(p->arena, GT_ROWS_AT_ONCE * d, sizeof(float));
        p->block = gt_arena_array(p->arena, QUERIES * d, sizeof(float));
        p->product = gt_arena_array(p->arena, QUERIES * GT_ROWS_AT_ONCE, sizeof(float));
        p->panel_square = gt_arena_array(p->arena, GT_ROWS_AT_ONCE, sizeof(float));
        p->block_square = gt_arena_array(p->arena, QUERIES, sizeof(float));
        p->packed = gt_arena_array(p->arena, gt_gemm_packed_floats(&g) + 16, sizeof(float));
        if (p->packed) p->packed += (64 - (uintptr_t)p->packed % 64) % 64 / sizeof(float);
    }
    bool good = mean && p->workspace && p->arena && !gt_arena_failed(p->arena);
    gt_status st = gt_comm_agree_all(p->team->comm, good ? GT_OK : gt_fail(GT_NOMEM, "out of memory for distances"));
    if (!st) st = gt_rows_mean_all(p->team, p->base, mean);
    for (size_t k = 0; k < d && !st; k++) p->mean[k] = (float)mean[k];
    if (st) close_products(p);
    return st;
}

/* ---- the nearest ---- */

typedef struct candidates { /* of a query */
    int n;
    float worst; /* the largest value, once there are CANDIDATES */
    float value[CANDIDATES];
    int32_t index[CANDIDATES];
} candidates;

typedef struct search {
    const gt_rows *queries, *base;
    const products *products;
    gt_nearest_but but;
    candidates *of;   /* [own] */
    double *distance; /* [own,CANDIDATES] */
    int64_t first, n; /* of the second pass */
    const float *x;
} search;

static bool left_out(const search *s, int64_t query, int64_t row) {
    int64_t count = s->base->count;
    query += s->queries->first;
    if (s->queries->number) query = s->queries->number[query];
    return s->but != GT_NEAREST_ALL &&
           (row == query || (s->but == GT_NEAREST_BUT_MIRRORED && row == gt_mirror_image(query, count)));
}

/* Rows come in ascending order: of equal values the first stays. */
static void put_candidate(candidates *c, float value, int32_t index) {
    int at = c->n < CANDIDATES ? c->n++ : 0;
    if (c->n == CANDIDATES && at == 0)
        for (int i = 1; i < CANDIDATES; i++)
            if (c->value[i] > c->value[at] || (c->value[i] == c->value[at] && c->index[i] > c->index[at])) at = i;
    c->value[at] = value;
    c->index[at] = index;
    if (c->n < CANDIDATES) return;
    c->worst = c->value[0];
    for (int i = 1; i < CANDIDATES; i++) c->worst = fmaxf(c->worst, c->value[i]);
}

/* The first run from `from` on with a row whose square[j] - 2 product[j] is at most `limit`. */
GT_CLONES static int64_t next_run(int64_t from, int64_t n, const float *product, const float *square, float limit) {
    enum { WIDE = 16 };
    for (; from + RUN <= n; from += RUN) {
        float least[WIDE];
        for (int k = 0; k < WIDE; k++) least[k] = INFINITY;
        for (int64_t j = from; j < from + RUN; j += WIDE)
            for (int k = 0; k < WIDE; k++) {
                float value = square[j + k] - 2 * product[j + k];
                least[k] = value < least[k] ? value : least[k];
            }
        bool any = false;
        for (int k = 0; k < WIDE; k++) any |= least[k] <= limit;
        if (any) break;
    }
    return from;
}

static void keep_near(void *arg, int64_t query, const float *product, float square, int64_t first, int64_t n,
                      const float *x) {
    (void)x;
    (void)square; /* the same for all rows of the base */
    const search *s = arg;
    candidates *c = &s->of[query];
    const float *panel_square = s->products->panel_square;
    for (int64_t i = 0; (i = next_run(i, n, product, panel_square, c->worst)) < n; i += RUN)
        for (int64_t j = i; j < gt_smallest(i + RUN, n); j++) {
            float value = panel_square[j] - 2 * product[j];
            if (value < c->worst && !left_out(s, query, first + j)) put_candidate(c, value, (int32_t)(first + j));
        }
}

static void measure_query(void *arg, int tile, int worker) {
    (void)worker;
    const search *s = arg;
    const candidates *c = &s->of[tile];
    int64_t d = s->base->d;
    for (int i = 0; i < c->n; i++) {
        int64_t row = c->index[i] - s->first;
        if (row >= 0 && row < s->n)
            s->distance[(int64_t)tile * CANDIDATES + i] = gt_row_distance(d, s->queries->x + tile * d, s->x + row * d);
    }
}

static void measure_rows(void *arg, int64_t first, int64_t n, const float *x) {
    search *s = arg;
    s->first = first, s->n = n, s->x = x;
    gt_pool_run(s->products->team->pool, (int)s->queries->own, measure_query, s);
}

static int by_distance(const void *a, const void *b) {
    const gt_neighbour *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

gt_status gt_nearest_all(const gt_team *team, const gt_rows *queries, const gt_rows *base, int k, gt_nearest_but but,
                         gt_neighbour *out) {
    if (k < 1 || k > GT_NEAREST_MAX)
        return gt_fail(GT_USAGE, "%d nearest pictures: at least 1, and at most %d", k, GT_NEAREST_MAX);
    products p = {.team = team, .queries = queries, .base = base, .look = keep_near};
    search s = {.queries = queries, .base = base, .products = &p, .but = but};
    gt_status st = open_products(&p);
    if (st) return st;
    s.of = gt_arena_array(p.arena, (size_t)queries->own, sizeof *s.of);
    s.distance = gt_arena_array(p.arena, (size_t)queries->own, CANDIDATES * sizeof *s.distance);
    for (int64_t i = 0; i < queries->own && s.of; i++) s.of[i].worst = INFINITY;
    p.arg = &s;
    st = gt_comm_agree_all(team->comm, s.of && s.distance ? GT_OK : gt_fail(GT_NOMEM, "out of memory for distances"));
    if (!st) st = gt_rows_each_all(team, base, multiply, &p);
    if (!st) st = gt_rows_each_all(team, base, measure_rows, &s);
    for (int64_t i = 0; i < queries->own && !st; i++) {
        gt_neighbour near[CANDIDATES];
        int n = s.of[i].n;
        for (int j = 0; j < n; j++) near[j] = (gt_neighbour){s.of[i].index[j], s.distance[i * CANDIDATES + j]};
        qsort(near, (size_t)n, sizeof *near, by_distance);
        for (int j = 0; j < k; j++) out[i * k + j] = j < n ? near[j] : (gt_neighbour){-1, INFINITY};
    }
    close_products(&p);
    return st;
}

/* ---- within a radius ---- */

typedef struct ball {
    const gt_rows *queries, *base;
    const products *products;
    const double *radius;
    float *reach; /* of each row of the panel: |b|^2 - radius^2, less what the product may be off by */
    uint8_t *inside;
} ball;

static void begin_panel(void *arg, int64_t first, int64_t n) {
    ball *b = arg;
    const float *square = b->products->panel_square;
    for (int64_t j = 0; j < n; j++) {
        double r = b->radius[first + j];
        b->reach[j] = (float)((double)square[j] * (1 - (double)off_by) - r * r * (1 + (double)off_by));
    }
}

static void look_within(void *arg, int64_t query, const float *product, float square, int64_t first, int64_t n,
                        const float *x) {
    const ball *b = arg;
    if (b->inside[query]) return;
    int64_t d = b->base->d;
    float limit = -square * (1 - off_by);
    for (int64_t i = 0; (i = next_run(i, n, product, b->reach, limit)) < n; i += RUN)
        for (int64_t j = i; j < gt_smallest(i + RUN, n); j++)
            if (b->reach[j] - 2 * product[j] <= limit &&
                gt_row_distance(d, b->queries->x + query * d, x + j * d) <= b->radius[first + j]) {
                b->inside[query] = 1;
                return;
            }
}

gt_status gt_within_all(const gt_team *team, const gt_rows *queries, const gt_rows *base, const double *radius,
                        uint8_t *inside) {
    products p = {.team = team, .queries = queries, .base = base, .begin = begin_panel, .look = look_within};
    ball b = {.queries = queries, .base = base, .products = &p, .radius = radius, .inside = inside};
    gt_status st = open_products(&p);
    if (st) return st;
    b.reach = gt_arena_array(p.arena, GT_ROWS_AT_ONCE, sizeof *b.reach);
    p.arg = &b;
    st = gt_comm_agree_all(team->comm, b.reach ? GT_OK : gt_fail(GT_NOMEM, "out of memory for distances"));
    memset(inside, 0, (size_t)queries->own);
    if (!st) st = gt_rows_each_all(team, base, multiply, &p);
    close_products(&p);
    return st;
}
