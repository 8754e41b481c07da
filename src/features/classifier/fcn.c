/* SPDX-License-Identifier: Apache-2.0
 * Fully convolutional networks: Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation",
 * section 4 and figure 3: a VGG whose fully connected layers are convolutions, a score for each class, and transposed
 * convolutions that begin as bilinear interpolation. fcn16s adds the scores of the fourth pooling, fcn8s those of the
 * third. Layers have the names of the paper's networks; those of the trunk are torchvision's.
 *
 * What differs from the paper: convolutions are padded so that maps keep their size, and poolings round up, in place of
 * a padding of the picture by 100 pixels, so any size is possible without cropping; all transposed convolutions learn;
 * the skips learn with the rest from the start; batch normalisation unless --bn=none. With the small stem the first
 * pooling is left out (all strides are half of what the names say), and the convolution in place of VGG's first fully
 * connected layer is 3x3 with 512 channels in place of 7x7 with 4096. */
#include "features/classifier/networks.h"

enum { BLOCKS = GT_VGG_BLOCKS };

static gt_node *pool(gt_forward *f, gt_node *x, const gt_classifier_config *c, int block) {
    return c->small && block == 0 ? x : gt_max_pool(f->graph, x, .size = 2, .ceil = 1);
}

static gt_node *score(gt_forward *f, const char *name, gt_node *x, const gt_classifier_config *c) {
    f->init = (gt_init){.rule = GT_INIT_NORMAL, .std = 0};
    return gt_forward_conv(f, name, x, (gt_forward_conv_shape){.out = c->classes, .size = 1});
}

/* Scores of the size of `like`, by a step of `factor`. */
static gt_node *upscore(gt_forward *f, const char *name, gt_node *x, const gt_node *like, int factor) {
    return x && like ? gt_forward_upsample(f, name, x, factor, gt_dim(like, 1), gt_dim(like, 2)) : NULL;
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    (void)heads;
    static const char *const skip[] = {"score_pool4", "score_pool3"}, *const up[] = {"upscore2", "upscore_pool4"},
                             *const last[] = {"upscore32", "upscore16", "upscore8"};
    int skips = *(const int *)variant, features = gt_classifier_wide(c, c->small ? 512 : 4096);
    int stride = 1 << (BLOCKS - c->small);
    gt_node *pooled[BLOCKS], *images = x;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE_OUT});
    x = gt_vgg_features(f, x, c, c->trunk, pool, pooled);
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE});
    for (int i = 6; i < 8; i++) {
        gt_forward_conv_shape s = {.out = features, .size = i == 7 ? 1 : c->small ? 3 : 7};
        s.pad = s.size / 2;
        x = gt_forward_relu(f, gt_forward_conv(f, gt_text_of("fc%d", i).s, x, s));
        x = gt_forward_dropout(f, gt_text_of("drop%d", i).s, x, gt_classifier_dropout(c, 0.5));
    }
    x = score(f, "score_fr", x, c);
    for (int k = 0; k < skips; k++, stride /= 2) {
        gt_node *finer = pooled[BLOCKS - 2 - k];
        x = upscore(f, up[k], x, finer, 2);
        x = gt_add(f->graph, x, score(f, skip[k], finer, c));
    }
    return upscore(f, last[skips], x, images, stride);
}

bool gt_classifier_dense(const gt_classifier_net *net) { return net->forward == forward; }

#define FCN(name, skips) \
    const gt_classifier_net gt_classifier_##name = {forward, &(int){skips}, "trunk stem " GT_CLASSIFIER_NORMALISED}
FCN(fcn32s, 0);
FCN(fcn16s, 1);
FCN(fcn8s, 2);
