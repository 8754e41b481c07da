/* SPDX-License-Identifier: Apache-2.0
 * Winograd F(4x4,3x3) on channels-last images: 3x3 convolution with stride 1 in all three directions with a quarter of the
 * multiplications (conv.h has the contract). Results are cut into tiles of 4x4 pixels (partial ones at the edges are padded); the 36 points of the
 * transformed domain are 36 products [tiles x channels in] x [channels in x channels out].
 *
 * An image's result has the same bits whatever the other images of the call; weight gradients sum over tiles in order. */
#ifndef GANTRY_KERNELS_WINOGRAD_H
#define GANTRY_KERNELS_WINOGRAD_H

#include "kernels/conv.h"

bool gt_winograd_possible(const gt_conv_shape *s); /* 3x3, stride 1, one group, padding 0 to 2 */
int64_t gt_winograd_tiles_per_image(const gt_conv_shape *s, gt_conv_direction direction);

size_t gt_winograd_packed_floats(const gt_conv_shape *s, gt_conv_direction direction);
void gt_winograd_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, const float *w, float *packed);
size_t gt_winograd_workspace(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads);
void gt_winograd(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, void *workspace, const float *const *in, float *out);

#endif
