/* SPDX-License-Identifier: Apache-2.0
 * From a file of EDM's program to a recipe: see import.h. */
#include <stdlib.h>
#include <string.h>

#include "features/edm/import.h"

static const gt_weight *find(const gt_edm_file *f, const char *name) {
    return gt_weights_find(f->m->from, gt_text_of("%s%s", f->prefix, name).s, NULL);
}

/* Dimension i of a tensor; 0: there is no such tensor. */
static int dim(const gt_edm_file *f, int i, const char *name) {
    const gt_weight *w = find(f, name);
    return w && i < w->n_dims && w->dims[i] < 1 << 20 ? (int)w->dims[i] : 0;
}

/* A snapshot has `ema`, the state of a training `net`; other files have names of the U-Net alone, or with something
 * before. */
static bool look(gt_edm_file *f) {
    static const char *const modules[] = {"net", "ema"};
    for (int i = 0; i < 2; i++) {
        const gt_fact *class = gt_weights_fact(f->m->from, gt_text_of("%s.class", modules[i]).s);
        f->module = modules[i];
        if (class && class->kind == GT_FACT_TEXT) f->class = class->text;
        if (f->class) break;
    }
    return gt_weights_prefix(f->m->from, "map_layer0.weight", f->prefix) && find(f, "map_layer1.weight");
}

static gt_status read_class(const gt_edm_file *f, gt_precond *precond) {
    static const struct {
        const char *class;
        gt_precond precond;
    } known[] = {{"EDMPrecond", GT_PRECOND_EDM}, {"VPPrecond", GT_PRECOND_VP}, {"VEPrecond", GT_PRECOND_VE}};
    const gt_fact *unet = gt_weights_fact(f->m->from, gt_text_of("%s.model.class", f->module).s);
    if (!f->class) return GT_OK;
    if (unet && unet->kind == GT_FACT_TEXT && !gt_is(unet->text, "SongUNet"))
        return gt_edm_refuse(gt_text_of("with the network %.60s", unet->text).s,
                             "Gantry reads only SongUNet, not ADM or EDM2");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (gt_is(f->class, known[i].class)) {
            *precond = known[i].precond;
            return GT_OK;
        }
    return gt_edm_refuse(gt_text_of("of the class %.60s", f->class).s,
                         "Gantry reads only EDMPrecond, VPPrecond and VEPrecond");
}

/* The picture's height and width, of the name of the first convolution. */
static gt_status read_size(const gt_edm_file *f, gt_unet_shape *s) {
    size_t n = strlen(f->prefix);
    for (size_t i = 0; i < gt_weights_count(f->m->from); i++) {
        const char *name = gt_weights_at(f->m->from, i)->name;
        int h = 0, w = 0, end = 0;
        if (strncmp(name, f->prefix, n) || sscanf(name + n, "enc.%5dx%5d_conv.weight%n", &h, &w, &end) != 2) continue;
        if (!end || name[n + (size_t)end] || h < 1 || w < 1) continue;
        s->height = h;
        s->width = w;
        return GT_OK;
    }
    return gt_edm_refuse("has no first convolution", "only SongUNet is read");
}

static gt_text at_level(const gt_unet_shape *s, int level, const char *rest) {
    return gt_text_of("enc.%dx%d_%s", s->height >> level, s->width >> level, rest);
}

static gt_status read_levels(const gt_edm_file *f, gt_unet_shape *s) {
    s->levels = 1;
    while (s->levels < GT_UNET_LEVELS && find(f, at_level(s, s->levels, "down.norm0.weight").s)) s->levels++;
    while (s->blocks < 64 && find(f, at_level(s, 0, gt_text_of("block%d.norm0.weight", s->blocks).s).s)) s->blocks++;
    for (int l = 0; l < s->levels; l++) {
        int width = dim(f, 0, at_level(s, l, "block0.conv1.weight").s);
        if (!width || !s->channels || width % s->channels)
            return gt_edm_refuse(gt_text_of("has %d channels at level %d", width, l).s,
                                 "multiples of the first are read");
        s->mult[l] = width / s->channels;
        if (find(f, at_level(s, l, "block0.qkv.weight").s)) s->attention |= 1u << l;
    }
    return GT_OK;
}

/* The picture beside the blocks is there at the level below the first, or nowhere. */
static void read_paths(const gt_edm_file *f, gt_unet_shape *s) {
    gt_text decoder = gt_text_of("dec.%dx%d_aux_conv.weight", s->height >> 1, s->width >> 1);
    if (s->levels == 1) return;
    if (find(f, at_level(s, 1, "aux_residual.weight").s)) s->encoder = GT_UNET_RESIDUAL;
    if (find(f, at_level(s, 1, "aux_skip.weight").s)) s->encoder = GT_UNET_SKIP;
    if (find(f, decoder.s)) s->decoder = GT_UNET_SKIP;
}

static bool every(const void *arg, const char *name) { return !arg && name; }

/* "channel_mult_noise", "channel_mult_emb": widths of the embeddings. */
static gt_status read_multiple(const char *name, int width, int channels, int *out) {
    *out = width / channels;
    if (width > 0 && width % channels == 0) return GT_OK;
    return gt_edm_refuse(gt_text_of("has %d values for %s", width, name).s, "multiples of the first channels are read");
}

static gt_status read_shape(const gt_edm_file *f, gt_unet_shape *s) {
    gt_status st = read_size(f, s);
    if (st) return st;
    gt_text first = at_level(s, 0, "conv.weight");
    s->channels = dim(f, 0, first.s);
    s->in = dim(f, 1, first.s);
    s->labels = dim(f, 1, "map_label.weight");
    s->augment = dim(f, 1, "map_augment.weight");
    s->fourier = find(f, "map_noise.freqs") != NULL;
    st = read_levels(f, s);
    if (st) return st;
    read_paths(f, s);
    st = read_multiple("channel_mult_noise", dim(f, 1, "map_layer0.weight"), s->channels, &s->noise_mult);
    if (!st) st = read_multiple("channel_mult_emb", dim(f, 0, "map_layer0.weight"), s->channels, &s->embedding_mult);
    if (st || (st = gt_import_filter(f->m, f->prefix, every, NULL, &s->filter))) return st;
    gt_told_pipe pipe = gt_told_standard(1);
    if (s->augment && s->augment != gt_told_numbers(&pipe))
        return gt_edm_refuse(gt_text_of("has %d augmentation labels", s->augment).s,
                             "the nine published ones are read");
    return GT_OK;
}

/* ---- the recipe ---- */

static void set_unet(gt_imported *m, const gt_unet_shape *s) {
    char mult[64] = "", heights[64] = "";
    const gt_resample_filter usual[] = {{2, {1, 1}}, {4, {1, 3, 3, 1}}};
    for (int l = 0; l < s->levels; l++) {
        snprintf(mult + strlen(mult), sizeof mult - strlen(mult), "%s%d", l ? "," : "", s->mult[l]);
        if (s->attention >> l & 1)
            snprintf(heights + strlen(heights), sizeof heights - strlen(heights), "%s%d", *heights ? "," : "",
                     s->height >> l);
    }
    bool ncsnpp = s->fourier || s->encoder == GT_UNET_RESIDUAL;
    gt_unet_path encoder = ncsnpp ? GT_UNET_RESIDUAL : GT_UNET_STANDARD;
    gt_import_set(m, "arch", "%s", ncsnpp ? "ncsnpp" : "ddpmpp");
    gt_import_set(m, "model-channels", "%d", s->channels);
    gt_import_set(m, "channel-mult", "%s", mult);
    gt_import_set(m, "num-blocks", "%d", s->blocks);
    gt_import_set(m, "attn-resolutions", "%s", heights);
    if (!s->augment) gt_import_set(m, "augment", "0");
    if (s->encoder != encoder && s->levels > 1) gt_import_set(m, "unet-encoder", "%s", gt_unet_path_names[s->encoder]);
    if (s->decoder) gt_import_set(m, "unet-decoder", "%s", gt_unet_path_names[s->decoder]);
    if (s->fourier != ncsnpp) gt_import_set(m, "unet-embedding", "positional");
    if (s->noise_mult != (ncsnpp ? 2 : 1)) gt_import_set(m, "unet-noise-mult", "%d", s->noise_mult);
    if (s->embedding_mult != 4) gt_import_set(m, "unet-embedding-mult", "%d", s->embedding_mult);
    if (s->filter.taps && !gt_same_filter(&s->filter, &usual[ncsnpp]))
        gt_import_set_filter(m, "unet-filter", &s->filter);
}

static void set_precond(gt_imported *m, const gt_denoiser *d) {
    const gt_vp_values *v = &d->vp, *p = &gt_vp_published;
    const char *name = gt_precond_names[d->precond];
    char text[4][32];
    gt_import_set(m, "precond", "%s", name);
    gt_import_set(m, "sigma-data", "%s", gt_real_text(d->sigma_data, text[0]));
    if (d->sigma_max > 0)
        gt_import_set(m, "net-levels", "%s:%s:%s", name, gt_real_text(d->sigma_min, text[0]),
                      gt_real_text(d->sigma_max, text[1]));
    if (d->precond == GT_PRECOND_VP && (v->beta_d != p->beta_d || v->beta_min != p->beta_min ||
                                        v->first_time != p->first_time || v->times != p->times))
        gt_import_set(m, "vp-values", "%s:%s:%s:%s", gt_real_text(v->beta_d, text[0]),
                      gt_real_text(v->beta_min, text[1]), gt_real_text(v->first_time, text[2]),
                      gt_real_text(v->times, text[3]));
}

static gt_status set_recipe(gt_imported *m, const gt_edm_file *f, const gt_denoiser *d) {
    const gt_unet_shape *s = &d->unet;
    double dropout = 0, label_dropout = 0;
    char number[32];
    gt_status st = gt_edm_number(f, "dropout", &dropout); /* as an argument alone; attributes are the blocks' */
    if (!st) st = gt_edm_number(f, gt_text_of("model.%s", at_level(s, 0, "block0.dropout").s).s, &dropout);
    if (!st) st = gt_edm_number(f, "label_dropout", &label_dropout);
    if (!st) st = gt_edm_number(f, "model.label_dropout", &label_dropout);
    gt_import_set(m, "model", "edm");
    set_unet(m, s);
    set_precond(m, d);
    gt_import_set(m, "unet-dropout", "%s", gt_real_text(dropout, number));
    gt_import_set(m, "label-dropout", "%s", gt_real_text(label_dropout, number));
    gt_import_set(m, "cond", "%d", s->labels > 0);
    if (gt_is(f->module, "net")) gt_import_set(m, "ema-kimg", "0"); /* the average is elsewhere */
    gt_import_set(m, "data-height", "%d", s->height);
    gt_import_set(m, "data-width", "%d", s->width);
    gt_import_set(m, "data-channels", "%d", s->in);
    gt_import_set(m, "label-dim", "%d", s->labels);
    return st;
}

static gt_import_place place(const gt_imported *m, const char *network, const gt_tensor *t) {
    const gt_edm_file *f = m->own;
    (void)network;
    return (gt_import_place){.tensor = gt_arena_printf(m->arena, "%s%s", f->prefix, t->name),
                             .otherwise = t->init_values};
}

/* Of the whole module, where there is one. */
static const char *prefix_of(const gt_imported *m, const char *network) {
    const gt_edm_file *f = m->own;
    (void)network;
    return f->class ? gt_arena_printf(m->arena, "%s.", f->module) : f->prefix;
}

static bool without_effect(const gt_imported *m, const char *tensor) {
    static const char *const beside[] = {"augment_pipe.", "loss_fn.", "dataset_kwargs.", "optimizer_state."};
    const gt_edm_file *f = m->own;
    for (size_t i = 0; f->class && i < sizeof beside / sizeof *beside; i++)
        if (!strncmp(tensor, beside[i], strlen(beside[i]))) return true;
    return false;
}

/* Of EDM's program as it was published, and what gantry export wrote (1.0) and writes. */
static const char *const sources[] = {"5db27dcd96674b95c72d5e6491b879cdc35e24039ada3411b4b46a28ed1fe284",
                                      "2294828d5f59f5fd008f7141e6b8af2095918f2ce019f280a933e4779b5c3cef",
                                      "18cd76296e89fb6f5d58dc802ef00bdfbe72618293bcf713fb8658585d03fecd",
                                      "4c1897b705fb7d70ba5155aa7a4d2e9645fcd69bc01aa7b406c7d894ca69e61e", NULL};

gt_status gt_edm_import(gt_imported *m) {
    static const char *const networks[] = {"F_ema", "F", NULL}; /* of the state of a training the second alone */
    gt_edm_file *f = gt_arena_alloc(m->arena, sizeof *f);
    gt_denoiser d = {.precond = GT_PRECOND_EDM};
    if (!f) return GT_NOMEM;
    f->m = m;
    if (!look(f)) return GT_OK;
    const char *const modules[] = {gt_arena_printf(m->arena, "%s.", f->module), NULL};
    gt_status st = f->class ? gt_import_check_source(m, modules, sources) : GT_OK;
    if (!st) st = read_class(f, &d.precond);
    if (!st) st = read_shape(f, &d.unet);
    if (!st) st = gt_edm_precond(f, &d);
    if (!st) st = f->class ? gt_edm_check_values(f, &d.unet) : gt_import_check_values(m, f->prefix, gt_import_metadata);
    if (!st) st = set_recipe(m, f, &d);
    if (st) return st;
    if (!f->class) gt_import_say(m, "it does not give its preconditioning: EDM's with sigma_data 0.5 is used");
    m->model = "edm";
    m->networks = gt_is(f->module, "net") ? networks + 1 : networks;
    m->own = f;
    m->place = place;
    m->prefix = prefix_of;
    m->without_effect = without_effect;
    return f->class ? gt_import_keep_text(m, GT_FILE_CLASSES, gt_text_of("%s %.60s", *m->networks, f->class).s) : GT_OK;
}
