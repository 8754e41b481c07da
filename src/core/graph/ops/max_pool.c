/* SPDX-License-Identifier: Apache-2.0
 * Max pooling. Two ops, both linear in their second input v, and each the adjoint of the other there; x says in which
 * pixel of each window the maximum is:
 *
 *   max_pool_pick(x, v)      [N,P,Q,C]: v at the maximum of x in each window
 *   max_pool_spread(x, v)    of x's shape: v [N,P,Q,C] added to the pixel of the maximum of each window
 *
 * passes/places.c makes of a spread two, so that x need not be held until the backward pass:
 *
 *   max_pool_place(x)        [N,P,Q,C]: where the maximum is
 *   max_pool_put(places, v)  the spread
 *
 * The pooled picture is pick(x, x). Of equal values the first in the window (rows, then columns) is the maximum, as in
 * PyTorch; a NaN is larger than any number. */
#include "base/door/numbers.h"
#include "graph/door/ops.h"
#include "graph/door/op.h"
#include "graph/door/nodes.h"
#include "graph/door/op_list.h"
#include "kernels/door/max_pool.h"

gt_pool_axis gt_max_pool_axis(const gt_max_pool_attr *a, int axis) {
    gt_pool_axis rows = {a->size, a->stride ? a->stride : a->size, a->pad};
    if (axis == 1 || !a->width) return rows;
    return (gt_pool_axis){a->width, a->stride_x ? a->stride_x : a->width, a->pad_x};
}

static int64_t pooled(const gt_max_pool_attr *attr, int axis, int64_t size) {
    gt_pool_axis a = gt_max_pool_axis(attr, axis);
    int64_t room = size + 2 * a.pad - a.size;
    if (room < 0) return 0;
    int64_t n = room / a.stride + 1;
    if (attr->ceil && room % a.stride && n * a.stride < size + a.pad) n++; /* a window that begins inside */
    return n;
}

/* An image of [h,w,c] and what it is pooled to. */
static gt_max_pool_shape shape_with(const gt_max_pool_attr *a, int64_t n, int64_t h, int64_t w, int64_t c) {
    gt_pool_axis y = gt_max_pool_axis(a, 1), x = gt_max_pool_axis(a, 2);
    return (gt_max_pool_shape){n,      h,        w,     c,      pooled(a, 1, h), pooled(a, 2, w),
                               y.size, y.stride, y.pad, x.size, x.stride,        x.pad};
}

static gt_status check(const gt_node *n, gt_shape *out) {
    const gt_max_pool_attr *a = n->attr;
    const gt_shape *x = &n->in[0]->shape;
    if (x->n != 4) return gt_fail(GT_USAGE, "%s needs images [N,H,W,C], not %d dimensions", n->op->name, x->n);
    for (int axis = 1; axis <= 2; axis++) {
        gt_pool_axis p = gt_max_pool_axis(a, axis);
        if (p.size < 1 || p.stride < 1 || p.pad < 0 || 2 * p.pad > p.size)
            return gt_fail(GT_USAGE, "%s: windows of %d with stride %d and padding %d", n->op->name, p.size, p.stride,
                           p.pad);
    }
    *out = GT_SHAPE(x->d[0], pooled(a, 1, x->d[1]), pooled(a, 2, x->d[2]), x->d[3]);
    if (gt_shape_size(x) / gt_largest(1, x->d[0]) > INT32_MAX)
        return gt_fail(GT_USAGE, "%s: images of more than 2^31 values", n->op->name);
    if (out->d[1] < 1 || out->d[2] < 1)
        return gt_fail(GT_USAGE, "%s: a window of %dx%d does not fit into %lldx%lld pixels", n->op->name,
                       gt_max_pool_axis(a, 1).size, gt_max_pool_axis(a, 2).size, (long long)x->d[1],
                       (long long)x->d[2]);
    return GT_OK;
}

static gt_status check_values(const gt_node *n, const gt_shape *needed) {
    char has[96], needs[96];
    if (gt_shape_equal(&n->in[1]->shape, needed)) return GT_OK;
    return gt_fail(GT_USAGE, "%s: values of shape %s instead of %s", n->op->name, gt_shape_text(&n->in[1]->shape, has),
                   gt_shape_text(needed, needs));
}

static gt_status pick_shape(gt_node *n) {
    gt_status st = check(n, &n->shape);
    return st ? st : check_values(n, &n->in[0]->shape);
}

static gt_status spread_shape(gt_node *n) {
    gt_shape of_values;
    gt_status st = check(n, &of_values);
    n->shape = n->in[0]->shape;
    return st ? st : check_values(n, &of_values);
}

static gt_node *make(gt_graph *g, const gt_op *op, gt_node *x, gt_node *v, const gt_max_pool_attr *a) {
    return gt_node_new(g, op, 2, (gt_node *[]){x, v}, a, sizeof *a);
}

static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const gt_op *adjoint = y->op == &gt_op_max_pool_pick ? &gt_op_max_pool_spread : &gt_op_max_pool_pick;
    if (need[0]) dx[0] = &gt_zero_derivative;
    if (need[1]) dx[1] = make(g, adjoint, y->in[0], dy, y->attr);
}

gt_node *gt_max_pool_with(gt_graph *g, gt_node *x, gt_max_pool_attr a) {
    return make(g, &gt_op_max_pool_pick, x, x, &a);
}

/* ---- running ---- */

static gt_max_pool_shape shape_of(const gt_node *n) {
    const int64_t *x = n->in[0]->shape.d;
    return shape_with(n->attr, x[0], x[1], x[2], x[3]);
}

static void pick_run(const gt_run *r) {
    gt_max_pool_shape s = shape_of(r->node);
    gt_max_pool_pick_kernel(&s, r->pool, r->in[0], r->in[1], r->out);
}

static bool apart(const gt_node *n) {
    gt_max_pool_shape s = shape_of(n);
    return gt_max_pool_apart(&s);
}

static void spread_run(const gt_run *r) {
    gt_max_pool_shape s = shape_of(r->node);
    gt_max_pool_spread_kernel(&s, r->pool, r->in[0], r->in[1], r->out);
}

/* ---- with places ---- */

typedef struct put_attr {
    gt_max_pool_attr window;
    int64_t height, width; /* of x */
} put_attr;

static gt_max_pool_shape put_into(const gt_node *n) {
    const put_attr *a = n->attr;
    const int64_t *d = n->in[0]->shape.d;
    return shape_with(&a->window, d[0], a->height, a->width, d[3]);
}

static gt_status place_shape(gt_node *n) { return check(n, &n->shape); }

static gt_status put_shape(gt_node *n) {
    gt_status st = check_values(n, &n->in[0]->shape);
    gt_max_pool_shape s = put_into(n);
    n->shape = GT_SHAPE(s.n, s.h, s.w, s.c);
    return st;
}

static void place_run(const gt_run *r) {
    gt_max_pool_shape s = shape_of(r->node);
    gt_max_pool_place_kernel(&s, r->pool, r->in[0], r->out);
}

static void put_run(const gt_run *r) {
    gt_max_pool_shape s = put_into(r->node);
    gt_max_pool_put_kernel(&s, r->pool, r->in[0], r->in[1], r->out);
}

/* The pass comes after derivatives: asking for one is a fault. */
static void no_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)g, (void)y, (void)dy, (void)need, (void)dx;
}

gt_node *gt_max_pool_places(gt_graph *g, const gt_node *n, gt_node *x) {
    return gt_node_new(g, &gt_op_max_pool_place, 1, &x, n->attr, n->attr_bytes);
}

gt_node *gt_max_pool_put(gt_graph *g, const gt_node *spread, gt_node *places, gt_node *v) {
    put_attr a = {*(const gt_max_pool_attr *)spread->attr, spread->shape.d[1], spread->shape.d[2]};
    return gt_node_new(g, &gt_op_max_pool_put, 2, (gt_node *[]){places, v}, &a, sizeof a);
}

const gt_op gt_op_max_pool_place = {
    .name = "max_pool_place", .rows = 1, .min_in = 1, .shape = place_shape, .vjp = no_vjp, .run = place_run};
const gt_op gt_op_max_pool_put = {
    .name = "max_pool_put", .rows = 3, .min_in = 2, .max_in = 2, .shape = put_shape, .vjp = no_vjp, .run = put_run};
const gt_op gt_op_max_pool_pick = {
    .name = "max_pool_pick", .rows = 3, .min_in = 2, .max_in = 2, .shape = pick_shape, .vjp = vjp, .run = pick_run};
const gt_op gt_op_max_pool_spread = {.name = "max_pool_spread",
                                     .rows = 3,
                                     .min_in = 2,
                                     .max_in = 2,
                                     .shape = spread_shape,
                                     .vjp = vjp,
                                     .run = spread_run,
                                     .inplace = true,
                                     .inplace_if = apart};
