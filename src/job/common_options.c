/* SPDX-License-Identifier: Apache-2.0
 * The options that the jobs of all families have in common. A new option is a row here and a field of gt_job
 * (gantry/family.h); command line, job files, --help, dumps, comparison, reference job (write it anew:
 * `gantry reference > jobs/reference.ini`) and man page follow. */
#include "job/internal.h"

#include "dist/door/dist.h"
#include "gantry/grid.h"
#include "gantry/metric.h"
#include "kernels/door/kernels.h"
#include "model/door/family.h"
#include "model/door/schedule.h"
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
     .detail = "On the command line it counts also where a job file gives kimg. The last batch of an epoch holds "
               "what is left."},
    {OPTION(data, "", "Images to train on, all of one size: what gantry dataset reads or makes"), .by_rank = true,
     .path = true, .class = GT_EXECUTION, .group = "data", .common = true, .required = true,
     .detail = "A ZIP, folder, HDF5 file, CIFAR archive, MNIST file, LMDB, TFRecords, .npy, .npz, CSV or "
               "synth:NAME. "
               "A relative path starts at the current directory. Built-in sets: synth:shapes and "
               "synth:circles, with options as in synth:shapes:n=4096,size=32,classes=8,seed=0. Two jobs use the "
               "same data when the fingerprints of the data agree, wherever they lie; a run is also resumed with the "
               "same pictures in other files (unzipped, say), and warns."},
    {OPTION(test_data, "", "Images that are never trained on; their losses are logged"),
     .only = "autoencoder|classifier|dcgan", .by_rank = true, .path = true, .class = GT_EXECUTION, .common = true},
    {OPTION(validation, "0", "Share of the data that is held out: its loss and accuracy are logged"),
     .only = "classifier", .max = 0.9, .common = true,
     .detail = "Chosen by --seed, the same on all ranks; no image is in both parts. Of the --subset, where there is "
               "one."},
    {OPTION(cond, "0", "Train a conditional model on the labels of the data"), .only = GT_GANS "|autoencoder|edm",
     .common = true, .detail = "The data must have labels: classes or vectors."},
    {OPTION(mirror, "0", "Double the data with left-right mirrored images"), .common = true,
     .detail = "Not for images in which left and right differ, such as letters."},
    {OPTION(subset, NULL, "Number of images that are used, chosen by --seed"), .derived = "all", .unit = "images",
     .min = 1, .max = HUGE_VAL,
     .detail = "Chosen before mirroring. The same seed gives the same choice as in stylegan2-ada-pytorch."},
    {OPTION(classes, NULL, "Only images of these classes: names or numbers, as in cat,dog or 0-7,9"),
     .placeholder = "CLASSES", .derived = "all", .any = true,
     .detail = "They become classes 0, 1, ... in the order in which they are named here. Chosen before --subset and "
               "--validation; --test-data are chosen in the same way."},
    {OPTION(class_names, "", "Names of the classes 0, 1, ..., as in cat,dog, or a text file with a name per line"),
     .placeholder = "NAMES", .path = true, .class = GT_EXECUTION,
     .detail = "In place of the names that the data have: files of MNIST have none. They go into checkpoints, where "
               "gantry predict, evaluate and generate --class find them; --test-data get the same."},
    {OPTION(on_error, "stop", "What to do where a picture of the data is damaged: stop, or skip it"),
     GT_CHOICES(GT_ON_ERRORS), .class = GT_EXECUTION,
     .detail = "stop: before the step that needs the picture, with a checkpoint; once the file is repaired, or with "
               "--on-error=skip, the same command goes on. skip: the next picture of its class takes its place, "
               "wherever the picture is read; checkpoints and log count them. Where more than 1 % of the pictures are "
               "damaged, and more than one, the run stops. A file that cannot be read at all stops it in any case."},
    {OPTION(model, NULL, "Model"), .group = "recipe", .choices = gt_any_model, .common = true,
     .detail = "Each option says which models have it."},
    {OPTION(cfg, NULL, "Recipe that gives the other values"), .only = "stylegan2|edm", .common = true,
     .choices = "auto|stylegan2|paper256|paper512|paper1024|cifar|cpu|cifar10",
     .detail =
         "cpu is of networks that a CPU trains in hours. StyleGAN2: auto chooses by the size of the images, with "
         "networks of the published width; the others, up to cifar, repeat published runs. Every value can be "
         "changed by its own key; values that a recipe computes from others (gamma, ema-kimg and mbstd of auto) are "
         "not computed anew. Diffusion: cifar10 is the published run."},
    {OPTION(batch, NULL, "Images per training step, over all ranks together"), .unit = "images", .min = 1,
     .max = 1 << 20, .common = true, .detail = "At most so many ranks can share it: as many as there are slices."},
    {OPTION(slices, NULL, "Number of parts of a batch: a rank works on one or more of them"),
     .derived = "one for each image, for two or for eight; at least 8", .min = 1, .max = 1 << 20,
     .detail =
         "At most as many ranks as slices can work. An image alone is a slice where that is work enough: see "
         "docs/parallel.md. Sums are made slice by slice, so their number changes the last "
         "bits "
         "of results, and is part of the recipe. It also says what is taken together where mbstd-batch, pl-mean or bn "
         "go by slices."},
    {OPTION(kimg, NULL, "Length of the run, in thousands of images shown"), .class = GT_EXECUTION, GT_KIMG,
     .min = 0.001, .common = true,
     .detail = "A finished run started again with a larger value is trained further, bit for bit as if it had been "
               "given at the start."},
    {OPTION(steps, NULL, "Length of the run in training steps; the shorter of --kimg and --steps counts"),
     .class = GT_EXECUTION, .derived = "by kimg", .unit = "steps", .min = 1, .max = 1e12,
     .detail = "Where neither --kimg nor --epochs is given, autoencoders and classifiers train for all of them, also "
               "beyond the usual number of epochs."},
    {OPTION(early_stopping, NULL,
            "End the run after this number of ticks, or evaluations of a metric, without improvement"),
     .class = GT_EXECUTION, .unit = "ticks", .derived = "none", .max = 1e6, .common = true,
     .detail = "Of a classifier a tick is an epoch unless --tick says otherwise, and what must improve is the "
               "statistic of --best, else Loss/validation, else Loss/test. Other models need --best; where that is "
               "one of --metrics, evaluations of the metric count, not ticks. The run is then finished; a larger "
               "number trains it further."},
    {OPTION(seed, "0", "Seed of every random number of the run"), .max = 4294967295.0},
    {OPTION(lrate, NULL, "Learning rate of the networks"), .max = 1},
    {OPTION(optimizer, NULL, "Optimiser of the networks"), .derived = "adam", .choices = gt_any_optimizer,
     .detail = "sgd is gradient descent, with --momentum where it is given."},
    {OPTION(schedule, NULL, "How the learning rate changes"), .derived = "constant", GT_CHOICES(GT_SCHEDULE_KINDS),
     .detail = "step: times --schedule-factor at each of --schedule-at. cosine: down to 0 along half a cosine. "
               "one-cycle: up from 1/25 in the first 0.3 of the run, then down to 1/250,000. plateau: times "
               "--schedule-factor when the loss of --validation, or that of training, has not become smaller by a "
               "ten-thousandth in more than --schedule-patience epochs."},
    {OPTION(schedule_at, NULL, "Epochs at which --schedule=step changes the rate, as in 30,60"), .derived = "none",
     .placeholder = "EPOCHS", .check = check_epochs},
    {OPTION(schedule_factor, NULL, "Factor by which --schedule=step and =plateau multiply the rate"), .derived = "0.1",
     .min = 1e-6, .max = 1},
    {OPTION(schedule_epochs, NULL, "Length of --schedule=cosine and =one-cycle"), .unit = "epochs",
     .derived = "the run's", .max = 1e9,
     .detail = "Give the length where the run may later be made longer: without it the rates change."},
    {OPTION(schedule_patience, NULL, "Epochs that --schedule=plateau waits for a smaller loss"), .unit = "epochs",
     .derived = "10", .max = 1e6},
    {OPTION(warmup, NULL, "Number of epochs in which the learning rate grows from 0"), .unit = "epochs", .derived = "0",
     .max = 1e6},
    {OPTION(beta1, NULL, "Decay of adam's running mean of gradients"), .derived = "0.9; dcgan 0.5; stylegan2 0",
     .max = 0.999999},
    {OPTION(beta2, NULL, "Decay of adam's running mean of squared gradients"), .derived = "0.999; stylegan2 0.99",
     .max = 0.999999},
    {OPTION(momentum, NULL, "Momentum of sgd and rmsprop"), .derived = "0; dcgan 0.5", .max = 0.9999,
     .with = OPTIMISED_BY("sgd") "|" OPTIMISED_BY("rmsprop")},
    {OPTION(nesterov, NULL, "Use Nesterov's momentum in sgd"), .derived = "0", .with = OPTIMISED_BY("sgd")},
    {OPTION(rho, NULL, "Decay of rmsprop's running mean of squared gradients"), .derived = "0.99", .max = 0.999999,
     .with = OPTIMISED_BY("rmsprop")},
    {OPTION(eps, NULL, "Small number that optimisers add to the root of the mean of squares"),
     .derived = "1e-8; adagrad 1e-10; eps-form outside 1e-7", .max = 1},
    {OPTION(eps_form, NULL, "Whether adam adds eps to the root of the corrected moment (inside) or of the other"),
     .derived = "inside", GT_CHOICES(GT_EPS_FORMS)},
    {OPTION(clip, NULL, "Largest norm of a network's gradient; a larger one is scaled down"), .derived = "none",
     .max = 1e9},
    {OPTION(weight_decay, NULL, "Weight decay: lambda"), .derived = "0", .max = 100,
     .detail = "Of weights alone, not of biases and scales. adamw: weights shrink by lrate x lambda in each step; "
               "others: lambda / 2 times the sum of the squares is part of the loss."},
    {OPTION(ema_kimg, NULL, "Half-life of the moving average of the network; 0: none"),
     .only = GT_GANS "|classifier|edm", GT_KIMG},
    {OPTION(ema_ramp, NULL, "Half-life at most this part of images shown; 0: any"), .only = GT_GANS "|classifier|edm",
     .max = 1e9},
    {OPTION(nan, "stop", "What to do when a gradient is not finite: stop, skip the update, or clean it"),
     GT_CHOICES(GT_NAN_RULES),
     .detail = "stop names network, parameter and step. clean is what stylegan2-ada-pytorch does: NaN becomes 0, "
               "infinities become 1e5."},
    {OPTION(reduce, "tree", "How gradients are summed over ranks"), GT_CHOICES(GT_REDUCTIONS),
     .detail = "tree gives the same bits on any number of ranks. allreduce is MPI's own sum, for comparison: bits "
               "may then depend on the number of ranks."},
    {OPTION(conv, "auto", "Kernels of convolutions"), GT_CHOICES(GT_CONV_MODE_LIST),
     .detail = "auto chooses by shape what is fastest; direct and winograd use one kind wherever it is possible, "
               "for comparison: results differ in their last bits. With auto the environment variable GT_CONV, if "
               "set, says which."},
    {OPTION(bn, "batch", "Samples that batch normalisation takes means of: the whole batch's or a slice's"),
     .only = "dcgan|classifier", .after = "g-activation", .group = "dcgan", .other_group = "networks",
     GT_CHOICES(GT_BN_KINDS),
     .detail =
         "batch: on several ranks all wait for each other twice per layer and pass, and a rank holds all its images in "
         "memory together. slice: each slice by itself, as devices do that train in parallel; slices then have several "
         "images, and --slices changes what is learnt. none: there is none; classifiers that have a form without, and "
         "dcgan, whose layers then have biases."},
    {OPTION(z_dim, NULL, "Length of the input latent z"), .group = "networks", .min = 1, .max = 1 << 20},
    {OPTION(resume, "noresume", "Transfer learning: start from the networks of a checkpoint or run"), .path = true,
     .class = GT_EXECUTION, .group = "transfer", .common = true,
     .detail =
         "For a new run. To resume a run, give its directory as --run. Also from networks of other programs: .pkl of "
         "stylegan2-ada-pytorch, safetensors, .npz, state dicts of PyTorch. "
         "Options that decide what the networks compute (sizes, activations, the stem) come from the file unless "
         "given, "
         "and so does --normalize, of which another value is an error where the file says it. Tensors of the same name "
         "and shape are copied, the others are listed and start afresh. As published, ada then works faster and the "
         "moving average has no ramp-up. noresume: none."},
    {OPTION(resume_partial, "0", "Also start where less than half of the tensors of --resume fit"), .class = GT_COMMAND,
     .with = "--resume"},
    {OPTION(threads, NULL, "Threads per rank"), .by_rank = true, .group = "execution",
     .derived = "the host's cores shared out among its ranks", .min = 1, .max = 4096, .common = true,
     .detail = "Changes no bit of the results."},
    {OPTION(ranks, NULL, "Number of ranks to start; 1: none, the cores are threads of one rank"), .class = GT_COMMAND,
     .derived = "the fastest, by trials", .min = 1, .max = 4096, .common = true,
     .detail =
         "For `gantry train` by itself, outside of mpirun, srun, gantry run and the allocations of batch systems. "
         "The ranks are those of this host; each has its share of the cores as threads (--threads: so many). By "
         "default, for a run of more than five minutes, the ways to share out the cores are tried for some "
         "seconds, and the choice is kept for later runs; --threads alone is one rank. Changes no bit of the "
         "results. GANTRY_RANKS in the environment stands for --ranks where that is not given."},
    {OPTION(max_time, "", "Write a checkpoint and stop after this time: minutes, h:m:s or days-hours"),
     .placeholder = "TIME", .class = GT_COMMAND, .check = check_duration,
     .detail =
         "As Slurm writes times: 90, 23:50:00, 1-12. Counted from the start of the program. The exit status is 75, "
         "and the same command resumes. Leave time for a step and for a checkpoint before the walltime ends."},
    {OPTION(slices_at_once, NULL, "Number of slices that a rank computes together"),
     .derived = "as many as pay and fit into memory", .min = 1, .max = GT_MOST_AT_ONCE,
     .detail = "Where images are small and channels many, more at once read the weights less often; each takes "
               "memory for its activations. Changes no bit of the results."},
    {OPTION(memory, "normal", "Whether to use less memory and more time (low)"), GT_CHOICES(GT_MEMORY_USES),
     .detail = "Changes no bit of the results. normal computes again what costs about a fiftieth of a step; low "
               "whatever saves memory, for up to half of a step's time on top."},
    {OPTION(on_trouble, "warn", "What to do when training itself goes wrong (collapse, divergence, ...)"),
     GT_CHOICES(GT_ON_TROUBLES),
     .detail = "A warning comes in any case, with the tick it began. stop ends the run with the checkpoints from "
               "before. rollback resumes from the newest checkpoint from before, with other random numbers; later "
               "checkpoints are set aside as bad-checkpoint-*.h5. After three times it stops."},
    {OPTION(heartbeat_limit, "60", "Seconds of silence of a rank after which the run ends; 0: never"),
     .unit = "seconds", .max = 1e6,
     .detail = "The message names rank, host and what it did last. While a rank writes or reads a file, waits for "
               "data or computes metrics, ten times as long. Long work that gets on is not silent. "
               "When the network between two ranks is broken, the message names both of them."},
    {OPTION(dry_run, "0", "Print duration, memory and speed of the run, and exit; quick: no speed; job: the job"),
     .class = GT_COMMAND, .letter = 'n', .common = true, GT_CHOICES(GT_DRY_RUNS), .bare = "1",
     .detail =
         "Steps are made and timed. The answer comes first: duration, memory, disk, ranks, and what would be "
         "faster, also measured: for runs of more than five minutes the ranks that would be started, of more than a "
         "day a smaller network; then sizes of the networks, and what gantry doctor says. quick prints the job "
         "and its sizes, makes no step and asks no doctor; job prints the job alone, speed only how many images "
         "are shown in a second."},
    {OPTION(dry_run_seconds, "60", "About how long --dry-run measures"), .class = GT_COMMAND, .unit = "seconds",
     .max = 1e6, .detail = "Where two steps do not fit, pieces of a step are measured, and a line says so."},
    {OPTION(log, "info", "Least important messages that are printed"), .by_rank = true, GT_CHOICES(GT_LEVELS),
     .detail = "The run's log.txt takes all of them. -q is --log=warning --progress=0, and -v is --log=debug."},
    {OPTION(progress, "1", "Show a live line of progress on a terminal"), .by_rank = true},
    {OPTION(run, "", "Folder of the run: begin the run, or resume it"), .placeholder = "DIR", .path = true,
     .class = GT_COMMAND, .group = "output", .common = true,
     .detail = "Resuming gives the same bits as never having stopped, on any number of ranks. Not together with "
               "--outdir."},
    {OPTION(restart, "0", "With --run: begin anew instead of resuming what is there"), .class = GT_COMMAND,
     .detail = "Nothing is deleted: checkpoints, logs, pictures and job of the run before go into its subfolder "
               "before-1 (before-2, ...), when the new one is ready to begin. A Slurm job that is requeued resumes "
               "what it began."},
    {OPTION(outdir, "runs", "Folder in which a new numbered run is made"), .placeholder = "DIR", .path = true,
     .class = GT_COMMAND},
    {OPTION(tick, "4", "Thousands of images between two lines of statistics (ticks)"), GT_KIMG, .min = 0.001,
     .detail = "A tick is a line of at most 100 columns; every 40 ticks a heading names the columns. stats.jsonl has "
               "more values than the line."},
    {OPTION(tick_minutes, "1", "Longest time between two ticks; 0: no limit"), MINUTES},
    {OPTION(snap, "50", "Number of ticks between two checkpoints with pictures"), .unit = "ticks", .min = 1, .max = 1e9,
     .detail = "Counted in ticks by images, so that the clock does not change it: 50 ticks of 4 kimg are 200 kimg."},
    {OPTION(image_steps, "0", "Steps between two pictures, besides those of --snap; 0: none by steps"), .unit = "steps",
     .max = 1e9},
    {OPTION(image_minutes, "15", "Longest time between two pictures; 0: no limit"), MINUTES,
     .detail = "The first ones also come after 1, 2, 5 and 10 minutes. Pictures that the clock alone asks for are not "
               "measured: they are in no curve, and decide nothing."},
    {OPTION(checkpoint_kimg, "0", "Thousands of images between two checkpoints; 0: only --snap counts"), GT_KIMG},
    {OPTION(checkpoint_minutes, "30", "Longest time between two checkpoints; 0: no limit"), MINUTES,
     .detail = "No more work than this is lost when a machine fails. Checkpoints are written in the background."},
    {OPTION(keep, "3", "Number of newest checkpoints that are kept; the last always is"), .min = 1, .max = 1e6},
    {OPTION(keep_every, "0", "For good keep the first checkpoint of each such span of thousands of images; 0: none"),
     GT_KIMG},
    {OPTION(audit_disk, "200", "Disk space for older checkpoints that audits begin at; 0: none"), .unit = "MB",
     .max = 1e9,
     .detail = "Besides the checkpoints of --keep, --keep-every and --best: evenly thinned ones, so that an audit can "
               "compute any stretch of the run again. They also go where --disk-cap is too small for them, or where "
               "the disk has no room for a new checkpoint."},
    {OPTION(disk_cap, "0", "Disk space that the run's checkpoints may take in all; 0: no limit"), .unit = "GB",
     .max = 1e9,
     .detail = "The oldest ones go until the others fit. The two newest and the best stay in any case, and while a "
               "new one is written nothing goes."},
    {OPTION(best, "none", "Statistic by which the link `best` is set: NAME, min:NAME or max:NAME"),
     .placeholder = "[min:|max:]NAME", .any = true,
     .detail = "NAME as in stats.jsonl, such as Loss/D/loss or a metric; min: (the default) or max: says which end "
               "is good. The best checkpoint so far is kept, and `best` in the run's directory points to it. By a "
               "statistic of pictures (Fakes/...) each checkpoint is made with pictures. One of --metrics by its "
               "name or key (fid10k, pr10k3_recall) knows which end is good, and judges checkpoints that have it."},
    {OPTION(grid, "8x8", "Columns and rows of the pictures, as in 8x4, or reference"), .placeholder = "COLUMNSxROWS",
     .check = check_grid,
     .detail =
         "reference is the layout of stylegan2-ada-pytorch: 7680x4320 pixels, 7 to 32 columns, 4 to 32 rows. With "
         "labels each row shows one class."},
    {OPTION(log_swmr, "auto", "Whether metrics.h5 grows in place, readable meanwhile"), GT_CHOICES(GT_SWMR_RULES),
     .detail = "auto: not on file systems that hosts share (NFS, Lustre, ...), where readers would see it in "
               "pieces; there, and with off, it is replaced as a whole now and then and at the end. stats.jsonl has "
               "every tick at once in any case."},
    {OPTION(tensorboard_step, "kimg", "Step of TensorBoard's events: thousands of images, or images"),
     GT_CHOICES(GT_EVENT_STEPS), .absent = "images",
     .detail = "kimg, rounded down, as in stylegan2-ada-pytorch, so that runs of both programs can be laid over each "
               "other; images tells ticks of less than 1 kimg apart. A run that resumes keeps the step it has, and a "
               "run begun by version 0.1 has images."},
    {OPTION(export, "none", "Networks for other programs beside each checkpoint, as in pkl,npz"), .placeholder = "LIST",
     .any = true,
     .detail = "The forms of gantry export, in files network-snapshot-NNNNNNNNN.FORM. A file goes "
               "when its checkpoint goes. One that cannot be written is a warning, and is tried again with the next "
               "checkpoint."},
    {OPTION(metrics, "none", "Metrics at each checkpoint, as in fid10k,pr10k3"), .placeholder = "LIST", .common = true,
     .check = gt_metrics_check,
     .detail = "The names of gantry metrics --metrics=help, which says what each needs. "
               "A number in a name is the number of generated pictures. At each checkpoint by images and at the last "
               "one; gantry metrics gives the same values later. A metric that fails is a warning."},
    {OPTION(metrics_count, NULL, "Number of generated pictures for every metric"), .derived = "as in their names",
     .unit = "images", .min = 2, .max = 2e9},
    {OPTION(metrics_share, NULL, "Largest share of the run's time that metrics may take, such as 0.05"),
     .derived = "all that they need", .min = 1e-6, .max = 1,
     .detail = "Metrics then come at fewer checkpoints, never with fewer pictures. Which checkpoints have them, and so "
               "--best and --early-stopping, then depends on the speed of the machine. The first and the last "
               "checkpoint have them in any case."},
    {OPTION(detector, NULL, "Network whose features metrics compare: a run, a checkpoint or a file"), .path = true,
     .derived = "the published ones",
     .detail = "A classifier or an autoencoder trained here, or a file of weights; or pixels: principal "
               "components of the reals' pixels, 50 unless said (pixels:20)."},
    {OPTION(inception, NULL, "Weights of Inception v3 as the FID takes them, for metrics"), .placeholder = "FILE",
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
    {OPTION(label_dim, "0", "Length of a label vector as the networks see it; 0: unconditional"), .class = GT_SHAPE,
     .max = 1 << 16},
};

const gt_option *gt_common_options(int *n) {
    *n = (int)(sizeof options / sizeof *options);
    return options;
}
