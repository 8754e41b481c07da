/* SPDX-License-Identifier: Apache-2.0
 * The input gradient of convolutions whose images have few channels (conv.h has the contract): one product gives what
 * each position of dy adds to all pixels of its window, columns[positions][taps x c] = dy w^T, and these are then added
 * up. The direct kernel's products would be narrower than a vector. */
#ifndef GANTRY_KERNELS_CONV_COLUMNS_H
#define GANTRY_KERNELS_CONV_COLUMNS_H

#include "kernels/conv.h"

/* the input gradient of one group */
bool gt_conv_columns_possible(const gt_conv_shape *s, gt_conv_direction direction);
size_t gt_conv_columns_packed_floats(const gt_conv_shape *s, gt_conv_direction direction);
void gt_conv_columns_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, const float *w,
                          float *packed);
size_t gt_conv_columns_workspace(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads);
void gt_conv_columns(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, void *workspace,
                     const float *const *in, float *out);

#endif
