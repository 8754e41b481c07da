/* SPDX-License-Identifier: Apache-2.0
 * The networks of classifiers: a file and a line each (networks/nets/door/classifier_net.h has the contract). */
#ifndef GANTRY_FEATURES_CLASSIFIER_NETWORKS_H
#define GANTRY_FEATURES_CLASSIFIER_NETWORKS_H

#include "networks/nets/door/classifier_net.h"

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

/* Does the network give a class to each pixel: logits [N,H,W,classes]? Such a network is trained on masks (fcn.c). */
bool gt_classifier_dense(const gt_classifier_net *net);

/* A block of GoogLeNet. channels: 1x1, reduction before 3x3, 3x3, reduction before "5x5", "5x5", after pooling. */
gt_node *gt_classifier_inception(gt_forward *f, const gt_classifier_config *c, const char *name, gt_node *x,
                                 const int channels[6]);

#endif
