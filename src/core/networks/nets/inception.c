/* SPDX-License-Identifier: Apache-2.0
 * Inception v3: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", table 1, in torchvision's
 * form, and the variant whose features the Frechet inception distance is made of: means over the part of a window that
 * lies in the image, max pooling in the last block, 1008 classes, no further head. */
#include "networks/nets/door/classifier_net.h"

gt_node *gt_classifier_conv_bn(gt_forward *f, const char *name, gt_node *x, gt_forward_conv_shape s) {
    s.no_bias = true;
    f->norm_epsilon = 1e-3f;
    x = gt_forward_conv(f, gt_text_of("%s.conv", name).s, x, s);
    return gt_forward_relu(f, gt_forward_norm(f, gt_text_of("%s.bn", name).s, x));
}

typedef struct inception_variant {
    bool of_fid;
} inception_variant;

typedef struct net {
    gt_forward *f;
    const gt_classifier_config *c;
    bool of_fid;
    const char *block;
} net;

static gt_node *conv(const net *n, const char *name, gt_node *x, gt_forward_conv_shape s) {
    s.out = gt_classifier_wide(n->c, s.out);
    return gt_classifier_conv_bn(n->f, gt_text_of("%s%s", n->block, name).s, x, s);
}

static gt_node *point(const net *n, const char *name, gt_node *x, int out) {
    return conv(n, name, x, (gt_forward_conv_shape){.out = out, .size = 1});
}

/* size x size with a margin that keeps the picture's size */
static gt_node *same(const net *n, const char *name, gt_node *x, int out, int size) {
    return conv(n, name, x, (gt_forward_conv_shape){.out = out, .size = size, .pad = size / 2});
}

static gt_node *halve(const net *n, const char *name, gt_node *x, int out) {
    return conv(n, name, x, (gt_forward_conv_shape){.out = out, .size = 3, .stride = 2});
}

/* A line of `length` pixels: a row, or a column. */
static gt_node *row(const net *n, const char *name, gt_node *x, int out, int length) {
    return conv(n, name, x, (gt_forward_conv_shape){.out = out, .size = 1, .width = length, .pad_x = length / 2});
}
static gt_node *column(const net *n, const char *name, gt_node *x, int out, int length) {
    return conv(n, name, x, (gt_forward_conv_shape){.out = out, .size = length, .width = 1, .pad = length / 2});
}

static gt_node *pooled(const net *n, gt_node *x, int out) {
    return point(n, ".branch_pool",
                 gt_forward_average_pool(n->f, x, (gt_max_pool_attr){.size = 3, .stride = 1, .pad = 1}, !n->of_fid),
                 out);
}

static gt_node *halved(const net *n, gt_node *x) { return gt_max_pool(n->f->graph, x, .size = 3, .stride = 2); }

static gt_node *joined(const net *n, int count, gt_node **branches) {
    return gt_concat(n->f->graph, count, branches, 3);
}

static gt_node *block_a(const net *n, gt_node *x, int pool) {
    gt_node *doubled = same(n, ".branch3x3dbl_2", point(n, ".branch3x3dbl_1", x, 64), 96, 3);
    gt_node *branches[] = {point(n, ".branch1x1", x, 64),
                           same(n, ".branch5x5_2", point(n, ".branch5x5_1", x, 48), 64, 5),
                           same(n, ".branch3x3dbl_3", doubled, 96, 3), pooled(n, x, pool)};
    return joined(n, 4, branches);
}

static gt_node *block_b(const net *n, gt_node *x) {
    gt_node *doubled = same(n, ".branch3x3dbl_2", point(n, ".branch3x3dbl_1", x, 64), 96, 3);
    gt_node *branches[] = {halve(n, ".branch3x3", x, 384), halve(n, ".branch3x3dbl_3", doubled, 96), halved(n, x)};
    return joined(n, 3, branches);
}

static gt_node *block_c(const net *n, gt_node *x, int inner) {
    gt_node *seven = row(n, ".branch7x7_2", point(n, ".branch7x7_1", x, inner), inner, 7);
    gt_node *doubled = column(n, ".branch7x7dbl_2", point(n, ".branch7x7dbl_1", x, inner), inner, 7);
    doubled = column(n, ".branch7x7dbl_4", row(n, ".branch7x7dbl_3", doubled, inner, 7), inner, 7);
    gt_node *branches[] = {point(n, ".branch1x1", x, 192), column(n, ".branch7x7_3", seven, 192, 7),
                           row(n, ".branch7x7dbl_5", doubled, 192, 7), pooled(n, x, 192)};
    return joined(n, 4, branches);
}

static gt_node *block_d(const net *n, gt_node *x) {
    gt_node *seven = row(n, ".branch7x7x3_2", point(n, ".branch7x7x3_1", x, 192), 192, 7);
    seven = column(n, ".branch7x7x3_3", seven, 192, 7);
    gt_node *branches[] = {halve(n, ".branch3x3_2", point(n, ".branch3x3_1", x, 192), 320),
                           halve(n, ".branch7x7x3_4", seven, 192), halved(n, x)};
    return joined(n, 3, branches);
}

static gt_node *block_e(const net *n, gt_node *x, bool max) {
    gt_node *three = point(n, ".branch3x3_1", x, 384);
    gt_node *doubled = same(n, ".branch3x3dbl_2", point(n, ".branch3x3dbl_1", x, 448), 384, 3);
    gt_node *pool = max ? point(n, ".branch_pool", gt_max_pool(n->f->graph, x, .size = 3, .stride = 1, .pad = 1), 192)
                        : pooled(n, x, 192);
    gt_node *branches[] = {point(n, ".branch1x1", x, 320),
                           row(n, ".branch3x3_2a", three, 384, 3),
                           column(n, ".branch3x3_2b", three, 384, 3),
                           row(n, ".branch3x3dbl_3a", doubled, 384, 3),
                           column(n, ".branch3x3dbl_3b", doubled, 384, 3),
                           pool};
    return joined(n, 6, branches);
}

/* The auxiliary head has no place on the maps of small pictures (below 299 x 299). `x` NULL: a layer has failed. */
static bool holds_head(const gt_node *x) {
    enum { SIDE = 17 };
    return x && gt_node_shape(x)->d[1] >= SIDE && gt_node_shape(x)->d[2] >= SIDE;
}

static gt_node *head(const net *n, gt_node *x) {
    x = point(n, ".conv0", gt_forward_average_pool(n->f, x, (gt_max_pool_attr){.size = 5, .stride = 3}, true), 128);
    x = conv(n, ".conv1", x, (gt_forward_conv_shape){.out = 768, .size = 5});
    return gt_forward_linear(n->f, "AuxLogits.fc", gt_forward_mean(n->f, x), n->c->classes);
}

static gt_node *forward(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                        gt_classifier_heads *heads) {
    static const struct {
        const char *name;
        int width;
    } of_a[] = {{"Mixed_5b", 32}, {"Mixed_5c", 64}, {"Mixed_5d", 64}},
      of_c[] = {{"Mixed_6b", 128}, {"Mixed_6c", 160}, {"Mixed_6d", 160}, {"Mixed_6e", 192}};
    net n = {f, c, ((const inception_variant *)variant)->of_fid, ""};
    gt_classifier_begin(f, c, (gt_init){.rule = c->small ? GT_INIT_HE : GT_INIT_NORMAL, .std = 0.1f});
    x = c->small ? same(&n, "Conv2d_1a_3x3", x, 32, 3) : halve(&n, "Conv2d_1a_3x3", x, 32);
    x = conv(&n, "Conv2d_2a_3x3", x, (gt_forward_conv_shape){.out = 32, .size = 3, .pad = c->small});
    x = same(&n, "Conv2d_2b_3x3", x, 64, 3);
    if (!c->small) x = halved(&n, x);
    x = point(&n, "Conv2d_3b_1x1", x, 80);
    x = conv(&n, "Conv2d_4a_3x3", x, (gt_forward_conv_shape){.out = 192, .size = 3, .pad = c->small});
    if (!c->small) x = halved(&n, x);
    for (int i = 0; i < 3; i++) n.block = of_a[i].name, x = block_a(&n, x, of_a[i].width);
    n.block = "Mixed_6a", x = block_b(&n, x);
    for (int i = 0; i < 4; i++) n.block = of_c[i].name, x = block_c(&n, x, of_c[i].width);
    if ((f->training || f->declares) && !n.of_fid && !c->small && holds_head(x)) {
        n.block = "AuxLogits";
        heads->weight = 0.4f;
        heads->logits[heads->n++] = head(&n, x);
    }
    n.block = "Mixed_7a", x = block_d(&n, x);
    n.block = "Mixed_7b", x = block_e(&n, x, false);
    n.block = "Mixed_7c", x = block_e(&n, x, n.of_fid);
    x = gt_forward_dropout(f, "dropout", gt_forward_mean(f, x), gt_classifier_dropout(c, 0.5));
    return gt_forward_linear(f, "fc", x, c->classes);
}

const gt_classifier_net gt_classifier_inception_v3 = {forward, &(inception_variant){false},
                                                      "stem " GT_CLASSIFIER_NORMALISED};
const gt_classifier_net gt_classifier_inception_fid = {forward, &(inception_variant){true}, ""};
