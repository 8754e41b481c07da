/* SPDX-License-Identifier: Apache-2.0
 * Convolution with FIR resampling (spec 1.4): all padding is done once, at the start, and the cheapest equal order of
 * FIR and convolution is taken. */
#include "nets/layers.h"

/* relative to the upsampled image; FIR steps take negative ones (they crop), convolutions do not */
typedef struct pads {
    int x0, x1, y0, y1;
} pads;

/* What upsampling by a filter of n taps adds to the user's padding, and what decimation adds. */
static void add_resampling_pads(pads *p, gt_filter f, int up, int down) {
    int nx = f.fw, ny = f.fh ? f.fh : f.fw;
    if (up > 1) {
        p->x0 += (nx + up - 1) / 2, p->x1 += gt_floor_half(nx - up);
        p->y0 += (ny + up - 1) / 2, p->y1 += gt_floor_half(ny - up);
    }
    if (down > 1) {
        p->x0 += gt_floor_half(nx - down + 1), p->x1 += gt_floor_half(nx - down);
        p->y0 += gt_floor_half(ny - down + 1), p->y1 += gt_floor_half(ny - down);
    }
}

static gt_node *fir(gt_graph *g, gt_node *x, gt_filter f, int up, int down, int gain, pads p, bool flip) {
    gt_upfirdn_attr attr = {.up_x = up,
                            .up_y = up,
                            .down_x = down,
                            .down_y = down,
                            .flip = flip,
                            .gain = (float)gain,
                            .pad_x0 = p.x0,
                            .pad_x1 = p.x1,
                            .pad_y0 = p.y0,
                            .pad_y1 = p.y1};
    return gt_upfirdn(g, x, f, attr);
}

/* [k,k,I/groups,O] as the weight of the adjoint map: [k,k,O/groups,I], group by group. */
static gt_node *transposed(gt_graph *g, gt_node *w, int64_t groups) {
    int64_t kh = gt_dim(w, 0), kw = gt_dim(w, 1), in = gt_dim(w, 2), out = gt_dim(w, 3);
    w = gt_reshape(g, w, GT_SHAPE(kh, kw, in, groups, out / groups));
    w = gt_permute(g, w, (int[]){0, 1, 4, 3, 2});
    return gt_reshape(g, w, GT_SHAPE(kh, kw, out / groups, in * groups));
}

static int max_int(int a, int b) { return a > b ? a : b; }
static int min_int(int a, int b) { return a < b ? a : b; }

/* Convolution of the zero-inserted image as one transposed convolution, then the FIR with what padding is left. */
static gt_node *up_transposed(gt_graph *g, gt_node *x, gt_node *w, gt_filter f, gt_resample r, pads p) {
    int kh = (int)gt_dim(w, 0), kw = (int)gt_dim(w, 1);
    p.x0 -= kw - 1, p.x1 -= kw - r.up;
    p.y0 -= kh - 1, p.y1 -= kh - r.up;
    int tx = max_int(min_int(-p.x0, -p.x1), 0), ty = max_int(min_int(-p.y0, -p.y1), 0);
    gt_conv_attr attr = {
        .stride = r.up, .groups = r.groups, .pad_top = ty, .pad_bottom = ty, .pad_left = tx, .pad_right = tx};
    int64_t height = (gt_dim(x, 1) - 1) * r.up + kh - 2 * ty, width = (gt_dim(x, 2) - 1) * r.up + kw - 2 * tx;
    x = gt_conv_input_grad(g, x, transposed(g, w, r.groups), height, width, attr);
    p.x0 += tx, p.x1 += tx, p.y0 += ty, p.y1 += ty;
    x = fir(g, x, f, 1, 1, r.up * r.up, p, r.flip_filter);
    return r.down > 1 ? fir(g, x, f, 1, r.down, 1, (pads){0}, r.flip_filter) : x;
}

gt_node *gt_conv2d_resample(gt_graph *g, gt_node *x, gt_node *w, gt_filter f, gt_resample r) {
    if (!x || !w) return NULL;
    r.up = max_int(r.up, 1), r.down = max_int(r.down, 1), r.groups = max_int(r.groups, 1);
    pads p = {r.pad, r.pad, r.pad, r.pad};
    add_resampling_pads(&p, f, r.up, r.down);
    bool pointwise = gt_dim(w, 0) == 1 && gt_dim(w, 1) == 1;

    /* A transposed convolution runs the kernel the other way round: there the stored kernel convolves as it is. */
    if (!pointwise && (r.up > 1) != r.convolution) w = gt_flip(g, w, GT_AXIS(0) | GT_AXIS(1));
    gt_conv_attr attr = {.stride = 1, .groups = r.groups};

    if (pointwise && r.down > 1 && r.up == 1) return gt_conv(g, fir(g, x, f, 1, r.down, 1, p, r.flip_filter), w, attr);
    if (pointwise && r.up > 1 && r.down == 1)
        return fir(g, gt_conv(g, x, w, attr), f, r.up, 1, r.up * r.up, p, r.flip_filter);
    if (r.up > 1) return up_transposed(g, x, w, f, r, p);
    if (r.down > 1) {
        attr.stride = r.down;
        return gt_conv(g, fir(g, x, f, 1, 1, 1, p, r.flip_filter), w, attr);
    }
    attr.pad_left = p.x0, attr.pad_right = p.x1, attr.pad_top = p.y0, attr.pad_bottom = p.y1;
    return gt_conv(g, x, w, attr);
}
