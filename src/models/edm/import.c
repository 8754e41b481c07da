/* SPDX-License-Identifier: Apache-2.0
 * Networks of EDM's own program, and of files with its names: sizes follow from names and shapes of tensors, the
 * preconditioning from the class (spec-edm 7). */
#include <stdlib.h>
#include <string.h>

#include "codec/weights.h"
#include "gantry/import.h"
#include "models/edm/edm.h"

typedef struct file {
    gt_imported *m;
    char prefix[GT_WEIGHT_PREFIX_BYTES]; /* of names: "ema.model." */
    const char *module, *class;          /* "ema" "EDMPrecond"; class NULL: the file does not say */
} file;

static const gt_weight *find(const file *f, const char *name) {
    return gt_weights_find(f->m->from, gt_text_of("%s%s", f->prefix, name).s, NULL);
}

/* Dimension i of a tensor; 0: there is no such tensor. */
static int dim(const file *f, int i, const char *name) {
    const gt_weight *w = find(f, name);
    return w && i < w->n_dims && w->dims[i] < 1 << 20 ? (int)w->dims[i] : 0;
}

static double fact(const file *f, const char *name, double otherwise) {
    const gt_fact *found = gt_weights_fact(f->m->from, gt_text_of("%s._init_kwargs.%s", f->module, name).s);
    return found && found->kind == GT_FACT_NUMBER ? found->number : otherwise;
}

static gt_status refuse(const char *what, const char *instead) {
    return gt_fail(GT_FORMAT, "a network of EDM's program %s: %s", what, instead);
}

/* A snapshot has `ema`, the state of a training `net`; other files have names of the U-Net alone, or with something
 * before. */
static bool look(file *f) {
    static const char *const modules[] = {"net", "ema"};
    for (int i = 0; i < 2; i++) {
        const gt_fact *class = gt_weights_fact(f->m->from, gt_text_of("%s.class", modules[i]).s);
        f->module = modules[i];
        if (class && class->kind == GT_FACT_TEXT) f->class = class->text;
        if (f->class) break;
    }
    return gt_weights_prefix(f->m->from, "map_layer0.weight", f->prefix) && find(f, "map_layer1.weight");
}

static gt_status read_class(const file *f, const char **precond) {
    static const struct {
        const char *class, *precond;
    } known[] = {{"EDMPrecond", "edm"}, {"VPPrecond", "vp"}, {"VEPrecond", "ve"}};
    const gt_fact *unet = gt_weights_fact(f->m->from, gt_text_of("%s.model.class", f->module).s);
    *precond = "edm";
    if (!f->class) return GT_OK;
    if (unet && unet->kind == GT_FACT_TEXT && !gt_is(unet->text, "SongUNet"))
        return refuse(gt_text_of("with the network %.60s", unet->text).s, "only SongUNet is read, not ADM or EDM2");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (gt_is(f->class, known[i].class)) {
            *precond = known[i].precond;
            return GT_OK;
        }
    return refuse(gt_text_of("of the class %.60s", f->class).s, "EDMPrecond, VPPrecond and VEPrecond are read");
}

/* The picture's height and width, of the name of the first convolution. */
static gt_status read_size(const file *f, gt_unet_shape *s) {
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
    return refuse("has no first convolution", "only SongUNet is read");
}

static gt_text at_level(const gt_unet_shape *s, int level, const char *rest) {
    return gt_text_of("enc.%dx%d_%s", s->height >> level, s->width >> level, rest);
}

static gt_status read_levels(const file *f, gt_unet_shape *s) {
    s->levels = 1;
    while (s->levels < GT_UNET_LEVELS && find(f, at_level(s, s->levels, "down.norm0.weight").s)) s->levels++;
    while (s->blocks < 64 && find(f, at_level(s, 0, gt_text_of("block%d.norm0.weight", s->blocks).s).s)) s->blocks++;
    for (int l = 0; l < s->levels; l++) {
        int width = dim(f, 0, at_level(s, l, "block0.conv1.weight").s);
        if (!width || !s->channels || width % s->channels)
            return refuse(gt_text_of("has %d channels at level %d", width, l).s, "multiples of the first are read");
        s->mult[l] = width / s->channels;
        if (find(f, at_level(s, l, "block0.qkv.weight").s)) s->attention |= 1u << l;
    }
    return GT_OK;
}

static gt_status read_shape(const file *f, gt_unet_shape *s) {
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
    int noise = dim(f, 1, "map_layer0.weight"), embedding = dim(f, 0, "map_layer0.weight"),
        taps = s->levels > 1 ? dim(f, 3, at_level(s, 1, "down.conv0.resample_filter").s) : 0;
    bool residual = find(f, at_level(s, 1, "aux_residual.weight").s) != NULL;
    if (find(f, at_level(s, 1, "aux_skip.weight").s))
        return refuse("has a skip encoder", "Gantry has those of DDPM++ and NCSN++");
    if (s->fourier != residual || noise != s->channels * (residual ? 2 : 1) || embedding != 4 * s->channels ||
        (taps && taps != (residual ? 4 : 2)))
        return refuse("is neither DDPM++ nor NCSN++ as published", "its parts are mixed in another way");
    gt_told_pipe pipe = gt_told_standard(1);
    if (s->augment && s->augment != gt_told_numbers(&pipe))
        return refuse(gt_text_of("has %d augmentation labels", s->augment).s, "the nine published ones are read");
    return GT_OK;
}

static void set_recipe(gt_imported *m, const file *f, const gt_unet_shape *s, const char *precond) {
    char mult[64] = "", heights[64] = "", number[32];
    for (int l = 0; l < s->levels; l++) {
        snprintf(mult + strlen(mult), sizeof mult - strlen(mult), "%s%d", l ? "," : "", s->mult[l]);
        if (s->attention >> l & 1)
            snprintf(heights + strlen(heights), sizeof heights - strlen(heights), "%s%d", *heights ? "," : "",
                     s->height >> l);
    }
    gt_import_set(m, "model", "edm");
    gt_import_set(m, "precond", "%s", precond);
    gt_import_set(m, "arch", "%s", s->fourier ? "ncsnpp" : "ddpmpp");
    gt_import_set(m, "model-channels", "%d", s->channels);
    gt_import_set(m, "channel-mult", "%s", mult);
    gt_import_set(m, "num-blocks", "%d", s->blocks);
    gt_import_set(m, "attn-resolutions", "%s", heights);
    if (!s->augment) gt_import_set(m, "augment", "0");
    gt_import_set(m, "unet-dropout", "%s", gt_real_text(fact(f, "dropout", 0), number));
    gt_import_set(m, "label-dropout", "%s", gt_real_text(fact(f, "label_dropout", 0), number));
    gt_import_set(m, "sigma-data", "%s", gt_real_text(fact(f, "sigma_data", 0.5), number));
    gt_import_set(m, "cond", "%d", s->labels > 0);
    if (gt_is(f->module, "net")) gt_import_set(m, "ema-kimg", "0"); /* the average is elsewhere */
    gt_import_set(m, "data-height", "%d", s->height);
    gt_import_set(m, "data-width", "%d", s->width);
    gt_import_set(m, "data-channels", "%d", s->in);
    gt_import_set(m, "label-dim", "%d", s->labels);
}

static gt_import_place place(const gt_imported *m, const char *network, const gt_tensor *t) {
    const file *f = m->own;
    (void)network;
    return (gt_import_place){.tensor = gt_arena_printf(m->arena, "%s%s", f->prefix, t->name),
                             .otherwise = t->init_values};
}

gt_status gt_edm_import(gt_imported *m) {
    static const char *const networks[] = {"F_ema", "F", NULL}; /* of the state of a training the second alone */
    file *f = gt_arena_alloc(m->arena, sizeof *f);
    gt_unet_shape shape = {0};
    const char *precond;
    if (!f) return GT_NOMEM;
    f->m = m;
    if (!look(f)) return GT_OK;
    gt_status st = read_class(f, &precond);
    if (!st) st = read_shape(f, &shape);
    if (st) return st;
    set_recipe(m, f, &shape, precond);
    m->model = "edm";
    m->networks = gt_is(f->module, "net") ? networks + 1 : networks;
    m->own = f;
    m->place = place;
    return f->class ? gt_import_keep_text(m, GT_FILE_CLASSES, gt_text_of("%s %.60s", *m->networks, f->class).s) : GT_OK;
}
