/* SPDX-License-Identifier: Apache-2.0
 * What the dataset tool does to each picture. The order of the steps is: transparency, channels, cropping, resizing or
 * padding, kind of sample.
 *
 * Resizing 8-bit pictures gives the samples that Pillow gives, for RGBA and grey + alpha too (their colours are weighed
 * by their alpha). 16-bit and float pictures are resized in float32.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_TRANSFORM_H
#define GANTRY_TRANSFORM_H

#include <stdbool.h>

#include "gantry/choices.h"
#include "gantry/status.h"

#define GT_FILTERS(X) X(GT_FILTER_BOX, "box") X(GT_FILTER_LANCZOS, "lanczos")
typedef enum gt_resize_filter { GT_FILTERS(GT_CONSTANT) } gt_resize_filter;

/* GT_CROP_CENTER: the largest square in the middle is cut out, then resized. GT_CROP_CENTER_WIDE: at full width the
 * middle rows of the wanted proportion are cut out, resized, and padded with black to a square of the wanted width; a
 * picture smaller than wanted is dropped. */
#define GT_CROPS_TO_FIT(X) X(GT_CROP_NONE, "none") X(GT_CROP_CENTER, "center-crop")
#define GT_CROPS(X) GT_CROPS_TO_FIT(X) X(GT_CROP_CENTER_WIDE, "center-crop-wide")
typedef enum gt_crop { GT_CROPS(GT_CONSTANT) } gt_crop;

typedef enum gt_alpha {
    GT_ALPHA_KEEP,    /* where `channels` leaves no room for it, pictures are laid over white */
    GT_ALPHA_FLATTEN, /* transparent pictures are laid over the background */
} gt_alpha;

#define GT_DEPTHS(X) X(GT_DEPTH_KEEP, "keep") X(GT_DEPTH_U8, "u8") X(GT_DEPTH_U16, "u16") X(GT_DEPTH_F32, "f32")
typedef enum gt_depth { GT_DEPTHS(GT_CONSTANT) } gt_depth;

typedef struct gt_transform {
    int width, height; /* of the result; 0: those of the picture */
    gt_resize_filter filter;
    gt_crop crop; /* needs width and height */
    bool pad;     /* the picture is fitted into width x height without stretching; background fills the rest */
    gt_alpha alpha;
    double background[3]; /* red, green, blue between 0 and 1; grey pictures get the luma of these */
    /* 0: those of the picture. 1 grey, 2 grey + alpha, 3 RGB and 4 RGBA are made from each other; any other number is
     * that of the picture, or an error. */
    int channels;
    gt_depth depth;  /* other than KEEP: the result has the usual range of that kind, whatever `range` is */
    double range[2]; /* sample values that stand for black and white; both 0: the usual ones (sample.h) */
    bool of_floats;  /* `range` is that of float pictures alone; others have their usual ones */
} gt_transform;

/* GT_USAGE: options that do not fit together. */
gt_status gt_transform_check(const gt_transform *t);

#endif
