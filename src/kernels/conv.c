/* SPDX-License-Identifier: Apache-2.0
 * Convolution: which kernel computes what. */
#include "kernels/conv.h"

#include "kernels/conv_columns.h"
#include "kernels/conv_direct.h"
#include "kernels/kernel_set.h"
#include "kernels/winograd.h"

enum { DIRECTIONS = 3, WINOGRADS = 3, FEW_CHANNELS = 8 /* columns pay up to so many */ };

typedef struct kernel {
    const char *name;
    size_t (*packed_floats)(const gt_conv_shape *, gt_conv_direction);
    void (*pack)(const gt_conv_shape *, gt_conv_direction, gt_pool *, const float *w, float *packed);
    size_t (*workspace)(const gt_conv_shape *, gt_conv_direction, bool packed, int threads);
    void (*run)(const gt_conv_shape *, gt_conv_direction, gt_pool *, void *workspace, const float *const *in,
                float *out);
} kernel;

static const kernel kernels[] = {
    [GT_CONV_DIRECT] = {"direct", gt_conv_direct_packed_floats, gt_conv_direct_pack, gt_conv_direct_workspace,
                        gt_conv_direct},
    [GT_CONV_WINOGRAD] = {"winograd", gt_winograd_packed_floats, gt_winograd_pack, gt_winograd_workspace, gt_winograd},
    [GT_CONV_COLUMNS] = {"columns", gt_conv_columns_packed_floats, gt_conv_columns_pack, gt_conv_columns_workspace,
                         gt_conv_columns},
};

/* Winograd pays from these sizes on: 3x3 with stride 1, with stride 2, 4x4 with stride 2 (bench/conv; part of the
 * kernel set's version). Fewer channels: its transforms cost more than it saves. Fewer tiles: weights in the
 * transformed domain, four times as many, cost more than the sums over tiles save. Images in and out count the tiles of
 * one image: its bits must not depend on how many are in the call. */
static const struct {
    int64_t channels, tiles;
} pays[WINOGRADS][DIRECTIONS] = {
    {[GT_CONV_FORWARD] = {16, 1}, [GT_CONV_INPUT_GRAD] = {16, 1}, [GT_CONV_WEIGHT_GRAD] = {16, 8}},
    {[GT_CONV_FORWARD] = {32, 1}, [GT_CONV_INPUT_GRAD] = {32, 1}, [GT_CONV_WEIGHT_GRAD] = {32, 16}},
    {[GT_CONV_FORWARD] = {16, 1}, [GT_CONV_INPUT_GRAD] = {16, 1}, [GT_CONV_WEIGHT_GRAD] = {16, 16}},
};

bool gt_conv_takes_scales(gt_conv_kernel k) { return k == GT_CONV_WINOGRAD; }

bool gt_conv_has_kernel(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel k) {
    if (k == GT_CONV_COLUMNS) return gt_conv_columns_possible(s, direction);
    return k == GT_CONV_DIRECT || gt_winograd_possible(s);
}

gt_conv_kernel gt_conv_choose(const gt_conv_shape *s, gt_conv_direction direction) {
    gt_conv_mode mode = gt_kernel_set_or_best(s->kernels)->conv;
    if (mode == GT_CONV_ALL_WINOGRAD && gt_winograd_possible(s)) return GT_CONV_WINOGRAD;
    if (mode == GT_CONV_AUTO && s->c <= FEW_CHANNELS && s->kh * s->kw > 1 && gt_conv_columns_possible(s, direction))
        return GT_CONV_COLUMNS;
    if (mode == GT_CONV_ALL_DIRECT || !gt_winograd_possible(s)) return GT_CONV_DIRECT;
    int64_t tiles = gt_winograd_tiles_per_image(s, direction) * (direction == GT_CONV_WEIGHT_GRAD ? s->n : 1);
    int kind = s->kh == 4 ? 2 : s->stride - 1;
    int64_t least = pays[kind][direction].channels;
    bool enough = s->c >= least && s->o >= least && tiles >= pays[kind][direction].tiles;
    return enough ? GT_CONV_WINOGRAD : GT_CONV_DIRECT;
}

const char *gt_conv_kernel_name(gt_conv_kernel k) { return kernels[k].name; }

double gt_conv_flops(const gt_conv_shape *s) {
    return 2.0 * (double)s->kh * (double)s->kw * (double)(s->c / s->groups) * (double)s->o *
           (double)(s->n * s->p * s->q);
}

size_t gt_conv_packed_floats(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel k) {
    return kernels[k].packed_floats(s, direction);
}

void gt_conv_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel k, gt_pool *pool, const float *w,
                  float *packed) {
    kernels[k].pack(s, direction, pool, w, packed);
}

size_t gt_conv_workspace(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel k, bool packed,
                         int threads) {
    return kernels[k].workspace(s, direction, packed, threads);
}

void gt_conv_run(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel k, gt_pool *pool, void *workspace,
                 const float *const in[GT_CONV_INPUTS], float *out) {
    kernels[k].run(s, direction, pool, workspace, in, out);
}
