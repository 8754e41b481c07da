/* SPDX-License-Identifier: Apache-2.0
 * The blocked matrix product behind every dense kernel: C[m][n] (=|+=) sum over k of A[m][k] B[k][n].
 *
 * Operands are read through callbacks that pack blocks, so that the patches of a convolution are never stored: matrix
 * product, convolution in its three directions and the products of the Winograd domain differ in their callbacks only.
 *
 *   stage of K (all of it, unless B packed would exceed a bound)
 *     pack B into panels of two vectors of columns; tiles = panels                   [pool]
 *     tiles of rows x columns of C                                                   [pool]
 *       blocks of GT_PRODUCT_KC of K: pack the tile's rows of A (stays in L2); panels of B x panels of A,
 *         while what comes next, a panel of B and the next block of A, is fetched into L2
 *
 * Bits: an element of C is the sum, in order, of one chain for each GT_CHAIN of K, whatever m, n and the number of
 * threads. */
#ifndef GANTRY_KERNELS_DOOR_GEMM_PRODUCT_H
#define GANTRY_KERNELS_DOOR_GEMM_PRODUCT_H

#include <stddef.h>

#include "gantry/pool.h"
#include "kernels/gemm_kernels.h"

enum { GT_PRODUCTS_MAX = 100 };
/* of K per block: a tile's block of A (112 x 512 floats, 224 KiB), the next one and two panels of B (64 KiB each) stay
 * in L2; part of the arithmetic */
enum { GT_PRODUCT_KC = 512 };

/* Where a tile's block of A lies: rows [row0, row0 + rows), K [k0, k0 + k). */
typedef struct gt_pack_a {
    int64_t row0, k0;
    int rows;       /* of the tile; a tile begins at a multiple of gt_gemm_kernels.tile_rows */
    int panel_rows; /* of a panel; the last panel of the tile has the rest */
    int k;
    int stride; /* by k: GT_TILE_ROWS, or what a callback that points at packed A says */
    float *to;  /* by k: row r, index k at to[k * stride + r]; chunked: see gt_pack_a_at() */
} gt_pack_a;

/* the tile that begins at row0 of m; its K and place are the caller's to set */
gt_pack_a gt_pack_a_tile(const gt_gemm_kernels *kernels, int64_t row0, int64_t m);
int gt_pack_panel_rows(const gt_pack_a *t, int r); /* rows of the panel that row r of the tile is in */
/* Chunked layout: where row r of the tile has index k, a multiple of GT_CHUNK. The next chunk follows
 * gt_pack_panel_rows() * GT_CHUNK floats on. The block takes rows * (k rounded up to chunks) floats. */
float *gt_pack_a_at(const gt_pack_a *t, int r, int k);
/* Chunked layout: copy `count` floats (NULL: zeros) to indices [k, k + count) of row r of the tile. */
void gt_pack_a_row(const gt_pack_a *t, int r, int k, int count, const float *from);

/* Panels of B. Packed B begins with panel 0; the panel of column j (a multiple of gt_product_panel_columns()) follows
 * at j * k floats, [k][width]. `width` is what the last panel, of fewer columns, is padded to. */
static inline int gt_product_panel_columns(const gt_gemm_kernels *kernels) { return 2 * kernels->lanes; }
static inline int gt_product_panel_width(const gt_gemm_kernels *kernels, int columns) {
    return (columns <= kernels->lanes ? 1 : 2) * kernels->lanes;
}
/* Fill a panel: panel[i * width + j] = from[i * ld + j], or from[j * ld + i], for i < k, j < columns; zeros to `width`.
 */
void gt_pack_rows(const float *from, int64_t ld, int columns, int width, int64_t k, float *panel);
void gt_pack_transposed(const float *from, int64_t ld, int columns, int width, int64_t k, float *panel);

typedef struct gt_product {
    const gt_gemm_kernels *kernels;
    int64_t m, n, k;
    bool accumulate;

    bool a_by_k;                                      /* the layout: by k, or chunked rows */
    void (*pack_a)(const void *source, gt_pack_a *t); /* fill t->to, or point it at where the block lies packed */
    const void *a_source;
    bool a_packed; /* pack_a only points */
    /* NULL, or A is row-major here with row length lda, and C lies at c: few columns read A in place. */
    const float *a;
    int64_t lda;

    /* B: row-major at b with row length ldb, or pack_b != NULL, or all of it packed already (gt_product_pack_b). */
    const float *b;
    int64_t ldb;
    void (*pack_b)(const void *source, int64_t column, int columns, int width, int64_t k0, int64_t k,
                   float *panel); /* [k][width]; zeros past `columns` */
    const void *b_source;
    const float *b_packed;

    /* C: row-major at c with row length ldc, or c_rows != NULL: pointers to the first column of `count` rows. */
    float *c;
    int64_t ldc;
    void (*c_rows)(const void *source, int64_t row0, int count, float **rows);
    const void *c_source;
} gt_product;

/* bytes; reads sizes, and whether b_packed and pack_b are set */
size_t gt_product_workspace(const gt_product *p, int threads);
void gt_product_run(const gt_product *p, gt_pool *pool, void *workspace);

/* Memory that is needed once products are done. */
typedef struct gt_range {
    const float *from;
    int64_t floats;
} gt_range;
gt_range gt_range_of_thread(gt_range r, int64_t begin, int64_t end,
                            int64_t of); /* parts [begin, end) of `of` equal ones */

/* Up to GT_PRODUCTS_MAX products with the same n and layout of A, each with b_packed, as one loop over all their
 * tiles. `soon`: NULL, or GT_PRODUCT_RANGES ranges of memory; with each tile a part of them is fetched, since products
 * hardly wait for memory and the steps after them do. */
enum { GT_PRODUCT_RANGES = 2 };
void gt_product_run_packed(const gt_product *p, int count, gt_pool *pool, void *workspace, const gt_range *soon);

/* Pack all of B once for many products: floats needed, and the packing. */
size_t gt_product_packed_floats(const gt_gemm_kernels *kernels, int64_t n, int64_t k);
void gt_product_pack_b(const gt_product *p, gt_pool *pool, float *packed);

#endif
