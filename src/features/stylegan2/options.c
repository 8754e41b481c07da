/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 as a family: its options, and what does not fit together. */
#include <stdlib.h>

#include "base/door/numbers.h"
#include "dist/door/dist.h"
#include "gantry/text.h"
#include "networks/model/door/family.h"
#include "features/stylegan2/common.h"
#include "features/stylegan2/import.h"

static gt_status check_gpus(const gt_option *o, const char *value) {
    long long n = strtoll(value, NULL, 10);
    (void)o;
    return n & (n - 1) ? gt_fail(GT_USAGE, "must be a power of two") : GT_OK;
}

#define OPTION(field, value, text) GT_JOB_ROW(gt_stylegan2_options, field, value, text)
#define FOUND(key, field)                                                                          \
    GT_ROW(gt_stylegan2_options, key, found.field, NULL, "Found in a network of another program"), \
        .class = GT_SHAPE, .derived = "as published"

static const gt_option options[] = {
    {OPTION(gpus, "1", "Number of GPUs that the recipe auto is computed for"), .after = "cfg", .group = "recipe",
     .min = 1, .max = 1024, .check = check_gpus,
     .detail =
         "A power of two that divides the batch. Gantry uses no GPU: this number only computes batch, gamma and stddev "
         "group of auto as stylegan2-ada-pytorch does for this number of GPUs. It does not set the number of ranks."},
    {OPTION(mbstd, NULL, "Number of images over which the discriminator sees the standard deviation"),
     .after = "slices", .derived = "from cfg", .unit = "images", .min = 1, .max = 1 << 20},
    {OPTION(mbstd_batch, NULL, "Number of consecutive images from which these groups are formed"), .after = "mbstd",
     .derived = "an eighth of the batch or more, in whole groups; with --slices a slice", .unit = "images", .min = 1,
     .max = 1 << 20,
     .detail =
         "A multiple of mbstd and of a slice that divides the batch. With m such images, image i belongs to group i "
         "mod (m / mbstd). Ranks that share such images exchange D's features of them. With --slices, if a slice holds "
         "no whole group, the default is the batch, provided that slices hold equal parts of all its groups."},
    {OPTION(gamma, NULL, "Weight of the R1 penalty; 0: off"), .after = "seed", .derived = "from cfg", .max = HUGE_VAL,
     .common = true,
     .detail = "This is the most important value to try: if it is too small, training collapses; if it is too large, "
               "images stay blurred. Try factors of two to five."},
    {OPTION(pl_weight, NULL, "Weight of the path length penalty; 0: off"), .after = "ema-ramp", .derived = "from cfg",
     .max = HUGE_VAL},
    {OPTION(pl_mean, NULL, "Path lengths whose mean enters the running mean: of the batch or of a slice"),
     .after = "pl-weight", .derived = "batch; with --slices slice", GT_CHOICES_GIVEN(GT_PL_MEANS),
     .detail = "batch: from half a batch of images, each computed as its own slice. slice: from half of each slice."},
    {OPTION(style_mixing, NULL, "Probability that an image is made from two latents"), .after = "pl-mean",
     .derived = "from cfg", .max = 1},
    {OPTION(map_layers, NULL, "Number of layers of the mapping network"), .after = "cmax", .group = "networks",
     .derived = "from cfg", .min = 1, .max = 64},
    {OPTION(w_dim, NULL, "Length of the intermediate latent w"), .derived = "512; for cpu 64", .min = 1,
     .max = 1 << 14},
    {OPTION(g_arch, "skip", "Architecture of the generator"), GT_CHOICES(GT_ARCHS)},
    {OPTION(d_arch, NULL, "Architecture of the discriminator"), .derived = "from cfg", GT_CHOICES(GT_ARCHS)},
    {OPTION(fp32, "0", "Do not clamp activations after convolutions"),
     .detail = "All arithmetic is float32 with or without this option. The published recipes clamp activations at 256, "
               "because they compute in half precision. --fp32 of stylegan2-ada-pytorch turns off half precision and "
               "the clamp; in Gantry it turns off the clamp."},
    {OPTION(clamp, NULL, "Largest absolute value of activations after convolutions"), .derived = "256; none with fp32",
     .min = 1e-3, .max = 1e30},
    {OPTION(lrmul, NULL, "Learning rate of the mapping network, relative to the others"), .derived = "0.01",
     .min = 1e-6, .max = 1e3},
    {OPTION(freezed, "0", "Number of layers of D to freeze, from the largest size down"), .group = "transfer",
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
    {"cmax", "512; for cpu 64"},
    {"z-dim", "512; for cpu 64"},
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

/* ---- how a batch is cut ---- */

typedef struct cut {
    int batch, mbstd, slices;
} cut;

/* Slices hold whole groups. */
static bool holds_groups(cut c) { return c.batch % c.slices == 0 && c.batch / c.slices % c.mbstd == 0; }

static int usual_batch_of_groups(cut c) {
    enum { MOST = 8 };
    int n = 1;
    for (c.slices = 1; c.slices <= MOST && c.slices <= c.batch; c.slices++)
        if (holds_groups(c)) n = c.slices;
    return c.batch / n;
}

/* What groups are cut from, where nobody says so; 0: these slices and groups do not go together. */
static int batch_of_groups(cut c, bool slices_given) {
    int usual = usual_batch_of_groups(c), slice = c.batch / c.slices;
    if (c.batch % c.slices) return 0;
    if (!slices_given) return usual;
    if (holds_groups(c)) return slice;
    if (slice % (c.batch / c.mbstd) == 0) return c.batch;
    return usual % slice == 0 ? usual : 0;
}

/* "2 and 4", "4": the nearest numbers of slices below and above `wanted` that go with the groups. */
static void nearest(cut c, int wanted, char *text, size_t room) {
    int below = wanted < c.batch ? wanted - 1 : c.batch, above = wanted + 1;
    for (; below > 0; below--)
        if (c.slices = below, batch_of_groups(c, true)) break;
    for (; above <= c.batch; above++)
        if (c.slices = above, batch_of_groups(c, true)) break;
    if (below > 0 && above <= c.batch) snprintf(text, room, "%d and %d", below, above);
    else snprintf(text, room, "%d", below > 0 ? below : above);
}

static cut cut_of(const gt_job *job) {
    const gt_stylegan2_options *o = job->own;
    return (cut){(int)job->batch, (int)gt_smallest(o->mbstd, job->batch), (int)job->slices};
}

static gt_status check_cut(const gt_job *job) {
    const gt_stylegan2_options *o = job->own;
    cut c = cut_of(job);
    int below = c.batch / c.mbstd * c.mbstd;
    if (c.batch != below)
        return gt_fail(GT_USAGE,
                       "--batch=%d is not a multiple of the minibatch-stddev group of %d: the nearest batches that fit "
                       "are %d and %d, or use --mbstd=%d",
                       c.batch, c.mbstd, below, below + c.mbstd, (int)gt_common_divisor(c.batch, o->mbstd));
    gt_status st = gt_slices_check(c.batch, c.slices);
    if (st) return st;
    if (!o->mbstd_batch || c.batch % c.slices) {
        char near[64];
        nearest(c, c.slices, near, sizeof near);
        return gt_fail(GT_USAGE,
                       "--slices=%d does not cut --batch=%d into equal slices that fit minibatch-stddev groups of %d: "
                       "nearest that fit: %s; without --slices Gantry chooses a number that fits",
                       c.slices, c.batch, c.mbstd, near);
    }
    if (o->mbstd_batch % c.mbstd || c.batch % o->mbstd_batch || o->mbstd_batch % (c.batch / c.slices))
        return gt_fail(GT_USAGE,
                       "--mbstd-batch=%lld: must divide --batch=%d, and be a multiple of the minibatch-stddev group of "
                       "%d and of a slice, of %d image%s",
                       (long long)o->mbstd_batch, c.batch, c.mbstd, c.batch / c.slices, gt_plural(c.batch / c.slices));
    return GT_OK;
}

/* Up to this size of images a slice has two of them, where batches are large: an image alone costs 12 to 15 % of the
 * speed of a core, two cost 4 (docs/parallel.md). */
enum { SMALL_IMAGES = 32 * 32, LARGE_BATCH = 32 };

static void resolve(gt_job *job, int64_t items) {
    gt_stylegan2_options *o = job->own;
    gt_stylegan2_resolve_recipe(job, items);
    bool given = !gt_job_derives(job, "slices");
    if (!given) job->slices = job->batch;
    gt_job_derive(job, "pl-mean", given ? "slice" : "batch");
    if (gt_job_derives(job, "mbstd-batch") && job->batch > 0 && job->slices > 0 && o->mbstd > 0)
        o->mbstd_batch = batch_of_groups(cut_of(job), given);
    bool pairs = job->height * job->width <= SMALL_IMAGES && job->batch >= LARGE_BATCH && job->batch % 2 == 0 &&
                 o->mbstd_batch % 2 == 0;
    if (!given && pairs) job->slices = job->batch / 2;
}

/* ---- rules ---- */

static gt_status check(const gt_job *job) {
    const gt_stylegan2_options *o = job->own;
    if (gt_stylegan2_check_recipe(job)) return GT_USAGE;
    if (o->gpus != 1 && gt_stylegan2_is_cpu(job))
        return gt_fail(GT_USAGE, "--gpus=%lld is for the recipe auto, but --cfg is cpu: add --cfg=auto",
                       (long long)o->gpus);
    if (o->fp32 && o->clamp > 0)
        return gt_fail(GT_USAGE, "--fp32 and --clamp: only one of them; --fp32 means no clamp");
    if (job->batch % o->gpus) {
        long long gpus = o->gpus, below = job->batch / gpus * gpus;
        char lower[48] = "";
        if (below) snprintf(lower, sizeof lower, "%lld or ", below);
        return gt_fail(GT_USAGE, "--batch=%lld is not divisible by --gpus=%lld: the nearest that fits is %s%lld",
                       (long long)job->batch, gpus, lower, below + gpus);
    }
    return check_cut(job);
}

static int group(const gt_job *job) { return (int)((const gt_stylegan2_options *)job->own)->mbstd; }

/* "auto8", "cifar": a run is named by its recipe, as in the reference. */
static void describe(const gt_job *job, FILE *f) {
    fputs(job->cfg, f);
    if (gt_stylegan2_is_auto(job)) fprintf(f, "%lld", (long long)((const gt_stylegan2_options *)job->own)->gpus);
}

/* *out: the activation of this name; "": that of `usual`. */
static gt_status read_activation(const char *key, const char *name, const char *usual, const char **out) {
    *out = *name ? name : usual;
    return gt_activation_find(*out) ? GT_OK : gt_fail(GT_FORMAT, "%s = %s: unknown name", key, name);
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
    d.mbstd_batch = (int)o->mbstd_batch;
    d.freeze_layers = (int)o->freezed;
    gt_status st = configure_found(o, &g, &d);
    return st ? st : gt_stylegan2_make(model, j, &g, &d);
}

const gt_family gt_family_stylegan2 = {
    .name = "stylegan2",
    .models = models,
    .adversarial = true,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .sizes = "cfg z-dim w-dim cbase cmax map-layers g-arch d-arch fp32|clamp lrmul",
    .own_bytes = sizeof(gt_stylegan2_options),
    .derived = derived,
    .advice = advice,
    .larger_batch = gt_stylegan2_larger_batch,
    .about = about,
    .describe = describe,
    .resolve = resolve,
    .check_size = gt_stylegan2_check_size,
    .check = check,
    .group = group,
    .make = make,
    .without_labels = gt_stylegan2_without_labels,
    .import = gt_stylegan2_import,
};
