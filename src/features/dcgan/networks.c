/* SPDX-License-Identifier: Apache-2.0
 * The networks of DCGAN. */
#include "features/dcgan/dcgan.h"

#include "gantry/option.h"
#include "networks/model/door/family.h"
#include "networks/nets/door/norm.h"

enum { KERNEL = 4, FIRST = 4 /* side of the smallest maps */, SMALL = 3 /* window of layers that keep the size */ };

static const gt_conv_attr halve = {.stride = 2, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1},
                          keep = {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};

/* ---- what the options say ---- */

static const gt_dcgan_options *own(const gt_job *j) { return j->own; }
static int labels_of(const gt_job *j) { return own(j)->semi ? 0 : (int)j->label_dim; } /* that the networks see */
static bool normalises(const gt_job *j) { return j->bn != GT_BN_NONE; }
static bool enlarges(const gt_job *j) { return own(j)->up == GT_UP_NEAREST; }
static bool pools(const gt_job *j) { return own(j)->down != GT_DOWN_STRIDE; }
static float std_of(const gt_job *j) { return gt_job_given(j, "init-std") ? (float)own(j)->init_std : 0.02f; }

/* A value that nobody gave may be that of the networks that this run begins with. */
static float slope_of(const gt_job *j) {
    bool known = j->options.state && gt_options_state(&j->options, "slope") != GT_OPTION_DEFAULT;
    return known ? (float)own(j)->slope : 0.2f;
}

/* Feature maps of side `side`. */
static int maps(const gt_job *j, int side) {
    int64_t n = j->gan.cbase / side;
    return (int)(n < j->gan.cmax ? n : j->gan.cmax);
}

/* The name of layer k of side `side`: "b16", and "b16.1" of the first further one. */
static gt_text layer_of(int side, int k) { return k ? gt_text_of("b%d.%d", side, k) : gt_text_of("b%d", side); }

/* ---- layers ---- */

/* Weights of a convolution; of a transposed one `out` and `in` change places (in files, and in the gradients). */
static void declare_conv(gt_declarer *d, const gt_job *j, const char *layer, int size, int out, int in) {
    gt_declare(d,
               (gt_tensor){.file_shape = GT_SHAPE(out, in, size, size),
                           .layout = GT_LAYOUT_OIHW,
                           .trainable = true,
                           .init_std = std_of(j)},
               layer, ".conv.weight");
}

/* Normalisation, or a bias in its place. */
static void declare_norm(gt_declarer *d, const gt_job *j, const char *layer, int channels, bool running) {
    if (normalises(j)) gt_batch_norm_declare(d, gt_text_of("%s.norm", layer).s, channels, running, std_of(j));
    else gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(channels), .trainable = true}, layer, ".conv.bias");
}

/* On the scale of what stands beside it, z or pixels. A map of D's other weights, 50 times smaller, is so hard for D to
 * see that G soon makes one picture of each class. */
static void declare_embedding(gt_declarer *d, int labels, int width) {
    if (labels)
        gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(labels, width), .trainable = true, .init_std = 1}, "embed",
                   ".weight");
}

/* Labels [N,c_dim] as [N,width]. */
static gt_node *embed(gt_bound_net b, gt_node *labels) {
    return gt_matmul(b.graph, labels, gt_leaf(b, "embed", ".weight"));
}

static gt_norm_by in_training(const gt_job *j) { return j->bn == GT_BN_BATCH ? GT_NORM_BATCH : GT_NORM_SLICE; }

static gt_node *normalise(gt_bound_net b, const gt_job *j, const char *layer, gt_node *x, gt_norm_by by) {
    if (!normalises(j)) return gt_add(b.graph, x, gt_leaf(b, layer, ".conv.bias"));
    gt_scope_push(b.graph, "norm");
    x = gt_batch_norm(b, gt_text_of("%s.norm", layer).s, x, by, 1e-5f);
    gt_scope_pop(b.graph);
    return x;
}

static gt_node *activate(gt_graph *g, const gt_job *j, const char *activation, gt_node *x) {
    return gt_bias_act(g, x, NULL, activation && *activation ? activation : "lrelu", slope_of(j), 1, -1);
}

/* Dropout: each kind of images has masks of its own. */
static gt_node *drop(gt_bound_net b, const gt_dcgan_pass *pass, const char *layer, gt_node *x, double p) {
    if (!x || !pass || !(p > 0)) return x;
    gt_shape shape = *gt_node_shape(x);
    gt_node *u[2];
    int n = pass->kinds[1] ? 2 : 1;
    shape.d[0] /= n;
    for (int i = 0; i < n; i++)
        u[i] = gt_random_uniform_op(
            b.graph, gt_text_of("dropout/%s.%s/%s/%s", b.net->name, layer, pass->kinds[i], pass->phase).s, shape);
    return gt_drop(b.graph, x, n > 1 ? gt_concat(b.graph, n, u, 0) : u[0], (float)p);
}

/* Of the layer that was declared last. */
static void note_dropout(gt_declarer *d, double p) {
    if (!d->status) d->net->tensors[d->net->n_tensors - 1].dropout = (float)p;
}

/* ---- G ---- */

gt_net *gt_dcgan_generator_net(const gt_job *j) {
    gt_declarer d = {.net = gt_net_new("G")};
    if (!d.net) return NULL;
    int labels = labels_of(j), in = (int)j->z_dim + (labels ? GT_DCGAN_EMBEDDING : 0);
    declare_embedding(&d, labels, GT_DCGAN_EMBEDDING);
    for (int side = FIRST; side <= j->height; side *= 2) {
        int out = side < j->height ? maps(j, side) : (int)j->channels;
        gt_text layer = layer_of(side, 0);
        if (enlarges(j) && side > FIRST) declare_conv(&d, j, layer.s, SMALL, out, in);
        else declare_conv(&d, j, layer.s, KERNEL, in, out);
        for (int k = 0; side < j->height && k <= own(j)->g_depth; k++) {
            layer = layer_of(side, k);
            if (k) declare_conv(&d, j, layer.s, SMALL, out, out);
            declare_norm(&d, j, layer.s, out, true);
            note_dropout(&d, own(j)->g_dropout);
        }
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

/* Twice as many pixels: a transposed convolution, or pixels repeated and a convolution. */
static gt_node *enlarge(gt_bound_net b, const gt_job *j, const char *layer, gt_node *x, int side) {
    static const float halves[] = {0.5f, 0.5f};
    gt_node *w = gt_leaf(b, layer, ".conv.weight");
    if (!enlarges(j)) return gt_conv_input_grad(b.graph, x, w, side, side, halve);
    return gt_conv(b.graph, gt_upsample2d(b.graph, x, (gt_filter){0, 2, halves}, 2), w, keep);
}

gt_node *gt_dcgan_generator(gt_bound_net b, const gt_job *j, gt_node *z, gt_node *labels, const gt_dcgan_pass *pass) {
    gt_graph *g = b.graph;
    if (labels) z = gt_concat(g, 2, (gt_node *[]){z, embed(b, labels)}, 1);
    gt_node *x = first_maps(b, z);
    for (int side = FIRST; side <= j->height; side *= 2)
        for (int k = 0; k <= (side < j->height ? own(j)->g_depth : 0) && x; k++) {
            gt_text layer = layer_of(side, k);
            gt_scope_push(g, "%s", layer.s);
            if (k) x = gt_conv(g, x, gt_leaf(b, layer.s, ".conv.weight"), keep);
            else if (side > FIRST) x = enlarge(b, j, layer.s, x, side);
            if (side < j->height) {
                x = normalise(b, j, layer.s, x, pass ? in_training(j) : GT_NORM_RUNNING);
                x = activate(g, j, own(j)->g_activation, x);
                x = drop(b, pass, layer.s, x, own(j)->g_dropout);
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
    declare_embedding(&d, labels, (int)(j->height * j->width));
    for (int side = (int)j->height; side > FIRST; side /= 2) {
        int out = maps(j, side / 2);
        for (int k = 0; k <= own(j)->d_depth; k++) {
            gt_text layer = layer_of(side, k);
            declare_conv(&d, j, layer.s, pools(j) || k ? SMALL : KERNEL, out, k ? out : in);
            if (side < j->height || k) declare_norm(&d, j, layer.s, out, own(j)->semi);
            note_dropout(&d, own(j)->d_dropout);
        }
        in = out;
    }
    for (int i = 0; i < d.net->n_tensors; i++) d.net->tensors[i].late = !d.net->tensors[i].trainable;
    declare_conv(&d, j, "out", KERNEL, own(j)->semi ? (int)j->label_dim : 1, in);
    return gt_declared(&d);
}

/* A 4x4 window on 4x4 pixels: a product. */
gt_node *gt_dcgan_logits(gt_bound_net b, gt_node *x) {
    gt_node *w = gt_leaf(b, "out", ".conv.weight"); /* [4,4,in,out] */
    if (!x || !w) return NULL;
    int64_t in = gt_dim(w, 0) * gt_dim(w, 1) * gt_dim(w, 2), out = gt_dim(w, 3);
    return gt_matmul(b.graph, gt_reshape(b.graph, x, GT_SHAPE(gt_dim(x, 0), in)),
                     gt_reshape(b.graph, w, GT_SHAPE(in, out)));
}

/* Half as many pixels: by a stride of the convolution, or by pooling behind it. */
static gt_node *halved(gt_bound_net b, const gt_job *j, const char *layer, gt_node *x) {
    static const float halves[] = {0.5f, 0.5f};
    x = gt_conv(b.graph, x, gt_leaf(b, layer, ".conv.weight"), pools(j) ? keep : halve);
    if (!pools(j)) return x;
    if (own(j)->down == GT_DOWN_MAX_POOL) return gt_max_pool(b.graph, x, .size = 2);
    return gt_downsample2d(b.graph, x, (gt_filter){0, 2, halves}, 2);
}

/* Where D tells classes, what it tells in use does not depend on the other images. */
static gt_norm_by d_norm(const gt_job *j, const gt_dcgan_pass *pass) {
    if (!pass) return own(j)->semi ? GT_NORM_RUNNING : in_training(j);
    return in_training(j) | (pass->renews ? GT_NORM_OF_NET : GT_NORM_KEEPS);
}

gt_node *gt_dcgan_features(gt_bound_net b, const gt_job *j, gt_node *x, gt_node *labels, const gt_dcgan_pass *pass) {
    gt_graph *g = b.graph;
    if (x && labels) {
        gt_node *map = gt_reshape(g, embed(b, labels), GT_SHAPE(gt_dim(x, 0), j->height, j->width, 1));
        x = gt_concat(g, 2, (gt_node *[]){x, map}, 3);
    }
    for (int side = (int)j->height; side > FIRST; side /= 2)
        for (int k = 0; k <= own(j)->d_depth && x; k++) {
            gt_text layer = layer_of(side, k);
            gt_scope_push(g, "%s", layer.s);
            x = k ? gt_conv(g, x, gt_leaf(b, layer.s, ".conv.weight"), keep) : halved(b, j, layer.s, x);
            if (side < j->height || k) x = normalise(b, j, layer.s, x, d_norm(j, pass));
            x = drop(b, pass, layer.s, activate(g, j, own(j)->d_activation, x), own(j)->d_dropout);
            gt_scope_pop(g);
        }
    return x;
}

gt_node *gt_dcgan_discriminator(gt_bound_net b, const gt_job *j, gt_node *x, gt_node *labels,
                                const gt_dcgan_pass *pass) {
    return gt_dcgan_logits(b, gt_dcgan_features(b, j, x, labels, pass));
}
