/* SPDX-License-Identifier: Apache-2.0
 * A classifier's own data: shared by the files of the family. */
#ifndef GANTRY_CLASSIFIER_CLASSIFIER_H
#define GANTRY_CLASSIFIER_CLASSIFIER_H

#include "gantry/classifier.h"
#include "models/classifier/networks.h"

typedef struct gt_classifier {
    const gt_job *job;
    const gt_classifier_options *options;
    const gt_classifier_net *row;
    gt_classifier_config config;
    gt_init init;            /* config.init, where the options name one */
    gt_inits inits;          /* config.inits */
    const float *mean, *std; /* of each channel; NULL: pixels are 0 .. 1 */
    gt_net *net;
    float *room; /* for two images and a label */
} gt_classifier;

/* The options' values as the networks take them. GT_USAGE: an impossible value. */
gt_status gt_classifier_configure(const gt_job *job, gt_classifier *out);

/* out->mean and out->std by --normalize, in the arena. */
gt_status gt_classifier_normalize(const gt_job *job, gt_arena *a, gt_classifier *out);

gt_status gt_classifier_check_layers(const gt_option *o, const char *value); /* the `check` of --layers */
/* Do the network's layers fit on the job's pictures? GT_USAGE: no; the message names the least size, or is a layer's
 * own. */
gt_status gt_classifier_check_size(const gt_classifier *c, const gt_job *job);

/* Logits of pictures [N,H,W,C] in -1..1. */
gt_node *gt_classifier_logits(const gt_classifier *m, gt_forward *f, gt_node *images, gt_classifier_heads *heads);
/* The training phase: inputs "images" and "labels" [N,classes] (dense networks: [N,H,W,classes], see
 * gt_classifier_targets), outputs of its statistics, gradients. */
void gt_classifier_loss(const gt_classifier *m, gt_graph *g, int n);
/* Cross-entropy of each sample: [N,...,classes] and targets of that shape -> [N,1,...]. */
gt_node *gt_classifier_entropy(gt_graph *g, gt_node *logits, gt_node *targets);

/* Targets [n,H,W,classes] of the slice's masks, moved with their pictures: 1 over the number of the picture's pixels
 * that have a class, at the class of each of them; zeros where the class is to be ignored, and without
 * masks. */
void gt_classifier_targets(const gt_classifier *m, const gt_slice_input *s, float *targets);

bool gt_classifier_augments(const gt_classifier_options *o);
/* The slice's images, augmented, to `images`; mixed labels take the place of `labels`. */
gt_status gt_classifier_augment(const gt_classifier *m, const gt_slice_input *s, float *images, float *labels);

extern const gt_warning gt_classifier_warnings[]; /* ended by {0} */

/* import.c: gt_family.import */
gt_status gt_classifier_import(gt_imported *m);

gt_status gt_classifier_make(gt_model *m, const gt_job *job);

#endif
