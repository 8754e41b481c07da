/* SPDX-License-Identifier: Apache-2.0
 * Matrix product: packing callbacks of plain matrices. */
#include "kernels/gemm.h"

#include <string.h>

#include "kernels/gemm_product.h"
#include "kernels/kernel_set.h"

static void pack_rows(const void *source, gt_pack_a *t) {
    const gt_gemm_args *g = source;
    for (int r = 0; r < t->rows; r++) gt_pack_a_row(t, r, 0, t->k, g->a + (t->row0 + r) * g->lda + t->k0);
}

static void pack_columns(const void *source, gt_pack_a *t) {
    const gt_gemm_args *g = source;
    for (int i = 0; i < t->k; i++)
        memcpy(t->to + (size_t)i * GT_TILE_ROWS, g->a + (t->k0 + i) * g->lda + t->row0,
               (size_t)t->rows * sizeof(float));
}

/* So few columns lie as they would when copied. */
static bool columns_in_place(const gt_gemm_args *g) { return g->transpose_a && g->m <= GT_TILE_ROWS; }

static void point_at_columns(const void *source, gt_pack_a *t) {
    const gt_gemm_args *g = source;
    t->to = (float *)g->a + t->k0 * g->lda + t->row0;
    t->stride = (int)g->lda;
}

static void pack_transposed_b(const void *source, int64_t column, int columns, int width, int64_t k0, int64_t k,
                              float *panel) {
    const gt_gemm_args *g = source;
    gt_pack_transposed(g->b + column * g->ldb + k0, g->ldb, columns, width, k, panel);
}

static gt_product product(const gt_gemm_args *g) {
    return (gt_product){.kernels = gt_kernel_set_or_best(g->kernels)->gemm,
                        .m = g->m,
                        .n = g->n,
                        .k = g->k,
                        .accumulate = g->accumulate,
                        .a_by_k = g->transpose_a,
                        .pack_a = columns_in_place(g) ? point_at_columns
                                  : g->transpose_a    ? pack_columns
                                                      : pack_rows,
                        .a_packed = columns_in_place(g),
                        .a_source = g,
                        .a = g->transpose_a ? NULL : g->a,
                        .lda = g->lda,
                        .b = g->b,
                        .ldb = g->ldb,
                        .pack_b = g->transpose_b ? pack_transposed_b : NULL,
                        .b_source = g,
                        .b_packed = g->b_packed,
                        .c = g->c,
                        .ldc = g->ldc};
}

size_t gt_gemm_packed_floats(const gt_gemm_args *args) {
    return gt_product_packed_floats(gt_kernel_set_or_best(args->kernels)->gemm, args->n, args->k);
}

void gt_gemm_pack_b(const gt_gemm_args *args, gt_pool *pool, float *packed) {
    gt_product p = product(args);
    gt_product_pack_b(&p, pool, packed);
}

size_t gt_gemm_workspace(const gt_gemm_args *args, int threads) {
    gt_product p = product(args);
    return gt_product_workspace(&p, threads);
}

void gt_gemm(const gt_gemm_args *args, gt_pool *pool, void *workspace) {
    gt_product p = product(args);
    gt_product_run(&p, pool, workspace);
}
