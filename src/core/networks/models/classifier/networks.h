/* SPDX-License-Identifier: Apache-2.0
 * The networks of classifiers: a file and a line each. A network is a function that makes the forward pass
 * (networks/nets/door/forward.h): pictures to logits. Where PyTorch's torchvision has the network, its form and its
 * tensors' names are those of torchvision. */
#ifndef GANTRY_NETWORKS_MODELS_CLASSIFIER_NETWORKS_H
#define GANTRY_NETWORKS_MODELS_CLASSIFIER_NETWORKS_H

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

/* A row: name in C, name of the model, description, options whose defaults differ from the family's. */
/* clang-format off */
#define GT_CLASSIFIER_LIST(X)                                                                                         \
    X(mlp,          "mlp",          "fully connected layers", "bn=none")                                              \
    X(simple_conv,  "simple-conv",  "one convolution of 5x5, one hidden layer", "")                                   \
    X(deep_conv,    "deep-conv",    "six convolutions of 3x3, one hidden layer", "")                                  \
    X(lenet,        "lenet",        "LeNet-5 with ReLU and max pooling", "")                                          \
    X(vgg11,        "vgg11",        "VGG with 11 layers", "bn=none")                                                  \
    X(vgg13,        "vgg13",        "VGG with 13 layers", "bn=none")                                                  \
    X(vgg16,        "vgg16",        "VGG with 16 layers", "bn=none")                                                  \
    X(vgg19,        "vgg19",        "VGG with 19 layers", "bn=none")                                                  \
    X(googlenet,    "googlenet",    "GoogLeNet (Inception v1) with batch normalisation and two further heads", "")    \
    X(inception_v3, "inception-v3", "Inception v3 with a further head", "")                                           \
    X(resnet18,     "resnet18",     "residual network of 18 layers", "")                                              \
    X(resnet34,     "resnet34",     "residual network of 34 layers", "")                                              \
    X(resnet50,     "resnet50",     "residual network of 50 layers, bottlenecks", "")                                 \
    X(resnet101,    "resnet101",    "residual network of 101 layers, bottlenecks", "")                                \
    X(resnet152,    "resnet152",    "residual network of 152 layers, bottlenecks", "")                                \
    X(mobilenet_v2, "mobilenet-v2", "MobileNet v2: inverted residuals, depthwise convolutions", "")                   \
    X(layers,       "layers",       "a network of your own: the layers that --layers lists", "")                      \
    X(fcn32s,       "fcn32s",       "segmentation: VGG's last layer, upsampled in one step", "")                      \
    X(fcn16s,       "fcn16s",       "segmentation: fcn32s with the layer before the last pooling", "")                \
    X(fcn8s,        "fcn8s",        "segmentation: fcn16s with a layer of twice the resolution", "")
/* clang-format on */

#define X(id, name, text, defaults) extern const gt_classifier_net gt_classifier_##id;
GT_CLASSIFIER_LIST(X)
#undef X
extern const gt_classifier_net gt_classifier_inception_fid; /* not trained here: a feature network (feature_net.h) */

/* channels times the width multiplier, at least 1 */
static inline int gt_classifier_wide(const gt_classifier_config *c, int channels) {
    int n = (int)(channels * c->width + 0.5);
    return n < 1 ? 1 : n;
}

static inline float gt_classifier_dropout(const gt_classifier_config *c, double own) {
    return (float)(c->dropout < 0 ? own : c->dropout);
}

/* Does the network give a class to each pixel: logits [N,H,W,classes]? Such a network is trained on masks (fcn.c). */
bool gt_classifier_dense(const gt_classifier_net *net);

/* The convolutions of a VGG (`vgg`: its row): the last one pooled. `pool` is the pooling after block 0 .. 4, NULL:
 * VGG's own; pooled[block] gets what it made, unless NULL. */
enum { GT_VGG_BLOCKS = 5 };
typedef gt_node *gt_vgg_pool(gt_forward *f, gt_node *x, const gt_classifier_config *c, int block);
gt_node *gt_vgg_features(gt_forward *f, gt_node *x, const gt_classifier_config *c, const gt_classifier_net *vgg,
                         gt_vgg_pool *pool, gt_node **pooled);

/* Convolution without bias, batch normalisation, ReLU: NAME.conv and NAME.bn. */
gt_node *gt_classifier_conv_bn(gt_forward *f, const char *name, gt_node *x, gt_forward_conv_shape s);

/* A block of GoogLeNet. channels: 1x1, reduction before 3x3, 3x3, reduction before "5x5", "5x5", after pooling. */
gt_node *gt_classifier_inception(gt_forward *f, const gt_classifier_config *c, const char *name, gt_node *x,
                                 const int channels[6]);

/* The rule that layers begin with: the options', or the network's own; and the kind of normalisation. */
static inline void gt_classifier_begin(gt_forward *f, const gt_classifier_config *c, gt_init own) {
    f->init = c->init ? *c->init : own;
    f->inits = c->inits;
    f->groups = c->groups;
    f->without_norm = !c->bn;
}

#endif
