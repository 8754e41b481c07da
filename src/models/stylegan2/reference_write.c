/* SPDX-License-Identifier: Apache-2.0
 * Networks as pickled modules of the reference implementation (spec 8.2, 8.7). A module is an object with the
 * attributes of its class; its tensors are named by the path to them, so that the tables of the networks (gt_net) say
 * which parameters and buffers a module has. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A network on its way into a pickle. */
typedef struct writer {
    gt_pickler *p;
    const gt_net *net;
    const float *block;
    float *values; /* of the largest tensor */
    const gt_levels *levels;
    double clamp; /* < 0: none */
    int w_dim, image_channels;
    bool noise;
    const char *activation;
    const char *architecture;
    const gt_resample_filter *filter;
} writer;

/* ---- attributes ---- */

static void put_int(const writer *w, const char *key, int64_t value) {
    gt_put_text(w->p, key);
    gt_put_int(w->p, value);
}

static void put_bool(const writer *w, const char *key, bool value) {
    gt_put_text(w->p, key);
    gt_put_bool(w->p, value);
}

static void put_real(const writer *w, const char *key, double value) {
    gt_put_text(w->p, key);
    gt_put_real(w->p, value);
}

/* The decimal number that was meant: 0.01, not the float32 beside it. */
static double meant(float value) {
    char text[32];
    for (int digits = 1; digits < FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    return strtof(text, NULL) == value ? strtod(text, NULL) : (double)value;
}

static void put_act_gain(const writer *w, const char *activation) {
    float gain = gt_activation_find(activation)->gain;
    put_real(w, "act_gain", gain == (float)sqrt(2) ? sqrt(2) : (double)gain);
}

static void put_text(const writer *w, const char *key, const char *value) {
    gt_put_text(w->p, key);
    gt_put_text(w->p, value);
}

static void put_none(const writer *w, const char *key) {
    gt_put_text(w->p, key);
    gt_put_op(w->p, 'N');
}

static void put_clamp(const writer *w, double clamp) {
    if (clamp < 0) put_none(w, "conv_clamp");
    else if (clamp == floor(clamp) && clamp < INT32_MAX) put_int(w, "conv_clamp", (int64_t)clamp);
    else put_real(w, "conv_clamp", clamp);
}

static void put_channels(const writer *w, int in, int out) {
    put_int(w, "in_channels", in);
    put_int(w, "out_channels", out);
}

/* ---- modules ---- */

static const gt_tensor *find(const writer *w, const char *module, const char *name) {
    return gt_net_find(w->net, gt_text_of("%s%s%s", module, *module ? "." : "", name).s);
}

static void put_tensor(const writer *w, const gt_tensor *t, const char *name, bool parameter) {
    gt_put_text(w->p, name);
    gt_tensor_to_file(t, w->block + t->offset, w->values);
    gt_put_tensor(w->p, w->values, t->file_shape.n, t->file_shape.d, parameter);
}

/* The module's own parameters, or its own buffers: those named "MODULE.name" without a dot behind. */
static void put_tensors(const writer *w, const char *module, bool parameters) {
    size_t n = strlen(module), skip = n ? n + 1 : 0;
    gt_put_text(w->p, parameters ? "_parameters" : "_buffers");
    gt_put_ordered_dict(w->p);
    gt_put_op(w->p, '(');
    for (int i = 0; i < w->net->n_tensors; i++) {
        const gt_tensor *t = &w->net->tensors[i];
        bool own = !strncmp(t->name, module, n) && (!n || t->name[n] == '.') && !strchr(t->name + skip, '.');
        if (own && t->trainable == parameters) put_tensor(w, t, t->name + skip, parameters);
    }
    gt_put_op(w->p, 'u');
}

/* An object of the class, up to its tensors. Then come its attributes, `_modules` if it has some, and end(). */
static void begin(const writer *w, const char *class, const char *module) {
    static const char *const hooks[] = {"_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks",
                                        "_load_state_dict_pre_hooks"};
    gt_pickler *p = w->p;
    gt_put_name(p, "torch_utils.persistence _reconstruct_persistent_obj");
    gt_put_open(p, '}');
    put_text(w, "type", "class");
    put_int(w, "version", 6);
    gt_put_text(p, "module_src");
    gt_put_shared(p, MODULE);
    put_text(w, "class_name", class);
    gt_put_text(p, "state");
    gt_put_open(p, '}');
    put_bool(w, "training", false);
    put_tensors(w, module, true);
    put_tensors(w, module, false);
    gt_put_text(p, "_non_persistent_buffers_set");
    gt_put_empty_set(p);
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        gt_put_text(p, hooks[i]);
        gt_put_ordered_dict(p);
    }
}

static void begin_modules(const writer *w) {
    gt_put_text(w->p, "_modules");
    gt_put_ordered_dict(w->p);
    gt_put_op(w->p, '(');
}

static void end_modules(const writer *w) { gt_put_op(w->p, 'u'); }

static void no_modules(const writer *w) {
    begin_modules(w);
    end_modules(w);
}

/* Behind the attributes. The arguments of the constructor, which stand before, make another such object. */
static void end(const writer *w) {
    gt_put_op(w->p, 'u'); /* state */
    gt_put_op(w->p, 'u'); /* what is called with it */
    gt_put_op(w->p, '\x85');
    gt_put_op(w->p, 'R');
}

/* `n` arguments without keywords, at most three: numbers of channels or features. Then come the others. */
static void begin_kwargs(const writer *w, int n, const int *args) {
    static const char tuples[] = {')', '\x85', '\x86', '\x87'};
    gt_put_text(w->p, "_init_args");
    for (int i = 0; i < n; i++) gt_put_int(w->p, args[i]);
    gt_put_op(w->p, tuples[n]);
    gt_put_text(w->p, "_init_kwargs");
    gt_put_open(w->p, '}');
}

static void end_kwargs(const writer *w) { gt_put_op(w->p, 'u'); }

/* Options of a part of the network: readers set them as attributes, too. */
static void begin_options(const writer *w, const char *key) {
    gt_put_text(w->p, key);
    gt_put_easy_dict(w->p);
    gt_put_op(w->p, '(');
}

static void end_options(const writer *w) { gt_put_op(w->p, 'u'); }

static void put_filter(const writer *w) {
    gt_put_text(w->p, "resample_filter");
    gt_put_open(w->p, ']');
    for (int i = 0; i < w->filter->taps; i++) {
        float tap = w->filter->value[i];
        if (tap == floorf(tap) && fabsf(tap) < INT16_MAX) gt_put_int(w->p, (int64_t)tap);
        else gt_put_real(w->p, meant(tap));
    }
    gt_put_close(w->p, 'e');
}

/* Options that layers of a network have in common, where they are not the usual ones. */
static void put_unusual(const writer *w, const char *activation) {
    const gt_resample_filter usual = gt_resample_filter_default();
    if (!gt_is(activation, "lrelu")) put_text(w, "activation", activation);
    if (memcmp(w->filter, &usual, sizeof usual)) put_filter(w);
    if (!w->noise) put_bool(w, "use_noise", false);
}

/* ---- layers ---- */

static void put_fc(const writer *w, const char *name, const char *module, const char *activation, double multiplier,
                   int bias) {
    gt_text path = gt_text_of("%s%s%s", module, *module ? "." : "", name);
    const gt_tensor *t = find(w, path.s, "weight");
    if (!t) return;
    gt_put_text(w->p, name);
    begin(w, "FullyConnectedLayer", path.s);
    no_modules(w);
    put_int(w, "in_features", t->file_shape.d[1]);
    put_int(w, "out_features", t->file_shape.d[0]);
    put_text(w, "activation", activation);
    put_real(w, "weight_gain", multiplier / sqrt((double)t->file_shape.d[1]));
    put_real(w, "bias_gain", multiplier);
    begin_kwargs(w, 2, (int[]){(int)t->file_shape.d[1], (int)t->file_shape.d[0]});
    put_text(w, "activation", activation);
    put_real(w, "lr_multiplier", multiplier);
    put_int(w, "bias_init", bias);
    end_kwargs(w);
    end(w);
}

static void put_conv2d(const writer *w, const char *name, const char *module, const char *activation, int up, int down,
                       double clamp) {
    gt_text path = gt_text_of("%s.%s", module, name);
    const gt_tensor *t = find(w, path.s, "weight");
    if (!t) return;
    int64_t out = t->file_shape.d[0], in = t->file_shape.d[1], k = t->file_shape.d[2];
    gt_put_text(w->p, name);
    begin(w, "Conv2dLayer", path.s);
    no_modules(w);
    put_channels(w, (int)in, (int)out);
    put_text(w, "activation", activation);
    put_int(w, "up", up);
    put_int(w, "down", down);
    put_clamp(w, clamp);
    put_int(w, "padding", k / 2);
    put_real(w, "weight_gain", 1 / sqrt((double)(in * k * k)));
    put_act_gain(w, activation);
    bool bias = find(w, path.s, "bias") != NULL;
    if (!bias) put_none(w, "bias");
    begin_kwargs(w, 2, (int[]){(int)in, (int)out});
    put_int(w, "kernel_size", k);
    if (!bias) put_bool(w, "bias", false);
    put_text(w, "activation", activation);
    if (up > 1) put_int(w, "up", up);
    if (down > 1) put_int(w, "down", down);
    if (up > 1 || down > 1) put_filter(w);
    put_clamp(w, clamp);
    put_bool(w, "trainable", t->trainable);
    end_kwargs(w);
    end(w);
}

/* What the constructor of a mapping network takes beside sizes. */
static void put_mapping_options(const writer *w, const gt_mapping_config *c) {
    put_int(w, "num_layers", c->num_layers);
    if (c->embed_features) put_int(w, "embed_features", c->embed_features);
    if (c->layer_features) put_int(w, "layer_features", c->layer_features);
    if (!gt_is(c->activation, "lrelu")) put_text(w, "activation", c->activation);
    put_real(w, "lr_multiplier", meant(c->lr_multiplier));
}

/* Of a network without copies of w (D's) there is none. */
static void put_beta(const writer *w, const gt_mapping_config *c) {
    if (c->num_ws > 0 && c->w_avg_beta >= 0) put_real(w, "w_avg_beta", meant(c->w_avg_beta));
    else put_none(w, "w_avg_beta");
}

static void put_mapping_sizes(const writer *w, const gt_mapping_config *c) {
    put_int(w, "z_dim", c->z_dim);
    put_int(w, "c_dim", c->c_dim);
    put_int(w, "w_dim", c->w_dim);
    if (c->num_ws > 0) put_int(w, "num_ws", c->num_ws);
    else put_none(w, "num_ws");
}

static void put_mapping(const writer *w, const char *module, const gt_mapping_config *c) {
    gt_put_text(w->p, "mapping");
    begin(w, "MappingNetwork", module);
    begin_modules(w);
    put_fc(w, "embed", module, "linear", 1, 0);
    for (int i = 0; i < c->num_layers; i++)
        put_fc(w, gt_text_of("fc%d", i).s, module, c->activation, meant(c->lr_multiplier), 0);
    end_modules(w);
    put_mapping_sizes(w, c);
    put_int(w, "num_layers", c->num_layers);
    put_beta(w, c);
    begin_kwargs(w, 0, NULL);
    put_mapping_sizes(w, c);
    put_mapping_options(w, c);
    put_beta(w, c);
    end_kwargs(w);
    end(w);
}

/* ---- the generator ---- */

static void put_affine(const writer *w, const char *layer) {
    begin_modules(w);
    put_fc(w, "affine", layer, "linear", 1, 1);
    end_modules(w);
}

static void put_layer_channels(const writer *w, const gt_tensor *weight) {
    put_channels(w, (int)weight->file_shape.d[1], (int)weight->file_shape.d[0]);
    put_int(w, "w_dim", w->w_dim);
}

static void begin_layer_kwargs(const writer *w, const gt_tensor *weight) {
    begin_kwargs(w, 2, (int[]){(int)weight->file_shape.d[1], (int)weight->file_shape.d[0]});
    put_int(w, "w_dim", w->w_dim);
    put_clamp(w, w->clamp);
}

static void put_synthesis_layer(const writer *w, const char *name, const char *block, int resolution, int up) {
    gt_text path = gt_text_of("%s.%s", block, name);
    const gt_tensor *t = find(w, path.s, "weight");
    gt_put_text(w->p, name);
    begin(w, "SynthesisLayer", path.s);
    put_affine(w, path.s);
    put_layer_channels(w, t);
    put_int(w, "resolution", resolution);
    put_int(w, "up", up);
    put_bool(w, "use_noise", w->noise);
    put_text(w, "activation", w->activation);
    put_clamp(w, w->clamp);
    put_int(w, "padding", t->file_shape.d[2] / 2);
    put_act_gain(w, w->activation);
    begin_layer_kwargs(w, t);
    put_int(w, "resolution", resolution);
    put_int(w, "up", up);
    put_bool(w, "use_noise", w->noise);
    put_text(w, "activation", w->activation);
    if (up > 1) put_filter(w);
    end_kwargs(w);
    end(w);
}

static void put_torgb(const writer *w, const char *block) {
    gt_text path = gt_text_of("%s.torgb", block);
    const gt_tensor *t = find(w, path.s, "weight");
    if (!t) return;
    gt_put_text(w->p, "torgb");
    begin(w, "ToRGBLayer", path.s);
    put_affine(w, path.s);
    put_layer_channels(w, t);
    put_clamp(w, w->clamp);
    put_real(w, "weight_gain", 1 / sqrt((double)t->file_shape.d[1]));
    begin_layer_kwargs(w, t);
    end_kwargs(w);
    end(w);
}

/* Attributes that are arguments of the constructor, too. */
static void put_synthesis_block_options(const writer *w, int level) {
    put_int(w, "w_dim", w->w_dim);
    put_int(w, "resolution", gt_level_name(level));
    put_int(w, "img_channels", w->image_channels);
    put_bool(w, "is_last", level + 1 == w->levels->count);
    put_text(w, "architecture", w->architecture);
    put_bool(w, "use_fp16", false);
}

static void put_synthesis_block(const writer *w, int level) {
    int resolution = gt_level_name(level);
    gt_text name = gt_text_of("b%d", resolution), path = gt_text_of("synthesis.%s", name.s);
    gt_put_text(w->p, name.s);
    begin(w, "SynthesisBlock", path.s);
    begin_modules(w);
    if (level) put_synthesis_layer(w, "conv0", path.s, resolution, 2);
    put_synthesis_layer(w, "conv1", path.s, resolution, 1);
    put_torgb(w, path.s);
    put_conv2d(w, "skip", path.s, "linear", 2, 1, -1);
    end_modules(w);
    int in = level ? gt_level_channels(w->levels, level - 1) : 0;
    put_int(w, "in_channels", in);
    put_synthesis_block_options(w, level);
    put_bool(w, "channels_last", false);
    put_text(w, "fused_modconv_default", "inference_only");
    put_int(w, "num_conv", level ? 2 : 1);
    put_int(w, "num_torgb", find(w, path.s, "torgb.weight") != NULL);
    begin_kwargs(w, 2, (int[]){in, gt_level_channels(w->levels, level)});
    put_synthesis_block_options(w, level);
    put_clamp(w, w->clamp);
    put_unusual(w, w->activation);
    end_kwargs(w);
    end(w);
}

/* The sizes of the blocks, from small to large or back. */
static void put_resolutions(const writer *w, bool down) {
    int n = w->levels->count;
    gt_put_text(w->p, "block_resolutions");
    gt_put_open(w->p, ']');
    for (int i = 0; i < n; i++)
        if (!down || i + 1 < n) gt_put_int(w->p, gt_level_name(down ? n - 1 - i : i));
    gt_put_close(w->p, 'e');
}

static void put_image(const writer *w) {
    put_int(w, "img_resolution", gt_level_name(w->levels->count - 1));
    put_int(w, "img_channels", w->image_channels);
}

static void put_log2(const writer *w) { put_int(w, "img_resolution_log2", w->levels->count + 1); }

static void put_capacity(const writer *w) {
    put_int(w, "channel_base", w->levels->base);
    put_int(w, "channel_max", w->levels->max);
    put_int(w, "num_fp16_res", 0);
    put_clamp(w, w->clamp);
    put_text(w, "architecture", w->architecture);
}

static void put_synthesis(const writer *w, int num_ws) {
    gt_put_text(w->p, "synthesis");
    begin(w, "SynthesisNetwork", "synthesis");
    begin_modules(w);
    for (int level = 0; level < w->levels->count; level++) put_synthesis_block(w, level);
    end_modules(w);
    put_int(w, "w_dim", w->w_dim);
    put_image(w);
    put_log2(w);
    put_resolutions(w, false);
    put_int(w, "num_ws", num_ws);
    put_int(w, "num_fp16_res", 0);
    begin_kwargs(w, 0, NULL);
    put_int(w, "w_dim", w->w_dim);
    put_image(w);
    put_capacity(w);
    put_unusual(w, w->activation);
    end_kwargs(w);
    end(w);
}

static void put_dims(const writer *w, const gt_mapping_config *c) {
    put_int(w, "z_dim", c->z_dim);
    put_int(w, "c_dim", c->c_dim);
    put_int(w, "w_dim", c->w_dim);
    put_image(w);
}

static void put_generator(const writer *w, const gt_mapping_config *c) {
    begin(w, "Generator", "");
    begin_modules(w);
    put_synthesis(w, c->num_ws);
    put_mapping(w, "mapping", c);
    end_modules(w);
    put_dims(w, c);
    put_int(w, "num_ws", c->num_ws);
    begin_kwargs(w, 0, NULL);
    put_dims(w, c);
    begin_options(w, "mapping_kwargs");
    put_mapping_options(w, c);
    put_beta(w, c);
    end_options(w);
    begin_options(w, "synthesis_kwargs");
    put_capacity(w);
    put_unusual(w, w->activation);
    end_options(w);
    end_kwargs(w);
    end(w);
}

/* ---- the discriminator ---- */

/* `first`: the number of layers before this block. */
static void put_block_options(const writer *w, int level, int first) {
    put_int(w, "resolution", gt_level_name(level));
    put_int(w, "img_channels", w->image_channels);
    put_int(w, "first_layer_idx", first);
    put_text(w, "architecture", w->architecture);
    put_bool(w, "use_fp16", false);
}

/* *layer: the number of layers before this block. */
static void put_block(const writer *w, const gt_discriminator_config *c, int level, int *layer) {
    static const char *const layers[] = {"fromrgb", "conv0", "conv1", "skip"};
    enum { LAYERS = sizeof layers / sizeof *layers };
    int first = *layer;
    gt_text name = gt_text_of("b%d", gt_level_name(level));
    gt_put_text(w->p, name.s);
    begin(w, "DiscriminatorBlock", name.s);
    begin_modules(w);
    for (int i = 0; i < LAYERS; i++) {
        bool skip = i == 3, down = i >= 2;
        put_conv2d(w, layers[i], name.s, skip ? "linear" : w->activation, 1, down ? 2 : 1, skip ? -1 : w->clamp);
        *layer += find(w, name.s, gt_text_of("%s.weight", layers[i]).s) != NULL;
    }
    end_modules(w);
    bool is_first = level + 1 == w->levels->count;
    int in = is_first ? 0 : gt_level_channels(w->levels, level);
    put_int(w, "in_channels", in);
    put_block_options(w, level, first);
    put_bool(w, "channels_last", false);
    put_int(w, "num_layers", *layer - first);
    begin_kwargs(w, 3, (int[]){in, gt_level_channels(w->levels, level), gt_level_channels(w->levels, level - 1)});
    put_block_options(w, level, first);
    put_clamp(w, w->clamp);
    put_int(w, "freeze_layers", c->freeze_layers);
    put_unusual(w, w->activation);
    end_kwargs(w);
    end(w);
}

static void put_group(const writer *w, const char *key, int size) {
    if (size) put_int(w, key, size);
    else put_none(w, key);
}

static void put_mbstd(const writer *w, const gt_discriminator_config *c) {
    gt_put_text(w->p, "mbstd");
    begin(w, "MinibatchStdLayer", "b4.mbstd");
    no_modules(w);
    put_group(w, "group_size", c->mbstd_group_size);
    put_int(w, "num_channels", c->mbstd_channels);
    begin_kwargs(w, 0, NULL);
    put_group(w, "group_size", c->mbstd_group_size);
    put_int(w, "num_channels", c->mbstd_channels);
    end_kwargs(w);
    end(w);
}

static const char *last_activation(const gt_discriminator_config *c) {
    return c->last_activation ? c->last_activation : c->activation;
}

/* Attributes that are arguments of the constructor, too. */
static void put_epilogue_sizes(const writer *w, int cmap_dim) {
    put_int(w, "cmap_dim", cmap_dim);
    put_int(w, "resolution", gt_level_name(0));
    put_int(w, "img_channels", w->image_channels);
    put_text(w, "architecture", w->architecture);
}

static void put_epilogue_options(const writer *w, const gt_discriminator_config *c) {
    put_group(w, "mbstd_group_size", c->mbstd_group_size);
    if (c->mbstd_channels != 1) put_int(w, "mbstd_num_channels", c->mbstd_channels);
    if (!gt_is(last_activation(c), "lrelu")) put_text(w, "activation", last_activation(c));
}

static void put_epilogue(const writer *w, const gt_discriminator_config *c, int cmap_dim) {
    const char *act = last_activation(c);
    int in = gt_level_channels(w->levels, 0);
    gt_put_text(w->p, "b4");
    begin(w, "DiscriminatorEpilogue", "b4");
    begin_modules(w);
    put_conv2d(w, "fromrgb", "b4", act, 1, 1, -1);
    if (c->mbstd_channels) put_mbstd(w, c);
    put_conv2d(w, "conv", "b4", act, 1, 1, w->clamp);
    put_fc(w, "fc", "b4", act, 1, 0);
    put_fc(w, "out", "b4", "linear", 1, 0);
    end_modules(w);
    if (!c->mbstd_channels) put_none(w, "mbstd");
    put_int(w, "in_channels", in);
    put_epilogue_sizes(w, cmap_dim);
    begin_kwargs(w, 1, &in);
    put_epilogue_sizes(w, cmap_dim);
    put_clamp(w, w->clamp);
    put_epilogue_options(w, c);
    end_kwargs(w);
    end(w);
}

static void put_discriminator(const writer *w, const gt_discriminator_config *c) {
    gt_mapping_config m = gt_discriminator_mapping(c, w->levels);
    int layer = 0;
    begin(w, "Discriminator", "");
    begin_modules(w);
    for (int level = w->levels->count - 1; level > 0; level--) put_block(w, c, level, &layer);
    if (c->c_dim > 0) put_mapping(w, "mapping", &m);
    put_epilogue(w, c, m.w_dim);
    end_modules(w);
    put_int(w, "c_dim", c->c_dim);
    put_image(w);
    put_log2(w);
    put_resolutions(w, true);
    begin_kwargs(w, 0, NULL);
    put_int(w, "c_dim", c->c_dim);
    put_image(w);
    put_capacity(w);
    if (c->c_dim > 0 && m.w_dim != gt_level_channels(w->levels, 0)) put_int(w, "cmap_dim", m.w_dim);
    begin_options(w, "block_kwargs");
    put_int(w, "freeze_layers", c->freeze_layers);
    put_unusual(w, w->activation);
    end_options(w);
    begin_options(w, "mapping_kwargs");
    if (c->c_dim > 0) put_mapping_options(w, &m);
    end_options(w);
    begin_options(w, "epilogue_kwargs");
    put_epilogue_options(w, c);
    end_options(w);
    end_kwargs(w);
    end(w);
}

/* ---- whole networks ---- */

bool gt_stylegan2_has_reference(const gt_model *m) {
    gt_levels l;
    const gt_synthesis_config *c = &((const gt_stylegan2 *)m->own)->synthesis;
    return m->height == m->width &&
           !gt_levels_make(&l, c->height, c->width, c->channel_base, c->channel_max, c->architecture) &&
           l.height == gt_level_name(0);
}

gt_status gt_stylegan2_put_reference(const gt_model *m, int net, const float *block, gt_pickler *p) {
    const gt_stylegan2 *own = m->own;
    const gt_synthesis_config *s = &own->synthesis;
    const gt_discriminator_config *d = &own->discriminator;
    gt_levels levels;
    gt_status st = net ? gt_levels_make(&levels, d->height, d->width, d->channel_base, d->channel_max, d->architecture)
                       : gt_levels_make(&levels, s->height, s->width, s->channel_base, s->channel_max, s->architecture);
    if (st) return st;
    writer w = {.p = p,
                .net = m->nets[net],
                .block = block,
                .values = calloc(gt_net_largest(m->nets[net]) + 1, sizeof(float)),
                .levels = &levels,
                .clamp = (double)(net ? d->conv_clamp : s->conv_clamp),
                .w_dim = s->w_dim,
                .image_channels = m->channels,
                .noise = net ? true : s->use_noise, /* D has none to leave out */
                .filter = net ? &d->resample_filter : &s->resample_filter,
                .activation = net ? d->activation : s->activation,
                .architecture = net ? d->architecture : s->architecture};
    if (!w.values) return gt_fail(GT_NOMEM, "out of memory for a tensor of %s", w.net->name);
    if (net) put_discriminator(&w, d);
    else put_generator(&w, &own->mapping);
    free(w.values);
    return GT_OK;
}
