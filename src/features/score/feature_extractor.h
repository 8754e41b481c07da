/* SPDX-License-Identifier: Apache-2.0
 * Feature extractors (--detector): networks whose features metrics are computed from. A published network with the
 * user's weights (features/score/feature_net.h), or a classifier or an autoencoder that was trained here. In
 * their place components of the pixels, "pixels" (features/score/pixel_features.h).
 *
 *     gt_extractor *d = gt_extractor_open("runs/judge", &(gt_extractor_options){.pool = pool}, &st);
 *     st = gt_extractor_takes(d, height, width, channels);
 *     st = gt_extractor_run(d, n, images, features, NULL, classes);
 *     gt_extractor_close(d);
 *
 * Features: of a classifier the input of its last layer, of an autoencoder the mean of its latent, of Inception 2048
 * means over its last maps, of VGG16 4096 numbers after its second layer of neurons.
 *
 * Published networks see 8-bit pictures of three channels: numbers of -1 .. 1 become the nearest bytes, grey is
 * repeated, and pictures of any size are resized by the rule. Networks trained here see the numbers themselves, of
 * pictures of the size and the channels that the network was trained for. */
#ifndef GANTRY_FEATURES_SCORE_FEATURE_EXTRACTOR_H
#define GANTRY_FEATURES_SCORE_FEATURE_EXTRACTOR_H

#include <stdbool.h>

#include "gantry/hash.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "features/score/distances/gaussian.h"
#include "features/score/feature_net.h"

struct gt_components;
typedef struct gt_extractor gt_extractor;

typedef struct gt_extractor_options {
    /* "inception", "vgg16": the file must hold weights of this network; NULL or "": a run, a checkpoint, any network
     * file of gt_network_open() that is a classifier or has an encoder, or a file of weights whose tensors tell which
     * of the published networks it is (gt_feature_net_tell): torchvision's VGG16 of 1000 classes is the published
     * VGG16, one of other classes is a classifier of the user's. */
    const char *kind;
    gt_resize_rule resize; /* of published networks */
    gt_pool *pool;
    gt_network_options reading; /* kernels: a network trained here keeps its own, where this CPU has them */
} gt_extractor_options;

/* NULL: see gt_message(). GT_FORMAT: tensors are missing (listed), TorchScript (the message says what to take instead).
 * GT_USAGE: the network is neither classifier nor encoder, or the latents of the encoder are numbers of codes. Each
 * rank opens the file for itself: the ranks are to compare gt_extractor_hash(). */
gt_extractor *gt_extractor_open(const char *path, const gt_extractor_options *o, gt_status *status);
void gt_extractor_close(gt_extractor *d); /* NULL is fine */

/* GT_USAGE: pictures of this shape are not what the network was trained for, and no stated conversion brings them
 * there; the message says what does. To be called before gt_extractor_run(), and again for pictures of another shape.
 */
gt_status gt_extractor_takes(gt_extractor *d, int height, int width, int channels);

int64_t gt_extractor_features(const gt_extractor *d); /* numbers of a row */
int gt_extractor_classes(const gt_extractor *d);      /* 0: the network does not classify (VGG16: not asked to) */
/* What a network trained here was trained on, as far as its file says; NULL: a published network. */
const struct gt_checkpoint_data *gt_extractor_data(const gt_extractor *d);
/* Rounds the detector pictures to 8 bits itself? Its recipe then says so. */
bool gt_extractor_rounds(const gt_extractor *d);
/* Components of pixels (features/score/pixel_features.h): gt_extractor_fit() takes them over before the detector runs,
 * made of so many reals; *c is empty afterwards. Until then gt_extractor_features() is how many are wanted. */
bool gt_extractor_is_pixels(const gt_extractor *d);
bool gt_extractor_wants_fit(const gt_extractor *d);
void gt_extractor_fit(gt_extractor *d, struct gt_components *c, int64_t reals);
bool gt_extractor_has_unbiased(const gt_extractor *d); /* the Inception Score can be computed */
gt_hash128 gt_extractor_hash(const gt_extractor *d);   /* of the weights, the layer and the conversion */
/* "Inception v3 of the FID 1a2b3c4d, 8-bit, resize tf1", "deep-conv before fc2 5e6f7a8b": what the network is, the
 * first 8 digits of the hash of its weights, and the conversion. ", grey as RGB" stands behind that once
 * gt_extractor_takes() has met grey pictures. */
const char *gt_extractor_recipe(const gt_extractor *d);
/* The name of the arithmetic that computes. Others give other last bits, so kept features have this as a part of their
 * key; recipes do not name it. */
const char *gt_extractor_kernels(const gt_extractor *d);
int gt_extractor_batch(const gt_extractor *d);
size_t gt_extractor_bytes(const gt_extractor *d); /* of memory: weights and graph */

/* n <= gt_extractor_batch() images [n,H,W,C] in -1..1, of the shape of gt_extractor_takes(). features [n,features];
 * probabilities [n,classes]: of the Inception Score for Inception (GT_USAGE for VGG16), else the softmax; classes [n]:
 * the most probable. Each may be NULL. No row depends on other rows of the batch, or on the number of threads. */
gt_status gt_extractor_run(gt_extractor *d, int n, const float *images, float *features, float *probabilities,
                           int32_t *classes);

#endif
