/* SPDX-License-Identifier: Apache-2.0
 * What need not be computed for each picture goes into weights: a convolution whose result is multiplied with a
 * constant of each channel, and to which constants are added, becomes a convolution with other weights and one constant
 * added (batch normalisation in use). The gain of an activation goes into the sum before it: up to the weights, or into
 * a factor that is small. */
#include <math.h>

#include "graph/door/ops.h"
#include "graph/door/nodes.h"
#include "graph/door/elementwise.h"
#include "graph/door/op_list.h"
#include "graph/door/passes.h"
#include "features/onnx/forms.h"

typedef struct folding {
    const int *uses; /* of the nodes of the source */
    int *left;       /* uses of the new nodes, by id; 0: a node that this pass has just made */
    int room;
} folding;

static bool is_map(const gt_node *n, gt_map_code code) { return n->op == &gt_op_elementwise[code]; }
static bool fixed(const gt_node *n) { return n->rate == GT_RATE_UPDATE; }
static bool alone(const folding *f, const gt_node *n) { return n->id >= f->room || f->left[n->id] <= 1; }

/* The axis of the weights that is the channels of the result. */
static int channel_axis(const gt_node *conv) { return conv->op == &gt_op_conv ? 3 : 2; }

static bool is_conv(const gt_node *n) {
    if (n->op != &gt_op_conv && n->op != &gt_op_conv_input_grad) return false;
    const gt_conv_node_attr *a = n->attr;
    return fixed(n->in[1]) && (n->op == &gt_op_conv || a->conv.groups == 1);
}

/* One number for each channel of the images n, or for all of them? */
static bool per_channel(const gt_node *x, const gt_node *n) {
    int64_t size = gt_shape_size(&x->shape), last = x->shape.n ? x->shape.d[x->shape.n - 1] : 1;
    return fixed(x) && size == last && (size == 1 || size == n->shape.d[3]);
}

static gt_node *conv_again(gt_graph *g, const gt_node *conv, gt_node *weights) {
    const gt_conv_node_attr *a = conv->attr;
    return conv->op == &gt_op_conv ? gt_conv(g, conv->in[0], weights, a->conv)
                                   : gt_conv_input_grad(g, conv->in[0], weights, a->extent[0], a->extent[1], a->conv);
}

/* conv times a factor of each channel. */
static gt_node *conv_times(gt_graph *g, const gt_node *conv, gt_node *factor) {
    int64_t size = gt_shape_size(&factor->shape);
    factor = gt_reshape(g, factor, channel_axis(conv) == 3 ? GT_SHAPE(size) : GT_SHAPE(size, 1));
    return conv_again(g, conv, gt_mul(g, conv->in[1], factor));
}

/* A convolution, or one plus a constant of each channel: *constant is NULL where there is none. */
static const gt_node *affine(const folding *f, gt_node *n, gt_node **constant) {
    *constant = NULL;
    if (!alone(f, n)) return NULL;
    if (is_conv(n)) return n;
    if (!is_map(n, GT_MAP_add)) return NULL;
    for (int i = 0; i < 2; i++)
        if (is_conv(n->in[i]) && alone(f, n->in[i]) && per_channel(n->in[1 - i], n)) {
            *constant = n->in[1 - i];
            return n->in[i];
        }
    return NULL;
}

static gt_node *plus(gt_graph *g, gt_node *a, gt_node *b) { return a && b ? gt_add(g, a, b) : a ? a : b; }

static gt_node *vector(gt_graph *g, gt_node *x) { return gt_reshape(g, x, GT_SHAPE(gt_shape_size(&x->shape))); }

/* n is an affine map of a convolution: (conv + constant) op x. */
static gt_node *folded(folding *f, gt_graph *g, const gt_node *n, gt_node **in) {
    float c = n->attr ? ((const gt_map_attr *)n->attr)->c[0] : 0;
    for (int i = 0; i < n->n_in; i++) {
        gt_node *constant, *x = n->n_in == 2 ? in[1 - i] : gt_scalar(g, is_map(n, GT_MAP_neg) ? -1 : c);
        if (in[i]->shape.n != 4 || !gt_shape_equal(&in[i]->shape, &n->shape) || !x) continue;
        const gt_node *conv = affine(f, in[i], &constant);
        if (!conv || !per_channel(x, n)) continue;
        if (is_map(n, GT_MAP_mul) || is_map(n, GT_MAP_scale) || is_map(n, GT_MAP_neg)) {
            gt_node *y = conv_times(g, conv, x);
            return constant ? gt_add(g, y, vector(g, gt_mul(g, constant, x))) : y;
        }
        if (is_map(n, GT_MAP_sub) && i == 0) x = gt_neg(g, x);
        else if (!is_map(n, GT_MAP_add) && !is_map(n, GT_MAP_shift)) continue;
        else if (!constant) continue; /* it is this form already */
        return gt_add(g, (gt_node *)conv, vector(g, plus(g, constant, x)));
    }
    return NULL;
}

/* factor n, without a new pass over anything of n's size; NULL: there is no such way. */
static gt_node *scaled(const folding *f, gt_graph *g, gt_node *n, float factor) {
    if (fixed(n)) return gt_scale(g, n, factor);
    if (!alone(f, n)) return NULL;
    if (is_conv(n)) return conv_times(g, n, gt_scalar(g, factor));
    if (is_map(n, GT_MAP_add)) {
        gt_node *a = scaled(f, g, n->in[0], factor), *b = a ? scaled(f, g, n->in[1], factor) : NULL;
        return a && b ? gt_add(g, a, b) : NULL;
    }
    if (!is_map(n, GT_MAP_mul)) return NULL;
    for (int i = 0; i < 2; i++) /* a factor of each sample and channel */
        if (gt_shape_size(&n->in[i]->shape) * 4 <= gt_shape_size(&n->shape))
            return gt_mul(g, n->in[1 - i], gt_scale(g, n->in[i], factor));
    return NULL;
}

/* clamp(gain lrelu(x)) = clamp(lrelu(gain x)) */
static gt_node *gained(folding *f, gt_graph *g, const gt_node *n, gt_node *x) {
    gt_map_attr attr = *(const gt_map_attr *)n->attr;
    if (attr.c[1] == 1) return NULL;
    gt_node *y = scaled(f, g, x, attr.c[1]);
    attr.c[1] = 1;
    return y ? gt_node_new(g, n->op, 1, &y, &attr, sizeof attr) : NULL;
}

static gt_node *fold(void *arg, gt_graph *g, const gt_node *n, gt_node **in) {
    folding *f = arg;
    gt_node *y = NULL;
    if (n->rate == GT_RATE_SLICE && n->op->elementwise)
        y = is_map(n, GT_MAP_ramp) ? gained(f, g, n, in[0]) : folded(f, g, n, in);
    if (!y) y = gt_node_clone(g, n, in);
    if (y && y->id < f->room && !f->left[y->id]) f->left[y->id] = f->uses[n->id];
    return y;
}

const gt_graph *gt_onnx_fold(const gt_graph *src, gt_arena *arena) {
    folding f = {gt_count_uses(src, arena), NULL, 16 * src->n_nodes};
    f.left = gt_arena_array(arena, (size_t)f.room, sizeof *f.left);
    return f.uses && f.left ? gt_rewrite(src, arena, fold, &f) : NULL;
}
