/* SPDX-License-Identifier: Apache-2.0
 * What pickles of EDM's program say of a network beside its tensors: the preconditioning, and what all constructors
 * were told. */
#include <math.h>
#include <string.h>

#include "base/door/numbers.h"
#include "features/edm/import.h"

gt_status gt_edm_refuse(const char *what, const char *instead) {
    return gt_fail(GT_FORMAT, "a network of EDM's program %s: %s", what, instead);
}

gt_status gt_edm_number(const gt_edm_file *f, const char *name, double *out) {
    static const char *const from[] = {"", "_init_kwargs."};
    for (int i = 0; i < 2; i++) {
        const gt_fact *found = gt_weights_fact(f->m->from, gt_text_of("%s.%s%s", f->module, from[i], name).s);
        if (!found) continue;
        *out = found->number;
        return found->kind == GT_FACT_NUMBER ? GT_OK
                                             : gt_edm_refuse(gt_text_of("has %s = ?", name).s, "a number is needed");
    }
    return GT_OK;
}

/* ---- the preconditioning ---- */

static gt_status read_vp(const gt_edm_file *f, gt_vp_values *v) {
    *v = gt_vp_published;
    gt_status st = gt_edm_number(f, "beta_d", &v->beta_d);
    if (!st) st = gt_edm_number(f, "beta_min", &v->beta_min);
    if (!st) st = gt_edm_number(f, "epsilon_t", &v->first_time);
    if (!st) st = gt_edm_number(f, "M", &v->times);
    bool good = v->beta_d > 0 && v->beta_min >= 0 && v->first_time >= 0 && isfinite(v->beta_d + v->beta_min) &&
                isfinite(v->first_time) && isfinite(v->times);
    if (st || good) return st;
    return gt_edm_refuse(
        gt_text_of("has beta_d %g, beta_min %g, epsilon_t %g, M %g", v->beta_d, v->beta_min, v->first_time, v->times).s,
        "VPPrecond has positive numbers");
}

static bool near(double a, double b) { return gt_near(a, b, 1e-6); }

/* Levels that follow from the other values are left out. */
gt_status gt_edm_precond(const gt_edm_file *f, gt_denoiser *d) {
    gt_denoiser usual = *d;
    d->sigma_data = 0.5;
    gt_status st = gt_edm_number(f, "sigma_data", &d->sigma_data);
    if (!st && d->precond == GT_PRECOND_VP) st = read_vp(f, &d->vp);
    usual.vp = d->vp;
    double least = gt_denoiser_sigma_min(&usual), most = gt_denoiser_sigma_max(&usual);
    d->sigma_min = least;
    d->sigma_max = most;
    if (!st) st = gt_edm_number(f, "sigma_min", &d->sigma_min);
    if (!st) st = gt_edm_number(f, "sigma_max", &d->sigma_max);
    if (st) return st;
    if (!(d->sigma_min >= 0 && d->sigma_max > d->sigma_min))
        return gt_edm_refuse(gt_text_of("is for levels of noise from %g to %g", d->sigma_min, d->sigma_max).s,
                             "the first must be less than the second");
    if (near(d->sigma_min, least) && near(d->sigma_max, most)) d->sigma_min = d->sigma_max = 0;
    return GT_OK;
}

/* ---- what the constructors of all modules were told ---- */

/* Those of a network whose tensors and preconditioning are known, and of its parts. */
static const char arguments[] =
    "img_resolution img_channels label_dim use_fp16 sigma_min sigma_max sigma_data model_type beta_d beta_min M "
    "epsilon_t in_channels out_channels augment_dim model_channels channel_mult channel_mult_emb num_blocks "
    "attn_resolutions dropout label_dropout embedding_type channel_mult_noise encoder_type decoder_type "
    "resample_filter emb_channels up down attention num_heads channels_per_head skip_scale eps resample_proj "
    "adaptive_scale init init_zero init_attn init_mode init_weight init_bias in_features out_features bias "
    "kernel fused_resample num_channels num_groups min_channels_per_group max_positions endpoint scale";

static const char classes[] = "EDMPrecond VPPrecond VEPrecond SongUNet UNetBlock Conv2d Linear GroupNorm "
                              "PositionalEmbedding FourierEmbedding";

/* Numbers that Gantry's U-Net has at one value, wherever they stand; `where`: of names with this part, else 0. */
static const struct {
    const char *name;
    double value;
    const char *where;
} numbers[] = {{"eps", 1e-6, NULL},
               {"skip_scale", 0.70710678118654752440, NULL},
               {"adaptive_scale", 0, NULL},
               {"min_channels_per_group", 4, NULL},
               {"max_positions", 10000, NULL},
               {"endpoint", 1, NULL},
               {"fused_resample", 1, "_aux_residual."}};

/* With one level all encoders and decoders are the same. */
static gt_status check_text(const gt_fact *a, const char *name, const gt_unet_shape *s) {
    const struct {
        const char *name, *value;
    } texts[] = {{"embedding_type", s->fourier ? "fourier" : "positional"},
                 {"encoder_type", gt_unet_path_names[s->encoder]},
                 {"decoder_type", gt_unet_path_names[s->decoder]},
                 {"model_type", "SongUNet"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (gt_is(name, texts[i].name) && !gt_is(a->text, texts[i].value) && (s->levels > 1 || !strstr(name, "coder")))
            return gt_edm_refuse(gt_text_of("has %.80s = '%.60s'", a->name, a->text).s,
                                 gt_text_of("its tensors are of '%s'", texts[i].value).s);
    return GT_OK;
}

static const gt_weight *tensor_beside(const gt_edm_file *f, const gt_fact *a, const char *tensor) {
    const char *last = strrchr(a->name, '.') + 1;
    return gt_weights_find(f->m->from, gt_text_of("%.*s%s", (int)(last - a->name), a->name, tensor).s, NULL);
}

static double groups_of(const gt_weight *weight) {
    int64_t groups = weight && weight->n_dims == 1 ? weight->dims[0] / 4 : 0;
    return (double)gt_smallest(groups, 32);
}

/* Does a network with these tensors compute with one value alone for the attribute or argument? */
static bool has_one_value(const gt_edm_file *f, const gt_unet_shape *s, const gt_fact *a, double *value) {
    const char *name = strrchr(a->name, '.') + 1;
    const struct {
        const char *name;
        int value;
    } sizes[] = {{"img_resolution", s->height}, {"img_channels", s->in}, {"label_dim", s->labels}};
    bool told = strstr(a->name, "._init_kwargs."); /* what came of the argument is an attribute */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!gt_is(name, numbers[i].name)) continue;
        *value = !numbers[i].where || strstr(a->name, numbers[i].where) ? numbers[i].value : 0;
        return true;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (!gt_is(name, sizes[i].name)) continue;
        *value = sizes[i].value;
        return true;
    }
    if (told) return false;
    const gt_weight *weight = tensor_beside(f, a, "weight");
    if (gt_is(name, "num_groups")) return *value = groups_of(weight), true;
    if (gt_is(name, "num_heads")) return *value = tensor_beside(f, a, "qkv.weight") != NULL, true;
    if (gt_is(name, "up") || gt_is(name, "down")) { /* of a convolution: those that resample have a filter */
        bool up = strstr(a->name, "_up.");
        return *value = tensor_beside(f, a, "resample_filter") && up == gt_is(name, "up"), true;
    }
    if (!gt_is(name, "in_features") || !weight || weight->n_dims != 2) return false;
    return *value = (double)weight->dims[1], true;
}

/* None and what is empty count as 0, as in a condition of Python; a text as no number. */
static gt_status check_value(const gt_edm_file *f, const gt_unet_shape *s, const gt_fact *a) {
    double value, theirs = a->kind == GT_FACT_NUMBER ? a->number : a->kind == GT_FACT_NONE ? 0 : (double)NAN;
    if (!has_one_value(f, s, a, &value) || near(theirs, value)) return GT_OK;
    return gt_edm_refuse(gt_text_of("has %.120s = %g", a->name, theirs).s,
                         gt_text_of("Gantry's has %g there", value).s);
}

gt_status gt_edm_check_values(const gt_edm_file *f, const gt_unet_shape *s) {
    const gt_weights *w = f->m->from;
    const char *module = gt_arena_printf(f->m->arena, "%s.", f->module);
    gt_status st = module ? gt_import_check_modules(f->m, module, classes, arguments) : GT_NOMEM;
    for (size_t i = 0; i < gt_weights_facts(w) && !st; i++) {
        const gt_fact *a = gt_weights_fact_at(w, i);
        const char *name = strrchr(a->name, '.');
        if (!name || strncmp(a->name, module, strlen(module))) continue;
        st = check_value(f, s, a);
        if (!st && a->kind == GT_FACT_TEXT) st = check_text(a, name + 1, s);
    }
    return st;
}
