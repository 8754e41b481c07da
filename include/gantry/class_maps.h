/* SPDX-License-Identifier: Apache-2.0
 * A trained classifier in its convolutional form: fully connected layers are convolutions of the same function, so that
 * pictures may be larger than those of the training, and get a map of scores (Long et al., "Fully Convolutional
 * Networks for Semantic Segmentation", section 3.1). On pictures of the training's size the map has one place, with the
 * scores of the classifier. A place of the map is what the classifier says of the window there, where the network's
 * convolutions have no margins; with margins the window's surroundings take the place of the margin's zeros.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_CLASS_MAPS_H
#define GANTRY_CLASS_MAPS_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/network.h"

typedef struct gt_score_maps {
    int64_t count;
    int height, width, classes;
    float *probability; /* [count,height,width,classes]; malloc'ed */
} gt_score_maps;

/* Of all pictures of `ds`, by the classifier of a checkpoint; on rank 0 `out` is filled in. The same on any number of
 * ranks. GT_USAGE: pictures smaller than those of the training, other channels, no classifier. */
gt_status gt_class_maps_all(gt_comm *c, const char *checkpoint, gt_dataset *ds, gt_pool *pool,
                            const gt_network_options *reading, gt_score_maps *out);

#endif
