/* SPDX-License-Identifier: Apache-2.0
 * Networks as pickled modules of stylegan2-ada-pytorch (docs/networks.md#pickled-modules, #written-modules). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "networks/model/door/module_write.h"
#include "features/stylegan2/common.h"
#include "features/stylegan2/loss.h"
#include "features/stylegan2/import.h"

/* Instead of a source text: the reader's own classes, in stylegan3 or in stylegan2-ada-pytorch, made by their
 * constructors. In stylegan3 that of Generator takes the options of the synthesis network one by one, not as a table.
 */
static const char MODULE[] = "try:\n"
                             "    from training import networks_stylegan2 as networks\n"
                             "    flat = True\n"
                             "except ImportError:\n"
                             "    from training import networks\n"
                             "    flat = False\n" GT_MODULE_OF_ARGUMENTS
                             "class Generator(FromArguments, networks.Generator):\n"
                             "    def __init__(self, *args, synthesis_kwargs={}, **kwargs):\n"
                             "        more = synthesis_kwargs if flat else {'synthesis_kwargs': synthesis_kwargs}\n"
                             "        super().__init__(*args, **more, **kwargs)\n"
                             "class Discriminator(FromArguments, networks.Discriminator):\n"
                             "    pass\n";

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

static void put_clamp(const writer *w, double clamp) {
    if (clamp < 0) gt_field_none(w->m.p, "conv_clamp");
    else if (clamp == floor(clamp) && clamp < INT32_MAX) gt_field_int(w->m.p, "conv_clamp", (int64_t)clamp);
    else gt_field_real(w->m.p, "conv_clamp", clamp);
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

static void put_image(const writer *w) {
    gt_field_int(w->m.p, "img_resolution", gt_level_name(w->levels->count - 1));
    gt_field_int(w->m.p, "img_channels", w->image_channels);
}

static void put_capacity(const writer *w) {
    gt_field_int(w->m.p, "channel_base", w->levels->base);
    gt_field_int(w->m.p, "channel_max", w->levels->max);
    gt_field_int(w->m.p, "num_fp16_res", 0);
    put_clamp(w, w->clamp);
    gt_field_text(w->m.p, "architecture", gt_arch_names[w->architecture]);
}

static void put_dims(const writer *w, const gt_mapping_config *c) {
    gt_field_int(w->m.p, "z_dim", c->z_dim);
    gt_field_int(w->m.p, "c_dim", c->c_dim);
    gt_field_int(w->m.p, "w_dim", c->w_dim);
    put_image(w);
}

static void put_generator(const writer *w, const gt_mapping_config *c) {
    put_dims(w, c);
    begin_options(w, "mapping_kwargs");
    put_mapping_options(w, c);
    put_beta(w, c);
    end_options(w);
    begin_options(w, "synthesis_kwargs");
    put_capacity(w);
    put_unusual(w, w->activation);
    end_options(w);
}

/* ---- the discriminator ---- */

static void put_group(const writer *w, const char *key, int size) {
    if (size) gt_field_int(w->m.p, key, size);
    else gt_field_none(w->m.p, key);
}

static const char *last_activation(const gt_discriminator_config *c) {
    return c->last_activation ? c->last_activation : c->activation;
}

static void put_epilogue_options(const writer *w, const gt_discriminator_config *c) {
    put_group(w, "mbstd_group_size", c->mbstd_group_size);
    if (c->mbstd_channels != 1) gt_field_int(w->m.p, "mbstd_num_channels", c->mbstd_channels);
    if (!gt_is(last_activation(c), "lrelu")) gt_field_text(w->m.p, "activation", last_activation(c));
}

static void put_discriminator(const writer *w, const gt_discriminator_config *c) {
    gt_mapping_config m = gt_discriminator_mapping(c, w->levels);
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
    gt_module_begin(&w.m, net ? "Discriminator" : "Generator");
    if (net) put_discriminator(&w, d);
    else put_generator(&w, &own->mapping);
    gt_module_end(&w.m, "");
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
