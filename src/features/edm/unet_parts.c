/* SPDX-License-Identifier: Apache-2.0
 * Convolutions, blocks and embeddings of the U-Net (docs/mathematics/edm.md#building-blocks). */
#include <math.h>

#include "base/door/mathfn.h"
#include "features/edm/unet.h"

static const double HALF_VARIANCE = 0.70710678118654752440; /* a sum of two of equal variance keeps it */
static const float EPSILON = 1e-6f;

gt_unet_parts gt_unet_parts_of(gt_forward *f, const gt_resample_filter *filter) {
    f->norm_epsilon = EPSILON;
    return (gt_unet_parts){
        .forward = f, .raw = *filter, .filter = gt_resample_filter_setup(gt_graph_arena(f->graph), filter)};
}

/* Glorot and Bengio, "Understanding the Difficulty", eq. 16, times a gain. */
static gt_tensor weight_tensor(gt_shape shape, gt_layout layout, double fans, double gain) {
    return (gt_tensor){.file_shape = shape,
                       .layout = layout,
                       .trainable = true,
                       .decays = true,
                       .init_bound = (float)((gain > 0 ? gain : 1) * sqrt(6 / fans))};
}

static gt_node *bias_of(gt_forward *f, const char *name, int out) {
    return gt_forward_tensor(f, name, ".bias", (gt_tensor){.file_shape = GT_SHAPE(out), .trainable = true});
}

gt_node *gt_unet_linear(gt_unet_parts *p, const char *name, gt_node *x, int out, bool bias) {
    gt_forward *f = p->forward;
    if (!x) return NULL;
    gt_scope_push(f->graph, "%s", name);
    int64_t in = gt_dim(x, 1);
    gt_tensor weight = weight_tensor(GT_SHAPE(out, in), GT_LAYOUT_PLAIN, (double)(in + out), 1);
    x = gt_matmul(f->graph, x, gt_forward_tensor(f, name, ".weight", weight), .transpose_b = true);
    if (bias) x = gt_add(f->graph, x, bias_of(f, name, out));
    gt_scope_pop(f->graph);
    return x;
}

gt_node *gt_unet_norm(gt_unet_parts *p, const char *name, gt_node *x) {
    if (!x) return NULL;
    int64_t groups = gt_dim(x, 3) / 4;
    p->forward->groups = groups > 32 ? 32 : groups > 1 ? (int)groups : 1;
    return gt_forward_norm(p->forward, name, x);
}

/* ---- convolutions with resampling ---- */

enum { BESIDE = 2 }; /* the other side of an axis, of which a step of 2 leaves nothing */

/* Zeros between the pixels, then the filter as a convolution whose sums are kept but for `cut` at the beginning. */
static gt_node *doubled(gt_unet_parts *p, gt_node *x, int cut) {
    int before = p->raw.taps - 1 - cut, after = p->raw.taps - BESIDE - cut;
    return gt_upfirdn(
        p->forward->graph, x, p->filter,
        (gt_upfirdn_attr){
            .up_x = 2, .up_y = 2, .pad_x0 = before, .pad_x1 = after, .pad_y0 = before, .pad_y1 = after, .gain = 4});
}

/* The filter as a correlation at every second pixel. */
static gt_node *halved(gt_unet_parts *p, gt_node *x, int before, int after) {
    return gt_upfirdn(
        p->forward->graph, x, p->filter,
        (gt_upfirdn_attr){
            .down_x = 2, .down_y = 2, .pad_x0 = before, .pad_x1 = after, .pad_y0 = before, .pad_y1 = after, .flip = 1});
}

/* In front of a convolution that is not fused, or without one. */
static gt_node *resampled(gt_unet_parts *p, gt_node *x, gt_unet_conv_shape c) {
    int taps = p->raw.taps, half = (taps - 1) / 2;
    if (c.up) return doubled(p, x, half);
    return c.down ? halved(p, x, half, taps - BESIDE - half) : x;
}

/* `pad` rows (axis 1) or columns (axis 2) of the opposite side before the first and behind the last. */
static gt_node *wrapped(gt_graph *g, gt_node *x, int axis, int pad) {
    int64_t n = x ? gt_dim(x, axis) : 0;
    return gt_concat(g, 3, (gt_node *[]){gt_slice(g, x, axis, n - pad, n), x, gt_slice(g, x, axis, 0, pad)}, axis);
}

static gt_node *convolved(gt_unet_parts *p, gt_node *x, gt_node *weight, int pad) {
    gt_graph *g = p->forward->graph;
    int rows = p->periodic == GT_PERIODIC_BOTH ? pad : 0, columns = p->periodic == GT_PERIODIC_NONE ? 0 : pad;
    if (rows) x = wrapped(g, x, 1, rows);
    if (columns) x = wrapped(g, x, 2, columns);
    return gt_conv(
        g, x, weight,
        (gt_conv_attr){
            .pad_top = pad - rows, .pad_left = pad - columns, .pad_bottom = pad - rows, .pad_right = pad - columns});
}

static gt_node *fused(gt_unet_parts *p, gt_node *x, gt_node *weight, gt_unet_conv_shape c) {
    int of_filter = (p->raw.taps - 1) / 2, of_kernel = c.kernel / 2, more = of_filter - of_kernel;
    if (c.down) return halved(p, convolved(p, x, weight, of_kernel + of_filter), 0, 0);
    return convolved(p, doubled(p, x, more > 0 ? more : 0), weight, more < 0 ? -more : 0);
}

static void declare_filter(gt_unet_parts *p, const char *name) {
    if (!p->forward->declares) return;
    int n = p->raw.taps;
    gt_forward_tensor(p->forward, name, ".resample_filter",
                      (gt_tensor){.file_shape = GT_SHAPE(1, 1, n, n), .init_values = p->filter.taps});
}

gt_node *gt_unet_conv(gt_unet_parts *p, const char *name, gt_node *x, gt_unet_conv_shape c) {
    gt_forward *f = p->forward;
    gt_node *weight = NULL, *bias = NULL;
    if (!x) return NULL;
    gt_scope_push(f->graph, "%s", name);
    int64_t in = gt_dim(x, 3), window = (int64_t)c.kernel * c.kernel;
    if (c.kernel) {
        gt_tensor t = weight_tensor(GT_SHAPE(c.out, in, c.kernel, c.kernel), GT_LAYOUT_OIHW,
                                    (double)((in + c.out) * window), c.gain);
        weight = gt_forward_tensor(f, name, ".weight", t);
        if (!c.no_bias) bias = bias_of(f, name, c.out);
    }
    if (c.up || c.down) declare_filter(p, name);
    if (c.fused) x = fused(p, x, weight, c);
    else {
        x = resampled(p, x, c);
        if (c.kernel) x = convolved(p, x, weight, c.kernel / 2);
    }
    if (bias) x = gt_add(f->graph, x, bias);
    gt_scope_pop(f->graph);
    return x;
}

/* ---- blocks ---- */

/* The output channels of a convolution of 1x1 are stored by turns: query, key and value of the first feature, of the
 * second ... Here all queries come first, then all keys; the weights alone are moved, once an update. */
static gt_node *untwined(gt_graph *g, gt_node *x) {
    gt_shape s = *gt_node_shape(x);
    int64_t last = s.d[s.n - 1], rows = gt_shape_size(&s) / last;
    gt_node *parts = gt_permute(g, gt_reshape(g, x, GT_SHAPE(rows, last / 3, 3)), (int[]){0, 2, 1});
    return gt_reshape(g, parts, s);
}

/* Vaswani et al., "Attention Is All You Need", eq. 1, with one head, over the pixels of each picture. */
static gt_node *attend(gt_graph *g, gt_node *qkv) {
    int64_t n = gt_dim(qkv, 0), pixels = gt_dim(qkv, 1) * gt_dim(qkv, 2), c = gt_dim(qkv, 3) / 3;
    gt_node *all = gt_reshape(g, qkv, GT_SHAPE(n, pixels, 3 * c)), *of[3];
    for (int i = 0; i < 3; i++) of[i] = gt_slice(g, all, 2, i * c, (i + 1) * c);
    gt_node *scores = gt_matmul(g, gt_scale(g, of[0], (float)(1 / sqrt((double)c))), of[1], .transpose_b = true);
    return gt_matmul(g, gt_softmax(g, scores), of[2]);
}

static gt_node *attention(gt_unet_parts *p, const char *name, gt_node *x) {
    gt_forward *f = p->forward;
    gt_graph *g = f->graph;
    gt_node *h = gt_unet_norm(p, gt_text_of("%s.norm2", name).s, x);
    if (!h) return NULL;
    gt_shape shape = *gt_node_shape(h);
    int64_t c = shape.d[3];
    gt_text qkv = gt_text_of("%s.qkv", name);
    gt_tensor t = weight_tensor(GT_SHAPE(3 * c, c, 1, 1), GT_LAYOUT_OIHW, (double)(4 * c), sqrt(0.2));
    gt_node *weight = gt_forward_tensor(f, qkv.s, ".weight", t), *bias = bias_of(f, qkv.s, (int)(3 * c));
    if (!weight || !bias) return NULL;
    h = gt_add(g, convolved(p, h, untwined(g, weight), 0), untwined(g, bias));
    h = gt_reshape(g, attend(g, h), shape);
    return gt_unet_conv(p, gt_text_of("%s.proj", name).s, h,
                        (gt_unet_conv_shape){.out = (int)c, .kernel = 1, .gain = 1e-5});
}

gt_node *gt_unet_block(gt_unet_parts *p, const char *name, gt_node *x, gt_unet_block_shape b) {
    gt_graph *g = p->forward->graph;
    if (!x) return NULL;
    gt_unet_conv_shape first = {.out = b.out, .kernel = 3, .up = b.up, .down = b.down};
    gt_node *h = gt_swish(g, gt_unet_norm(p, gt_text_of("%s.norm0", name).s, x));
    h = gt_unet_conv(p, gt_text_of("%s.conv0", name).s, h, first);
    gt_node *shift = gt_unet_linear(p, gt_text_of("%s.affine", name).s, p->embedding, b.out, true);
    if (shift) h = gt_add(g, h, gt_reshape(g, shift, GT_SHAPE(gt_dim(shift, 0), 1, 1, b.out)));
    h = gt_swish(g, gt_unet_norm(p, gt_text_of("%s.norm1", name).s, h));
    h = gt_forward_dropout(p->forward, name, h, (float)p->dropout);
    h = gt_unet_conv(p, gt_text_of("%s.conv1", name).s, h,
                     (gt_unet_conv_shape){.out = b.out, .kernel = 3, .gain = 1e-5});
    first.kernel = 1;
    if (b.up || b.down || gt_dim(x, 3) != b.out) x = gt_unet_conv(p, gt_text_of("%s.skip", name).s, x, first);
    x = gt_scale(g, gt_add(g, h, x), (float)HALF_VARIANCE);
    if (!b.attention) return x;
    return gt_scale(g, gt_add(g, attention(p, name, x), x), (float)HALF_VARIANCE);
}

/* ---- embeddings ---- */

static gt_node *waves(gt_graph *g, gt_node *noise, gt_node *frequencies) {
    if (!noise || !frequencies) return NULL;
    gt_node *angle = gt_mul(g, gt_reshape(g, noise, GT_SHAPE(gt_dim(noise, 0), 1)), frequencies);
    return gt_concat(g, 2, (gt_node *[]){gt_cos_op(g, angle), gt_sin_op(g, angle)}, 1);
}

gt_node *gt_unet_powers(gt_graph *g, gt_node *noise, int channels, double slowest, bool endpoint) {
    int half = channels / 2;
    float *frequencies = gt_arena_array(gt_graph_arena(g), (size_t)half, sizeof *frequencies);
    for (int i = 0; frequencies && i < half; i++)
        frequencies[i] = (float)gt_pow(1 / slowest, (double)i / (half - (endpoint ? 1 : 0)));
    return frequencies ? waves(g, noise, gt_constant(g, "frequencies", GT_SHAPE(half), frequencies)) : NULL;
}

gt_node *gt_unet_fourier(gt_graph *g, gt_node *noise, gt_node *frequencies) {
    return waves(g, noise, frequencies ? gt_scale(g, frequencies, (float)(2 * M_PI)) : NULL);
}
