/* SPDX-License-Identifier: Apache-2.0
 * A classifier's own data: shared by the files of the family. */
#ifndef GANTRY_FEATURES_CLASSIFIER_CLASSIFIER_H
#define GANTRY_FEATURES_CLASSIFIER_CLASSIFIER_H

#include "gantry/choices.h"
#include "gantry/family.h"
#include "gantry/model.h"
#include "gantry/option.h"
#include "networks/model/door/import.h"
#include "networks/model/door/model.h"
#include "networks/model/door/warning.h"
#include "features/classifier/networks.h"

#define GT_NORM_KINDS(X) X(GT_NORM_IS_BATCH, "batch") X(GT_NORM_IS_LAYER, "layer") X(GT_NORM_IS_GROUP, "group")
typedef enum gt_norm_kind { GT_NORM_KINDS(GT_CONSTANT) } gt_norm_kind;

/* The first layers; auto: by the size of the pictures. */
#define GT_STEMS(X) X(GT_STEM_AUTO, "auto") X(GT_STEM_SMALL, "small") X(GT_STEM_IMAGENET, "imagenet")
typedef enum gt_stem { GT_STEMS(GT_CONSTANT) } gt_stem;

#define GT_TRUNKS(X) X(GT_TRUNK_VGG11, "vgg11") X(GT_TRUNK_VGG13, "vgg13") X(GT_TRUNK_VGG16, "vgg16")
typedef enum gt_trunk { GT_TRUNKS(GT_CONSTANT) } gt_trunk;

/* The options of the family: features/classifier/options.c. */
typedef struct gt_classifier_options {
    const char *hidden;     /* "100,100": features of the mlp's hidden layers */
    const char *activation; /* of the mlp: "relu" "sigmoid" "tanh" "lrelu" */
    const char *layers;     /* "conv 30 5, relu, ...": the layers of the network `layers` (layers.c) */
    bool shortcut;          /* of layers: residual(...) adds its input */
    const char *dropout;    /* probability; "": the network's own */
    const char *init; /* "RULE,LAYER:RULE,...": "xavier" "he" "uniform", or a standard deviation; "": the network's */
    gt_norm_kind norm;
    int64_t norm_groups;
    gt_stem stem;
    gt_trunk trunk;         /* of fully convolutional networks */
    double width;           /* channels of all layers are multiplied by this number */
    double label_smoothing; /* the target is 1 - s for the class, and s / classes for all */
    int64_t random_crop;    /* pixels that pictures are shifted by, at most */
    /* pictures are turned by at most so many degrees; their colours are scaled by factors in 1-x .. 1+x */
    double random_rotation, random_brightness, random_contrast;
    bool random_flip;
    int64_t cutout;     /* side of a black square; 0: none */
    const char *freeze; /* patterns of gt_net_freeze(); "": nothing */
    bool new_head;      /* with --resume the head begins anew */
    double trunk_lrate; /* of all but the head; 0: that of the head */
    double mixup;       /* a of Beta(a, a), at most 1; 0: none */
    /* "unit" (0 .. 1), "data" (until the data are open), or "MEAN:STD,MEAN:STD,...", of each channel */
    const char *normalize;
    bool evaluate_train; /* ticks evaluate the images trained on, too */
} gt_classifier_options;

extern const gt_family gt_family_classifier;

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
