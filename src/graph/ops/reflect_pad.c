/* SPDX-License-Identifier: Apache-2.0
 * Mirrored margins around images, and their adjoint, which adds what lies in the margins to the pixels it came from. */
#include <string.h>

#include "gantry/ops.h"
#include "graph/op.h"
#include "kernels/fir.h"

typedef struct pad_attr {
    int32_t pad;
} pad_attr;

static int pad_of(const gt_node *n) { return ((const pad_attr *)n->attr)->pad; }

static gt_status shape_by(gt_node *n, int sign) {
    const gt_shape *x = &n->in[0]->shape;
    if (x->n != 4) return gt_fail(GT_USAGE, "%s needs images [N,H,W,C], not %d dimensions", n->op->name, x->n);
    int64_t h = x->d[1] + sign * 2 * pad_of(n), w = x->d[2] + sign * 2 * pad_of(n);
    if (pad_of(n) < 0) return gt_fail(GT_USAGE, "%s by %d: must not be negative", n->op->name, pad_of(n));
    if (h < 1 || w < 1)
        return gt_fail(GT_USAGE, "%s: margins of %d leave nothing of %lldx%lld pixels", n->op->name, pad_of(n),
                       (long long)x->d[1], (long long)x->d[2]);
    n->shape = GT_SHAPE(x->d[0], h, w, x->d[3]);
    return GT_OK;
}

static gt_status shape(gt_node *n) { return shape_by(n, 1); }
static gt_status shape_adjoint(gt_node *n) { return shape_by(n, -1); }

static void vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need;
    dx[0] = gt_reflect_pad_adjoint(g, dy, pad_of(y));
}

static void vjp_adjoint(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)need;
    dx[0] = gt_reflect_pad(g, dy, pad_of(y));
}

static void pad_image(void *arg, int image, int worker) {
    (void)worker;
    const gt_run *r = arg;
    const int64_t *in = r->node->in[0]->shape.d, *out = r->node->shape.d, c = in[3], pad = pad_of(r->node);
    const float *x = r->in[0] + image * in[1] * in[2] * c;
    float *y = r->out + image * out[1] * out[2] * c;
    for (int64_t i = 0; i < out[1]; i++, y += out[2] * c) {
        const float *row = x + gt_reflect(i - pad, in[1]) * in[2] * c;
        memcpy(y + pad * c, row, sizeof(float) * (size_t)(in[2] * c));
        for (int64_t j = 1; j <= pad; j++) {
            memcpy(y + (pad - j) * c, row + gt_reflect(-j, in[2]) * c, sizeof(float) * (size_t)c);
            memcpy(y + (pad + in[2] - 1 + j) * c, row + gt_reflect(in[2] - 1 + j, in[2]) * c,
                   sizeof(float) * (size_t)c);
        }
    }
}

static void add(float *to, const float *from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

static void fold_image(void *arg, int image, int worker) {
    (void)worker;
    const gt_run *r = arg;
    const int64_t *in = r->node->in[0]->shape.d, *out = r->node->shape.d, c = in[3], pad = pad_of(r->node);
    const float *x = r->in[0] + image * in[1] * in[2] * c;
    float *y = r->out + image * out[1] * out[2] * c;
    memset(y, 0, sizeof(float) * (size_t)(out[1] * out[2] * c));
    for (int64_t i = 0; i < in[1]; i++, x += in[2] * c) {
        float *row = y + gt_reflect(i - pad, out[1]) * out[2] * c;
        add(row, x + pad * c, out[2] * c);
        for (int64_t j = 1; j <= pad; j++) {
            add(row + gt_reflect(-j, out[2]) * c, x + (pad - j) * c, c);
            add(row + gt_reflect(out[2] - 1 + j, out[2]) * c, x + (pad + out[2] - 1 + j) * c, c);
        }
    }
}

static void run(const gt_run *r) { gt_pool_run(r->pool, (int)r->node->shape.d[0], pad_image, (void *)r); }
static void run_adjoint(const gt_run *r) { gt_pool_run(r->pool, (int)r->node->shape.d[0], fold_image, (void *)r); }

const gt_op gt_op_reflect_pad = {
    .name = "reflect_pad", .rows = 1, .min_in = 1, .max_in = 1, .shape = shape, .vjp = vjp, .run = run};
const gt_op gt_op_reflect_pad_adjoint = {.name = "reflect_pad_adjoint",
                                         .rows = 1,
                                         .min_in = 1,
                                         .max_in = 1,
                                         .shape = shape_adjoint,
                                         .vjp = vjp_adjoint,
                                         .run = run_adjoint};

gt_node *gt_reflect_pad(gt_graph *g, gt_node *x, int pad) {
    return gt_node_new(g, &gt_op_reflect_pad, 1, &x, &(pad_attr){pad}, sizeof(pad_attr));
}

gt_node *gt_reflect_pad_adjoint(gt_graph *g, gt_node *x, int pad) {
    return gt_node_new(g, &gt_op_reflect_pad_adjoint, 1, &x, &(pad_attr){pad}, sizeof(pad_attr));
}
