/* SPDX-License-Identifier: Apache-2.0
 * DCGAN as a family: its options, the published values, and what does not fit together. */
#include "base/door/numbers.h"
#include <stdio.h>

#include "dist/door/dist.h"
#include "gantry/log.h"
#include "graph/door/ops.h"
#include "networks/model/door/family.h"
#include "networks/model/door/optimizer.h"
#include "features/dcgan/loss.h"

#define OPTION(field, value, text) GT_JOB_ROW(gt_dcgan_options, field, value, text)

#define ACTIVATIONS "lrelu|relu|elu|selu|swish|tanh|sigmoid"

static const gt_option options[] = {
    {OPTION(latent, "normal", "Distribution of the latent z: N(0,1), or uniform in [-1,1)"),
     GT_CHOICES(GT_LATENTS_DRAWN)},
    {OPTION(d_batches, "separate", "Whether D sees real and fake images in separate batches, or mixed"),
     GT_CHOICES(GT_D_BATCHES),
     .detail = "This matters because the images of a batch share the statistics of batch normalisation. With mixed, "
               "the update of G also shows real images to D."},
    {OPTION(smoothing, "none", "Soft targets of D: random ones in 0.7..1.2 for real images, instead of 1"),
     GT_CHOICES(GT_SMOOTHINGS), .detail = "two-sided: also random targets in 0..0.3 for fake images, instead of 0."},
    {OPTION(flip, "0", "Noisy labels: share of images that get the target of the other kind"), .max = 0.5,
     .detail = "0.05 is customary."},
    {OPTION(smooth_real, NULL, "D's target for real images: a number, or a range such as 0.7..1.2"),
     .placeholder = "RANGE", .derived = "1; with smoothing 0.7..1.2", .check = gt_dcgan_check_range,
     .detail = "With a range, each image's target is drawn again in each step."},
    {OPTION(smooth_fake, NULL, "D's target for fake images: a number, or a range such as 0..0.3"),
     .placeholder = "RANGE", .derived = "0; with smoothing two-sided 0..0.3", .check = gt_dcgan_check_range},
    {OPTION(smooth_g, NULL, "Target that G is trained with: a number, or a range such as 0.7..1.2"),
     .placeholder = "RANGE", .derived = "1", .check = gt_dcgan_check_range},
    {OPTION(flip_real, NULL, "Share of real images that get the target of fake ones"), .derived = "flip", .max = 0.5},
    {OPTION(flip_fake, NULL, "Share of fake images that get the target of real ones"), .derived = "flip", .max = 0.5},
    {OPTION(flip_g, NULL, "Share of the images of G's step that get the target of fake ones"), .derived = "0",
     .max = 0.5,
     .detail = "All other images have the target of real ones, since the labels of G's step are swapped in any case. "
               "--flip does not affect G's step."},
    {OPTION(instance_noise, "0", "Standard deviation of the noise added to all images that D sees"), .max = 10,
     .detail = "Pixels are in -1..1. 0.1 is customary."},
    {OPTION(instance_noise_kimg, "0", "Thousands of images in which --instance-noise falls to 0; 0: the noise stays"),
     .with = "--instance-noise", GT_KIMG},
    {OPTION(d_lrate, NULL, "Learning rate of D"), .derived = "lrate; 0.02 with sgd", .max = 10},
    {OPTION(g_activation, "lrelu", "Activation of G"), .choices = ACTIVATIONS,
     .detail = "lrelu is the leaky ReLU, with --slope. The last layer has tanh in any case."},
    {OPTION(d_activation, NULL, "Activation of D"), .derived = "lrelu", .choices = ACTIVATIONS},
    {OPTION(slope, NULL, "Slope of the leaky ReLU below 0, in G and D"), .derived = "0.2", .max = 1},
    {OPTION(init_std, NULL, "Standard deviation of the weights at the start"), .derived = "0.02", .min = 1e-6,
     .max = 10},
    {OPTION(down, NULL, "How D halves sizes"), .derived = "stride", GT_CHOICES(GT_HALVINGS),
     .detail = "stride: convolutions of 4x4 with stride 2. The other values: convolutions of 3x3 at the full size, "
               "then 2x2 pooling, then normalisation."},
    {OPTION(up, NULL, "How G doubles sizes"), .derived = "transpose", GT_CHOICES(GT_DOUBLINGS),
     .detail = "transpose: transposed convolutions of 4x4. nearest: each pixel is repeated 2x2 times, then "
               "convolutions of 3x3."},
    {OPTION(d_depth, NULL, "Number of further convolutions of D at each size"), .derived = "0", .max = 8,
     .detail = "Each is 3x3, with normalisation and activation, and follows the convolution that halves the size."},
    {OPTION(g_depth, NULL, "Number of further convolutions of G at each size but the last"), .derived = "0", .max = 8,
     .detail = "Each is 3x3, with normalisation and activation, and follows the convolution that doubles the size."},
    {OPTION(g_dropout, NULL, "Probability that G drops a value in training"), .derived = "0", .max = 0.95,
     .detail = "Dropout follows each activation; the kept values are scaled up."},
    {OPTION(d_dropout, NULL, "Probability that D drops a value in training"), .derived = "0", .max = 0.95},
    {OPTION(semi, "0", "Semi-supervised: D also learns the classes of real images"),
     .detail =
         "The data must have classes. D has one output per class, and fake images are one more class; its accuracy is "
         "logged as Accuracy/real, and its accuracy on --test-data as Accuracy/test. Not with --cond."},
    {OPTION(labelled, "1", "Share of the data whose labels are used with --semi"), .min = 1e-6, .max = 1,
     .detail = "Chosen by --seed. The accuracy is measured on all real images."},
    {OPTION(smooth_classes, NULL, "Share of the target of --semi's classes that is spread over all classes"),
     .derived = "0", .max = 0.999, .with = "--semi",
     .detail =
         "Label smoothing for several classes: Szegedy et al. (2016), section 7. For classifiers, use "
         "--label-smoothing. With --cond, classes are inputs of the networks, so there are no targets to smooth."},
    {OPTION(semi_baseline, NULL, "With --semi: also train the same network as D only on the labels"), .derived = "0",
     .detail = "Network C sees the labelled images of the same batches, as often as D, and its loss has no other "
               "terms. Its accuracy on --test-data is logged as Accuracy/test_baseline, beside Accuracy/test."},
    {OPTION(gp_weight, NULL, "Weight of the gradient penalty of --loss=wgan-gp"), .derived = "10", .max = 1e6},
    {OPTION(d_steps, NULL, "Number of updates of D for each update of G"), .derived = "1", .min = 1, .max = 1000,
     .detail = "Each update of D sees its own batch, so kimg and ticks count the images shown to D. G is updated with "
               "the first of these batches."},
    {OPTION(feature_matching, NULL, "Train G so that the means of D's features match those on real images"),
     .derived = "0",
     .detail =
         "This replaces G's adversarial loss. The features are the maps before D's last layer. The means are over the "
         "whole batch; with --bn=slice or none, over one of up to 8 slices. Salimans et al. (2016), section 3.1."},
    {OPTION(history, NULL, "Historical averaging: weight of the distance from past weights"), .derived = "0",
     .max = 1e6,
     .detail = "Both losses get the squared distance of the network's parameters from their mean over all updates so "
               "far, times this weight. The means are part of checkpoints. Salimans et al. (2016), section 3.3."},
};

static const gt_family_model models[] = {
    {"dcgan", "DCGAN with its tricks",
     "kimg=1000 batch=128 lrate=0.0002 z-dim=100 cmax=512 ema-kimg=5 ema-ramp=0.05 aug=noaug", NULL},
    {0},
};

static const gt_named derived[] = {
    {"slices", "with bn=slice slices of at least 16"},
    {"cbase", "32 x size"},
    {0},
};

static const gt_named advice[] = {
    {"collapse", "--smoothing|--instance-noise|go back to an earlier checkpoint with another --seed"},
    {"saturation", "more data|--mirror|--aug=ada|--smoothing|--flip|a smaller --d-lrate"},
    {0},
};

enum { TARGETS_TEXT = 256 };
enum {
    MOST_SLICES = 8,
    LEAST_NORMALISED = 16, /* samples whose statistics are still those of the data */
    WORTH = 8              /* images of a slice */
};

/* Where samples of a slice meet, slices are larger than one image: in its normalisation, or in the means of its
 * features. Elsewhere too: of the speed of a core an image alone costs 27 % at 32x32 and 21 % at 64x64, eight cost 6
 * and 4 (docs/parallel.md). */
static int default_slices(const gt_job *job) {
    if (job->bn == GT_BN_SLICE) return (int)gt_smallest(MOST_SLICES, gt_largest(1, job->batch / LEAST_NORMALISED));
    bool means = job->bn == GT_BN_NONE && ((const gt_dcgan_options *)job->own)->feature_matching;
    return means ? (int)gt_smallest(MOST_SLICES, job->batch) : gt_slices_of(job->batch, WORTH);
}

static const char *needs_classes(const gt_job *job) {
    return ((const gt_dcgan_options *)job->own)->semi ? "semi" : NULL;
}

/* Of soft and noisy targets. */
static const char *const target_keys[] = {"smoothing", "smooth-real", "smooth-fake", "smooth-g",
                                          "flip",      "flip-real",   "flip-fake",   "flip-g"};
enum { TARGET_KEYS = sizeof target_keys / sizeof *target_keys };

/* Those that somebody has set, "smoothing=one-sided, flip=0.05"; `filed`: in a file, else also on the command line. */
static bool list_targets(const gt_job *job, bool filed, char *text, size_t bytes) {
    size_t n = 0;
    *text = 0;
    for (int i = 0; i < TARGET_KEYS && n < bytes; i++) {
        const gt_option *row = gt_options_find(&job->options, target_keys[i]);
        gt_option_state state = gt_options_state(&job->options, target_keys[i]);
        const char *value = gt_options_effective(&job->options, row);
        if (state != GT_OPTION_FILED && (filed || state != GT_OPTION_GIVEN)) continue;
        n += (size_t)snprintf(text + n, bytes - n, "%s%s%s=%s%s", n ? ", " : "", filed ? "" : "--", target_keys[i],
                              value ? value : "", !filed && state == GT_OPTION_FILED ? " (of the job file)" : "");
    }
    return n > 0;
}

/* A loss of the command line that has no targets: what a file says of them steps back. */
static void leave_targets(gt_job *job) {
    const gt_dcgan_loss *loss = gt_dcgan_loss_find(job->loss);
    gt_dcgan_target targets[GT_DCGAN_TARGETS];
    char text[TARGETS_TEXT];
    gt_dcgan_find_targets(job, targets);
    bool vary = gt_dcgan_d_targets_vary(targets) || gt_dcgan_g_targets_vary(targets);
    if (!loss || loss->takes_targets || !vary || gt_options_state(&job->options, "loss") != GT_OPTION_GIVEN) return;
    if (!list_targets(job, true, text, sizeof text)) return;
    for (int i = 0; i < TARGET_KEYS; i++)
        if (gt_options_state(&job->options, target_keys[i]) == GT_OPTION_FILED)
            gt_options_forget(&job->options, target_keys[i]);
    gt_info("--loss=%s has no targets to smooth or flip: ignoring %s of the job file", loss->name, text);
}

static void resolve(gt_job *job, int64_t items) {
    const int64_t least = 1000, most = 20000; /* images between two lines of the log */
    gt_dcgan_options *o = job->own;
    leave_targets(job);
    if (items <= most) gt_job_tick_by_epochs(job, least, items);
    gt_job_derive(job, "d-optimizer", "%s", gt_job_optimizer(job, ""));
    if (gt_job_derives(job, "d-lrate")) o->d_lrate = gt_optimizer_find(job->gan.d_optimizer)->plain ? 0.02 : job->lrate;
    if (gt_job_derives(job, "cbase")) job->gan.cbase = 32 * job->height; /* 64 at half the image's size */
}

static gt_status check_size(int64_t height, int64_t width, int64_t channels) {
    enum { LEAST_SIZE = 16, MOST_SIZE = 8192, MOST_CHANNELS = 4 };
    long long h = height, w = width;
    int power = LEAST_SIZE;
    while (power < MOST_SIZE && (power < h || power < w)) power *= 2;
    if (h > power || w > power)
        return gt_fail(GT_USAGE, "images of %lldx%lld are larger than %dx%d", w, h, MOST_SIZE, MOST_SIZE);
    if (h != w || h != power)
        return gt_fail(GT_USAGE,
                       "images of %lldx%lld: DCGAN needs square images with sides of a power of two of at least %d; "
                       "resize them to %dx%d (gantry dataset SOURCE DEST.zip --width=%d --height=%d)",
                       w, h, LEAST_SIZE, power, power, power, power);
    if (channels < 1 || channels > MOST_CHANNELS)
        return gt_fail(GT_USAGE, "images with %lld channels: DCGAN takes 1 to %d", (long long)channels, MOST_CHANNELS);
    return GT_OK;
}

static gt_status fail_of_targets(const gt_job *job, const gt_dcgan_loss *loss) {
    char text[TARGETS_TEXT];
    list_targets(job, false, text, sizeof text);
    return gt_fail(GT_USAGE, "--loss=%s has no targets to smooth or flip: give --loss=bce or lsgan, or leave out %s",
                   loss->name, text);
}

static gt_status check_loss(const gt_job *job, const gt_dcgan_loss *loss) {
    const gt_dcgan_options *o = job->own;
    gt_dcgan_target targets[GT_DCGAN_TARGETS];
    gt_dcgan_find_targets(job, targets);
    if (!loss->takes_targets && (gt_dcgan_d_targets_vary(targets) || gt_dcgan_g_targets_vary(targets)))
        return fail_of_targets(job, loss);
    if (o->semi && !loss->with_classes)
        return gt_fail(GT_USAGE, "--semi needs --loss=bce, because its classes and fake images form one distribution");
    if (!loss->judges && job->gan.aug == GT_AUG_ADA)
        return gt_fail(GT_USAGE,
                       "--aug=ada needs scores that tell real from fake, which --loss=%s does not have: give "
                       "--aug=fixed --p=0.2, or another loss",
                       loss->name);
    if (gt_job_given(job, "gp-weight") && !loss->penalised)
        return gt_fail(GT_USAGE, "--gp-weight can only be specified with --loss=wgan-gp");
    if (loss->penalised && job->bn != GT_BN_NONE)
        return gt_fail(GT_USAGE,
                       "--loss=%s --bn=%s: the penalty needs D's gradient for each image alone, but batch "
                       "normalisation makes D's scores depend on other images: give --bn=none",
                       loss->name, gt_job_value(job, "bn"));
    if (loss->penalised && o->d_batches == GT_D_BATCHES_MIXED)
        return gt_fail(GT_USAGE,
                       "--loss=%s --d-batches=mixed: without batch normalisation there is nothing to mix: give "
                       "--d-batches=separate",
                       loss->name);
    return GT_OK;
}

static bool has_slope(const char *activation) { return gt_activation_find(activation)->alpha > 0; }

static gt_status check(const gt_job *job) {
    const gt_dcgan_options *o = job->own;
    long long half = job->height / 2;
    bool leaky = has_slope(o->g_activation) || !*o->d_activation || has_slope(o->d_activation);
    if (gt_options_state(&job->options, "slope") == GT_OPTION_GIVEN && !leaky)
        return gt_fail(GT_USAGE, "--slope is only for --g-activation=lrelu or --d-activation=lrelu");
    if (job->cond && o->semi)
        return gt_fail(GT_USAGE, "--cond and --semi: only one of them; D either sees labels or predicts classes");
    gt_status st = check_loss(job, gt_dcgan_loss_find(job->loss));
    if (st) return st;
    if (*job->test_data && !o->semi)
        return gt_fail(GT_USAGE, "--test-data can only be specified with --semi, which makes D predict classes");
    if (o->semi_baseline && !o->semi) return gt_fail(GT_USAGE, "--semi-baseline can only be specified with --semi");
    if (o->labelled < 1 && !o->semi) return gt_fail(GT_USAGE, "--labelled can only be specified with --semi");
    if (job->gan.cbase < half)
        return gt_fail(GT_USAGE, "--cbase=%lld leaves no feature map at %lldx%lld: give at least %lld",
                       (long long)job->gan.cbase, half, half, half);
    return GT_OK;
}

const gt_family gt_family_dcgan = {
    .name = "dcgan",
    .title = "DCGAN and its tricks",
    .models = models,
    .adversarial = true,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .sizes = "z-dim latent cbase cmax down up d-depth g-depth g-activation d-activation slope bn=none",
    .losses = "bce|lsgan|hinge|wgan-gp",
    .own_bytes = sizeof(gt_dcgan_options),
    .derived = derived,
    .advice = advice,
    .about = (const gt_about[]){{"dcgan", NULL, 20}, {0}},
    .needs_classes = needs_classes,
    .tell = gt_dcgan_tell_targets,
    .resolve = resolve,
    .check_size = check_size,
    .default_slices = default_slices,
    .check = check,
    .make = gt_dcgan_make,
};
