/* SPDX-License-Identifier: Apache-2.0
 * The direct convolution kernels: for every shape, as blocked products whose patches are packed on the fly (conv.h has
 * the contract). */
#ifndef GANTRY_KERNELS_CONV_DIRECT_H
#define GANTRY_KERNELS_CONV_DIRECT_H

#include "kernels/conv.h"

size_t gt_conv_direct_packed_floats(const gt_conv_shape *s, gt_conv_direction direction);
void gt_conv_direct_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, const float *w,
                         float *packed);
size_t gt_conv_direct_workspace(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads);
void gt_conv_direct(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, void *workspace,
                    const float *const *in, float *out);

#endif
