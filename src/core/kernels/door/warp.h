/* SPDX-License-Identifier: Apache-2.0
 * The geometric augmentation of channels of one image, as one linear map
 * (docs/mathematics/augmentation.md#resampling-by-g): the image, mirrored without end, is upsampled by 2 with the
 * 12-tap sym6 filter, sampled bilinearly at transformed positions on a grid twice as fine, and downsampled by 2 with
 * the same filter. The upsampled image is never made: a bilinear sample of it is a weighted sum of 7x7 pixels, whose
 * weights are products of one table per axis. The adjoint uses the very same weights.
 *
 * matrix: output pixel -> input pixel, origin at the image centre, x right, y down; any finite values. */
#ifndef GANTRY_KERNELS_DOOR_WARP_H
#define GANTRY_KERNELS_DOOR_WARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GT_WARP_CHANNELS = 4 }; /* as many share the work of locating samples */

typedef struct gt_warp_way {
    bool adjoint;
    bool once; /* beyond one mirror image on each side there are zeros, on the fine grid, too */
} gt_warp_way;

/* The map, or its adjoint, of each of the channels; no bit of one depends on how many there are. in, out: channel c of
 * pixel (y,x) at (y*width + x) * stride + c. scratch: gt_warp_scratch() floats, 64-byte aligned. */
void gt_warp_image(gt_warp_way way, const float *in, float *out, int64_t stride, int64_t height, int64_t width,
                   int64_t channels, const float matrix[6], float *scratch);
size_t gt_warp_scratch(int64_t height, int64_t width, int64_t channels);
double gt_warp_flops(int64_t height, int64_t width); /* of either direction, of a channel */

#endif
