/* SPDX-License-Identifier: Apache-2.0
 * What happens inside a trained network: values of a layer, for all images of a dataset.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_FEATURES_H
#define GANTRY_FEATURES_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/model.h"
#include "gantry/network.h"

typedef struct gt_features gt_features;

typedef struct gt_features_options {
    const char *network; /* "D"; NULL: the first that takes images */
    /* a layer or block as in gantry/shape.h; NULL with `cam`: the last layer whose results have more than one pixel */
    const char *layer;
    /* Class activation maps instead of the layer's values: Grad-CAM, Selvaraju et al., equations 1 and 2: the maps of
     * the layer, weighted by the mean over pixels of the derivative of the class's logit, summed, negative values 0.
     * Where a mean over pixels and one linear layer follow, these are the maps of Zhou et al., "Learning Deep Features
     * for Discriminative Localization", equation 2, up to a positive factor and the negative values. */
    bool cam;
    gt_pool *pool;
    gt_network_options reading;
} gt_features_options;

/* Of a checkpoint, or of the newest one of a run. NULL: see gt_message(); GT_USAGE: there is no such network or layer,
 * and the message names those there are. */
gt_features *gt_features_open(const char *checkpoint, const gt_features_options *o, gt_status *st);
void gt_features_close(gt_features *f); /* NULL is fine */
const gt_model *gt_features_model(const gt_features *f);
gt_shape gt_features_shape(const gt_features *f); /* of one image's values; of maps: height, width, channels or 1 */

/* Of all images of `ds`: on rank 0 *all [count,...] is malloc'ed. The same on any number of ranks. */
gt_status gt_features_dataset_all(gt_comm *c, gt_features *f, gt_dataset *ds, float **all);

#endif
