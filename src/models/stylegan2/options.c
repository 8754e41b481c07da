/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 as a family: its options, and what does not fit together. */
#include <stdlib.h>

#include "gantry/dist.h"
#include "models/stylegan2/common.h"
#include "models/stylegan2/import.h"

static gt_status check_gpus(const gt_option *o, const char *value) {
    long long n = strtoll(value, NULL, 10);
    (void)o;
    return n & (n - 1) ? gt_fail(GT_USAGE, "must be a power of two") : GT_OK;
}

#define OPTION(field, value, text) GT_JOB_ROW(gt_stylegan2_options, field, value, text)
#define FOUND(key, field)                                                                          \
    GT_ROW(gt_stylegan2_options, key, found.field, NULL, "Found in a network of another program"), \
        .class = GT_SHAPE, .derived = "as published"
#define ARCHITECTURES "skip|resnet|orig"

static const gt_option options[] = {
    {OPTION(gpus, "1", "Number of GPUs that the recipe auto is computed for"), .after = "cfg", .group = "recipe",
     .min = 1, .max = 1024, .check = check_gpus,
     .detail =
         "A power of two. Gantry uses no GPU: the number says for how many GPUs stylegan2-ada-pytorch would compute "
         "batch, gamma and stddev group of auto. The number of ranks has nothing to do with it. The batch must "
         "be divisible by this number."},
    {OPTION(mbstd, NULL, "Number of images over which the discriminator sees the standard deviation"),
     .after = "slices", .derived = "from cfg", .unit = "images", .min = 1, .max = 1 << 20},
    {OPTION(gamma, NULL, "Weight of the R1 penalty; 0: off"), .after = "seed", .derived = "from cfg", .max = HUGE_VAL,
     .common = true,
     .detail = "The value most worth trying out: too small, training collapses; too large, images stay blurred. Try "
               "factors of two to five."},
    {OPTION(pl_weight, NULL, "Weight of the path length penalty; 0: off"), .after = "ema-ramp", .derived = "from cfg",
     .max = HUGE_VAL},
    {OPTION(style_mixing, NULL, "Probability that an image is made from two latents"), .after = "pl-weight",
     .derived = "from cfg", .max = 1},
    {OPTION(map_layers, NULL, "Number of layers of the mapping network"), .after = "cmax", .group = "networks",
     .derived = "from cfg", .min = 1, .max = 64},
    {OPTION(w_dim, NULL, "Length of the intermediate latent w"), .derived = "512; of cpu 64", .min = 1, .max = 1 << 14},
    {OPTION(g_arch, "skip", "Architecture of the generator"), .choices = ARCHITECTURES},
    {OPTION(d_arch, NULL, "Architecture of the discriminator"), .derived = "from cfg", .choices = ARCHITECTURES},
    {OPTION(fp32, "0", "Do not clamp activations after convolutions"),
     .detail = "All arithmetic is float32 with or without this option. The published recipes clamp activations at 256, "
               "because they compute in half precision. --fp32 of stylegan2-ada-pytorch turns off both the half "
               "precision and the clamp; here only the clamp is left to turn off."},
    {OPTION(clamp, NULL, "Largest absolute value of activations after convolutions"), .derived = "256; none with fp32",
     .min = 1e-3, .max = 1e30},
    {OPTION(lrmul, NULL, "Learning rate of the mapping network, relative to the others"), .derived = "0.01",
     .min = 1e-6, .max = 1e3},
    {OPTION(freezed, "0", "Number of layers of D that are frozen, from the largest size down"), .group = "transfer",
     .max = 1000, .unit = "layers"},
    /* found in networks of other programs, and kept with the recipe */
    {FOUND("nonlinearity", nonlinearity), .group = "shape"},
    {FOUND("map-nonlinearity", map_nonlinearity)},
    {FOUND("d-nonlinearity", d_nonlinearity)},
    {FOUND("d-last-nonlinearity", d_last_nonlinearity)},
    {FOUND("d-map-nonlinearity", d_map_nonlinearity)},
    {FOUND("filter", filter)},
    {FOUND("d-filter", d_filter)},
    {FOUND("no-noise", no_noise)},
    {FOUND("embed", embed), .max = 1 << 16},
    {FOUND("map-width", map_width), .max = 1 << 16},
    {FOUND("w-avg-beta", w_avg_beta), .max = 1},
    {FOUND("d-cbase", d_cbase), .max = 1 << 24},
    {FOUND("d-cmax", d_cmax), .max = 1 << 14},
    {FOUND("d-clamp", d_clamp), .min = -1, .max = 1e30},
    {FOUND("d-lrmul", d_lrmul), .min = 1e-6, .max = 1e3},
    {FOUND("d-map-layers", d_map_layers), .min = -1, .max = 64},
    {FOUND("cmap-dim", cmap_dim), .max = 1 << 16},
    {FOUND("mbstd-features", mbstd_features), .min = -1, .max = 1 << 14},
};

static const gt_family_model models[] = {{"stylegan2", "StyleGAN2-ADA", "cfg=cpu aug=ada", NULL}, {0}};

static const gt_named derived[] = {
    {"batch", "from cfg"},
    {"kimg", "from cfg"},
    {"lrate", "from cfg"},
    {"ema-kimg", "from cfg"},
    {"ema-ramp", "from cfg, 0 with --resume"},
    {"cbase", "from cfg"},
    {"cmax", "512; of cpu 64"},
    {"z-dim", "512; of cpu 64"},
    {0},
};

static const gt_about about[] = {
    {"cpu", "small networks, for hours on a few cores; --cfg=auto: networks of the published width", 20},
    {"auto", "values by the size of the images, networks of the published width; --cfg=cpu: hours on a few cores", 0},
    {0},
};

static const gt_named advice[] = {
    {"slow", "--cfg=cpu"},
    {"collapse", "a larger --gamma|go back to an earlier checkpoint with another --seed"},
    {"saturation", "more data|--mirror|--aug=ada|a larger --gamma"},
    {"divergence", "a smaller --lrate|a larger --gamma|an earlier checkpoint with another --seed"},
    {"norms", "a smaller --lrate|a larger --gamma|an earlier checkpoint with another --seed"},
    {0},
};

/* ---- rules ---- */

static gt_status check(const gt_job *job) {
    const gt_stylegan2_options *o = job->own;
    if (gt_stylegan2_check_recipe(job)) return GT_USAGE;
    if (o->gpus != 1 && gt_is(job->cfg, "cpu"))
        return gt_fail(GT_USAGE, "--gpus=%lld is for the recipe auto, and --cfg is cpu: add --cfg=auto",
                       (long long)o->gpus);
    if (o->fp32 && o->clamp > 0)
        return gt_fail(GT_USAGE, "--fp32 means no clamp, and --clamp names one: only one of them");
    if (job->batch % o->gpus) {
        long long gpus = o->gpus, below = job->batch / gpus * gpus;
        char lower[48] = "";
        if (below) snprintf(lower, sizeof lower, "%lld or ", below);
        return gt_fail(GT_USAGE, "--batch=%lld is not divisible by --gpus=%lld: the nearest that fits is %s%lld",
                       (long long)job->batch, gpus, lower, below + gpus);
    }
    return GT_OK;
}

static int group(const gt_job *job) { return (int)((const gt_stylegan2_options *)job->own)->mbstd; }

/* "auto8", "cifar": a run is named by its recipe, as in the reference. */
static void describe(const gt_job *job, FILE *f) {
    fputs(job->cfg, f);
    if (gt_is(job->cfg, "auto")) fprintf(f, "%lld", (long long)((const gt_stylegan2_options *)job->own)->gpus);
}

/* *out: the activation of this name; "": that of `usual`. */
static gt_status read_activation(const char *key, const char *name, const char *usual, const char **out) {
    *out = *name ? name : usual;
    return gt_activation_find(*out) ? GT_OK : gt_fail(GT_FORMAT, "%s = %s: there is none of this name", key, name);
}

static gt_status read_activations(const gt_stylegan2_options *o, gt_generator_config *g, gt_discriminator_config *d) {
    const char **all = &g->synthesis.activation, **of_d = &d->activation;
    gt_status st = read_activation("nonlinearity", o->found.nonlinearity, *all, all);
    if (!st) st = read_activation("map-nonlinearity", o->found.map_nonlinearity, *all, &g->mapping.activation);
    if (!st) st = read_activation("d-nonlinearity", o->found.d_nonlinearity, *all, of_d);
    if (!st) st = read_activation("d-last-nonlinearity", o->found.d_last_nonlinearity, *of_d, &d->last_activation);
    return st ? st : read_activation("d-map-nonlinearity", o->found.d_map_nonlinearity, *of_d, &d->mapping.activation);
}

/* What only networks of other programs have otherwise than published. */
static gt_status configure_found(const gt_stylegan2_options *o, gt_generator_config *g, gt_discriminator_config *d) {
    gt_synthesis_config *s = &g->synthesis;
    gt_status st = read_activations(o, g, d);
    if (!st) st = gt_filter_of_text("filter", o->found.filter, &s->resample_filter);
    d->resample_filter = s->resample_filter;
    if (!st) st = gt_filter_of_text("d-filter", o->found.d_filter, &d->resample_filter);
    s->use_noise = !o->found.no_noise;
    g->mapping.embed_features = (int)o->found.embed;
    g->mapping.layer_features = (int)o->found.map_width;
    if (o->found.w_avg_beta > 0) g->mapping.w_avg_beta = (float)o->found.w_avg_beta;
    if (o->lrmul > 0) g->mapping.lr_multiplier = (float)o->lrmul;
    if (o->found.d_lrmul > 0) d->mapping.lr_multiplier = (float)o->found.d_lrmul;
    if (o->found.d_cbase) d->channel_base = (int)o->found.d_cbase;
    if (o->found.d_cmax) d->channel_max = (int)o->found.d_cmax;
    if (o->found.d_clamp != 0) d->conv_clamp = (float)o->found.d_clamp;
    if (o->found.d_map_layers) d->mapping.num_layers = o->found.d_map_layers > 0 ? (int)o->found.d_map_layers : 0;
    if (o->found.cmap_dim) d->cmap_dim = (int)o->found.cmap_dim;
    if (o->found.mbstd_features) d->mbstd_channels = o->found.mbstd_features > 0 ? (int)o->found.mbstd_features : 0;
    return st;
}

static gt_status make(gt_model *model, const gt_job *j) {
    const gt_stylegan2_options *o = j->own;
    gt_generator_config g = {gt_mapping_defaults(), gt_synthesis_defaults()};
    gt_discriminator_config d = gt_discriminator_defaults();
    gt_synthesis_config *s = &g.synthesis;
    g.mapping.z_dim = model->z_dim;
    g.mapping.num_layers = (int)o->map_layers;
    s->w_dim = (int)o->w_dim;
    s->architecture = o->g_arch;
    d.architecture = o->d_arch;
    g.mapping.c_dim = d.c_dim = model->label_dim;
    s->height = d.height = model->height;
    s->width = d.width = model->width;
    s->channels = d.channels = model->channels;
    s->channel_base = d.channel_base = (int)j->gan.cbase;
    s->channel_max = d.channel_max = (int)j->gan.cmax;
    s->conv_clamp = d.conv_clamp = o->fp32 ? -1 : o->clamp > 0 ? (float)o->clamp : 256;
    d.mbstd_group_size = (int)o->mbstd;
    d.mbstd_batch = gt_slices_hold_mbstd((int)j->batch, (int)o->mbstd, (int)j->slices) ? 0 : (int)j->batch;
    d.freeze_layers = (int)o->freezed;
    gt_status st = configure_found(o, &g, &d);
    return st ? st : gt_stylegan2_make(model, j, &g, &d);
}

const gt_family gt_stylegan2_family = {
    .name = "stylegan2",
    .models = models,
    .adversarial = true,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .sizes = "cfg z-dim w-dim cbase cmax map-layers g-arch d-arch fp32|clamp lrmul",
    .own_bytes = sizeof(gt_stylegan2_options),
    .derived = derived,
    .advice = advice,
    .about = about,
    .describe = describe,
    .resolve = gt_stylegan2_resolve_recipe,
    .check_size = gt_stylegan2_check_size,
    .check = check,
    .group = group,
    .make = make,
    .import = gt_stylegan2_import,
};
