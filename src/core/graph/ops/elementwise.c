/* SPDX-License-Identifier: Apache-2.0
 * Element-wise ops: builders, shapes, derivatives. */
#include "graph/door/elementwise.h"

#include <math.h>
#include <string.h>

#include "graph/door/internal.h"
#include "graph/door/ops.h"
#include "graph/ops/joined.h"

/* ---- shapes ---- */

/* Broadcast `s` with `other`: leading 1s are added to the shorter, dimensions agree or are 1. */
static bool broadcast_shape(gt_shape *s, const gt_shape *other) {
    gt_shape r = {.n = s->n > other->n ? s->n : other->n};
    for (int i = 1; i <= r.n; i++) {
        int64_t a = i <= s->n ? s->d[s->n - i] : 1, b = i <= other->n ? other->d[other->n - i] : 1;
        if (a != b && a != 1 && b != 1) return false;
        r.d[r.n - i] = a == 1 ? b : a;
    }
    *s = r;
    return true;
}

static gt_status map_shape(gt_node *n) {
    const gt_map_attr *attr = n->attr;
    gt_shape s = attr->has_shape ? attr->shape : GT_SCALAR;
    char a[96], b[96];
    for (int i = 0; i < n->n_in; i++)
        if (!broadcast_shape(&s, &n->in[i]->shape))
            return gt_fail(GT_USAGE, "shapes %s and %s cannot be broadcast against each other (input '%s')",
                           gt_shape_text(&s, a), gt_shape_text(&n->in[i]->shape, b), n->in[i]->name);
    if (attr->has_shape && !gt_shape_equal(&s, &attr->shape))
        return gt_fail(GT_USAGE, "shape %s cannot be broadcast to %s", gt_shape_text(&n->in[0]->shape, a),
                       gt_shape_text(&attr->shape, b));
    n->shape = s;
    return GT_OK;
}

static gt_status fused_shape(gt_node *n) {
    const gt_map_program *p = n->attr;
    n->shape = p->shape;
    return GT_OK;
}

/* ---- builders ---- */

static gt_node *map(gt_graph *g, gt_map_code code, int n_in, gt_node *const *in, float c0, float c1, float c2) {
    gt_map_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.c[0] = c0;
    attr.c[1] = c1;
    attr.c[2] = c2;
    return gt_node_new(g, &gt_op_elementwise[code], n_in, in, &attr, sizeof attr);
}

static gt_node *unary(gt_graph *g, gt_map_code code, gt_node *x) { return map(g, code, 1, &x, 0, 0, 0); }
static gt_node *unary_with(gt_graph *g, gt_map_code code, gt_node *x, float c) { return map(g, code, 1, &x, c, 0, 0); }
static gt_node *binary(gt_graph *g, gt_map_code code, gt_node *a, gt_node *b) {
    return map(g, code, 2, (gt_node *[]){a, b}, 0, 0, 0);
}

#define GT_UNARY(id, builder, ...) \
    gt_node *builder(gt_graph *g, gt_node *x) { return unary(g, GT_MAP_##id, x); }
#define GT_UNARY_WITH(id, builder, ...) \
    gt_node *builder(gt_graph *g, gt_node *x, float c0) { return unary_with(g, GT_MAP_##id, x, c0); }
#define GT_BINARY(id, builder, ...) \
    gt_node *builder(gt_graph *g, gt_node *a, gt_node *b) { return binary(g, GT_MAP_##id, a, b); }
#include "graph/door/elementwise_ops.h"

gt_node *gt_select(gt_graph *g, gt_node *mask, gt_node *a, gt_node *b) {
    return map(g, GT_MAP_select, 3, (gt_node *[]){mask, a, b}, 0, 0, 0);
}
gt_node *gt_sign(gt_graph *g, gt_node *x) { return unary(g, GT_MAP_sign, x); }
gt_node *gt_greater(gt_graph *g, gt_node *x, float bound) { return unary_with(g, GT_MAP_greater, x, bound); }
gt_node *gt_elu(gt_graph *g, gt_node *x) { return unary_with(g, GT_MAP_elu, x, 1); }

/* clamp(gain (x > 0 ? x : alpha x)). With alpha >= 0 and gain > 0 the result's sign tells which side x was on, so its
 * derivative needs the result alone: one buffer less, and the same rule as the published one. */
static gt_node *ramp(gt_graph *g, gt_node *x, float alpha, float gain, float limit) {
    if (!(alpha >= 0) || !(gain > 0) || !(limit >= 0))
        return gt_graph_fault(g,
                              "activation of '%s': slope %g, gain %g, limit %g; slope and limit must not be negative, "
                              "the gain must be positive",
                              gt_node_name(x), (double)alpha, (double)gain, (double)limit);
    bool straight = alpha == 1 && isinf(limit); /* its derivative needs no result at all */
    return straight ? gt_scale(g, x, gain) : map(g, GT_MAP_ramp, 1, &x, alpha, gain, limit);
}

gt_node *gt_leaky_relu(gt_graph *g, gt_node *x, float alpha) { return ramp(g, x, alpha, 1, INFINITY); }

gt_node *gt_broadcast(gt_graph *g, gt_node *x, gt_shape shape) {
    gt_map_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.has_shape = 1;
    gt_shape_store(&attr.shape, &shape);
    return gt_node_new(g, &gt_op_elementwise[GT_MAP_broadcast], 1, &x, &attr, sizeof attr);
}

gt_node *gt_filled(gt_graph *g, float value, const gt_shape *shape) {
    gt_node *n = gt_scalar(g, value);
    return shape->n ? gt_broadcast(g, n, *shape) : n;
}

/* ---- activations ---- */

#define SQRT2 1.41421356237309504880f
#define SELU_SCALE 1.0507009873554804934f
#define SELU_ALPHA 1.6732632423543772848f

static gt_node *selu(gt_graph *g, gt_node *x) {
    return gt_scale(g, unary_with(g, GT_MAP_elu, x, SELU_ALPHA), SELU_SCALE);
}

gt_node *gt_swish(gt_graph *g, gt_node *x) { return gt_mul(g, x, gt_sigmoid(g, x)); }

/* An activation is a curve, or a ramp, which gain and clamp are too. */
static const struct row {
    gt_activation activation;
    float slope;                                /* of the ramp; < 0: alpha */
    gt_node *(*curve)(gt_graph *g, gt_node *x); /* NULL: none */
} activations[] = {
    {{"linear", 0, 1}, 1, NULL},     {{"relu", 0, SQRT2}, 0, NULL},        {{"lrelu", 0.2f, SQRT2}, -1, NULL},
    {{"tanh", 0, 1}, 1, gt_tanh_op}, {{"sigmoid", 0, 1}, 1, gt_sigmoid},   {{"elu", 0, 1}, 1, gt_elu},
    {{"selu", 0, 1}, 1, selu},       {{"softplus", 0, 1}, 1, gt_softplus}, {{"swish", 0, SQRT2}, 1, gt_swish},
};

static const struct row *find_row(const char *name) {
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (strcmp(activations[i].activation.name, name) == 0) return &activations[i];
    return NULL;
}

const gt_activation *gt_activation_find(const char *name) {
    const struct row *r = find_row(name);
    return r ? &r->activation : NULL;
}

gt_node *gt_bias_act(gt_graph *g, gt_node *x, gt_node *b, const char *activation, float alpha, float gain,
                     float clamp) {
    const struct row *a = find_row(activation);
    if (!a)
        return gt_graph_fault(
            g, "activation of '%s': '%s' is unknown; known are linear relu lrelu tanh sigmoid elu selu softplus swish",
            gt_node_name(x), activation);
    gt_node *y = b ? gt_add(g, x, b) : x;
    if (a->curve) y = a->curve(g, y);
    float slope = a->slope >= 0 ? a->slope : alpha < 0 ? a->activation.alpha : alpha;
    if (gain <= 0) gain = a->activation.gain;
    bool plain = slope == 1 && gain == 1 && clamp < 0;
    return plain ? y : ramp(g, y, slope, gain, clamp < 0 ? INFINITY : clamp);
}

/* ---- derivatives: dx[i] from y and dy, then summed down to the shape of in[i] ---- */

#define VJP(id) static void vjp_##id(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx)
/* An op of one input, which has y's shape. */
#define SLOPE_VJP(id, slope)                             \
    VJP(id) {                                            \
        gt_node *x = y->in[0];                           \
        float c0 = ((const gt_map_attr *)y->attr)->c[0]; \
        (void)g, (void)x, (void)c0;                      \
        if (need[0]) dx[0] = (slope);                    \
    }
#define GT_UNARY(id, builder, flops, onnx, value, slope) SLOPE_VJP(id, slope)
#define GT_UNARY_WITH(id, builder, flops, onnx, value, slope) SLOPE_VJP(id, slope)
#include "graph/door/elementwise_ops.h"

static gt_node *down_to(gt_graph *g, gt_node *d, const gt_node *x) { return d ? gt_sum_to(g, d, x->shape) : NULL; }

VJP(broadcast) {
    if (need[0]) dx[0] = down_to(g, dy, y->in[0]);
}
VJP(add) {
    for (int i = 0; i < 2; i++)
        if (need[i]) dx[i] = down_to(g, dy, y->in[i]);
}
VJP(sub) {
    if (need[0]) dx[0] = down_to(g, dy, y->in[0]);
    if (need[1]) dx[1] = gt_neg(g, down_to(g, dy, y->in[1]));
}
VJP(mul) {
    for (int i = 0; i < 2; i++)
        if (need[i]) dx[i] = down_to(g, gt_mul(g, dy, y->in[1 - i]), y->in[i]);
}
VJP(div) {
    gt_node *q = gt_div(g, dy, y->in[1]);
    if (need[0]) dx[0] = down_to(g, q, y->in[0]);
    if (need[1]) dx[1] = gt_neg(g, down_to(g, gt_mul(g, q, y), y->in[1]));
}
VJP(max) { /* at a tie the second input has it */
    gt_node *mask = gt_sub(g, y->in[0], y->in[1]), *zero = gt_scalar(g, 0);
    if (need[0]) dx[0] = down_to(g, gt_select(g, mask, dy, zero), y->in[0]);
    if (need[1]) dx[1] = down_to(g, gt_select(g, mask, zero, dy), y->in[1]);
}
VJP(select) { /* piecewise constant in the mask */
    gt_node *mask = y->in[0], *zero = gt_scalar(g, 0);
    dx[0] = &gt_zero_derivative;
    if (need[1]) dx[1] = down_to(g, gt_select(g, mask, dy, zero), y->in[1]);
    if (need[2]) dx[2] = down_to(g, gt_select(g, mask, zero, dy), y->in[2]);
}
SLOPE_VJP(elu, gt_select(g, y, dy, gt_mul(g, dy, gt_shift(g, y, c0)))) /* alpha e^x = y + alpha */
VJP(ramp) {
    const float *c = ((const gt_map_attr *)y->attr)->c;
    if (need[0]) dx[0] = map(g, GT_MAP_ramp_gate, 2, (gt_node *[]){y, dy}, c[0], c[1], c[2]);
}
VJP(ramp_gate) { /* linear in its second input, piecewise constant in the first */
    const float *c = ((const gt_map_attr *)y->attr)->c;
    dx[0] = &gt_zero_derivative;
    if (need[1]) dx[1] = map(g, GT_MAP_ramp_gate, 2, (gt_node *[]){y->in[0], dy}, c[0], c[1], c[2]);
}
#define vjp_sign NULL
#define vjp_greater NULL

/* ---- programs ---- */

static const struct {
    int inputs, flops;
} primitives[] = {
#define GT_MAP_ROW(id, inputs, flops, ...) {inputs, flops},
#include "graph/door/elementwise_ops.h"
};

int gt_map_arity(int code) { return primitives[code].inputs; }
double gt_map_flops(int code) { return primitives[code].flops; }

void gt_map_program_of(const gt_node *n, gt_map_program *p) {
    memset(p, 0, sizeof *p);
    if (n->op == &gt_op_fused) {
        memcpy(p, n->attr, n->attr_bytes);
        return;
    }
    const gt_map_attr *attr = n->attr;
    gt_shape_store(&p->shape, &n->shape);
    p->n_in = n->n_in;
    p->n_steps = 1;
    p->step[0].code = (uint8_t)(n->op - gt_op_elementwise);
    for (int i = 0; i < n->n_in; i++) p->step[0].arg[i] = (uint8_t)i;
    memcpy(p->step[0].c, attr->c, sizeof attr->c);
}

bool gt_map_assign(const gt_map_program *p, int temp[GT_MAP_MAX_STEPS]) {
    int last_use[GT_MAP_MAX_STEPS] = {0};
    for (int k = 0; k < p->n_steps; k++)
        for (int i = 0; i < gt_map_arity(p->step[k].code); i++)
            if (p->step[k].arg[i] >= p->n_in) last_use[p->step[k].arg[i] - p->n_in] = k;
    /* the step from which on a buffer may be written: its last reader itself may */
    int free_after[GT_MAP_MAX_TEMPS] = {0};
    for (int k = 0; k < p->n_steps; k++) {
        temp[k] = -1;
        if (k == p->n_steps - 1) break;
        int t = 0;
        while (t < GT_MAP_MAX_TEMPS && free_after[t] > k) t++;
        if (t == GT_MAP_MAX_TEMPS) return false;
        free_after[t] = last_use[k] > k ? last_use[k] : k + 1;
        temp[k] = t;
    }
    return true;
}

gt_node *gt_map_fused(gt_graph *g, int n_in, gt_node *const *in, const gt_map_program *p) {
    return gt_node_new(g, &gt_op_fused, n_in, in, p, gt_map_program_bytes(p));
}

static void map_cost(const gt_node *n, double *flops, double *bytes) {
    gt_map_program p;
    gt_map_program_of(n, &p);
    (void)bytes;
    for (int k = 0; k < p.n_steps; k++) *flops += gt_map_flops(p.step[k].code);
    *flops *= (double)gt_shape_size(&n->shape);
}

/* ---- several slices ---- */

/* Does in[i], as it is, spread over joined rows? */
static bool fits_rows(const gt_node *n, int i, const gt_node *x, bool shared) {
    const gt_shape *one = &n->in[i]->shape;
    if (!shared) return one->n == n->shape.n && (one->n == 0 || one->d[0] == n->shape.d[0]);
    return one->n < n->shape.n || one->d[0] == 1 || gt_spreads_rows(x);
}

static gt_node *map_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    gt_map_attr attr;
    memcpy(&attr, n->attr, sizeof attr);
    int rank = n->shape.n;
    bool rows = true;
    for (int i = 0; i < n->n_in; i++) rows &= fits_rows(n, i, in[i], shared[i]);
    gt_node *x[n->n_in];
    for (int i = 0; i < n->n_in; i++) {
        const gt_shape *one = &n->in[i]->shape;
        x[i] = in[i];
        if (!rows && !shared[i] && !(x[i] = gt_slices_apart(g, in[i], one, slices, rank))) return NULL;
        if (rows && shared[i] && rank && one->n == rank && one->d[0] != 1) x[i] = gt_slices_repeat(g, in[i], slices);
    }
    if (attr.has_shape) {
        if (!rows) memmove(attr.shape.d + 1, attr.shape.d, (size_t)rank * sizeof *attr.shape.d);
        if (!rows) attr.shape.n = rank + 1, attr.shape.d[0] = slices;
        else attr.shape = gt_joined_shape(&n->shape, slices);
    }
    return gt_node_new(g, n->op, n->n_in, x, &attr, sizeof attr);
}

/* ---- the ops ---- */

const gt_op gt_op_elementwise[GT_MAP_CODES] = {
#define GT_MAP_ROW(id, inputs, flops, derivative, ...) \
    {.name = #id,                                      \
     .min_in = inputs,                                 \
     .shape = map_shape,                               \
     .vjp = vjp_##id,                                  \
     .not_differentiable = !(derivative),              \
     .run = gt_map_run,                                \
     .cost = map_cost,                                 \
     .joined = map_joined,                             \
     .inplace = true,                                  \
     .elementwise = true},
#include "graph/door/elementwise_ops.h"
};

const gt_op gt_op_fused = {.name = "fused",
                           .min_in = 1,
                           .max_in = GT_MAP_MAX_IN,
                           .shape = fused_shape,
                           .not_differentiable = true,
                           .run = gt_map_run,
                           .cost = map_cost,
                           .inplace = true,
                           .elementwise = true};
