/* SPDX-License-Identifier: Apache-2.0
 * Matrix product: packing callbacks of plain matrices. */
#include "kernels/door/gemm.h"

#include <string.h>

#include "base/door/numbers.h"
#include "kernels/door/gemm_product.h"
#include "kernels/door/kernel_set.h"

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

/* A B^T is the transpose of B A^T, with the same sums: it takes fewer vectors where the rows of A fill them and those
 * of B do not. The result is small enough to be turned in the cache. */
enum { TURNED_LEAST = 64, TURNED_DEPTH = 256, TURNED_MOST = 1 << 15 };

bool gt_gemm_turns(const gt_gemm_args *g) {
    int64_t lanes = gt_kernel_set_or_best(g->kernels)->gemm->lanes, plain = g->m * gt_round_up(g->n, lanes),
            turned = g->n * gt_round_up(g->m, lanes);
    return !g->transpose_a && g->transpose_b && !g->accumulate && g->ldc == g->n && g->m >= TURNED_LEAST &&
           g->n >= TURNED_LEAST && g->k >= TURNED_DEPTH && g->m * g->n <= TURNED_MOST && turned + turned / 16 < plain;
}

/* `c`: where the turned result goes */
static gt_gemm_args turned(const gt_gemm_args *g, float *c) {
    gt_gemm_args t = *g;
    t.m = g->n, t.n = g->m;
    t.a = g->b, t.b = g->a;
    t.lda = g->ldb, t.ldb = g->lda;
    t.c = c, t.ldc = g->m;
    return t;
}

static size_t turned_bytes(const gt_gemm_args *g) { return (size_t)gt_round_up(g->m * g->n, 16) * sizeof(float); }

size_t gt_gemm_packed_floats(const gt_gemm_args *args) {
    return gt_product_packed_floats(gt_kernel_set_or_best(args->kernels)->gemm, args->n, args->k);
}

void gt_gemm_pack_b(const gt_gemm_args *args, gt_pool *pool, float *packed) {
    gt_product p = product(args);
    gt_product_pack_b(&p, pool, packed);
}

size_t gt_gemm_workspace(const gt_gemm_args *args, int threads) {
    bool turns = !args->b_packed && gt_gemm_turns(args);
    gt_gemm_args t = turns ? turned(args, NULL) : *args;
    gt_product p = product(&t);
    return (turns ? turned_bytes(args) : 0) + gt_product_workspace(&p, threads);
}

void gt_gemm(const gt_gemm_args *args, gt_pool *pool, void *workspace) {
    bool turns = !args->b_packed && gt_gemm_turns(args);
    gt_gemm_args t = turns ? turned(args, workspace) : *args;
    gt_product p = product(&t);
    gt_product_run(&p, pool, (char *)workspace + (turns ? turned_bytes(args) : 0));
    if (turns) gt_pack_transposed(t.c, t.ldc, (int)args->n, (int)args->n, args->m, args->c);
}
