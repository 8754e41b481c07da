/* SPDX-License-Identifier: Apache-2.0
 * Autoencoders in jobs: what each model of the family is by default, and the model that a resolved job describes. */
#include "models/autoencoder/loss.h"
#include "job/model_list.h"

typedef struct recipe {
    const char *model;
    gt_body_kind body;
    gt_latent_kind latent;
    int64_t batch, epochs;
    double lrate;
    int64_t z_dim;
    const char *recon;
    bool sigmoid;
} recipe;

static const recipe recipes[] = {
    {"ae", GT_BODY_MLP, GT_LATENT_PLAIN, 32, 30, 3e-4, 1, "mse", false},
    {"vae", GT_BODY_MLP, GT_LATENT_NORMAL, 32, 30, 3e-4, 1, "mse", false},
    {"cvae", GT_BODY_CONV, GT_LATENT_NORMAL, 32, 30, 3e-4, 1, "mse", true},
    {"digits", GT_BODY_DIGITS, GT_LATENT_NORMAL, 150, 100, 1e-3, 100, "bce", true},
    {"gumbel", GT_BODY_CONV, GT_LATENT_GUMBEL, 32, 30, 1e-3, 1, "bce", true},
    {"vq", GT_BODY_CONV, GT_LATENT_VQ, 32, 30, 1e-3, 1, "mse", true},
};

static const recipe *find(const gt_job *job) {
    const recipe *r = recipes;
    while (!gt_is(job->model, r->model)) r++; /* the list of models has no other autoencoders */
    return r;
}

static void resolve(gt_job *job, int64_t items) {
    const recipe *r = find(job);
    if (gt_job_derives(job, "batch")) job->batch = r->batch;
    if (gt_job_follows(job, "kimg", "epochs")) {
        if (gt_job_derives(job, "epochs")) job->epochs = r->epochs;
        job->kimg = (double)job->epochs * (double)items / 1000;
    }
    if (gt_job_derives(job, "lrate")) job->lrate = r->lrate;
    if (gt_job_derives(job, "z-dim")) job->z_dim = r->z_dim;
    if (gt_job_derives(job, "recon")) job->recon = r->recon;
    if (gt_job_derives(job, "sigmoid")) job->sigmoid = r->sigmoid;
}

static gt_autoencoder_config network(const gt_job *j) {
    const recipe *r = find(j);
    return (gt_autoencoder_config){.body = r->body, .latent = r->latent, .height = (int)j->height, .width = (int)j->width, .channels = (int)j->channels,
        .z_dim = (int)j->z_dim, .codes = (int)j->codes, .code_dim = (int)j->code_dim, .widths = j->widths, .sigmoid = j->sigmoid};
}

static gt_status check(const gt_job *j) {
    if (gt_is(j->recon, "bce") && !j->sigmoid)
        return gt_fail(GT_USAGE, "--recon=bce needs pixels between 0 and 1: --sigmoid=1");
    if (j->temperature < j->temperature_min) return gt_fail(GT_USAGE, "--temperature-min is above --temperature");
    gt_autoencoder_config c = network(j);
    return gt_autoencoder_check(&c);
}

static gt_model *make(const gt_job *j) {
    gt_autoencoder_train_config c = {
        .net = network(j),
        .seed = (uint64_t)j->seed,
        .batch = (int)j->batch,
        .slice_size = (int)((j->batch + j->slices - 1) / j->slices),
        .lr = j->lrate, .beta1 = 0.9, .beta2 = 0.999,
        .cross_entropy = gt_is(j->recon, "bce"),
        .factor = j->factor,
        .mean_pixels = gt_is(j->recon_pixels, "mean"), .mean_latent = gt_is(j->kl_latent, "mean"),
        .mean_batch = gt_is(j->recon_batch, "mean"), .mean_batch_kl = gt_is(j->kl_batch, "mean"),
        .beta = j->beta,
        .warmup_images = j->kl_warmup * 1000,
        .temperature = j->temperature, .temperature_min = j->temperature_min, .temperature_images = j->temperature_kimg * 1000,
        .commitment = j->commitment, .code_decay = j->code_decay, .code_floor = j->code_floor,
    };
    return gt_autoencoder_model_new(&c);
}

const gt_model_kind gt_autoencoder_kind = {.family = "autoencoder", .resolve = resolve, .check = check, .make = make};
