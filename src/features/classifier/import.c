/* SPDX-License-Identifier: Apache-2.0
 * Classifiers of torchvision in files of other programs: state dicts with torchvision's names, which are those of the
 * networks here. Depth, width, classes and stem follow from names and shapes; no file has the size of images, or what
 * is subtracted from their pixels. */
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/weights.h"
#include "networks/model/door/import.h"
#include "features/classifier/classifier.h"

typedef struct state {
    gt_imported *m;
    char prefix[GT_WEIGHT_PREFIX_BYTES]; /* of names: "module." of networks that were trained on several devices */
} state;

/* The tensor of this name, which files of Gantry may call otherwise; "": there is none. */
static gt_text name_in_file(const state *s, const char *name) {
    static const char *const before[] = {"", GT_SMALL_STEM};
    for (int i = 0; i < 2; i++) {
        gt_text full = gt_text_of("%s%s%s", s->prefix, before[i], name);
        if (gt_weights_find(s->m->from, full.s, NULL)) return full;
    }
    return (gt_text){""};
}

static const gt_weight *find(const state *s, const char *name) {
    return gt_weights_find(s->m->from, name_in_file(s, name).s, NULL);
}

/* Dimension i of a tensor; 0: there is no such tensor. */
static int dim(const state *s, int i, const char *name) {
    const gt_weight *w = find(s, name);
    return w && i < w->n_dims && w->dims[i] < 1 << 20 ? (int)w->dims[i] : 0;
}

/* How many of features.0.weight, features.1.weight, ... are convolutions. */
static int count_convolutions(const state *s) {
    enum { MOST = 60 };
    int n = 0;
    for (int i = 0; i < MOST; i++) n += dim(s, 3, gt_text_of("features.%d.weight", i).s) > 0;
    return n;
}

static int count_blocks(const state *s, int layer) {
    int n = 0;
    while (find(s, gt_text_of("layer%d.%d.conv1.weight", layer, n).s)) n++;
    return n;
}

static const char *name_vgg(const state *s) {
    static const struct {
        int convolutions;
        const char *name;
    } known[] = {{8, "vgg11"}, {10, "vgg13"}, {13, "vgg16"}, {16, "vgg19"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].convolutions == count_convolutions(s)) return known[i].name;
    return NULL;
}

static const char *name_resnet(const state *s) {
    static const struct {
        int blocks[4];
        bool bottleneck;
        const char *name;
    } known[] = {{{2, 2, 2, 2}, false, "resnet18"},
                 {{3, 4, 6, 3}, false, "resnet34"},
                 {{3, 4, 6, 3}, true, "resnet50"},
                 {{3, 4, 23, 3}, true, "resnet101"},
                 {{3, 8, 36, 3}, true, "resnet152"}};
    bool bottleneck = find(s, "layer1.0.conv3.weight") != NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool same = known[i].bottleneck == bottleneck;
        for (int k = 0; k < 4; k++) same = same && count_blocks(s, k + 1) == known[i].blocks[k];
        if (same) return known[i].name;
    }
    return NULL;
}

static const char *name_mobilenet(const state *s) { return find(s, "features.18.0.weight") ? "mobilenet-v2" : NULL; }
static const char *name_googlenet(const state *s) {
    return find(s, "inception5b.branch1.conv.weight") ? "googlenet" : NULL;
}
static const char *name_inception(const state *s) {
    return find(s, "Mixed_7c.branch1x1.conv.weight") ? "inception-v3" : NULL;
}

/* A kind of network, known by its first and its last layer. */
typedef struct kind {
    const char *first, *last;            /* tensors */
    int channels, size;                  /* of the first layer as published; of images */
    const char *(*name)(const state *s); /* of the model; NULL: there is no such depth */
    bool half;                           /* torchvision's own weights want pixels of -1 .. 1 */
} kind;

static const kind kinds[] = {
    {"features.0.weight", "classifier.6.weight", 64, 224, name_vgg, false},
    {"conv1.weight", "fc.weight", 64, 224, name_resnet, false},
    {"features.0.0.weight", "classifier.1.weight", 32, 224, name_mobilenet, false},
    {"conv1.conv.weight", "fc.weight", 64, 224, name_googlenet, true},
    {"Conv2d_1a_3x3.conv.weight", "fc.weight", 32, 299, name_inception, true},
};

static const kind *find_kind(state *s, const char **model) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!gt_weights_prefix(s->m->from, kinds[i].last, s->prefix) || !find(s, kinds[i].first)) continue;
        if ((*model = kinds[i].name(s))) return &kinds[i];
    }
    return NULL;
}

/* Heads that help to train may have been left out. */
static gt_import_place place(const gt_imported *m, const char *network, const gt_tensor *t) {
    const state *s = m->own;
    (void)network;
    bool head = !strncmp(t->name, "aux", 3) || !strncmp(t->name, "AuxLogits.", 10);
    gt_text name = name_in_file(s, t->name);
    return (gt_import_place){.tensor = *name.s ? gt_arena_printf(m->arena, "%s", name.s)
                                               : gt_arena_printf(m->arena, "%s%s", s->prefix, t->name),
                             .optional = head};
}

static const char *prefix_of(const gt_imported *m, const char *network) {
    const state *s = m->own;
    (void)network;
    return s->prefix;
}

/* How many batches a normalisation has seen; heads that only help to train. */
static bool without_effect(const gt_imported *m, const char *tensor) {
    const state *s = m->own;
    size_t n = strlen(s->prefix);
    if (gt_ends_with(tensor, ".num_batches_tracked")) return true;
    return !strncmp(tensor, s->prefix, n) && (!strncmp(tensor + n, "aux", 3) || !strncmp(tensor + n, "AuxLogits.", 10));
}

/* Stems for small pictures have small windows, fewer features where the layers are joined, or a name that says so. */
static bool is_small(const state *s, const kind *k) {
    if (strstr(name_in_file(s, k->first).s, GT_SMALL_STEM)) return true;
    bool vgg = k->name == name_vgg, windows = k->name == name_resnet || k->name == name_googlenet;
    if (vgg) return dim(s, 0, "classifier.0.weight") < 8 * dim(s, 0, k->first) + 1;
    return windows && dim(s, 2, k->first) == 3;
}

static void set_size(gt_imported *m, const kind *k, bool small) {
    const char *given = gt_import_given(m, "image-size");
    int height = small ? 32 : k->size, width = height;
    if (given && sscanf(given, "%dx%d", &height, &width) == 1) width = height;
    gt_import_set(m, "data-height", "%d", height);
    gt_import_set(m, "data-width", "%d", width);
    if (!given)
        gt_import_say(m, "it does not give the size of images: %dx%d is used (--image-size=%d)", height, width, height);
}

static void set_normalize(gt_imported *m, const kind *k, int channels) {
    static const char of_imagenet[] = "0.485:0.229,0.456:0.224,0.406:0.225", half[] = "0.5:0.5,0.5:0.5,0.5:0.5";
    const char *given = gt_import_given(m, "normalize");
    const char *taken = given ? given : channels != 3 ? "unit" : k->half ? half : of_imagenet;
    gt_import_set(m, "normalize", "%s", taken);
    if (!given)
        gt_import_say(
            m, "it does not give the scaling of pixels: %s is used%s (--normalize=unit or MEAN:STD,MEAN:STD,...)",
            taken, channels == 3 ? ", as of torchvision's own weights" : "");
}

gt_status gt_classifier_import(gt_imported *m) {
    static const char *const networks[] = {"C", NULL};
    state *s = gt_arena_alloc(m->arena, sizeof *s);
    const char *model = NULL;
    if (!s) return GT_NOMEM;
    s->m = m;
    const kind *k = find_kind(s, &model);
    if (!k) return GT_OK;
    int channels = dim(s, 1, k->first), first = dim(s, 0, k->first);
    bool small = is_small(s, k);
    gt_import_set(m, "model", "%s", model);
    if (first != k->channels) gt_import_set(m, "width", "%.9g", (double)first / k->channels);
    gt_import_set(m, "stem", small ? "small" : "imagenet");
    if (k->name == name_vgg && find(s, "features.1.running_mean")) gt_import_set(m, "bn", "slice");
    set_normalize(m, k, channels);
    set_size(m, k, small);
    gt_import_set(m, "data-channels", "%d", channels);
    gt_import_set(m, "label-dim", "%d", dim(s, 0, k->last));
    m->model = model;
    m->networks = networks;
    m->own = s;
    m->place = place;
    m->prefix = prefix_of;
    m->without_effect = without_effect;
    return gt_import_check_values(m, s->prefix, gt_import_metadata);
}
