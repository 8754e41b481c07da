/* SPDX-License-Identifier: Apache-2.0
 * The discriminator of StyleGAN2 (docs/mathematics/stylegan2-ada.md#discriminator): image and label to a logit. */
#include <math.h>

#include "graph/door/op.h"
#include "gantry/option.h"
#include "features/stylegan2/common.h"

gt_discriminator_config gt_discriminator_defaults(void) {
    return (gt_discriminator_config){.channels = 3,
                                     .channel_base = 32768,
                                     .channel_max = 512,
                                     .architecture = GT_ARCH_RESNET,
                                     .activation = "lrelu",
                                     .conv_clamp = -1,
                                     .cmap_dim = -1,
                                     .mbstd_group_size = 4,
                                     .mbstd_channels = 1,
                                     .mapping = gt_mapping_defaults(),
                                     .resample_filter = gt_resample_filter_default()};
}

static gt_status levels_of(const gt_discriminator_config *c, gt_levels *l) {
    gt_status st = gt_levels_make(l, c->height, c->width, c->channel_base, c->channel_max, c->architecture);
    if (st) return st;
    if (c->mbstd_channels > 0 && gt_level_channels(l, 0) % c->mbstd_channels)
        return gt_fail(GT_USAGE,
                       "discriminator: %d minibatch standard deviation channels do not divide the last block's %d",
                       c->mbstd_channels, gt_level_channels(l, 0));
    return GT_OK;
}

static int cmap_dim(const gt_discriminator_config *c, const gt_levels *l) {
    if (c->cmap_dim >= 0) return c->cmap_dim;
    return c->c_dim > 0 ? gt_level_channels(l, 0) : 0;
}

gt_mapping_config gt_discriminator_mapping(const gt_discriminator_config *c, const gt_levels *l) {
    gt_mapping_config m = c->mapping;
    m.z_dim = 0, m.c_dim = c->c_dim, m.w_dim = cmap_dim(c, l), m.num_ws = 0, m.w_avg_beta = -1;
    return m;
}

static bool has_fromrgb(const gt_levels *l, int level) { return level + 1 == l->count || l->skip; }

/* ---- declaration ---- */

/* One convolution of a block; counts layers for Freeze-D. Layers that keep the size have the usual filter, unused. */
static void declare_conv(gt_declarer *d, const char *block, const char *which, gt_conv2d_shape shape,
                         const gt_discriminator_config *c, int *layer) {
    const gt_resample_filter unused = gt_resample_filter_default();
    gt_text name = gt_text_of("%s.%s", block, which);
    bool down = gt_is(which, "conv1") || gt_is(which, "skip");
    shape.frozen = layer && (*layer)++ < c->freeze_layers;
    gt_conv2d_declare(d, name.s, shape, down ? &c->resample_filter : &unused);
}

static void declare_block(gt_declarer *d, const char *block, const gt_discriminator_config *c, const gt_levels *l,
                          int level, int *layer) {
    int in = gt_level_channels(l, level), out = gt_level_channels(l, level - 1);
    gt_declare_filter(d, block, &c->resample_filter);
    if (has_fromrgb(l, level))
        declare_conv(d, block, "fromrgb", (gt_conv2d_shape){c->channels, in, 1, true, false}, c, layer);
    declare_conv(d, block, "conv0", (gt_conv2d_shape){in, in, 3, true, false}, c, layer);
    declare_conv(d, block, "conv1", (gt_conv2d_shape){in, out, 3, true, false}, c, layer);
    if (l->resnet) declare_conv(d, block, "skip", (gt_conv2d_shape){in, out, 1, false, false}, c, layer);
}

static void declare_epilogue(gt_declarer *d, const char *block, const gt_discriminator_config *c, const gt_levels *l) {
    int n = gt_level_channels(l, 0), cmap = cmap_dim(c, l);
    if (l->skip) declare_conv(d, block, "fromrgb", (gt_conv2d_shape){c->channels, n, 1, true, false}, c, NULL);
    declare_conv(d, block, "conv", (gt_conv2d_shape){n + c->mbstd_channels, n, 3, true, false}, c, NULL);
    gt_fc_declare(d, gt_text_of("%s.fc", block).s, n * l->height * l->width, n, 1, 0);
    gt_fc_declare(d, gt_text_of("%s.out", block).s, n, cmap > 0 ? cmap : 1, 1, 0);
}

gt_status gt_discriminator_declare(gt_net *n, const char *prefix, const gt_discriminator_config *c) {
    gt_levels l;
    gt_status st = levels_of(c, &l);
    if (st) return st;
    gt_declarer d = {.net = n};
    int layer = 0;
    for (int level = l.count - 1; level > 0; level--) {
        declare_block(&d, gt_text_of("%sb%d", prefix, gt_level_name(level)).s, c, &l, level, &layer);
    }
    if (c->c_dim > 0) {
        gt_mapping_config m = gt_discriminator_mapping(c, &l);
        if (!d.status) d.status = gt_mapping_declare(n, gt_text_of("%smapping.", prefix).s, &m);
    }
    declare_epilogue(&d, gt_text_of("%sb%d", prefix, gt_level_name(0)).s, c, &l);
    return d.status;
}

/* ---- graph ---- */

/* What all layers of a call need. */
typedef struct discriminator {
    gt_bound_net b;
    const gt_discriminator_config *c;
    gt_filter filter;
} discriminator;

static gt_node *conv(const discriminator *d, const char *block, const char *which, gt_node *x, gt_conv2d_options o) {
    gt_text name = gt_text_of("%s.%s", block, which);
    o.filter = d->filter;
    if (!o.activation) o.activation = d->c->activation;
    return gt_conv2d(d->b, name.s, x, o);
}

static gt_node *fc(const discriminator *d, const char *block, const char *which, gt_node *x, const char *activation) {
    return gt_fc(d->b, gt_text_of("%s.%s", block, which).s, x, activation, 1);
}

static gt_node *block_of(const discriminator *d, const char *block, const gt_levels *l, int level, gt_node *x,
                         gt_node *image) {
    gt_graph *g = d->b.graph;
    float clamp = d->c->conv_clamp;
    if (has_fromrgb(l, level)) {
        gt_node *y = conv(d, block, "fromrgb", image, (gt_conv2d_options){.clamp = clamp});
        x = x ? gt_add(g, x, y) : y;
    }
    float half = l->resnet ? (float)sqrt(0.5) : 1;
    gt_node *y = conv(d, block, "conv0", x, (gt_conv2d_options){.clamp = clamp});
    y = conv(d, block, "conv1", y, (gt_conv2d_options){.down = 2, .gain = half, .clamp = clamp});
    if (!l->resnet) return y;
    return gt_add(
        g, conv(d, block, "skip", x, (gt_conv2d_options){.down = 2, .activation = "linear", .gain = half, .clamp = -1}),
        y);
}

static gt_node *epilogue(const discriminator *d, const char *block, const gt_levels *l, gt_node *x, gt_node *image) {
    gt_graph *g = d->b.graph;
    const char *act = d->c->last_activation ? d->c->last_activation : d->c->activation;
    if (l->skip)
        x = gt_add(g, x, conv(d, block, "fromrgb", image, (gt_conv2d_options){.activation = act, .clamp = -1}));
    if (d->c->mbstd_channels > 0)
        x = gt_minibatch_stddev(g, x, d->c->mbstd_group_size, d->c->mbstd_channels, d->c->mbstd_batch);
    x = conv(d, block, "conv", x, (gt_conv2d_options){.activation = act, .clamp = d->c->conv_clamp});
    if (!x) return NULL;
    gt_node *flat = gt_permute(g, x, (int[]){0, 3, 1, 2}); /* the stored weight's columns run over C, H, W */
    x = gt_reshape(g, flat, GT_SHAPE(gt_dim(x, 0), gt_dim(x, 1) * gt_dim(x, 2) * gt_dim(x, 3)));
    return fc(d, block, "out", fc(d, block, "fc", x, act), "linear");
}

/* All blocks but the last. *image becomes what the last one sees of the image; maps[i]: what block i returns. */
static gt_node *blocks_of(const discriminator *d, const char *prefix, const gt_levels *l, gt_node **image,
                          gt_node **maps) {
    gt_node *x = NULL;
    for (int level = l->count - 1; level > 0; level--) {
        x = block_of(d, gt_text_of("%sb%d", prefix, gt_level_name(level)).s, l, level, x, *image);
        if (l->skip) *image = gt_downsample2d(d->b.graph, *image, d->filter, 2);
        if (maps) maps[l->count - 1 - level] = x;
    }
    return x;
}

int gt_discriminator_maps(gt_bound_net b, const char *prefix, const gt_discriminator_config *c, gt_node *image,
                          gt_node **maps) {
    gt_levels l;
    if (levels_of(c, &l)) {
        gt_graph_fault(b.graph, "%s", gt_message());
        return 0;
    }
    discriminator d = {b, c, gt_resample_filter_setup(gt_graph_arena(b.graph), &c->resample_filter)};
    return image && blocks_of(&d, prefix, &l, &image, maps) ? l.count - 1 : 0;
}

gt_node *gt_discriminator(gt_bound_net b, const char *prefix, const gt_discriminator_config *c, gt_node *image,
                          gt_node *labels) {
    gt_levels l;
    gt_graph *g = b.graph;
    if (levels_of(c, &l)) return gt_graph_fault(g, "%s", gt_message());
    if (!image) return NULL;
    discriminator d = {b, c, gt_resample_filter_setup(gt_graph_arena(g), &c->resample_filter)};
    gt_node *x = blocks_of(&d, prefix, &l, &image, NULL);
    x = epilogue(&d, gt_text_of("%sb%d", prefix, gt_level_name(0)).s, &l, x, image);
    int cmap = cmap_dim(c, &l);
    if (c->c_dim == 0 || !x) return x;
    gt_mapping_config m = gt_discriminator_mapping(c, &l);
    gt_node *label = gt_mapping(b, gt_text_of("%smapping.", prefix).s, &m, NULL, labels,
                                &(gt_mapping_options){.truncation = 1});
    return gt_scale(g, gt_sum(g, gt_mul(g, x, label), GT_AXIS(1)), (float)(1 / sqrt(cmap)));
}
