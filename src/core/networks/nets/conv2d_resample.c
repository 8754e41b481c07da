/* SPDX-License-Identifier: Apache-2.0
 * Convolution with FIR resampling (docs/mathematics/stylegan2-ada.md#convolution-with-resampling): all padding is done
 * once, at the start, and the cheapest equal order of FIR and convolution is taken. */
#include "base/door/numbers.h"
#include "networks/nets/door/layers.h"

/* p: the padding, and the direction of the filter. FIR steps take negative paddings (they crop), convolutions do not.
 */
static gt_node *fir(gt_graph *g, gt_node *x, gt_filter f, int up, int down, int gain, gt_upfirdn_attr p) {
    p.up_x = p.up_y = up;
    p.down_x = p.down_y = down;
    p.gain = (float)gain;
    return gt_upfirdn(g, x, f, p);
}

/* [k,k,I/groups,O] as the weight of the adjoint map: [k,k,O/groups,I], group by group. */
static gt_node *transposed(gt_graph *g, gt_node *w, int64_t groups) {
    int64_t kh = gt_dim(w, 0), kw = gt_dim(w, 1), in = gt_dim(w, 2), out = gt_dim(w, 3);
    w = gt_reshape(g, w, GT_SHAPE(kh, kw, in, groups, out / groups));
    w = gt_permute(g, w, (int[]){0, 1, 4, 3, 2});
    return gt_reshape(g, w, GT_SHAPE(kh, kw, out / groups, in * groups));
}

/* Convolution of the zero-inserted image as one transposed convolution, then the FIR with what padding is left. */
static gt_node *up_transposed(gt_graph *g, gt_node *x, gt_node *w, gt_filter f, gt_resample r, gt_upfirdn_attr p) {
    int kh = (int)gt_dim(w, 0), kw = (int)gt_dim(w, 1);
    p.pad_x0 -= kw - 1, p.pad_x1 -= kw - r.up;
    p.pad_y0 -= kh - 1, p.pad_y1 -= kh - r.up;
    int tx = (int)gt_largest(gt_smallest(-p.pad_x0, -p.pad_x1), 0),
        ty = (int)gt_largest(gt_smallest(-p.pad_y0, -p.pad_y1), 0);
    gt_conv_attr attr = {
        .stride = r.up, .groups = r.groups, .pad_top = ty, .pad_bottom = ty, .pad_left = tx, .pad_right = tx};
    int64_t height = (gt_dim(x, 1) - 1) * r.up + kh - 2 * ty, width = (gt_dim(x, 2) - 1) * r.up + kw - 2 * tx;
    x = gt_conv_input_grad(g, x, transposed(g, w, r.groups), height, width, attr);
    p.pad_x0 += tx, p.pad_x1 += tx, p.pad_y0 += ty, p.pad_y1 += ty;
    x = fir(g, x, f, 1, 1, r.up * r.up, p);
    return r.down > 1 ? fir(g, x, f, 1, r.down, 1, (gt_upfirdn_attr){.flip = p.flip}) : x;
}

gt_node *gt_conv2d_resample(gt_graph *g, gt_node *x, gt_node *w, gt_filter f, gt_resample r) {
    if (!x || !w) return NULL;
    if (!r.up) r.up = 1;
    if (!r.down) r.down = 1;
    if (!r.groups) r.groups = 1;
    gt_upfirdn_attr p = {.pad_x0 = r.pad, .pad_x1 = r.pad, .pad_y0 = r.pad, .pad_y1 = r.pad, .flip = r.flip_filter};
    gt_add_resampling_pads(&p, f, r.up > 1 ? r.up : 0, r.down > 1 ? r.down : 0);
    bool pointwise = gt_dim(w, 0) == 1 && gt_dim(w, 1) == 1;

    /* A transposed convolution runs the kernel the other way round: there the stored kernel convolves as it is. */
    if (!pointwise && (r.up > 1) != r.convolution) w = gt_flip(g, w, GT_AXIS(0) | GT_AXIS(1));
    gt_conv_attr attr = {.stride = 1, .groups = r.groups};

    if (pointwise && r.down > 1 && r.up == 1) return gt_conv(g, fir(g, x, f, 1, r.down, 1, p), w, attr);
    if (pointwise && r.up > 1 && r.down == 1) return fir(g, gt_conv(g, x, w, attr), f, r.up, 1, r.up * r.up, p);
    if (r.up > 1) return up_transposed(g, x, w, f, r, p);
    if (r.down > 1) {
        attr.stride = r.down;
        return gt_conv(g, fir(g, x, f, 1, 1, 1, p), w, attr);
    }
    attr.pad_left = p.pad_x0, attr.pad_right = p.pad_x1, attr.pad_top = p.pad_y0, attr.pad_bottom = p.pad_y1;
    return gt_conv(g, x, w, attr);
}
