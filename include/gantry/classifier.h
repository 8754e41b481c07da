/* SPDX-License-Identifier: Apache-2.0
 * Classifiers: pictures to the logits of classes. One network "C", whose tensors have the names of PyTorch's
 * torchvision. The networks are the files of models/classifier listed in networks.h. */
#ifndef GANTRY_CLASSIFIER_H
#define GANTRY_CLASSIFIER_H

#include "gantry/family.h"

#define GT_NORM_KINDS(X) X(GT_NORM_IS_BATCH, "batch") X(GT_NORM_IS_LAYER, "layer") X(GT_NORM_IS_GROUP, "group")
typedef enum gt_norm_kind { GT_NORM_KINDS(GT_CONSTANT) } gt_norm_kind;

/* The first layers; auto: by the size of the pictures. */
#define GT_STEMS(X) X(GT_STEM_AUTO, "auto") X(GT_STEM_SMALL, "small") X(GT_STEM_IMAGENET, "imagenet")
typedef enum gt_stem { GT_STEMS(GT_CONSTANT) } gt_stem;

#define GT_TRUNKS(X) X(GT_TRUNK_VGG11, "vgg11") X(GT_TRUNK_VGG13, "vgg13") X(GT_TRUNK_VGG16, "vgg16")
typedef enum gt_trunk { GT_TRUNKS(GT_CONSTANT) } gt_trunk;

/* The options of the family: models/classifier/options.c. */
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

extern const gt_family gt_classifier_family;

#endif
