/* SPDX-License-Identifier: Apache-2.0
 * Networks of classifiers, and those of them that compute features for metrics: VGG and Inception. A network is a
 * function that makes the forward pass (networks/nets/door/forward.h): pictures to logits. Where PyTorch's torchvision
 * has the network, its form and its tensors' names are those of torchvision. */
#ifndef GANTRY_NETWORKS_NETS_DOOR_CLASSIFIER_NET_H
#define GANTRY_NETWORKS_NETS_DOOR_CLASSIFIER_NET_H

#include "networks/nets/door/forward.h"

enum { GT_CLASSIFIER_HIDDEN = 32, GT_CLASSIFIER_HEADS = 2 };

/* What the options say about a network. */
typedef struct gt_classifier_config {
    int classes;
    double width;                               /* channels are multiplied by this number */
    bool small;                                 /* a stem for pictures of some 32 pixels instead of some 224 */
    bool bn;                                    /* mlp and vgg: normalisation after each layer */
    double dropout;                             /* < 0: the network's own */
    const char *activation;                     /* of the mlp */
    int hidden[GT_CLASSIFIER_HIDDEN], n_hidden; /* of the mlp */
    const char *layers;                         /* of layers: --layers */
    bool shortcut;                              /* of layers: blocks add what they are given to what they make */
    const struct gt_classifier_net *trunk;      /* of fully convolutional networks: a VGG */
    int groups;            /* 0: normalisation is batch normalisation; else of up to so many groups of channels */
    const gt_init *init;   /* of all layers; NULL: the network's own */
    const gt_inits *inits; /* of the layers named there; NULL: none */
} gt_classifier_config;

/* Logits of further heads, which help to train the lower layers: each is a loss of its own, with `weight`. */
typedef struct gt_classifier_heads {
    int n;
    gt_node *logits[GT_CLASSIFIER_HEADS];
    float weight;
} gt_classifier_heads;

typedef struct gt_classifier_net gt_classifier_net;
struct gt_classifier_net {
    /* pictures [N,H,W,C] -> logits [N,classes]; `variant`: that of the row. Heads are made in training and when tensors
     * are declared, and then put into *heads. */
    gt_node *(*forward)(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads);
    const void *variant;
    /* The options, of those that not all networks have, that this network has: keys with blanks between them. An option
     * that no row names is an option of all networks. */
    const char *options;
};
#define GT_CLASSIFIER_NORMALISED "bn norm norm-groups" /* there are normalisation layers, or may be */

extern const gt_classifier_net gt_classifier_vgg16;
extern const gt_classifier_net gt_classifier_inception_fid; /* not trained here: a feature network (feature_net.h) */

/* channels times the width multiplier, at least 1 */
static inline int gt_classifier_wide(const gt_classifier_config *c, int channels) {
    int n = (int)(channels * c->width + 0.5);
    return n < 1 ? 1 : n;
}

static inline float gt_classifier_dropout(const gt_classifier_config *c, double own) {
    return (float)(c->dropout < 0 ? own : c->dropout);
}

/* The convolutions of a VGG (`vgg`: its row): the last one pooled. `pool` is the pooling after block 0 .. 4, NULL:
 * VGG's own; pooled[block] gets what it made, unless NULL. */
enum { GT_VGG_BLOCKS = 5 };
typedef gt_node *gt_vgg_pool(gt_forward *f, gt_node *x, const gt_classifier_config *c, int block);
gt_node *gt_vgg_features(gt_forward *f, gt_node *x, const gt_classifier_config *c, const gt_classifier_net *vgg,
                         gt_vgg_pool *pool, gt_node **pooled);

/* Convolution without bias, batch normalisation, ReLU: NAME.conv and NAME.bn. */
gt_node *gt_classifier_conv_bn(gt_forward *f, const char *name, gt_node *x, gt_forward_conv_shape s);

/* The rule that layers begin with: the options', or the network's own; and the kind of normalisation. */
static inline void gt_classifier_begin(gt_forward *f, const gt_classifier_config *c, gt_init own) {
    f->init = c->init ? *c->init : own;
    f->inits = c->inits;
    f->groups = c->groups;
    f->without_norm = !c->bn;
}

#endif
