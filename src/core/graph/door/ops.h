/* SPDX-License-Identifier: Apache-2.0
 * The ops, by family. Every builder returns the new node, or NULL with the fault remembered by the graph (graph.h).
 * "Adjoint" is meant with respect to the Euclidean inner product: <A x, y> = <x, A* y>. */
#ifndef GANTRY_GRAPH_DOOR_OPS_H
#define GANTRY_GRAPH_DOOR_OPS_H

#include "graph/door/graph.h"

/* ---- element-wise (ops/elementwise.c): gt_add(g, a, b), gt_scale(g, x, factor), gt_exp_op(g, x) and so on, the rows
 * of elementwise_ops.h, and these. Two inputs are broadcast against each other: the shorter shape is padded with
 * leading 1s, then dimensions must agree or be 1. Chains are fused when the graph is made ready. ---- */
#define GT_UNARY(id, builder, ...) gt_node *builder(gt_graph *g, gt_node *x);
#define GT_UNARY_WITH(id, builder, ...) gt_node *builder(gt_graph *g, gt_node *x, float c0);
#define GT_BINARY(id, builder, ...) gt_node *builder(gt_graph *g, gt_node *a, gt_node *b);
#include "graph/door/elementwise_ops.h"
gt_node *gt_select(gt_graph *g, gt_node *mask, gt_node *a, gt_node *b); /* mask > 0 ? a : b; no gradient to mask */
gt_node *gt_sign(gt_graph *g, gt_node *x);                              /* -1, 0, 1; not differentiable */
gt_node *gt_leaky_relu(gt_graph *g, gt_node *x, float alpha);           /* x > 0 ? x : alpha x */
gt_node *gt_swish(gt_graph *g, gt_node *x);                             /* x sigmoid(x), also called SiLU */
gt_node *gt_elu(gt_graph *g, gt_node *x);                               /* x > 0 ? x : e^x - 1 */
gt_node *gt_greater(gt_graph *g, gt_node *x, float bound);              /* x > bound ? 1 : 0; not differentiable */

/* The nine activations of the field by name, with their default gain and slope
 * (docs/mathematics/stylegan2-ada.md#activations). */
typedef struct gt_activation {
    const char *name;
    float alpha, gain;
} gt_activation;
/* linear relu lrelu tanh sigmoid elu selu softplus swish; NULL: unknown */
const gt_activation *gt_activation_find(const char *name);
/* y = clamp(gain * act(x + b), -c, c): b broadcast ([C], or NULL), alpha (of lrelu; the others have none) < 0: the
 * default, gain <= 0: the default, clamp < 0: none. */
gt_node *gt_bias_act(gt_graph *g, gt_node *x, gt_node *b, const char *activation, float alpha, float gain, float clamp);

/* ---- sums and broadcasts (ops/reduce.c) ---- */

/* `axes` is a bit mask: GT_AXIS(0) | GT_AXIS(2); dimensions are kept as 1. */
#define GT_AXIS(i) (1u << (i))
#define GT_ALL_AXES (~0u)
gt_node *gt_sum(gt_graph *g, gt_node *x, unsigned axes);
gt_node *gt_mean(gt_graph *g, gt_node *x, unsigned axes);
gt_node *gt_broadcast(gt_graph *g, gt_node *x, gt_shape shape);
gt_node *gt_sum_to(gt_graph *g, gt_node *x, gt_shape shape); /* adjoint of broadcast: sums down to `shape` */

/* ---- over slices (ops/over_slices.c) ---- */

/* The sum of x over all slices of the batch, those of other ranks included, by the tree of dist.h: of x's shape, the
 * same numbers in every slice. For small values: each sum, or each set of sums that do not depend on each other, is a
 * wait for all ranks, and the slices of a rank hold their activations in memory together (gt_exec_run_to_sum). Slices
 * may differ in size: what depends on the number of samples in the batch takes that as gt_sum_over_slices of the
 * slice's own. */
gt_node *gt_sum_over_slices(gt_graph *g, gt_node *x);

/* ---- choices (ops/choice.c) ---- */

/* 1 where the last axis has its (first) maximum, 0 elsewhere; not differentiable. */
gt_node *gt_one_hot_max(gt_graph *g, gt_node *x);
/* Over the last axis, made of the ops above; no sum overflows. */
gt_node *gt_log_softmax(gt_graph *g, gt_node *x);
gt_node *gt_softmax(gt_graph *g, gt_node *x);
/* - sum over the last axis of targets log softmax(logits), in one kernel (ops/entropy.c): [...,1]. */
gt_node *gt_cross_entropy(gt_graph *g, gt_node *logits, gt_node *targets);

/* ---- shapes (ops/shape.c) ---- */
gt_node *gt_reshape(gt_graph *g, gt_node *x, gt_shape shape);   /* one dimension may be -1 */
gt_node *gt_permute(gt_graph *g, gt_node *x, const int *order); /* out.d[i] = in.d[order[i]] */
gt_node *gt_slice(gt_graph *g, gt_node *x, int axis, int64_t begin, int64_t end);
gt_node *gt_concat(gt_graph *g, int n, gt_node *const *x, int axis);
gt_node *gt_flip(gt_graph *g, gt_node *x, unsigned axes); /* reversed order along these axes */
/* zeros; negative crops; one pair per dimension */
gt_node *gt_pad(gt_graph *g, gt_node *x, const int64_t (*before_after)[2]);

/* ---- products (ops/matmul.c) ---- */
typedef struct gt_matmul_attr {
    int32_t transpose_a, transpose_b;
} gt_matmul_attr;
/* [M,K] x [K,N], or with one leading batch dimension on both: [B,M,K] x [B,K,N]; transposes as stored. */
gt_node *gt_matmul_with(gt_graph *g, gt_node *a, gt_node *b, gt_matmul_attr attr);
#define gt_matmul(g, a, b, ...) gt_matmul_with(g, a, b, (gt_matmul_attr){__VA_ARGS__})

/* ---- convolution (ops/conv.c): correlation, y[n,p,q,o] = sum_{a,b,i} x[n, p*stride+a-pad_top, q*stride+b-pad_left, i]
 * w[a,b,i,o]. With groups, w is [kh,kw,I/groups,O] and output channels of group k read input channels of group k. ----
 */
typedef struct gt_conv_attr {
    int32_t stride;                                   /* 0 means 1 */
    int32_t pad_top, pad_left, pad_bottom, pad_right; /* >= 0 */
    int32_t groups;                                   /* 0 means 1 */
} gt_conv_attr;
gt_node *gt_conv(gt_graph *g, gt_node *x, gt_node *w, gt_conv_attr attr);
/* Its adjoint in x: dy [N,Ho,Wo,O] -> [N,height,width,I]: the transposed convolution. */
gt_node *gt_conv_input_grad(gt_graph *g, gt_node *dy, gt_node *w, int64_t height, int64_t width, gt_conv_attr attr);
/* Its adjoint in w: [kh,kw,I/groups,O]. */
gt_node *gt_conv_weight_grad(gt_graph *g, gt_node *x, gt_node *dy, int64_t kh, int64_t kw, gt_conv_attr attr);

/* ---- pooling (ops/max_pool.c): the largest value of each channel in windows of size x width pixels; what lies outside
 * the image does not count. Sizes: floor((H + 2 pad - size) / stride) + 1; with `ceil` rounded up, where the last
 * window begins in the image or the padding before it. ---- */
typedef struct gt_max_pool_attr {
    int32_t size;   /* rows of the window */
    int32_t stride; /* 0 means size */
    int32_t pad;    /* on all sides, at most half of size */
    int32_t ceil;
    int32_t width;           /* columns of the window; 0: as rows, with the same stride and padding */
    int32_t stride_x, pad_x; /* with width: those of columns; stride_x 0 means width */
} gt_max_pool_attr;
typedef struct gt_pool_axis {
    int32_t size, stride, pad;
} gt_pool_axis;
/* Axis 1: rows; 2: columns. */
gt_pool_axis gt_max_pool_axis(const gt_max_pool_attr *a, int axis);
gt_node *gt_max_pool_with(gt_graph *g, gt_node *x, gt_max_pool_attr attr);
#define gt_max_pool(g, x, ...) gt_max_pool_with(g, x, (gt_max_pool_attr){__VA_ARGS__})

/* ---- FIR filters (ops/upfirdn.c) on channels-last images: docs/mathematics/stylegan2-ada.md#fir-resampling. The
 * filter is known when the graph is built. ---- */
typedef struct gt_upfirdn_attr {
    int32_t up_x, up_y, down_x, down_y;     /* 0 means 1 */
    int32_t pad_x0, pad_x1, pad_y0, pad_y1; /* relative to the upsampled image; negative crops */
    int32_t flip;                           /* 0: convolution (default), 1: correlation */
    float gain;                             /* 0 means 1 */
} gt_upfirdn_attr;
typedef struct gt_filter { /* fh == 0: separable, fw taps used along both axes, each with sqrt(gain) */
    int fh, fw;
    const float *taps; /* fh x fw, or fw */
} gt_filter;
gt_node *gt_upfirdn(gt_graph *g, gt_node *x, gt_filter f, gt_upfirdn_attr attr);
/* Prepares raw taps (normalise, flip, gain; 1-D below 8 taps becomes the outer product). n_taps_y 0: 1-D or scalar.
 * Result in the arena. */
gt_filter gt_filter_setup(gt_arena *a, const float *taps, int n_taps_x, int n_taps_y, bool normalize, bool flip,
                          float gain, bool force_2d);
/* Adds the padding of upsampling by `up` and of downsampling by `down` with filter f; 0: no such step. Filters that are
 * shorter than the factor crop. */
void gt_add_resampling_pads(gt_upfirdn_attr *a, gt_filter f, int up, int down);
gt_node *gt_upsample2d(gt_graph *g, gt_node *x, gt_filter f, int up);
gt_node *gt_downsample2d(gt_graph *g, gt_node *x, gt_filter f, int down);
/* A filter for each sample: taps [N,T] along one image axis (1 = H, 2 = W); y[p] = sum_k x[p+k-pad] taps[k], with zeros
 * outside the image. No gradient to taps. */
gt_node *gt_sample_fir(gt_graph *g, gt_node *x, gt_node *taps, int axis, int pad);
/* Margins of `pad` pixels along the two image axes: the image mirrored without repeating its edge, again and again
 * where the image is smaller. A negative pad is the adjoint: margins of -pad pixels are added to the pixels that they
 * mirror. */
gt_node *gt_reflect_pad(gt_graph *g, gt_node *x, int pad);

/* ---- geometry (ops/warp.c): docs/mathematics/augmentation.md#resampling-by-g as one linear op per sample: reflect,
 * upsample by 2 with sym6, sample bilinearly at transformed coordinates, downsample; or the adjoint of that. matrix
 * [N,2,3]: the first two rows of G in pixel coordinates (origin at the image centre). No gradient to matrix. ---- */
typedef struct gt_warp_attr {
    int32_t adjoint;
    int32_t once; /* the image is mirrored once at each edge, with zeros beyond; else again and again */
} gt_warp_attr;
gt_node *gt_warp(gt_graph *g, gt_node *x, gt_node *matrix, gt_warp_attr attr);

/* ---- random numbers (ops/random.c): shape [N, ...]; sample i of the slice draws with (env.seed, stream, env.step,
 * gt_draw_number(i)), in layer 0 or in the one that is given ---- */
gt_node *gt_random_normal_op(gt_graph *g, const char *stream, gt_shape shape);
gt_node *gt_random_normal_in(gt_graph *g, const char *stream, int layer, gt_shape shape);
gt_node *gt_random_uniform_op(gt_graph *g, const char *stream, gt_shape shape);

#endif
