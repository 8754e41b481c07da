/* SPDX-License-Identifier: Apache-2.0
 * Winograd convolution on channels-last images: 3x3 windows in all three directions (conv.h has the contract), with
 * stride 1 by F(4x4,3x3), a quarter of the multiplications; with stride 2 by F(4,2) on the even pixels of each axis, 81
 * products for 16 results instead of 144; and 4x4 windows with stride 2, by F(4,2) on even and on odd pixels, 100
 * instead of 256. Results are cut into tiles of 4x4 pixels (partial ones at the edges are padded).
 *
 * An image's result has the same bits whatever the other images of the call; weight gradients sum over tiles in order.
 */
#ifndef GANTRY_KERNELS_WINOGRAD_H
#define GANTRY_KERNELS_WINOGRAD_H

#include "kernels/conv.h"

/* One group; 3x3 with stride 1 and padding 0 to 2, or 3x3 or 4x4 with stride 2 where a result sees every pixel of the
 * image. */
bool gt_winograd_possible(const gt_conv_shape *s);
int64_t gt_winograd_tiles_per_image(const gt_conv_shape *s, gt_conv_direction direction);

size_t gt_winograd_packed_floats(const gt_conv_shape *s, gt_conv_direction direction);
void gt_winograd_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, const float *w,
                      float *packed);
size_t gt_winograd_workspace(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads);
void gt_winograd(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, void *workspace,
                 const float *const *in, float *out);

#endif
