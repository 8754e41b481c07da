/* SPDX-License-Identifier: Apache-2.0
 * Convolution, its adjoints in images and in weights: three ops that are each other's derivatives in both arguments.
 *
 * When the weights are parameters (or follow from them), the kernel's packed or transformed form of them is a node of
 * its own, "packed weights of NAME", and a third input: the executor computes it once per update instead of once per
 * slice. The plain weights stay an input, for the derivatives; the kernel does not read them then.
 *
 * Scales of images in are the last inputs. A pass adds them when all derivatives have been taken: such a node has none.
 */
#include "graph/door/nodes.h"

#include "graph/door/ops.h"
#include "graph/door/internal.h"
#include "graph/ops/gradient.h"
#include "graph/door/op_list.h"
#include "graph/ops/joined.h"
#include "kernels/door/conv.h"

static gt_shape images(int64_t n, int64_t h, int64_t w, int64_t c) { return GT_SHAPE(n, h, w, c); }

/* Sizes of the convolution of x with w; faults that the three directions share. */
static gt_status describe(const gt_shape *x, const gt_shape *w, const gt_conv_attr *a, gt_conv_shape *s) {
    char tx[96], tw[96];
    if (a->stride < 1 || a->groups < 1 || a->pad_top < 0 || a->pad_left < 0 || a->pad_bottom < 0 || a->pad_right < 0)
        return gt_fail(GT_USAGE, "stride %d and groups %d must be at least 1 and paddings %d %d %d %d at least 0",
                       a->stride, a->groups, a->pad_top, a->pad_left, a->pad_bottom, a->pad_right);
    if (x->n != 4 || w->n != 4)
        return gt_fail(GT_USAGE, "images [N,H,W,C] and weights [kh,kw,C/groups,O] are needed; these are %s and %s",
                       gt_shape_text(x, tx), gt_shape_text(w, tw));
    if (x->d[3] != w->d[2] * a->groups || w->d[3] % a->groups)
        return gt_fail(GT_USAGE, "images %s do not fit weights %s [kh,kw,C/groups,O] in %d group%s",
                       gt_shape_text(x, tx), gt_shape_text(w, tw), a->groups, a->groups == 1 ? "" : "s");
    *s = (gt_conv_shape){.n = x->d[0],
                         .h = x->d[1],
                         .w = x->d[2],
                         .c = x->d[3],
                         .o = w->d[3],
                         .kh = (int32_t)w->d[0],
                         .kw = (int32_t)w->d[1],
                         .stride = a->stride,
                         .pad_top = a->pad_top,
                         .pad_left = a->pad_left,
                         .groups = a->groups};
    int64_t down = s->h + a->pad_top + a->pad_bottom - s->kh, right = s->w + a->pad_left + a->pad_right - s->kw;
    if (down < 0 || right < 0)
        return gt_fail(GT_USAGE, "a window of %d x %d is larger than the padded image of %lld x %lld", s->kh, s->kw,
                       (long long)(down + s->kh), (long long)(right + s->kw));
    s->p = down / a->stride + 1;
    s->q = right / a->stride + 1;
    return GT_OK;
}

/* The same from the inputs of a node in any direction, and a check of dy where there is one. */
gt_status gt_conv_describe(gt_node *const *in, const gt_conv_node_attr *a, gt_conv_shape *s) {
    const gt_shape *first = &in[0]->shape, *second = &in[1]->shape;
    gt_shape x = *first, w = *second;
    const gt_shape *dy = NULL;
    if (a->direction == GT_CONV_INPUT_GRAD) {
        dy = first;
        x = images(dy->n == 4 ? dy->d[0] : 0, a->extent[0], a->extent[1], w.n == 4 ? w.d[2] * a->conv.groups : 0);
    } else if (a->direction == GT_CONV_WEIGHT_GRAD) {
        dy = second;
        w = images(a->extent[0], a->extent[1], x.n == 4 && a->conv.groups > 0 ? x.d[3] / a->conv.groups : 0,
                   dy->n == 4 ? dy->d[3] : 0);
    }
    gt_status st = describe(&x, &w, &a->conv, s);
    s->kernels = gt_node_kernels(in[0]);
    s->direction = (gt_conv_direction)a->direction;
    if (st || !dy) return st;
    gt_shape y = images(s->n, s->p, s->q, s->o);
    char has[96], needs[96];
    if (!gt_shape_equal(dy, &y))
        return gt_fail(GT_USAGE, "the derivative of a convolution's result has shape %s instead of %s",
                       gt_shape_text(dy, has), gt_shape_text(&y, needs));
    return GT_OK;
}

static bool has_scales(const gt_conv_node_attr *a, int i) { return a->scales >> i & 1; }

/* Inputs before the scales: 2, or 3 with packed weights. */
static int n_plain(const gt_node *n) {
    const gt_conv_node_attr *a = n->attr;
    return n->n_in - has_scales(a, 0) - has_scales(a, 1);
}

static const gt_conv_algorithm *algorithm_of(const gt_node *n) {
    return gt_conv_algorithms[((const gt_conv_node_attr *)n->attr)->kernel];
}

static bool has_packed(const gt_node *n) { return n_plain(n) > 2; }

static gt_status check_scales(const gt_node *n) {
    const gt_conv_node_attr *a = n->attr;
    if (a->scales && !algorithm_of(n)->takes_scales)
        return gt_fail(GT_USAGE, "kernel %s takes no scales", algorithm_of(n)->name);
    for (int i = 0, at = n_plain(n); i < 2; i++) {
        if (!has_scales(a, i)) continue;
        const gt_shape *x = &n->in[i]->shape, *scales = &n->in[at++]->shape;
        gt_shape needed = images(x->d[0], 1, 1, x->d[3]);
        char has[96], needs[96];
        if (!gt_shape_equal(scales, &needed))
            return gt_fail(GT_USAGE, "scales of images have shape %s instead of %s", gt_shape_text(scales, has),
                           gt_shape_text(&needed, needs));
    }
    return GT_OK;
}

static gt_status conv_shape(gt_node *n) {
    const gt_conv_node_attr *a = n->attr;
    gt_conv_shape s;
    gt_status st = gt_conv_describe(n->in, a, &s);
    if (!st) st = check_scales(n);
    if (st) return st;
    if (a->direction == GT_CONV_FORWARD) n->shape = images(s.n, s.p, s.q, s.o);
    else if (a->direction == GT_CONV_INPUT_GRAD) n->shape = images(s.n, s.h, s.w, s.c);
    else n->shape = images(s.kh, s.kw, s.c / s.groups, s.o);
    return GT_OK;
}

/* ---- packed weights ---- */

/* All that packing depends on; sizes and paddings that do not matter are left out, so that equal packings are found
 * equal. The extent stands for all sizes of images. */
static gt_conv_shape packing_shape(const gt_node *n) {
    const gt_conv_node_attr *a = n->attr;
    const gt_shape *w = &n->in[0]->shape;
    return (gt_conv_shape){.direction = (gt_conv_direction)a->direction,
                           .n = 1,
                           .h = a->extent[0],
                           .w = a->extent[0],
                           .p = a->extent[0],
                           .q = a->extent[0],
                           .c = w->d[2] * a->conv.groups,
                           .o = w->d[3],
                           .kh = (int32_t)w->d[0],
                           .kw = (int32_t)w->d[1],
                           .stride = a->conv.stride,
                           .pad_top = a->conv.pad_top,
                           .pad_left = a->conv.pad_left,
                           .groups = a->conv.groups,
                           .kernels = gt_node_kernels(n)};
}

static gt_status pack_shape(gt_node *n) {
    gt_conv_shape s = packing_shape(n);
    n->shape = GT_SHAPE((int64_t)algorithm_of(n)->packed_floats(&s));
    return GT_OK;
}

static void pack_run(const gt_run *r) {
    gt_conv_shape s = packing_shape(r->node);
    algorithm_of(r->node)->pack(&s, r->pool, r->in[0], r->out);
}

static gt_node *packed_weights(gt_graph *g, gt_node *w, const gt_conv_node_attr *a, const gt_conv_shape *s) {
    /* Direct forward packing knows no stride. */
    int stride = a->direction == GT_CONV_INPUT_GRAD || a->kernel == GT_CONV_WINOGRAD ? a->conv.stride : 1;
    gt_conv_node_attr attr = {.conv = {.stride = stride,
                                       .pad_top = a->conv.pad_top % stride,
                                       .pad_left = a->conv.pad_left % stride,
                                       .groups = a->conv.groups},
                              .extent = {gt_conv_packing_extent(s, (gt_conv_kernel)a->kernel)},
                              .direction = a->direction,
                              .kernel = a->kernel};
    gt_node *n = gt_node_new(g, &gt_op_conv_pack, 1, &w, &attr, sizeof attr);
    if (n) gt_node_rename(n, "packed weights of %s", w->name);
    return n;
}

/* ---- nodes ---- */

static const gt_op *const ops[] = {[GT_CONV_FORWARD] = &gt_op_conv,
                                   [GT_CONV_INPUT_GRAD] = &gt_op_conv_input_grad,
                                   [GT_CONV_WEIGHT_GRAD] = &gt_op_conv_weight_grad};

static gt_node *make(gt_graph *g, gt_conv_direction direction, gt_node *a, gt_node *b, gt_conv_attr conv,
                     int64_t extent0, int64_t extent1) {
    if (!conv.stride) conv.stride = 1;
    if (!conv.groups) conv.groups = 1;
    gt_conv_node_attr attr = {.conv = conv, .direction = direction, .extent = {extent0, extent1}};
    gt_node *in[3] = {a, b, NULL};
    int n_in = 2;
    gt_conv_shape s;
    if (a && b && !gt_conv_describe(in, &attr, &s)) { /* a fault is reported by the node itself */
        attr.kernel = (int16_t)gt_conv_choose(&s, false);
        if (direction != GT_CONV_WEIGHT_GRAD && b->rate == GT_RATE_UPDATE) in[n_in++] = packed_weights(g, b, &attr, &s);
    }
    return gt_node_new(g, ops[direction], n_in, in, &attr, sizeof attr);
}

gt_node *gt_conv(gt_graph *g, gt_node *x, gt_node *w, gt_conv_attr attr) {
    return make(g, GT_CONV_FORWARD, x, w, attr, 0, 0);
}

gt_node *gt_conv_input_grad(gt_graph *g, gt_node *dy, gt_node *w, int64_t height, int64_t width, gt_conv_attr attr) {
    return make(g, GT_CONV_INPUT_GRAD, dy, w, attr, height, width);
}

gt_node *gt_conv_weight_grad(gt_graph *g, gt_node *x, gt_node *dy, int64_t kh, int64_t kw, gt_conv_attr attr) {
    return make(g, GT_CONV_WEIGHT_GRAD, x, dy, attr, kh, kw);
}

bool gt_conv_node_takes_scales(const gt_node *n, int i) {
    if (n->op != &gt_op_conv && n->op != &gt_op_conv_input_grad && n->op != &gt_op_conv_weight_grad) return false;
    const gt_conv_node_attr *a = n->attr;
    bool of_images = i == 0 || (i == 1 && a->direction == GT_CONV_WEIGHT_GRAD);
    return of_images && !a->scales && algorithm_of(n)->takes_scales;
}

gt_node *gt_conv_with_scales(gt_graph *g, const gt_node *n, gt_node *const *in, gt_node *const scales[2]) {
    gt_conv_node_attr attr = *(const gt_conv_node_attr *)n->attr;
    gt_node *all[4];
    int n_in = 0;
    while (n_in < n->n_in) all[n_in] = in[n_in], n_in++;
    for (int i = 0; i < 2; i++) {
        if (!scales[i]) continue;
        attr.scales |= (int16_t)(1 << i);
        all[n_in++] = scales[i];
    }
    return gt_node_new(g, n->op, n_in, all, &attr, sizeof attr);
}

/* Each op is linear in each of x, w, dy; its derivative in one is the adjoint with the other kept:
 * forward(x, w), input grad(dy, w), weight grad(x, dy). A node with scales has none: asking for one is a fault. */
static void conv_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    const gt_conv_node_attr *a = y->attr;
    if (a->scales) return;
    gt_node *in0 = y->in[0], *in1 = y->in[1];
    switch (a->direction) {
    case GT_CONV_FORWARD:
        if (need[0]) dx[0] = gt_conv_input_grad(g, dy, in1, gt_dim(in0, 1), gt_dim(in0, 2), a->conv);
        if (need[1]) dx[1] = gt_conv_weight_grad(g, in0, dy, gt_dim(in1, 0), gt_dim(in1, 1), a->conv);
        break;
    case GT_CONV_INPUT_GRAD:
        if (need[0]) dx[0] = gt_conv(g, dy, in1, a->conv);
        if (need[1]) dx[1] = gt_conv_weight_grad(g, dy, in0, gt_dim(in1, 0), gt_dim(in1, 1), a->conv);
        break;
    default:
        if (need[0]) dx[0] = gt_conv_input_grad(g, in1, dy, gt_dim(in0, 1), gt_dim(in0, 2), a->conv);
        if (need[1]) dx[1] = gt_conv(g, in0, dy, a->conv);
        break;
    }
}

/* ---- running ---- */

static gt_conv_shape shape_of(const gt_node *n) {
    gt_conv_shape s;
    (void)gt_conv_describe(n->in, n->attr, &s); /* checked when the node was made */
    return s;
}

static size_t conv_workspace(const gt_node *n, int threads) {
    gt_conv_shape s = shape_of(n);
    return algorithm_of(n)->workspace(&s, has_packed(n), threads);
}

static void conv_run(const gt_run *r) {
    const gt_conv_node_attr *a = r->node->attr;
    gt_conv_shape s = shape_of(r->node);
    const float *in[GT_CONV_INPUTS] = {r->in[0], r->in[1], has_packed(r->node) ? r->in[2] : NULL};
    for (int i = 0, at = n_plain(r->node); i < 2; i++)
        if (has_scales(a, i)) in[GT_CONV_SCALES + i] = r->in[at++];
    algorithm_of(r->node)->run(&s, r->pool, r->workspace, in, r->out);
}

static void conv_cost(const gt_node *n, double *flops, double *bytes) {
    gt_conv_shape s = shape_of(n);
    *flops = gt_conv_flops(&s);
    int64_t floats = gt_shape_size(&n->in[0]->shape) + gt_shape_size(&n->in[has_packed(n) ? 2 : 1]->shape) +
                     gt_shape_size(&n->shape);
    for (int i = n_plain(n); i < n->n_in; i++) floats += gt_shape_size(&n->in[i]->shape);
    for (int i = 0; i < 2; i++)
        if (has_scales(n->attr, i)) *flops += (double)gt_shape_size(&n->in[i]->shape);
    *bytes = 4.0 * (double)floats;
}

static gt_conv_work work_of(const gt_node *n) {
    if (n->op == &gt_op_conv_gradient) return gt_gradient_work(n);
    gt_conv_shape s = shape_of(n);
    return gt_conv_work_of(&s, (gt_conv_kernel)((const gt_conv_node_attr *)n->attr)->kernel);
}

void gt_conv_node_work(const gt_node *n, double *products, double *transforms) {
    gt_conv_work w = work_of(n);
    *products = w.products, *transforms = w.transforms;
}

static const char *pack_kernel(const gt_node *n) { return algorithm_of(n)->name; }

const char *gt_conv_kernel_title(gt_conv_kernel kernel, int scales) {
    static const char *const with_scales[] = {NULL, "mul,winograd", "mul,mul,winograd"};
    return scales ? with_scales[scales] : gt_conv_algorithms[kernel]->name;
}

static const char *conv_kernel(const gt_node *n) {
    return gt_conv_kernel_title((gt_conv_kernel)((const gt_conv_node_attr *)n->attr)->kernel, n->n_in - n_plain(n));
}

/* The plain weights when there are packed ones. */
static unsigned conv_unread(const gt_node *n) { return has_packed(n) ? 1u << 1 : 0; }

/* Images and their scales by rows; weights are shared. The kernel was chosen for a slice. */
static gt_node *conv_joined(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared) {
    unsigned scales = has_scales(n->attr, 0) ? 1u << n_plain(n) : 0;
    return gt_slices_by_rows(g, n, slices, in, shared, 1 | scales);
}

#define CONV_OP(title, by_rows)                                                                         \
    {                                                                                                   \
        .name = title, .min_in = 2, .max_in = 4, .shape = conv_shape, .vjp = conv_vjp, .run = conv_run, \
        .workspace = conv_workspace, .cost = conv_cost, .kernel = conv_kernel, .unread = conv_unread,   \
        .joined = by_rows                                                                               \
    }
const gt_op gt_op_conv = CONV_OP("conv", conv_joined);
const gt_op gt_op_conv_input_grad = CONV_OP("conv_input_grad", conv_joined);
const gt_op gt_op_conv_weight_grad = CONV_OP("conv_weight_grad", NULL);
const gt_op gt_op_conv_pack = {.name = "conv_pack",
                               .min_in = 1,
                               .shape = pack_shape,
                               .not_differentiable = true,
                               .run = pack_run,
                               .kernel = pack_kernel};
