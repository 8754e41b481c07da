/* SPDX-License-Identifier: Apache-2.0
 * LeNet-5 (LeCun et al., "Gradient-Based Learning Applied to Document Recognition") with ReLU and max pooling. */
#include "features/classifier/networks.h"

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_UNIFORM});
    x = gt_forward_conv(f, "conv1", x, (gt_forward_conv_shape){.out = gt_classifier_wide(c, 6), .size = 5, .pad = 2});
    x = gt_max_pool(f->graph, gt_forward_relu(f, x), .size = 2);
    x = gt_forward_conv(f, "conv2", x, (gt_forward_conv_shape){.out = gt_classifier_wide(c, 16), .size = 5});
    x = gt_max_pool(f->graph, gt_forward_relu(f, x), .size = 2);
    x = gt_forward_relu(f, gt_forward_linear(f, "fc1", x, gt_classifier_wide(c, 120)));
    x = gt_forward_relu(f, gt_forward_linear(f, "fc2", x, gt_classifier_wide(c, 84)));
    return gt_forward_linear(f, "fc3", gt_forward_dropout(f, "drop", x, gt_classifier_dropout(c, 0)), c->classes);
}

const gt_classifier_net gt_classifier_lenet = {forward, NULL, ""};
