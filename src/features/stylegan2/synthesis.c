/* SPDX-License-Identifier: Apache-2.0
 * The synthesis network of StyleGAN2 (docs/mathematics/stylegan2-ada.md#synthesis-network): styles to image. */
#include <math.h>
#include <string.h>

#include "graph/door/op.h"
#include "features/stylegan2/common.h"

gt_synthesis_config gt_synthesis_defaults(void) {
    return (gt_synthesis_config){.w_dim = 512,
                                 .channels = 3,
                                 .channel_base = 32768,
                                 .channel_max = 512,
                                 .architecture = GT_ARCH_SKIP,
                                 .activation = "lrelu",
                                 .conv_clamp = -1,
                                 .use_noise = true,
                                 .resample_filter = gt_resample_filter_default()};
}

static gt_status levels_of(const gt_synthesis_config *c, gt_levels *l) {
    return gt_levels_make(l, c->height, c->width, c->channel_base, c->channel_max, c->architecture);
}

int gt_synthesis_num_ws(const gt_synthesis_config *c) {
    gt_levels l;
    return levels_of(c, &l) ? 0 : 2 * l.count;
}

static bool has_torgb(const gt_levels *l, int level) { return l->skip || level + 1 == l->count; }
static bool has_skip(const gt_levels *l, int level) { return l->resnet && level > 0; }

static void add_map(const gt_net *n, const char *layer, double scale, gt_style_map *maps, int *count) {
    const gt_tensor *t = gt_net_find(n, gt_text_of("%s.affine.weight", layer).s);
    if (t) maps[(*count)++] = (gt_style_map){t, scale / sqrt((double)t->shape.d[1])};
}

int gt_synthesis_style_maps(const gt_net *n, const char *prefix, const gt_synthesis_config *c, int index,
                            gt_style_map *maps) {
    gt_levels l;
    int count = 0, level = (index + 1) / 2; /* of the convolution; torgb of the level before has the same style */
    if (levels_of(c, &l)) return 0;
    if (level < l.count)
        add_map(n, gt_text_of("%sb%d.conv%d", prefix, gt_level_name(level), !(index % 2)).s, 1, maps, &count);
    if (index % 2 && has_torgb(&l, level - 1))
        add_map(n, gt_text_of("%sb%d.torgb", prefix, gt_level_name(level - 1)).s,
                1 / sqrt((double)gt_level_channels(&l, level - 1)), maps, &count);
    return count;
}

/* ---- declaration ---- */

static void declare_affine(gt_declarer *d, const char *layer, int w_dim, int out) {
    gt_fc_declare(d, gt_text_of("%s.affine", layer).s, w_dim, out, 1, 1);
}

static void declare_layer(gt_declarer *d, const char *layer, const gt_synthesis_config *c, int in, int out, int height,
                          int width, const gt_resample_filter *filter) {
    gt_declare(
        d,
        (gt_tensor){.file_shape = GT_SHAPE(out, in, 3, 3), .layout = GT_LAYOUT_OIHW, .trainable = true, .init_std = 1},
        layer, ".weight");
    if (c->use_noise) gt_declare(d, (gt_tensor){.file_shape = GT_SCALAR, .trainable = true}, layer, ".noise_strength");
    gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(out), .trainable = true}, layer, ".bias");
    gt_declare_filter(d, layer, filter);
    if (c->use_noise)
        gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(height, width), .init_std = 1}, layer, ".noise_const");
    declare_affine(d, layer, c->w_dim, in);
}

static void declare_torgb(gt_declarer *d, const char *layer, const gt_synthesis_config *c, int in) {
    gt_tensor weight = {
        .file_shape = GT_SHAPE(c->channels, in, 1, 1), .layout = GT_LAYOUT_OIHW, .trainable = true, .init_std = 1};
    gt_declare(d, weight, layer, ".weight");
    gt_declare(d, (gt_tensor){.file_shape = GT_SHAPE(c->channels), .trainable = true}, layer, ".bias");
    declare_affine(d, layer, c->w_dim, in);
}

static void declare_block(gt_declarer *d, const char *block, const gt_synthesis_config *c, const gt_levels *l,
                          int level) {
    int out = gt_level_channels(l, level), in = level ? gt_level_channels(l, level - 1) : 0;
    int height = l->height << level, width = l->width << level;
    if (level == 0) {
        gt_tensor constant = {
            .file_shape = GT_SHAPE(out, height, width), .layout = GT_LAYOUT_CHW, .trainable = true, .init_std = 1};
        gt_declare(d, constant, block, ".const");
    }
    gt_declare_filter(d, block, &c->resample_filter);
    const gt_resample_filter unused = gt_resample_filter_default();
    if (level > 0) declare_layer(d, gt_text_of("%s.conv0", block).s, c, in, out, height, width, &c->resample_filter);
    declare_layer(d, gt_text_of("%s.conv1", block).s, c, out, out, height, width, &unused);
    if (has_torgb(l, level)) declare_torgb(d, gt_text_of("%s.torgb", block).s, c, out);
    if (has_skip(l, level))
        gt_conv2d_declare(d, gt_text_of("%s.skip", block).s, (gt_conv2d_shape){.in = in, .out = out, .kernel = 1},
                          &c->resample_filter);
}

gt_status gt_synthesis_declare(gt_net *n, const char *prefix, const gt_synthesis_config *c) {
    gt_levels l;
    gt_status st = levels_of(c, &l);
    if (st) return st;
    gt_declarer d = {.net = n};
    for (int level = 0; level < l.count; level++) {
        gt_text block = gt_text_of("%sb%d", prefix, gt_level_name(level));
        declare_block(&d, block.s, c, &l, level);
    }
    return d.status;
}

/* ---- graph ---- */

/* What all layers of a call need. */
typedef struct synthesis {
    gt_bound_net b;
    const char *prefix;
    const gt_synthesis_config *c;
    const gt_synthesis_options *o;
    gt_node *ws;
    gt_filter filter;
} synthesis;

/* The style of one layer: affine(w of that index). */
static gt_node *style_of(const synthesis *s, const char *layer, int index) {
    gt_graph *g = s->b.graph;
    gt_text name = gt_text_of("%s.affine", layer);
    gt_node *w = gt_slice(g, s->ws, 1, index, index + 1);
    return gt_fc(s->b, name.s, w ? gt_reshape(g, w, GT_SHAPE(gt_dim(w, 0), s->c->w_dim)) : NULL, "linear", 1);
}

/* noise_strength times the noise of this mode in the layer of the style `index`, to be broadcast against
 * [N,height,width,channels]; NULL: no noise. */
static gt_node *noise_of(const synthesis *s, const char *layer, int index, int64_t n, int64_t height, int64_t width) {
    gt_graph *g = s->b.graph;
    if (!s->c->use_noise || s->o->noise == GT_NOISE_NONE) return NULL;
    gt_node *noise;
    if (s->o->noise == GT_NOISE_CONST) {
        noise = gt_reshape(g, gt_leaf(s->b, layer, ".noise_const"), GT_SHAPE(1, height, width, 1));
    } else if (s->o->noise == GT_NOISE_GIVEN) {
        noise = gt_input(g, gt_text_of("noise/%s", layer + strlen(s->prefix)).s, GT_SHAPE(n, height, width, 1));
    } else {
        gt_text stream = gt_text_of("noise/%s%s", layer + strlen(s->prefix), s->o->stream ? s->o->stream : "");
        noise = gt_random_normal_in(g, stream.s, index, GT_SHAPE(n, height, width, 1));
    }
    return gt_mul(g, noise, gt_leaf(s->b, layer, ".noise_strength"));
}

static gt_node *layer(const synthesis *s, const char *block, const char *which, gt_node *x, int index, int up,
                      float gain) {
    if (!x) return NULL;
    gt_graph *g = s->b.graph;
    gt_text name = gt_text_of("%s.%s", block, which);
    gt_scope_push(g, "%s", name.s);
    gt_node *noise = noise_of(s, name.s, index, gt_dim(s->ws, 0), gt_dim(x, 1) * up, gt_dim(x, 2) * up);
    gt_node *y = gt_modulated_conv2d(g, x, gt_leaf(s->b, name.s, ".weight"), style_of(s, name.s, index), noise, true,
                                     s->filter, up);
    const gt_activation *act = gt_activation_find(s->c->activation);
    y = gt_bias_act(g, y, gt_leaf(s->b, name.s, ".bias"), act->name, -1, act->gain * gain,
                    s->c->conv_clamp >= 0 ? s->c->conv_clamp * gain : -1);
    gt_scope_pop(g);
    return y;
}

static gt_node *torgb(const synthesis *s, const char *block, gt_node *x, int index) {
    if (!x) return NULL;
    gt_graph *g = s->b.graph;
    gt_text name = gt_text_of("%s.torgb", block);
    gt_scope_push(g, "%s", name.s);
    gt_node *style = gt_scale(g, style_of(s, name.s, index), (float)(1 / sqrt((double)gt_dim(x, 3))));
    gt_node *y = gt_modulated_conv2d(g, x, gt_leaf(s->b, name.s, ".weight"), style, NULL, false, s->filter, 1);
    y = gt_bias_act(g, y, gt_leaf(s->b, name.s, ".bias"), "linear", -1, 1, s->c->conv_clamp);
    gt_scope_pop(g);
    return y;
}

static gt_node *block_of(const synthesis *s, const char *block, const gt_levels *l, int level, gt_node *x, int index) {
    gt_graph *g = s->b.graph;
    float half = l->resnet ? (float)sqrt(0.5) : 1;
    if (level == 0) {
        gt_node *constant = gt_leaf(s->b, block, ".const");
        int64_t c = gt_level_channels(l, 0);
        x = gt_broadcast(g, gt_reshape(g, constant, GT_SHAPE(1, l->height, l->width, c)),
                         GT_SHAPE(gt_dim(s->ws, 0), l->height, l->width, c));
        return layer(s, block, "conv1", x, index, 1, 1);
    }
    gt_node *y = layer(s, block, "conv0", x, index, 2, 1);
    y = layer(s, block, "conv1", y, index + 1, 1, half);
    if (!has_skip(l, level)) return y;
    const gt_conv2d_options skip = {.up = 2, .activation = "linear", .gain = half, .clamp = -1, .filter = s->filter};
    return gt_add(g, gt_conv2d(s->b, gt_text_of("%s.skip", block).s, x, skip), y);
}

gt_node *gt_synthesis(gt_bound_net b, const char *prefix, const gt_synthesis_config *c, gt_node *ws,
                      const gt_synthesis_options *o) {
    gt_levels l;
    if (levels_of(c, &l)) return gt_graph_fault(b.graph, "%s", gt_message());
    if (!ws) return NULL;
    synthesis s = {b, prefix, c, o, ws, gt_resample_filter_setup(gt_graph_arena(b.graph), &c->resample_filter)};
    gt_node *x = NULL, *image = NULL;
    for (int level = 0, index = 0; level < l.count; level++) {
        gt_text block = gt_text_of("%sb%d", prefix, gt_level_name(level));
        int convs = level ? 2 : 1;
        x = block_of(&s, block.s, &l, level, x, index);
        if (image) image = gt_upsample2d(b.graph, image, s.filter, 2);
        if (has_torgb(&l, level)) { /* shares its style with the next block's conv0 */
            gt_node *rgb = torgb(&s, block.s, x, index + convs);
            image = image ? gt_add(b.graph, image, rgb) : rgb;
        }
        index += convs;
        if (o->block_x) o->block_x[level] = x;
        if (o->block_img) o->block_img[level] = image;
    }
    return image;
}
