/* SPDX-License-Identifier: Apache-2.0
 * Nodes that work on images: convolutions, FIR filters, pooling, margins. */
#include <math.h>
#include <string.h>

#include "base/door/numbers.h"
#include "graph/door/nodes.h"
#include "graph/door/op_list.h"
#include "features/onnx/forms.h"

static gt_onnx_value *images(gt_translation *t, const gt_node *n) { return gt_form_in(t, n, 4, gt_order_images); }

static gt_onnx_attr ints2(const char *name, int64_t y, int64_t x) {
    return (gt_onnx_attr){GT_ONNX_INTS, name, .n = 2, .ints = {y, x}};
}
static gt_onnx_attr pads4(int64_t top, int64_t left, int64_t bottom, int64_t right) {
    return (gt_onnx_attr){GT_ONNX_INTS, "pads", .n = 4, .ints = {top, left, bottom, right}};
}
static gt_onnx_attr number(const char *name, int64_t value) {
    return (gt_onnx_attr){GT_ONNX_INT, name, .n = 1, .ints = {value}};
}

/* ---- convolutions ---- */

void gt_onnx_conv(gt_translation *t, const gt_node *n) {
    static const int weights[] = {3, 2, 0, 1}; /* of [kh,kw,I/groups,O]: [O,I/groups,kh,kw], in both directions */
    const gt_conv_node_attr *a = n->attr;
    const gt_conv_attr *c = &a->conv;
    const gt_shape *x = &n->in[0]->shape, *w = &n->in[1]->shape;
    bool transposed = n->op == &gt_op_conv_input_grad;
    int64_t pads[2][2] = {{c->pad_top, c->pad_bottom}, {c->pad_left, c->pad_right}}, more[2] = {0, 0};
    if (!t->constant[n->in[1]->id] || a->scales) return gt_untranslatable(t, n, "weights that depend on an input");
    for (int i = 0; i < 2 && transposed; i++) { /* what the size leaves over lies after the image */
        pads[i][1] = (x->d[1 + i] - 1) * c->stride + w->d[i] - pads[i][0] - n->shape.d[1 + i];
        if (pads[i][1] < 0) more[i] = -pads[i][1], pads[i][1] = 0;
    }
    gt_onnx_attr attrs[] = {ints2("kernel_shape", w->d[0], w->d[1]),
                            ints2("strides", c->stride, c->stride),
                            pads4(pads[0][0], pads[1][0], pads[0][1], pads[1][1]),
                            number("group", c->groups),
                            ints2("output_padding", more[0], more[1]),
                            {0}};
    if (!transposed) attrs[4].kind = GT_ONNX_END;
    const gt_node *b = t->bias[n->id];
    gt_form_add(t, n, gt_order_images,
                GT_EMIT(t, n, transposed ? "ConvTranspose" : "Conv", attrs, images(t, n->in[0]),
                        gt_form_in(t, n->in[1], 4, weights), b ? gt_form_vector(t, b) : NULL));
}

/* ---- margins ---- */

gt_onnx_value *gt_emit_padded(gt_translation *t, const gt_node *n, gt_onnx_value *x, int axes, const int64_t (*pads)[2],
                              const int64_t *sizes) {
    int64_t begin[GT_MAX_DIMS], end[GT_MAX_DIMS], axis[GT_MAX_DIMS], margins[2 * GT_MAX_DIMS];
    int crops = 0;
    bool grows = false;
    for (int i = 0; i < axes; i++) {
        margins[i] = gt_largest(pads[i][0], 0);
        margins[axes + i] = gt_largest(pads[i][1], 0);
        grows |= margins[i] || margins[axes + i];
        if (pads[i][0] >= 0 && pads[i][1] >= 0) continue;
        begin[crops] = gt_largest(-pads[i][0], 0);
        end[crops] = pads[i][1] < 0 ? sizes[i] + pads[i][1] : INT64_MAX;
        axis[crops++] = i;
    }
    gt_onnx *m = t->model;
    if (crops)
        x = GT_EMIT(t, n, "Slice", NULL, x, gt_onnx_integers(m, crops, begin), gt_onnx_integers(m, crops, end),
                    gt_onnx_integers(m, crops, axis));
    return grows ? GT_EMIT(t, n, "Pad", NULL, x, gt_onnx_integers(m, 2 * axes, margins)) : x;
}

/* ---- FIR filters: each channel by itself ---- */

static float tap(const gt_fir_attr *a, int y, int x) {
    return a->separable ? a->taps[x] * a->taps[a->nx + y] : a->taps[y * a->nx + x];
}

/* The mean over a window, times *sum? */
static bool is_mean(const gt_fir_attr *a, float *sum) {
    *sum = tap(a, 0, 0) * (float)(a->nx * a->ny);
    for (int i = 0; i < a->nx * a->ny; i++)
        if (tap(a, i / a->nx, i % a->nx) != tap(a, 0, 0)) return false;
    return a->up_x == 1 && a->up_y == 1 && a->nx * a->ny > 1 && a->pad_x0 >= 0 && a->pad_x1 >= 0 && a->pad_y0 >= 0 &&
           a->pad_y1 >= 0 && a->pad_x0 < a->nx && a->pad_x1 < a->nx && a->pad_y0 < a->ny && a->pad_y1 < a->ny;
}

/* [channels,1,ny,nx]: the taps for each channel, the other way round for transposed convolutions. */
static gt_onnx_value *kernels(gt_translation *t, const gt_fir_attr *a, int64_t channels, bool reversed) {
    int window = a->nx * a->ny;
    float *w = gt_arena_array(t->arena, (size_t)(channels * window), sizeof *w);
    const char *name = gt_arena_printf(t->arena, "filter%s of %lld", reversed ? " reversed" : "", (long long)channels);
    for (int i = 0; i < window && name && w; i++) {
        int k = reversed ? window - 1 - i : i;
        w[i] = tap(a, k / a->nx, k % a->nx);
        name = gt_arena_printf(t->arena, "%s %.9g", name, (double)w[i]);
    }
    if (!name || !w) return NULL;
    for (int64_t i = window; i < channels * window; i++) w[i] = w[i - window];
    return gt_onnx_floats(t->model, name, &(gt_onnx_dims){4, {channels, 1, a->ny, a->nx}, {0}}, w);
}

/* Zeros are put between pixels: a transposed convolution, whose own margins are n - 1 - pad before and n - up - pad
 * after the image. Margins below zero are added behind. */
static gt_onnx_value *upsampled(gt_translation *t, const gt_node *n, const gt_fir_attr *a) {
    int64_t channels = n->shape.d[3];
    int64_t pads[2][2] = {{a->ny - 1 - a->pad_y0, a->ny - a->up_y - a->pad_y1},
                          {a->nx - 1 - a->pad_x0, a->nx - a->up_x - a->pad_x1}};
    int64_t own[2][2], behind[4][2] = {{0}}, sizes[4] = {0};
    for (int i = 0; i < 4; i++) {
        own[i / 2][i % 2] = gt_largest(pads[i / 2][i % 2], 0);
        behind[2 + i / 2][i % 2] = gt_largest(-pads[i / 2][i % 2], 0);
    }
    const gt_onnx_attr attrs[] = {ints2("kernel_shape", a->ny, a->nx),
                                  ints2("strides", a->up_y, a->up_x),
                                  pads4(own[0][0], own[1][0], own[0][1], own[1][1]),
                                  number("group", channels),
                                  {0}};
    gt_onnx_value *y = GT_EMIT(t, n, "ConvTranspose", attrs, images(t, n->in[0]), kernels(t, a, channels, true));
    return gt_emit_padded(t, n, y, 4, (const int64_t(*)[2])behind, sizes);
}

static gt_onnx_value *filtered(gt_translation *t, const gt_node *n, const gt_fir_attr *a) {
    const int64_t *in = n->in[0]->shape.d, sizes[4] = {in[0], in[3], in[1], in[2]}, channels = in[3];
    int64_t crops[4][2] = {{0}, {0}, {a->pad_y0, a->pad_y1}, {a->pad_x0, a->pad_x1}}, pads[4];
    for (int i = 0; i < 4; i++) { /* convolutions add margins, but do not crop */
        int64_t *p = &crops[2 + i / 2][i % 2];
        pads[i] = gt_largest(*p, 0);
        *p = gt_smallest(*p, 0);
    }
    gt_onnx_value *x = gt_emit_padded(t, n, images(t, n->in[0]), 4, (const int64_t(*)[2])crops, sizes);
    gt_onnx_attr attrs[] = {ints2("kernel_shape", a->ny, a->nx),
                            ints2("strides", a->down_y, a->down_x),
                            pads4(pads[0], pads[2], pads[1], pads[3]),
                            number("group", channels),
                            {0}};
    float sum;
    if (!is_mean(a, &sum)) return GT_EMIT(t, n, "Conv", attrs, x, kernels(t, a, channels, false));
    attrs[3] = number("count_include_pad", 1);
    x = GT_EMIT(t, n, "AveragePool", attrs, x);
    return fabsf(sum - 1) < 1e-5f ? x : GT_EMIT(t, n, "Mul", NULL, x, gt_onnx_number(t->model, sum));
}

void gt_onnx_upfirdn(gt_translation *t, const gt_node *n) {
    const gt_fir_attr *a = n->attr;
    bool up = a->up_x > 1 || a->up_y > 1;
    if (up && (a->down_x > 1 || a->down_y > 1)) return gt_untranslatable(t, n, "up- and downsampling in one");
    gt_form_add(t, n, gt_order_images, up ? upsampled(t, n, a) : filtered(t, n, a));
}

/* ---- pooling ---- */

/* Margins are chosen so that windows are counted as ours are, whatever rounding a program knows. */
void gt_onnx_max_pool(gt_translation *t, const gt_node *n) {
    const gt_max_pool_attr *a = n->attr;
    if (n->in[0] != n->in[1]) return gt_untranslatable(t, n, "values picked by others");
    gt_pool_axis y = gt_max_pool_axis(a, 1), x = gt_max_pool_axis(a, 2);
    const int64_t *in = n->in[0]->shape.d, *out = n->shape.d;
    int64_t below = gt_largest((out[1] - 1) * y.stride + y.size - in[1] - y.pad, 0);
    int64_t beside = gt_largest((out[2] - 1) * x.stride + x.size - in[2] - x.pad, 0);
    const gt_onnx_attr attrs[] = {ints2("kernel_shape", y.size, x.size),
                                  ints2("strides", y.stride, x.stride),
                                  pads4(y.pad, x.pad, below, beside),
                                  {0}};
    gt_form_add(t, n, gt_order_images, GT_EMIT(t, n, "MaxPool", attrs, images(t, n->in[0])));
}
