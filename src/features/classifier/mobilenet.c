/* SPDX-License-Identifier: Apache-2.0
 * MobileNet v2: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", table 2. Channels times the
 * width multiplier are rounded to multiples of 8, never to less than nine tenths. */
#include "features/classifier/networks.h"

/* expansion, channels, blocks, stride of the first block */
static const int rows[][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                              {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

static int wide(const gt_classifier_config *c, double channels) {
    double v = channels * c->width;
    int n = (int)(v + 4) / 8 * 8;
    if (n < 8) n = 8;
    return n < 0.9 * v ? n + 8 : n;
}

static gt_node *conv_norm(gt_forward *f, const char *conv, const char *norm, gt_node *x, gt_forward_conv_shape s) {
    s.no_bias = true;
    s.pad = s.size / 2;
    return gt_forward_norm(f, norm, gt_forward_conv(f, conv, x, s));
}

/* min(max(x, 0), 6) */
static gt_node *relu6(gt_forward *f, gt_node *x) {
    return gt_forward_rectified(f, gt_bias_act(f->graph, x, NULL, "relu", -1, 1, 6));
}

static gt_node *block(gt_forward *f, const char *name, gt_node *x, int expansion, int out, int stride) {
    if (!x) return NULL;
    int in = (int)gt_dim(x, 3), hidden = in * expansion, at = 0;
    gt_node *y = x;
    if (expansion > 1) {
        y = relu6(f, conv_norm(f, gt_text_of("%s.conv.0.0", name).s, gt_text_of("%s.conv.0.1", name).s, y,
                               (gt_forward_conv_shape){.out = hidden, .size = 1}));
        at++;
    }
    y = relu6(f, conv_norm(f, gt_text_of("%s.conv.%d.0", name, at).s, gt_text_of("%s.conv.%d.1", name, at).s, y,
                           (gt_forward_conv_shape){.out = hidden, .size = 3, .stride = stride, .groups = hidden}));
    y = conv_norm(f, gt_text_of("%s.conv.%d", name, at + 1).s, gt_text_of("%s.conv.%d", name, at + 2).s, y,
                  (gt_forward_conv_shape){.out = out, .size = 1});
    return stride == 1 && in == out ? gt_add(f->graph, x, y) : y;
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    (void)heads;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE_OUT});
    x = relu6(f, conv_norm(f, "features.0.0", "features.0.1", x,
                           (gt_forward_conv_shape){.out = wide(c, 32), .size = 3, .stride = c->small ? 1 : 2}));
    int at = 1;
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
        for (int k = 0; k < rows[i][2]; k++) {
            int stride = k || (c->small && i == 1) ? 1 : rows[i][3];
            x = block(f, gt_text_of("features.%d", at++).s, x, rows[i][0], wide(c, rows[i][1]), stride);
        }
    gt_classifier_config at_least = *c;
    if (at_least.width < 1) at_least.width = 1;
    x = relu6(f, conv_norm(f, gt_text_of("features.%d.0", at).s, gt_text_of("features.%d.1", at).s, x,
                           (gt_forward_conv_shape){.out = wide(&at_least, 1280), .size = 1}));
    x = gt_forward_dropout(f, "classifier.0", gt_forward_mean(f, x), gt_classifier_dropout(c, 0.2));
    if (!c->init) f->init = (gt_init){.rule = GT_INIT_NORMAL, .std = 0.01f};
    return gt_forward_linear(f, "classifier.1", x, c->classes);
}

const gt_classifier_net gt_classifier_mobilenet_v2 = {forward, NULL, "stem " GT_CLASSIFIER_NORMALISED};
