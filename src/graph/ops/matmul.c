/* SPDX-License-Identifier: Apache-2.0
 * Matrix products: [M,K] x [K,N], or one per element of a leading batch dimension. */
#include "gantry/ops.h"
#include "graph/ops/op_list.h"
#include "kernels/gemm.h"

/* The product of one batch element, without its pointers; the number of them. */
static int64_t product_of(const gt_node *n, gt_gemm_args *g) {
    const gt_matmul_attr *attr = n->attr;
    const gt_shape *a = &n->in[0]->shape, *b = &n->in[1]->shape;
    const int64_t *da = a->d + a->n - 2, *db = b->d + b->n - 2; /* the stored matrices */
    *g = (gt_gemm_args){.m = da[attr->transpose_a != 0], .k = da[attr->transpose_a == 0], .n = db[attr->transpose_b == 0],
                        .transpose_a = attr->transpose_a, .transpose_b = attr->transpose_b, .lda = da[1], .ldb = db[1]};
    g->ldc = g->n;
    return a->n == 3 ? a->d[0] : 1;
}

static gt_status matmul_shape(gt_node *n) {
    const gt_matmul_attr *attr = n->attr;
    const gt_shape *a = &n->in[0]->shape, *b = &n->in[1]->shape;
    char ta[96], tb[96];
    bool fits = a->n == b->n && (a->n == 2 || (a->n == 3 && a->d[0] == b->d[0]));
    if (fits) {
        gt_gemm_args g;
        product_of(n, &g);
        fits = g.k == b->d[b->n - 2 + (attr->transpose_b != 0)];
        n->shape = a->n == 3 ? GT_SHAPE(a->d[0], g.m, g.n) : GT_SHAPE(g.m, g.n);
    }
    if (!fits)
        return gt_fail(GT_USAGE, "a matrix product of %s%s and %s%s is not possible: give [M,K] and [K,N], or the same with one leading batch dimension",
                       gt_shape_text(a, ta), attr->transpose_a ? " transposed" : "", gt_shape_text(b, tb),
                       attr->transpose_b ? " transposed" : "");
    return GT_OK;
}

/* With C = op(A) op(B): d op(A) = dC op(B)^T and d op(B) = op(A)^T dC, transposed when A or B is stored so. */
static void matmul_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const gt_matmul_attr *attr = y->attr;
    gt_node *a = y->in[0], *b = y->in[1];
    bool ta = attr->transpose_a, tb = attr->transpose_b;
    if (need[0]) dx[0] = ta ? gt_matmul(g, b, dy, .transpose_a = tb, .transpose_b = true) : gt_matmul(g, dy, b, .transpose_b = !tb);
    if (need[1]) dx[1] = tb ? gt_matmul(g, dy, a, .transpose_a = true, .transpose_b = ta) : gt_matmul(g, a, dy, .transpose_a = !ta);
}

static size_t matmul_workspace(const gt_node *n, int threads) {
    gt_gemm_args g;
    product_of(n, &g);
    return gt_gemm_workspace(&g, threads);
}

static void matmul_run(const gt_run *r) {
    gt_gemm_args g;
    int64_t batch = product_of(r->node, &g);
    for (int64_t i = 0; i < batch; i++) {
        g.a = r->in[0] + i * g.m * g.k;
        g.b = r->in[1] + i * g.k * g.n;
        g.c = r->out + i * g.m * g.n;
        gt_gemm(&g, r->pool, r->workspace);
    }
}

static void matmul_cost(const gt_node *n, double *flops, double *bytes) {
    gt_gemm_args g;
    double batch = (double)product_of(n, &g), m = (double)g.m, k = (double)g.k, columns = (double)g.n;
    *flops = 2 * batch * m * k * columns;
    *bytes = 4 * batch * (m * k + k * columns + m * columns);
}

const gt_op gt_op_matmul = {
    .name = "matmul",
    .min_in = 2,
    .max_in = 2,
    .shape = matmul_shape,
    .vjp = matmul_vjp,
    .run = matmul_run,
    .workspace = matmul_workspace,
    .cost = matmul_cost,
};

gt_node *gt_matmul_with(gt_graph *g, gt_node *a, gt_node *b, gt_matmul_attr attr) {
    attr.transpose_a = attr.transpose_a != 0;
    attr.transpose_b = attr.transpose_b != 0;
    return gt_node_new(g, &gt_op_matmul, 2, (gt_node *[]){a, b}, &attr, sizeof attr);
}
