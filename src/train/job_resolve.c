/* SPDX-License-Identifier: Apache-2.0
 * Rules between options; the published recipes (spec 4.2); and everything else about a job that follows from the shape of the data. */
#include "gantry/job.h"

#include <math.h>

#include "gantry/dist.h"
#include "gantry/train.h"

/* ---- rules ---- */

/* Options that mean something only with certain values of --aug. */
static const struct {
    const char *key, *with; /* with: the value of --aug; NULL: any but noaug */
} augment_rules[] = {
    {"p", "fixed"}, {"target", "ada"}, {"p-max", "ada"}, {"ada-kimg", "ada"}, {"ada-interval", "ada"}, {"augpipe", NULL},
};

/* An option without meaning is a mistake, unless it stands in a job file and the command line chose another --aug over it. */
static gt_status check_augment(gt_job *job) {
    gt_options o = gt_job_options(job);
    bool overridden = gt_options_state(&o, "aug") == GT_OPTION_GIVEN;
    for (size_t i = 0; i < sizeof augment_rules / sizeof *augment_rules; i++) {
        const char *key = augment_rules[i].key, *with = augment_rules[i].with;
        if (with ? gt_is(job->aug, with) : !gt_is(job->aug, "noaug")) continue;
        gt_option_state state = gt_options_state(&o, key);
        if (state == GT_OPTION_GIVEN || (state == GT_OPTION_FILED && !overridden)) {
            if (with) return gt_fail(GT_USAGE, "--%s can only be specified with --aug=%s", key, with);
            return gt_fail(GT_USAGE, "--%s cannot be specified with --aug=noaug", key);
        }
        job->state[gt_options_find(&o, key) - o.rows] = GT_OPTION_MOOT;
    }
    if (gt_is(job->aug, "fixed") && !gt_job_given(job, "p")) return gt_fail(GT_USAGE, "--aug=fixed requires specifying --p");
    return GT_OK;
}

gt_status gt_job_check(gt_job *job) {
    gt_options o = gt_job_options(job);
    /* the command line's --run overrules an outdir in a file, and the other way round */
    if (*job->run && gt_options_state(&o, "run") == gt_options_state(&o, "outdir"))
        return gt_fail(GT_USAGE, "--run and --outdir: only one of them; --run names a run's directory, --outdir a place for numbered ones");
    if (*job->run && gt_options_state(&o, "outdir") == GT_OPTION_GIVEN) job->run = "";
    if (!*job->data) return gt_fail(GT_USAGE, "--data is required: a ZIP, a folder of PNGs, an HDF5 file, or synth:shapes");
    return check_augment(job);
}

/* ---- recipes ---- */

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

/* Nobody gave this option a value: it gets one now. */
static bool derives(gt_job *job, const char *key) {
    gt_options o = gt_job_options(job);
    uint8_t *state = &job->state[gt_options_find(&o, key) - o.rows];
    if (*state != GT_OPTION_DEFAULT) return false;
    *state = GT_OPTION_DERIVED;
    return true;
}

static void apply_recipe(gt_job *job) {
    recipe r = find_recipe(job);
    if (derives(job, "kimg")) job->kimg = r.kimg;
    if (derives(job, "batch")) job->batch = r.batch;
    if (derives(job, "mbstd")) job->mbstd = r.mbstd;
    if (derives(job, "cbase")) job->cbase = (int64_t)(r.fmaps * 32768);
    if (derives(job, "lrate")) job->lrate = r.lrate;
    if (derives(job, "gamma")) job->gamma = r.gamma;
    if (derives(job, "ema-kimg")) job->ema_kimg = r.ema_kimg;
    if (derives(job, "ema-ramp")) job->ema_ramp = job->resumes ? 0 : r.ema_ramp;
    if (derives(job, "map-layers")) job->map_layers = r.map_layers;
    if (derives(job, "pl-weight")) job->pl_weight = r.pl_weight;
    if (derives(job, "style-mixing")) job->style_mixing = r.style_mixing;
    if (derives(job, "d-arch")) job->d_arch = r.d_arch;
    if (derives(job, "ada-kimg")) job->ada_kimg = job->resumes ? 100 : 500;
}

/* Ranks do not come into it here: more of them than slices is an error of the run, not of the job. */
static gt_status resolve_slices(gt_job *job) {
    bool derived = derives(job, "slices");
    int slices;
    gt_status st = gt_slices_choose((int)job->batch, gt_model_group(job), derived ? 0 : (int)job->slices, 1, &slices);
    if (!st) job->slices = slices;
    return st;
}

/* ---- the whole ---- */

static void derive_quantities(gt_job *job) {
    job->clamp = job->fp32 ? -1 : 256;
    job->ada_target = gt_is(job->aug, "ada") ? job->target : -1;
    job->p_initial = gt_is(job->aug, "fixed") ? job->p : 0;
    job->augments = job->ada_target >= 0 || job->p_initial > 0;
    job->total_images = (int64_t)ceil(job->kimg * 1000 - 1e-6); /* 1e-6: 0.57 * 1000 may be a bit more than 570 */
    int64_t by_steps;
    bool counts = job->steps && !__builtin_mul_overflow(job->steps, job->batch, &by_steps);
    if (counts && by_steps < job->total_images) job->total_images = by_steps;
}

gt_status gt_job_resolve(gt_job *job, int64_t height, int64_t width, int64_t channels, int64_t label_width, int64_t images) {
    gt_status st = check_augment(job);
    if (st) return st;
    if (height < 1 || width < 1 || channels < 1)
        return gt_fail(GT_USAGE, "images of %lldx%lld with %lld channels cannot be", (long long)width, (long long)height, (long long)channels);
    if (job->cond && !label_width) return gt_fail(GT_USAGE, "--cond=1 requires labels specified in dataset.json: the data have none");
    if (images && job->subset > images) return gt_fail(GT_USAGE, "--subset must be between 1 and %lld", (long long)images);
    job->height = height;
    job->width = width;
    job->channels = channels;
    job->label_dim = job->cond ? label_width : 0;
    job->resumes = *job->resume && !gt_is(job->resume, "noresume");
    apply_recipe(job);
    if (job->batch % job->gpus) return gt_fail(GT_USAGE, "--batch must be at least 1 and divisible by --gpus");
    if ((st = resolve_slices(job))) return st;
    derive_quantities(job);
    job->resolved = true;
    return GT_OK;
}
