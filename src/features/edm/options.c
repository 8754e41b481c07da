/* SPDX-License-Identifier: Apache-2.0
 * Diffusion and flow matching as a family: its options, and what does not fit together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "gantry/log.h"
#include "gantry/source.h"
#include "networks/model/door/family.h"
#include "networks/model/door/import.h"
#include "features/edm/edm.h"

#define OPTION(field, value, text) GT_JOB_ROW(gt_edm_options, field, value, text)
#define FOUND(key, field)                                                                                       \
    GT_ROW(gt_edm_options, key, found.field, NULL, "Found in a network of another program"), .class = GT_SHAPE, \
                                                                                             .derived = "as published"

/* "1,2,2" -> numbers; -1: the text is another. */
static int numbers_of(const char *list, int most, int *to) {
    int n = 0;
    while (*list) {
        char *end;
        long v = strtol(list, &end, 10);
        if (end == list || (*end && *end != ',') || v < 1 || v > 1 << 20 || n == most) return -1;
        to[n++] = (int)v;
        list = *end ? end + 1 : end;
    }
    return n;
}

static gt_status check_mults(const gt_option *o, const char *value) {
    int mult[GT_UNET_LEVELS];
    (void)o;
    if (numbers_of(value, GT_UNET_LEVELS, mult) > 0) return GT_OK;
    return gt_fail(GT_USAGE, "a list of 1 to %d numbers is needed, such as 1,2,2", GT_UNET_LEVELS);
}

static gt_status check_heights(const gt_option *o, const char *value) {
    int heights[GT_UNET_LEVELS];
    (void)o;
    if (numbers_of(value, GT_UNET_LEVELS, heights) >= 0) return GT_OK;
    return gt_fail(GT_USAGE, "a list of heights is needed, such as 16,8");
}

static const gt_option options[] = {
    {OPTION(precond, "edm", "What the network learns: to remove noise (EDM), or the velocity of rectified flow"),
     GT_CHOICES(GT_PRECONDS),
     .detail = "vp and ve are for networks trained by EDM's program: Gantry makes pictures with them but does not "
               "train them."},
    {OPTION(arch, "ddpmpp", "The U-Net: DDPM++, or NCSN++ with random frequencies and a residual encoder"),
     GT_CHOICES(GT_UNETS)},
    {OPTION(model_channels, NULL, "Channels of the U-Net at its full size, before they are multiplied"),
     .derived = "from cfg", .min = 4, .max = 1 << 12},
    {OPTION(channel_mult, NULL, "Channels of each level, as multiples; each level halves the picture"),
     .derived = "from cfg; for cpu 1,2,2 or less, down to 7 pixels", .placeholder = "LIST", .check = check_mults},
    {OPTION(num_blocks, NULL, "Number of blocks of each level of the encoder; the decoder has one more"),
     .derived = "from cfg", .min = 1, .max = 16},
    {OPTION(attn_resolutions, NULL, "Heights in pixels of the levels with attention"),
     .derived = "from cfg; for cpu all of at most 8", .placeholder = "LIST", .check = check_heights, .empty = true,
     .detail = "The lowest level always has attention in the decoder."},
    {OPTION(unet_dropout, NULL, "Probability that a block drops a value in training"), .derived = "from cfg",
     .max = 0.95},
    {OPTION(label_dropout, NULL, "Probability that a picture's label is hidden from the network in training"),
     .derived = "0.1; 0 with --cfg=cifar10, as published; with --resume that of the network", .max = 0.95,
     .with = "--cond", .detail = "For --guidance: 0.1 to 0.2 is customary."},
    {OPTION(condition_drop, "0", "Probability that a field's conditions are hidden from the network in training"),
     .max = 0.95, .detail = "The network then sees zeros. For --guidance: 0.1 to 0.2 is customary."},
    {OPTION(periodic, "none", "Which edges of a field meet the opposite edge; columns: longitudes"),
     GT_CHOICES(GT_PERIODICS),
     .detail = "Convolutions then see the opposite columns, or the opposite rows as well, in place of zeros."},
    {OPTION(augment, NULL, "Probability of each augmentation, with labels for the network; 0: none"), .max = 1,
     .derived = "0.12; 0 for fields",
     .detail =
         "Flips, scaling, turns, stretching and shifts. The augmentation of a picture is an input of the network, so "
         "generated pictures do not show it. Half of the pictures are flipped left-right, whatever the probability."},
    {OPTION(sigma_data, NULL, "Standard deviation of the data's pixels in -1..1 that EDM assumes"), .min = 1e-3,
     .max = 10, .derived = "0.5; 1 for fields, which are normalised"},
    {OPTION(p_mean, NULL, "Mean of the logarithm of noise levels in training (edm)"),
     .derived = "-1.2; -1.1 with --loss=consistency", .min = -20, .max = 20, .with = "--precond=edm"},
    {OPTION(p_std, NULL, "Standard deviation of the logarithm of noise levels in training (edm)"),
     .derived = "1.2; 2 with --loss=consistency", .min = 1e-3, .max = 20, .with = "--precond=edm"},
    {OPTION(stages, NULL, "Number of stages of --loss=consistency"), .derived = "8", .min = 1, .max = 32,
     .with = "--loss=consistency",
     .detail = "In each stage the two levels of noise whose pictures are compared are nearer to each other."},
    {OPTION(stage_kimg, NULL, "Length of a stage of --loss=consistency"), .derived = "kimg / stages", GT_KIMG,
     .min = 0.001, .with = "--loss=consistency",
     .detail = "A run that is made longer later keeps its stages: the last stage becomes longer."},
    {OPTION(stage_factor, NULL, "How much nearer the levels are in each stage"), .derived = "2", .min = 1.1,
     .max = 4096, .with = "--loss=consistency"},
    {OPTION(huber, "0.00054", "c of the loss of --loss=consistency, divided by the root of a picture's numbers"),
     .max = 100, .with = "--loss=consistency",
     .detail =
         "The loss of a picture is sqrt(d^2 + c^2) - c for the distance d of two results. 0: the distance itself, as "
         "in the program of Geng et al.; larger: nearer to the squared distance. The recipe has other values than "
         "the default alone."},
    {OPTION(times, "logit-normal", "How times are drawn in training (flow)"), GT_CHOICES(GT_TIMES),
     .with = "--precond=flow"},
    {OPTION(time_mean, "0", "Mean of the logit of times, where time 1 is the picture"), .min = -20, .max = 20,
     .with = "--precond=flow"},
    {OPTION(time_std, "1", "Standard deviation of the logit of times"), .min = 1e-3, .max = 20,
     .with = "--precond=flow"},
    {OPTION(sampler, NULL, "How steps are computed; stochastic: Heun with fresh noise in each step"),
     .derived = "heun; consistency with --loss=consistency", GT_CHOICES_GIVEN(GT_SOLVERS),
     .detail = "Heun and midpoint evaluate the network twice per step. stochastic is Heun with --churn (only edm). "
               "consistency is for networks trained with --loss=consistency, and these take no other."},
    {OPTION(sampler_steps, NULL, "Number of steps from noise to a picture"), .derived = "18; 2 with --loss=consistency",
     .min = 1, .max = 10000},
    {OPTION(sheet_steps, NULL, "Number of steps for the pictures that a run makes during training"),
     .derived = "8; 2 with --loss=consistency", .min = 1, .max = 10000},
    {OPTION(sigma_min, "0.002", "Lowest noise level of sampling (edm)"), .min = 1e-9, .max = 1e6,
     .with = "!--precond=flow"},
    {OPTION(sigma_max, "80", "Highest noise level of sampling (edm)"), .min = 1e-9, .max = 1e6,
     .with = "!--precond=flow"},
    {OPTION(sigma_rho, "7", "How much denser low noise levels lie in sampling (edm)"), .min = 0.1, .max = 1000,
     .with = "!--precond=flow"},
    {OPTION(sigma_mid, NULL, "Noise level of the last step of --sampler=consistency with more than one"),
     .derived = "0.821", .min = 1e-9, .max = 1e6, .with = "--loss=consistency"},
    {OPTION(churn, "40", "Amount of fresh noise with --sampler=stochastic"), .max = 1e6},
    {OPTION(churn_min, "0.05", "Lowest noise level at which noise is added"), .max = 1e6},
    {OPTION(churn_max, "50", "Highest noise level at which noise is added"), .max = 1e6},
    {OPTION(churn_noise, "1.003", "Standard deviation of the added noise"), .max = 10},
    {OPTION(guidance, "1", "How strongly labels and conditions steer pictures; 1: as trained, 0: not at all"),
     .max = 100,
     .detail = "Other values than 1 need a network trained with --label-dropout, as --cond does by default, or with "
               "--condition-drop. Each step then evaluates the network twice as often."},
    {FOUND("unet-encoder", encoder), .group = "shape"},
    {FOUND("unet-decoder", decoder)},
    {FOUND("unet-embedding", embedding)},
    {FOUND("unet-noise-mult", noise_mult), .max = 64},
    {FOUND("unet-embedding-mult", embedding_mult), .max = 64},
    {FOUND("unet-filter", filter)},
    {FOUND("net-levels", levels)},
    {FOUND("vp-values", vp)},
};

const char *const gt_precond_names[] = {GT_PRECONDS(GT_NAME)};
const char *const gt_unet_path_names[] = {
    [GT_UNET_STANDARD] = "standard", [GT_UNET_SKIP] = "skip", [GT_UNET_RESIDUAL] = "residual", NULL};

static const gt_family_model models[] = {
    {"edm", "diffusion model, or flow matching", "cfg=cpu", NULL},
    {0},
};

static const gt_named derived[] = {
    {"z-dim", "numbers of a picture"},
    {"batch", "from cfg"},
    {"kimg", "from cfg, a fifth with --loss=consistency"},
    {"lrate", "from cfg, less with --loss=consistency"},
    {"ema-kimg", "from cfg; half a stage with --loss=consistency"},
    {"ema-ramp", "from cfg, 0 with --resume"},
    {"warmup", "from cfg; for cpu 2,000 images"},
    {0},
};

static const gt_named advice[] = {
    {"divergence", "a smaller --lrate|a longer --warmup|--clip=1000"},
    {0},
};

/* What is trained in hours, and what was published (Karras et al., tables 6 and 7). */
enum { CPU }; /* the first one */

static const gt_named recipes[] = {
    {"cpu", "kimg=2000 batch=32 lrate=0.001 ema-kimg=50 ema-ramp=0.05 model-channels=32 num-blocks=1 unet-dropout=0"},
    {"cifar10", "kimg=200000 batch=512 lrate=0.001 ema-kimg=500 ema-ramp=0.05 model-channels=128 num-blocks=4 "
                "channel-mult=2,2,2 attn-resolutions=16 unet-dropout=0.13 label-dropout=0"},
    {0},
};

/* What --loss=consistency has otherwise: a fifth of the images, and values that were published for CIFAR-10 (Geng et
 * al., "Consistency Models Made Easy", appendix; sigma-mid: Song and Dhariwal, "Improved Techniques for Training
 * Consistency Models"). The rate of `cpu` is for few images: after 12,000 of shapes pictures were much nearer to the
 * data than with 0.0001. The half-life of the average is half a stage (derive_tuning). */
static const gt_named tuning_recipes[] = {
    {"cpu", "kimg=400 lrate=0.0003"},
    {"cifar10", "kimg=40000 lrate=0.0001"},
    {0},
};

/* The losses, by the names of --loss; the first one is that of a job which names none. */
static const struct loss {
    const char *name;
    bool tunes; /* a trained network, in stages */
    bool regresses;
    const char *sampler; /* that pictures are made with; NULL: any other one */
    const char *values;  /* that nobody has given */
} losses[] = {
    {"mse", false, false, NULL, "p-mean=-1.2 p-std=1.2 sampler=heun sampler-steps=18 sheet-steps=8"},
    {"regression", false, true, "euler", "p-mean=-1.2 p-std=1.2 sampler=euler sampler-steps=1 sheet-steps=1"},
    {"consistency", true, false, "consistency",
     "p-mean=-1.1 p-std=2 stages=8 stage-factor=2 sampler=consistency sampler-steps=2 sheet-steps=2 sigma-mid=0.821"},
};

static const struct loss *loss_of(const gt_job *job) {
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (gt_is(job->loss, losses[i].name)) return &losses[i];
    return &losses[0];
}

bool gt_edm_tunes(const gt_job *job) { return loss_of(job)->tunes; }
bool gt_edm_regresses(const gt_job *job) { return loss_of(job)->regresses; }

static const char *tunes(const gt_job *job) { return gt_edm_tunes(job) ? "--loss=consistency" : NULL; }

/* The recipe of a run is that of 1.0.0, which did not have the option, unless the value is another one. */
static void leave_out_usual(gt_job *job, const char *key) {
    const gt_option *row = gt_options_find(&job->options, key);
    if (gt_is(gt_options_effective(&job->options, row), row->standard))
        job->state[row - job->options.rows] = GT_OPTION_MOOT;
}

static void derive_tuning(gt_job *job) {
    gt_edm_options *o = job->own;
    gt_derive_recipe(job, tuning_recipes);
    if (gt_job_derives(job, "stage-kimg")) o->stage_kimg = job->kimg / (double)o->stages;
    if (gt_job_derives(job, "ema-kimg")) job->ema_kimg = o->stage_kimg / 2;
}

enum { LEAST_SIDE = 7, USUAL_LEVELS = 3, USUAL_ATTENTION = 8 };

/* As many levels of the usual ones as halve both sides, to no less than seven pixels. */
static int usual_levels(int64_t height, int64_t width) {
    int levels = 1;
    while (levels < USUAL_LEVELS && height % 2 == 0 && width % 2 == 0 && height >= 2 * LEAST_SIDE &&
           width >= 2 * LEAST_SIDE) {
        height /= 2;
        width /= 2;
        levels++;
    }
    return levels;
}

static void derive_attention(gt_job *job, int levels) {
    char text[128] = "";
    for (int l = 0; l < levels; l++)
        if (job->height >> l <= USUAL_ATTENTION)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", *text ? "," : "",
                     (int)(job->height >> l));
    gt_job_derive(job, "attn-resolutions", "%s", text);
}

static void resolve(gt_job *job, int64_t items) {
    static const char *const mults[] = {"1", "1,2", "1,2,2"};
    gt_edm_options *o = job->own;
    int mult[GT_UNET_LEVELS];
    if (gt_job_derives(job, "z-dim")) job->z_dim = job->height * job->width * job->channels;
    if (job->resumes) gt_job_derive(job, "ema-ramp", "0");
    gt_job_derive_all(job, loss_of(job)->values);
    if (gt_edm_tunes(job)) derive_tuning(job);
    gt_job_derive_all(job, job->conditions || *job->value_transform ? "augment=0 sigma-data=1"
                                                                    : "augment=0.12 sigma-data=0.5");
    leave_out_usual(job, "huber");
    leave_out_usual(job, "condition-drop");
    leave_out_usual(job, "periodic");
    leave_out_usual(job, "test-data");
    leave_out_usual(job, "test-condition");
    gt_derive_recipe(job, recipes);
    gt_job_derive(job, "label-dropout", job->label_dim ? "0.1" : "0");
    double growth = gt_recipe_of(job, recipes) == CPU ? 2e3 : 10e6;
    if (gt_job_derives(job, "warmup")) job->warmup = items > 0 ? growth / (double)items : 0;
    gt_job_derive(job, "channel-mult", "%s", mults[usual_levels(job->height, job->width) - 1]);
    int levels = numbers_of(o->channel_mult, GT_UNET_LEVELS, mult);
    derive_attention(job, levels > 0 ? levels : 1);
}

/* *out: the place of a text in a list; "": as it is. */
static gt_status choose(const char *key, const char *text, const char *const *names, int *out) {
    if (!*text) return GT_OK;
    for (int i = 0; names[i]; i++)
        if (gt_is(text, names[i])) {
            *out = i;
            return GT_OK;
        }
    return gt_fail(GT_FORMAT, "%s = %.40s: unknown name", key, text);
}

/* What only networks of EDM's program have otherwise than DDPM++ and NCSN++. */
static gt_status shape_found(const gt_edm_options *o, gt_unet_shape *s) {
    static const char *const embeddings[] = {"positional", "fourier", NULL};
    int encoder = s->encoder, decoder = s->decoder, fourier = s->fourier;
    gt_status st = choose("unet-encoder", o->found.encoder, gt_unet_path_names, &encoder);
    if (!st) st = choose("unet-decoder", o->found.decoder, gt_unet_path_names, &decoder);
    if (!st) st = choose("unet-embedding", o->found.embedding, embeddings, &fourier);
    if (!st) st = gt_filter_of_text("unet-filter", o->found.filter, &s->filter);
    s->encoder = (gt_unet_path)encoder;
    s->decoder = (gt_unet_path)decoder;
    s->fourier = fourier;
    if (o->found.noise_mult) s->noise_mult = (int)o->found.noise_mult;
    if (o->found.embedding_mult) s->embedding_mult = (int)o->found.embedding_mult;
    return st;
}

static gt_status shape_of(const gt_job *job, gt_unet_shape *s) {
    const gt_edm_options *o = job->own;
    bool ncsnpp = o->arch == GT_UNET_NCSNPP;
    int attention[GT_UNET_LEVELS];
    *s = (gt_unet_shape){.height = (int)job->height,
                         .width = (int)job->width,
                         .in = (int)(job->channels - job->target_mask),
                         .out = (int)(job->channels - job->conditions),
                         .labels = (int)job->label_dim,
                         .channels = (int)o->model_channels,
                         .embedding_mult = 4,
                         .noise_mult = ncsnpp ? 2 : 1,
                         .blocks = (int)o->num_blocks,
                         .fourier = ncsnpp,
                         .encoder = ncsnpp ? GT_UNET_RESIDUAL : GT_UNET_STANDARD,
                         .filter = {2, {1, 1}},
                         .dropout = o->unet_dropout,
                         .periodic = o->periodic};
    if (ncsnpp) s->filter = (gt_resample_filter){4, {1, 3, 3, 1}};
    if (o->augment > 0) {
        gt_told_pipe pipe = gt_told_standard(o->augment);
        s->augment = gt_told_numbers(&pipe);
    }
    gt_status st = shape_found(o, s);
    if (st) return st;
    s->levels = numbers_of(o->channel_mult, GT_UNET_LEVELS, s->mult);
    if (s->levels < 1)
        return gt_fail(GT_USAGE, "--channel-mult=%s: a list of 1 to %d numbers is needed, such as 1,2,2",
                       o->channel_mult, GT_UNET_LEVELS);
    int n = numbers_of(o->attn_resolutions, GT_UNET_LEVELS, attention);
    if (n < 0)
        return gt_fail(GT_USAGE, "--attn-resolutions=%s: a list of heights is needed, such as 16,8",
                       o->attn_resolutions);
    for (int i = 0; i < n; i++) {
        int l = 0;
        while (l < s->levels && s->height >> l != attention[i]) l++;
        if (l == s->levels)
            return gt_fail(GT_USAGE, "--attn-resolutions=%s: no level is %d pixels high; levels are %d down to %d",
                           o->attn_resolutions, attention[i], s->height, s->height >> (s->levels - 1));
        s->attention |= 1u << l;
    }
    return gt_unet_check(s);
}

static bool is_level(double x) { return x >= 0 && !isnan(x); }

gt_status gt_edm_denoiser(const gt_job *job, gt_denoiser *d) {
    const gt_edm_options *o = job->own;
    const char *levels = o->found.levels, *name = gt_precond_names[o->precond];
    *d = (gt_denoiser){.sigma_data = o->sigma_data};
    gt_status st = shape_of(job, &d->unet);
    d->precond = o->precond;
    size_t n = strlen(name);
    bool own = !strncmp(levels, name, n) && levels[n] == ':'; /* else of another preconditioning */
    if (!st && own &&
        (sscanf(levels + n, ":%lf:%lf", &d->sigma_min, &d->sigma_max) != 2 || !is_level(d->sigma_min) ||
         !is_level(d->sigma_max) || d->sigma_max <= d->sigma_min))
        return gt_fail(GT_FORMAT, "net-levels = %.80s: these are not two levels of noise", levels);
    gt_vp_values *v = &d->vp;
    if (!st && *o->found.vp &&
        (sscanf(o->found.vp, "%lf:%lf:%lf:%lf", &v->beta_d, &v->beta_min, &v->first_time, &v->times) != 4 ||
         !(v->beta_d > 0)))
        return gt_fail(GT_FORMAT, "vp-values = %.80s: these are not four numbers of VP", o->found.vp);
    return st;
}

gt_status gt_edm_check_sampling(const gt_job *job, gt_solver sampler, double guidance) {
    static const char *const solvers[] = {GT_SOLVERS(GT_NAME)};
    const gt_edm_options *o = job->own;
    if (o->precond == GT_PRECOND_FLOW && sampler == GT_SOLVER_STOCHASTIC)
        return gt_fail(GT_USAGE, "--sampler=stochastic: flows have no fresh noise; give heun, euler or midpoint");
    const char *only = loss_of(job)->sampler;
    if (only ? !gt_is(solvers[sampler], only) : sampler == GT_SOLVER_CONSISTENCY)
        return gt_fail(GT_USAGE, "--sampler=%s: a network trained with --loss=%s makes pictures with --sampler=%s",
                       solvers[sampler], loss_of(job)->name, only ? only : "heun, euler, midpoint or stochastic");
    if (guidance == 1) return GT_OK;
    if (!job->label_dim && !job->conditions)
        return gt_fail(GT_USAGE,
                       "--guidance=%g: guidance uses labels or conditions: train with --cond, or with --condition and "
                       "--condition-drop=0.1",
                       guidance);
    if ((job->label_dim && o->label_dropout > 0) || o->condition_drop > 0) return GT_OK;
    const char *drop = job->label_dim ? "label-dropout" : "condition-drop";
    return gt_fail(GT_USAGE,
                   "--guidance=%g: guidance needs a network trained with %s, but here --%s is 0: train one with "
                   "--%s=0.1",
                   guidance, job->label_dim ? "label dropout" : "dropped conditions", drop, drop);
}

static gt_status check(const gt_job *job) {
    const gt_edm_options *o = job->own;
    gt_denoiser d;
    gt_status st = gt_check_recipe(job, recipes);
    if (!st) st = gt_edm_denoiser(job, &d);
    if (st) return st;
    if (job->z_dim != job->height * job->width * job->channels)
        return gt_fail(GT_USAGE, "--z-dim=%lld: --model=edm begins with a picture of noise, which has %lld numbers",
                       (long long)job->z_dim, (long long)(job->height * job->width * job->channels));
    if (o->condition_drop > 0 && !job->conditions)
        return gt_fail(GT_USAGE, "--condition-drop=%g: '%s' has no conditions", o->condition_drop, job->data);
    bool tests = *job->test_data, whole = *job->test_condition || gt_synth_of_path(job->test_data);
    if (tests && (!job->conditions || !whole))
        return gt_fail(GT_USAGE, "--test-data=%s: %s", job->test_data,
                       job->conditions ? "--test-condition=FILE:NAME is needed, the conditions of these fields"
                                       : "with --model=edm it is for data with conditions");
    if (o->periodic && (!job->conditions || o->arch == GT_UNET_NCSNPP))
        return gt_fail(GT_USAGE, "--periodic is for data with conditions and for --arch=ddpmpp");
    if (gt_edm_regresses(job) && (!job->conditions || o->precond != GT_PRECOND_EDM))
        return gt_fail(GT_USAGE, "--loss=regression is for data with conditions and for --precond=edm");
    if (gt_edm_tunes(job) && job->target_mask)
        return gt_fail(GT_USAGE, "--loss=consistency compares whole fields, but targets of '%s' have missing values",
                       job->data);
    if (o->sigma_min > o->sigma_max)
        return gt_fail(GT_USAGE, "--sigma-min=%g is larger than --sigma-max=%g", o->sigma_min, o->sigma_max);
    if (gt_edm_tunes(job) && o->precond != GT_PRECOND_EDM)
        return gt_fail(GT_USAGE,
                       "--loss=consistency needs a network with --precond=edm, whose result at level 0 is "
                       "the picture itself; --precond=%s is another network",
                       gt_precond_names[o->precond]);
    if (gt_edm_tunes(job) && o->sigma_mid > o->sigma_max)
        return gt_fail(GT_USAGE, "--sigma-mid=%g is larger than --sigma-max=%g", o->sigma_mid, o->sigma_max);
    return gt_edm_check_sampling(job, o->sampler, o->guidance);
}

static void tell(const gt_job *job) {
    const gt_edm_options *o = job->own;
    if (!gt_edm_tunes(job)) return;
    double last = gt_pow(o->stage_factor, (double)o->stages);
    gt_info("consistency: %lld stages of %g kimg; levels of noise are compared that are 1/%g to 1/%g apart",
            (long long)o->stages, o->stage_kimg, o->stage_factor, last);
}

const gt_family gt_family_edm = {
    .name = "edm",
    .title = "Diffusion and flow matching",
    .models = models,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .sizes = "precond arch model-channels channel-mult num-blocks attn-resolutions augment sigma-data "
             "label-dropout condition-drop periodic",
    .takes_conditions = true,
    .losses = "mse|consistency|regression",
    .own_bytes = sizeof(gt_edm_options),
    .derived = derived,
    .advice = advice,
    .about = (const gt_about[]){{"cpu", "a small network, for hours on a few cores", 40}, {0}},
    .tunes = tunes,
    .tell = tell,
    .resolve = resolve,
    .check = check,
    .make = gt_edm_make,
    .import = gt_edm_import,
};
