/* SPDX-License-Identifier: Apache-2.0
 * The blocked matrix product: stages, tiles, panels. */
#include "kernels/gemm_product.h"

#include <string.h>

enum {
    STAGE_FLOATS = 6 << 20, /* of packed B per stage: 24 MiB */
    TILE_COLUMNS = 512,     /* of C: with 112 rows 224 KiB, in L2 beside the block of A */
    FEW_TILES = 8,          /* fewer tiles of rows than this: cut the columns finer for the threads */
    FEW_PANELS = 2,         /* of rows: packing B costs more than reading its rows in place */
};

static int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Sizes that follow from the product's shape and the kernel set. */
typedef struct layout {
    const gt_gemm_kernels *kernels;
    int panel_width;      /* columns per panel of B */
    int panel_rows;       /* rows per panel of A: balanced, so that the last panel is not a sliver */
    int64_t tile_rows, tile_columns, row_tiles, column_tiles;
    int64_t stage;        /* of K, a multiple of GT_PRODUCT_KC unless it is all */
    bool b_in_place;      /* full panels are read where B lies; the last, narrow one is packed */
    size_t b_floats;      /* of workspace */
} layout;

static int64_t padded_columns(const gt_gemm_kernels *kernels, int64_t n) { return round_up(n, kernels->lanes); }

static layout plan(const gt_product *p) {
    layout l = {.kernels = gt_gemm_kernels_now()};
    l.panel_width = 2 * l.kernels->lanes;
    int64_t panels = (p->m + l.kernels->rows - 1) / l.kernels->rows;
    l.panel_rows = panels ? (int)((p->m + panels - 1) / panels) : 1;
    l.tile_rows = l.kernels->tile_rows / l.kernels->rows * l.panel_rows;
    l.row_tiles = (p->m + l.tile_rows - 1) / l.tile_rows;
    l.tile_columns = l.row_tiles < FEW_TILES ? TILE_COLUMNS / 4 : TILE_COLUMNS;
    l.column_tiles = (p->n + l.tile_columns - 1) / l.tile_columns;
    l.b_in_place = !p->b_packed && !p->pack_b && panels <= FEW_PANELS;
    l.stage = p->k;
    if (p->b_packed) return l;
    int64_t columns = l.b_in_place ? l.panel_width : padded_columns(l.kernels, p->n);
    int64_t bound = STAGE_FLOATS / columns / GT_PRODUCT_KC * GT_PRODUCT_KC;
    if (bound < GT_PRODUCT_KC) bound = GT_PRODUCT_KC;
    l.stage = least(l.stage, bound);
    l.b_floats = (size_t)(columns * l.stage);
    return l;
}

/* One stage of a run: what the tiles of both loops share. */
typedef struct stage {
    const gt_product *p;
    layout l;
    int64_t k0, k;
    float *b_to;         /* where B is packed */
    const float *b;      /* packed panels of this stage: panel j at b + j * width * rows of the buffer */
    int64_t b_rows;      /* rows of that buffer */
    float *a;            /* of worker 0 */
} stage;

static size_t a_floats(void) { return (size_t)GT_PRODUCT_KC * GT_TILE_ROWS; }

/* Width as stored: the last panel is one vector wide when that is enough. */
static int stored_width(const layout *l, int columns) { return columns <= l->kernels->lanes ? l->kernels->lanes : l->panel_width; }

static void pack_b_rows(const gt_product *p, int64_t column, int columns, int width, int64_t k0, int64_t k, float *panel) {
    for (int64_t i = 0; i < k; i++, panel += width) {
        memcpy(panel, p->b + (k0 + i) * p->ldb + column, (size_t)columns * sizeof *panel);
        memset(panel + columns, 0, (size_t)(width - columns) * sizeof *panel);
    }
}

static void pack_b_panel(void *arg, int panel, int worker) {
    (void)worker;
    const stage *s = arg;
    const gt_product *p = s->p;
    int64_t column = (int64_t)panel * s->l.panel_width;
    int columns = (int)least(s->l.panel_width, p->n - column);
    float *to = s->b_to;
    if (!s->l.b_in_place) to += column * s->b_rows;
    else if (columns == s->l.panel_width) return;
    int width = stored_width(&s->l, columns);
    if (p->pack_b) p->pack_b(p->b_source, column, columns, width, s->k0, s->k, to);
    else pack_b_rows(p, column, columns, width, s->k0, s->k, to);
}

static void tile_rows(const gt_product *p, int64_t row0, int count, float **rows) {
    if (p->c_rows) {
        p->c_rows(p->c_source, row0, count, rows);
        return;
    }
    for (int r = 0; r < count; r++) rows[r] = p->c + (row0 + r) * p->ldc;
}

/* A block of the tile: `a` holds its rows for K [k0, k0 + k) of the stage; all panels of B in [column, end). */
static void multiply_block(const stage *s, const gt_pack_a *a, int64_t k0, int64_t column, int64_t end, float *const *rows, bool add) {
    const gt_product *p = s->p;
    const layout *l = &s->l;
    for (; column < end; column += l->panel_width) {
        int columns = (int)least(l->panel_width, p->n - column);
        int width = stored_width(l, columns);
        const float *b;
        int64_t ldb = width;
        if (!l->b_in_place) b = s->b + column * s->b_rows + k0 * width;
        else if (columns < l->panel_width) b = s->b + k0 * width;
        else b = p->b + (s->k0 + k0) * p->ldb + column, ldb = p->ldb;
        gt_micro_fn *const *micro = l->kernels->micro[p->a_by_k][width / l->kernels->lanes - 1];
        for (int r = 0; r < a->rows; r += a->panel_rows) {
            const float *panel = a->to + (p->a_by_k ? r : (int64_t)r * round_up(a->k, GT_CHUNK));
            micro[gt_pack_panel_rows(a, r)](a->k, panel, GT_TILE_ROWS, b, ldb, rows + r, column, columns, add);
        }
    }
}

static void multiply_tile(void *arg, int tile, int worker) {
    const stage *s = arg;
    const gt_product *p = s->p;
    const layout *l = &s->l;
    gt_pack_a a = {.row0 = tile / l->column_tiles * l->tile_rows, .panel_rows = l->panel_rows, .to = s->a + (size_t)worker * a_floats()};
    a.rows = (int)least(l->tile_rows, p->m - a.row0);
    int64_t column = tile % l->column_tiles * l->tile_columns, end = least(column + l->tile_columns, p->n);
    float *rows[GT_TILE_ROWS];
    tile_rows(p, a.row0, a.rows, rows);
    for (int64_t k0 = 0; k0 < s->k; k0 += GT_PRODUCT_KC) {
        a.k0 = s->k0 + k0;
        a.k = (int)least(GT_PRODUCT_KC, s->k - k0);
        p->pack_a(p->a_source, &a);
        multiply_block(s, &a, k0, column, end, rows, p->accumulate || a.k0 > 0);
    }
    if (p->k == 0 && !p->accumulate) /* the empty sum */
        for (int r = 0; r < a.rows; r++) memset(rows[r] + column, 0, (size_t)(end - column) * sizeof **rows);
}

static int panels_of(const layout *l, int64_t n) { return (int)((n + l->panel_width - 1) / l->panel_width); }

size_t gt_product_workspace(const gt_product *p, int threads) {
    layout l = plan(p);
    return (l.b_floats + (size_t)threads * a_floats()) * sizeof(float);
}

void gt_product_run(const gt_product *p, gt_pool *pool, void *workspace) {
    stage s = {.p = p, .l = plan(p)};
    if (p->m == 0 || p->n == 0) return;
    float *work = workspace;
    s.b_to = work;
    s.b = p->b_packed ? p->b_packed : work;
    s.b_rows = s.l.stage;
    s.a = work + s.l.b_floats;
    do {
        s.k = least(s.l.stage, p->k - s.k0);
        if (!p->b_packed) gt_pool_run(pool, panels_of(&s.l, p->n), pack_b_panel, &s);
        s.b_rows = p->b_packed ? p->k : s.l.stage;
        gt_pool_run(pool, (int)(s.l.row_tiles * s.l.column_tiles), multiply_tile, &s);
        s.k0 += s.k;
    } while (s.k0 < p->k);
}

size_t gt_product_packed_floats(int64_t n, int64_t k) { return (size_t)(padded_columns(gt_gemm_kernels_now(), n) * k); }

void gt_product_pack_b(const gt_product *p, gt_pool *pool, float *packed) {
    stage s = {.p = p, .l = plan(p), .k = p->k, .b_to = packed, .b_rows = p->k};
    s.l.b_in_place = false;
    gt_pool_run(pool, panels_of(&s.l, p->n), pack_b_panel, &s);
}

void gt_pack_a_row(const gt_pack_a *t, int r, int k, int count, const float *from) {
    int panel = r / t->panel_rows * t->panel_rows, rows = gt_pack_panel_rows(t, r);
    float *to = t->to + (int64_t)panel * round_up(t->k, GT_CHUNK) + (r - panel) * GT_CHUNK + (int64_t)(k / GT_CHUNK) * rows * GT_CHUNK;
    for (int at = k % GT_CHUNK; count > 0; at = 0, to += rows * GT_CHUNK) {
        int part = GT_CHUNK - at < count ? GT_CHUNK - at : count;
        if (!from) {
            memset(to + at, 0, (size_t)part * sizeof *to);
        } else {
            if (part == GT_CHUNK) memcpy(to, from, GT_CHUNK * sizeof *to);
            else memcpy(to + at, from, (size_t)part * sizeof *to);
            from += part;
        }
        count -= part;
    }
}

void gt_pack_transposed(const float *from, int64_t ld, int columns, int width, int64_t k, float *panel) {
    enum { BLOCK = 16 }; /* a cache line of each column at a time */
    for (int64_t i0 = 0; i0 < k; i0 += BLOCK) {
        int64_t end = least(i0 + BLOCK, k);
        for (int j = 0; j < columns; j++)
            for (int64_t i = i0; i < end; i++) panel[i * width + j] = from[j * ld + i];
    }
    if (columns < width)
        for (int64_t i = 0; i < k; i++) memset(panel + i * width + columns, 0, (size_t)(width - columns) * sizeof *panel);
}
