/* SPDX-License-Identifier: Apache-2.0
 * From a file of another program to a recipe: see import.h. */
#include "features/stylegan2/import.h"
#include "networks/model/door/family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int number_of(const char *network) { return gt_is(network, "G_ema") ? 0 : gt_is(network, "G") ? 1 : 2; }

static gt_import_place place(const gt_imported *m, const char *network, const gt_tensor *t) {
    const gt_stylegan2_file *f = m->own;
    int i = number_of(network);
    gt_import_place p = gt_stylegan2_place(f, f->prefix[i], i == 2, t->name);
    p.otherwise = t->init_values; /* a filter is known without the file */
    p.unread = p.otherwise && !gt_stylegan2_uses_filter(t->name, i == 2, f->architecture[i == 2]);
    if (gt_is(t->name, "mapping.w_avg")) p.needed_for = "truncation";
    return p;
}

static const char *prefix_of(const gt_imported *m, const char *network) {
    const gt_stylegan2_file *f = m->own;
    return f->prefix[number_of(network)];
}

/* A D that is left out; the augmentation; of TensorFlow noise that a network without noise does not add. */
static bool without_effect(const gt_imported *m, const char *tensor) {
    const gt_stylegan2_file *f = m->own;
    const char *d = f->prefix[2], *last = strrchr(tensor, '/');
    bool has_d = false;
    for (const char *const *n = m->networks; *n; n++) has_d |= gt_is(*n, "D");
    if (d && *d && !has_d && !strncmp(tensor, d, strlen(d))) return true;
    if (f->kind == GT_WEIGHTS_TENSORFLOW && f->silent && last) return !strncmp(last, "/noise", 6);
    return !strncmp(tensor, "augment_pipe.", 13);
}

/* ---- the recipe: what is as published is left out ---- */

static void set_real(gt_imported *m, const char *key, double value, double published) {
    char number[32];
    if (value != published) gt_import_set(m, key, "%s", gt_real_text(value, number));
}

static void set_int(gt_imported *m, const char *key, int value, int published) {
    if (value != published) gt_import_set(m, key, "%d", value);
}

static void set_filter(gt_imported *m, const char *key, const gt_resample_filter *f, const gt_resample_filter *usual) {
    if (memcmp(f, usual, sizeof *usual)) gt_import_set_filter(m, key, f);
}

static double short_of(float x) { /* 0.01f as 0.01 */
    char text[32];
    snprintf(text, sizeof text, "%.7g", (double)x);
    return strtod(text, NULL);
}

static void set_activation(gt_imported *m, const char *key, const char *name, const char *usual) {
    if (!gt_is(name, usual)) gt_import_set(m, key, "%s", name);
}

static void set_g(gt_imported *m, const gt_stylegan2_found *o) {
    const gt_mapping_config *p = &o->g.mapping;
    const gt_synthesis_config *s = &o->g.synthesis;
    gt_import_set(m, "z-dim", "%d", p->z_dim);
    gt_import_set(m, "w-dim", "%d", s->w_dim);
    gt_import_set(m, "map-layers", "%d", p->num_layers);
    gt_import_set(m, "g-arch", "%s", gt_arch_names[s->architecture]);
    set_real(m, "lrmul", short_of(p->lr_multiplier), 0.01);
    set_real(m, "w-avg-beta", short_of(p->w_avg_beta), 0.995);
    set_int(m, "embed", p->embed_features, 0);
    set_int(m, "map-width", p->layer_features, 0);
    set_int(m, "no-noise", !s->use_noise, 0);
    set_activation(m, "map-nonlinearity", p->activation, s->activation);
}

/* A batch of whole groups, for no file says which one the networks were trained with; 0, the usual one: a batch is one
 * group. */
static int batch_for(int group) {
    enum { LEAST = 32 };
    return group > LEAST ? group : group > 0 ? (LEAST + group - 1) / group * group : 0;
}

static void set_d(gt_imported *m, const gt_stylegan2_found *o) {
    const gt_discriminator_config *d = &o->d;
    enum { WHOLE = 1 << 20 /* a batch is one group */ };
    gt_import_set(m, "d-arch", "%s", gt_arch_names[d->architecture]);
    gt_import_set(m, "mbstd", "%d", d->mbstd_group_size > 0 ? d->mbstd_group_size : WHOLE);
    m->batch = batch_for(d->mbstd_group_size);
    set_activation(m, "d-nonlinearity", d->activation, o->g.synthesis.activation);
    set_activation(m, "d-last-nonlinearity", d->last_activation, d->activation);
    if (d->c_dim) set_activation(m, "d-map-nonlinearity", d->mapping.activation, d->activation);
    set_filter(m, "d-filter", &d->resample_filter, &o->g.synthesis.resample_filter);
    if (o->has_g) {
        set_int(m, "d-cbase", d->channel_base, o->g.synthesis.channel_base);
        set_int(m, "d-cmax", d->channel_max, o->g.synthesis.channel_max);
        set_real(m, "d-clamp", short_of(d->conv_clamp), short_of(o->g.synthesis.conv_clamp));
    }
    if (d->mbstd_channels != 1) gt_import_set(m, "mbstd-features", "%d", d->mbstd_channels ? d->mbstd_channels : -1);
    if (!d->c_dim) return;
    set_real(m, "d-lrmul", short_of(d->mapping.lr_multiplier), 0.01);
    if (d->mapping.num_layers != 8)
        gt_import_set(m, "d-map-layers", "%d", d->mapping.num_layers ? d->mapping.num_layers : -1);
    gt_levels l;
    bool usual = !gt_levels_make(&l, d->height, d->width, d->channel_base, d->channel_max, d->architecture) &&
                 gt_level_channels(&l, 0) == d->cmap_dim;
    if (!usual) gt_import_set(m, "cmap-dim", "%d", d->cmap_dim);
}

static void set_recipe(gt_imported *m, const gt_stylegan2_found *o) {
    const gt_synthesis_config *s = &o->g.synthesis;
    const gt_discriminator_config *d = &o->d;
    bool g = o->has_g;
    float clamp = g ? s->conv_clamp : d->conv_clamp;
    int labels = g ? o->g.mapping.c_dim : d->c_dim;
    gt_import_set(m, "model", "stylegan2");
    gt_import_set(m, "cfg", "auto");
    gt_import_set(m, "cond", "%d", labels > 0);
    gt_import_set(m, "cbase", "%d", g ? s->channel_base : d->channel_base);
    gt_import_set(m, "cmax", "%d", g ? s->channel_max : d->channel_max);
    if (g) set_g(m, o);
    if (o->has_d) set_d(m, o);
    if (clamp < 0) gt_import_set(m, "fp32", "1");
    else set_real(m, "clamp", short_of(clamp), 256);
    const gt_resample_filter usual = gt_resample_filter_default();
    set_activation(m, "nonlinearity", s->activation, "lrelu");
    set_filter(m, "filter", &s->resample_filter, &usual);
    gt_import_set(m, "data-height", "%d", g ? s->height : d->height);
    gt_import_set(m, "data-width", "%d", g ? s->width : d->width);
    gt_import_set(m, "data-channels", "%d", g ? s->channels : d->channels);
    gt_import_set(m, "label-dim", "%d", labels);
}

static gt_status read_p(gt_imported *m) {
    size_t i;
    const gt_weight *w = gt_weights_find(m->from, "augment_pipe.p", &i);
    float p;
    if (!w || w->size != 1 || gt_weights_read(m->from, i, &p) || !(p >= 0)) return GT_OK;
    return gt_import_keep(m, "/state/ada_p", GT_NUMBER_DOUBLE, 1, &(double){(double)p});
}

/* "G_ema Generator, D Discriminator" */
static gt_status keep_classes(gt_imported *m) {
    char text[256] = "";
    for (const char *const *n = m->networks; *n; n++) {
        const gt_fact *f = gt_weights_fact(m->from, gt_text_of("%s.class", *n).s);
        if (f && f->kind == GT_FACT_TEXT)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %.60s", *text ? ", " : "", *n, f->text);
    }
    return *text ? gt_import_keep_text(m, GT_FILE_CLASSES, text) : GT_OK;
}

static gt_status find_network(gt_stylegan2_file *f, bool is_d, gt_stylegan2_found *out) {
    gt_status st = gt_stylegan2_sizes(f, is_d, out);
    return st ? st : gt_stylegan2_facts(f, is_d, out);
}

/* 0 would stand for the usual value. */
static gt_status check_range(const char *key, double value) {
    const gt_options rows = {.rows = gt_family_stylegan2.options, .n = gt_family_stylegan2.n_options};
    const gt_option *row = gt_options_find(&rows, key);
    if (value != 0 && value >= row->min && value <= row->max) return GT_OK;
    return gt_fail(GT_FORMAT, "D has %s = %g: Gantry computes with %g to %g", key, value, row->min, row->max);
}

/* What set_d writes must be read again. */
static gt_status check_ranges(const gt_discriminator_config *d) {
    gt_status st = check_range("d-cbase", d->channel_base);
    if (!st) st = check_range("d-cmax", d->channel_max);
    if (!st) st = check_range("d-clamp", (double)d->conv_clamp);
    if (!st && d->mbstd_channels) st = check_range("mbstd-features", d->mbstd_channels);
    if (st || !d->c_dim) return st;
    st = check_range("d-lrmul", short_of(d->mapping.lr_multiplier));
    if (!st && d->mapping.num_layers) st = check_range("d-map-layers", d->mapping.num_layers);
    return st ? st : check_range("cmap-dim", d->cmap_dim);
}

/* Beside a G, a D that cannot be used is a fault of the file that not all commands mind. */
static gt_status find_d(gt_stylegan2_file *f, gt_stylegan2_found *out) {
    gt_status st = find_network(f, true, out);
    if (!st) st = check_ranges(&out->d);
    if (st != GT_FORMAT || !out->has_g) return st;
    out->has_d = false;
    for (const char **n = f->networks; *n; n++)
        if (gt_is(*n, "D")) *n = NULL; /* the last */
    return gt_import_fault(f->m, "D");
}

/* Of all networks before each is read: an unknown text concerns not D alone. */
static gt_status check_sources(const gt_stylegan2_file *f) {
    /* stylegan2-ada-pytorch, twice the later program's networks_stylegan2, and what gantry export wrote (1.0) and
     * writes */
    static const char *const known[] = {"df49fc78a0364015a09b592bb43546af83a6cdaad753d89a2a1a69bd6e171c24",
                                        "b6f14e8fa2a95de4d38218fef31380c6a70de770f585107e209ff83075c307ef",
                                        "137a76d163766bad469acb7a0835a6598419fb17585e5e0a72e3f0008668811c",
                                        "835e0756d8c1e6eeca8f0cd8555b421a59f1838070da7b2b469b035160601174",
                                        "87c8a6b9c84c977aadc17b61667964110243cca33598da336326b5d9a3221312",
                                        NULL};
    const char *prefixes[GT_STYLEGAN2_FILE_NETS + 1] = {0};
    for (int i = 0, n = 0; i < GT_STYLEGAN2_FILE_NETS; i++)
        if (f->prefix[i]) prefixes[n++] = f->prefix[i];
    return gt_import_check_source(f->m, prefixes, known);
}

gt_status gt_stylegan2_import(gt_imported *m) {
    gt_stylegan2_file *f = gt_arena_alloc(m->arena, sizeof *f);
    if (!f) return GT_NOMEM;
    *f = (gt_stylegan2_file){.m = m, .kind = gt_weights_kind_of(m->from)};
    gt_status st = gt_stylegan2_refuse_others(f);
    if (st || !gt_stylegan2_look(f) || (st = check_sources(f))) return st;
    gt_stylegan2_found found = {.has_g = gt_stylegan2_prefix(f, -1) != NULL,
                                .has_d = f->prefix[2] != NULL,
                                .g = {gt_mapping_defaults(), gt_synthesis_defaults()},
                                .d = gt_discriminator_defaults()};
    if (found.has_g) st = find_network(f, false, &found);
    if (!st && found.has_d) st = find_d(f, &found);
    if (st) return st;
    f->silent = found.has_g && !found.g.synthesis.use_noise;
    f->architecture[0] = found.g.synthesis.architecture;
    f->architecture[1] = found.d.architecture;
    set_recipe(m, &found);
    m->model = "stylegan2";
    m->networks = f->networks;
    m->own = f;
    m->place = place;
    m->prefix = prefix_of;
    m->without_effect = without_effect;
    gt_status kept = keep_classes(m);
    return kept ? kept : read_p(m);
}
