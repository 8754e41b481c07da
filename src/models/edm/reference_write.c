/* SPDX-License-Identifier: Apache-2.0
 * A denoiser as pickled modules of EDM's program (docs/network-files.md#edm). The tensors' names say which modules
 * there are. The arguments of constructors are written of the whole network alone: readers set attributes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/door/module_write.h"
#include "models/edm/edm.h"

static const gt_tensor *weight_of(const gt_module_writer *w, const char *path) {
    return gt_module_find(w, path, "weight");
}

static const char *last_of(const char *path) { return strrchr(path, '.') ? strrchr(path, '.') + 1 : path; }

static void begin(const gt_module_writer *w, const char *class, const char *path) {
    gt_put_text(w->p, last_of(path));
    gt_module_begin(w, class, path);
}

static void end(const gt_module_writer *w) {
    gt_kwargs_begin(w, 0, NULL);
    gt_kwargs_end(w);
    gt_module_end(w);
}

static void put_norm(const gt_module_writer *w, const char *path) {
    int64_t groups = weight_of(w, path)->file_shape.d[0] / 4;
    begin(w, "GroupNorm", path);
    gt_modules_none(w);
    gt_field_int(w->p, "num_groups", groups < 32 ? groups : 32);
    gt_field_real(w->p, "eps", 1e-6);
    end(w);
}

/* A linear layer, or a convolution. */
static void put_layer(const gt_module_writer *w, const char *path, bool up, bool down, bool fused) {
    const gt_tensor *t = weight_of(w, path);
    bool linear = t->file_shape.n == 2;
    begin(w, linear ? "Linear" : "Conv2d", path);
    gt_modules_none(w);
    gt_field_int(w->p, linear ? "in_features" : "in_channels", t->file_shape.d[1]);
    gt_field_int(w->p, linear ? "out_features" : "out_channels", t->file_shape.d[0]);
    if (!gt_module_find(w, path, "bias")) gt_field_none(w->p, "bias");
    if (!linear) {
        gt_field_bool(w->p, "up", up);
        gt_field_bool(w->p, "down", down);
        gt_field_bool(w->p, "fused_resample", fused);
        if (!up && !down) gt_field_none(w->p, "resample_filter");
    }
    end(w);
}

/* A convolution without a kernel, of pictures. */
static void put_resampling(const gt_module_writer *w, const char *path, int channels) {
    begin(w, "Conv2d", path);
    gt_modules_none(w);
    gt_field_int(w->p, "in_channels", channels);
    gt_field_int(w->p, "out_channels", channels);
    gt_field_bool(w->p, "up", strstr(path, "_up"));
    gt_field_bool(w->p, "down", strstr(path, "_down"));
    gt_field_bool(w->p, "fused_resample", false);
    gt_field_none(w->p, "weight");
    gt_field_none(w->p, "bias");
    end(w);
}

static void put_block(const gt_module_writer *w, const char *path, double dropout, bool up, bool down) {
    static const char *const parts[] = {"norm0", "conv0", "affine", "norm1", "conv1", "skip", "norm2", "qkv", "proj"};
    begin(w, "UNetBlock", path);
    gt_modules_begin(w);
    for (int i = 0; i < (int)(sizeof parts / sizeof *parts); i++) {
        gt_text part = gt_text_of("%s.%s", path, parts[i]);
        bool resamples = gt_is(parts[i], "conv0") || gt_is(parts[i], "skip");
        if (!weight_of(w, part.s)) continue;
        if (weight_of(w, part.s)->file_shape.n == 1) put_norm(w, part.s);
        else put_layer(w, part.s, resamples && up, resamples && down, false);
    }
    gt_modules_end(w);
    const gt_tensor *conv = gt_module_find(w, path, "conv0.weight");
    gt_field_int(w->p, "in_channels", conv->file_shape.d[1]);
    gt_field_int(w->p, "out_channels", conv->file_shape.d[0]);
    gt_field_int(w->p, "emb_channels", gt_module_find(w, path, "affine.weight")->file_shape.d[1]);
    gt_field_int(w->p, "num_heads", gt_module_find(w, path, "norm2.weight") != NULL);
    gt_field_real(w->p, "dropout", dropout);
    gt_field_real(w->p, "skip_scale", sqrt(0.5));
    gt_field_bool(w->p, "adaptive_scale", false);
    if (!gt_module_find(w, path, "skip.weight")) gt_field_none(w->p, "skip");
    end(w);
}

/* The children of the encoder ("enc.") or the decoder, in the order of their tensors. */
static void put_side(const gt_module_writer *w, const char *side, const gt_unet_shape *s) {
    gt_text last = {""};
    gt_module_dict_begin(w);
    for (int i = 0; i < w->net->n_tensors; i++) {
        const char *name = w->net->tensors[i].name;
        gt_text path = gt_text_of("%.*s", (int)(4 + strcspn(name + 4, ".")), name);
        if (strncmp(name, side, 4) || gt_is(path.s, last.s)) continue;
        last = path;
        if (gt_module_find(w, path.s, "norm0.weight"))
            put_block(w, path.s, s->dropout, strstr(path.s, "_up"), strstr(path.s, "_down"));
        else if (!weight_of(w, path.s)) put_resampling(w, path.s, s->in);
        else if (weight_of(w, path.s)->file_shape.n == 1) put_norm(w, path.s);
        else put_layer(w, path.s, false, strstr(path.s, "_aux_residual"), strstr(path.s, "_aux_residual"));
    }
    gt_module_dict_end(w);
}

static void put_unet_modules(const gt_module_writer *w, const gt_unet_shape *s) {
    static const char *const layers[] = {"map_label", "map_augment", "map_layer0", "map_layer1"};
    gt_modules_begin(w);
    begin(w, s->fourier ? "FourierEmbedding" : "PositionalEmbedding", "map_noise");
    gt_modules_none(w);
    if (!s->fourier) {
        gt_field_int(w->p, "num_channels", s->channels * s->noise_mult);
        gt_field_int(w->p, "max_positions", 10000);
        gt_field_bool(w->p, "endpoint", true);
    }
    end(w);
    for (int i = 0; i < (int)(sizeof layers / sizeof *layers); i++)
        if (weight_of(w, layers[i])) put_layer(w, layers[i], false, false, false);
    gt_put_text(w->p, "enc");
    put_side(w, "enc.", s);
    gt_put_text(w->p, "dec");
    put_side(w, "dec.", s);
    gt_modules_end(w);
}

static void put_unet(const gt_module_writer *w, const gt_unet_shape *s, double label_dropout) {
    begin(w, "SongUNet", "model");
    put_unet_modules(w, s);
    gt_field_real(w->p, "label_dropout", label_dropout);
    if (!s->labels) gt_field_none(w->p, "map_label");
    if (!s->augment) gt_field_none(w->p, "map_augment");
    end(w);
}

static void put_levels(const gt_module_writer *w, const gt_denoiser *d) {
    gt_field_real(w->p, "sigma_min", gt_denoiser_sigma_min(d));
    gt_field_real(w->p, "sigma_max", gt_denoiser_sigma_max(d));
}

/* Attributes that are arguments, too. Those of VP say the levels. */
static void put_common(const gt_module_writer *w, const gt_denoiser *d) {
    gt_field_int(w->p, "img_resolution", d->unet.height);
    gt_field_int(w->p, "img_channels", d->unet.in);
    gt_field_int(w->p, "label_dim", d->unet.labels);
    gt_field_bool(w->p, "use_fp16", false);
    if (d->precond == GT_PRECOND_EDM) gt_field_real(w->p, "sigma_data", d->sigma_data);
    if (d->precond != GT_PRECOND_VP) {
        put_levels(w, d);
        return;
    }
    const gt_vp_values *v = gt_denoiser_vp(d);
    gt_field_real(w->p, "beta_d", v->beta_d);
    gt_field_real(w->p, "beta_min", v->beta_min);
    gt_field_real(w->p, "epsilon_t", v->first_time);
    gt_field_real(w->p, "M", v->times);
}

/* Of the whole network, which hands them on to the U-Net. */
static void put_arguments(const gt_module_writer *w, const gt_denoiser *d, double label_dropout) {
    const gt_unet_shape *s = &d->unet;
    int heights[GT_UNET_LEVELS], n = 0;
    for (int i = 0; i < s->levels; i++)
        if (s->attention >> i & 1) heights[n++] = s->height >> i;
    put_common(w, d);
    gt_field_text(w->p, "model_type", "SongUNet");
    gt_field_text(w->p, "embedding_type", s->fourier ? "fourier" : "positional");
    gt_field_text(w->p, "encoder_type", gt_unet_path_names[s->encoder]);
    gt_field_text(w->p, "decoder_type", gt_unet_path_names[s->decoder]);
    gt_field_int(w->p, "channel_mult_noise", s->noise_mult);
    if (s->embedding_mult != 4) gt_field_int(w->p, "channel_mult_emb", s->embedding_mult);
    gt_field_filter(w->p, &s->filter);
    gt_field_int(w->p, "model_channels", s->channels);
    gt_field_ints(w->p, "channel_mult", s->levels, s->mult);
    gt_field_int(w->p, "num_blocks", s->blocks);
    gt_field_ints(w->p, "attn_resolutions", n, heights);
    gt_field_int(w->p, "augment_dim", s->augment);
    gt_field_real(w->p, "dropout", s->dropout);
    gt_field_real(w->p, "label_dropout", label_dropout);
}

static gt_status put_network(const gt_model *m, int net, const float *block, gt_pickler *p) {
    const gt_edm *own = m->own;
    gt_module_writer w = gt_module_writer_of(p, m->nets[net], block, "from training.networks import *\n");
    if (!w.values) return GT_NOMEM;
    static const char *const classes[] = {
        [GT_PRECOND_EDM] = "EDMPrecond", [GT_PRECOND_VP] = "VPPrecond", [GT_PRECOND_VE] = "VEPrecond"};
    gt_module_begin(&w, classes[own->denoiser.precond], "");
    gt_modules_begin(&w);
    put_unet(&w, &own->denoiser.unet, own->options->label_dropout);
    gt_modules_end(&w);
    put_common(&w, &own->denoiser);
    if (own->denoiser.precond == GT_PRECOND_VP) put_levels(&w, &own->denoiser);
    gt_kwargs_begin(&w, 0, NULL);
    put_arguments(&w, &own->denoiser, own->options->label_dropout);
    gt_kwargs_end(&w);
    gt_module_end(&w);
    free(w.values);
    return GT_OK;
}

static void put_rest(const gt_model *m, gt_pickler *p) {
    static const char *const unused[] = {"loss_fn", "augment_pipe", "dataset_kwargs"}; /* by what reads networks */
    (void)m;
    for (int i = 0; i < 3; i++) gt_field_none(p, unused[i]);
}

const gt_reference_form *gt_edm_reference(const gt_model *m, bool averaged) {
    static const gt_reference_part average[] = {{"ema", "F_ema"}, {NULL, NULL}}, last[] = {{"ema", "F"}, {NULL, NULL}};
    static const gt_reference_form forms[] = {{"EDM's program", last, put_network, put_rest},
                                              {"EDM's program", average, put_network, put_rest}};
    const gt_edm *own = m->own;
    bool samples_so = own->denoiser.precond != GT_PRECOND_FLOW && !own->stages.n; /* as that program does */
    return samples_so && m->height == m->width ? &forms[averaged] : NULL;
}
