/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 in jobs: the published recipes (spec 4.2), and the model that a resolved job describes. */
#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/stylegan2.h"
#include "job/model_list.h"

typedef struct recipe {
    const char *name;
    double kimg;
    int64_t batch, mbstd;
    double fmaps, lrate, gamma, ema_kimg, ema_ramp;
    int64_t map_layers;
    double pl_weight, style_mixing;
    const char *d_arch;
} recipe;

static const recipe published[] = {
    /* name      kimg  batch mbstd fmaps lrate gamma ema-kimg ramp map pl-weight style-mixing D */
    {"stylegan2", 25000, 32, 4, 1.0, 0.0020, 10.0, 10, 0, 8, 2, 0.9, "resnet"},
    {"paper256", 25000, 64, 8, 0.5, 0.0025, 1.0, 20, 0, 8, 2, 0.9, "resnet"},
    {"paper512", 25000, 64, 8, 1.0, 0.0025, 0.5, 20, 0, 8, 2, 0.9, "resnet"},
    {"paper1024", 25000, 32, 4, 1.0, 0.0020, 2.0, 10, 0, 8, 2, 0.9, "resnet"},
    {"cifar", 100000, 64, 32, 1.0, 0.0025, 0.01, 500, 0.05, 2, 0, 0.0, "orig"},
};

/* `auto` is computed from the image size. R is the longer side; R^2, in gamma, the number of pixels. */
static recipe auto_recipe(int64_t gpus, int64_t height, int64_t width) {
    int64_t size = height > width ? height : width;
    int64_t per_gpu = 4096 / size < 32 ? 4096 / size : 32;
    int64_t batch = gpus * per_gpu < 64 ? gpus * per_gpu : 64;
    if (batch < gpus) batch = gpus;
    return (recipe){
        .name = "auto",
        .kimg = 25000,
        .batch = batch,
        .mbstd = batch / gpus < 4 ? batch / gpus : 4,
        .fmaps = size >= 512 ? 1 : 0.5,
        .lrate = size >= 1024 ? 0.002 : 0.0025,
        .gamma = 0.0002 * (double)(height * width) / (double)batch,
        .ema_kimg = (double)batch * 10 / 32,
        .ema_ramp = 0.05,
        .map_layers = 2,
        .pl_weight = 2,
        .style_mixing = 0.9,
        .d_arch = "resnet",
    };
}

static recipe find_recipe(const gt_job *job) {
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (gt_is(job->cfg, published[i].name)) return published[i];
    return auto_recipe(job->gpus, job->height, job->width);
}

static void resolve(gt_job *job, int64_t items) {
    (void)items;
    job->clamp = job->fp32 ? -1 : 256;
    recipe r = find_recipe(job);
    if (gt_job_derives(job, "kimg")) job->kimg = r.kimg;
    if (gt_job_derives(job, "batch")) job->batch = r.batch;
    if (gt_job_derives(job, "mbstd")) job->mbstd = r.mbstd;
    if (gt_job_derives(job, "cbase")) job->cbase = (int64_t)(r.fmaps * 32768);
    if (gt_job_derives(job, "lrate")) job->lrate = r.lrate;
    if (gt_job_derives(job, "gamma")) job->gamma = r.gamma;
    if (gt_job_derives(job, "ema-kimg")) job->ema_kimg = r.ema_kimg;
    if (gt_job_derives(job, "ema-ramp")) job->ema_ramp = job->resumes ? 0 : r.ema_ramp;
    if (gt_job_derives(job, "map-layers")) job->map_layers = r.map_layers;
    if (gt_job_derives(job, "pl-weight")) job->pl_weight = r.pl_weight;
    if (gt_job_derives(job, "style-mixing")) job->style_mixing = r.style_mixing;
    if (gt_job_derives(job, "d-arch")) job->d_arch = r.d_arch;
    if (gt_job_derives(job, "z-dim")) job->z_dim = 512;
    if (gt_job_derives(job, "ada-kimg")) job->ada_kimg = job->resumes ? 100 : 500;
}

static gt_status check(const gt_job *job) {
    if (job->batch % job->gpus) return gt_fail(GT_USAGE, "--batch must be at least 1 and divisible by --gpus");
    return gt_dataset_check_size((int)job->height, (int)job->width, NULL);
}

static int group(const gt_job *j) { return (int)j->mbstd; }

static gt_model *make(const gt_job *j) {
    gt_stylegan2_train_config c = gt_stylegan2_train_defaults();
    gt_mapping_config *m = &c.generator.mapping;
    gt_synthesis_config *s = &c.generator.synthesis;
    gt_discriminator_config *d = &c.discriminator;
    m->z_dim = (int)j->z_dim;
    m->num_layers = (int)j->map_layers;
    s->w_dim = (int)j->w_dim;
    s->architecture = j->g_arch;
    d->architecture = j->d_arch;
    m->c_dim = d->c_dim = (int)j->label_dim;
    s->height = d->height = (int)j->height;
    s->width = d->width = (int)j->width;
    s->channels = d->channels = (int)j->channels;
    s->channel_base = d->channel_base = (int)j->cbase;
    s->channel_max = d->channel_max = (int)j->cmax;
    s->conv_clamp = d->conv_clamp = (float)j->clamp;
    d->mbstd_group_size = (int)j->mbstd;
    d->mbstd_batch = gt_slices_hold_mbstd((int)j->batch, (int)j->mbstd, (int)j->slices) ? 0 : (int)j->batch;
    d->freeze_layers = (int)j->freezed;
    c.seed = (uint64_t)j->seed;
    c.slice_size = (int)(j->batch / j->slices);
    c.lr = j->lrate;
    c.r1_gamma = j->gamma;
    c.pl_weight = j->pl_weight;
    c.style_mixing = j->style_mixing;
    if (j->augments && gt_augment_preset(j->augpipe, &c.augment)) return NULL;
    c.augment.colours = (int)j->colours;
    gt_augment_drop_colour(&c.augment, (int)j->channels);
    return gt_stylegan2_model_new(&c);
}

const gt_model_kind gt_stylegan2_kind = {.family = "stylegan2", .aug = "ada", .resolve = resolve, .check = check, .group = group, .make = make};
