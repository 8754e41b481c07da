/* SPDX-License-Identifier: Apache-2.0
 * Networks as pickled modules of stylegan2-ada-pytorch (docs/network-files.md#pickled-modules, #written-modules). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/door/module_write.h"
#include "models/stylegan2/common.h"
#include "models/stylegan2/loss.h"
#include "models/stylegan2/import.h"

/* Instead of a source text: the reader's own classes, in stylegan3 or in stylegan2-ada-pytorch. In stylegan3 the
 * constructor of Generator takes the options of the synthesis network one by one, not as a table. */
static const char MODULE[] = "try:\n"
                             "    from training import networks_stylegan2\n"
                             "    from training.networks_stylegan2 import *\n"
                             "\n"
                             "    class Generator(networks_stylegan2.Generator):\n"
                             "        def __init__(self, *args, synthesis_kwargs={}, **kwargs):\n"
                             "            super().__init__(*args, **synthesis_kwargs, **kwargs)\n"
                             "except ImportError:\n"
                             "    from training.networks import *\n";

typedef struct writer {
    gt_module_writer m;
    const gt_levels *levels;
    double clamp; /* < 0: none */
    int w_dim, image_channels;
    bool noise;
    const char *activation;
    gt_arch architecture;
    const gt_resample_filter *filter;
} writer;

/* ---- attributes ---- */

static void put_act_gain(const writer *w, const char *activation) {
    float gain = gt_activation_find(activation)->gain;
    gt_field_real(w->m.p, "act_gain", gain == (float)sqrt(2) ? sqrt(2) : (double)gain);
}

static void put_clamp(const writer *w, double clamp) {
    if (clamp < 0) gt_field_none(w->m.p, "conv_clamp");
    else if (clamp == floor(clamp) && clamp < INT32_MAX) gt_field_int(w->m.p, "conv_clamp", (int64_t)clamp);
    else gt_field_real(w->m.p, "conv_clamp", clamp);
}

static void put_channels(const writer *w, int in, int out) {
    gt_field_int(w->m.p, "in_channels", in);
    gt_field_int(w->m.p, "out_channels", out);
}

/* Options of a part of the network: readers set them as attributes, too. */
static void begin_options(const writer *w, const char *key) {
    gt_put_text(w->m.p, key);
    gt_put_easy_dict(w->m.p);
    gt_put_op(w->m.p, '(');
}

static void end_options(const writer *w) { gt_put_op(w->m.p, 'u'); }

/* Options that layers of a network have in common, where they are not the usual ones. */
static void put_unusual(const writer *w, const char *activation) {
    const gt_resample_filter usual = gt_resample_filter_default();
    if (!gt_is(activation, "lrelu")) gt_field_text(w->m.p, "activation", activation);
    if (memcmp(w->filter, &usual, sizeof usual)) gt_field_filter(w->m.p, w->filter);
    if (!w->noise) gt_field_bool(w->m.p, "use_noise", false);
}

/* ---- layers ---- */

static void put_fc(const writer *w, const char *name, const char *module, const char *activation, double multiplier,
                   int bias) {
    gt_text path = gt_text_of("%s%s%s", module, *module ? "." : "", name);
    const gt_tensor *t = gt_module_find(&w->m, path.s, "weight");
    if (!t) return;
    gt_put_text(w->m.p, name);
    gt_module_begin(&w->m, "FullyConnectedLayer", path.s);
    gt_modules_none(&w->m);
    gt_field_int(w->m.p, "in_features", t->file_shape.d[1]);
    gt_field_int(w->m.p, "out_features", t->file_shape.d[0]);
    gt_field_text(w->m.p, "activation", activation);
    gt_field_real(w->m.p, "weight_gain", multiplier / sqrt((double)t->file_shape.d[1]));
    gt_field_real(w->m.p, "bias_gain", multiplier);
    gt_kwargs_begin(&w->m, 2, (int[]){(int)t->file_shape.d[1], (int)t->file_shape.d[0]});
    gt_field_text(w->m.p, "activation", activation);
    gt_field_real(w->m.p, "lr_multiplier", multiplier);
    gt_field_int(w->m.p, "bias_init", bias);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

static void put_conv2d(const writer *w, const char *name, const char *module, const char *activation, int up, int down,
                       double clamp) {
    gt_text path = gt_text_of("%s.%s", module, name);
    const gt_tensor *t = gt_module_find(&w->m, path.s, "weight");
    if (!t) return;
    int64_t out = t->file_shape.d[0], in = t->file_shape.d[1], k = t->file_shape.d[2];
    gt_put_text(w->m.p, name);
    gt_module_begin(&w->m, "Conv2dLayer", path.s);
    gt_modules_none(&w->m);
    put_channels(w, (int)in, (int)out);
    gt_field_text(w->m.p, "activation", activation);
    gt_field_int(w->m.p, "up", up);
    gt_field_int(w->m.p, "down", down);
    put_clamp(w, clamp);
    gt_field_int(w->m.p, "padding", k / 2);
    gt_field_real(w->m.p, "weight_gain", 1 / sqrt((double)(in * k * k)));
    put_act_gain(w, activation);
    bool bias = gt_module_find(&w->m, path.s, "bias") != NULL;
    if (!bias) gt_field_none(w->m.p, "bias");
    gt_kwargs_begin(&w->m, 2, (int[]){(int)in, (int)out});
    gt_field_int(w->m.p, "kernel_size", k);
    if (!bias) gt_field_bool(w->m.p, "bias", false);
    gt_field_text(w->m.p, "activation", activation);
    if (up > 1) gt_field_int(w->m.p, "up", up);
    if (down > 1) gt_field_int(w->m.p, "down", down);
    if (up > 1 || down > 1) gt_field_filter(w->m.p, w->filter);
    put_clamp(w, clamp);
    gt_field_bool(w->m.p, "trainable", t->trainable);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

/* What the constructor of a mapping network takes beside sizes. */
static void put_mapping_options(const writer *w, const gt_mapping_config *c) {
    gt_field_int(w->m.p, "num_layers", c->num_layers);
    if (c->embed_features) gt_field_int(w->m.p, "embed_features", c->embed_features);
    if (c->layer_features) gt_field_int(w->m.p, "layer_features", c->layer_features);
    if (!gt_is(c->activation, "lrelu")) gt_field_text(w->m.p, "activation", c->activation);
    gt_field_real(w->m.p, "lr_multiplier", gt_meant(c->lr_multiplier));
}

/* Of a network without copies of w (D's) there is none. */
static void put_beta(const writer *w, const gt_mapping_config *c) {
    if (c->num_ws > 0 && c->w_avg_beta >= 0) gt_field_real(w->m.p, "w_avg_beta", gt_meant(c->w_avg_beta));
    else gt_field_none(w->m.p, "w_avg_beta");
}

static void put_mapping_sizes(const writer *w, const gt_mapping_config *c) {
    gt_field_int(w->m.p, "z_dim", c->z_dim);
    gt_field_int(w->m.p, "c_dim", c->c_dim);
    gt_field_int(w->m.p, "w_dim", c->w_dim);
    if (c->num_ws > 0) gt_field_int(w->m.p, "num_ws", c->num_ws);
    else gt_field_none(w->m.p, "num_ws");
}

static void put_mapping(const writer *w, const char *module, const gt_mapping_config *c) {
    gt_put_text(w->m.p, "mapping");
    gt_module_begin(&w->m, "MappingNetwork", module);
    gt_modules_begin(&w->m);
    put_fc(w, "embed", module, "linear", 1, 0);
    for (int i = 0; i < c->num_layers; i++)
        put_fc(w, gt_text_of("fc%d", i).s, module, c->activation, gt_meant(c->lr_multiplier), 0);
    gt_modules_end(&w->m);
    put_mapping_sizes(w, c);
    gt_field_int(w->m.p, "num_layers", c->num_layers);
    put_beta(w, c);
    gt_kwargs_begin(&w->m, 0, NULL);
    put_mapping_sizes(w, c);
    put_mapping_options(w, c);
    put_beta(w, c);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

/* ---- the generator ---- */

static void put_affine(const writer *w, const char *layer) {
    gt_modules_begin(&w->m);
    put_fc(w, "affine", layer, "linear", 1, 1);
    gt_modules_end(&w->m);
}

static void put_layer_channels(const writer *w, const gt_tensor *weight) {
    put_channels(w, (int)weight->file_shape.d[1], (int)weight->file_shape.d[0]);
    gt_field_int(w->m.p, "w_dim", w->w_dim);
}

static void begin_layer_kwargs(const writer *w, const gt_tensor *weight) {
    gt_kwargs_begin(&w->m, 2, (int[]){(int)weight->file_shape.d[1], (int)weight->file_shape.d[0]});
    gt_field_int(w->m.p, "w_dim", w->w_dim);
    put_clamp(w, w->clamp);
}

static void put_synthesis_layer(const writer *w, const char *name, const char *block, int resolution, int up) {
    gt_text path = gt_text_of("%s.%s", block, name);
    const gt_tensor *t = gt_module_find(&w->m, path.s, "weight");
    gt_put_text(w->m.p, name);
    gt_module_begin(&w->m, "SynthesisLayer", path.s);
    put_affine(w, path.s);
    put_layer_channels(w, t);
    gt_field_int(w->m.p, "resolution", resolution);
    gt_field_int(w->m.p, "up", up);
    gt_field_bool(w->m.p, "use_noise", w->noise);
    gt_field_text(w->m.p, "activation", w->activation);
    put_clamp(w, w->clamp);
    gt_field_int(w->m.p, "padding", t->file_shape.d[2] / 2);
    put_act_gain(w, w->activation);
    begin_layer_kwargs(w, t);
    gt_field_int(w->m.p, "resolution", resolution);
    gt_field_int(w->m.p, "up", up);
    gt_field_bool(w->m.p, "use_noise", w->noise);
    gt_field_text(w->m.p, "activation", w->activation);
    if (up > 1) gt_field_filter(w->m.p, w->filter);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

static void put_torgb(const writer *w, const char *block) {
    gt_text path = gt_text_of("%s.torgb", block);
    const gt_tensor *t = gt_module_find(&w->m, path.s, "weight");
    if (!t) return;
    gt_put_text(w->m.p, "torgb");
    gt_module_begin(&w->m, "ToRGBLayer", path.s);
    put_affine(w, path.s);
    put_layer_channels(w, t);
    put_clamp(w, w->clamp);
    gt_field_real(w->m.p, "weight_gain", 1 / sqrt((double)t->file_shape.d[1]));
    begin_layer_kwargs(w, t);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

/* Attributes that are arguments of the constructor, too. */
static void put_synthesis_block_options(const writer *w, int level) {
    gt_field_int(w->m.p, "w_dim", w->w_dim);
    gt_field_int(w->m.p, "resolution", gt_level_name(level));
    gt_field_int(w->m.p, "img_channels", w->image_channels);
    gt_field_bool(w->m.p, "is_last", level + 1 == w->levels->count);
    gt_field_text(w->m.p, "architecture", gt_arch_names[w->architecture]);
    gt_field_bool(w->m.p, "use_fp16", false);
}

static void put_synthesis_block(const writer *w, int level) {
    int resolution = gt_level_name(level);
    gt_text name = gt_text_of("b%d", resolution), path = gt_text_of("synthesis.%s", name.s);
    gt_put_text(w->m.p, name.s);
    gt_module_begin(&w->m, "SynthesisBlock", path.s);
    gt_modules_begin(&w->m);
    if (level) put_synthesis_layer(w, "conv0", path.s, resolution, 2);
    put_synthesis_layer(w, "conv1", path.s, resolution, 1);
    put_torgb(w, path.s);
    put_conv2d(w, "skip", path.s, "linear", 2, 1, -1);
    gt_modules_end(&w->m);
    int in = level ? gt_level_channels(w->levels, level - 1) : 0;
    gt_field_int(w->m.p, "in_channels", in);
    put_synthesis_block_options(w, level);
    gt_field_bool(w->m.p, "channels_last", false);
    gt_field_text(w->m.p, "fused_modconv_default", "inference_only");
    gt_field_int(w->m.p, "num_conv", level ? 2 : 1);
    gt_field_int(w->m.p, "num_torgb", gt_module_find(&w->m, path.s, "torgb.weight") != NULL);
    gt_kwargs_begin(&w->m, 2, (int[]){in, gt_level_channels(w->levels, level)});
    put_synthesis_block_options(w, level);
    put_clamp(w, w->clamp);
    put_unusual(w, w->activation);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

/* The sizes of the blocks, from small to large or back. */
static void put_resolutions(const writer *w, bool down) {
    int n = w->levels->count;
    gt_put_text(w->m.p, "block_resolutions");
    gt_put_open(w->m.p, ']');
    for (int i = 0; i < n; i++)
        if (!down || i + 1 < n) gt_put_int(w->m.p, gt_level_name(down ? n - 1 - i : i));
    gt_put_close(w->m.p, 'e');
}

static void put_image(const writer *w) {
    gt_field_int(w->m.p, "img_resolution", gt_level_name(w->levels->count - 1));
    gt_field_int(w->m.p, "img_channels", w->image_channels);
}

static void put_log2(const writer *w) { gt_field_int(w->m.p, "img_resolution_log2", w->levels->count + 1); }

static void put_capacity(const writer *w) {
    gt_field_int(w->m.p, "channel_base", w->levels->base);
    gt_field_int(w->m.p, "channel_max", w->levels->max);
    gt_field_int(w->m.p, "num_fp16_res", 0);
    put_clamp(w, w->clamp);
    gt_field_text(w->m.p, "architecture", gt_arch_names[w->architecture]);
}

static void put_synthesis(const writer *w, int num_ws) {
    gt_put_text(w->m.p, "synthesis");
    gt_module_begin(&w->m, "SynthesisNetwork", "synthesis");
    gt_modules_begin(&w->m);
    for (int level = 0; level < w->levels->count; level++) put_synthesis_block(w, level);
    gt_modules_end(&w->m);
    gt_field_int(w->m.p, "w_dim", w->w_dim);
    put_image(w);
    put_log2(w);
    put_resolutions(w, false);
    gt_field_int(w->m.p, "num_ws", num_ws);
    gt_field_int(w->m.p, "num_fp16_res", 0);
    gt_kwargs_begin(&w->m, 0, NULL);
    gt_field_int(w->m.p, "w_dim", w->w_dim);
    put_image(w);
    put_capacity(w);
    put_unusual(w, w->activation);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

static void put_dims(const writer *w, const gt_mapping_config *c) {
    gt_field_int(w->m.p, "z_dim", c->z_dim);
    gt_field_int(w->m.p, "c_dim", c->c_dim);
    gt_field_int(w->m.p, "w_dim", c->w_dim);
    put_image(w);
}

static void put_generator(const writer *w, const gt_mapping_config *c) {
    gt_module_begin(&w->m, "Generator", "");
    gt_modules_begin(&w->m);
    put_synthesis(w, c->num_ws);
    put_mapping(w, "mapping", c);
    gt_modules_end(&w->m);
    put_dims(w, c);
    gt_field_int(w->m.p, "num_ws", c->num_ws);
    gt_kwargs_begin(&w->m, 0, NULL);
    put_dims(w, c);
    begin_options(w, "mapping_kwargs");
    put_mapping_options(w, c);
    put_beta(w, c);
    end_options(w);
    begin_options(w, "synthesis_kwargs");
    put_capacity(w);
    put_unusual(w, w->activation);
    end_options(w);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

/* ---- the discriminator ---- */

/* `first`: the number of layers before this block. */
static void put_block_options(const writer *w, int level, int first) {
    gt_field_int(w->m.p, "resolution", gt_level_name(level));
    gt_field_int(w->m.p, "img_channels", w->image_channels);
    gt_field_int(w->m.p, "first_layer_idx", first);
    gt_field_text(w->m.p, "architecture", gt_arch_names[w->architecture]);
    gt_field_bool(w->m.p, "use_fp16", false);
}

/* *layer: the number of layers before this block. */
static void put_block(const writer *w, const gt_discriminator_config *c, int level, int *layer) {
    static const char *const layers[] = {"fromrgb", "conv0", "conv1", "skip"};
    enum { LAYERS = sizeof layers / sizeof *layers };
    int first = *layer;
    gt_text name = gt_text_of("b%d", gt_level_name(level));
    gt_put_text(w->m.p, name.s);
    gt_module_begin(&w->m, "DiscriminatorBlock", name.s);
    gt_modules_begin(&w->m);
    for (int i = 0; i < LAYERS; i++) {
        bool skip = i == 3, down = i >= 2;
        put_conv2d(w, layers[i], name.s, skip ? "linear" : w->activation, 1, down ? 2 : 1, skip ? -1 : w->clamp);
        *layer += gt_module_find(&w->m, name.s, gt_text_of("%s.weight", layers[i]).s) != NULL;
    }
    gt_modules_end(&w->m);
    bool is_first = level + 1 == w->levels->count;
    int in = is_first ? 0 : gt_level_channels(w->levels, level);
    gt_field_int(w->m.p, "in_channels", in);
    put_block_options(w, level, first);
    gt_field_bool(w->m.p, "channels_last", false);
    gt_field_int(w->m.p, "num_layers", *layer - first);
    gt_kwargs_begin(&w->m, 3,
                    (int[]){in, gt_level_channels(w->levels, level), gt_level_channels(w->levels, level - 1)});
    put_block_options(w, level, first);
    put_clamp(w, w->clamp);
    gt_field_int(w->m.p, "freeze_layers", c->freeze_layers);
    put_unusual(w, w->activation);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

static void put_group(const writer *w, const char *key, int size) {
    if (size) gt_field_int(w->m.p, key, size);
    else gt_field_none(w->m.p, key);
}

static void put_mbstd(const writer *w, const gt_discriminator_config *c) {
    gt_put_text(w->m.p, "mbstd");
    gt_module_begin(&w->m, "MinibatchStdLayer", "b4.mbstd");
    gt_modules_none(&w->m);
    put_group(w, "group_size", c->mbstd_group_size);
    gt_field_int(w->m.p, "num_channels", c->mbstd_channels);
    gt_kwargs_begin(&w->m, 0, NULL);
    put_group(w, "group_size", c->mbstd_group_size);
    gt_field_int(w->m.p, "num_channels", c->mbstd_channels);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

static const char *last_activation(const gt_discriminator_config *c) {
    return c->last_activation ? c->last_activation : c->activation;
}

/* Attributes that are arguments of the constructor, too. */
static void put_epilogue_sizes(const writer *w, int cmap_dim) {
    gt_field_int(w->m.p, "cmap_dim", cmap_dim);
    gt_field_int(w->m.p, "resolution", gt_level_name(0));
    gt_field_int(w->m.p, "img_channels", w->image_channels);
    gt_field_text(w->m.p, "architecture", gt_arch_names[w->architecture]);
}

static void put_epilogue_options(const writer *w, const gt_discriminator_config *c) {
    put_group(w, "mbstd_group_size", c->mbstd_group_size);
    if (c->mbstd_channels != 1) gt_field_int(w->m.p, "mbstd_num_channels", c->mbstd_channels);
    if (!gt_is(last_activation(c), "lrelu")) gt_field_text(w->m.p, "activation", last_activation(c));
}

static void put_epilogue(const writer *w, const gt_discriminator_config *c, int cmap_dim) {
    const char *act = last_activation(c);
    int in = gt_level_channels(w->levels, 0);
    gt_put_text(w->m.p, "b4");
    gt_module_begin(&w->m, "DiscriminatorEpilogue", "b4");
    gt_modules_begin(&w->m);
    put_conv2d(w, "fromrgb", "b4", act, 1, 1, -1);
    if (c->mbstd_channels) put_mbstd(w, c);
    put_conv2d(w, "conv", "b4", act, 1, 1, w->clamp);
    put_fc(w, "fc", "b4", act, 1, 0);
    put_fc(w, "out", "b4", "linear", 1, 0);
    gt_modules_end(&w->m);
    if (!c->mbstd_channels) gt_field_none(w->m.p, "mbstd");
    gt_field_int(w->m.p, "in_channels", in);
    put_epilogue_sizes(w, cmap_dim);
    gt_kwargs_begin(&w->m, 1, &in);
    put_epilogue_sizes(w, cmap_dim);
    put_clamp(w, w->clamp);
    put_epilogue_options(w, c);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

static void put_discriminator(const writer *w, const gt_discriminator_config *c) {
    gt_mapping_config m = gt_discriminator_mapping(c, w->levels);
    int layer = 0;
    gt_module_begin(&w->m, "Discriminator", "");
    gt_modules_begin(&w->m);
    for (int level = w->levels->count - 1; level > 0; level--) put_block(w, c, level, &layer);
    if (c->c_dim > 0) put_mapping(w, "mapping", &m);
    put_epilogue(w, c, m.w_dim);
    gt_modules_end(&w->m);
    gt_field_int(w->m.p, "c_dim", c->c_dim);
    put_image(w);
    put_log2(w);
    put_resolutions(w, true);
    gt_kwargs_begin(&w->m, 0, NULL);
    gt_field_int(w->m.p, "c_dim", c->c_dim);
    put_image(w);
    put_capacity(w);
    if (c->c_dim > 0 && m.w_dim != gt_level_channels(w->levels, 0)) gt_field_int(w->m.p, "cmap_dim", m.w_dim);
    begin_options(w, "block_kwargs");
    gt_field_int(w->m.p, "freeze_layers", c->freeze_layers);
    put_unusual(w, w->activation);
    end_options(w);
    begin_options(w, "mapping_kwargs");
    if (c->c_dim > 0) put_mapping_options(w, &m);
    end_options(w);
    begin_options(w, "epilogue_kwargs");
    put_epilogue_options(w, c);
    end_options(w);
    gt_kwargs_end(&w->m);
    gt_module_end(&w->m);
}

/* ---- whole networks ---- */

static gt_status put_network(const gt_model *m, int net, const float *block, gt_pickler *p) {
    const gt_stylegan2 *own = m->own;
    const gt_synthesis_config *s = &own->synthesis;
    const gt_discriminator_config *d = &own->discriminator;
    gt_levels levels;
    gt_status st = net ? gt_levels_make(&levels, d->height, d->width, d->channel_base, d->channel_max, d->architecture)
                       : gt_levels_make(&levels, s->height, s->width, s->channel_base, s->channel_max, s->architecture);
    if (st) return st;
    writer w = {.m = gt_module_writer_of(p, m->nets[net], block, MODULE),
                .levels = &levels,
                .clamp = (double)(net ? d->conv_clamp : s->conv_clamp),
                .w_dim = s->w_dim,
                .image_channels = m->channels,
                .noise = net ? true : s->use_noise, /* D has none to leave out */
                .filter = net ? &d->resample_filter : &s->resample_filter,
                .activation = net ? d->activation : s->activation,
                .architecture = net ? d->architecture : s->architecture};
    if (!w.m.values) return GT_NOMEM;
    if (net) put_discriminator(&w, d);
    else put_generator(&w, &own->mapping);
    free(w.m.values);
    return GT_OK;
}

static void put_rest(const gt_model *m, gt_pickler *p) {
    (void)m;
    gt_field_none(p, "training_set_kwargs");
    gt_field_none(p, "augment_pipe");
}

const gt_reference_form *gt_stylegan2_reference(const gt_model *m) {
    static const gt_reference_part parts[] = {{"G", "G"}, {"D", "D"}, {"G_ema", "G_ema"}, {NULL, NULL}};
    static const gt_reference_form form = {"stylegan2-ada-pytorch and stylegan3", parts, put_network, put_rest};
    gt_levels l;
    const gt_synthesis_config *c = &((const gt_stylegan2 *)m->own)->synthesis;
    bool has = m->height == m->width &&
               !gt_levels_make(&l, c->height, c->width, c->channel_base, c->channel_max, c->architecture) &&
               l.height == gt_level_name(0);
    return has ? &form : NULL;
}
