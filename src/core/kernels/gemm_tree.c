/* SPDX-License-Identifier: Apache-2.0
 * The tree over slices within tiles of a product (slice_tree.h). All of B is packed; the pool runs over tiles of C. A
 * tile goes over blocks of slices, as many as their rows of A fit the second-level cache. In a block each piece of the
 * tile, of as many rows and columns as the micro-kernel has registers for, meets all slices of the block: its nodes
 * stay in the first-level cache. Where there are several blocks, the nodes of a tile that are waiting for their right
 * sibling lie in the second-level cache. */
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/slice_tree.h"

enum {
    MOST_PACKED = 2 << 20, /* floats of packed B: 8 MiB */
    MOST_SLICES = 64,      /* at once */
    BLOCK_LEVELS = 4,      /* a block has up to 16 slices: five pieces of 1.75 KiB in the first-level cache */
    PIECE = GT_MICRO_ROWS * 32,
    WIDE = 512, /* columns of a tile of one block */
    NARROW = 128,
    FEW_TILES = 8, /* fewer tiles of rows than this: cut the columns finer for the threads */
};

typedef struct layout {
    int levels;        /* of the tree within a block */
    int blocks, above; /* levels above the blocks */
    int64_t tile_columns, row_tiles, column_tiles;
    int64_t pieces; /* of a tile */
} layout;

int gt_product_tree_most(const gt_gemm_kernels *kernels, int64_t n, int64_t k) {
    if (k < 1 || k > GT_PRODUCT_KC) return 0;
    int most = 1;
    while (2 * most <= MOST_SLICES && (int64_t)gt_product_packed_floats(kernels, n, 2 * most * k) <= MOST_PACKED)
        most *= 2;
    return most;
}

static layout layout_of(const gt_product_tree *t) {
    const gt_product *p = &t->product;
    layout l = {.row_tiles = gt_pieces(p->m, p->kernels->tile_rows)};
    while (l.levels < BLOCK_LEVELS && (2l << l.levels) * p->k <= GT_PRODUCT_KC && 1 << l.levels < t->slices) l.levels++;
    l.blocks = (int)gt_pieces(t->slices, 1 << l.levels);
    while ((l.blocks - 1) >> l.above) l.above++;
    l.tile_columns = l.blocks > 1 || l.row_tiles < FEW_TILES ? NARROW : WIDE;
    l.column_tiles = gt_pieces(p->n, l.tile_columns);
    l.pieces = gt_pieces(p->kernels->tile_rows, p->kernels->rows) *
               gt_pieces(l.tile_columns, gt_product_panel_columns(p->kernels));
    return l;
}

/* Floats of a worker: a block of A, and the nodes above blocks. */
static size_t worker_floats(const layout *l) {
    return (size_t)GT_PRODUCT_KC * GT_TILE_ROWS + (size_t)(l->above * l->pieces) * PIECE;
}

size_t gt_product_tree_workspace(const gt_product_tree *t, int threads) {
    layout l = layout_of(t);
    return (gt_product_packed_floats(t->product.kernels, t->product.n, t->slices * t->product.k) +
            (size_t)threads * worker_floats(&l)) *
           sizeof(float);
}

typedef struct job {
    const gt_product_tree *tree;
    layout l;
    const float *b;
    float *workers;
} job;

/* The piece at work. */
typedef struct piece {
    int64_t row, column;
    int rows, columns, width; /* width: floats from row to row */
    const float *a, *b;       /* of the block's first slice */
    int64_t a_step;
    float *above; /* [levels above][pieces of the tile]: this piece's */
} piece;

static void store(const gt_product *p, const piece *z, const float *v) {
    for (int r = 0; r < z->rows; r++, v += z->width)
        memcpy(p->c + (z->row + r) * p->ldc + z->column, v, (size_t)z->columns * sizeof *v);
}

/* All slices of a block. */
static void piece_of_block(const job *j, const piece *z, int first, int count) {
    const gt_product_tree *t = j->tree;
    const gt_product *p = &t->product;
    const layout *l = &j->l;
    float room[BLOCK_LEVELS + 1][PIECE] __attribute__((aligned(64)));
    float *node[BLOCK_LEVELS + 1], *v = room[BLOCK_LEVELS], *rows[GT_MICRO_ROWS];
    int64_t n = (int64_t)z->rows * z->width, step = l->pieces * PIECE;
    gt_fetch nothing = {0};
    gt_micro_fn *micro = p->kernels->micro[true][z->width / p->kernels->lanes - 1][z->rows];
    const bool plain = p->k <= GT_CHAIN && gt_leaf_is_product(t->leaf);
    for (int i = 0; i < BLOCK_LEVELS; i++) node[i] = room[i];
    for (int i = 0; i < count; i++) {
        int slice = first + i, carries = __builtin_ctz(~(unsigned)slice);
        bool last = slice + 1 == t->slices, onto = plain && i & 1; /* the micro-kernel adds to the left sibling */
        if (onto) {
            float *left = node[0];
            node[0] = v;
            v = left;
        }
        for (int r = 0; r < z->rows; r++) rows[r] = v + r * z->width;
        micro(p->k, z->a + i * p->k * z->a_step, z->a_step, z->b + i * p->k * z->width, z->width, rows, 0, z->width,
              onto, &nothing);
        if (!plain) gt_leaf_finish(t->leaf, t->first + slice, z->row, z->column, z->rows, z->columns, v, z->width);
        int level = onto;
        for (; last ? slice >> level : level < carries; level++)
            if (slice >> level & 1)
                gt_tree_add(v, level < l->levels ? node[level] : z->above + (level - l->levels) * step, n);
        if (last) {
            store(p, z, v);
        } else if (level < l->levels) {
            float *free = node[level];
            node[level] = v;
            v = free;
        } else {
            memcpy(z->above + (level - l->levels) * step, v, (size_t)n * sizeof *v);
        }
    }
}

static void tree_tile(void *arg, int tile, int worker) {
    const job *j = arg;
    const gt_product_tree *t = j->tree;
    const gt_product *p = &t->product;
    const layout *l = &j->l;
    float *own = j->workers + (size_t)worker * worker_floats(l), *above = own + (size_t)GT_PRODUCT_KC * GT_TILE_ROWS;
    int64_t column0 = tile % l->column_tiles * l->tile_columns, end = gt_smallest(column0 + l->tile_columns, p->n);
    int panel = gt_product_panel_columns(p->kernels);
    for (int first = 0; first < t->slices; first += 1 << l->levels) {
        int count = (int)gt_smallest(1 << l->levels, t->slices - first);
        gt_pack_a a = gt_pack_a_tile(p->kernels, tile / l->column_tiles * p->kernels->tile_rows, p->m);
        a.k0 = first * p->k;
        a.k = (int)(count * p->k);
        a.to = own;
        p->pack_a(p->a_source, &a);
        float *waiting = above;
        for (int64_t column = column0; column < end; column += panel) {
            int columns = (int)gt_smallest(panel, p->n - column), width = gt_product_panel_width(p->kernels, columns);
            const float *b = j->b + (column * t->slices + (int64_t)first * width) * p->k;
            for (int r = 0; r < a.rows; r += a.panel_rows, waiting += PIECE) {
                piece z = {.row = a.row0 + r,
                           .column = column,
                           .rows = gt_pack_panel_rows(&a, r),
                           .columns = columns,
                           .width = width,
                           .a = a.to + r,
                           .a_step = a.stride,
                           .b = b,
                           .above = waiting};
                piece_of_block(j, &z, first, count);
            }
        }
    }
}

void gt_product_tree_run(const gt_product_tree *t, gt_pool *pool, void *workspace) {
    gt_product all = t->product; /* B of all slices */
    all.k *= t->slices;
    job j = {.tree = t, .l = layout_of(t), .b = workspace};
    j.workers = (float *)workspace + gt_product_packed_floats(all.kernels, all.n, all.k);
    gt_product_pack_b(&all, pool, workspace);
    gt_pool_run(pool, (int)(j.l.row_tiles * j.l.column_tiles), tree_tile, &j);
}
