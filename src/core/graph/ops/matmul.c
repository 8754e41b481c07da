/* SPDX-License-Identifier: Apache-2.0
 * Matrix products: [M,K] x [K,N], or one per element of a leading batch dimension.
 *
 * A B that is stored transposed and follows from parameters alone - the weights of a fully connected layer - is packed
 * by a node of its own, a third input: once per update instead of once per slice. The plain B stays an input, for the
 * derivatives. */
#include "graph/door/ops.h"
#include "graph/door/internal.h"
#include "graph/door/op_list.h"
#include "graph/ops/joined.h"
#include "kernels/door/gemm.h"

/* The product of one batch element, without its pointers; the number of them. */
static int64_t product_of(const gt_node *n, gt_gemm_args *g) {
    const gt_matmul_attr *attr = n->attr;
    const gt_shape *a = &n->in[0]->shape, *b = &n->in[1]->shape;
    const int64_t *da = a->d + a->n - 2, *db = b->d + b->n - 2; /* the stored matrices */
    *g = (gt_gemm_args){.kernels = gt_node_kernels(n),
                        .m = da[attr->transpose_a != 0],
                        .k = da[attr->transpose_a == 0],
                        .n = db[attr->transpose_b == 0],
                        .transpose_a = attr->transpose_a,
                        .transpose_b = attr->transpose_b,
                        .lda = da[1],
                        .ldb = db[1]};
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
        return gt_fail(GT_USAGE,
                       "a matrix product of %s%s and %s%s is not possible: give [M,K] and [K,N], or the same with one "
                       "leading batch dimension",
                       gt_shape_text(a, ta), attr->transpose_a ? " transposed" : "", gt_shape_text(b, tb),
                       attr->transpose_b ? " transposed" : "");
    return GT_OK;
}

/* With C = op(A) op(B): d op(A) = dC op(B)^T and d op(B) = op(A)^T dC, transposed when A or B is stored so. */
static void matmul_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const gt_matmul_attr *attr = y->attr;
    gt_node *a = y->in[0], *b = y->in[1];
    bool ta = attr->transpose_a, tb = attr->transpose_b;
    if (need[0])
        dx[0] = ta ? gt_matmul(g, b, dy, .transpose_a = tb, .transpose_b = true)
                   : gt_matmul(g, dy, b, .transpose_b = !tb);
    if (need[1])
        dx[1] = tb ? gt_matmul(g, dy, a, .transpose_a = true, .transpose_b = ta)
                   : gt_matmul(g, a, dy, .transpose_a = !ta);
}

static size_t matmul_workspace(const gt_node *n, int threads) {
    static const float set; /* only whether B is packed matters */
    gt_gemm_args g;
    product_of(n, &g);
    if (n->n_in > 2) g.b_packed = &set;
    return gt_gemm_workspace(&g, threads);
}

static void matmul_run(const gt_run *r) {
    gt_gemm_args g;
    int64_t batch = product_of(r->node, &g);
    if (r->node->n_in > 2) g.b_packed = r->in[2];
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

/* The plain B when there is a packed one. */
static unsigned matmul_unread(const gt_node *n) { return n->n_in > 2 ? 1u << 1 : 0; }

/* Rows of A are samples, or elements of the batch dimension are; where samples are summed over, slices stay apart. */
static gt_node *matmul_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    const gt_matmul_attr *attr = n->attr;
    if (n->shape.n == 3) return gt_slices_by_rows(g, n, slices, in, shared, 1 | 2);
    return attr->transpose_a ? NULL : gt_slices_by_rows(g, n, slices, in, shared, 1);
}

const gt_op gt_op_matmul = {
    .name = "matmul",
    .min_in = 2,
    .max_in = 3,
    .shape = matmul_shape,
    .vjp = matmul_vjp,
    .run = matmul_run,
    .workspace = matmul_workspace,
    .cost = matmul_cost,
    .unread = matmul_unread,
    .ahead = 2,
    .joined = matmul_joined,
};

/* ---- packed B: the input is stored [N,K] ---- */

static gt_gemm_args packing_of(const gt_node *n) {
    const int64_t *d = n->in[0]->shape.d;
    return (gt_gemm_args){.kernels = gt_node_kernels(n), .n = d[0], .k = d[1], .ldb = d[1], .transpose_b = true};
}

static gt_status pack_shape(gt_node *n) {
    gt_gemm_args g = packing_of(n);
    n->shape = GT_SHAPE((int64_t)gt_gemm_packed_floats(&g));
    return GT_OK;
}

static void pack_run(const gt_run *r) {
    gt_gemm_args g = packing_of(r->node);
    g.b = r->in[0];
    gt_gemm_pack_b(&g, r->pool, r->out);
}

const gt_op gt_op_matmul_pack = {
    .name = "matmul_pack", .min_in = 1, .shape = pack_shape, .not_differentiable = true, .run = pack_run};

static gt_node *packed_b(gt_graph *g, gt_node *b) {
    gt_node *n = gt_node_new(g, &gt_op_matmul_pack, 1, &b, NULL, 0);
    if (n) gt_node_rename(n, "packed %s", b->name);
    return n;
}

gt_node *gt_matmul_with(gt_graph *g, gt_node *a, gt_node *b, gt_matmul_attr attr) {
    attr.transpose_a = attr.transpose_a != 0;
    attr.transpose_b = attr.transpose_b != 0;
    gt_node *in[3] = {a, b, NULL};
    int n_in = 2;
    if (a && b && attr.transpose_b && a->shape.n == 2 && b->shape.n == 2 && a->rate == GT_RATE_SLICE &&
        b->rate == GT_RATE_UPDATE) {
        bool ta = attr.transpose_a;
        gt_gemm_args sizes = {.kernels = g->kernels,
                              .m = a->shape.d[ta],
                              .n = b->shape.d[0],
                              .k = a->shape.d[!ta],
                              .transpose_a = ta,
                              .transpose_b = true,
                              .ldc = b->shape.d[0]};
        if (!gt_gemm_turns(&sizes)) in[n_in++] = packed_b(g, b);
    }
    return gt_node_new(g, &gt_op_matmul, n_in, in, &attr, sizeof attr);
}
