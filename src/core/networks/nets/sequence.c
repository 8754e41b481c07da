/* SPDX-License-Identifier: Apache-2.0
 * Sequences of plain layers. */
#include "networks/nets/door/sequence.h"

#include <math.h>

/* [N,H,W,C] -> [N,C*H*W], anything else [N,...] -> [N,rest]. */
gt_node *gt_flatten(gt_graph *g, gt_node *x) {
    if (!x) return NULL;
    int64_t n = gt_dim(x, 0);
    if (gt_node_shape(x)->n == 4) x = gt_permute(g, x, (int[]){0, 3, 1, 2});
    return gt_reshape(g, x, GT_SHAPE(n, -1));
}

static int64_t transposed_size(const gt_layer *l, int64_t size) {
    return (size - 1) * l->stride - 2 * l->pad + l->kernel + l->output_pad;
}

/* The shape of a sample after the layer. Images of an impossible size get a negative one, which the declaration
 * refuses. */
static gt_shape shape_after(const gt_layer *l, const gt_shape *s) {
    if (l->kind == GT_LAYER_LINEAR) return l->becomes.n ? l->becomes : GT_SHAPE(l->out);
    gt_shape after = GT_SHAPE(-1, -1, l->out);
    for (int i = 0; i < 2; i++) {
        int64_t fits = s->d[i] + 2 * l->pad - l->kernel;
        after.d[i] = l->kind == GT_LAYER_TRANSPOSED ? transposed_size(l, s->d[i])
                     : fits < 0                     ? -1
                                                    : fits / l->stride + 1;
    }
    return after;
}

void gt_sequence_declare_layer(gt_declarer *d, const char *name, const gt_layer *l, gt_shape *sample) {
    gt_tensor weight = {.trainable = true};
    int64_t fan_in;
    if (l->kind == GT_LAYER_LINEAR) {
        fan_in = gt_shape_size(sample);
        weight.file_shape = GT_SHAPE(l->out, fan_in);
    } else {
        int64_t in = sample->d[2], k = l->kernel;
        bool transposed = l->kind == GT_LAYER_TRANSPOSED;
        /* PyTorch takes the second dimension of the weight for the inputs */
        fan_in = (transposed ? l->out : in) * k * k;
        weight.file_shape = transposed ? GT_SHAPE(in, l->out, k, k) : GT_SHAPE(l->out, in, k, k);
        weight.layout = GT_LAYOUT_OIHW;
    }
    *sample = shape_after(l, sample);
    char text[96];
    for (int k = 0; k < sample->n && !d->status; k++)
        if (sample->d[k] < 1)
            d->status = gt_fail(GT_USAGE, "network %s: layer %s would make images of %s", d->net->name, name,
                                gt_shape_text(sample, text));
    weight.init_bound = (float)(1 / sqrt((double)fan_in));
    gt_declare(d, weight, name, ".weight");
    gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(l->out), .trainable = true, .init_bound = weight.init_bound}, name,
               ".bias");
}

void gt_sequence_declare(gt_declarer *d, const char *name, const gt_layer *layers, int n, gt_shape *sample) {
    for (int i = 0; i < n; i++) gt_sequence_declare_layer(d, gt_text_of("%s.%d", name, i).s, &layers[i], sample);
}

static gt_node *append(gt_bound_net b, const char *name, const gt_layer *l, gt_node *x) {
    gt_graph *g = b.graph;
    gt_node *w = gt_leaf(b, name, ".weight"), *y;
    gt_conv_attr conv = {
        .stride = l->stride, .pad_top = l->pad, .pad_left = l->pad, .pad_bottom = l->pad, .pad_right = l->pad};
    switch (l->kind) {
    case GT_LAYER_CONV: y = gt_conv(g, x, w, conv); break;
    case GT_LAYER_TRANSPOSED:
        y = gt_conv_input_grad(g, x, w, transposed_size(l, gt_dim(x, 1)), transposed_size(l, gt_dim(x, 2)), conv);
        break;
    default: y = gt_matmul(g, gt_flatten(g, x), w, .transpose_b = true);
    }
    y = gt_bias_act(g, y, gt_leaf(b, name, ".bias"), l->activation ? l->activation : "linear", l->slope, 1, -1);
    if (!y || !l->becomes.n) return y;
    const int64_t *d = l->becomes.d;
    return gt_permute(g, gt_reshape(g, y, GT_SHAPE(gt_dim(y, 0), d[2], d[0], d[1])), (int[]){0, 2, 3, 1});
}

gt_node *gt_sequence_layer(gt_bound_net b, const char *name, const gt_layer *l, gt_node *x) {
    if (!x) return NULL;
    gt_scope_push(b.graph, "%s", name);
    x = append(b, name, l, x);
    gt_scope_pop(b.graph);
    return x;
}

gt_node *gt_sequence(gt_bound_net b, const char *name, const gt_layer *layers, int n, gt_node *x) {
    for (int i = 0; i < n; i++) x = gt_sequence_layer(b, gt_text_of("%s.%d", name, i).s, &layers[i], x);
    return x;
}
