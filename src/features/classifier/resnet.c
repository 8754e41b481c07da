/* SPDX-License-Identifier: Apache-2.0
 * Residual networks: He et al., "Deep Residual Learning for Image Recognition", table 1. In bottlenecks the 3x3
 * convolution has the stride, as in torchvision. */
#include "features/classifier/networks.h"

typedef struct resnet_variant {
    int blocks[4];
    bool bottleneck;
} resnet_variant;

static gt_node *conv_norm(gt_forward *f, const char *block, const char *conv, const char *norm, gt_node *x, int out,
                          int size, int stride) {
    gt_forward_conv_shape s = {.out = out, .size = size, .stride = stride, .pad = size / 2, .no_bias = true};
    x = gt_forward_conv(f, gt_text_of("%s%s", block, conv).s, x, s);
    return gt_forward_norm(f, gt_text_of("%s%s", block, norm).s, x);
}

static gt_node *residual(gt_forward *f, const char *name, gt_node *x, int channels, int stride, bool bottleneck) {
    int out = bottleneck ? 4 * channels : channels;
    gt_node *y;
    if (bottleneck) {
        y = gt_forward_relu(f, conv_norm(f, name, ".conv1", ".bn1", x, channels, 1, 1));
        y = gt_forward_relu(f, conv_norm(f, name, ".conv2", ".bn2", y, channels, 3, stride));
        y = conv_norm(f, name, ".conv3", ".bn3", y, out, 1, 1);
    } else {
        y = gt_forward_relu(f, conv_norm(f, name, ".conv1", ".bn1", x, channels, 3, stride));
        y = conv_norm(f, name, ".conv2", ".bn2", y, channels, 3, 1);
    }
    if (x && (stride > 1 || gt_dim(x, 3) != out))
        x = conv_norm(f, name, ".downsample.0", ".downsample.1", x, out, 1, stride);
    return gt_forward_relu(f, gt_add(f->graph, y, x));
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)heads;
    const resnet_variant *v = variant;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE_OUT});
    x = gt_forward_relu(
        f, conv_norm(f, "", "conv1", "bn1", x, gt_classifier_wide(c, 64), c->small ? 3 : 7, c->small ? 1 : 2));
    if (!c->small) x = gt_max_pool(f->graph, x, .size = 3, .stride = 2, .pad = 1);
    for (int layer = 0; layer < 4; layer++)
        for (int i = 0; i < v->blocks[layer]; i++)
            x = residual(f, gt_text_of("layer%d.%d", layer + 1, i).s, x, gt_classifier_wide(c, 64 << layer),
                         layer && !i ? 2 : 1, v->bottleneck);
    x = gt_forward_dropout(f, "drop", gt_forward_mean(f, x), gt_classifier_dropout(c, 0));
    if (!c->init) f->init = (gt_init){.rule = GT_INIT_UNIFORM};
    return gt_forward_linear(f, "fc", x, c->classes);
}

#define RESNET(name, bottleneck, ...)                                                                      \
    const gt_classifier_net gt_classifier_##name = {forward, &(resnet_variant){{__VA_ARGS__}, bottleneck}, \
                                                    "stem " GT_CLASSIFIER_NORMALISED}
RESNET(resnet18, false, 2, 2, 2, 2);
RESNET(resnet34, false, 3, 4, 6, 3);
RESNET(resnet50, true, 3, 4, 6, 3);
RESNET(resnet101, true, 3, 4, 23, 3);
RESNET(resnet152, true, 3, 8, 36, 3);
