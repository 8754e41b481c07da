/* SPDX-License-Identifier: Apache-2.0
 * Convolution on channels-last images (ops.h has the formula), in its three directions:
 *
 *   forward       y [n,p,q,o]            = sum over taps, channels  x w      in: x, w
 *   input grad    x [n,h,w,c]            = its adjoint in x                  in: y, w
 *   weight grad   w [kh,kw,c/groups,o]   = its adjoint in w                  in: x, y
 *
 * Each direction has a direct kernel for every shape; for some shapes another kernel is faster. The choice is made
 * once, from the shape and the convolution mode of its kernel set (gt_conv_choose), because the bits of the results
 * depend on it. Weights can be packed once for many calls (forward and input grad); a packed copy serves one shape,
 * direction, kernel and kernel set.
 */
#ifndef GANTRY_KERNELS_CONV_H
#define GANTRY_KERNELS_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/kernels.h"
#include "gantry/pool.h"

typedef struct gt_conv_shape {
    int64_t n, h, w, c; /* images in: [n,h,w,c] */
    int64_t p, q, o;    /* images out: [n,p,q,o] */
    int32_t kh, kw, stride, pad_top, pad_left, groups;
    const gt_kernel_set *kernels;
} gt_conv_shape;

typedef enum gt_conv_direction { GT_CONV_FORWARD, GT_CONV_INPUT_GRAD, GT_CONV_WEIGHT_GRAD } gt_conv_direction;
typedef enum gt_conv_kernel { GT_CONV_DIRECT, GT_CONV_WINOGRAD, GT_CONV_COLUMNS, GT_CONV_KERNELS } gt_conv_kernel;

bool gt_conv_takes_scales(gt_conv_kernel kernel); /* for images in? See gt_conv_run() */
/* is it possible? */
bool gt_conv_has_kernel(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel);
gt_conv_kernel gt_conv_choose(const gt_conv_shape *s, gt_conv_direction direction);
const char *gt_conv_kernel_name(gt_conv_kernel kernel);
double gt_conv_flops(const gt_conv_shape *s); /* of the definition: the same for all directions and kernels */

size_t gt_conv_packed_floats(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel);
void gt_conv_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel, gt_pool *pool,
                  const float *w, float *packed);

/* in[2] (forward, input grad): the packed weights, or NULL; then they are packed in the workspace.
 * in[GT_CONV_SCALES + i]: NULL, or scales [n,channels] of the images in[i]: each pixel is multiplied with those of its
 * image as it is read, with the bits of a convolution of the product (where scales are finite). For kernels that take
 * them. Output is written as a whole. */
enum { GT_CONV_SCALES = 3, GT_CONV_INPUTS = GT_CONV_SCALES + 2 };
size_t gt_conv_workspace(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel, bool packed,
                         int threads); /* bytes */
void gt_conv_run(const gt_conv_shape *s, gt_conv_direction direction, gt_conv_kernel kernel, gt_pool *pool,
                 void *workspace, const float *const in[GT_CONV_INPUTS], float *out);

#endif
