/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 as a family: its options, the published recipes (spec 4.2), and what does not fit together. */
#include <stdlib.h>

#include "gantry/dist.h"
#include "models/stylegan2/common.h"

static gt_status check_gpus(const gt_option *o, const char *value) {
    long long n = strtoll(value, NULL, 10);
    return n & (n - 1) ? gt_fail(GT_USAGE, "--%s must be a power of two", o->key) : GT_OK;
}

#define OPTION(field, value, text) GT_JOB_ROW(gt_stylegan2_options, field, value, text)
#define ARCHITECTURES "skip|resnet|orig"

static const gt_option options[] = {
    {OPTION(cfg, "auto", "Published recipe that the other values come from"), .after = "model", .group = "recipe",
     .common = true, .choices = "auto|stylegan2|paper256|paper512|paper1024|cifar",
     .detail = "auto chooses by the size of the images; the others repeat published runs. Every value can be "
               "changed by its own key; values that a recipe computes from others (gamma, ema-kimg and mbstd of "
               "auto) are not computed anew."},
    {OPTION(gpus, "1", "Number of GPUs that the recipe auto is computed for"), .after = "cfg", .min = 1, .max = 1024,
     .check = check_gpus,
     .detail = "A power of two. It says what the reference tool would do with so many GPUs: batch, gamma and stddev "
               "group of auto depend on it. It has nothing to do with the number of ranks, which changes nothing. The "
               "batch must be divisible by this number."},
    {OPTION(mbstd, NULL, "Group over which the discriminator sees the standard deviation"), .after = "slices",
     .derived = "from cfg", .unit = "images", .min = 1, .max = 1 << 20},
    {OPTION(gamma, NULL, "Weight of the R1 penalty; 0: off"), .after = "seed", .derived = "from cfg", .max = HUGE_VAL,
     .common = true,
     .detail = "The value most worth trying out: too small, training collapses; too large, images stay blurred. Try "
               "factors of two to five."},
    {OPTION(pl_weight, NULL, "Weight of the path length penalty; 0: off"), .after = "ema-ramp", .derived = "from cfg",
     .max = HUGE_VAL},
    {OPTION(style_mixing, NULL, "Probability of mixing two latents in an image"), .after = "pl-weight",
     .derived = "from cfg", .max = 1},
    {OPTION(map_layers, NULL, "Layers of the mapping network"), .after = "cmax", .group = "networks",
     .derived = "from cfg", .min = 1, .max = 64},
    {OPTION(w_dim, "512", "Length of the intermediate latent w"), .min = 1, .max = 1 << 14},
    {OPTION(g_arch, "skip", "Architecture of the generator"), .choices = ARCHITECTURES},
    {OPTION(d_arch, NULL, "Architecture of the discriminator"), .derived = "from cfg", .choices = ARCHITECTURES},
    {OPTION(fp32, "0", "No clamp after convolutions"),
     .detail = "All arithmetic is float32 anyhow. The published recipes clamp activations at 256, which came with "
               "their half precision; their --fp32 switches both off, and this key what is left of it."},
    {OPTION(freezed, "0", "Freeze so many layers of D, from the largest size down"), .group = "transfer", .max = 1000,
     .unit = "layers"},
};

static const gt_family_model models[] = {{"stylegan2", "StyleGAN2-ADA", "z-dim=512 aug=ada", NULL}, {0}};

static const gt_named derived[] = {
    {"batch", "from cfg"},
    {"kimg", "from cfg"},
    {"lrate", "from cfg"},
    {"ema-kimg", "from cfg"},
    {"ema-ramp", "from cfg, 0 with --resume"},
    {"cbase", "from cfg"},
    {0},
};

static const gt_named advice[] = {
    {"collapse", "a larger --gamma, or go back to an earlier checkpoint with another --seed"},
    {"saturation", "more data, --mirror, --aug=ada, or a larger --gamma"},
    {"divergence", "a larger --gamma, a smaller --lrate, or an earlier checkpoint with another --seed"},
    {0},
};

/* ---- values ---- */

static const gt_named published[] = {
    {"stylegan2", "kimg=25000 batch=32 mbstd=4 cbase=32768 lrate=0.002 gamma=10 ema-kimg=10 ema-ramp=0 map-layers=8 "
                  "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"paper256", "kimg=25000 batch=64 mbstd=8 cbase=16384 lrate=0.0025 gamma=1 ema-kimg=20 ema-ramp=0 map-layers=8 "
                 "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"paper512", "kimg=25000 batch=64 mbstd=8 cbase=32768 lrate=0.0025 gamma=0.5 ema-kimg=20 ema-ramp=0 map-layers=8 "
                 "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"paper1024", "kimg=25000 batch=32 mbstd=4 cbase=32768 lrate=0.002 gamma=2 ema-kimg=10 ema-ramp=0 map-layers=8 "
                  "pl-weight=2 style-mixing=0.9 d-arch=resnet"},
    {"cifar",
     "kimg=100000 batch=64 mbstd=32 cbase=32768 lrate=0.0025 gamma=0.01 ema-kimg=500 ema-ramp=0.05 map-layers=2 "
     "pl-weight=0 style-mixing=0 d-arch=orig"},
    {0},
};

/* `auto` is computed from the image size. `size` is the longer side; its square, in gamma, the number of pixels. */
static void resolve_auto(gt_job *job, int64_t gpus) {
    int64_t size = job->height > job->width ? job->height : job->width, per_gpu = 4096 / size < 32 ? 4096 / size : 32;
    int64_t batch = gpus * per_gpu < 64 ? gpus * per_gpu : 64;
    if (batch < gpus) batch = gpus;
    gt_job_derive(job, "batch", "%lld", (long long)batch);
    gt_job_derive(job, "mbstd", "%d", batch / gpus < 4 ? (int)(batch / gpus) : 4);
    gt_job_derive(job, "cbase", size >= 512 ? "32768" : "16384");
    gt_job_derive(job, "lrate", size >= 1024 ? "0.002" : "0.0025");
    gt_job_derive(job, "gamma", "%.17g", 0.0002 * (double)(job->height * job->width) / (double)batch);
    gt_job_derive(job, "ema-kimg", "%.17g", (double)batch * 10 / 32);
    gt_job_derive_all(job, "kimg=25000 ema-ramp=0.05 map-layers=2 pl-weight=2 style-mixing=0.9 d-arch=resnet");
}

static void resolve(gt_job *job, int64_t items) {
    (void)items;
    const gt_stylegan2_options *o = job->own;
    if (job->resumes) gt_job_derive(job, "ema-ramp", "0");
    for (const gt_named *p = published; p->name; p++)
        if (gt_is(o->cfg, p->name)) gt_job_derive_all(job, p->text);
    if (gt_is(o->cfg, "auto")) resolve_auto(job, o->gpus);
}

/* ---- rules ---- */

static gt_status check(const gt_job *job) {
    const gt_stylegan2_options *o = job->own;
    if (job->batch % o->gpus) return gt_fail(GT_USAGE, "--batch must be at least 1 and divisible by --gpus");
    return GT_OK;
}

static int group(const gt_job *job) { return (int)((const gt_stylegan2_options *)job->own)->mbstd; }

/* "auto8", "cifar": a run is named by its recipe, as in the reference. */
static void describe(const gt_job *job, FILE *f) {
    const gt_stylegan2_options *o = job->own;
    fputs(o->cfg, f);
    if (gt_is(o->cfg, "auto")) fprintf(f, "%lld", (long long)o->gpus);
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
    s->channel_base = d.channel_base = (int)j->cbase;
    s->channel_max = d.channel_max = (int)j->cmax;
    s->conv_clamp = d.conv_clamp = o->fp32 ? -1 : 256;
    d.mbstd_group_size = (int)o->mbstd;
    d.mbstd_batch = gt_slices_hold_mbstd((int)j->batch, (int)o->mbstd, (int)j->slices) ? 0 : (int)j->batch;
    d.freeze_layers = (int)o->freezed;
    return gt_stylegan2_make(model, j, &g, &d);
}

const gt_family gt_stylegan2_family = {
    .name = "stylegan2",
    .models = models,
    .adversarial = true,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .own_bytes = sizeof(gt_stylegan2_options),
    .derived = derived,
    .advice = advice,
    .describe = describe,
    .resolve = resolve,
    .check_size = gt_stylegan2_check_size,
    .check = check,
    .group = group,
    .make = make,
};
