/* SPDX-License-Identifier: Apache-2.0
 * Classifiers as a family: options, defaults, and what does not fit together. */
#include <stdlib.h>
#include <string.h>

#include "dist/door/dist.h"
#include "base/door/numbers.h"
#include "networks/model/door/family.h"
#include "features/classifier/classifier.h"

#define OPTION(field, value, text) GT_JOB_ROW(gt_classifier_options, field, value, text)

/* ---- values ---- */

static gt_status read_numbers(const char *text, int *out, int *n) {
    for (*n = 0; *text; text++) {
        char *end;
        long v = strtol(text, &end, 10);
        if (end == text || v < 1 || v > 1 << 20 || (*end && *end != ','))
            return gt_fail(GT_USAGE, "'%s' is not a list of numbers such as 100,100", text);
        if (*n == GT_CLASSIFIER_HIDDEN) return gt_fail(GT_USAGE, "more than %d layers", *n);
        out[(*n)++] = (int)v;
        if (!*end) break;
        text = end;
    }
    return GT_OK;
}

static gt_status read_number(const char *text, double least, double most, double *out) {
    char *end;
    *out = strtod(text, &end);
    if (end == text || *end || !(*out >= least && *out <= most))
        return gt_fail(GT_USAGE, "'%s' must be a number from %g to %g", text, least, most);
    return GT_OK;
}

static gt_status read_rule(const char *text, gt_init *out) {
    static const struct {
        const char *name;
        gt_init_rule rule;
    } rules[] = {{"he", GT_INIT_HE}, {"xavier", GT_INIT_XAVIER}, {"uniform", GT_INIT_UNIFORM}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (gt_is(text, rules[i].name)) {
            *out = (gt_init){.rule = rules[i].rule};
            return GT_OK;
        }
    double std;
    if (read_number(text, 0, 100, &std))
        return gt_fail(GT_USAGE, "'%s' is neither he, xavier, uniform nor a standard deviation", text);
    *out = (gt_init){.rule = GT_INIT_NORMAL, .std = (float)std};
    return GT_OK;
}

/* "RULE,PATTERN:RULE,PATTERN:RULE": what has no pattern is the rule of all layers, and stands first. */
static gt_status read_inits(const char *text, gt_classifier *out) {
    gt_status st = GT_OK;
    gt_inits *inits = &out->inits;
    for (bool first = true; *text && !st; first = false) {
        char word[2 * GT_INIT_PATTERN];
        size_t n = strcspn(text, ",");
        if (n >= sizeof word) return gt_fail(GT_USAGE, "'%s' is too long", text);
        memcpy(word, text, n);
        word[n] = 0;
        text += n + (text[n] == ',');
        char *colon = strrchr(word, ':');
        if (!colon && !first)
            return gt_fail(GT_USAGE, "'%s' needs a layer's name before it, such as fc1:%s, or must be first", word,
                           word);
        if (!colon) {
            st = read_rule(word, &out->init);
            out->config.init = &out->init;
            continue;
        }
        *colon = 0;
        if (colon == word || colon - word >= GT_INIT_PATTERN || inits->n == GT_INITS_MAX)
            return gt_fail(GT_USAGE, "'%s' is not a layer's name, or there are more than %d of them", word,
                           GT_INITS_MAX);
        strcpy(inits->rows[inits->n].pattern, word);
        st = read_rule(colon + 1, &inits->rows[inits->n++].init);
    }
    if (inits->n) out->config.inits = inits;
    return st;
}

/* "MEAN:STD,MEAN:STD": *n of them, at most `most`; a deviation of 0 leaves the channel as it is. False: other text. */
static bool read_moments(const char *text, int most, float *mean, float *std, int *n) {
    for (*n = 0; *n < most; text++) {
        char *end;
        mean[*n] = strtof(text, &end);
        if (end == text || *end != ':') return false;
        text = end + 1;
        std[*n] = strtof(text, &end);
        if (end == text || !(std[*n] >= 0) || (*end && *end != ',')) return false;
        if (!(std[*n] > 0)) std[*n] = 1;
        ++*n;
        text = end;
        if (!*text) return true;
    }
    return false;
}

static gt_status check_hidden(const gt_option *o, const char *value) {
    int numbers[GT_CLASSIFIER_HIDDEN], n;
    (void)o;
    return read_numbers(value, numbers, &n);
}

static gt_status check_dropout(const gt_option *o, const char *value) {
    double x;
    (void)o;
    return read_number(value, 0, 0.999, &x);
}

static gt_status check_init(const gt_option *o, const char *value) {
    gt_classifier c = {0};
    (void)o;
    return read_inits(value, &c);
}

static gt_status check_normalize(const gt_option *o, const char *value) {
    enum { MOST = 1 << 10 };
    float mean[MOST], std[MOST];
    int n;
    (void)o;
    if (gt_is(value, "unit") || gt_is(value, "data") || read_moments(value, MOST, mean, std, &n)) return GT_OK;
    return gt_fail(GT_USAGE, "'%s' is neither unit, data nor MEAN:STD for each channel", value);
}

/* ---- the table ---- */

static const gt_option options[] = {
    {OPTION(hidden, "100,100,100,100", "Numbers of features of the mlp's hidden layers"), .placeholder = "LIST",
     .check = check_hidden, .empty = true},
    {OPTION(activation, "relu", "Activation of the mlp"), .choices = "relu|sigmoid|tanh|lrelu"},
    {OPTION(layers, "conv 30 5, relu, pool 2, fc 100, relu", "Layers of --model=layers, from the image on"),
     .placeholder = "LIST", .lines = true, .check = gt_classifier_check_layers, .empty = true,
     .detail =
         "conv CHANNELS SIZE [stride N] [pad SIZE|same|valid], pool SIZE [stride SIZE] [pad SIZE|same|valid] and "
         "avgpool SIZE [stride SIZE] (the largest value and the mean of a window; the stride is SIZE unless given), "
         "globalpool, fc UNITS, bn, dropout RATE, flatten, relu, lrelu [SLOPE], elu, selu, softplus, swish, sigmoid, "
         "tanh; residual(LAYER, LAYER, ...), which adds its input to its result (--shortcut). SIZE is 3, or 3x5: rows "
         "x columns. A last fc with one unit per class is added automatically. @FILE reads the layers from a file, in "
         "which # begins a comment. gantry inspect --model=layers shows the result of each layer and its parameters."},
    {OPTION(shortcut, "1", "With --layers: residual(...) adds its input to its result; 0: no"),
     .with = "--layers=*residual*",
     .detail = "If the block changes channels or sides, a 1x1 convolution without bias (shortcut1, shortcut2, ...) "
               "adapts the input, with the total stride of the block's layers. 0 trains the same layers without "
               "shortcuts, to show their effect in a deep network."},
    {OPTION(dropout, "", "Probability that a value is dropped in training; empty: the network's own"),
     .placeholder = "X", .check = check_dropout, .empty = true},
    {OPTION(init, "", "Initial weights: he, xavier, uniform, or a standard deviation; empty: the network's own"),
     .placeholder = "RULES", .check = check_init, .empty = true,
     .detail = "Layers may have their own rules: he,fc3:0.01 or conv*:he,fc*:xavier. A layer's name is the name of its "
               "tensors without .weight; * and ? match other characters; if several rules match, the last one counts. "
               "xavier: 1/sqrt(inputs), he: sqrt(2/inputs), uniform: within 1/sqrt(inputs)."},
    {OPTION(norm, "batch", "Kind of normalisation"), GT_CHOICES(GT_NORM_KINDS),
     .detail = "layer: over all channels and pixels of an image. group: over groups of channels, --norm-groups many. "
               "Neither depends on other images, so --bn has no meaning for them."},
    {OPTION(norm_groups, "32", "Number of groups of channels of --norm=group"), .min = 1, .max = 1 << 14,
     .detail = "Each layer uses the largest number of groups, up to this one, that divides its channels."},
    {OPTION(stem, "auto", "First layers for images of about 32 pixels (small) or 224; auto: small below 96"),
     GT_CHOICES(GT_STEMS)},
    {OPTION(trunk, "vgg16", "VGG that provides the first layers of fully convolutional networks (fcn*)"),
     GT_CHOICES(GT_TRUNKS)},
    {OPTION(width, "1", "Number of channels of all layers, relative to the published ones"), .min = 1e-3, .max = 16},
    {OPTION(label_smoothing, "0", "Share of the target that is spread over all classes"), .max = 0.999},
    {OPTION(random_crop, "0", "Largest random shift of training images; black comes in at the border"),
     .unit = "pixels", .max = 4096},
    {OPTION(random_flip, "0", "Mirror half of the training images, chosen at random")},
    {OPTION(random_rotation, "0",
            "Largest random rotation of training images to both sides; black comes in at the corners"),
     .unit = "degrees", .max = 180},
    {OPTION(random_brightness, "0", "Training images are multiplied by a random factor from 1-X to 1+X"), .max = 1},
    {OPTION(random_contrast, "0",
            "Differences from an image's mean grey are multiplied by a random factor from 1-X to 1+X"),
     .max = 1},
    {OPTION(cutout, "0", "Side of a black square in each training image; 0: none"), .unit = "pixels", .max = 4096},
    {OPTION(mixup, "0", "Parameter a of Beta(a, a), by which images and labels are mixed with others; 0: not mixed"),
     .max = 1},
    {OPTION(freeze, NULL, "Layers that keep the values of --resume: conv1,conv2 or layer*"), .placeholder = "LAYERS",
     .any = true, .group = "transfer", .derived = "none", .common = true,
     .detail = "Names of layers or tensors, separated by commas; * and ? match other characters. Frozen layers get no "
               "gradients and no updates; frozen normalisation uses its running statistics and does not update them. "
               "Layers below the lowest trained layer need no backward pass."},
    {OPTION(new_head, NULL, "With --resume: start with new values in the layers that depend on the number of classes"),
     .derived = "0", .common = true},
    {OPTION(trunk_lrate, NULL, "Learning rate of all layers but the head"), .derived = "lrate", .min = 1e-12, .max = 1},
    {OPTION(normalize, "unit", "How pixels are scaled for the network: unit, data, or MEAN:STD for each channel"),
     .placeholder = "RULE", .check = check_normalize, .after = "conv", .group = "networks",
     .detail =
         "unit: black is 0, white is 1. data: unit minus the mean of the channel, divided by its standard deviation, "
         "both over the training images. MEAN:STD,MEAN:STD,...: the same with given numbers for each channel."},
    {OPTION(evaluate_train, "0", "At each tick also evaluate the training images, as in later use"),
     .after = "disk-cap", .group = "output",
     .detail = "Gives the series Loss/train_set and Accuracy/train_set, without dropout and augmentation and with "
               "running statistics. Loss/train and Accuracy/train are means over the steps of the tick."},
};

#define X(id, name, text, defaults) \
    {name, text, "batch=128 lrate=0.001 ema-kimg=0 ema-ramp=0.05 " defaults, &gt_classifier_##id},
static const gt_family_model models[] = {GT_CLASSIFIER_LIST(X){0}};
#undef X

enum { SMALL = 96 /* pixels */ };

/* 0: batch normalisation. */
static int groups_of(const gt_classifier_options *o) {
    switch (o->norm) {
    case GT_NORM_IS_BATCH: break;
    case GT_NORM_IS_LAYER: return 1;
    case GT_NORM_IS_GROUP: return (int)o->norm_groups;
    }
    return 0;
}

gt_status gt_classifier_normalize(const gt_job *job, gt_arena *a, gt_classifier *out) {
    const char *rule = out->options->normalize;
    if (gt_is(rule, "unit") || gt_is(rule, "data")) return GT_OK;
    float *mean = gt_arena_array(a, (size_t)job->channels, sizeof *mean),
          *std = gt_arena_array(a, (size_t)job->channels, sizeof *std);
    if (!mean || !std) return GT_NOMEM;
    out->mean = mean;
    out->std = std;
    int n;
    if (read_moments(rule, (int)job->channels, mean, std, &n) && n == job->channels) return GT_OK;
    return gt_fail(GT_USAGE, "--normalize: '%s' is neither unit, data nor MEAN:STD for each of %lld channels", rule,
                   (long long)job->channels);
}

static bool has_small_stem(const gt_job *job) {
    gt_stem stem = ((const gt_classifier_options *)job->own)->stem;
    return stem == GT_STEM_SMALL || (stem == GT_STEM_AUTO && job->height < SMALL && job->width < SMALL);
}

gt_status gt_classifier_configure(const gt_job *job, gt_classifier *out) {
    const gt_classifier_options *o = job->own;
    *out = (gt_classifier){.job = job, .options = o, .row = job->kind->own};
    gt_classifier_config *c = &out->config;
    *c = (gt_classifier_config){.classes = (int)job->label_dim,
                                .width = o->width,
                                .small = has_small_stem(job),
                                .groups = groups_of(o),
                                .bn = groups_of(o) || job->bn != GT_BN_NONE,
                                .dropout = -1,
                                .activation = o->activation,
                                .layers = o->layers,
                                .shortcut = o->shortcut};
    switch (o->trunk) {
    case GT_TRUNK_VGG11: c->trunk = &gt_classifier_vgg11; break;
    case GT_TRUNK_VGG13: c->trunk = &gt_classifier_vgg13; break;
    case GT_TRUNK_VGG16: c->trunk = &gt_classifier_vgg16; break;
    }
    gt_status st = read_numbers(o->hidden, c->hidden, &c->n_hidden);
    if (!st && *o->dropout) st = read_number(o->dropout, 0, 0.999, &c->dropout);
    return st || !*o->init ? st : read_inits(o->init, out);
}

static bool is_dense(const gt_job *job) { return gt_classifier_dense(job->kind->own); }

static bool names_option(const char *list, const char *key) {
    size_t n = strlen(key);
    for (const char *word = list; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (length == n && !strncmp(word, key, n)) return true;
        word += length;
    }
    return false;
}

static bool takes(const gt_family_model *model, const char *key) {
    bool of_some = false;
    for (const gt_family_model *m = models; m->name; m++)
        of_some |= names_option(((const gt_classifier_net *)m->own)->options, key);
    return !of_some || names_option(((const gt_classifier_net *)model->own)->options, key);
}

static const char *stands_for(const gt_job *job, const char *key) {
    if (!gt_is(key, "stem") || !takes(job->kind, key)) return NULL;
    return has_small_stem(job) ? "small" : "imagenet";
}

static const char *needs_classes(const gt_job *job) { return is_dense(job) ? NULL : "model"; }

static void resolve(gt_job *job, int64_t items) {
    const gt_classifier_options *o = job->own;
    bool blocks = job->kind->own == &gt_classifier_layers && strchr(o->layers, '(');
    if (!blocks) job->state[gt_options_find(&job->options, "shortcut") - job->options.rows] = GT_OPTION_MOOT;
    gt_job_derive(job, "tick", "%.17g", (double)items / 1000); /* an epoch, and nothing less */
    gt_job_derive(job, "tick-minutes", "0");
    if (!gt_is(job->best, "none")) gt_job_derive(job, "snap", "1"); /* an epoch that is the best has a checkpoint */
    gt_job_last_epochs(job, 10, items);
}

/* Options that mean more than the batch or the pictures bear. */
static gt_status check_meaning(const gt_job *job) {
    const gt_classifier_options *own = job->own;
    if (own->mixup > 0 && job->batch < 2)
        return gt_fail(GT_USAGE, "--mixup mixes images of a batch with each other: it needs a --batch of at least 2");
    int64_t side = job->height < job->width ? job->height : job->width;
    if (own->random_crop >= side || own->cutout >= side)
        return gt_fail(GT_USAGE, "--%s=%lld is too large for images of %lldx%lld pixels",
                       own->random_crop >= side ? "random-crop" : "cutout",
                       (long long)(own->random_crop >= side ? own->random_crop : own->cutout), (long long)job->width,
                       (long long)job->height);
    return GT_OK;
}

/* Slices that are normalised by themselves have so many samples at least, or images of so many pixels. */
static int default_slices(const gt_job *job) {
    enum { MOST = 8, PIXELS = 1 << 15, WORTH = 8, WORTH_OF_PRODUCTS = 16 /* images */ };
    static const struct {
        const gt_classifier_net *net;
        int samples;
    } least[] = {{&gt_classifier_mlp, 64},   {&gt_classifier_simple_conv, 16}, {&gt_classifier_deep_conv, 16},
                 {&gt_classifier_lenet, 16}, {&gt_classifier_layers, 16},      {&gt_classifier_vgg11, 32},
                 {&gt_classifier_vgg13, 32}, {&gt_classifier_vgg16, 32},       {&gt_classifier_vgg19, 32}};
    int64_t samples = gt_pieces(PIXELS, job->height * job->width);
    if (job->bn != GT_BN_SLICE)
        return gt_slices_of(job->batch, job->kind->own == &gt_classifier_mlp ? WORTH_OF_PRODUCTS : WORTH);
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        if (least[i].net == job->kind->own) samples = least[i].samples;
    return (int)gt_smallest(MOST, gt_largest(1, job->batch / samples));
}

static gt_status check(const gt_job *job) {
    gt_classifier c;
    const gt_classifier_options *o = job->own;
    if (job->label_dim < 2) return gt_fail(GT_USAGE, "a classifier needs at least two classes; the data have one");
    if (o->trunk_lrate > 0 && !(job->lrate > 0))
        return gt_fail(GT_USAGE, "--trunk-lrate needs an --lrate above 0, the rate of the head");
    if (job->early_stopping && !(job->validation > 0) && !*job->test_data)
        return gt_fail(
            GT_USAGE,
            "--early-stopping needs images that are not trained on: give --validation=0.2 or --test-data=PATH");
    if (groups_of(o) && gt_options_state(&job->options, "bn") == GT_OPTION_GIVEN)
        return gt_fail(GT_USAGE, "--bn is for batch normalisation; with --norm=%s there is none",
                       gt_job_value(job, "norm"));
    if (o->norm != GT_NORM_IS_GROUP && gt_options_state(&job->options, "norm-groups") == GT_OPTION_GIVEN)
        return gt_fail(GT_USAGE, "--norm-groups is only for --norm=group");
    gt_status st = check_meaning(job);
    if (!st) st = gt_classifier_configure(job, &c);
    if (!st && is_dense(job) && (c.options->mixup > 0 || c.options->cutout))
        st = gt_fail(GT_USAGE, "--%s moves pixels but not their masks: not for --model=%s",
                     c.options->cutout ? "cutout" : "mixup", job->model);
    if (!st) st = gt_classifier_normalize(job, job->arena, &c);
    return st ? st : gt_classifier_check_size(&c, job);
}

const gt_family gt_family_classifier = {
    .name = "classifier",
    .title = "Classifiers",
    .judged = true,
    .models = models,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .sizes = "hidden activation layers shortcut width stem norm norm-groups trunk bn=none",
    .stands_for = stands_for,
    .input = "normalize",
    .own_bytes = sizeof(gt_classifier_options),
    .warnings = gt_classifier_warnings,
    .needs_classes = needs_classes,
    .needs_masks = is_dense,
    .takes = takes,
    .resolve = resolve,
    .default_slices = default_slices,
    .check = check,
    .make = gt_classifier_make,
    .import = gt_classifier_import,
};
