/* SPDX-License-Identifier: Apache-2.0
 * Detectors: networks whose features scores are computed from. A published network with the user's weights
 * (models/classifier/feature_net.h), or a classifier or an autoencoder that was trained here.
 *
 *     gt_detector *d = gt_detector_open("runs/judge", &(gt_detector_options){.pool = pool}, &st);
 *     st = gt_detector_takes(d, height, width, channels);
 *     st = gt_detector_run(d, n, images, features, NULL, classes);
 *     gt_detector_close(d); */
#ifndef GANTRY_USE_DETECTOR_H
#define GANTRY_USE_DETECTOR_H

#include "gantry/hash.h"
#include "gantry/kernels.h"
#include "gantry/pool.h"
#include "metrics/network_input.h"

typedef struct gt_detector gt_detector;

typedef struct gt_detector_options {
    /* "inception", "vgg16": the file must hold weights of this network; NULL: a run, a checkpoint, any network file of
     * gt_network_open() that is a classifier or has an encoder, or a file of weights whose tensors tell which of the
     * published networks it is. */
    const char *kind;
    gt_resize_rule resize; /* of published networks */
    gt_pool *pool;
    const gt_kernel_set *kernels; /* NULL: the best */
} gt_detector_options;

/* NULL: see gt_message(). GT_FORMAT: tensors are missing (listed), TorchScript (the message says what to take instead).
 * GT_USAGE: the network is neither classifier nor encoder. */
gt_detector *gt_detector_open(const char *path, const gt_detector_options *o, gt_status *status);
void gt_detector_close(gt_detector *d); /* NULL is fine */

/* GT_USAGE: pictures of this shape are not what the network was trained for, and no stated conversion brings them
 * there. The conversion (grey repeated to three channels, resized by a rule) goes to recipes: gt_detector_recipe(). */
gt_status gt_detector_takes(gt_detector *d, int height, int width, int channels);

int64_t gt_detector_features(const gt_detector *d);  /* numbers of a row */
int gt_detector_classes(const gt_detector *d);       /* 0: the network does not classify */
bool gt_detector_has_unbiased(const gt_detector *d); /* the Inception Score can be had */
gt_hash128 gt_detector_hash(const gt_detector *d);   /* of the weights, the layer and the conversion */
/* "Inception v3 of the FID 1a2b3c4d, resize tf1", "deep-conv fc1 5e6f7a8b": the name, the hash's first 8 digits, the
 * conversion. */
const char *gt_detector_recipe(const gt_detector *d);
int gt_detector_batch(const gt_detector *d);

/* n <= gt_detector_batch() images [n,H,W,C] in -1..1, of the shape of gt_detector_takes(). Published networks see bytes
 * (gt_image_bytes). features [n,features]; probabilities [n,classes]: of the Inception Score for Inception, else the
 * softmax; classes [n]: the most probable. Each may be NULL. No row depends on other rows of the batch. */
gt_status gt_detector_run(gt_detector *d, int n, const float *images, float *features, float *probabilities,
                          int32_t *classes);

#endif
