/* SPDX-License-Identifier: Apache-2.0
 * What a trained network has learnt, as pictures (PNG): the filters of its first layer, maps of a layer, and the parts
 * of images that speak for a class.
 *
 *     gt_image_set images;
 *     gt_status st = gt_image_set_read(arena, dataset, 16, &images);
 *     gt_network_view v = {.checkpoint = "runs/lenet", .images = &images};
 *     if (!st) st = gt_view_maps(&v, "conv2", "maps.png"); */
#ifndef GANTRY_FEATURES_LOOK_NETWORK_VIEW_H
#define GANTRY_FEATURES_LOOK_NETWORK_VIEW_H

#include <stdbool.h>

#include "runner/door/image_set.h"
#include "gantry/memory.h"
#include "gantry/network.h"
#include "gantry/pool.h"

typedef struct gt_network_view {
    const char *checkpoint;     /* or a run, whose newest checkpoint is taken */
    const char *network;        /* "D"; NULL: the first that takes images */
    const gt_image_set *images; /* of the shape that the network takes; gt_view_filters() needs none */
    gt_pool *pool;              /* may be NULL */
    gt_network_options reading;
} gt_network_view;

/* The weights of the first layer, a picture for each filter. GT_USAGE: the first layer takes no images. */
gt_status gt_view_filters(const gt_network_view *v, const char *path);
/* A row for each image: the image, and the channels of the layer's result with the largest means over all images, each
 * from its smallest value (black) to its largest (white). GT_USAGE: there is no such layer (the message names the
 * layers), or its result has no pixels. */
gt_status gt_view_maps(const gt_network_view *v, const char *layer, const char *path);
/* Class activation maps (gantry/features.h) over the images, for the class that the network takes each for, or
 * (`of_truth`) for the true one. `layer` NULL: the last one with pixels. `arrays`: an HDF5 file for the maps as
 * numbers, with class and item. */
gt_status gt_view_class_activation(const gt_network_view *v, const char *layer, bool of_truth, const char *path,
                                   const char *arrays);

#endif
