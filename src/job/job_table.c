/* SPDX-License-Identifier: Apache-2.0
 * The option table of a training job. A new option is a row here and a field in gantry/job.h; command line, job files, --help, dumps,
 * comparison, reference job (write it anew: `gantry reference > jobs/reference.ini`) and man page follow. */
#include "gantry/job.h"

#include <assert.h>
#include <stdlib.h>

#include "gantry/dist.h"
#include "gantry/grid.h"

static gt_status check_gpus(const gt_option *o, const char *value) {
    long long n = strtoll(value, NULL, 10);
    return n & (n - 1) ? gt_fail(GT_USAGE, "--%s must be a power of two", o->key) : GT_OK;
}

static gt_status check_duration(const gt_option *o, const char *value) {
    double seconds;
    char what[64];
    snprintf(what, sizeof what, "--%s", o->key);
    return *value ? gt_parse_duration(what, value, &seconds) : GT_OK;
}

static gt_status check_grid(const gt_option *o, const char *value) {
    gt_grid grid;
    (void)o;
    return gt_grid_parse(value, &grid);
}

static gt_status check_metrics(const gt_option *o, const char *value) {
    if (!*value || gt_is(value, "none")) return GT_OK;
    return gt_fail(GT_USAGE, "--%s can only contain the following values: none", o->key);
}

#define FIELD(name) .offset = offsetof(gt_job, name)
#define ANY_MAX HUGE_VAL
#define ARCHITECTURES "skip|resnet|orig"
#define STYLEGAN2 "stylegan2"
#define DCGAN "dcgan"
#define GANS STYLEGAN2 "|" DCGAN
#define AUTOENCODER "autoencoder"

static const gt_option table[] = {
    /* ---- data ---- */
    {.key = "data", .by_rank = true, .type = GT_OPTION_TEXT, .path = true, .class = GT_EXECUTION, FIELD(data), .group = "data", .standard = "", .common = true,
     .help = "Images: ZIP, folder of PNGs, HDF5 file or synth:NAME",
     .detail = "Required. A relative path starts at the current directory. Built-in sets: synth:shapes and synth:circles, with options as in "
               "synth:shapes:n=4096,size=32,classes=8,seed=0. Two jobs use the same data when the fingerprints of the data agree, wherever "
               "they lie; a run also goes on with the same pictures in other files (unzipped, say), and warns."},
    {.key = "cond", .only = GANS, .type = GT_OPTION_BOOL, .class = GT_RECIPE, FIELD(cond), .group = "data", .standard = "0", .common = true,
     .help = "Train a conditional model on the labels of the data",
     .detail = "The data must have labels: classes or vectors."},
    {.key = "mirror", .type = GT_OPTION_BOOL, .class = GT_RECIPE, FIELD(mirror), .group = "data", .standard = "0", .common = true,
     .help = "Double the data with left-right mirrored images",
     .detail = "Not for images in which left and right differ, such as letters."},
    {.key = "subset", .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(subset), .group = "data", .derived = "all", .unit = "images",
     .min = 1, .max = ANY_MAX, .help = "Use only so many images, chosen by --seed",
     .detail = "Chosen before mirroring. The same seed gives the same choice as in the reference tool."},

    /* ---- recipe ---- */
    {.key = "model", .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(model), .group = "recipe", .standard = "stylegan2",
     .choices = "stylegan2|dcgan|ae|vae|cvae|digits|gumbel|vq", .common = true, .help = "Model",
     .detail = "stylegan2: StyleGAN2-ADA. dcgan: DCGAN, with its tricks. Autoencoders: ae (fully connected), vae (the same, variational), cvae (convolutional), digits (for 28x28 digits), gumbel and vq "
               "(convolutional with discrete latents). Each option says which models have it."},
    {.key = "cfg", .only = STYLEGAN2, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(cfg), .group = "recipe", .standard = "auto", .common = true,
     .choices = "auto|stylegan2|paper256|paper512|paper1024|cifar", .help = "Published recipe that the other values come from",
     .detail = "auto chooses by the size of the images; the others repeat published runs. Every value can be changed by its own key; values "
               "that a recipe computes from others (gamma, ema-kimg and mbstd of auto) are not computed anew."},
    {.key = "gpus", .only = STYLEGAN2, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(gpus), .group = "recipe", .standard = "1", .min = 1, .max = 1024,
     .check = check_gpus, .help = "Number of GPUs that the recipe auto is computed for",
     .detail = "A power of two. It says what the reference tool would do with so many GPUs: batch, gamma and stddev group of auto depend on it. It has "
               "nothing to do with the number of ranks, which changes nothing."},
    {.key = "batch", .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(batch), .group = "recipe", .derived = "from cfg or model", .unit = "images",
     .min = 1, .max = 1 << 20, .common = true, .help = "Images per step over all ranks",
     .detail = "Must be divisible by --gpus (stylegan2). The batch is cut into slices, and at most so many ranks can share it."},
    {.key = "slices", .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(slices), .group = "recipe",
     .derived = "the largest number up to 8 that fits; dcgan slices of at least 16", .min = 1, .max = 1 << 20,
     .help = "Parts of a batch: the units of work shared out among ranks",
     .detail = "A slice holds whole stddev groups: batch / slices is a multiple of the smaller of mbstd and batch. Or it holds its part of all groups: batch / slices "
               "is a multiple of their number; groups then reach over slices, as with one slice, ranks wait for each other wherever D runs, and a rank holds all its slices "
               "in memory together. More slices let more ranks "
               "work; what a slice is changes the numbers (stddev groups, path length), so it is part of the recipe."},
    {.key = "mbstd", .only = STYLEGAN2, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(mbstd), .group = "recipe", .derived = "from cfg", .unit = "images",
     .min = 1, .max = 1 << 20, .help = "Group over which the discriminator sees the standard deviation"},
    {.key = "kimg", .type = GT_OPTION_REAL, .class = GT_EXECUTION, FIELD(kimg), .group = "recipe", .derived = "from cfg; by epochs",
     .unit = "thousands of images", .min = 0.001, .max = 1e9, .common = true, .help = "Length of the run",
     .detail = "A finished run started again with a larger value is trained further, bit for bit as if it had been given at the start."},
    {.key = "steps", .type = GT_OPTION_INT, .class = GT_EXECUTION, FIELD(steps), .group = "recipe", .derived = "by kimg", .unit = "steps",
     .min = 1, .max = 1e12, .help = "Length of the run in batches; the shorter of kimg and steps counts"},
    {.key = "seed", .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(seed), .group = "recipe", .standard = "0", .max = 4294967295.0, .help = "Seed of every random number of the run"},
    {.key = "gamma", .only = STYLEGAN2, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(gamma), .group = "recipe", .derived = "from cfg", .max = ANY_MAX,
     .common = true, .help = "Weight of the R1 penalty; 0: off",
     .detail = "The value most worth trying out: too small, training collapses; too large, images stay blurred. Try factors of two to five."},
    {.key = "lrate", .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(lrate), .group = "recipe", .derived = "from cfg", .max = 1,
     .help = "Learning rate of both networks"},
    {.key = "ema-kimg", .only = GANS, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(ema_kimg), .group = "recipe", .derived = "from cfg; dcgan 0",
     .unit = "thousands of images", .max = 1e9, .help = "Half-life of the moving average of the generator; 0: none"},
    {.key = "ema-ramp", .only = GANS, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(ema_ramp), .group = "recipe",
     .derived = "from cfg; 0 with --resume; dcgan 0.05", .max = 1e9, .help = "Half-life at most this times the images shown so far; 0: no ramp-up"},
    {.key = "pl-weight", .only = STYLEGAN2, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(pl_weight), .group = "recipe", .derived = "from cfg",
     .max = ANY_MAX, .help = "Weight of the path length penalty; 0: off"},
    {.key = "style-mixing", .only = STYLEGAN2, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(style_mixing), .group = "recipe", .derived = "from cfg",
     .max = 1, .help = "Probability of mixing two latents in an image"},
    {.key = "nan", .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(nan), .group = "recipe", .standard = "stop",
     .choices = "stop|skip|clean", .help = "When a gradient is not finite: stop, skip the update, or clean it",
     .detail = "stop names network, parameter and step. clean is what the reference does: NaN becomes 0, infinities become 1e5."},
    {.key = "reduce", .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(reduce), .group = "recipe", .standard = "tree",
     .choices = "tree|allreduce", .help = "How gradients are summed over ranks",
     .detail = "tree gives the same bits on any number of ranks. allreduce is MPI's own sum, for comparison: bits may then depend on the "
               "number of ranks."},
    {.key = "conv", .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(conv), .group = "recipe", .standard = "auto",
     .choices = "auto|direct|winograd", .help = "Kernels of convolutions",
     .detail = "auto chooses by shape what is fastest; direct and winograd use one kind wherever it is possible, for comparison: results differ in "
               "their last bits. With auto the environment variable GT_CONV, if set, says which."},

    /* ---- networks ---- */
    {.key = "cbase", .only = GANS, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(cbase), .group = "networks", .derived = "from cfg; dcgan 32 x size", .min = 1,
     .max = 1 << 24, .help = "Feature maps at size R: the smaller of cbase / R and cmax",
     .detail = "Halving cbase and cmax together makes a step about four times cheaper."},
    {.key = "cmax", .only = GANS, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(cmax), .group = "networks", .standard = "512", .min = 1,
     .max = 1 << 14, .help = "Most feature maps at any size"},
    {.key = "map-layers", .only = STYLEGAN2, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(map_layers), .group = "networks", .derived = "from cfg",
     .min = 1, .max = 64, .help = "Layers of the mapping network"},
    {.key = "z-dim", .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(z_dim), .group = "networks", .derived = "512; dcgan 100; for autoencoders from model", .min = 1,
     .max = 1 << 14, .help = "Length of the input latent z"},
    {.key = "w-dim", .only = STYLEGAN2, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(w_dim), .group = "networks", .standard = "512", .min = 1,
     .max = 1 << 14, .help = "Length of the intermediate latent w"},
    {.key = "g-arch", .only = STYLEGAN2, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(g_arch), .group = "networks", .standard = "skip",
     .choices = ARCHITECTURES, .help = "Architecture of the generator"},
    {.key = "d-arch", .only = STYLEGAN2, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(d_arch), .group = "networks", .derived = "from cfg",
     .choices = ARCHITECTURES, .help = "Architecture of the discriminator"},
    {.key = "fp32", .only = STYLEGAN2, .type = GT_OPTION_BOOL, .class = GT_RECIPE, FIELD(fp32), .group = "networks", .standard = "0",
     .help = "No clamp after convolutions",
     .detail = "All arithmetic is float32 anyhow. The published recipes clamp activations at 256, which came with their half precision; "
               "their --fp32 switches both off, and this key what is left of it."},

    /* ---- dcgan ---- */
    {.key = "latent", .only = DCGAN, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(latent), .group = "dcgan", .standard = "normal",
     .choices = "normal|uniform", .help = "Distribution of the latent z: N(0,1), or uniform in [-1,1)"},
    {.key = "d-batches", .only = DCGAN, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(d_batches), .group = "dcgan", .standard = "separate",
     .choices = "separate|mixed", .help = "D sees real and fake images in batches of their own, or mixed",
     .detail = "It matters because batches share the statistics of batch normalisation. Mixed, the update of G shows D real images, too."},
    {.key = "smoothing", .only = DCGAN, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(smoothing), .group = "dcgan", .standard = "none",
     .choices = "none|one-sided|two-sided", .help = "Soft targets of D: uniform in 0.7..1.2 for real images",
     .detail = "two-sided: those of fake images are uniform in 0..0.3, too, instead of 0."},
    {.key = "flip", .only = DCGAN, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(flip), .group = "dcgan", .standard = "0", .max = 0.5,
     .help = "Noisy labels: D takes such a share of images for the other kind", .detail = "Customary is 0.05."},
    {.key = "instance-noise", .only = DCGAN, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(instance_noise), .group = "dcgan", .standard = "0", .max = 10,
     .help = "Standard deviation of noise added to all D sees", .detail = "Pixels are in -1..1. Customary is 0.1."},
    {.key = "instance-noise-kimg", .only = DCGAN, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(instance_noise_kimg), .group = "dcgan", .standard = "0",
     .unit = "thousands of images", .max = 1e9, .help = "That noise falls to 0 in so many; 0: it stays"},
    {.key = "d-optimizer", .only = DCGAN, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(d_optimizer), .group = "dcgan", .standard = "adam",
     .choices = "adam|sgd", .help = "Optimiser of D: Adam, or gradient descent with momentum 0.5"},
    {.key = "d-lrate", .only = DCGAN, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(d_lrate), .group = "dcgan", .derived = "lrate; 0.02 with sgd", .max = 10,
     .help = "Learning rate of D"},
    {.key = "g-activation", .only = DCGAN, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(g_activation), .group = "dcgan", .standard = "lrelu",
     .choices = "lrelu|relu", .help = "Activation of G: LeakyReLU with slope 0.2, or ReLU"},
    {.key = "bn", .only = DCGAN, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(bn), .group = "dcgan", .standard = "slice",
     .choices = "slice|batch", .help = "Batch normalisation over a slice's samples, or the whole batch's",
     .detail = "slice: each slice by itself, as devices do that train in parallel; --slices then changes the result. batch: as if there were one slice, but for rounding; all ranks wait for each "
               "other twice per layer and pass, and a rank holds all its slices in memory together."},
    {.key = "semi", .only = DCGAN, .type = GT_OPTION_BOOL, .class = GT_RECIPE, FIELD(semi), .group = "dcgan", .standard = "0",
     .help = "Semi-supervised: D also learns the classes of real images",
     .detail = "The data must have classes. D has one output per class, and fake images are one class more; its accuracy is logged as Accuracy/real. Not with --cond."},
    {.key = "labelled", .only = DCGAN, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(labelled), .group = "dcgan", .standard = "1", .min = 1e-6, .max = 1,
     .help = "Share of the data whose labels are used with --semi", .detail = "Chosen by --seed. The accuracy is that of all real images."},

    /* ---- autoencoders ---- */
    {.key = "widths", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(widths), .group = "autoencoder", .standard = "1", .min = 1e-3, .max = 16,
     .help = "Features of hidden layers, relative to the model's own"},
    {.key = "epochs", .only = AUTOENCODER, .type = GT_OPTION_INT, .class = GT_EXECUTION, FIELD(epochs), .group = "autoencoder", .derived = "from model", .min = 1,
     .max = 1e9, .help = "Length of the run in passes over the data, unless --kimg is given",
     .detail = "On the command line it counts also where a job file gives kimg. The last batch of an epoch holds what is left."},
    {.key = "recon", .only = AUTOENCODER, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(recon), .group = "autoencoder", .derived = "from model",
     .choices = "mse|bce", .help = "Reconstruction loss: squared error, or binary cross-entropy"},
    {.key = "factor", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(factor), .group = "autoencoder", .standard = "1", .max = ANY_MAX,
     .help = "Weight of the reconstruction loss"},
    {.key = "recon-pixels", .only = AUTOENCODER, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(recon_pixels), .group = "autoencoder", .standard = "sum",
     .choices = "sum|mean", .help = "Reconstruction loss over the pixels of an image"},
    {.key = "recon-batch", .only = AUTOENCODER, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(recon_batch), .group = "autoencoder", .standard = "sum",
     .choices = "sum|mean", .help = "Reconstruction loss over the images of a batch"},
    {.key = "kl-latent", .only = AUTOENCODER, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(kl_latent), .group = "autoencoder", .standard = "sum",
     .choices = "sum|mean", .help = "Divergence over the dimensions of the latent"},
    {.key = "kl-batch", .only = AUTOENCODER, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(kl_batch), .group = "autoencoder", .standard = "sum",
     .choices = "sum|mean", .help = "Divergence over the images of a batch"},
    {.key = "beta", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(beta), .group = "autoencoder", .standard = "1", .max = ANY_MAX,
     .help = "Weight of the divergence (vae, cvae, digits, gumbel)",
     .detail = "Larger than 1 (beta-VAE): dimensions become more independent, pictures softer."},
    {.key = "kl-warmup", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(kl_warmup), .group = "autoencoder", .standard = "0",
     .unit = "thousands of images", .max = 1e9, .help = "That weight grows from 0 in so many; 0: at once"},
    {.key = "sigmoid", .only = AUTOENCODER, .type = GT_OPTION_BOOL, .class = GT_RECIPE, FIELD(sigmoid), .group = "autoencoder", .derived = "from model",
     .help = "Sigmoid after the decoder's last layer"},
    {.key = "codes", .only = AUTOENCODER, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(codes), .group = "autoencoder", .standard = "64", .min = 2, .max = 1 << 16,
     .help = "Number of codes of a discrete latent (gumbel, vq)"},
    {.key = "code-dim", .only = AUTOENCODER, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(code_dim), .group = "autoencoder", .standard = "16", .min = 1,
     .max = 1 << 12, .help = "Length of a code's vector (gumbel, vq)"},
    {.key = "temperature", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(temperature), .group = "autoencoder", .standard = "1", .min = 1e-3,
     .max = 1e3, .help = "Temperature of the Gumbel-softmax at the start"},
    {.key = "temperature-min", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(temperature_min), .group = "autoencoder", .standard = "0.5",
     .min = 1e-3, .max = 1e3, .help = "Where it stops falling"},
    {.key = "temperature-kimg", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(temperature_kimg), .group = "autoencoder", .standard = "30",
     .unit = "thousands of images", .max = 1e9, .help = "It falls to 1/e in so many; 0: it stays"},
    {.key = "commitment", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(commitment), .group = "autoencoder", .standard = "0.25",
     .max = ANY_MAX, .help = "Weight that draws encoded vectors to their codes (vq)"},
    {.key = "code-decay", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(code_decay), .group = "autoencoder", .standard = "0.99", .max = 1,
     .help = "Decay per step of the running means that are the codes (vq)"},
    {.key = "code-floor", .only = AUTOENCODER, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(code_floor), .group = "autoencoder", .standard = "0.03", .max = 1,
     .help = "A code used less than this share of the average starts anew (vq); 0: never"},

    /* ---- augmentation ---- */
    {.key = "aug", .only = GANS, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(aug), .group = "augmentation", .derived = "ada; noaug for dcgan", .common = true,
     .choices = "ada|fixed|noaug", .help = "Augment what D sees",
     .detail = "ada steers its probability p so that the discriminator does not overfit; fixed keeps p at --p; noaug has none."},
    {.key = "augpipe", .only = GANS, .type = GT_OPTION_CHOICE, .class = GT_RECIPE, FIELD(augpipe), .group = "augmentation", .standard = "bgc",
     .choices = "blit|geom|color|filter|noise|cutout|bg|bgc|bgcf|bgcfn|bgcfnc", .help = "Kinds of augmentation",
     .detail = "b: mirror, rotate by 90 degrees, shift (blit); g: scale, rotate, stretch (geom); c: brightness, contrast, hue (color); f: filter; "
               "n: noise; c: cutout. Not with aug=noaug."},
    {.key = "p", .only = GANS, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(p), .group = "augmentation", .derived = "required with aug=fixed",
     .max = 1, .help = "Probability of each augmentation, with aug=fixed"},
    {.key = "target", .only = GANS, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(target), .group = "augmentation", .standard = "0.6", .max = 1,
     .help = "Mean sign of D on real images that ada steers to",
     .detail = "Larger: less augmentation. Only with aug=ada."},
    {.key = "p-max", .only = GANS, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(p_max), .group = "augmentation", .standard = "0", .max = ANY_MAX,
     .help = "Ceiling of p, with aug=ada; 0: none",
     .detail = "Published behaviour is no ceiling. Above about 0.8 augmentations begin to show in the generated images; the run warns."},
    {.key = "ada-kimg", .only = GANS, .type = GT_OPTION_REAL, .class = GT_RECIPE, FIELD(ada_kimg), .group = "augmentation",
     .derived = "500; 100 with --resume", .unit = "thousands of images", .min = 0.001, .max = 1e9,
     .help = "Speed of ada: p can go from 0 to 1 in so many",
     .detail = "For short runs make it smaller. Only with aug=ada."},
    {.key = "ada-interval", .only = GANS, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(ada_interval), .group = "augmentation", .standard = "4",
     .unit = "steps", .min = 1, .max = 1 << 20, .help = "How often p is adjusted", .detail = "Only with aug=ada."},

    /* ---- transfer ---- */
    {.key = "resume", .type = GT_OPTION_TEXT, .path = true, .class = GT_EXECUTION, FIELD(resume), .group = "transfer", .standard = "noresume",
     .common = true, .help = "Start from the networks of a checkpoint or run",
     .detail = "Transfer learning. For a new run; to go on with one, give its directory as --run. Tensors of the same name and shape are copied, the "
               "others are listed and start afresh. As published, ada then works faster and the moving average has no ramp-up. noresume: none."},
    {.key = "freezed", .only = STYLEGAN2, .type = GT_OPTION_INT, .class = GT_RECIPE, FIELD(freezed), .group = "transfer", .standard = "0", .max = 1000,
     .unit = "layers", .help = "Freeze so many layers of D, from the largest size down"},

    /* ---- execution ---- */
    {.key = "threads", .by_rank = true, .type = GT_OPTION_INT, .class = GT_EXECUTION, FIELD(threads), .group = "execution",
     .derived = "the host's cores shared out among its ranks", .min = 1, .max = 4096, .common = true, .help = "Threads per rank",
     .detail = "Changes no bit of the results."},
    {.key = "max-time", .type = GT_OPTION_TEXT, .class = GT_COMMAND, FIELD(max_time), .group = "execution", .standard = "", .check = check_duration,
     .help = "Checkpoint and stop after so long: minutes, h:m:s or days-hours",
     .detail = "As Slurm writes times: 90, 23:50:00, 1-12. Counted from the start of the program, with exit status 75: the same command goes on. Leave "
               "time for a step and for writing a checkpoint before the walltime ends."},
    {.key = "slices-at-once", .type = GT_OPTION_INT, .class = GT_EXECUTION, FIELD(slices_at_once), .group = "execution",
     .derived = "as many as pay and fit into memory", .min = 1, .max = GT_MOST_AT_ONCE,
     .help = "Slices of a rank that are computed together",
     .detail = "Where images are small and channels many, more at once read the weights less often; each takes memory for its "
               "activations. Changes no bit of the results."},
    {.key = "memory", .type = GT_OPTION_CHOICE, .class = GT_EXECUTION, FIELD(memory), .group = "execution", .standard = "normal",
     .choices = "normal|low", .help = "low: need less memory and more time",
     .detail = "Changes no bit of the results. normal computes again what costs about a fiftieth of a step; low whatever saves memory, for up to "
               "half of a step's time on top."},
    {.key = "on-trouble", .type = GT_OPTION_CHOICE, .class = GT_EXECUTION, FIELD(on_trouble), .group = "execution", .standard = "warn",
     .choices = "warn|stop|rollback", .help = "When training itself goes wrong (collapse, divergence, ...)",
     .detail = "A warning comes in any case, with the tick it began. stop ends the run with the checkpoints from before. rollback goes on from the newest "
               "checkpoint from before, with other random numbers; later checkpoints are set aside as bad-checkpoint-*.h5. After three times it "
               "stops."},
    {.key = "heartbeat-limit", .type = GT_OPTION_REAL, .class = GT_EXECUTION, FIELD(heartbeat_limit), .group = "execution", .standard = "60",
     .unit = "seconds", .max = 1e6, .help = "End the run when a rank has not been heard of for so long; 0: never",
     .detail = "The message names rank, host and what it did last. For what may be long and silent (reading a checkpoint, pictures, waiting for data) ten "
               "times as long. Long work that gets on is not silent. When the network between two ranks is broken, the message names both of them."},
    {.key = "dry-run", .type = GT_OPTION_BOOL, .class = GT_COMMAND, FIELD(dry_run), .group = "execution", .standard = "0", .letter = 'n',
     .common = true,
     .help = "Print job, sizes, speed and node-hours, and exit"},
    {.key = "log", .by_rank = true, .type = GT_OPTION_CHOICE, .class = GT_EXECUTION, FIELD(log), .group = "execution", .standard = "info",
     .choices = "debug|info|warning|error", .help = "Least important messages that are printed",
     .detail = "The run's log.txt takes all of them."},
    {.key = "progress", .by_rank = true, .type = GT_OPTION_BOOL, .class = GT_EXECUTION, FIELD(progress), .group = "execution", .standard = "1",
     .help = "Show a live line on a terminal"},

    /* ---- output ---- */
    {.key = "run", .type = GT_OPTION_TEXT, .path = true, .class = GT_COMMAND, FIELD(run), .group = "output", .standard = "", .common = true,
     .help = "Directory of the run: begin it, or go on with it",
     .detail = "Going on gives the same bits as never having stopped, on any number of ranks. Not together with --outdir."},
    {.key = "restart", .type = GT_OPTION_BOOL, .class = GT_COMMAND, FIELD(restart), .group = "output", .standard = "0",
     .help = "With --run: do not go on with what is there, begin anew",
     .detail = "Nothing is deleted: checkpoints, logs, pictures and job of the run before go into its subfolder before-1 (before-2, ...), when the new one "
               "is ready to begin. A Slurm job that is requeued goes on with what it began."},
    {.key = "outdir", .type = GT_OPTION_TEXT, .path = true, .class = GT_COMMAND, FIELD(outdir), .group = "output", .standard = "runs", .common = true,
     .help = "Where to make a new numbered run"},
    {.key = "tick", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(tick), .group = "output", .standard = "4",
     .unit = "thousands of images", .min = 0.001, .max = 1e9, .help = "Print and log statistics so often"},
    {.key = "tick-minutes", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(tick_minutes), .group = "output", .standard = "1",
     .unit = "minutes", .max = 1e6, .help = "And at least so often by the clock; 0: not by the clock"},
    {.key = "snap", .type = GT_OPTION_INT, .class = GT_OUTPUT, FIELD(snap), .group = "output", .standard = "50", .unit = "ticks", .min = 1,
     .max = 1e9, .help = "Pictures and checkpoint so often",
     .detail = "Counted in ticks by images, so that the clock does not change it: 50 ticks of 4 kimg are 200 kimg."},
    {.key = "image-steps", .type = GT_OPTION_INT, .class = GT_OUTPUT, FIELD(image_steps), .group = "output", .standard = "0", .unit = "steps",
     .max = 1e9, .help = "Pictures also every so many steps; 0: not by steps"},
    {.key = "image-minutes", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(image_minutes), .group = "output", .standard = "15",
     .unit = "minutes", .max = 1e6, .help = "Pictures at least so often by the clock; 0: not by the clock"},
    {.key = "checkpoint-kimg", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(checkpoint_kimg), .group = "output", .standard = "0",
     .unit = "thousands of images", .max = 1e9, .help = "Checkpoint so often; 0: by snap alone"},
    {.key = "checkpoint-minutes", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(checkpoint_minutes), .group = "output",
     .standard = "30", .unit = "minutes", .max = 1e6, .help = "Checkpoint at least so often by the clock; 0: not by the clock",
     .detail = "At most so much work is lost when a machine fails. Writing goes on in the background."},
    {.key = "keep", .type = GT_OPTION_INT, .class = GT_OUTPUT, FIELD(keep), .group = "output", .standard = "3", .unit = "files", .min = 1,
     .max = 1e6, .help = "Newest checkpoints that are kept; the last always is"},
    {.key = "keep-every", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(keep_every), .group = "output", .standard = "0",
     .unit = "thousands of images", .max = 1e9, .help = "Also keep the first checkpoint of every so many, for good; 0: none"},
    {.key = "disk-cap", .type = GT_OPTION_REAL, .class = GT_OUTPUT, FIELD(disk_cap), .group = "output", .standard = "0", .unit = "GB",
     .max = 1e9, .help = "Most that all checkpoints of the run may take; 0: no cap",
     .detail = "The oldest ones go until the others fit. The two newest and the best stay in any case, and while a new one is written nothing goes."},
    {.key = "best", .type = GT_OPTION_TEXT, .class = GT_OUTPUT, FIELD(best), .group = "output", .standard = "none",
     .help = "Statistic by which the link `best` is set: [min:|max:]NAME",
     .detail = "NAME as in stats.jsonl, such as Loss/D/loss or a metric; min: (the default) or max: says which end is good. The best checkpoint so "
               "far is kept, and `best` in the run's directory points to it. By a statistic of pictures "
               "(Fakes/...) each checkpoint is made with pictures."},
    {.key = "grid", .type = GT_OPTION_TEXT, .class = GT_OUTPUT, FIELD(grid), .group = "output", .standard = "8x8", .check = check_grid,
     .help = "Columns and rows of the pictures, or reference",
     .detail = "reference is the reference tool's layout: 7680x4320 pixels, 7 to 32 columns, 4 to 32 rows. With labels each row shows one class."},
    {.key = "log-swmr", .type = GT_OPTION_CHOICE, .class = GT_OUTPUT, FIELD(log_swmr), .group = "output", .standard = "auto",
     .choices = "auto|on|off", .help = "Let metrics.h5 grow in place, readable meanwhile",
     .detail = "auto: not on file systems that hosts share (NFS, Lustre, ...), where readers would see it in pieces; there, and with off, it is "
               "replaced as a whole now and then and at the end. stats.jsonl has every tick at once in any case."},
    {.key = "metrics", .type = GT_OPTION_TEXT, .class = GT_OUTPUT, FIELD(metrics), .group = "output", .standard = "none",
     .check = check_metrics, .help = "Quality metrics to compute with each checkpoint: none"},

    /* ---- what the data turned out to be ---- */
    {.key = "data-height", .type = GT_OPTION_INT, .class = GT_SHAPE, FIELD(height), .group = "shape", .standard = "0", .unit = "pixels",
     .max = 1 << 20, .help = "Height of the images"},
    {.key = "data-width", .type = GT_OPTION_INT, .class = GT_SHAPE, FIELD(width), .group = "shape", .standard = "0", .unit = "pixels",
     .max = 1 << 20, .help = "Width of the images"},
    {.key = "data-channels", .type = GT_OPTION_INT, .class = GT_SHAPE, FIELD(channels), .group = "shape", .standard = "0",
     .max = 1 << 16, .help = "Channels of the images"},
    {.key = "data-colours", .type = GT_OPTION_INT, .class = GT_SHAPE, FIELD(colours), .group = "shape", .standard = "0", .min = -1, .max = 3,
     .help = "Channels with a colour: 0 all, n the first n, -1 none"},
    {.key = "label-dim", .type = GT_OPTION_INT, .class = GT_SHAPE, FIELD(label_dim), .group = "shape", .standard = "0",
     .max = 1 << 16, .help = "Length of a label vector as the networks see it; 0: unconditional"},
};

#define N_OPTIONS ((int)(sizeof table / sizeof *table))
static_assert(N_OPTIONS <= GT_JOB_MAX_KEYS, "GT_JOB_MAX_KEYS is too small");

const gt_option *gt_job_table(int *n) {
    *n = N_OPTIONS;
    return table;
}
