/* SPDX-License-Identifier: Apache-2.0
 * Where the tensors of StyleGAN2 lie in files of other programs. */
#include <stdlib.h>
#include <string.h>

#include "features/stylegan2/import.h"

static bool has(const gt_stylegan2_file *f, const char *name) {
    return gt_weights_find(f->m->from, name, NULL) != NULL;
}

const char *gt_stylegan2_prefix(const gt_stylegan2_file *f, int network) {
    if (network >= 0) return f->prefix[network];
    return f->prefix[0] ? f->prefix[0] : f->prefix[1];
}

bool gt_stylegan2_uses_filter(const char *name, bool is_d, gt_arch architecture) {
    static const char part[] = "synthesis.";
    if (!is_d && strncmp(name, part, sizeof part - 1)) return false;
    if (!is_d) name += sizeof part - 1;
    const char *layer = strchr(name, '.');
    if (!layer) return false;
    bool of_block = !strcmp(layer, ".resample_filter"), last = !strncmp(name, "b4.", 3);
    if (of_block) return architecture == GT_ARCH_SKIP && !last;
    return !strncmp(layer, is_d ? ".conv1." : ".conv0.", 7) || !strncmp(layer, ".skip.", 6);
}

/* ---- TensorFlow: names of layers and kinds of tensors ---- */

typedef struct tf_layer {
    const char *ours, *theirs;
    bool flip; /* the kernel is turned: a transposed convolution there */
} tf_layer;

static const tf_layer of_synthesis[] = {
    {"conv0", "Conv0_up", true}, {"conv1", "Conv1", false}, {"torgb", "ToRGB", false}, {"skip", "Skip", true}, {0}};
static const tf_layer of_d[] = {{"fromrgb", "FromRGB", false},
                                {"conv0", "Conv0", false},
                                {"conv1", "Conv1_down", false},
                                {"skip", "Skip", false},
                                {0}};
static const tf_layer of_epilogue[] = {
    {"fromrgb", "FromRGB", false}, {"conv", "Conv", false}, {"fc", "Dense0", false}, {0}};

static const struct {
    const char *ours, *theirs;
    gt_import_order order;
    float add;
} tf_tensors[] = {{".weight", "/weight", GT_IMPORT_HWIO, 0},
                  {".bias", "/bias", GT_IMPORT_AS_IS, 0},
                  {".affine.weight", "/mod_weight", GT_IMPORT_TRANSPOSED, 0},
                  {".affine.bias", "/mod_bias", GT_IMPORT_AS_IS, 1},
                  {".noise_strength", "/noise_strength", GT_IMPORT_AS_IS, 0}};

static int log2_of(int size) {
    int n = 0;
    while (size >>= 1) n++;
    return n;
}

/* The layer `theirs` of a block; older networks have RGB layers outside the blocks, numbered from the last. */
static const char *tf_block(const gt_stylegan2_file *f, const char *prefix, int size, const char *theirs) {
    gt_arena *a = f->m->arena;
    const char *inside = gt_arena_printf(a, "%s%dx%d/%s", prefix, size, size, theirs);
    int lod = f->levels + 1 - log2_of(size); /* 0: the last */
    const char *outside = gt_arena_printf(a, "%s%s_lod%d", prefix, theirs, lod);
    if (!inside || !outside) return "";
    bool there = lod == 0 && !has(f, gt_text_of("%s/weight", inside).s) && has(f, gt_text_of("%s/weight", outside).s);
    return there ? outside : inside;
}

static gt_import_place tf_tensor(const gt_stylegan2_file *f, const char *layer, const char *rest, bool dense,
                                 bool flip) {
    for (size_t i = 0; i < sizeof tf_tensors / sizeof *tf_tensors; i++) {
        if (strcmp(rest, tf_tensors[i].ours)) continue;
        gt_import_order order = tf_tensors[i].order;
        bool kernel = order == GT_IMPORT_HWIO;
        return (gt_import_place){.tensor = gt_arena_printf(f->m->arena, "%s%s", layer, tf_tensors[i].theirs),
                                 .order = kernel && dense ? GT_IMPORT_TRANSPOSED : order,
                                 .flip = kernel && flip,
                                 .add = tf_tensors[i].add};
    }
    return (gt_import_place){.tensor = gt_arena_printf(f->m->arena, "%s%s", layer, rest)};
}

/* "b8.conv0.weight" of the synthesis network or of D. */
static gt_import_place tf_of_block(const gt_stylegan2_file *f, const char *prefix, bool is_d, const char *name) {
    char *rest;
    gt_arena *a = f->m->arena;
    int size = (int)strtol(name + 1, &rest, 10);
    if (*rest == '.') rest++;
    if (!strcmp(rest, "const")) return (gt_import_place){.tensor = gt_arena_printf(a, "%s4x4/Const/const", prefix)};
    if (is_d && !strncmp(rest, "out.", 4))
        return tf_tensor(f, gt_arena_printf(a, "%sOutput", prefix), rest + 3, true, false);
    if (!strcmp(strrchr(name, '.'), ".noise_const")) {
        int number = size == 4 ? 0 : 2 * log2_of(size) - (strncmp(rest, "conv0", 5) ? 4 : 5);
        return (gt_import_place){.tensor = gt_arena_printf(a, "%snoise%d", prefix, number)};
    }
    const tf_layer *l = !is_d ? of_synthesis : size == 4 ? of_epilogue : of_d;
    while (l->ours && (strncmp(rest, l->ours, strlen(l->ours)) || rest[strlen(l->ours)] != '.')) l++;
    if (!l->ours) return (gt_import_place){.tensor = gt_arena_printf(a, "%s%s", prefix, name)};
    const char *theirs = !is_d && size == 4 && !strcmp(l->ours, "conv1") ? "Conv" : l->theirs;
    return tf_tensor(f, tf_block(f, prefix, size, theirs), rest + strlen(l->ours), !strcmp(l->ours, "fc"), l->flip);
}

/* "embed.weight", "fc0.bias" */
static gt_import_place tf_of_mapping(const gt_stylegan2_file *f, const char *prefix, const char *fc, const char *name) {
    const char *rest = strchr(name, '.'), *theirs = "LabelEmbed";
    gt_arena *a = f->m->arena;
    if (!rest) rest = name + strlen(name);
    if (!strncmp(name, "fc", 2)) theirs = gt_arena_printf(a, "%s%.*s", fc, (int)(rest - name - 2), name + 2);
    return tf_tensor(f, gt_arena_printf(a, "%s%s", prefix, theirs), rest, true, false);
}

static gt_import_place tf_place(const gt_stylegan2_file *f, const char *prefix, bool is_d, const char *name) {
    gt_arena *a = f->m->arena;
    if (is_d && !strncmp(name, "mapping.", 8)) return tf_of_mapping(f, prefix, "Mapping", name + 8);
    if (is_d) return tf_of_block(f, prefix, true, name);
    if (!strcmp(name, "mapping.w_avg")) return (gt_import_place){.tensor = gt_arena_printf(a, "%sdlatent_avg", prefix)};
    bool mapping = !strncmp(name, "mapping.", 8);
    const char *part = gt_arena_printf(a, "%s%s", prefix, f->parts[!mapping]);
    return mapping ? tf_of_mapping(f, part, "Dense", name + 8) : tf_of_block(f, part, false, strchr(name, '.') + 1);
}

gt_import_place gt_stylegan2_place(const gt_stylegan2_file *f, const char *prefix, bool is_d, const char *name) {
    if (f->kind == GT_WEIGHTS_TENSORFLOW) return tf_place(f, prefix, is_d, name);
    return (gt_import_place){.tensor = gt_arena_printf(f->m->arena, "%s%s", prefix, name)};
}

static void find_parts(gt_stylegan2_file *f) {
    const char *prefix = has(f, "Gs/dlatent_avg") ? "Gs/" : "G/";
    static const char *const names[2] = {"mapping", "synthesis"}, *const inside[2] = {"Dense0/weight",
                                                                                      "4x4/Conv/weight"};
    for (int i = 0; i < 2; i++) {
        bool plain = has(f, gt_text_of("%s%s/%s", prefix, names[i], inside[i]).s);
        f->parts[i] = gt_arena_printf(f->m->arena, "%s%s/", plain ? "" : "G_", names[i]);
    }
}

/* ---- generators of other kinds ---- */

/* Its layers are "synthesis.L3_52_1024", behind "synthesis.input"; all kernels of configuration R are of 1x1. NULL:
 * there are no such layers. */
static const char *name_stylegan3(const gt_stylegan2_file *f) {
    const gt_weights *w = f->m->from;
    bool any = false;
    int64_t largest = 0; /* of kernels */
    for (size_t i = 0; i < gt_weights_facts(w); i++)
        any |= strstr(gt_weights_fact_at(w, i)->name, ".synthesis.input.") != NULL;
    for (size_t i = 0; i < gt_weights_count(w); i++) {
        const gt_weight *t = gt_weights_at(w, i);
        bool kernel = strstr(t->name, "synthesis.L") && gt_ends_with(t->name, ".weight") && t->n_dims == 4;
        any |= strstr(t->name, "synthesis.input.") != NULL;
        if (kernel && t->dims[3] > largest) largest = t->dims[3];
    }
    if (!any) return NULL;
    return largest > 1 ? "StyleGAN3 (T)" : largest ? "StyleGAN3 (R)" : "StyleGAN3";
}

gt_status gt_stylegan2_refuse_others(const gt_stylegan2_file *f) {
    const char *stylegan3 = name_stylegan3(f);
    if (stylegan3)
        return gt_fail(GT_FORMAT, "a network of %s, which Gantry does not have: Gantry has StyleGAN2", stylegan3);
    const gt_fact *class = gt_weights_fact(f->m->from, "G_ema.class");
    if (!class || class->kind != GT_FACT_TEXT || has(f, "G_ema.synthesis.b4.const")) return GT_OK;
    return gt_fail(GT_FORMAT,
                   "G_ema, a '%.40s', has no tensor 'synthesis.b4.const': it is not a generator of StyleGAN2",
                   class->text);
}

/* ---- all ---- */

static bool has_tensor(const gt_stylegan2_file *f, const char *prefix, bool is_d, const char *name) {
    const char *tensor = gt_stylegan2_place(f, prefix, is_d, name).tensor;
    return tensor && has(f, tensor);
}

bool gt_stylegan2_look(gt_stylegan2_file *f) {
    static const char *const ours[] = {"G_ema", "G", "D"};
    static const char *const prefixes[2][4] = {{"G_ema.", "G.", "D.", ""}, {"Gs/", "G/", "D/", NULL}};
    bool tf = f->kind == GT_WEIGHTS_TENSORFLOW, any = false;
    int n = 0;
    if (tf) find_parts(f);
    for (int i = 0; i < GT_STYLEGAN2_FILE_NETS; i++) {
        bool is_d = i == 2;
        const char *mark = is_d ? "b4.out.weight" : "synthesis.b4.const";
        if (has_tensor(f, prefixes[tf][i], is_d, mark)) f->prefix[i] = prefixes[tf][i];
        any |= f->prefix[i] != NULL;
    }
    if (!any && !tf) { /* bare names: of one network */
        if (has_tensor(f, "", false, "synthesis.b4.const")) f->prefix[0] = "";
        else if (has_tensor(f, "", true, "b4.out.weight")) f->prefix[2] = "";
    }
    /* the average and the network are each other where the file has one of them */
    if (!f->prefix[1]) f->prefix[1] = f->prefix[0];
    if (!f->prefix[0]) f->prefix[0] = f->prefix[1];
    for (int i = 0; i < GT_STYLEGAN2_FILE_NETS; i++)
        if (f->prefix[i]) f->networks[n++] = ours[i];
    return n > 0;
}
