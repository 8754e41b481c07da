/* SPDX-License-Identifier: Apache-2.0
 * What files say of StyleGAN2's networks beside their tensors: attributes of the reference's modules (spec 8.2) and
 * options of TensorFlow's networks (spec 6.6). State dicts say nothing: the user may, or a default is taken and said.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/stylegan2/import.h"

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

static const char *text(const facts *s, const char *prefix, const char *name, const char *unsaid) {
    const gt_fact *a = fact(s, prefix, name);
    return a && a->kind == GT_FACT_TEXT ? a->text : unsaid;
}

static bool same_fact(const gt_fact *a, const gt_fact *b) {
    return a->kind == b->kind && (a->kind != GT_FACT_NUMBER || a->number == b->number) &&
           (a->kind != GT_FACT_TEXT || !strcmp(a->text, b->text));
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* All layers of `prefix` whose attributes end in one of `ends` (up to NULL) must have the same value. */
static gt_status check_alike(const facts *s, const char *prefix, const char *const *ends) {
    const gt_weights *w = s->f->m->from;
    const gt_fact *first = NULL;
    if (!prefix) return GT_OK;
    for (size_t i = 0; i < gt_weights_facts(w); i++) {
        const gt_fact *a = gt_weights_fact_at(w, i);
        const char *const *end = ends;
        if (strncmp(a->name, prefix, strlen(prefix))) continue;
        while (*end && !ends_with(a->name, *end)) end++;
        if (!*end) continue;
        if (first && !same_fact(first, a))
            return gt_fail(GT_FORMAT, "%s and %s are not the same: in Gantry's networks all layers have one value",
                           first->name, a->name);
        first = a;
    }
    return GT_OK;
}

/* ---- the filter of up- and downsampling ---- */

/* The taps of a filter tensor: of one row, or of an outer product. */
static gt_status filter_of_tensor(const facts *s, const gt_weight *w, size_t i, gt_resample_filter *out) {
    float taps[GT_MAX_FILTER_TAPS * GT_MAX_FILTER_TAPS];
    int64_t n = w->n_dims ? w->dims[0] : 0;
    bool square = w->n_dims == 2 && w->dims[1] == n;
    if ((w->n_dims != 1 && !square) || n < 1 || n > GT_MAX_FILTER_TAPS)
        return gt_fail(GT_FORMAT, "'%s' is no filter of at most %d taps", w->name, GT_MAX_FILTER_TAPS);
    gt_status st = gt_weights_read(s->f->m->from, i, taps);
    if (st) return st;
    gt_resample_filter f = {.taps = (int)n};
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < (square ? n : 1); x++) f.value[y] += taps[square ? y * n + x : y];
    for (int64_t k = 0; square && k < n * n; k++)
        if (!(fabsf(taps[k] - f.value[k / n] * f.value[k % n]) < 1e-5f))
            return gt_fail(GT_FORMAT, "'%s' is no product of a row and a column: Gantry has no such filter", w->name);
    *out = f;
    return GT_OK;
}

static bool same_filter(const gt_resample_filter *a, const gt_resample_filter *b) {
    double sum_a = 0, sum_b = 0;
    for (int i = 0; i < a->taps; i++) sum_a += a->value[i];
    for (int i = 0; i < b->taps; i++) sum_b += b->value[i];
    bool same = a->taps == b->taps;
    for (int i = 0; i < a->taps && same; i++) same = fabs(a->value[i] / sum_a - b->value[i] / sum_b) < 1e-6;
    return same;
}

static gt_status read_filters(const facts *s) {
    const gt_weights *w = s->f->m->from;
    gt_resample_filter found = {0};
    for (size_t i = 0; i < gt_weights_count(w); i++) {
        const gt_weight *t = gt_weights_at(w, i);
        gt_resample_filter this;
        if (!ends_with(t->name, ".resample_filter")) continue;
        gt_status st = filter_of_tensor(s, t, i, &this);
        if (st) return st;
        if (found.taps && !same_filter(&found, &this))
            return gt_fail(GT_FORMAT, "'%s' is another filter than those before: Gantry's networks have one", t->name);
        found = this;
    }
    if (found.taps && !same_filter(&found, &s->out->g.synthesis.resample_filter))
        s->out->g.synthesis.resample_filter = s->out->d.resample_filter = found;
    return GT_OK;
}

/* ---- the reference ---- */

static gt_status read_reference(const facts *s) {
    const char *g = gt_stylegan2_prefix(s->f, -1), *d = s->f->prefix[2];
    gt_synthesis_config *c = &s->out->g.synthesis;
    gt_discriminator_config *e = &s->out->d;
    static const char *const clamps[] = {".conv0.conv_clamp", ".conv1.conv_clamp", ".torgb.conv_clamp",
                                         ".conv.conv_clamp", NULL},
                             *const activations[] = {".conv0.activation", ".conv1.activation", NULL},
                             *const gains[] = {".bias_gain", NULL}, *const acts[] = {".activation", NULL};
    const char *synthesis = gt_arena_printf(s->f->m->arena, "%ssynthesis.", g ? g : ""),
               *layers = gt_arena_printf(s->f->m->arena, "%smapping.fc", g ? g : ""),
               *d_layers = gt_arena_printf(s->f->m->arena, "%smapping.fc", d ? d : "");
    gt_status st = check_alike(s, g ? synthesis : NULL, clamps);
    if (!st) st = check_alike(s, g ? synthesis : NULL, activations);
    if (!st) st = check_alike(s, g ? layers : NULL, gains);
    if (!st) st = check_alike(s, g ? layers : NULL, acts);
    if (!st) st = check_alike(s, d, clamps);
    if (!st) st = check_alike(s, d ? d_layers : NULL, gains);
    if (st) return st;
    c->conv_clamp = number(s, g, "synthesis.b4.conv1.conv_clamp", -1, -1);
    c->activation = text(s, g, "synthesis.b4.conv1.activation", "lrelu");
    s->out->g.mapping.activation = text(s, g, "mapping.fc0.activation", "lrelu");
    s->out->g.mapping.lr_multiplier = number(s, g, "mapping.fc0.bias_gain", 1, 1);
    s->out->g.mapping.w_avg_beta = number(s, g, "mapping.w_avg_beta", -1, 0.995f);
    e->conv_clamp = number(s, d, "b4.conv.conv_clamp", -1, -1);
    e->activation = text(s, d, "b4.conv.activation", "lrelu");
    e->mapping.activation = text(s, d, "mapping.fc0.activation", "lrelu");
    e->mapping.lr_multiplier = number(s, d, "mapping.fc0.bias_gain", 1, 0.01f);
    e->mbstd_group_size = (int)number(s, d, "b4.mbstd.group_size", 0, 4);
    return GT_OK;
}

/* ---- TensorFlow ---- */

static const char *const known_g[] = {
    "latent_size",  "label_size",     "dlatent_size",      "resolution",           "num_channels",    "mapping_layers",
    "label_fmaps",  "mapping_fmaps",  "mapping_lrmul",     "mapping_nonlinearity", "w_avg_beta",      "fmap_base",
    "fmap_max",     "num_fp16_res",   "conv_clamp",        "architecture",         "resample_kernel", "use_noise",
    "nonlinearity", "truncation_psi", "truncation_cutoff", "style_mixing_prob",    "structure",       NULL};
static const char *const known_d[] = {
    "label_size",     "resolution",    "num_channels",     "architecture",       "fmap_base",       "fmap_max",
    "num_fp16_res",   "conv_clamp",    "mapping_fmaps",    "nonlinearity",       "resample_kernel", "freeze_layers",
    "mapping_layers", "mapping_lrmul", "mbstd_group_size", "mbstd_num_features", "structure",       NULL};

static gt_status check_known(const facts *s, const char *prefix, const char *const *known) {
    const gt_weights *w = s->f->m->from;
    size_t n = strlen(prefix);
    for (size_t i = 0; i < gt_weights_facts(w); i++) {
        const char *name = gt_weights_fact_at(w, i)->name;
        if (strncmp(name, prefix, n)) continue;
        size_t length = strcspn(name + n, ".[");
        const char *const *k = known;
        while (*k && (strlen(*k) != length || strncmp(*k, name + n, length))) k++;
        if (!*k) return gt_fail(GT_FORMAT, "the option '%s' of a TensorFlow network is not known", name);
    }
    return GT_OK;
}

/* "NAME.0", "NAME.1", ... */
static void tf_filter(const facts *s, const char *prefix, gt_resample_filter *out) {
    gt_resample_filter f = {0};
    while (f.taps < GT_MAX_FILTER_TAPS && fact(s, prefix, gt_text_of("resample_kernel.%d", f.taps).s)) {
        f.value[f.taps] = number(s, prefix, gt_text_of("resample_kernel.%d", f.taps).s, 0, 0);
        f.taps++;
    }
    if (f.taps && !same_filter(&f, out)) *out = f;
}

static gt_status check_version(const facts *s, const char *net) {
    float version = number(s, gt_text_of("%s.", net).s, "version", 0, 0);
    return version >= 4
               ? GT_OK
               : gt_fail(GT_FORMAT, "%s is of version %g of TensorFlow networks, too old: 4 or later is needed", net,
                         (double)version);
}

static gt_status read_tensorflow(const facts *s) {
    gt_synthesis_config *c = &s->out->g.synthesis;
    gt_mapping_config *m = &s->out->g.mapping;
    gt_discriminator_config *e = &s->out->d;
    gt_arena *a = s->f->m->arena;
    const char *net = gt_stylegan2_prefix(s->f, -1);
    net = net ? gt_arena_printf(a, "%.*s", (int)strlen(net) - 1, net) : "D";
    const char *g = gt_arena_printf(a, "%s.static_kwargs.", net), *d = "D.static_kwargs.";
    gt_status st = check_version(s, net);
    if (!st && s->out->has_g) st = check_known(s, g, known_g);
    if (!st && s->out->has_d) st = check_known(s, d, known_d);
    if (st) return st;
    c->conv_clamp = number(s, g, "conv_clamp", -1, -1);
    c->activation = text(s, g, "nonlinearity", "lrelu");
    m->activation = text(s, g, "mapping_nonlinearity", "lrelu");
    m->lr_multiplier = number(s, g, "mapping_lrmul", 0.01f, 0.01f);
    m->w_avg_beta = number(s, g, "w_avg_beta", 1, 0.995f);
    tf_filter(s, g, &c->resample_filter);
    e->conv_clamp = number(s, d, "conv_clamp", -1, -1);
    e->activation = e->mapping.activation = text(s, d, "nonlinearity", "lrelu");
    e->mapping.lr_multiplier = number(s, d, "mapping_lrmul", 0.1f, 0.1f);
    e->mbstd_group_size = (int)number(s, d, "mbstd_group_size", 0, 0);
    tf_filter(s, d, &e->resample_filter);
    if (number(s, g, "use_noise", 1, 1) == 0) c->use_noise = false;
    if (s->out->has_g && s->out->has_d && !same_filter(&c->resample_filter, &e->resample_filter))
        return gt_fail(GT_FORMAT, "G and D have other filters of resampling: Gantry's networks have one");
    return GT_OK;
}

/* ---- state dicts: what the user says, or a default ---- */

static void read_unsaid(const facts *s) {
    gt_imported *m = s->f->m;
    bool g = s->out->has_g;
    s->out->g.synthesis.conv_clamp = s->out->d.conv_clamp = 256;
    if (!gt_import_given(m, "clamp"))
        gt_import_say(m, "it does not say where activations are clamped: at 256 is taken, as in the published recipes "
                         "(--clamp=NUMBER, 0: nowhere)");
    if (g && !gt_import_given(m, "lrmul"))
        gt_import_say(m, "it does not say the multiplier of the mapping network: 0.01 is taken (--lrmul=NUMBER)");
    if (s->out->has_d)
        gt_import_say(m, "it does not say the group of the minibatch standard deviation of D: 4 is taken");
}

static void read_given(const facts *s) {
    const char *clamp = gt_import_given(s->f->m, "clamp"), *lrmul = gt_import_given(s->f->m, "lrmul");
    double value = clamp ? strtod(clamp, NULL) : 0;
    if (clamp) s->out->g.synthesis.conv_clamp = s->out->d.conv_clamp = value > 0 ? (float)value : -1;
    if (lrmul) s->out->g.mapping.lr_multiplier = strtof(lrmul, NULL);
}

gt_status gt_stylegan2_facts(gt_stylegan2_file *f, gt_stylegan2_found *out) {
    facts s = {.f = f, .out = out};
    gt_status st = f->kind == GT_WEIGHTS_TENSORFLOW ? GT_OK : read_filters(&s);
    if (!st && f->kind == GT_WEIGHTS_TENSORFLOW) st = read_tensorflow(&s);
    else if (!st && f->kind == GT_WEIGHTS_REFERENCE) st = read_reference(&s);
    else if (!st) read_unsaid(&s);
    if (st) return st;
    read_given(&s);
    const char *act = out->g.synthesis.activation;
    bool alike = !out->has_g || gt_is(act, out->g.mapping.activation);
    if (out->has_d) alike = alike && gt_is(act, out->d.activation) && gt_is(act, out->d.mapping.activation);
    if (!alike || !gt_activation_find(act))
        return gt_fail(GT_FORMAT, "layers have the activations %s and %s: Gantry's networks have one that it knows",
                       act, !gt_is(act, out->g.mapping.activation) ? out->g.mapping.activation : out->d.activation);
    if (out->has_g && out->g.mapping.w_avg_beta < 0)
        return gt_fail(GT_FORMAT, "the mapping network keeps no average of w: Gantry has no such network");
    return GT_OK;
}
