/* SPDX-License-Identifier: Apache-2.0
 * The blocked matrix product (gemm_product.h): B is packed stage by stage, the pool runs over tiles of C, and a tile
 * goes over blocks of K and panels of B. */
#include "kernels/door/gemm_product.h"

#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/quad.h"

enum {
    STAGE_FLOATS = 6 << 20, /* of packed B per stage: 24 MiB */
    TILE_COLUMNS = 512,     /* of C: with 112 rows 224 KiB, in L2 beside the block of A */
    FEW_TILES = 8,          /* fewer tiles of rows than this: cut the columns finer for the threads */
    FEW_PANELS = 2,         /* of rows: packing B costs more than reading its rows in place */
    FEW_ROWS = 128,         /* of B: a panel stays in the first-level cache as it lies */
    FEW_COLUMNS = 256,      /* of B: packing A costs more than reading its rows in place */
    CROWDED = 256,          /* floats: rows that lie so far apart push each other out of the first-level cache */
};

/* Sizes that follow from the product's shape and the kernel set. */
typedef struct layout {
    const gt_gemm_kernels *kernels;
    int panel_width; /* columns per panel of B */
    int64_t tile_columns, row_tiles, column_tiles;
    int64_t stage;   /* of K, a multiple of GT_PRODUCT_KC unless it is all */
    bool b_in_place; /* full panels are read where B lies; the last, narrow one is packed */
    bool a_in_place; /* so are the rows of A */
    size_t b_floats; /* of workspace */
} layout;

static int64_t padded_columns(const gt_gemm_kernels *kernels, int64_t n) { return gt_round_up(n, kernels->lanes); }

static layout layout_of(const gt_product *p) {
    layout l = {.kernels = p->kernels, .panel_width = gt_product_panel_columns(p->kernels)};
    l.row_tiles = gt_pieces(p->m, l.kernels->tile_rows);
    l.tile_columns = l.row_tiles < FEW_TILES ? TILE_COLUMNS / 4 : TILE_COLUMNS;
    l.column_tiles = gt_pieces(p->n, l.tile_columns);
    l.b_in_place = !p->b_packed && !p->pack_b &&
                   (p->m <= FEW_PANELS * l.kernels->rows || (p->k <= FEW_ROWS && p->ldb % CROWDED));
    l.a_in_place = p->a && p->n <= FEW_COLUMNS && p->lda % CROWDED;
    l.stage = p->k;
    if (p->b_packed || !p->n) return l;
    int64_t columns = l.b_in_place ? l.panel_width : padded_columns(l.kernels, p->n);
    int64_t bound = STAGE_FLOATS / columns / GT_PRODUCT_KC * GT_PRODUCT_KC;
    if (bound < GT_PRODUCT_KC) bound = GT_PRODUCT_KC;
    l.stage = gt_smallest(l.stage, bound);
    l.b_floats = (size_t)(columns * l.stage);
    return l;
}

/* One stage of a run: what the tiles of both loops share. */
typedef struct stage {
    const gt_product *p;
    layout l;
    int64_t k0, k;
    float *b_to;                      /* where B is packed */
    const float *b;                   /* packed panels of this stage: panel j at b + j * width * rows of the buffer */
    int64_t b_rows;                   /* rows of that buffer */
    float *a;                         /* of worker 0 */
    gt_range soon[GT_PRODUCT_RANGES]; /* fetched with the tile at work */
} stage;

static size_t a_floats(void) { return (size_t)GT_PRODUCT_KC * GT_TILE_ROWS; }

static void pack_b_panel(void *arg, int panel, int worker) {
    (void)worker;
    const stage *s = arg;
    const gt_product *p = s->p;
    int64_t column = (int64_t)panel * s->l.panel_width;
    int columns = (int)gt_smallest(s->l.panel_width, p->n - column);
    float *to = s->b_to;
    if (!s->l.b_in_place) to += column * s->b_rows;
    else if (columns == s->l.panel_width) return;
    int width = gt_product_panel_width(p->kernels, columns);
    if (p->pack_b) p->pack_b(p->b_source, column, columns, width, s->k0, s->k, to);
    else gt_pack_rows(p->b + s->k0 * p->ldb + column, p->ldb, columns, width, s->k, to);
}

static void tile_rows(const gt_product *p, int64_t row0, int count, float **rows) {
    if (p->c_rows) {
        p->c_rows(p->c_source, row0, count, rows);
        return;
    }
    for (int r = 0; r < count; r++) rows[r] = p->c + (row0 + r) * p->ldc;
}

/* Where the block [k0, ...) of the panel at `column` lies, and the floats from row to row of it. */
static const float *panel_at(const stage *s, int64_t k0, int64_t column, int columns, int64_t *ldb) {
    const gt_product *p = s->p;
    int width = gt_product_panel_width(p->kernels, columns);
    *ldb = width;
    if (!s->l.b_in_place) return s->b + column * s->b_rows + k0 * width;
    if (columns < s->l.panel_width) return s->b + k0 * width;
    *ldb = p->ldb;
    return p->b + (s->k0 + k0) * p->ldb + column;
}

/* What a block of a tile reads first: its A, if that lies packed, and its first panel of B. */
typedef struct first_reads {
    const float *a, *b;
    int64_t a_floats, b_floats;
} first_reads;

static gt_pack_a tile_block(const stage *s, int tile, int64_t k0) {
    gt_pack_a a = gt_pack_a_tile(s->l.kernels, tile / s->l.column_tiles * s->l.kernels->tile_rows, s->p->m);
    a.k0 = s->k0 + k0;
    a.k = (int)gt_smallest(GT_PRODUCT_KC, s->k - k0);
    return a;
}

static int64_t first_column(const stage *s, int tile) { return tile % s->l.column_tiles * s->l.tile_columns; }

static first_reads reads_of(const stage *s, int tile, int64_t k0) {
    const gt_product *p = s->p;
    first_reads f = {0};
    gt_pack_a a = tile_block(s, tile, k0);
    if (p->a_packed) {
        p->pack_a(p->a_source, &a);
        f.a = a.to;
        f.a_floats = a.k * (p->a_by_k ? a.stride : a.rows);
    }
    if (!s->l.b_in_place) {
        int64_t column = first_column(s, tile), ldb;
        f.b = panel_at(s, k0, column, (int)gt_smallest(s->l.panel_width, p->n - column), &ldb);
        f.b_floats = a.k * ldb;
    }
    return f;
}

gt_range gt_range_of_thread(gt_range r, int64_t begin, int64_t end, int64_t of) {
    if (!r.floats) return r;
    int64_t first = r.floats * begin / of;
    return (gt_range){r.from + first, r.floats * end / of - first};
}

/* `floats` from `from` on, in so many equal steps. */
static gt_fetch fetch_in_steps(const float *from, int64_t floats, int64_t steps) {
    if (!floats || steps <= 0) return (gt_fetch){0};
    return (gt_fetch){from, from + floats, gt_round_up(gt_pieces(floats, steps), GT_CHUNK)};
}

static void add_fetch(gt_fetch *list, int *count, const float *from, int64_t floats, int64_t steps) {
    list[*count] = fetch_in_steps(from, floats, steps);
    *count += list[*count].step > 0;
}

/* A block of the tile whose rows of A are read where they lie. */
static void multiply_rows(const stage *s, const gt_pack_a *a, int64_t k0, int64_t column, int64_t end, bool add) {
    const gt_product *p = s->p;
    const layout *l = &s->l;
    int64_t places[GT_MICRO_ROWS];
    for (int r = 0; r < GT_MICRO_ROWS; r++) places[r] = r * p->lda;
    for (; column < end; column += l->panel_width) {
        int columns = (int)gt_smallest(l->panel_width, p->n - column),
            width = gt_product_panel_width(p->kernels, columns);
        int64_t ldb;
        const float *b = panel_at(s, k0, column, columns, &ldb);
        for (int r = 0; r < a->rows; r += a->panel_rows) {
            int64_t row = a->row0 + r;
            const float *from = p->a + row * p->lda + a->k0;
            gt_strided_fn *chain = l->kernels->strided[width / l->kernels->lanes - 1][gt_pack_panel_rows(a, r)];
            for (int64_t k = 0; k < a->k; k += GT_CHAIN) {
                gt_strided_part part = {from + k, b + k * ldb, gt_smallest(GT_CHAIN, a->k - k)};
                chain(&part, 1, places, 1, ldb, p->c + row * p->ldc + column, p->ldc, columns, add || k);
            }
        }
    }
}

/* A block of the tile: `a` holds its rows for K [k0, k0 + k) of the stage; all panels of B in [column, end). While a
 * panel is at work, the next one and a part of the next block's A are fetched: from L3 or memory their first reads
 * would have to wait. */
static void multiply_block(const stage *s, const gt_pack_a *a, int64_t k0, int64_t column, int64_t end,
                           float *const *rows, bool add, const first_reads *next) {
    const gt_product *p = s->p;
    const layout *l = &s->l;
    int64_t steps = gt_pieces(a->rows, a->panel_rows) * (a->k / GT_CHUNK),
            panels = (end - column + l->panel_width - 1) / l->panel_width;
    gt_fetch ahead[GT_PRODUCT_RANGES + 3] = {0}; /* A, what is needed soon, B; the end */
    int count = 0;
    add_fetch(ahead, &count, next->a, next->a == a->to ? 0 : next->a_floats, steps * panels);
    for (int i = 0; i < GT_PRODUCT_RANGES; i++) {
        gt_range part = gt_range_of_thread(s->soon[i], k0, k0 + a->k, s->k);
        add_fetch(ahead, &count, part.from, part.floats, steps * panels);
    }
    for (; column < end; column += l->panel_width) {
        int columns = (int)gt_smallest(l->panel_width, p->n - column),
            width = gt_product_panel_width(p->kernels, columns);
        int64_t ldb;
        const float *b = panel_at(s, k0, column, columns, &ldb);
        if (column + l->panel_width >= end) ahead[count] = fetch_in_steps(next->b, next->b_floats, steps);
        else ahead[count] = fetch_in_steps(b + l->panel_width * s->b_rows, l->b_in_place ? 0 : a->k * width, steps);
        gt_micro_fn *const *micro = l->kernels->micro[p->a_by_k][width / l->kernels->lanes - 1];
        for (int r = 0; r < a->rows; r += a->panel_rows) {
            const float *panel = a->to + (p->a_by_k ? r : (int64_t)r * gt_round_up(a->k, GT_CHUNK));
            micro[gt_pack_panel_rows(a, r)](a->k, panel, a->stride, b, ldb, rows + r, column, columns, add, ahead);
        }
    }
}

/* `after`: what this thread, or another, is about to read when the tile is done. */
static void multiply_tile(const stage *s, int tile, int worker, const first_reads *after) {
    const gt_product *p = s->p;
    const layout *l = &s->l;
    int64_t column = first_column(s, tile), end = gt_smallest(column + l->tile_columns, p->n);
    gt_pack_a a = tile_block(s, tile, 0);
    float *rows[GT_TILE_ROWS];
    tile_rows(p, a.row0, a.rows, rows);
    for (int64_t k0 = 0; k0 < s->k; k0 += GT_PRODUCT_KC) {
        a = tile_block(s, tile, k0);
        if (l->a_in_place) {
            multiply_rows(s, &a, k0, column, end, p->accumulate || a.k0 > 0);
            continue;
        }
        if (!p->a_packed) a.to = s->a + (size_t)worker * a_floats();
        p->pack_a(p->a_source, &a);
        first_reads next = k0 + GT_PRODUCT_KC < s->k ? reads_of(s, tile, k0 + GT_PRODUCT_KC) : *after;
        multiply_block(s, &a, k0, column, end, rows, p->accumulate || a.k0 > 0, &next);
    }
    if (p->k == 0 && !p->accumulate) /* the empty sum */
        for (int r = 0; r < a.rows; r++) memset(rows[r] + column, 0, (size_t)(end - column) * sizeof **rows);
}

static int tiles_of(const layout *l) { return (int)(l->row_tiles * l->column_tiles); }

/* Stages whose tiles are one loop, and where the tiles of each begin in the loop. */
typedef struct tile_loop {
    stage *stages;
    int count, first_tile[GT_PRODUCTS_MAX + 1];
    gt_range soon[GT_PRODUCT_RANGES];
} tile_loop;

static void add_stage(tile_loop *all) {
    all->first_tile[all->count + 1] = all->first_tile[all->count] + tiles_of(&all->stages[all->count].l);
    all->count++;
}

static void loop_tile(void *arg, int tile, int worker) {
    const tile_loop *all = arg;
    int i = 0;
    while (tile >= all->first_tile[i + 1]) i++;
    stage s = all->stages[i];
    for (int r = 0; r < GT_PRODUCT_RANGES; r++)
        s.soon[r] = gt_range_of_thread(all->soon[r], tile, tile + 1, all->first_tile[all->count]);
    first_reads after = {0};
    if (tile + 1 < all->first_tile[i + 1]) after = reads_of(&s, tile + 1 - all->first_tile[i], 0);
    else if (i + 1 < all->count) after = reads_of(&all->stages[i + 1], 0, 0);
    multiply_tile(&s, tile - all->first_tile[i], worker, &after);
}

static int panels_of(const layout *l, int64_t n) { return (int)gt_pieces(n, l->panel_width); }

size_t gt_product_workspace(const gt_product *p, int threads) {
    layout l = layout_of(p);
    return (l.b_floats + (p->a_packed ? 0 : (size_t)threads * a_floats())) * sizeof(float);
}

void gt_product_run_packed(const gt_product *p, int count, gt_pool *pool, void *workspace, const gt_range *soon) {
    stage stages[count];
    tile_loop all = {.stages = stages};
    if (soon) memcpy(all.soon, soon, sizeof all.soon);
    for (int i = 0; i < count; i++) {
        stages[i] = (stage){
            .p = &p[i], .l = layout_of(&p[i]), .k = p[i].k, .b = p[i].b_packed, .b_rows = p[i].k, .a = workspace};
        add_stage(&all);
    }
    gt_pool_run(pool, all.first_tile[count], loop_tile, &all);
}

void gt_product_run(const gt_product *p, gt_pool *pool, void *workspace) {
    if (p->b_packed) {
        gt_product_run_packed(p, 1, pool, workspace, NULL);
        return;
    }
    float *work = workspace;
    stage s = {.p = p, .l = layout_of(p), .b_to = work, .b = work};
    s.b_rows = s.l.stage;
    s.a = work + s.l.b_floats;
    tile_loop all = {.stages = &s};
    add_stage(&all);
    do {
        s.k = gt_smallest(s.l.stage, p->k - s.k0);
        gt_pool_run(pool, panels_of(&s.l, p->n), pack_b_panel, &s);
        gt_pool_run(pool, all.first_tile[1], loop_tile, &all);
        s.k0 += s.k;
    } while (s.k0 < p->k);
}

size_t gt_product_packed_floats(const gt_gemm_kernels *kernels, int64_t n, int64_t k) {
    return (size_t)(padded_columns(kernels, n) * k);
}

void gt_product_pack_b(const gt_product *p, gt_pool *pool, float *packed) {
    stage s = {.p = p, .l = layout_of(p), .k = p->k, .b_to = packed, .b_rows = p->k};
    s.l.b_in_place = false;
    gt_pool_run(pool, panels_of(&s.l, p->n), pack_b_panel, &s);
}

gt_pack_a gt_pack_a_tile(const gt_gemm_kernels *kernels, int64_t row0, int64_t m) {
    gt_pack_a t = {.row0 = row0, .rows = (int)gt_smallest(kernels->tile_rows, m - row0), .stride = GT_TILE_ROWS};
    int panels = (int)gt_pieces(t.rows, kernels->rows);
    t.panel_rows = (int)gt_pieces(t.rows, panels); /* balanced, so that the last panel is not a sliver */
    return t;
}

int gt_pack_panel_rows(const gt_pack_a *t, int r) {
    return (int)gt_smallest(t->panel_rows, t->rows - r / t->panel_rows * t->panel_rows);
}

float *gt_pack_a_at(const gt_pack_a *t, int r, int k) {
    int panel = r / t->panel_rows * t->panel_rows; /* its first row */
    return t->to + panel * gt_round_up(t->k, GT_CHUNK) + (int64_t)k * gt_pack_panel_rows(t, r) +
           (int64_t)(r - panel) * GT_CHUNK;
}

void gt_pack_a_row(const gt_pack_a *t, int r, int k, int count, const float *from) {
    int at = k % GT_CHUNK;
    float *to = gt_pack_a_at(t, r, k - at);
    for (int step = gt_pack_panel_rows(t, r) * GT_CHUNK; count > 0; at = 0, to += step) {
        int part = GT_CHUNK - at < count ? GT_CHUNK - at : count;
        if (!from) {
            memset(to + at, 0, (size_t)part * sizeof *to);
        } else {
            if (part == GT_CHUNK) memcpy(to, from, GT_CHUNK * sizeof *to); /* of known size: no call */
            else memcpy(to + at, from, (size_t)part * sizeof *to);
            from += part;
        }
        count -= part;
    }
}

void gt_pack_rows(const float *from, int64_t ld, int columns, int width, int64_t k, float *panel) {
    for (int64_t i = 0; i < k; i++, panel += width) {
        memcpy(panel, from + i * ld, (size_t)columns * sizeof *panel);
        memset(panel + columns, 0, (size_t)(width - columns) * sizeof *panel);
    }
}

/* to[i * to_ld + j] = from[j * from_ld + i] for i, j < 4. */
static inline void transpose_quad(const float *from, int64_t from_ld, float *to, int64_t to_ld) {
    quad a = *(const quad *)from, b = *(const quad *)(from + from_ld), c = *(const quad *)(from + 2 * from_ld),
         d = *(const quad *)(from + 3 * from_ld);
    quad ab = PICK(a, b, 0, 4, 1, 5), cd = PICK(c, d, 0, 4, 1, 5);
    *(quad *)to = PICK(ab, cd, 0, 1, 4, 5);
    *(quad *)(to + to_ld) = PICK(ab, cd, 2, 3, 6, 7);
    ab = PICK(a, b, 2, 6, 3, 7), cd = PICK(c, d, 2, 6, 3, 7);
    *(quad *)(to + 2 * to_ld) = PICK(ab, cd, 0, 1, 4, 5);
    *(quad *)(to + 3 * to_ld) = PICK(ab, cd, 2, 3, 6, 7);
}

void gt_pack_transposed(const float *from, int64_t ld, int columns, int width, int64_t k, float *panel) {
    enum { BLOCK = 16, QUAD = 4 }; /* a cache line of each column at a time */
    for (int64_t i0 = 0; i0 < k; i0 += BLOCK) {
        int64_t end = gt_smallest(i0 + BLOCK, k), quads = i0 + (end - i0) / QUAD * QUAD;
        int j = 0;
        for (; j + QUAD <= columns; j += QUAD) {
            for (int64_t i = i0; i < quads; i += QUAD)
                transpose_quad(from + j * ld + i, ld, panel + i * width + j, width);
            for (int64_t i = quads; i < end; i++)
                for (int c = j; c < j + QUAD; c++) panel[i * width + c] = from[c * ld + i];
        }
        for (; j < columns; j++)
            for (int64_t i = i0; i < end; i++) panel[i * width + j] = from[j * ld + i];
    }
    if (columns < width)
        for (int64_t i = 0; i < k; i++)
            memset(panel + i * width + columns, 0, (size_t)(width - columns) * sizeof *panel);
}
