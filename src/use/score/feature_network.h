/* SPDX-License-Identifier: Apache-2.0
 * Detectors: networks whose features scores are computed from. A published network with the user's weights
 * (models/classifier/feature_net.h), or a classifier or an autoencoder that was trained here. In their place
 * components of the pixels, "pixels" (use/score/pixel_features.h).
 *
 *     gt_detector *d = gt_detector_open("runs/judge", &(gt_detector_options){.pool = pool}, &st);
 *     st = gt_detector_takes(d, height, width, channels);
 *     st = gt_detector_run(d, n, images, features, NULL, classes);
 *     gt_detector_close(d);
 *
 * Features: of a classifier the input of its last layer, of an autoencoder the mean of its latent, of Inception 2048
 * means over its last maps, of VGG16 4096 numbers after its second layer of neurons.
 *
 * Published networks see 8-bit pictures of three channels: numbers of -1 .. 1 become the nearest bytes, grey is
 * repeated, and pictures of any size are resized by the rule. Networks trained here see the numbers themselves, of
 * pictures of the size and the channels that the network was trained for. */
#ifndef GANTRY_USE_SCORE_FEATURE_NETWORK_H
#define GANTRY_USE_SCORE_FEATURE_NETWORK_H

#include <stdbool.h>

#include "gantry/hash.h"
#include "gantry/kernels.h"
#include "gantry/pool.h"
#include "metrics/network_input.h"

struct gt_components;
typedef struct gt_detector gt_detector;

typedef struct gt_detector_options {
    /* "inception", "vgg16": the file must hold weights of this network; NULL or "": a run, a checkpoint, any network
     * file of gt_network_open() that is a classifier or has an encoder, or a file of weights whose tensors tell which
     * of the published networks it is (gt_feature_net_tell): torchvision's VGG16 of 1000 classes is the published
     * VGG16, one of other classes is a classifier of the user's. */
    const char *kind;
    gt_resize_rule resize; /* of published networks */
    gt_pool *pool;
    const gt_kernel_set *kernels; /* NULL: the best. A network trained here keeps its own, where this CPU has them */
} gt_detector_options;

/* NULL: see gt_message(). GT_FORMAT: tensors are missing (listed), TorchScript (the message says what to take instead).
 * GT_USAGE: the network is neither classifier nor encoder, or the latents of the encoder are numbers of codes. Each
 * rank opens the file for itself: the ranks are to compare gt_detector_hash(). */
gt_detector *gt_detector_open(const char *path, const gt_detector_options *o, gt_status *status);
void gt_detector_close(gt_detector *d); /* NULL is fine */

/* GT_USAGE: pictures of this shape are not what the network was trained for, and no stated conversion brings them
 * there; the message says what does. To be called before gt_detector_run(), and again for pictures of another shape. */
gt_status gt_detector_takes(gt_detector *d, int height, int width, int channels);

int64_t gt_detector_features(const gt_detector *d); /* numbers of a row */
int gt_detector_classes(const gt_detector *d);      /* 0: the network does not classify (VGG16: not asked to) */
/* What a network trained here was trained on, as far as its file says; NULL: a published network. */
const struct gt_checkpoint_data *gt_detector_data(const gt_detector *d);
/* Rounds the detector pictures to 8 bits itself? Its recipe then says so. */
bool gt_detector_rounds(const gt_detector *d);
/* Components of pixels (use/score/pixel_features.h): gt_detector_fit() takes them over before the detector runs, made
 * of so many reals; *c is empty afterwards. Until then gt_detector_features() is how many are wanted. */
bool gt_detector_is_pixels(const gt_detector *d);
bool gt_detector_wants_fit(const gt_detector *d);
void gt_detector_fit(gt_detector *d, struct gt_components *c, int64_t reals);
bool gt_detector_has_unbiased(const gt_detector *d); /* the Inception Score can be computed */
gt_hash128 gt_detector_hash(const gt_detector *d);   /* of the weights, the layer and the conversion */
/* "Inception v3 of the FID 1a2b3c4d, 8-bit, resize tf1", "deep-conv before fc2 5e6f7a8b": what the network is, the
 * first 8 digits of the hash of its weights, and the conversion. ", grey as RGB" stands behind that once
 * gt_detector_takes() has met grey pictures. */
const char *gt_detector_recipe(const gt_detector *d);
/* The name of the kernel set that computes. Other sets give other last bits, so kept features have this as a part of
 * their key; recipes do not name it. */
const char *gt_detector_kernels(const gt_detector *d);
int gt_detector_batch(const gt_detector *d);
size_t gt_detector_bytes(const gt_detector *d); /* of memory: weights and graph */

/* n <= gt_detector_batch() images [n,H,W,C] in -1..1, of the shape of gt_detector_takes(). features [n,features];
 * probabilities [n,classes]: of the Inception Score for Inception (GT_USAGE for VGG16), else the softmax; classes [n]:
 * the most probable. Each may be NULL. No row depends on other rows of the batch, or on the number of threads. */
gt_status gt_detector_run(gt_detector *d, int n, const float *images, float *features, float *probabilities,
                          int32_t *classes);

#endif
