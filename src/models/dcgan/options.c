/* SPDX-License-Identifier: Apache-2.0
 * DCGAN in jobs: the published values, and the model that a resolved job describes. */
#include "models/dcgan/loss.h"
#include "job/model_list.h"

enum { MOST_SLICES = 8, LEAST_NORMALISED = 16 /* samples whose statistics are still those of the data */ };

static int64_t slices_of(int64_t batch) {
    int64_t n = batch / LEAST_NORMALISED;
    return n < 1 ? 1 : n > MOST_SLICES ? MOST_SLICES : n;
}

static void resolve(gt_job *job, int64_t items) {
    (void)items;
    if (gt_job_derives(job, "kimg")) job->kimg = 1000;
    if (gt_job_derives(job, "batch")) job->batch = 128;
    if (gt_is(job->bn, "slice") && gt_job_derives(job, "slices")) job->slices = slices_of(job->batch);
    if (gt_job_derives(job, "lrate")) job->lrate = 2e-4;
    if (gt_job_derives(job, "d-lrate")) job->d_lrate = gt_is(job->d_optimizer, "sgd") ? 0.02 : job->lrate;
    if (gt_job_derives(job, "z-dim")) job->z_dim = 100;
    if (gt_job_derives(job, "cbase")) job->cbase = 32 * job->height; /* 64 at half the image's size */
    if (gt_job_derives(job, "ema-kimg")) job->ema_kimg = 0;
    if (gt_job_derives(job, "ema-ramp")) job->ema_ramp = 0.05;
    if (gt_job_derives(job, "ada-kimg")) job->ada_kimg = job->resumes ? 100 : 500;
}

static gt_dcgan_config network(const gt_job *j) {
    return (gt_dcgan_config){.height = (int)j->height, .width = (int)j->width, .channels = (int)j->channels, .z_dim = (int)j->z_dim,
        .channel_base = (int)j->cbase, .channel_max = (int)j->cmax, .c_dim = j->cond ? (int)j->label_dim : 0, .classes = j->semi ? (int)j->label_dim : 0,
        .relu = gt_is(j->g_activation, "relu"), .whole_batch = gt_is(j->bn, "batch")};
}

static gt_status check(const gt_job *j) {
    if (j->cond && j->semi) return gt_fail(GT_USAGE, "--cond and --semi: only one of them; D either sees labels or tells classes");
    if (j->labelled < 1 && !j->semi) return gt_fail(GT_USAGE, "--labelled can only be specified with --semi");
    gt_dcgan_config c = network(j);
    return gt_dcgan_check(&c);
}

static gt_smoothing smoothing_of(const char *name) {
    return gt_is(name, "two-sided") ? GT_SMOOTH_TWO_SIDED : gt_is(name, "one-sided") ? GT_SMOOTH_ONE_SIDED : GT_SMOOTH_NONE;
}

static gt_model *make(const gt_job *j) {
    gt_dcgan_train_config c = {
        .net = network(j),
        .augment = gt_augment_off(),
        .seed = (uint64_t)j->seed,
        .slice_size = (int)((j->batch + j->slices - 1) / j->slices),
        .lr = j->lrate, .d_lr = j->d_lrate, .beta1 = 0.5, .beta2 = 0.999,
        .d_optimizer = j->d_optimizer,
        .average = j->ema_kimg > 0,
        .uniform = gt_is(j->latent, "uniform"),
        .mixed = gt_is(j->d_batches, "mixed"),
        .smoothing = smoothing_of(j->smoothing),
        .flip = j->flip,
        .noise = j->instance_noise, .noise_images = j->instance_noise_kimg * 1000,
        .labelled = j->labelled,
    };
    if (j->augments && gt_augment_preset(j->augpipe, &c.augment)) return NULL;
    c.augment.colours = (int)j->colours;
    gt_augment_drop_colour(&c.augment, (int)j->channels);
    return gt_dcgan_model_new(&c);
}

const gt_model_kind gt_dcgan_kind = {.family = "dcgan", .aug = "noaug", .resolve = resolve, .check = check, .make = make};
