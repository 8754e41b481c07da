/* SPDX-License-Identifier: Apache-2.0
 * GoogLeNet: Szegedy et al., "Going Deeper with Convolutions", table 1, in torchvision's form: batch normalisation
 * after each convolution, 3x3 windows in the branch "5x5", poolings that round up, heads after blocks 4a and 4d. */
#include "features/classifier/networks.h"

/* channels: 1x1, reduction before 3x3, 3x3, reduction before "5x5", "5x5", after pooling */
static const struct {
    const char *name;
    int channels[6];
} blocks[] = {
    {"3a", {64, 96, 128, 16, 32, 32}},     {"3b", {128, 128, 192, 32, 96, 64}},   {"4a", {192, 96, 208, 16, 48, 64}},
    {"4b", {160, 112, 224, 24, 64, 64}},   {"4c", {128, 128, 256, 24, 64, 64}},   {"4d", {112, 144, 288, 32, 64, 64}},
    {"4e", {256, 160, 320, 32, 128, 128}}, {"5a", {256, 160, 320, 32, 128, 128}}, {"5b", {384, 192, 384, 48, 128, 128}},
};

static gt_node *conv(gt_forward *f, const char *block, const char *name, gt_node *x, int out, int size) {
    return gt_classifier_conv_bn(f, gt_text_of("%s%s", block, name).s, x,
                                 (gt_forward_conv_shape){.out = out, .size = size, .pad = size / 2});
}

gt_node *gt_classifier_inception(gt_forward *f, const gt_classifier_config *c, const char *name, gt_node *x,
                                 const int channels[6]) {
    int n[6];
    for (int i = 0; i < 6; i++) n[i] = gt_classifier_wide(c, channels[i]);
    gt_node *branch[] = {
        conv(f, name, ".branch1", x, n[0], 1),
        conv(f, name, ".branch2.1", conv(f, name, ".branch2.0", x, n[1], 1), n[2], 3),
        conv(f, name, ".branch3.1", conv(f, name, ".branch3.0", x, n[3], 1), n[4], 3),
        conv(f, name, ".branch4.1", gt_max_pool(f->graph, x, .size = 3, .stride = 1, .pad = 1), n[5], 1),
    };
    return gt_concat(f->graph, 4, branch, 3);
}

static gt_node *head(gt_forward *f, const gt_classifier_config *c, const char *name, gt_node *x) {
    x = conv(f, name, ".conv", gt_forward_adaptive_pool(f, x, 4), gt_classifier_wide(c, 128), 1);
    x = gt_forward_relu(f, gt_forward_linear(f, gt_text_of("%s.fc1", name).s, x, gt_classifier_wide(c, 1024)));
    x = gt_forward_dropout(f, gt_text_of("%s.dropout", name).s, x, gt_classifier_dropout(c, 0.7));
    return gt_forward_linear(f, gt_text_of("%s.fc2", name).s, x, c->classes);
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)variant;
    gt_graph *g = f->graph;
    gt_classifier_begin(f, c, (gt_init){.rule = c->small ? GT_INIT_HE : GT_INIT_NORMAL, .std = 0.01f});
    bool with_heads = f->training || f->declares;
    heads->weight = 0.3f;
    int wide = gt_classifier_wide(c, 64);
    if (c->small) x = conv(f, "conv1", "", x, wide, 3);
    else {
        x = gt_classifier_conv_bn(f, "conv1", x,
                                  (gt_forward_conv_shape){.out = wide, .size = 7, .stride = 2, .pad = 3});
        x = gt_max_pool(g, x, .size = 3, .stride = 2, .ceil = 1);
    }
    x = conv(f, "conv3", "", conv(f, "conv2", "", x, wide, 1), gt_classifier_wide(c, 192), 3);
    if (!c->small) x = gt_max_pool(g, x, .size = 3, .stride = 2, .ceil = 1);
    for (int i = 0; i < (int)(sizeof blocks / sizeof *blocks); i++) {
        if (i == 2) x = gt_max_pool(g, x, .size = 3, .stride = 2, .ceil = 1);
        if (i == 7) x = gt_max_pool(g, x, .size = 2, .stride = 2, .ceil = 1);
        x = gt_classifier_inception(f, c, gt_text_of("inception%s", blocks[i].name).s, x, blocks[i].channels);
        if (with_heads && (i == 2 || i == 5))
            heads->logits[heads->n] = head(f, c, heads->n ? "aux2" : "aux1", x), heads->n++;
    }
    x = gt_forward_dropout(f, "dropout", gt_forward_mean(f, x), gt_classifier_dropout(c, 0.2));
    return gt_forward_linear(f, "fc", x, c->classes);
}

const gt_classifier_net gt_classifier_googlenet = {forward, NULL, "stem " GT_CLASSIFIER_NORMALISED};
