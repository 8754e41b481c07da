/* SPDX-License-Identifier: Apache-2.0
 * Max pooling goes before what does not change the order of values: with windows of 2x2 a bias and a rectifier then
 * have a quarter of the work, and so have their derivatives.
 *
 *   pool(ramp(u))               = ramp(pool(u))              a ramp never falls
 *   pool(c + b)                 = pool(c) + b                b: one value for each channel
 *   gate of ramp(u), spread     = spread of the gate         spread: the adjoint of pool, in the maxima of ramp(u)
 *   pick of the gate            = gate of what is picked     the adjoint of that
 *   sum over pixels of a spread = sum of what is spread
 *
 * The pooled values keep their bits, where nothing is infinite. A gradient may go to another pixel of a window if
 * several have the maximum after rounding; where the rectifier made them equal, it is zero. */
#include "graph/door/ops.h"
#include "graph/door/elementwise.h"
#include "graph/door/op_list.h"
#include "graph/door/nodes.h"
#include "graph/door/passes.h"

static bool is_map(const gt_node *n, gt_map_code code) { return n->op == &gt_op_elementwise[code]; }

/* The other of the two terms of x if one is a value for each channel; NULL: x is another kind of sum, or no sum. */
static gt_node *without_bias(const gt_node *x, gt_node **bias) {
    if (!is_map(x, GT_MAP_add)) return NULL;
    for (int i = 1; i >= 0; i--) {
        const gt_shape *b = &x->in[i]->shape, *all = &x->in[1 - i]->shape;
        if (!gt_shape_equal(all, &x->shape) || gt_shape_size(b) != (b->n ? b->d[b->n - 1] : 1)) continue;
        *bias = x->in[i];
        return x->in[1 - i];
    }
    return NULL;
}

/* An image with its maxima in the same places as x. */
static gt_node *same_places(gt_node *x) {
    gt_node *bias, *rest;
    while ((rest = without_bias(x, &bias))) x = rest;
    return x;
}

static gt_node *over(gt_graph *g, const gt_node *n, int n_in, gt_node *const *in) {
    return gt_node_new(g, n->op, n_in, in, n->attr, n->attr_bytes);
}

/* `pool`: a node of pooling in either direction, whose window counts. */
static gt_node *pooled(gt_graph *g, const gt_node *pool, gt_node *x) {
    gt_node *bias, *rest = without_bias(x, &bias);
    if (rest) return gt_add(g, pooled(g, pool, rest), bias);
    if (!is_map(x, GT_MAP_ramp)) return gt_max_pool_with(g, x, *(const gt_max_pool_attr *)pool->attr);
    return over(g, x, 1, (gt_node *[]){pooled(g, pool, x->in[0])});
}

static gt_node *pick_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    gt_node *x = in[0], *gate = in[1];
    if (x == in[1]) return pooled(g, n, x);
    if (!is_map(x, GT_MAP_ramp) || !is_map(gate, GT_MAP_ramp_gate) || gate->in[0] != x)
        return over(g, n, 2, (gt_node *[]){same_places(x), in[1]});
    gt_node *picked = over(g, n, 2, (gt_node *[]){same_places(x->in[0]), gate->in[1]});
    return over(g, gate, 2, (gt_node *[]){pooled(g, n, x), picked});
}

static gt_node *gate_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    gt_node *ramp = in[0], *spread = in[1];
    if (!is_map(ramp, GT_MAP_ramp) || spread->op != &gt_op_max_pool_spread || spread->in[0] != ramp) return NULL;
    gt_node *gated = over(g, n, 2, (gt_node *[]){pooled(g, spread, ramp), spread->in[1]});
    return over(g, spread, 2, (gt_node *[]){same_places(ramp->in[0]), gated});
}

static gt_node *pools(void *arg, gt_graph *g, const gt_node *n, gt_node **in) {
    (void)arg;
    const unsigned pixels = GT_AXIS(1) | GT_AXIS(2);
    if (n->op == &gt_op_max_pool_pick) return pick_rule(g, n, in);
    if (n->op == &gt_op_max_pool_spread) return over(g, n, 2, (gt_node *[]){same_places(in[0]), in[1]});
    if (is_map(n, GT_MAP_ramp_gate)) return gate_rule(g, n, in);
    if (n->op == &gt_op_sum && in[0]->op == &gt_op_max_pool_spread) {
        unsigned axes = ((const gt_sum_attr *)n->attr)->axes;
        if ((axes & pixels) == pixels) return gt_sum(g, in[0]->in[1], axes);
    }
    return NULL;
}

const gt_graph *gt_pass_pools(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    return options->no_fusion ? src : gt_rewrite(src, arena, pools, NULL);
}
