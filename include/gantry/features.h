/* SPDX-License-Identifier: Apache-2.0
 * What happens inside a trained network: values of a layer, the filters of the first layer, what speaks for a class.
 *
 *     gt_status st;
 *     gt_features *f = gt_features_open("runs/first", &(gt_features_options){.layer = "conv1"}, &st);
 *     const float *maps;
 *     gt_features_run(f, 3, images, NULL, &maps);          // [3, gt_features_shape(f)]
 *     gt_features_close(f); */
#ifndef GANTRY_FEATURES_H
#define GANTRY_FEATURES_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/memory.h"
#include "gantry/model.h"
#include "gantry/network.h"

typedef struct gt_features gt_features;

typedef struct gt_features_options {
    const char *network; /* "D"; NULL: the first that takes images */
    /* a layer or block as in gantry/graph.h; NULL with `cam`: the last layer whose results have more than one pixel */
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
int gt_features_batch(const gt_features *f);

/* n <= gt_features_batch() images [n,H,W,C] in -1..1. `given` [n,label_dim]: labels that the network takes; with `cam`
 * ones for the class that is asked for. NULL: the network takes none. *values [n,...] last until the next run. Networks
 * that normalise over a batch see the images together with black ones that fill the batch. */
gt_status gt_features_run(gt_features *f, int n, const float *images, const float *given, const float **values);

/* Of all images of `ds`: on rank 0 *all [count,...] is malloc'ed. The same on any number of ranks. */
gt_status gt_features_dataset_all(gt_comm *c, gt_features *f, gt_dataset *ds, float **all);

typedef struct gt_filters {
    int n, height, width, channels;
    const char *tensor;
    float *values; /* [n,height,width,channels], in the arena */
} gt_filters;
/* The weights of the first layer as pictures: of a convolution its windows, of a layer that reads whole images one
 * picture for each feature. Of the options network and reading are looked at. GT_USAGE: the first layer is neither. */
gt_status gt_features_filters(const char *checkpoint, const gt_features_options *o, gt_arena *a, gt_filters *out);

#endif
