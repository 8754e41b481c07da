/* SPDX-License-Identifier: Apache-2.0
 * What files say of StyleGAN2's networks beside their tensors: attributes of pickled modules and options of
 * TensorFlow's networks (docs/networks.md#stylegan2, #networks-of-tensorflow). State dicts say nothing: the user
 * may, or a default is taken and said. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "features/stylegan2/import.h"

typedef struct facts {
    gt_stylegan2_file *f;
    gt_stylegan2_found *out;
} facts;

static const gt_fact *fact(const facts *s, const char *prefix, const char *name) {
    return prefix ? gt_weights_fact(s->f->m->from, gt_text_of("%s%s", prefix, name).s) : NULL;
}

/* The number, `none` where the file says that there is none, else `unsaid`. */
static float number(const facts *s, const char *prefix, const char *name, float none, float unsaid) {
    const gt_fact *a = fact(s, prefix, name);
    return !a ? unsaid : a->kind == GT_FACT_NUMBER ? (float)a->number : none;
}

/* The group of the minibatch standard deviation; 0: the whole batch, where the file has no number or more than any
 * batch. */
static int group(const facts *s, const char *prefix, const char *name, float unsaid) {
    enum { MOST = 1 << 20 };
    float n = number(s, prefix, name, 0, unsaid);
    return n >= 1 && n <= MOST ? (int)n : 0;
}

static const char *text(const facts *s, const char *prefix, const char *name, const char *unsaid) {
    const gt_fact *a = fact(s, prefix, name);
    return a && a->kind == GT_FACT_TEXT ? a->text : unsaid;
}

static const char *path_of(const facts *s, const char *prefix, const char *rest) {
    const char *path = gt_arena_printf(s->f->m->arena, "%s%s", prefix, rest);
    return path ? path : "";
}

/* The attribute, else the argument of the constructor from which the reader's class makes the attribute: files of
 * gantry export have arguments alone. */
static const char *attribute(const facts *s, const char *prefix, const char *name, const char *argument) {
    return fact(s, prefix, name) ? name : path_of(s, "_init_kwargs.", argument);
}

static bool same_fact(const gt_fact *a, const gt_fact *b) {
    return a->kind == b->kind && (a->kind != GT_FACT_NUMBER || a->number == b->number) &&
           (a->kind != GT_FACT_TEXT || !strcmp(a->text, b->text));
}

/* All layers of `prefix`, but for those of `except` (NULL: none), whose attributes end in one of `ends` (up to NULL)
 * must have the same value. */
static gt_status check_alike(const facts *s, const char *prefix, const char *except, const char *const *ends) {
    const gt_weights *w = s->f->m->from;
    const gt_fact *first = NULL;
    for (size_t i = 0; i < gt_weights_facts(w); i++) {
        const gt_fact *a = gt_weights_fact_at(w, i);
        const char *const *end = ends;
        if (strncmp(a->name, prefix, strlen(prefix)) || (except && !strncmp(a->name, except, strlen(except)))) continue;
        while (*end && !gt_ends_with(a->name, *end)) end++;
        if (!*end) continue;
        if (first && !same_fact(first, a))
            return gt_fail(GT_FORMAT, "%s and %s differ, but in Gantry's networks all layers have the same value",
                           first->name, a->name);
        first = a;
    }
    return GT_OK;
}

/* ---- the filter of up- and downsampling ---- */

typedef struct filter_user {
    bool is_d;
    gt_arch architecture;
} filter_user;

static bool uses_filter(const void *arg, const char *name) {
    const filter_user *u = arg;
    return gt_stylegan2_uses_filter(name, u->is_d, u->architecture);
}

static gt_status read_filters(const facts *s, const char *prefix, bool is_d, gt_arch architecture,
                              gt_resample_filter *out) {
    return gt_import_filter(s->f->m, prefix, uses_filter, &(filter_user){is_d, architecture}, out);
}

/* ---- the reference ---- */

/* Arguments of all constructors of these programs. Those that change nothing here are of the training, of half
 * precision, or of how the same is computed. */
static const char arguments[] =
    "z_dim c_dim w_dim num_ws img_resolution img_channels mapping_kwargs synthesis_kwargs block_kwargs "
    "epilogue_kwargs num_layers embed_features layer_features activation lr_multiplier w_avg_beta channel_base "
    "channel_max num_fp16_res conv_clamp architecture resample_filter use_noise fp16_channels_last use_fp16 "
    "fused_modconv_default freeze_layers cmap_dim mbstd_group_size mbstd_num_channels in_channels out_channels "
    "in_features out_features bias bias_init tmp_channels resolution is_last first_layer_idx kernel_size up down "
    "trainable channels_last group_size num_channels";

static const char classes[] = "Generator MappingNetwork SynthesisNetwork SynthesisBlock SynthesisLayer ToRGBLayer "
                              "Discriminator DiscriminatorBlock "
                              "DiscriminatorEpilogue MinibatchStdLayer FullyConnectedLayer Conv2dLayer";

/* Of attribute `a`, whose name ends in `last`: the number with which Gantry's layer of these tensors computes. False:
 * another attribute. */
static bool computed_with(const facts *s, const gt_fact *a, const char *last, double *value) {
    const gt_weights *from = s->f->m->from;
    int n = (int)(last - a->name);
    const gt_weight *w = gt_weights_find(from, gt_text_of("%.*sweight", n, a->name).s, NULL);
    const gt_fact *gain = gt_weights_fact(from, gt_text_of("%.*sbias_gain", n, a->name).s),
                  *activation = gt_weights_fact(from, gt_text_of("%.*sactivation", n, a->name).s);
    bool named = activation && activation->kind == GT_FACT_TEXT && gt_activation_find(activation->text);
    double in = 1;
    for (int i = 1; w && i < w->n_dims; i++) in *= (double)w->dims[i];
    if (gt_is(last, "weight_gain") && w) return *value = (gain ? gain->number : 1) / sqrt(in), true;
    if (gt_is(last, "act_gain") && named) return *value = (double)gt_activation_find(activation->text)->gain, true;
    if (gt_is(last, "padding") && w && w->n_dims == 4) return *value = (double)(w->dims[3] / 2), true;
    if (gt_is(last, "num_layers")) {
        for (*value = 0; gt_weights_find(from, gt_text_of("%.*sfc%d.weight", n, a->name, (int)*value).s, NULL);)
            ++*value;
        return *value > 0; /* else not of a mapping network */
    }
    if (!gt_is(last, "use_noise")) return false;
    *value = gt_weights_find(from, gt_text_of("%.*snoise_const", n, a->name).s, NULL) != NULL;
    return gt_weights_find(from, gt_text_of("%.*saffine.weight", n, a->name).s, NULL) != NULL;
}

/* Attributes that follow from the tensors may have been changed after the network was made. None counts as 0. */
static gt_status check_attributes(const facts *s, const char *prefix, gt_arch architecture) {
    const gt_weights *from = s->f->m->from;
    for (size_t i = 0; i < gt_weights_facts(from); i++) {
        const gt_fact *a = gt_weights_fact_at(from, i);
        const char *last = strrchr(a->name, '.');
        double value, theirs = a->kind == GT_FACT_NUMBER ? a->number : a->kind == GT_FACT_NONE ? 0 : (double)NAN;
        if (!last || strncmp(a->name, prefix, strlen(prefix)) || strstr(a->name, "._init_kwargs.")) continue;
        last++;
        bool other = computed_with(s, a, last, &value) && !gt_near(theirs, value, 1e-6);
        other |= gt_is(last, "architecture") && a->kind == GT_FACT_TEXT && !gt_is(a->text, gt_arch_names[architecture]);
        if (other)
            return gt_fail(GT_FORMAT, "the attribute %s does not fit the tensors: Gantry has no such network", a->name);
    }
    return GT_OK;
}

static gt_status read_reference_g(const facts *s, const char *g) {
    static const char *const clamps[] = {".conv0.conv_clamp", ".conv1.conv_clamp", ".torgb.conv_clamp", NULL},
                             *const activations[] = {".conv0.activation", ".conv1.activation", NULL},
                             *const gains[] = {".bias_gain", NULL}, *const acts[] = {".activation", NULL};
    gt_synthesis_config *c = &s->out->g.synthesis;
    gt_mapping_config *m = &s->out->g.mapping;
    const char *synthesis = path_of(s, g, "synthesis."), *layers = path_of(s, g, "mapping.fc");
    gt_status st = gt_import_check_modules(s->f->m, g, classes, arguments);
    if (!st) st = check_attributes(s, g, c->architecture);
    if (!st) st = check_alike(s, synthesis, NULL, clamps);
    if (!st) st = check_alike(s, synthesis, NULL, activations);
    if (!st) st = check_alike(s, layers, NULL, gains);
    if (!st) st = check_alike(s, layers, NULL, acts);
    c->conv_clamp = number(s, g, attribute(s, g, "synthesis.b4.conv1.conv_clamp", "synthesis_kwargs.conv_clamp"), -1,
                           -1);
    c->activation = text(s, g, attribute(s, g, "synthesis.b4.conv1.activation", "synthesis_kwargs.activation"),
                         "lrelu");
    m->activation = text(s, g, attribute(s, g, "mapping.fc0.activation", "mapping_kwargs.activation"), "lrelu");
    m->lr_multiplier = number(s, g, attribute(s, g, "mapping.fc0.bias_gain", "mapping_kwargs.lr_multiplier"), 1, 0.01f);
    m->w_avg_beta = number(s, g, attribute(s, g, "mapping.w_avg_beta", "mapping_kwargs.w_avg_beta"), -1, 0.995f);
    return st;
}

/* The last block has an activation of its own. */
static gt_status read_reference_d(const facts *s, const char *d) {
    static const char *const clamps[] = {".conv0.conv_clamp", ".conv1.conv_clamp", ".fromrgb.conv_clamp",
                                         ".conv.conv_clamp", NULL},
                             *const activations[] = {".conv0.activation", ".conv1.activation", ".fromrgb.activation",
                                                     NULL},
                             *const of_last[] = {".conv.activation", ".fc.activation", ".fromrgb.activation", NULL},
                             *const gains[] = {".bias_gain", NULL}, *const acts[] = {".activation", NULL};
    gt_discriminator_config *e = &s->out->d;
    const char *layers = path_of(s, d, "mapping.fc"), *last = path_of(s, d, "b4.");
    gt_status st = gt_import_check_modules(s->f->m, d, classes, arguments);
    if (!st) st = check_attributes(s, d, e->architecture);
    if (!st) st = check_alike(s, d, path_of(s, d, "b4.fromrgb."), clamps);
    if (!st) st = check_alike(s, d, last, activations);
    if (!st) st = check_alike(s, last, NULL, of_last);
    if (!st) st = check_alike(s, layers, NULL, gains);
    if (!st) st = check_alike(s, layers, NULL, acts);
    e->conv_clamp = number(s, d, attribute(s, d, "b4.conv.conv_clamp", "conv_clamp"), -1, -1);
    e->activation = text(s, d, attribute(s, d, "b8.conv1.activation", "block_kwargs.activation"), "lrelu");
    e->last_activation = text(s, d, attribute(s, d, "b4.conv.activation", "epilogue_kwargs.activation"), "lrelu");
    e->mapping.activation = text(s, d, attribute(s, d, "mapping.fc0.activation", "mapping_kwargs.activation"), "lrelu");
    e->mapping.lr_multiplier = number(s, d, attribute(s, d, "mapping.fc0.bias_gain", "mapping_kwargs.lr_multiplier"), 1,
                                      0.01f);
    e->mbstd_group_size = group(s, d, attribute(s, d, "b4.mbstd.group_size", "epilogue_kwargs.mbstd_group_size"), 4);
    return st;
}

/* ---- TensorFlow ---- */

static const char known_g[] =
    "latent_size label_size dlatent_size resolution num_channels mapping_layers label_fmaps mapping_fmaps "
    "mapping_lrmul mapping_nonlinearity w_avg_beta fmap_base fmap_max num_fp16_res conv_clamp architecture "
    "resample_kernel use_noise nonlinearity truncation_psi truncation_cutoff style_mixing_prob structure";
static const char known_d[] =
    "label_size resolution num_channels architecture fmap_base fmap_max num_fp16_res conv_clamp mapping_fmaps "
    "nonlinearity resample_kernel freeze_layers mapping_layers mapping_lrmul mbstd_group_size mbstd_num_features "
    "structure";

/* "NAME.0", "NAME.1", ... */
static void tf_filter(const facts *s, const char *prefix, gt_resample_filter *out) {
    gt_resample_filter f = {0};
    while (f.taps < GT_MAX_FILTER_TAPS && fact(s, prefix, gt_text_of("resample_kernel.%d", f.taps).s)) {
        f.value[f.taps] = number(s, prefix, gt_text_of("resample_kernel.%d", f.taps).s, 0, 0);
        f.taps++;
    }
    if (f.taps && !gt_same_filter(&f, out)) *out = f;
}

static gt_status check_version(const facts *s, const char *net) {
    float version = number(s, gt_text_of("%s.", net).s, "version", 0, 0);
    return version >= 4
               ? GT_OK
               : gt_fail(GT_FORMAT, "%s has version %g of TensorFlow networks, which is too old: 4 or later is needed",
                         net, (double)version);
}

static gt_status begin_tensorflow(const facts *s, const char *net, const char *prefix, const char *known) {
    gt_status st = check_version(s, net);
    return st ? st : gt_import_check_values(s->f->m, prefix, known);
}

static gt_status read_tensorflow_g(const facts *s, const char *prefix) {
    gt_synthesis_config *c = &s->out->g.synthesis;
    gt_mapping_config *m = &s->out->g.mapping;
    const char *net = gt_arena_printf(s->f->m->arena, "%.*s", (int)strlen(prefix) - 1, prefix); /* "Gs" of "Gs/" */
    const char *g = path_of(s, net ? net : "", ".static_kwargs.");
    gt_status st = begin_tensorflow(s, net, g, known_g);
    c->conv_clamp = number(s, g, "conv_clamp", -1, -1);
    c->activation = text(s, g, "nonlinearity", "lrelu");
    m->activation = text(s, g, "mapping_nonlinearity", "lrelu");
    m->lr_multiplier = number(s, g, "mapping_lrmul", 0.01f, 0.01f);
    m->w_avg_beta = number(s, g, "w_avg_beta", 1, 0.995f);
    tf_filter(s, g, &c->resample_filter);
    if (number(s, g, "use_noise", 1, 1) == 0) c->use_noise = false;
    return st;
}

static gt_status read_tensorflow_d(const facts *s) {
    static const char d[] = "D.static_kwargs.";
    gt_discriminator_config *e = &s->out->d;
    gt_status st = begin_tensorflow(s, "D", d, known_d);
    e->conv_clamp = number(s, d, "conv_clamp", -1, -1);
    e->activation = e->last_activation = e->mapping.activation = text(s, d, "nonlinearity", "lrelu");
    e->mapping.lr_multiplier = number(s, d, "mapping_lrmul", 0.1f, 0.1f);
    e->mbstd_group_size = group(s, d, "mbstd_group_size", 0);
    tf_filter(s, d, &e->resample_filter);
    return st;
}

/* ---- state dicts: what the user says, or a default ---- */

static void say_unsaid(const facts *s, bool is_d) {
    gt_imported *m = s->f->m;
    bool first = !is_d || !s->out->has_g;
    if (first && !gt_import_given(m, "clamp"))
        gt_import_say(m, "it does not give the clamp of activations: 256 is used, as in the published recipes "
                         "(--clamp=NUMBER, 0: none)");
    if (!is_d && !gt_import_given(m, "lrmul"))
        gt_import_say(m, "it does not give the multiplier of the mapping network: 0.01 is used (--lrmul=NUMBER)");
    if (first) gt_import_say(m, "it does not give the activation of its layers: lrelu is used");
    if (is_d) gt_import_say(m, "it does not give the group of the minibatch standard deviation of D: 4 is used");
}

static void read_given(const facts *s) {
    const char *clamp = gt_import_given(s->f->m, "clamp"), *lrmul = gt_import_given(s->f->m, "lrmul");
    double value = clamp ? strtod(clamp, NULL) : 0;
    if (clamp) s->out->g.synthesis.conv_clamp = s->out->d.conv_clamp = value > 0 ? (float)value : -1;
    if (lrmul) s->out->g.mapping.lr_multiplier = strtof(lrmul, NULL);
}

/* ---- all ---- */

static gt_status check_activation(const char *what, const char *name) {
    return gt_activation_find(name)
               ? GT_OK
               : gt_fail(GT_FORMAT, "%s has the activation '%.40s', which Gantry does not know", what, name);
}

static gt_status check_g(const gt_generator_config *g) {
    gt_status st = check_activation("the synthesis network", g->synthesis.activation);
    if (!st) st = check_activation("the mapping network", g->mapping.activation);
    if (!st && g->mapping.w_avg_beta < 0)
        st = gt_fail(GT_FORMAT, "the mapping network keeps no average of w: Gantry has no such network");
    return st;
}

static gt_status check_d(const gt_discriminator_config *d) {
    gt_status st = check_activation("D", d->activation);
    if (!st) st = check_activation("the last block of D", d->last_activation);
    return st ? st : check_activation("the label network of D", d->mapping.activation);
}

static gt_status read_facts(const facts *s, const char *prefix, bool is_d) {
    gt_generator_config *g = &s->out->g;
    gt_discriminator_config *d = &s->out->d;
    if (s->f->kind == GT_WEIGHTS_TENSORFLOW) return is_d ? read_tensorflow_d(s) : read_tensorflow_g(s, prefix);
    gt_status st = is_d ? read_filters(s, prefix, true, d->architecture, &d->resample_filter)
                        : read_filters(s, prefix, false, g->synthesis.architecture, &g->synthesis.resample_filter);
    if (st) return st;
    if (s->f->kind == GT_WEIGHTS_REFERENCE) return is_d ? read_reference_d(s, prefix) : read_reference_g(s, prefix);
    if ((st = gt_import_check_values(s->f->m, prefix, gt_import_metadata))) return st;
    *(is_d ? &d->conv_clamp : &g->synthesis.conv_clamp) = 256;
    d->last_activation = d->activation;
    say_unsaid(s, is_d);
    return GT_OK;
}

gt_status gt_stylegan2_facts(gt_stylegan2_file *f, bool is_d, gt_stylegan2_found *out) {
    facts s = {.f = f, .out = out};
    gt_status st = read_facts(&s, gt_stylegan2_prefix(f, is_d ? 2 : -1), is_d);
    read_given(&s);
    return st ? st : is_d ? check_d(&out->d) : check_g(&out->g);
}
