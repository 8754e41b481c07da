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
 * direction, kernel and arithmetic. */
#ifndef GANTRY_KERNELS_DOOR_CONV_H
#define GANTRY_KERNELS_DOOR_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/kernels.h"
#include "gantry/pool.h"
#include "kernels/slice_tree.h"

typedef enum gt_conv_direction { GT_CONV_FORWARD, GT_CONV_INPUT_GRAD, GT_CONV_WEIGHT_GRAD } gt_conv_direction;

typedef struct gt_conv_shape {
    gt_conv_direction direction;
    int64_t n, h, w, c; /* images in: [n,h,w,c] */
    int64_t p, q, o;    /* images out: [n,p,q,o] */
    int32_t kh, kw, stride, pad_top, pad_left, groups;
    const gt_kernel_set *kernels;
} gt_conv_shape;

double gt_conv_flops(const gt_conv_shape *s); /* of the definition: the same for all directions and kernels */

/* Flops that an algorithm executes. A transform's addition counts as two: it takes a processor as long as a fused
 * multiply-add, and it has the product before it for nothing. */
typedef struct gt_conv_work {
    double products, transforms; /* transforms: of images and gradients, without those of weights that are packed */
} gt_conv_work;

enum { GT_CONV_SCALES = 3, GT_CONV_INPUTS = GT_CONV_SCALES + 2 };

/* A gradient of weights over several slices (slice_tree.h): the shape is that of a part of one slice. */
typedef struct gt_conv_slices {
    int slices, parts;
    const gt_leaf *leaf;
    const float *const (*in)[GT_CONV_INPUTS]; /* [parts]: as of `run`, with the images of all slices */
    bool apart;                               /* as of gt_slice_tree */
} gt_conv_slices;

typedef struct gt_conv_algorithm {
    const char *name;
    bool takes_scales; /* for images in: see `run` */
    bool (*possible)(const gt_conv_shape *s);
    gt_conv_work (*work)(const gt_conv_shape *s); /* NULL: gt_conv_flops() */
    size_t (*packed_floats)(const gt_conv_shape *s);
    void (*pack)(const gt_conv_shape *s, gt_pool *pool, const float *w, float *packed);
    size_t (*workspace)(const gt_conv_shape *s, bool packed, int threads); /* bytes */
    /* in[0] and in[1]: as above. in[2] (forward, input grad): the packed weights, or NULL; then they are packed in the
     * workspace. in[GT_CONV_SCALES + i]: NULL, or scales [n,channels] of the images in[i], if the algorithm takes them:
     * each pixel is multiplied with those of its image as it is read, with the bits of a convolution of the product
     * (where scales are finite). Output is written as a whole. */
    void (*run)(const gt_conv_shape *s, gt_pool *pool, void *workspace, const float *const in[GT_CONV_INPUTS],
                float *out);
    /* The gradient of weights over several slices at once. How many: a power of two, 0 for none; it follows from the
     * shape and the number of parts. NULL: `run` computes each part of each slice. */
    int (*most_slices)(const gt_conv_shape *s, int parts);
    size_t (*slices_workspace)(const gt_conv_shape *s, int slices, int parts, int threads);
    void (*run_slices)(const gt_conv_shape *s, const gt_conv_slices *all, int first, int count, gt_pool *pool,
                       void *workspace, float *out);
} gt_conv_algorithm;

/* The inputs of a part from slice `first` on. */
void gt_conv_slices_from(const gt_conv_shape *s, const gt_conv_slices *all, int part, int first,
                         const float *in[GT_CONV_INPUTS]);

extern const gt_conv_algorithm gt_conv_direct, gt_conv_winograd, gt_conv_columns, gt_conv_depthwise, gt_conv_strided;

typedef enum gt_conv_kernel {
    GT_CONV_DIRECT,
    GT_CONV_WINOGRAD,
    GT_CONV_COLUMNS,
    GT_CONV_DEPTHWISE,
    GT_CONV_STRIDED,
    GT_CONV_KERNELS
} gt_conv_kernel;
extern const gt_conv_algorithm *const gt_conv_algorithms[GT_CONV_KERNELS];
/* Where gt_conv_strided takes the place of gt_conv_direct, of which it has the bits: but for a gradient of weights that
 * has several parts, which are one chain for the direct kernel, and sums of their own here. For a gradient of one part
 * (alone) it is faster for more shapes. */
bool gt_conv_strided_pays(const gt_conv_shape *s, bool alone);
gt_conv_kernel gt_conv_choose(const gt_conv_shape *s, bool alone);
gt_conv_work gt_conv_work_of(const gt_conv_shape *s, gt_conv_kernel kernel);
/* The gradient of weights, by the algorithm: leaves and tree of slice_tree.h. */
size_t gt_conv_gradient_workspace(const gt_conv_shape *s, gt_conv_kernel kernel, int slices, int parts, bool apart,
                                  int threads);
void gt_conv_gradient(const gt_conv_shape *s, gt_conv_kernel kernel, const gt_conv_slices *all, gt_pool *pool,
                      void *workspace, float *out);
/* How weights are packed depends on the sizes of images by this number alone: square images of this extent in place of
 * all others have the same packing. */
int64_t gt_conv_packing_extent(const gt_conv_shape *s, gt_conv_kernel kernel);

#endif
