/* SPDX-License-Identifier: Apache-2.0
 * The options that the jobs of all families have in common, and those that GANs have in common. A new option is a row here
 * and a field of gt_job (gantry/family.h); command line, job files, --help, dumps, comparison, reference job (write it
 * anew: `gantry reference > jobs/reference.ini`) and man page follow. */
#include "job/table.h"

#include "gantry/dist.h"
#include "gantry/grid.h"

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

#define FIELD(name) GT_FIELD(gt_job, name)

static const gt_option options[] = {
    {.key = "d-optimizer", FIELD(d_optimizer), .only = GT_GANS, .after = "instance-noise-kimg", .group = "dcgan",
     .other_group = "recipe", .derived = "optimizer", .choices = gt_any_optimizer, .help = "Optimiser of D"},
    {.key = "data", FIELD(data), .by_rank = true, .path = true, .class = GT_EXECUTION, .group = "data",
     .standard = "", .common = true, .help = "Images of one size: what gantry dataset reads or makes",
     .detail = "Required: a ZIP, folder, HDF5 file, CIFAR archive, MNIST file, LMDB, TFRecords, .npy, .npz, CSV or synth:NAME. "
               "A relative path starts at the current directory. Built-in sets: synth:shapes and "
               "synth:circles, with options as in synth:shapes:n=4096,size=32,classes=8,seed=0. Two jobs use the "
               "same data when the fingerprints of the data agree, wherever they lie; a run also goes on with the "
               "same pictures in other files (unzipped, say), and warns."},
    {.key = "cond", FIELD(cond), .only = GT_GANS, .standard = "0", .common = true,
     .help = "Train a conditional model on the labels of the data",
     .detail = "The data must have labels: classes or vectors."},
    {.key = "mirror", FIELD(mirror), .standard = "0", .common = true,
     .help = "Double the data with left-right mirrored images",
     .detail = "Not for images in which left and right differ, such as letters."},
    {.key = "subset", FIELD(subset), .derived = "all", .unit = "images", .min = 1, .max = HUGE_VAL,
     .help = "Use only so many images, chosen by --seed",
     .detail = "Chosen before mirroring. The same seed gives the same choice as in the reference tool."},
    {.key = "model", FIELD(model), .group = "recipe", .choices = gt_any_model, .common = true, .help = "Model",
     .detail = "Each option says which models have it."},
    {.key = "batch", FIELD(batch), .unit = "images", .min = 1, .max = 1 << 20, .common = true,
     .help = "Images per step over all ranks",
     .detail = "The batch is cut into slices, and at most so many ranks can share it."},
    {.key = "slices", FIELD(slices), .derived = "the largest number up to 8 that fits", .min = 1, .max = 1 << 20,
     .help = "Parts of a batch: the units of work shared out among ranks",
     .detail = "A slice holds whole stddev groups: batch / slices is a multiple of the smaller of mbstd and batch. "
               "Or it holds its part of all groups: batch / slices is a multiple of their number; groups then reach "
               "over slices, as with one slice, ranks wait for each other wherever D runs, and a rank holds all its "
               "slices in memory together. More slices let more ranks work; what a slice is changes the numbers "
               "(stddev groups, path length), so it is part of the recipe."},
    {.key = "kimg", FIELD(kimg), .class = GT_EXECUTION, .unit = "thousands of images", .min = 0.001, .max = 1e9,
     .common = true, .help = "Length of the run",
     .detail = "A finished run started again with a larger value is trained further, bit for bit as if it had been "
               "given at the start."},
    {.key = "steps", FIELD(steps), .class = GT_EXECUTION, .derived = "by kimg", .unit = "steps", .min = 1,
     .max = 1e12, .help = "Length of the run in batches; the shorter of kimg and steps counts"},
    {.key = "seed", FIELD(seed), .standard = "0", .max = 4294967295.0,
     .help = "Seed of every random number of the run"},
    {.key = "lrate", FIELD(lrate), .max = 1, .help = "Learning rate of the networks"},
    {.key = "optimizer", FIELD(optimizer), .derived = "adam", .choices = gt_any_optimizer,
     .help = "Optimiser of the networks",
     .detail = "sgd is gradient descent; its momentum is what the model gives adam as first beta."},
    {.key = "g-optimizer", FIELD(g_optimizer), .only = GT_GANS, .derived = "optimizer", .choices = gt_any_optimizer,
     .help = "Optimiser of G"},
    {.key = "ema-kimg", FIELD(ema_kimg), .only = GT_GANS, .unit = "thousands of images", .max = 1e9,
     .help = "Half-life of the moving average of the generator; 0: none"},
    {.key = "ema-ramp", FIELD(ema_ramp), .only = GT_GANS, .max = 1e9,
     .help = "Half-life at most this times the images shown so far; 0: no ramp-up"},
    {.key = "nan", FIELD(nan), .standard = "stop", .choices = "stop|skip|clean",
     .help = "When a gradient is not finite: stop, skip the update, or clean it",
     .detail = "stop names network, parameter and step. clean is what the reference does: NaN becomes 0, infinities "
               "become 1e5."},
    {.key = "reduce", FIELD(reduce), .standard = "tree", .choices = "tree|allreduce",
     .help = "How gradients are summed over ranks",
     .detail = "tree gives the same bits on any number of ranks. allreduce is MPI's own sum, for comparison: bits "
               "may then depend on the number of ranks."},
    {.key = "conv", FIELD(conv), .standard = "auto", .choices = "auto|direct|winograd",
     .help = "Kernels of convolutions",
     .detail = "auto chooses by shape what is fastest; direct and winograd use one kind wherever it is possible, "
               "for comparison: results differ in their last bits. With auto the environment variable GT_CONV, if "
               "set, says which."},
    {.key = "cbase", FIELD(cbase), .only = GT_GANS, .group = "networks", .min = 1, .max = 1 << 24,
     .help = "Feature maps at size R: the smaller of cbase / R and cmax",
     .detail = "Halving cbase and cmax together makes a step about four times cheaper."},
    {.key = "cmax", FIELD(cmax), .only = GT_GANS, .standard = "512", .min = 1, .max = 1 << 14,
     .help = "Most feature maps at any size"},
    {.key = "z-dim", FIELD(z_dim), .min = 1, .max = 1 << 14, .help = "Length of the input latent z"},
    {.key = "aug", FIELD(aug), .only = GT_GANS, .group = "augmentation", .common = true, .choices = "ada|fixed|noaug",
     .help = "Augment what D sees",
     .detail = "ada steers its probability p so that the discriminator does not overfit; fixed keeps p at --p; "
               "noaug has none."},
    {.key = "augpipe", FIELD(augpipe), .only = GT_GANS, .standard = "bgc",
     .choices = "blit|geom|color|filter|noise|cutout|bg|bgc|bgcf|bgcfn|bgcfnc", .help = "Kinds of augmentation",
     .detail = "b: mirror, rotate by 90 degrees, shift (blit); g: scale, rotate, stretch (geom); c: brightness, "
               "contrast, hue (color); f: filter; n: noise; c: cutout. Not with aug=noaug."},
    {.key = "p", FIELD(p), .only = GT_GANS, .derived = "required with aug=fixed", .max = 1,
     .help = "Probability of each augmentation, with aug=fixed"},
    {.key = "target", FIELD(target), .only = GT_GANS, .standard = "0.6", .max = 1,
     .help = "Mean sign of D on real images that ada steers to",
     .detail = "Larger: less augmentation. Only with aug=ada."},
    {.key = "p-max", FIELD(p_max), .only = GT_GANS, .standard = "0", .max = HUGE_VAL,
     .help = "Ceiling of p, with aug=ada; 0: none",
     .detail = "Published behaviour is no ceiling. Above about 0.8 augmentations begin to show in the generated "
               "images; the run warns."},
    {.key = "ada-kimg", FIELD(ada_kimg), .only = GT_GANS, .derived = "500; 100 with --resume",
     .unit = "thousands of images", .min = 0.001, .max = 1e9, .help = "Speed of ada: p can go from 0 to 1 in so many",
     .detail = "For short runs make it smaller. Only with aug=ada."},
    {.key = "ada-interval", FIELD(ada_interval), .only = GT_GANS, .standard = "4", .unit = "steps", .min = 1,
     .max = 1 << 20, .help = "How often p is adjusted", .detail = "Only with aug=ada."},
    {.key = "resume", FIELD(resume), .path = true, .class = GT_EXECUTION, .group = "transfer", .standard = "noresume",
     .common = true, .help = "Start from the networks of a checkpoint or run",
     .detail = "Transfer learning. For a new run; to go on with one, give its directory as --run. Tensors of the "
               "same name and shape are copied, the others are listed and start afresh. As published, ada then "
               "works faster and the moving average has no ramp-up. noresume: none."},
    {.key = "threads", FIELD(threads), .by_rank = true, .class = GT_EXECUTION, .group = "execution",
     .derived = "the host's cores shared out among its ranks", .min = 1, .max = 4096, .common = true,
     .help = "Threads per rank", .detail = "Changes no bit of the results."},
    {.key = "max-time", FIELD(max_time), .class = GT_COMMAND, .standard = "", .check = check_duration,
     .help = "Checkpoint and stop after so long: minutes, h:m:s or days-hours",
     .detail = "As Slurm writes times: 90, 23:50:00, 1-12. Counted from the start of the program, with exit status "
               "75: the same command goes on. Leave time for a step and for writing a checkpoint before the "
               "walltime ends."},
    {.key = "slices-at-once", FIELD(slices_at_once), .class = GT_EXECUTION,
     .derived = "as many as pay and fit into memory", .min = 1, .max = GT_MOST_AT_ONCE,
     .help = "Slices of a rank that are computed together",
     .detail = "Where images are small and channels many, more at once read the weights less often; each takes "
               "memory for its activations. Changes no bit of the results."},
    {.key = "memory", FIELD(memory), .class = GT_EXECUTION, .standard = "normal", .choices = "normal|low",
     .help = "low: need less memory and more time",
     .detail = "Changes no bit of the results. normal computes again what costs about a fiftieth of a step; low "
               "whatever saves memory, for up to half of a step's time on top."},
    {.key = "on-trouble", FIELD(on_trouble), .class = GT_EXECUTION, .standard = "warn",
     .choices = "warn|stop|rollback", .help = "When training itself goes wrong (collapse, divergence, ...)",
     .detail = "A warning comes in any case, with the tick it began. stop ends the run with the checkpoints from "
               "before. rollback goes on from the newest checkpoint from before, with other random numbers; later "
               "checkpoints are set aside as bad-checkpoint-*.h5. After three times it stops."},
    {.key = "heartbeat-limit", FIELD(heartbeat_limit), .class = GT_EXECUTION, .standard = "60", .unit = "seconds",
     .max = 1e6, .help = "End the run when a rank has not been heard of for so long; 0: never",
     .detail = "The message names rank, host and what it did last. For what may be long and silent (reading a "
               "checkpoint, pictures, waiting for data) ten times as long. Long work that gets on is not silent. "
               "When the network between two ranks is broken, the message names both of them."},
    {.key = "dry-run", FIELD(dry_run), .class = GT_COMMAND, .standard = "0", .letter = 'n', .common = true,
     .help = "Print job, sizes, speed and node-hours, and exit"},
    {.key = "log", FIELD(log), .by_rank = true, .class = GT_EXECUTION, .standard = "info",
     .choices = "debug|info|warning|error", .help = "Least important messages that are printed",
     .detail = "The run's log.txt takes all of them."},
    {.key = "progress", FIELD(progress), .by_rank = true, .class = GT_EXECUTION, .standard = "1",
     .help = "Show a live line on a terminal"},
    {.key = "run", FIELD(run), .path = true, .class = GT_COMMAND, .group = "output", .standard = "", .common = true,
     .help = "Directory of the run: begin it, or go on with it",
     .detail = "Going on gives the same bits as never having stopped, on any number of ranks. Not together with "
               "--outdir."},
    {.key = "restart", FIELD(restart), .class = GT_COMMAND, .standard = "0",
     .help = "With --run: do not go on with what is there, begin anew",
     .detail = "Nothing is deleted: checkpoints, logs, pictures and job of the run before go into its subfolder "
               "before-1 (before-2, ...), when the new one is ready to begin. A Slurm job that is requeued goes on "
               "with what it began."},
    {.key = "outdir", FIELD(outdir), .path = true, .class = GT_COMMAND, .standard = "runs",
     .help = "Where to make a new numbered run"},
    {.key = "tick", FIELD(tick), .class = GT_OUTPUT, .standard = "4", .unit = "thousands of images", .min = 0.001,
     .max = 1e9, .help = "Print and log statistics so often"},
    {.key = "tick-minutes", FIELD(tick_minutes), .class = GT_OUTPUT, .standard = "1", .unit = "minutes", .max = 1e6,
     .help = "And at least so often by the clock; 0: not by the clock"},
    {.key = "snap", FIELD(snap), .class = GT_OUTPUT, .standard = "50", .unit = "ticks", .min = 1, .max = 1e9,
     .help = "Pictures and checkpoint so often",
     .detail = "Counted in ticks by images, so that the clock does not change it: 50 ticks of 4 kimg are 200 kimg."},
    {.key = "image-steps", FIELD(image_steps), .class = GT_OUTPUT, .standard = "0", .unit = "steps", .max = 1e9,
     .help = "Pictures also every so many steps; 0: not by steps"},
    {.key = "image-minutes", FIELD(image_minutes), .class = GT_OUTPUT, .standard = "15", .unit = "minutes",
     .max = 1e6, .help = "Pictures at least so often by the clock; 0: not by the clock"},
    {.key = "checkpoint-kimg", FIELD(checkpoint_kimg), .class = GT_OUTPUT, .standard = "0",
     .unit = "thousands of images", .max = 1e9, .help = "Checkpoint so often; 0: by snap alone"},
    {.key = "checkpoint-minutes", FIELD(checkpoint_minutes), .class = GT_OUTPUT, .standard = "30", .unit = "minutes",
     .max = 1e6, .help = "Checkpoint at least so often by the clock; 0: not by the clock",
     .detail = "At most so much work is lost when a machine fails. Writing goes on in the background."},
    {.key = "keep", FIELD(keep), .class = GT_OUTPUT, .standard = "3", .unit = "files", .min = 1, .max = 1e6,
     .help = "Newest checkpoints that are kept; the last always is"},
    {.key = "keep-every", FIELD(keep_every), .class = GT_OUTPUT, .standard = "0", .unit = "thousands of images",
     .max = 1e9, .help = "Also keep the first checkpoint of every so many, for good; 0: none"},
    {.key = "disk-cap", FIELD(disk_cap), .class = GT_OUTPUT, .standard = "0", .unit = "GB", .max = 1e9,
     .help = "Most that all checkpoints of the run may take; 0: no cap",
     .detail = "The oldest ones go until the others fit. The two newest and the best stay in any case, and while a "
               "new one is written nothing goes."},
    {.key = "best", FIELD(best), .class = GT_OUTPUT, .standard = "none",
     .help = "Statistic by which the link `best` is set: [min:|max:]NAME",
     .detail = "NAME as in stats.jsonl, such as Loss/D/loss or a metric; min: (the default) or max: says which end "
               "is good. The best checkpoint so far is kept, and `best` in the run's directory points to it. By a "
               "statistic of pictures (Fakes/...) each checkpoint is made with pictures."},
    {.key = "grid", FIELD(grid), .class = GT_OUTPUT, .standard = "8x8", .check = check_grid,
     .help = "Columns and rows of the pictures, or reference",
     .detail = "reference is the reference tool's layout: 7680x4320 pixels, 7 to 32 columns, 4 to 32 rows. With "
               "labels each row shows one class."},
    {.key = "log-swmr", FIELD(log_swmr), .class = GT_OUTPUT, .standard = "auto", .choices = "auto|on|off",
     .help = "Let metrics.h5 grow in place, readable meanwhile",
     .detail = "auto: not on file systems that hosts share (NFS, Lustre, ...), where readers would see it in "
               "pieces; there, and with off, it is replaced as a whole now and then and at the end. stats.jsonl has "
               "every tick at once in any case."},
    {.key = "metrics", FIELD(metrics), .class = GT_OUTPUT, .standard = "none", .check = check_metrics,
     .help = "Quality metrics to compute with each checkpoint: none"},
    {.key = "data-height", FIELD(height), .class = GT_SHAPE, .group = "shape", .standard = "0", .unit = "pixels",
     .max = 1 << 20, .help = "Height of the images"},
    {.key = "data-width", FIELD(width), .class = GT_SHAPE, .standard = "0", .unit = "pixels", .max = 1 << 20,
     .help = "Width of the images"},
    {.key = "data-channels", FIELD(channels), .class = GT_SHAPE, .standard = "0", .max = 1 << 16,
     .help = "Channels of the images"},
    {.key = "data-colours", FIELD(colours), .class = GT_SHAPE, .standard = "0", .min = -1, .max = 3,
     .help = "Channels with a colour: 0 all, n the first n, -1 none"},
    {.key = "label-dim", FIELD(label_dim), .class = GT_SHAPE, .standard = "0", .max = 1 << 16,
     .help = "Length of a label vector as the networks see it; 0: unconditional"},
};

const gt_option *gt_common_options(int *n) {
    *n = (int)(sizeof options / sizeof *options);
    return options;
}
