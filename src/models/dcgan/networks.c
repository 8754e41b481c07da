/* SPDX-License-Identifier: Apache-2.0
 * The networks of DCGAN. */
#include "gantry/dcgan.h"

#include "nets/batch_norm.h"

enum { KERNEL = 4, FIRST = 4 /* side of the smallest maps */ };

static const float slope = 0.2f, weight_std = 0.02f;
static const gt_conv_attr halve = {.stride = 2, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};

/* Feature maps of side `side`. */
static int maps(const gt_job *j, int side) {
    int64_t n = j->cbase / side;
    return (int)(n < j->cmax ? n : j->cmax);
}

static const gt_dcgan_options *own(const gt_job *j) { return j->own; }
static int labels_of(const gt_job *j) { return own(j)->semi ? 0 : (int)j->label_dim; } /* that the networks see */

/* Weights of a 4x4 convolution; of a transposed one `out` and `in` change places (in files, and in the gradients). */
static void declare_conv(gt_declarer *d, const char *layer, int out, int in) {
    gt_declare(d,
               (gt_tensor){.file_shape = GT_SHAPE(out, in, KERNEL, KERNEL),
                           .layout = GT_LAYOUT_OIHW,
                           .trainable = true,
                           .init_std = weight_std},
               layer, ".conv.weight");
}

static void declare_embedding(gt_declarer *d, int labels, int width, float std) {
    if (labels)
        gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(labels, width), .trainable = true, .init_std = std}, "embed",
                   ".weight");
}

/* Labels [N,c_dim] as [N,width]. */
static gt_node *embed(gt_bound_net b, gt_node *labels) {
    return gt_matmul(b.graph, labels, gt_leaf(b, "embed", ".weight"));
}

static gt_norm_by in_training(const gt_job *j) { return gt_is(j->bn, "batch") ? GT_NORM_BATCH : GT_NORM_SLICE; }

static gt_node *normalise(gt_bound_net b, const char *layer, gt_node *x, gt_norm_by by) {
    gt_scope_push(b.graph, "norm");
    x = gt_batch_norm(b, gt_text_of("%s.norm", layer).s, x, by, 1e-5f);
    gt_scope_pop(b.graph);
    return x;
}

/* ---- G ---- */

gt_net *gt_dcgan_generator_net(const gt_job *j) {
    gt_declarer d = {.net = gt_net_new("G")};
    if (!d.net) return NULL;
    int labels = labels_of(j), in = (int)j->z_dim + (labels ? GT_DCGAN_EMBEDDING : 0);
    declare_embedding(&d, labels, GT_DCGAN_EMBEDDING, 1);
    for (int side = FIRST; side <= j->height; side *= 2) {
        int out = side < j->height ? maps(j, side) : (int)j->channels;
        gt_text layer = gt_text_of("b%d", side);
        declare_conv(&d, layer.s, in, out);
        if (side < j->height) gt_batch_norm_declare(&d, gt_text_of("%s.norm", layer.s).s, out, true, weight_std);
        in = out;
    }
    return gt_declared(&d);
}

/* The transposed convolution of a single pixel: every weight times a number. */
static gt_node *first_maps(gt_bound_net b, gt_node *z) {
    gt_node *w = gt_leaf(b, "b4", ".conv.weight"); /* [4,4,out,in] */
    if (!z || !w) return NULL;
    int64_t out = gt_dim(w, 2), in = gt_dim(w, 3);
    gt_node *y = gt_matmul(b.graph, z, gt_reshape(b.graph, w, GT_SHAPE(FIRST * FIRST * out, in)), .transpose_b = true);
    return gt_reshape(b.graph, y, GT_SHAPE(gt_dim(z, 0), FIRST, FIRST, out));
}

gt_node *gt_dcgan_generator(gt_bound_net b, const gt_job *j, gt_node *z, gt_node *labels, bool training) {
    gt_graph *g = b.graph;
    if (labels) z = gt_concat(g, 2, (gt_node *[]){z, embed(b, labels)}, 1);
    gt_node *x = first_maps(b, z);
    for (int side = FIRST; side <= j->height && x; side *= 2) {
        gt_text layer = gt_text_of("b%d", side);
        gt_scope_push(g, "%s", layer.s);
        if (side > FIRST) x = gt_conv_input_grad(g, x, gt_leaf(b, layer.s, ".conv.weight"), side, side, halve);
        if (side < j->height) {
            x = normalise(b, layer.s, x, training ? in_training(j) : GT_NORM_RUNNING);
            x = gt_leaky_relu(g, x, gt_is(own(j)->g_activation, "relu") ? 0 : slope);
        }
        gt_scope_pop(g);
    }
    return gt_tanh_op(g, x);
}

/* ---- D ---- */

gt_net *gt_dcgan_discriminator_net(const gt_job *j) {
    gt_declarer d = {.net = gt_net_new("D")};
    if (!d.net) return NULL;
    int labels = labels_of(j), in = (int)j->channels + (labels ? 1 : 0);
    declare_embedding(&d, labels, (int)(j->height * j->width), weight_std);
    for (int side = (int)j->height; side > FIRST; side /= 2) {
        int out = maps(j, side / 2);
        gt_text layer = gt_text_of("b%d", side);
        declare_conv(&d, layer.s, out, in);
        if (side < j->height) gt_batch_norm_declare(&d, gt_text_of("%s.norm", layer.s).s, out, false, weight_std);
        in = out;
    }
    declare_conv(&d, "out", own(j)->semi ? (int)j->label_dim : 1, in);
    return gt_declared(&d);
}

/* A 4x4 window on 4x4 pixels: a product. */
static gt_node *last_logits(gt_bound_net b, gt_node *x) {
    gt_node *w = gt_leaf(b, "out", ".conv.weight"); /* [4,4,in,out] */
    if (!x || !w) return NULL;
    int64_t in = gt_dim(w, 0) * gt_dim(w, 1) * gt_dim(w, 2), out = gt_dim(w, 3);
    return gt_matmul(b.graph, gt_reshape(b.graph, x, GT_SHAPE(gt_dim(x, 0), in)),
                     gt_reshape(b.graph, w, GT_SHAPE(in, out)));
}

gt_node *gt_dcgan_discriminator(gt_bound_net b, const gt_job *j, gt_node *x, gt_node *labels) {
    gt_graph *g = b.graph;
    if (x && labels) {
        gt_node *map = gt_reshape(g, embed(b, labels), GT_SHAPE(gt_dim(x, 0), j->height, j->width, 1));
        x = gt_concat(g, 2, (gt_node *[]){x, map}, 3);
    }
    for (int side = (int)j->height; side > FIRST && x; side /= 2) {
        gt_text layer = gt_text_of("b%d", side);
        gt_scope_push(g, "%s", layer.s);
        x = gt_conv(g, x, gt_leaf(b, layer.s, ".conv.weight"), halve);
        if (side < j->height) x = normalise(b, layer.s, x, in_training(j));
        x = gt_leaky_relu(g, x, slope);
        gt_scope_pop(g);
    }
    return last_logits(b, x);
}
