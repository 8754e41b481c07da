/* SPDX-License-Identifier: Apache-2.0
 * The options that the jobs of all families have in common. A new option is a row here and a field of gt_job
 * (gantry/family.h); command line, job files, --help, dumps, comparison, reference job (write it anew:
 * `gantry reference > jobs/reference.ini`) and man page follow. */
#include "job/internal.h"

#include "dist/door/dist.h"
#include "gantry/grid.h"
#include "gantry/metric.h"
#include "gantry/network.h"
#include "kernels/door/kernels.h"
#include "networks/model/door/family.h"
#include "networks/model/door/schedule.h"
#include "gantry/text.h"

static gt_status check_duration(const gt_option *o, const char *value) {
    double seconds;
    (void)o;
    return gt_parse_duration(value, &seconds);
}

static gt_status check_grid(const gt_option *o, const char *value) {
    gt_grid grid;
    (void)o;
    return gt_grid_parse(value, &grid);
}

static gt_status check_epochs(const gt_option *o, const char *value) {
    gt_schedule s = {0};
    (void)o;
    return gt_schedule_parse(value, &s);
}

#define OPTION(field, value, text) GT_JOB_ROW(gt_job, field, value, text)
#define OPTIMISED_BY(name) "--optimizer=" name "|--g-optimizer=" name "|--d-optimizer=" name
#define MINUTES .unit = "minutes", .max = 1e6

static const gt_option options[] = {
    {OPTION(epochs, NULL, "Length of the run in passes over the data, unless --kimg is given"), .unit = "epochs",
     .only = "autoencoder|classifier", .after = "widths", .group = "autoencoder", .other_group = "recipe",
     .class = GT_EXECUTION, .derived = "from model", .min = 1, .max = 1e9,
     .detail = "On the command line, --epochs takes precedence over kimg in a job file. The last batch of an epoch "
               "holds the remaining images."},
    {OPTION(data, "", "Images to train on, all of one size: any source or result of gantry dataset"), .by_rank = true,
     .path = true, .class = GT_EXECUTION, .group = "data", .common = true, .required = true,
     .detail = "A ZIP, folder, HDF5 file, CIFAR archive, MNIST file, LMDB, TFRecords, .npy, .npz, CSV or synth:NAME. A "
               "relative path starts at the current directory. Built-in sets: synth:shapes and synth:circles, with "
               "options as in synth:shapes:n=4096,size=32,classes=8,seed=0. Two jobs use the same data if the "
               "fingerprints of the data agree, wherever the files are. A run also resumes, with a warning, if the "
               "same pictures are in other files (for example unzipped)."},
    {OPTION(condition, "", "Fields from which those of --data are to be made, as in FILE.nc:ta_850,hus_700"),
     .only = "edm", .by_rank = true, .path = true, .class = GT_EXECUTION, .common = true,
     .placeholder = "FILE:NAME,...",
     .detail = "FILE:NAME is a variable of a NetCDF-4, HDF5 or .npz file; further names are of the same file until the "
               "next FILE:NAME. Samples are matched by their times, pictures by their names (docs/fields-data.md)."},
    {GT_ROW(gt_job, "static", statics, "", "Fields that are the same for all samples, as in orography.nc:topo"),
     .only = "edm", .by_rank = true, .path = true, .class = GT_EXECUTION, .placeholder = "FILE:NAME,..."},
    {OPTION(missing, "refuse", "What to do about missing values of fields: refuse the data, or mask them"),
     .only = "edm", GT_CHOICES(GT_MISSING_RULES), .class = GT_EXECUTION,
     .detail = "mask: targets that are missing are left out of the loss; a missing condition is the mean of its "
               "channel, and a channel more tells where."},
    {OPTION(value_transform, "", "Transform of the values of fields, as in pr=log1p: log1p, sqrt or none"),
     .only = "edm", .placeholder = "NAME=NAME,...", .any = true, .class = GT_EXECUTION,
     .detail = "A transform without the name of a variable is that of the targets. Then each channel is brought to "
               "mean 0 and deviation 1 over the training data; results are in the data's units."},
    {OPTION(condition_resize, "smooth", "How conditions are brought to the grid of the data"), .only = "edm",
     GT_CHOICES(GT_CONDITION_RESIZES), .class = GT_EXECUTION, .with = "--condition|--static",
     .detail = "smooth: the mean by area of finer fields, lines between the middles of coarser ones."},
    {OPTION(test_data, "", "Images that are never trained on; their losses are logged"),
     .only = "autoencoder|classifier|dcgan|edm", .by_rank = true, .path = true, .class = GT_EXECUTION, .common = true,
     .detail = "With --model=edm targets of fields, whose ensembles are scored at each checkpoint."},
    {OPTION(test_condition, "", "Conditions of the fields of --test-data"), .only = "edm", .by_rank = true,
     .path = true, .class = GT_EXECUTION, .with = "--test-data", .placeholder = "FILE:NAME,..."},
    {OPTION(validation, "0", "Share of the data to hold out: its loss and accuracy are logged"), .only = "classifier",
     .max = 0.9, .common = true,
     .detail = "--seed chooses the held-out images; no image is in both parts. With --subset, they are a share of the "
               "subset."},
    {OPTION(cond, "0", "Train a conditional model on the labels of the data"), .only = GT_GANS "|autoencoder|edm",
     .common = true, .detail = "The data must have labels: classes or vectors."},
    {OPTION(mirror, "0", "Double the data with left-right mirrored images"), .common = true,
     .detail = "Not for images whose left and right must not be swapped, such as letters."},
    {OPTION(subset, NULL, "Number of images to use, chosen by --seed"), .derived = "all", .unit = "images", .min = 1,
     .max = HUGE_VAL,
     .detail =
         "The images are chosen before mirroring. The same seed gives the same choice as in stylegan2-ada-pytorch."},
    {OPTION(classes, NULL, "Only images of these classes: names or numbers, as in cat,dog or 0-7,9"),
     .placeholder = "CLASSES", .derived = "all", .any = true,
     .detail = "They become classes 0, 1, ... in the given order. Classes are chosen before --subset and --validation, "
               "and in the same way for --test-data."},
    {OPTION(class_names, "", "Names of the classes 0, 1, ..., as in cat,dog, or a text file with a name per line"),
     .placeholder = "NAMES", .path = true, .class = GT_EXECUTION,
     .detail = "They replace the names in the data (files of MNIST have none). Checkpoints hold the names for gantry "
               "predict, evaluate and generate --class; --test-data get the same names."},
    {OPTION(on_error, "stop", "What to do if a picture of the data is damaged: stop, or skip it"),
     GT_CHOICES(GT_ON_ERRORS), .class = GT_EXECUTION,
     .detail =
         "stop: the run writes a checkpoint and stops before the step that needs the picture; the same command resumes "
         "it once the file is repaired, or with --on-error=skip. skip: the next picture of the same class always takes "
         "its place; checkpoints and log count such pictures. If more than 1 % of the pictures, and more than one, are "
         "damaged, the run stops. A file that cannot be read at all always stops the run."},
    {OPTION(model, NULL, "Model"), .group = "recipe", .choices = gt_any_model, .common = true,
     .detail = "Each option lists the models that have it."},
    {OPTION(cfg, NULL, "Recipe with the default values"), .only = "stylegan2|edm", .common = true,
     .choices = "auto|stylegan2|paper256|paper512|paper1024|cifar|cpu|cifar10",
     .detail = "cpu has networks that a CPU trains in hours. StyleGAN2: auto chooses values for the size of the "
               "images, with networks of the published width; the recipes up to cifar repeat published runs. Every "
               "value can be changed with its own option; values that a recipe computes from others (gamma, ema-kimg "
               "and mbstd of auto) are then not recomputed. Diffusion: cifar10 is the published run."},
    {OPTION(batch, NULL, "Images per training step, over all ranks together"), .unit = "images", .min = 1,
     .max = 1 << 20, .common = true,
     .detail =
         "At most as many ranks as slices can share a batch. With a batch above 8, --cfg=cpu of StyleGAN2 has another "
         "lrate, beta2, ema-kimg and ada-interval: see docs/parallel.md#larger-batches."},
    {OPTION(slices, NULL, "Number of parts of a batch: a rank works on one or more of them"),
     .derived = "one per image, or per 2, 8 or 16 images; at least 8", .min = 1, .max = 1 << 20,
     .detail = "At most as many ranks as slices can work. A single image is a slice if it is enough work: see "
               "docs/parallel.md. Sums are computed slice by slice, so the number of slices changes the last bits of "
               "results and is part of the recipe. With slices as the unit of mbstd-batch, pl-mean or bn, it also sets "
               "the images that these combine."},
    {OPTION(kimg, NULL, "Length of the run, in thousands of images shown"), .class = GT_EXECUTION, GT_KIMG,
     .min = 0.001, .common = true,
     .detail = "A larger value trains a finished run further, bit for bit as if the run had begun with this value."},
    {OPTION(steps, NULL, "Length of the run in training steps; the shorter of --kimg and --steps counts"),
     .class = GT_EXECUTION, .derived = "by kimg", .unit = "steps", .min = 1, .max = 1e12,
     .detail = "If neither --kimg nor --epochs is given, autoencoders and classifiers train for all these steps, even "
               "beyond the usual number of epochs."},
    {OPTION(early_stopping, NULL,
            "End the run after this number of ticks, or evaluations of a metric, without improvement"),
     .class = GT_EXECUTION, .unit = "ticks", .derived = "none", .max = 1e6, .common = true,
     .detail =
         "For a classifier, a tick is an epoch unless --tick is given, and the statistic that must improve is --best, "
         "else Loss/validation, else Loss/test. Other models need --best; if this is one of --metrics, evaluations of "
         "the metric count instead of ticks. Afterwards the run is finished; a larger number trains it further."},
    {OPTION(seed, "0", "Seed of every random number of the run"), .max = 4294967295.0},
    {OPTION(lrate, NULL, "Learning rate of the networks"), .max = 1},
    {OPTION(optimizer, NULL, "Optimiser of the networks"), .derived = "adam", .choices = gt_any_optimizer,
     .detail = "sgd is gradient descent, with --momentum if given."},
    {OPTION(schedule, NULL, "How the learning rate changes"), .derived = "constant", GT_CHOICES(GT_SCHEDULE_KINDS),
     .detail = "step: multiplied by --schedule-factor at each of --schedule-at. cosine: down to 0 along half a cosine. "
               "one-cycle: up from 1/25 in the first 0.3 of the run, then down to 1/250,000. plateau: multiplied by "
               "--schedule-factor if the validation loss (without --validation, the training loss) has not fallen by a "
               "ten-thousandth in more than --schedule-patience epochs."},
    {OPTION(schedule_at, NULL, "Epochs at which --schedule=step changes the rate, as in 30,60"), .derived = "none",
     .placeholder = "EPOCHS", .check = check_epochs},
    {OPTION(schedule_factor, NULL, "Factor by which --schedule=step and =plateau multiply the rate"), .derived = "0.1",
     .min = 1e-6, .max = 1},
    {OPTION(schedule_epochs, NULL, "Length of --schedule=cosine and =one-cycle"), .unit = "epochs",
     .derived = "the run's", .max = 1e9,
     .detail = "Give this length if you may extend the run later; otherwise the rates change with the run's length."},
    {OPTION(schedule_patience, NULL, "Epochs that --schedule=plateau waits for a smaller loss"), .unit = "epochs",
     .derived = "10", .max = 1e6},
    {OPTION(warmup, NULL, "Number of epochs over which the learning rate grows from 0"), .unit = "epochs",
     .derived = "0", .max = 1e6},
    {OPTION(beta1, NULL, "Decay of adam's running mean of gradients"), .derived = "0.9; dcgan 0.5; stylegan2 0",
     .max = 0.999999},
    {OPTION(beta2, NULL, "Decay of adam's running mean of squared gradients"),
     .derived = "0.999; stylegan2 0.99, for cpu by the batch", .max = 0.999999},
    {OPTION(momentum, NULL, "Momentum of sgd and rmsprop"), .derived = "0; dcgan 0.5", .max = 0.9999,
     .with = OPTIMISED_BY("sgd") "|" OPTIMISED_BY("rmsprop")},
    {OPTION(nesterov, NULL, "Use Nesterov's momentum in sgd"), .derived = "0", .with = OPTIMISED_BY("sgd")},
    {OPTION(rho, NULL, "Decay of rmsprop's running mean of squared gradients"), .derived = "0.99", .max = 0.999999,
     .with = OPTIMISED_BY("rmsprop")},
    {OPTION(eps, NULL, "Small number added to the root of the mean of squares, against division by 0"),
     .derived = "1e-8; adagrad 1e-10; eps-form outside 1e-7", .max = 1},
    {OPTION(eps_form, NULL,
            "Whether adam adds eps to the root of the bias-corrected second moment (inside) or of the uncorrected one "
            "(outside)"),
     .derived = "inside", GT_CHOICES(GT_EPS_FORMS)},
    {OPTION(clip, NULL, "Largest norm of a network's gradient; larger gradients are scaled down"), .derived = "none",
     .max = 1e9},
    {OPTION(weight_decay, NULL, "Weight decay: lambda"), .derived = "0", .max = 100,
     .detail = "Only weights decay, not biases and scales. adamw: weights shrink by lrate x lambda in each step; other "
               "optimisers: lambda / 2 times the sum of squares is added to the loss."},
    {OPTION(ema_kimg, NULL, "Half-life of the moving average of the network; 0: none"),
     .only = GT_GANS "|classifier|edm", GT_KIMG},
    {OPTION(ema_ramp, NULL, "Half-life at most this share of the images shown; 0: no limit"),
     .only = GT_GANS "|classifier|edm", .max = 1e9},
    {OPTION(nan, "stop", "What to do if a gradient is not finite: stop, skip the update, or clean it"),
     GT_CHOICES(GT_NAN_RULES),
     .detail = "stop names network, parameter and step. clean works as in stylegan2-ada-pytorch: NaN becomes 0, "
               "infinities become 1e5."},
    {OPTION(reduce, "tree", "How gradients are summed over ranks"), GT_CHOICES(GT_REDUCTIONS),
     .detail = "tree gives the same bits on any number of ranks. allreduce is MPI's own sum, for comparison: bits "
               "may then depend on the number of ranks."},
    {OPTION(conv, "auto", "Kernels of convolutions"), GT_CHOICES(GT_CONV_MODE_LIST),
     .detail =
         "auto chooses the fastest for each shape; direct and winograd use one kind wherever possible, for comparison: "
         "results differ in their last bits. With auto, the environment variable GT_CONV, if set, chooses."},
    {OPTION(bn, "batch", "Samples over which batch normalisation takes means: the whole batch or a slice"),
     .only = "dcgan|classifier", .after = "g-activation", .group = "dcgan", .other_group = "networks",
     GT_CHOICES(GT_BN_KINDS),
     .detail = "batch: several ranks wait for each other twice per layer and pass, and each rank holds all its images "
               "in memory at once. slice: each slice by itself, as on devices that train in parallel; slices then have "
               "several images, and --slices changes the result. none: no batch normalisation; only for dcgan, whose "
               "layers then have biases, and for classifiers with such a form."},
    {OPTION(loss, NULL,
            "Loss: for dcgan all but the last two; for edm the squared error, or consistency for few steps"),
     .only = "dcgan|edm", .after = "semi-baseline", .group = "dcgan", .other_group = "edm",
     .derived = "dcgan bce; edm mse", .choices = "bce|lsgan|hinge|wgan-gp|mse|consistency|regression",
     .detail =
         "dcgan: cross-entropy, least squares, hinge, Wasserstein. bce and lsgan allow smooth and flipped targets. "
         "wgan-gp, the Wasserstein loss with a gradient penalty, needs --bn=none; its published values are --d-steps=5 "
         "--lrate=0.0001 --beta1=0 --beta2=0.9. edm: consistency tunes a trained network (--resume) so that one or two "
         "evaluations make a picture (Geng et al. 2024)."},
    {OPTION(z_dim, NULL, "Length of the input latent z"), .group = "networks", .min = 1, .max = 1 << 20},
    {OPTION(resume, "noresume", "Transfer learning: start from the networks of a checkpoint or run"), .path = true,
     .class = GT_EXECUTION, .group = "transfer", .common = true,
     .detail =
         "For a new run. To resume a run, give its directory as --run. Also the name of a network that comes with "
         "Gantry, as clipart64 (gantry version lists them), and networks of other programs: .pkl of "
         "stylegan2-ada-pytorch, safetensors, .npz, state dicts of PyTorch. Options that determine what the networks "
         "compute (sizes, activations, the stem) come from the file unless given; --normalize also does, and another "
         "value than the file's is an error. Tensors with the same name and shape are copied; the others are listed "
         "and start with new values. As published, ada then works faster and the moving average has no ramp-up. "
         "noresume: none."},
    {OPTION(resume_classes, NULL, "Which classes of --resume are the data's: names, numbers, or pairs as in cat=Katze"),
     .placeholder = "PAIRS", .any = true, .with = "--resume", .derived = "names; mean without --cond",
     .detail = "For networks that know as many classes as the data have. names: what the networks have learnt of a "
               "class goes to the data's class of the same name, whatever its number; a class that the networks do not "
               "know starts with new values; if the file or the data have no names, the numbers count. numbers: class "
               "k stays class k. OLD=NEW,... pairs classes of the networks with classes of the data, each by its name "
               "or its number (#3); the other classes are matched as by names. Vectors have no classes. mean: a run "
               "without --cond "
               "begins with StyleGAN2 networks that know classes as they are for the mean of all classes."},
    {OPTION(resume_partial, "0", "Also start if less than half of the tensors of --resume fit"), .class = GT_COMMAND,
     .with = "--resume"},
    {OPTION(strict, "0", GT_STRICT), .class = GT_COMMAND, .with = "--resume"},
    {OPTION(threads, NULL, "Threads per rank"), .by_rank = true, .group = "execution",
     .derived = "an equal share of the host's cores for each rank", .min = 1, .max = 4096, .common = true,
     .detail = "This option changes no bit of the results."},
    {OPTION(ranks, NULL, "Number of ranks to start; 1: no trials, one rank uses all cores"), .class = GT_COMMAND,
     .derived = "the fastest, by trials", .min = 1, .max = 4096, .common = true,
     .detail =
         "For `gantry train` alone, outside mpirun, srun, gantry run and the allocations of batch systems. The ranks "
         "run on this host; each has an equal share of the cores as threads, or --threads threads. By default, for a "
         "run of more than five minutes, several divisions of the cores are tried for a few seconds, and the choice is "
         "kept for later runs; --threads without --ranks means one rank. This option changes no bit of the results. "
         "GANTRY_RANKS in the environment replaces --ranks if --ranks is not given."},
    {OPTION(max_time, "", "Write a checkpoint and stop after this time: minutes, h:m:s or days-hours"),
     .placeholder = "TIME", .class = GT_COMMAND, .check = check_duration,
     .detail =
         "Written as in Slurm: 90, 23:50:00, 1-12. The time counts from the start of the program. The exit status is "
         "75, and the same command resumes. Leave time for a step and a checkpoint before the walltime ends."},
    {OPTION(slices_at_once, NULL, "Number of slices that a rank computes together"),
     .derived = "as many as are useful and fit into memory", .min = 1, .max = GT_MOST_AT_ONCE,
     .detail = "With small images and many channels, more slices at once read the weights less often; each slice needs "
               "memory for its activations. This option changes no bit of the results."},
    {OPTION(memory, "normal", "Whether to use less memory and more time (low)"), GT_CHOICES(GT_MEMORY_USES),
     .detail = "This option changes no bit of the results. normal recomputes only values that cost about a fiftieth of "
               "a step; low recomputes everything that saves memory, which adds up to half of a step's time."},
    {OPTION(on_trouble, "warn", "What to do if training itself goes wrong (collapse, divergence, ...)"),
     GT_CHOICES(GT_ON_TROUBLES),
     .detail = "Each value gives a warning with the tick at which the trouble began. stop ends the run and keeps the "
               "checkpoints from before. rollback resumes from the newest checkpoint from before, with other random "
               "numbers; later checkpoints are set aside as bad-checkpoint-*.h5. After three rollbacks the run stops."},
    {OPTION(heartbeat_limit, "60", "Seconds of silence of a rank after which the run ends; 0: never"),
     .unit = "seconds", .max = 1e6,
     .detail = "The message names the rank, its host and its last action. While a rank writes or reads a file, waits "
               "for data or computes metrics, the limit is ten times as long. Long work that makes progress does not "
               "count as silence. If the network between two ranks is broken, the message names both ranks."},
    {OPTION(dry_run, "0", "Print duration, memory and speed of the run, and exit; quick: no speed; job: the job"),
     .class = GT_COMMAND, .letter = 'n', .common = true, GT_CHOICES(GT_DRY_RUNS), .bare = "1",
     .detail = "Gantry computes and times some steps. It prints first the duration, memory, disk and ranks, and faster "
               "choices, also measured: the ranks that would be started (for runs of more than five minutes) and a "
               "smaller network (for runs of more than a day); then the sizes of the networks and the warnings of "
               "gantry doctor. quick prints the job and its sizes, without steps and without gantry doctor; job prints "
               "only the job, speed only the number of images per second."},
    {OPTION(dry_run_seconds, "60", "About how long --dry-run measures"), .class = GT_COMMAND, .unit = "seconds",
     .max = 1e6, .detail = "If two steps do not fit into this time, pieces of a step are measured, with a message."},
    {OPTION(log, "info", "Lowest level of messages to print"), .by_rank = true, .class = GT_COMMAND, .unrecorded = true,
     GT_CHOICES(GT_LEVELS),
     .detail = "The run's log.txt holds all messages. -q is --log=warning --progress=0, and -v is --log=debug. This "
               "option and --progress are those of one command: a run that resumes does not keep them."},
    {OPTION(progress, "1", "Show a live line of progress on a terminal"), .by_rank = true, .class = GT_COMMAND,
     .unrecorded = true},
    {OPTION(preview, "none", "Show each new sheet of pictures on the terminal, and how"), GT_CHOICES(GT_PREVIEWS),
     .by_rank = true, .bare = "auto",
     .detail = "auto: kitty's pictures, sixels or blocks, as the terminal answers; nothing without a terminal, with "
               "NO_COLOR and with TERM=dumb. blocks: two pixels in a character, in 24-bit colours if COLORTERM is "
               "truecolor or 24bit, else in 256 colours. The sheets are fakes*.png, or reconstructions*.png if the "
               "model has no generator."},
    {OPTION(run, "", "Folder of the run: begin the run, or resume it"), .placeholder = "DIR", .path = true,
     .class = GT_COMMAND, .group = "output", .common = true,
     .detail = "Resuming gives the same bits as never having stopped, on any number of ranks. Not together with "
               "--outdir."},
    {OPTION(restart, "0", "With --run: start over instead of resuming the existing run"), .class = GT_COMMAND,
     .detail =
         "Nothing is deleted: when the new run is ready to begin, checkpoints, logs, pictures and job of the old run "
         "move to its subfolder before-1 (before-2, ...). A requeued Slurm job resumes the run that it began."},
    {OPTION(outdir, "runs", "Folder in which a new numbered run is made"), .placeholder = "DIR", .path = true,
     .class = GT_COMMAND},
    {OPTION(tick, "4", "Thousands of images between two lines of statistics (ticks)"), GT_KIMG, .min = 0.001,
     .detail = "A tick is a line of at most 100 columns; every 40 ticks a heading names the columns. stats.jsonl has "
               "more values than the line. Classifiers and autoencoders have a tick an epoch, DCGAN on at most 20,000 "
               "images one for whole epochs of at least 1,000 images, unless the option is given."},
    {OPTION(tick_minutes, "1", "Longest time between two ticks; 0: no limit"), MINUTES},
    {OPTION(snap, "50", "Number of ticks between two checkpoints with pictures"), .unit = "ticks", .min = 1, .max = 1e9,
     .detail = "The ticks are counted by images, so the clock does not matter: 50 ticks of 4 kimg are 200 kimg."},
    {OPTION(image_steps, "0", "Steps between two pictures, in addition to --snap; 0: only --snap"), .unit = "steps",
     .max = 1e9},
    {OPTION(image_minutes, "15", "Longest time between two pictures; 0: no limit"), MINUTES,
     .detail = "The first pictures also come after 1, 2, 5 and 10 minutes. Pictures that are drawn only because of the "
               "clock are not measured: they are in no curve and decide nothing."},
    {OPTION(checkpoint_kimg, "0", "Thousands of images between two checkpoints; 0: only --snap counts"), GT_KIMG},
    {OPTION(checkpoint_minutes, "30", "Longest time between two checkpoints; 0: no limit"), MINUTES,
     .detail = "If a machine fails, no more work than this is lost. Checkpoints are written in the background."},
    {OPTION(keep, "3", "Number of newest checkpoints to keep; the last one is always kept"), .min = 1, .max = 1e6},
    {OPTION(keep_every, "0", "Thousands of images between two checkpoints that are kept for good; 0: none"), GT_KIMG},
    {OPTION(audit_disk, "200", "Disk space for older checkpoints from which gantry audit can begin; 0: none"),
     .unit = "MB", .max = 1e9,
     .detail =
         "The run keeps these checkpoints in addition to --keep, --keep-every and --best, evenly thinned out, so "
         "that an audit can compute any stretch of the run again. They are removed if --disk-cap is too small for "
         "them, or if the disk has no room for a new checkpoint."},
    {OPTION(disk_cap, "0", "Disk space that the run's checkpoints may take in all; 0: no limit"), .unit = "GB",
     .max = 1e9,
     .detail = "The oldest checkpoints are removed until the others fit. The two newest and the best are always kept, "
               "and nothing is removed while a new one is written."},
    {OPTION(best, "none", "Statistic by which the link `best` is set: NAME, min:NAME or max:NAME"),
     .placeholder = "[min:|max:]NAME", .any = true,
     .detail =
         "NAME as in stats.jsonl, such as Loss/D/loss or a metric. With min: (the default) small values are good, with "
         "max: large ones. The best checkpoint so far is kept, and `best` in the run's directory points to it. For a "
         "statistic of "
         "pictures (Fakes/...), each checkpoint is written with pictures. A metric of --metrics, by its name or key "
         "(fid10k, pr10k3_recall), needs no min: or max:, and only checkpoints with the metric are judged."},
    {OPTION(grid, "8x8", "Columns and rows of the pictures, as in 8x4, or reference"), .placeholder = "COLUMNSxROWS",
     .check = check_grid,
     .detail =
         "reference is the layout of stylegan2-ada-pytorch: 7680x4320 pixels, 7 to 32 columns, 4 to 32 rows. With "
         "labels each row shows one class."},
    {OPTION(log_swmr, "auto", "Whether metrics.h5 grows in place, so that it can be read during the run"),
     GT_CHOICES(GT_SWMR_RULES),
     .detail = "auto: off on file systems that hosts share (NFS, Lustre, ...), where readers would see incomplete "
               "files; with off, the whole file is replaced now and then and at the end. stats.jsonl has every tick "
               "immediately in any case."},
    {OPTION(tensorboard_step, "kimg", "Step of TensorBoard's events: thousands of images, or images"),
     GT_CHOICES(GT_EVENT_STEPS), .absent = "images",
     .detail =
         "kimg is rounded down, as in stylegan2-ada-pytorch, so that runs of both programs can be compared; images "
         "also separates ticks of less than 1 kimg. A resumed run keeps its step; runs of version 0.1 have images."},
    {OPTION(export, "none", "Networks for other programs beside each checkpoint, as in pkl,npz"), .placeholder = "LIST",
     .any = true,
     .detail = "The forms of gantry export, in files network-snapshot-NNNNNNNNN.FORM. A file is removed together with "
               "its checkpoint. If a file cannot be written, gantry warns and tries again with the next checkpoint."},
    {OPTION(metrics, "none", "Metrics at each checkpoint, as in fid10k,pr10k3"), .placeholder = "LIST", .common = true,
     .check = gt_metrics_check,
     .detail = "The names are in gantry metrics --metrics=help, with the files that each metric needs. A number in a "
               "name is the number of generated pictures. Metrics are computed at each checkpoint by images and at the "
               "last one; gantry metrics gives the same values later. If a metric fails, the run only warns."},
    {OPTION(metrics_count, NULL, "Number of generated pictures for every metric"),
     .derived = "as in the metrics' names", .unit = "images", .min = 2, .max = 2e9},
    {OPTION(metrics_share, NULL, "Largest share of the run's time that metrics may take, such as 0.05"),
     .derived = "no limit", .min = 1e-6, .max = 1,
     .detail = "Metrics are then computed at fewer checkpoints, never with fewer pictures. The speed of the machine "
               "then decides which checkpoints have metrics, and so affects --best and --early-stopping. The first and "
               "the last checkpoint always have metrics."},
    {OPTION(detector, NULL, "Network whose features metrics compare: a run, a checkpoint or a file"), .path = true,
     .derived = "the published ones",
     .detail = "A classifier or an autoencoder trained with Gantry, or a file of weights; or pixels: principal "
               "components of the reals' pixels, 50 by default (pixels:20: 20)."},
    {OPTION(inception, NULL, "Weights of Inception v3 in the FID's version, for metrics"), .placeholder = "FILE",
     .path = true, .derived = "none"},
    {OPTION(vgg16, NULL, "Weights of VGG16, for metrics"), .placeholder = "FILE", .path = true, .derived = "none"},
    {OPTION(lpips, NULL, "Weights of LPIPS, for path lengths"), .placeholder = "FILE", .path = true, .derived = "none"},
    {OPTION(resize, NULL, "How pictures are resized for Inception and VGG16"), .derived = "tf1",
     GT_CHOICES(GT_RESIZE_RULES)},
    {GT_ROW(gt_job, "data-height", height, "0", "Height of the images"), .class = GT_SHAPE, .group = "shape",
     .unit = "pixels", .max = 1 << 20},
    {GT_ROW(gt_job, "data-width", width, "0", "Width of the images"), .class = GT_SHAPE, .unit = "pixels",
     .max = 1 << 20},
    {GT_ROW(gt_job, "data-channels", channels, "0", "Channels of the images"), .class = GT_SHAPE, .max = 1 << 16},
    {GT_ROW(gt_job, "data-colours", colours, "0", "Channels with a colour: 0 all, n the first n, -1 none"),
     .class = GT_SHAPE, .min = -1, .max = 3},
    {GT_ROW(gt_job, "data-conditions", conditions, "0", "So many of the last channels are conditions or masks"),
     .class = GT_SHAPE, .max = 1 << 16},
    {GT_ROW(gt_job, "data-target-mask", target_mask, "0", "The last of them is the mask of the targets"),
     .class = GT_SHAPE},
    {OPTION(label_dim, "0", "Length of the label vectors for the networks; 0: unconditional"), .class = GT_SHAPE,
     .max = 1 << 16},
};

const gt_option *gt_common_options(int *n) {
    *n = (int)(sizeof options / sizeof *options);
    return options;
}
