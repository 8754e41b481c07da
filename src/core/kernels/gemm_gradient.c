/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a matrix product's weights over several slices (gemm.h): K is [slices][parts][samples]. */
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/door/gemm.h"
#include "kernels/door/kernel_set.h"

typedef struct job {
    gt_gemm_args one;
    int parts;
    const float *const *a, *const *b;
    const gt_leaf *leaf;
    gt_pool *pool;
    void *workspace;
    int first; /* slice of the call */
} job;

/* Row `k` of K among all slices: its part, and its row there. */
static int part_of(const job *j, int64_t k, int64_t *row) {
    int64_t number = k / j->one.k;
    *row = (number / j->parts + j->first) * j->one.k + k % j->one.k;
    return (int)(number % j->parts);
}

static void pack_a(const void *source, gt_pack_a *t) {
    const job *j = source;
    for (int64_t i = 0, row; i < t->k; i++) {
        int part = part_of(j, t->k0 + i, &row);
        memcpy(t->to + i * GT_TILE_ROWS, j->a[part] + row * j->one.m + t->row0, (size_t)t->rows * sizeof *t->to);
    }
}

static void pack_b(const void *source, int64_t column, int columns, int width, int64_t k0, int64_t k, float *panel) {
    const job *j = source;
    for (int64_t i = 0, row; i < k; i++, panel += width) {
        int part = part_of(j, k0 + i, &row);
        gt_pack_rows(j->b[part] + row * j->one.n + column, j->one.n, columns, width, 1, panel);
    }
}

static gt_product_tree in_tiles(const job *j, int slices, float *to) {
    return (gt_product_tree){.product = {.kernels = gt_kernel_set_or_best(j->one.kernels)->gemm,
                                         .m = j->one.m,
                                         .n = j->one.n,
                                         .k = j->one.k * j->parts,
                                         .a_by_k = true,
                                         .pack_a = pack_a,
                                         .a_source = j,
                                         .pack_b = pack_b,
                                         .b_source = j,
                                         .c = to,
                                         .ldc = j->one.n},
                             .slices = slices,
                             .first = j->first,
                             .leaf = j->leaf};
}

static void several(void *arg, int first, int count, int worker, float *to) {
    (void)worker;
    job *j = arg;
    j->first = first;
    gt_product_tree t = in_tiles(j, count, to);
    gt_product_tree_run(&t, j->pool, j->workspace);
}

static gt_gemm_args product_of(const job *j) {
    gt_gemm_args g = j->one;
    g.transpose_a = true;
    g.lda = g.m, g.ldb = g.ldc = g.n;
    return g;
}

static void part(void *arg, int slice, int number, int worker, float *to) {
    (void)worker;
    const job *j = arg;
    gt_gemm_args g = product_of(j);
    g.a = j->a[number] + slice * g.k * g.m;
    g.b = j->b[number] + slice * g.k * g.n;
    g.c = to;
    gt_gemm(&g, j->pool, j->workspace);
}

static gt_slice_tree in_memory(const gt_gemm_args *one, int slices, int parts, bool apart) {
    const gt_gemm_kernels *kernels = gt_kernel_set_or_best(one->kernels)->gemm;
    return (gt_slice_tree){.slices = slices,
                           .parts = parts,
                           .apart = apart,
                           .rows = one->m,
                           .columns = one->n,
                           .at_once = gt_product_tree_most(kernels, one->n, parts * one->k),
                           .part = part,
                           .several = several,
                           .each = 1};
}

/* The buffers lie behind the product's workspace. */
static size_t own_workspace(const job *j, const gt_slice_tree *t, int threads) {
    gt_gemm_args g = product_of(j);
    gt_product_tree tiles = in_tiles(j, gt_slice_tree_width(t), NULL);
    size_t bytes = t->at_once ? gt_product_tree_workspace(&tiles, threads) : gt_gemm_workspace(&g, threads);
    return (bytes + 63) / 64 * 64;
}

size_t gt_gemm_gradient_workspace(const gt_gemm_args *one, int slices, int parts, bool apart, int threads) {
    job j = {.one = *one, .parts = parts};
    gt_slice_tree t = in_memory(one, slices, parts, apart);
    return own_workspace(&j, &t, threads) + gt_slice_tree_floats(&t) * sizeof(float);
}

void gt_gemm_gradient(const gt_gemm_args *one, int slices, int parts, bool apart, const float *const *a,
                      const float *const *b, const gt_leaf *leaf, gt_pool *pool, void *workspace, float *out) {
    job j = {*one, parts, a, b, leaf, pool, workspace, 0};
    gt_slice_tree t = in_memory(one, slices, parts, apart);
    t.leaf = leaf;
    t.arg = &j;
    gt_slice_tree_run(&t, pool, (float *)((char *)workspace + own_workspace(&j, &t, gt_pool_threads(pool))), out);
}
