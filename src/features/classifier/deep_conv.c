/* SPDX-License-Identifier: Apache-2.0
 * The deep network of the course: six convolutions of 3x3 with 16, 16, 32, 32, 64, 64 channels, the fourth with a
 * padding of 2, max pooling after each pair, 50 features, dropout before and after the last layer but one. */
#include "features/classifier/networks.h"

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    static const int channels[] = {16, 16, 32, 32, 64, 64}, pads[] = {1, 1, 1, 2, 1, 1};
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE});
    for (int i = 0; i < 6; i++) {
        gt_forward_conv_shape s = {.out = gt_classifier_wide(c, channels[i]), .size = 3, .pad = pads[i]};
        x = gt_forward_relu(f, gt_forward_conv(f, gt_text_of("conv%d", i + 1).s, x, s));
        if (i % 2) x = gt_max_pool(f->graph, x, .size = 2);
    }
    x = gt_forward_relu(f, gt_forward_linear(f, "fc1", x, gt_classifier_wide(c, 50)));
    x = gt_forward_dropout(f, "drop1", x, gt_classifier_dropout(c, 0.5));
    x = gt_forward_linear(f, "fc2", x, c->classes);
    return gt_forward_dropout(f, "drop2", x, gt_classifier_dropout(c, 0.5));
}

const gt_classifier_net gt_classifier_deep_conv = {forward, NULL, ""};
