/* SPDX-License-Identifier: Apache-2.0
 * What the dataset tool does to each picture. The order of the steps is: transparency, channels, cropping, resizing or
 * padding, kind of sample.
 *
 *     gt_transform t = {.width = 32, .height = 32, .filter = GT_FILTER_LANCZOS, .crop = GT_CROP_CENTER};
 *     gt_transformer *worker = gt_transformer_new(&t);       // one per thread
 *     gt_status st = gt_transformer_run(worker, &picture, &dropped);
 *
 * Resizing 8-bit pictures gives the samples that Pillow gives, for RGBA and grey + alpha too (their colours are weighed
 * by their alpha). 16-bit and float pictures are resized in float32. */
#ifndef GANTRY_DATA_DOOR_TRANSFORM_H
#define GANTRY_DATA_DOOR_TRANSFORM_H

#include <stdbool.h>

#include "gantry/picture.h"
#include "gantry/status.h"
#include "gantry/transform.h"

typedef struct gt_transformed { /* what becomes of a picture */
    gt_picture shape;           /* samples NULL */
    bool dropped;               /* the transform leaves the picture out */
    bool laid;                  /* the picture has transparency, and is laid over a colour */
    bool enlarged;
} gt_transformed;
/* GT_FORMAT: the channels that are asked for cannot be made of those of the picture. */
gt_status gt_transform_shape(const gt_transform *t, const gt_picture *picture, gt_transformed *out);

typedef struct gt_transformer gt_transformer;
gt_transformer *gt_transformer_new(const gt_transform *t); /* copies t; NULL: see gt_message() */
void gt_transformer_free(gt_transformer *w);               /* NULL is fine */

/* Replaces the mask of *picture (before gt_transformer_run) by what it becomes: cropped and resized with its picture,
 * each pixel that of the nearest, GT_MASK_IGNORE (source.h) where the picture is padded. */
gt_status gt_transformer_mask(gt_transformer *w, const gt_picture *picture, gt_picture *mask);

/* Replaces *picture by the result. On failure, and where the picture is dropped, *picture is freed. */
gt_status gt_transformer_run(gt_transformer *w, gt_picture *picture, bool *dropped);

#endif
