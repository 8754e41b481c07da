/* SPDX-License-Identifier: Apache-2.0
 * Algebra: identities that save work. What a rule may change: the sign of a zero (x + 0), and the rounding of products
 * with constants (fewer roundings than before: scale of scale, sum of scaled). Nothing here depends on values at run
 * time. x * 0 stays: it is not 0 for infinities, which must be seen. */
#include <string.h>

#include "graph/door/ops.h"
#include "graph/door/elementwise.h"
#include "graph/door/nodes.h"
#include "graph/door/passes.h"

static bool is_map(const gt_node *n, gt_map_code code) { return n->op == &gt_op_elementwise[code]; }
static float map_constant(const gt_node *n) { return ((const gt_map_attr *)n->attr)->c[0]; }

/* Is n the same constant everywhere? */
static bool uniform(const gt_node *n, float *value) {
    while (n->op == &gt_op_reshape || is_map(n, GT_MAP_broadcast)) n = n->in[0];
    return gt_is_constant_scalar(n, value);
}

/* An element-wise node of uniform inputs is uniform: run it on scalars now. */
static gt_node *fold(gt_graph *g, const gt_node *n, gt_node **in) {
    float value[GT_MAP_MAX_IN], result;
    const float *at[GT_MAP_MAX_IN];
    if (is_map(n, GT_MAP_broadcast)) return NULL;
    for (int i = 0; i < n->n_in; i++) {
        if (!uniform(in[i], &value[i])) return NULL;
        at[i] = &value[i];
    }
    gt_node scalar = {.op = &gt_op_constant}, *scalars[GT_MAP_MAX_IN], one = *n;
    for (int i = 0; i < n->n_in; i++) scalars[i] = &scalar;
    one.in = scalars;
    one.shape = GT_SCALAR;
    n->op->run(&(gt_run){.node = &one, .in = at, .out = &result});
    return gt_filled(g, result, &n->shape);
}

/* x op value, where value is uniform and x has the result's shape. */
static gt_node *with_constant(gt_graph *g, const gt_node *n, gt_node **in) {
    bool product = is_map(n, GT_MAP_mul), plus = is_map(n, GT_MAP_add), minus = is_map(n, GT_MAP_sub);
    if (!product && !plus && !minus) return NULL;
    for (int i = 1; i >= (minus ? 1 : 0); i--) {
        float value;
        gt_node *x = in[1 - i];
        if (!gt_shape_equal(&x->shape, &n->shape) || !uniform(in[i], &value)) continue;
        if (product) return value == 1 ? x : gt_scale(g, x, value);
        return value == 0 ? x : gt_shift(g, x, minus ? -value : value);
    }
    return NULL;
}

/* Multiplication by a constant: its factor; 0: another kind of node. (neg is scale by -1.) */
static float factor_of(const gt_node *n) {
    if (is_map(n, GT_MAP_neg)) return -1;
    return is_map(n, GT_MAP_scale) ? map_constant(n) : 0;
}

static gt_node *scaled(gt_graph *g, gt_node *x, float factor) {
    if (factor == 1) return x;
    return factor == -1 ? gt_neg(g, x) : gt_scale(g, x, factor);
}

static gt_node *map_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    gt_node *r = fold(g, n, in);
    if (!r) r = with_constant(g, n, in);
    if (r) return r;
    gt_node *x = in[0];
    if (is_map(n, GT_MAP_broadcast)) {
        if (gt_shape_equal(&x->shape, &n->shape)) return x;
        return is_map(x, GT_MAP_broadcast) ? gt_broadcast(g, x->in[0], n->shape) : NULL;
    }
    if (is_map(n, GT_MAP_shift) && map_constant(n) == 0) return x;
    float factor = factor_of(n);
    if (factor == 1) return x;
    if (factor && factor_of(x)) return scaled(g, x->in[0], factor * factor_of(x));
    if (n->n_in == 1 && is_map(x, GT_MAP_broadcast)) /* compute before spreading */
        return gt_broadcast(g, gt_node_new(g, n->op, 1, &x->in[0], n->attr, n->attr_bytes), n->shape);
    return NULL;
}

/* The sum of a broadcast: axes along which it repeats become a factor. */
static gt_node *sum_of_broadcast(gt_graph *g, const gt_node *n, gt_node *x, unsigned axes) {
    gt_node *from = x->in[0];
    gt_shape s = {.n = x->shape.n};
    int lead = s.n - from->shape.n;
    double count = 1;
    for (int i = 0; i < s.n; i++) {
        s.d[i] = i < lead ? 1 : from->shape.d[i - lead];
        if (s.d[i] == 1 && axes >> i & 1) {
            count *= (double)x->shape.d[i];
            axes &= ~GT_AXIS(i);
        }
    }
    if (count == 1) return NULL;
    gt_node *y = scaled(g, gt_sum(g, gt_reshape(g, from, s), axes), (float)count);
    return y && gt_shape_equal(&y->shape, &n->shape) ? y : gt_broadcast(g, y, n->shape);
}

static gt_node *sum_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    gt_node *x = in[0];
    unsigned axes = ((const gt_sum_attr *)n->attr)->axes, real = axes;
    for (int i = 0; i < x->shape.n; i++)
        if (x->shape.d[i] == 1) real &= ~GT_AXIS(i);
    if (!real) return x;
    if (x->op == n->op) return gt_sum(g, x->in[0], axes | ((const gt_sum_attr *)x->attr)->axes);
    if (factor_of(x)) return scaled(g, gt_sum(g, x->in[0], axes), factor_of(x));
    return is_map(x, GT_MAP_broadcast) ? sum_of_broadcast(g, n, x, real) : NULL;
}

static gt_node *reshape_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    if (gt_shape_equal(&in[0]->shape, &n->shape)) return in[0];
    return in[0]->op == n->op ? gt_reshape(g, in[0]->in[0], n->shape) : NULL;
}

/* Does the permutation move axes of length 1 alone? */
static bool keeps_order(const gt_shape *s, const int *order) {
    int last = -1;
    for (int i = 0; i < s->n; i++) {
        if (s->d[order[i]] == 1) continue;
        if (order[i] < last) return false;
        last = order[i];
    }
    return true;
}

static gt_node *permute_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    const gt_permute_attr *outer = n->attr;
    int order[GT_MAX_DIMS];
    bool inner = in[0]->op == n->op, moves = false;
    for (int i = 0; i < n->shape.n; i++) {
        order[i] = inner ? ((const gt_permute_attr *)in[0]->attr)->order[outer->order[i]] : outer->order[i];
        moves |= order[i] != i;
    }
    gt_node *x = inner ? in[0]->in[0] : in[0];
    if (!moves) return x;
    if (keeps_order(&x->shape, order)) return gt_reshape(g, x, n->shape);
    return inner ? gt_permute(g, x, order) : NULL;
}

static gt_node *flip_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    unsigned axes = ((const gt_flip_attr *)n->attr)->axes;
    bool inner = in[0]->op == n->op;
    if (inner) axes ^= ((const gt_flip_attr *)in[0]->attr)->axes;
    gt_node *x = inner ? in[0]->in[0] : in[0];
    if (!axes) return x;
    return inner ? gt_flip(g, x, axes) : NULL;
}

static gt_node *pad_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    (void)g;
    const gt_pad_attr *attr = n->attr, nothing = {{{0}}};
    return memcmp(attr, &nothing, sizeof nothing) == 0 ? in[0] : NULL;
}

static gt_node *stop_gradient_rule(gt_graph *g, const gt_node *n, gt_node **in) {
    (void)g, (void)n; /* all differentiation is done */
    return in[0];
}

static const struct {
    const gt_op *op;
    gt_node *(*rule)(gt_graph *g, const gt_node *n, gt_node **in);
} rules[] = {
    {&gt_op_sum, sum_rule},   {&gt_op_reshape, reshape_rule}, {&gt_op_permute, permute_rule},
    {&gt_op_flip, flip_rule}, {&gt_op_pad, pad_rule},         {&gt_op_stop_gradient, stop_gradient_rule},
};

static gt_node *simplify(void *arg, gt_graph *g, const gt_node *n, gt_node **in) {
    (void)arg;
    if (n->op->elementwise) return map_rule(g, n, in);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].op == n->op) return rules[i].rule(g, n, in);
    return NULL;
}

const gt_graph *gt_pass_algebra(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    return gt_rewrite(src, arena, simplify, NULL);
}
