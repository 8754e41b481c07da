/* SPDX-License-Identifier: Apache-2.0
 * A guest: an op, y = x / (1 + |x|). */
#include <math.h>

#include "gantry/ops.h"
#include "graph/ops/op_list.h"

static gt_status softsign_shape(gt_node *n) {
    n->shape = n->in[0]->shape;
    return GT_OK;
}

static void softsign_run(const gt_run *r) {
    int64_t n = gt_shape_size(&r->node->shape);
    for (int64_t i = 0; i < n; i++) r->out[i] = r->in[0][i] / (1 + fabsf(r->in[0][i]));
}

/* dy/dx = 1 / (1 + |x|)^2, made of nodes, so that it has derivatives too. */
static void softsign_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need; /* the only input */
    gt_node *slope = gt_reciprocal(g, gt_square(g, gt_shift(g, gt_abs(g, y->in[0]), 1)));
    dx[0] = gt_mul(g, dy, slope);
}

const gt_op gt_op_softsign = {
    .name = "softsign",
    .min_in = 1,
    .max_in = 1,
    .shape = softsign_shape,
    .vjp = softsign_vjp,
    .run = softsign_run,
};

gt_node *gt_softsign(gt_graph *g, gt_node *x) { return gt_node_new(g, &gt_op_softsign, 1, &x, NULL, 0); }
