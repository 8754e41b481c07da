/* SPDX-License-Identifier: Apache-2.0
 * Average pooling over non-overlapping windows, and its adjoint. */
#include "gantry/ops.h"
#include "graph/ops/op_list.h"
#include "kernels/pooling.h"

typedef struct pool_attr {
    int32_t size, adjoint;
} pool_attr;

static gt_node *make(gt_graph *g, gt_node *x, int size, bool adjoint) {
    return gt_node_new(g, adjoint ? &gt_op_avg_pool_adjoint : &gt_op_avg_pool, 1, &x, &(pool_attr){size, adjoint}, sizeof(pool_attr));
}

static gt_status pool_shape(gt_node *n) {
    const pool_attr *a = n->attr;
    const gt_shape *x = &n->in[0]->shape;
    char text[96];
    if (x->n != 4) return gt_fail(GT_USAGE, "pooling needs images [N,H,W,C]; this is %s", gt_shape_text(x, text));
    if (a->size < 1) return gt_fail(GT_USAGE, "pooling windows of size %d; at least 1", a->size);
    if (!a->adjoint && (x->d[1] % a->size || x->d[2] % a->size))
        return gt_fail(GT_USAGE, "%s cannot be cut into windows of %d x %d", gt_shape_text(x, text), a->size, a->size);
    n->shape = *x;
    for (int i = 1; i <= 2; i++) n->shape.d[i] = a->adjoint ? x->d[i] * a->size : x->d[i] / a->size;
    return GT_OK;
}

static void pool_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const pool_attr *a = y->attr;
    if (need[0]) dx[0] = make(g, dy, a->size, !a->adjoint);
}

static void pool_run(const gt_run *r) {
    const pool_attr *a = r->node->attr;
    const int64_t *pooled = (a->adjoint ? r->node->in[0] : r->node)->shape.d;
    (a->adjoint ? gt_avg_pool_adjoint_run : gt_avg_pool_run)(pooled[0], pooled[1], pooled[2], pooled[3], a->size, r->pool, r->in[0], r->out);
}

const gt_op gt_op_avg_pool = {.name = "avg_pool", .rows = 1, .min_in = 1, .max_in = 1, .shape = pool_shape, .vjp = pool_vjp, .run = pool_run};
const gt_op gt_op_avg_pool_adjoint = {
    .name = "avg_pool_adjoint", .rows = 1, .min_in = 1, .max_in = 1, .shape = pool_shape, .vjp = pool_vjp, .run = pool_run};

gt_node *gt_avg_pool(gt_graph *g, gt_node *x, int size) { return make(g, x, size, false); }
gt_node *gt_avg_pool_adjoint(gt_graph *g, gt_node *y, int size) { return make(g, y, size, true); }
