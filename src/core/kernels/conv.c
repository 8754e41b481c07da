/* SPDX-License-Identifier: Apache-2.0
 * Convolution: the table of algorithms, and the choice of an algorithm for a shape. */
#include "kernels/door/conv.h"

#include "kernels/door/kernel_set.h"
#include "kernels/winograd_tiling.h"

enum { DIRECTIONS = 3, FEW_CHANNELS = 8 /* columns pay up to so many */ };

const gt_conv_algorithm *const gt_conv_algorithms[GT_CONV_KERNELS] = {
    [GT_CONV_DIRECT] = &gt_conv_direct,   [GT_CONV_WINOGRAD] = &gt_conv_winograd,
    [GT_CONV_COLUMNS] = &gt_conv_columns, [GT_CONV_DEPTHWISE] = &gt_conv_depthwise,
    [GT_CONV_STRIDED] = &gt_conv_strided,
};

/* Winograd pays from these sizes on: 3x3 with stride 1, the same by wide tiles, with stride 2, 4x4 with stride 2
 * (bench/conv; part of the arithmetic). Fewer channels: its transforms cost more than it saves. Fewer tiles:
 * weights in the transformed domain, four times as many, cost more than the sums over tiles save. Images in and out
 * count the tiles of one image: its bits must not depend on how many are in the call. */
static const struct {
    int64_t channels, tiles;
} pays[GT_WINOGRAD_KINDS][DIRECTIONS] = {
    {[GT_CONV_FORWARD] = {16, 1}, [GT_CONV_INPUT_GRAD] = {16, 1}, [GT_CONV_WEIGHT_GRAD] = {16, 4}},
    {[GT_CONV_FORWARD] = {16, 1}, [GT_CONV_INPUT_GRAD] = {16, 1}, [GT_CONV_WEIGHT_GRAD] = {16, 4}},
    {[GT_CONV_FORWARD] = {32, 1}, [GT_CONV_INPUT_GRAD] = {32, 1}, [GT_CONV_WEIGHT_GRAD] = {32, 4}},
    {[GT_CONV_FORWARD] = {16, 1}, [GT_CONV_INPUT_GRAD] = {16, 1}, [GT_CONV_WEIGHT_GRAD] = {16, 4}},
};

/* Of the kernels that have the direct one's bits. */
static gt_conv_kernel plain(const gt_conv_shape *s, bool alone) {
    return gt_conv_strided_pays(s, alone) ? GT_CONV_STRIDED : GT_CONV_DIRECT;
}

gt_conv_kernel gt_conv_choose(const gt_conv_shape *s, bool alone) {
    gt_conv_mode mode = gt_kernel_set_or_best(s->kernels)->conv;
    bool winograd = gt_conv_winograd.possible(s);
    if (gt_conv_depthwise.possible(s)) return GT_CONV_DEPTHWISE;
    if (mode == GT_CONV_ALL_WINOGRAD && winograd) return GT_CONV_WINOGRAD;
    if (mode == GT_CONV_AUTO && s->c <= FEW_CHANNELS && s->kh * s->kw > 1 && gt_conv_columns.possible(s))
        return GT_CONV_COLUMNS;
    if (mode == GT_CONV_ALL_DIRECT || !winograd) return plain(s, alone);
    int64_t tiles = gt_winograd_tiling_of(s).per_image * (s->direction == GT_CONV_WEIGHT_GRAD ? s->n : 1);
    gt_winograd_kind kind = gt_winograd_kind_of(s);
    int64_t least = pays[kind][s->direction].channels;
    bool enough = s->c >= least && s->o >= least && tiles >= pays[kind][s->direction].tiles;
    return enough ? GT_CONV_WINOGRAD : plain(s, alone);
}

gt_conv_work gt_conv_work_of(const gt_conv_shape *s, gt_conv_kernel kernel) {
    const gt_conv_algorithm *a = gt_conv_algorithms[kernel];
    return a->work ? a->work(s) : (gt_conv_work){.products = gt_conv_flops(s)};
}

int64_t gt_conv_packing_extent(const gt_conv_shape *s, gt_conv_kernel kernel) {
    return kernel == GT_CONV_WINOGRAD ? gt_winograd_packing_extent(s) : 1;
}

double gt_conv_flops(const gt_conv_shape *s) {
    return 2.0 * (double)s->kh * (double)s->kw * (double)(s->c / s->groups) * (double)s->o *
           (double)(s->n * s->p * s->q);
}
