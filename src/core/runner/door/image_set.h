/* SPDX-License-Identifier: Apache-2.0
 * Some images of a dataset, for pictures of what networks make of them. */
#ifndef GANTRY_RUNNER_DOOR_IMAGE_SET_H
#define GANTRY_RUNNER_DOOR_IMAGE_SET_H

#include "gantry/dataset.h"
#include "gantry/memory.h"

typedef struct gt_image_set { /* some items of a dataset */
    gt_dataset *data;
    int64_t n, *items;
    float *images; /* [n,H,W,C] in -1 .. 1 */
} gt_image_set;
/* Reads n items (all, where there are fewer) that are spread evenly over the dataset, into memory of the arena. */
gt_status gt_image_set_read(gt_arena *a, gt_dataset *data, int64_t n, gt_image_set *out);

#endif
