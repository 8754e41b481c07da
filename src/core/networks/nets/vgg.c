/* SPDX-License-Identifier: Apache-2.0
 * VGG: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", table 1, columns
 * A, B, D and E. Layers are numbered as in torchvision, where convolution, normalisation, ReLU and pooling each count.
 */
#include "networks/nets/door/classifier_net.h"

typedef struct variant {
    int layers[GT_VGG_BLOCKS]; /* convolutions between two poolings */
} vgg_variant;

gt_node *gt_vgg_features(gt_forward *f, gt_node *x, const gt_classifier_config *c, const gt_classifier_net *vgg,
                         gt_vgg_pool *pool, gt_node **pooled) {
    static const int channels[GT_VGG_BLOCKS] = {64, 128, 256, 512, 512};
    const vgg_variant *v = vgg->variant;
    int at = 0;
    for (int block = 0; block < GT_VGG_BLOCKS; block++) {
        for (int i = 0; i < v->layers[block]; i++) {
            gt_forward_conv_shape s = {.out = gt_classifier_wide(c, channels[block]), .size = 3, .pad = 1};
            x = gt_forward_conv(f, gt_text_of("features.%d", at++).s, x, s);
            if (c->bn) x = gt_forward_norm(f, gt_text_of("features.%d", at++).s, x);
            x = gt_forward_relu(f, x);
            at++;
        }
        x = pool ? pool(f, x, c, block) : gt_max_pool(f->graph, x, .size = 2);
        if (pooled) pooled[block] = x;
        at++;
    }
    return x;
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)heads;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE_OUT});
    x = gt_vgg_features(f, x, c, &(gt_classifier_net){.variant = variant}, NULL, NULL);
    int features = gt_classifier_wide(c, c->small ? 512 : 4096);
    x = gt_forward_adaptive_pool(f, x, c->small ? 1 : 7);
    if (!c->init) f->init = (gt_init){.rule = GT_INIT_NORMAL, .std = 0.01f};
    if (!c->init && c->small) f->init = (gt_init){.rule = GT_INIT_HE};
    for (int i = 0; i < 2; i++) {
        x = gt_forward_relu(f, gt_forward_linear(f, gt_text_of("classifier.%d", 3 * i).s, x, features));
        x = gt_forward_dropout(f, gt_text_of("classifier.%d", 3 * i + 2).s, x, gt_classifier_dropout(c, 0.5));
    }
    return gt_forward_linear(f, "classifier.6", x, c->classes);
}

#define VGG(name, ...)                                                                      \
    const gt_classifier_net gt_classifier_##name = {forward, &(vgg_variant){{__VA_ARGS__}}, \
                                                    "stem " GT_CLASSIFIER_NORMALISED}
VGG(vgg11, 1, 1, 2, 2, 2);
VGG(vgg13, 2, 2, 2, 2, 2);
VGG(vgg16, 2, 2, 3, 3, 3);
VGG(vgg19, 2, 2, 4, 4, 4);
