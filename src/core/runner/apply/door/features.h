/* SPDX-License-Identifier: Apache-2.0
 * What happens inside a trained network: values of a layer, the filters of the first layer, what speaks for a class.
 *
 *     gt_status st;
 *     gt_features *f = gt_features_open("runs/first", &(gt_features_options){.layer = "conv1"}, &st);
 *     const float *maps;
 *     gt_features_run(f, 3, images, NULL, &maps);          // [3, gt_features_shape(f)]
 *     gt_features_close(f); */
#ifndef GANTRY_RUNNER_APPLY_DOOR_FEATURES_H
#define GANTRY_RUNNER_APPLY_DOOR_FEATURES_H

#include "gantry/features.h"
#include "gantry/memory.h"

int gt_features_batch(const gt_features *f);

/* n <= gt_features_batch() images [n,H,W,C] in -1..1. `given` [n,label_dim]: labels that the network takes; with `cam`
 * ones for the class that is asked for. NULL: the network takes none. *values [n,...] last until the next run. Networks
 * that normalise over a batch see the images together with black ones that fill the batch. */
gt_status gt_features_run(gt_features *f, int n, const float *images, const float *given, const float **values);

typedef struct gt_filters {
    int n, height, width, channels;
    const char *tensor;
    float *values; /* [n,height,width,channels], in the arena */
} gt_filters;
/* The weights of the first layer as pictures: of a convolution its windows, of a layer that reads whole images one
 * picture for each feature. Of the options network and reading are looked at. GT_USAGE: the first layer is neither. */
gt_status gt_features_filters(const char *checkpoint, const gt_features_options *o, gt_arena *a, gt_filters *out);

#endif
