/* SPDX-License-Identifier: Apache-2.0
 * Autoencoders as a family: its options, what each of its models is by default, and what does not fit together. */
#include "dist/door/dist.h"
#include "features/autoencoder/loss.h"

#define OPTION(field, value, text) GT_JOB_ROW(gt_autoencoder_options, field, value, text)

/* What options go with: models with a divergence, with codes, with draws of codes. */
#define DIVERGENCE .with = "--model=vae|--model=cvae|--model=digits|--model=gumbel"
#define CODES .with = "--model=gumbel*|--model=vq*"
#define DRAWS .with = "--model=gumbel*"
#define VQ .with = "--model=vq"

static const gt_option options[] = {
    {OPTION(widths, "1", "Number of features of hidden layers, relative to the model's own"), .min = 1e-3, .max = 16},
    {OPTION(recon, NULL, "Reconstruction loss: squared error, binary cross-entropy, or -log of a normal density"),
     .derived = "from model", GT_CHOICES(GT_RECONS),
     .detail = "bce is computed from the numbers before the sigmoid (logits), whatever the value of --sigmoid; "
               "pictures are shown after a sigmoid. normal: the decoder gives the mean and log variance of each pixel "
               "in [0,1], and the loss is -log p(x|z) with its constant, in nats. The deviation is at least 0.01 (log "
               "variance -9.21, a smooth bound), so that exact pixels cannot make the loss fall without end."},
    {OPTION(factor, "1", "Weight of the reconstruction loss"), .max = HUGE_VAL},
    {OPTION(recon_pixels, "sum", "Whether the reconstruction loss is the sum or the mean over the pixels of an image"),
     GT_CHOICES(GT_REDUCED_BY)},
    {OPTION(recon_batch, "sum", "Whether the reconstruction loss is the sum or the mean over the images of a batch"),
     GT_CHOICES(GT_REDUCED_BY)},
    {OPTION(kl_latent, "sum", "Whether the divergence is the sum or the mean over the dimensions of the latent"),
     GT_CHOICES(GT_REDUCED_BY), DIVERGENCE},
    {OPTION(kl_batch, "sum", "Whether the divergence is the sum or the mean over the images of a batch"),
     GT_CHOICES(GT_REDUCED_BY), DIVERGENCE},
    {OPTION(beta, "1", "Weight of the divergence (vae, cvae, digits, gumbel)"), .max = HUGE_VAL, DIVERGENCE,
     .detail = "With values above 1 (beta-VAE), dimensions become more independent and pictures softer."},
    {OPTION(kl_warmup, "0", "Thousands of images in which the weight of the divergence grows to --beta; 0: at once"),
     GT_KIMG, DIVERGENCE},
    {OPTION(beta_start, NULL, "With --kl-warmup: weight of the divergence at the start"), .derived = "0",
     .max = HUGE_VAL},
    {OPTION(kl_cycles, NULL, "With --kl-warmup: number of times that the weight grows (cyclical annealing)"),
     .derived = "1", .min = 1, .max = 1e6,
     .detail = "In each cycle the weight grows for --kl-warmup and stays at --beta for --kl-hold; after the last cycle "
               "it stays at --beta. The series KL/weight shows the weight."},
    {OPTION(kl_hold, NULL, "With --kl-cycles: thousands of images for which the weight stays between two growths"),
     .derived = "kl-warmup", GT_KIMG},
    {OPTION(samples, NULL, "Number of draws of the latent per image and step (vae, cvae, digits, gumbel)"),
     .derived = "1", .min = 1, .max = 256,
     .detail = "All draws are decoded, and the reconstruction loss is their mean. The time of a step grows with the "
               "work of the decoder."},
    {OPTION(sigmoid, NULL, "Apply a sigmoid after the decoder's last layer"), .derived = "from model"},
    {OPTION(codes, "64", "Number of codes of a discrete latent (gumbel, vq)"), .min = 2, .max = 1 << 16, CODES},
    {OPTION(code_dim, "16", "Length of a code's vector (gumbel, vq)"), .min = 1, .max = 1 << 12, CODES},
    {OPTION(temperature, "1", "Temperature of the Gumbel-softmax at the start"), .min = 1e-3, .max = 1e3, DRAWS},
    {OPTION(temperature_min, "0.5", "Lowest temperature of the Gumbel-softmax"), .min = 1e-3, .max = 1e3, DRAWS},
    {OPTION(temperature_kimg, "30",
            "Thousands of images in which the temperature falls to 1/e; 0: the temperature stays"),
     GT_KIMG, DRAWS},
    {OPTION(commitment, "0.25", "Weight of the loss that pulls encoded vectors to their codes (vq)"), .max = HUGE_VAL,
     VQ},
    {OPTION(code_decay, "0.99", "Decay per step of the running means by which codes are learned (vq)"), .max = 1, VQ},
    {OPTION(code_floor, "0.03", "Share of the average use below which a code is reset (vq); 0: never"), .max = 1, VQ},
    {OPTION(prior_width, NULL, "Channels of a prior of codes (vq-prior, gumbel-prior)"), .derived = "64", .min = 1,
     .max = 1 << 12},
    {OPTION(prior_layers, NULL, "Number of layers of a prior of codes; each layer sees one token further"),
     .derived = "8", .min = 1, .max = 64},
};

/* What each model is by default. */
typedef struct recipe {
    gt_body_kind body;
    gt_latent_kind latent;
    int epochs;
} recipe;

static const recipe fully_connected = {GT_BODY_MLP, GT_LATENT_PLAIN, 30},
                    variational = {GT_BODY_MLP, GT_LATENT_NORMAL, 30},
                    convolutional = {GT_BODY_CONV, GT_LATENT_NORMAL, 30},
                    of_digits = {GT_BODY_DIGITS, GT_LATENT_NORMAL, 100}, relaxed = {GT_BODY_CONV, GT_LATENT_GUMBEL, 30},
                    quantised = {GT_BODY_CONV, GT_LATENT_VQ, 30};

#define OF_PRIORS "batch=32 lrate=0.001 z-dim=1 sigmoid=1 prior-width=64 prior-layers=8 "

static const gt_family_model models[] = {
    {"ae", "fully connected autoencoder", "batch=32 lrate=0.0003 z-dim=1 recon=mse sigmoid=0", &fully_connected},
    {"vae", "fully connected variational autoencoder", "batch=32 lrate=0.0003 z-dim=1 recon=mse sigmoid=0",
     &variational},
    {"cvae", "convolutional variational autoencoder", "batch=32 lrate=0.0003 z-dim=1 recon=mse sigmoid=1",
     &convolutional},
    {"digits", "variational autoencoder for 28x28 digits", "batch=150 lrate=0.001 z-dim=100 recon=bce sigmoid=1",
     &of_digits},
    {"gumbel", "convolutional autoencoder with discrete latents by Gumbel-softmax",
     "batch=32 lrate=0.001 z-dim=1 recon=bce sigmoid=1", &relaxed},
    {"vq", "convolutional autoencoder with discrete latents by vector quantisation",
     "batch=32 lrate=0.001 z-dim=1 recon=mse sigmoid=1", &quantised},
    {"gumbel-prior", "PixelCNN that learns the codes of pictures from a gumbel", OF_PRIORS "recon=bce", &relaxed},
    {"vq-prior", "PixelCNN that learns the codes of pictures from a vq", OF_PRIORS "recon=mse", &quantised},
    {0},
};

static const gt_named priors[] = {{"gumbel-prior", "gumbel"}, {"vq-prior", "vq"}, {0}};

static const gt_named derived[] = {
    {"batch", "from model"}, {"kimg", "by epochs"}, {"lrate", "from model"}, {"z-dim", "from model"}, {0},
};

/* Common options that most jobs of this family do without are in the recipe only where they are used. */
static void leave_out(gt_job *job, const char *key) {
    const gt_option *row = gt_options_find(&job->options, key);
    job->state[row - job->options.rows] = GT_OPTION_MOOT;
}

static void resolve(gt_job *job, int64_t items) {
    const recipe *r = job->kind->own;
    gt_autoencoder_options *o = job->own;
    o->body = r->body;
    o->latent = r->latent;
    o->prior = gt_job_adds_to(job) != NULL;
    if (!job->cond) leave_out(job, "cond");
    if (!*job->test_data) leave_out(job, "test-data");
    gt_job_last_epochs(job, r->epochs, items);
    gt_job_tick_by_epochs(job, 0, items);
}

static int nearest_multiple_of_4(int64_t size) { return size < 4 ? 4 : (int)((size + 2) / 4 * 4); }

/* Layers and latents are counted in int. */
static bool fits_int(int64_t a, int64_t b) {
    int64_t n;
    return !__builtin_mul_overflow(a, b, &n) && n <= INT32_MAX;
}

/* Options of the divergence that have no meaning with the others. */
static gt_status check_divergence(const gt_job *job) {
    static const char *const keys[] = {"beta-start", "kl-cycles", "kl-hold"};
    const gt_autoencoder_options *o = job->own;
    for (int i = 0; i < 3; i++)
        if (gt_job_given(job, keys[i]) && !(o->kl_warmup > 0))
            return gt_fail(GT_USAGE, "--%s needs --kl-warmup, the length of a growth, such as --kl-warmup=50", keys[i]);
    if (gt_job_given(job, "kl-hold") && o->kl_cycles < 2)
        return gt_fail(GT_USAGE, "--kl-hold needs --kl-cycles, the number of growths, such as --kl-cycles=4");
    if (o->samples > 1 && (o->latent == GT_LATENT_PLAIN || o->latent == GT_LATENT_VQ))
        return gt_fail(GT_USAGE, "--samples=%lld: --model=%s draws nothing; vae, cvae, digits and gumbel do",
                       (long long)o->samples, job->model);
    return GT_OK;
}

/* Drawing codes one after the other is a graph with nodes for each token and layer. */
static gt_status check_prior(const gt_job *job) {
    enum { MOST = 1 << 14 };
    static const char *const keys[] = {"prior-width", "prior-layers"};
    const gt_autoencoder_options *o = job->own;
    for (int i = 0; i < 2 && !o->prior; i++)
        if (gt_job_given(job, keys[i]))
            return gt_fail(GT_USAGE, "--%s has no meaning with --model=%s (it belongs to vq-prior and gumbel-prior)",
                           keys[i], job->model);
    int64_t tokens = job->height / 4 * (job->width / 4);
    if (o->prior && tokens * o->prior_layers > MOST)
        return gt_fail(GT_USAGE,
                       "images of %dx%d have %lld codes, but with %lld layers the prior takes at most %lld: use "
                       "smaller images or fewer --prior-layers",
                       (int)job->width, (int)job->height, (long long)tokens, (long long)o->prior_layers,
                       (long long)(MOST / o->prior_layers));
    return GT_OK;
}

static gt_status check(const gt_job *job) {
    const gt_autoencoder_options *o = job->own;
    int64_t h = job->height, w = job->width, quarter = h / 4 * (w / 4);
    bool conv = o->body == GT_BODY_CONV;
    gt_status st = check_divergence(job);
    if (!st) st = check_prior(job);
    if (st) return st;
    if (job->cond && o->latent != GT_LATENT_NORMAL && !o->prior)
        return gt_fail(GT_USAGE, "--cond=1: --model=%s uses no labels; vae, cvae, digits and priors of codes do",
                       job->model);
    if (o->temperature < o->temperature_min) return gt_fail(GT_USAGE, "--temperature-min is above --temperature");
    if (conv && (h % 4 || w % 4))
        return gt_fail(
            GT_USAGE,
            "images of %dx%d: both sides must be divisible by 4 for the convolutional autoencoder; the nearest "
            "size is %dx%d (gantry dataset SOURCE DEST.zip --width=%d --height=%d)",
            (int)w, (int)h, nearest_multiple_of_4(w), nearest_multiple_of_4(h), nearest_multiple_of_4(w),
            nearest_multiple_of_4(h));
    int64_t tokens = conv ? quarter : job->z_dim;
    bool fits = fits_int(h * w, job->channels + job->label_dim) && fits_int(quarter, (int64_t)(64 * o->widths + 1));
    if (gt_latent_is_discrete(job)) fits = fits && fits_int(tokens, o->codes) && fits_int(tokens, o->code_dim);
    if (!fits)
        return gt_fail(GT_USAGE,
                       "an autoencoder of images of %dx%dx%d would have layers or latents of more than %d numbers: use "
                       "smaller images or smaller --widths, --codes or --code-dim",
                       (int)w, (int)h, (int)job->channels, INT32_MAX);
    if (o->body == GT_BODY_DIGITS && (h < 5 || w < 5))
        return gt_fail(GT_USAGE, "images of %dx%d are too small for two 3x3 convolutions", (int)w, (int)h);
    return GT_OK;
}

/* An image alone costs 13 % of the speed of a core in cvae, two cost 2 % (docs/parallel.md). Codes begin again by
 * single images. */
static int default_slices(const gt_job *job) {
    const gt_autoencoder_options *o = job->own;
    bool codes = (o->latent == GT_LATENT_VQ || o->latent == GT_LATENT_GUMBEL) && !o->prior;
    return codes ? (int)job->batch : gt_slices_of(job->batch, 2);
}

const gt_family gt_family_autoencoder = {
    .default_slices = default_slices,
    .name = "autoencoder",
    .title = "Autoencoders",
    .models = models,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .sizes = "z-dim widths codes code-dim sigmoid recon=normal prior-width prior-layers",
    .adds_to = priors,
    .kept = "recon",
    .own_bytes = sizeof(gt_autoencoder_options),
    .derived = derived,
    .warnings = gt_autoencoder_warnings,
    .resolve = resolve,
    .check = check,
    .make = gt_autoencoder_make,
};
