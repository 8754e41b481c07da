/* SPDX-License-Identifier: Apache-2.0
 * The smallest convolutional network of the course: a convolution of 5x5 with 30 channels, ReLU, max pooling by 2, a
 * hidden layer of 100. */
#include "features/classifier/networks.h"

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_NORMAL, .std = 0.01f});
    x = gt_forward_conv(f, "conv1", x, (gt_forward_conv_shape){.out = gt_classifier_wide(c, 30), .size = 5});
    x = gt_max_pool(f->graph, gt_forward_relu(f, x), .size = 2);
    x = gt_forward_relu(f, gt_forward_linear(f, "fc1", x, gt_classifier_wide(c, 100)));
    return gt_forward_linear(f, "fc2", gt_forward_dropout(f, "drop1", x, gt_classifier_dropout(c, 0)), c->classes);
}

const gt_classifier_net gt_classifier_simple_conv = {forward, NULL, ""};
