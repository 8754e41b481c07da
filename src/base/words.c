/* SPDX-License-Identifier: Apache-2.0
 * Words of other programs: see gantry/words.h. A word of several rows holds where the first of them does. */
#include "base/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/door/embed.h"

#define GPUS "Gantry computes only on CPUs, in float32; there is nothing to choose"
#define SIZE_OF_DATA \
    "pictures have the size of the data: resize these with gantry dataset SOURCE DEST --width=W --height=H"
#define SIZE_OF_NETWORK "pictures have the size that the network was trained on"
#define OF_THE_RUN(key) "it is a property of the run: gantry train --" key
#define CHANNELS "pictures have the channels of the data; gantry dataset SOURCE DEST --channels=1 makes grey pictures"
#define FOLDER "the folder of the run"
#define THREADS "the number is per rank and follows the command: gantry run -n 4 train --threads=8"
#define BATCHES "Gantry chooses batches that fit; there is nothing to choose"
#define RANKS "start ranks with gantry run -n N before the command, with mpirun or with srun"
#define OF_SBATCH(example) "it is an option of sbatch: give it at the end, after --: gantry submit ... -- " example

/* Keys that only some tables have. */
#define JOB "kimg"                   /* train, submit, search */
#define SUBMIT "ntasks-per-node"     /* gantry submit */
#define DATASET "max-images"         /* gantry dataset */
#define PICTURES "truncation-cutoff" /* generate, mix, walk */
#define SAMPLER "sampler-steps"      /* what makes pictures; and train */

/* The documents need not be where the program runs: it carries the glossary, and the headings, which the Makefile
 * gathers. */
EMBED(gt_glossary, "docs/glossary.md");
EMBED(gt_headings, GT_HEADINGS);

static const gt_word unknown[] = {
    /* sbatch, of gantry submit: before all others, for some words are also those of training */
    {"-a", SUBMIT, "array", NULL},
    {"-A", SUBMIT, "account", NULL},
    {"-b", SUBMIT, NULL, OF_SBATCH("--begin=TIME")},
    {"-c", SUBMIT, "cpus-per-task", NULL},
    {"-C", SUBMIT, "constraint", NULL},
    {"-d", SUBMIT, NULL, OF_SBATCH("--dependency=afterok:JOB")},
    {"-D", SUBMIT, NULL, "the job works in the folder in which gantry submit was called"},
    {"-e", SUBMIT, NULL, "the output of the job, with its errors, is slurm-JOB.log in the folder of the run"},
    {"-F", SUBMIT, NULL, OF_SBATCH("--nodefile=FILE")},
    {"-G", SUBMIT, NULL, GPUS},
    {"-H", SUBMIT, NULL, OF_SBATCH("--hold")},
    {"-J", SUBMIT, "job-name", NULL},
    {"-k", SUBMIT, NULL, "a job that loses a node is requeued and resumes"},
    {"-L", SUBMIT, NULL, OF_SBATCH("--licenses=NAME")},
    {"-m", SUBMIT, NULL, OF_SBATCH("--distribution=KIND")},
    {"-M", SUBMIT, NULL, OF_SBATCH("--clusters=NAME")},
    {"-n", SUBMIT, "ntasks-per-node", "times --nodes; -n alone is --dry-run"},
    {"-N", SUBMIT, "nodes", NULL},
    {"-o", SUBMIT, NULL, "the output of the job is slurm-JOB.log in the folder of the run"},
    {"-O", SUBMIT, NULL, "a job has its nodes to itself, and no more ranks than cores"},
    {"-p", SUBMIT, "partition", NULL},
    {"-q", SUBMIT, "qos", "-q alone is --quiet"},
    {"-s", SUBMIT, NULL, "a job has its nodes for itself"},
    {"-S", SUBMIT, NULL, OF_SBATCH("--core-spec=N")},
    {"-t", SUBMIT, "time", NULL},
    {"-w", SUBMIT, NULL, OF_SBATCH("--nodelist=LIST")},
    {"-W", SUBMIT, NULL, OF_SBATCH("--wait")},
    {"-x", SUBMIT, NULL, OF_SBATCH("--exclude=LIST")},
    {"ntasks", SUBMIT, "ntasks-per-node", "times --nodes"},
    {"walltime", SUBMIT, "time", NULL},
    {"queue", SUBMIT, "partition", NULL},
    {"memory-per-node", SUBMIT, "mem", NULL},
    {"name", SUBMIT, "job-name", NULL},
    {"cores", SUBMIT, "cpus-per-task", NULL},
    {"num-nodes", SUBMIT, "nodes", NULL},
    {"nnodes", SUBMIT, "nodes", NULL},
    {"nproc-per-node", SUBMIT, "ntasks-per-node", NULL},
    {"tasks-per-node", SUBMIT, "ntasks-per-node", NULL},
    {"signal", SUBMIT, "grace", "the seconds alone"},
    {"output", SUBMIT, NULL, "the output of the job is slurm-JOB.log in the folder of the run"},
    {"error", SUBMIT, NULL, "the output of the job, with its errors, is slurm-JOB.log in the folder of the run"},
    {"chdir", SUBMIT, NULL, "the job works in the folder in which gantry submit was called"},
    {"wrap", SUBMIT, NULL, "the job is a training; for scripts of your own: slurm/train.sbatch"},
    {"exclusive", SUBMIT, NULL, "a job has its nodes for itself"},
    {"requeue", SUBMIT, NULL, "a job is requeued by itself until the run is complete"},
    {"gres", SUBMIT, NULL, OF_SBATCH("--gres=LIST")},
    {"mail-type", SUBMIT, NULL, OF_SBATCH("--mail-type=ALL")},
    {"dependency", SUBMIT, NULL, OF_SBATCH("--dependency=afterok:JOB")},
    {"begin", SUBMIT, NULL, OF_SBATCH("--begin=TIME")},
    {"exclude", SUBMIT, NULL, OF_SBATCH("--exclude=LIST")},
    {"nodelist", SUBMIT, NULL, OF_SBATCH("--nodelist=LIST")},
    {"reservation", SUBMIT, NULL, OF_SBATCH("--reservation=NAME")},
    {"licenses", SUBMIT, NULL, OF_SBATCH("--licenses=NAME")},
    {"comment", SUBMIT, NULL, OF_SBATCH("--comment=WORDS")},
    {"hold", SUBMIT, NULL, OF_SBATCH("--hold")},
    {"nice", SUBMIT, NULL, OF_SBATCH("--nice=N")},
    {"hint", SUBMIT, NULL, OF_SBATCH("--hint=nomultithread")},
    {"distribution", SUBMIT, NULL, OF_SBATCH("--distribution=KIND")},
    {"mem-per-cpu", SUBMIT, NULL, OF_SBATCH("--mem-per-cpu=SIZE")},
    {"no-requeue", SUBMIT, NULL, OF_SBATCH("--no-requeue")},
    {"deadline", SUBMIT, NULL, OF_SBATCH("--deadline=TIME")},
    {"switches", SUBMIT, NULL, OF_SBATCH("--switches=N")},
    {"tmp", SUBMIT, NULL, OF_SBATCH("--tmp=SIZE")},
    {"clusters", SUBMIT, NULL, OF_SBATCH("--clusters=NAME")},
    {"gpus-per-node", SUBMIT, NULL, GPUS},

    /* mpirun, srun and torchrun, of gantry run; and where ranks were asked of the command itself */
    {"np", "hostfile", "ranks", NULL},
    {"ntasks", "hostfile", "ranks", NULL},
    {"nproc", "hostfile", "ranks", NULL},
    {"nproc-per-node", "hostfile", "ranks", NULL},
    {"host", "hostfile", "hosts", NULL},
    {"nodelist", "hostfile", "hosts", NULL},
    {"nodes", "hostfile", "hosts", "by their names"},
    {"machinefile", "hostfile", "hostfile", NULL},
    {"cores", "hostfile", NULL, THREADS},
    {"cpus", "hostfile", NULL, THREADS},
    {"cpus-per-task", "hostfile", NULL, THREADS},
    {"mca", "hostfile", "launch-options", NULL},
    {"ranks", "threads", NULL, RANKS},
    {"np", "threads", NULL, RANKS},
    {"nproc-per-node", "threads", NULL, RANKS},
    {"world-size", "threads", NULL, RANKS},
    {"nodes", "threads", NULL, RANKS},
    {"nnodes", "threads", NULL, RANKS},
    {"ntasks", "threads", NULL, RANKS},
    {"dist-url", "threads", NULL, RANKS},
    {"dist-backend", "threads", NULL, RANKS},

    /* GPUs */
    {"device", NULL, NULL, GPUS},
    {"devices", NULL, NULL, GPUS},
    {"accelerator", NULL, NULL, GPUS},
    {"cuda", NULL, NULL, GPUS},
    {"gpu", NULL, NULL, GPUS},
    {"gpus", NULL, NULL, GPUS},
    {"gpu-id", NULL, NULL, GPUS},
    {"gpu-ids", NULL, NULL, GPUS},
    {"fp16", NULL, NULL, GPUS},
    {"fp32", NULL, NULL, GPUS},
    {"amp", NULL, NULL, GPUS},
    {"half", NULL, NULL, GPUS},
    {"bf16", NULL, NULL, GPUS},
    {"mixed-precision", NULL, NULL, GPUS},
    {"precision", NULL, NULL, GPUS},
    {"no-cuda", NULL, NULL, GPUS},
    {"no-mps", NULL, NULL, GPUS},
    {"mps", NULL, NULL, GPUS},
    {"use-fp16", NULL, NULL, GPUS},
    {"force-fp32", NULL, NULL, GPUS},
    {"cpu", NULL, NULL, GPUS},
    {"tf32", NULL, NULL, GPUS},
    {"allow-tf32", NULL, NULL, GPUS},
    {"num-gpus", NULL, NULL, GPUS},
    {"n-gpus", NULL, NULL, GPUS},
    {"use-cuda", NULL, NULL, GPUS},
    {"ngpu", NULL, NULL, GPUS},
    {"autocast", NULL, NULL, GPUS},
    {"compile", NULL, NULL, GPUS},
    {"nhwc", NULL, NULL, GPUS},
    {"channels-last", NULL, NULL, GPUS},
    {"nobench", NULL, NULL, GPUS},
    {"bench", NULL, NULL, GPUS},
    {"ls", NULL, NULL, GPUS},
    {"loss-scale", NULL, NULL, GPUS},
    {"sync-bn", NULL, NULL, GPUS},

    /* train.py of stylegan2-ada-pytorch, stylegan3 and EDM */
    {"batch-gpu", JOB, NULL,
     "there are no GPUs; with --slices-at-once a rank computes less at once and needs less memory"},
    {"duration", JOB, "kimg", "in thousands of images: 200 million are --kimg=200000"},
    {"ema", JOB, "ema-kimg", "in thousands of images: half a million are --ema-kimg=500"},
    {"xflip", JOB, "mirror", NULL},
    {"transfer", JOB, "resume", NULL},
    {"glr", JOB, "lrate", NULL},
    {"dlr", JOB, "d-lrate", NULL},
    {"map-depth", JOB, "map-layers", NULL},
    {"mbstd-group", JOB, "mbstd", NULL},
    {"desc", JOB, "run", FOLDER},
    {"nosubdir", JOB, "run", FOLDER},
    {"dump", JOB, "checkpoint-kimg", NULL},
    {"state-dump", JOB, "checkpoint-kimg", NULL},
    {"cache", JOB, NULL, "data that fit into memory are kept there in any case"},
    {"cres", JOB, "channel-mult", NULL},
    {"fmap-base", JOB, "cbase", NULL},
    {"fmap-max", JOB, "cmax", NULL},
    {"r1-gamma", JOB, "gamma", NULL},
    {"total-kimg", JOB, "kimg", NULL},

    /* how long, how often */
    {"time-limit", JOB, "max-time", NULL},
    {"walltime", JOB, "max-time", NULL},
    {"max-minutes", JOB, "max-time", NULL},
    {"time", NULL, "max-time", NULL},
    {"num-epochs", JOB, "epochs", "for GANs and diffusion --kimg, in thousands of images"},
    {"max-epochs", JOB, "epochs", "for GANs and diffusion --kimg, in thousands of images"},
    {"n-epochs", JOB, "epochs", "for GANs and diffusion --kimg, in thousands of images"},
    {"nb-epoch", JOB, "epochs", "for GANs and diffusion --kimg, in thousands of images"},
    {"epoch", JOB, "epochs", "for GANs and diffusion --kimg, in thousands of images"},
    {"niter", JOB, "epochs", "for GANs and diffusion --kimg, in thousands of images"},
    {"start-epoch", JOB, NULL, "the same command resumes a run where it stopped"},
    {"steps-per-epoch", JOB, NULL, "an epoch is all images once; --steps is the number of steps in all"},
    {"max-steps", NULL, "steps", NULL},
    {"num-iterations", NULL, "steps", NULL},
    {"train-steps", NULL, "steps", NULL},
    {"log-interval", JOB, "tick", "in thousands of images; --tick-minutes by the clock"},
    {"print-freq", JOB, "tick", "in thousands of images; --tick-minutes by the clock"},
    {"verbosity", JOB, "log", NULL},
    {"log-level", JOB, "log", NULL},
    {"save-interval", JOB, "checkpoint-minutes", "--checkpoint-kimg in thousands of images"},
    {"save-freq", JOB, "checkpoint-minutes", "--checkpoint-kimg in thousands of images"},
    {"save-every", JOB, "checkpoint-minutes", "--checkpoint-kimg in thousands of images"},
    {"checkpoint-interval", JOB, "checkpoint-minutes", "--checkpoint-kimg in thousands of images"},
    {"save-model", JOB, NULL,
     "checkpoints are written in any case; --export writes files of other programs beside them"},
    {"sample-interval", JOB, "image-steps", "--image-minutes by the clock"},
    {"patience", NULL, "early-stopping", NULL},
    {"restore-best-weights", JOB, "best", NULL},
    {"monitor", JOB, "best", NULL},

    /* examples of PyTorch and Keras */
    {"lr", NULL, "lrate", NULL},
    {"learning-rate", NULL, "lrate", NULL},
    {"lr-g", JOB, "lrate", NULL},
    {"lr-d", JOB, "d-lrate", NULL},
    {"lr-step-size", JOB, "schedule-epochs", NULL},
    {"lr-gamma", JOB, "schedule-factor", NULL},
    {"lr-decay", JOB, "schedule-factor", NULL},
    {"warmup-epochs", JOB, "warmup", NULL},
    {"batch-size", NULL, "batch", NULL},
    {"batchsize", NULL, "batch", NULL},
    {"bs", NULL, "batch", NULL},
    {"test-batch-size", JOB, NULL, "held-out images need no batch size; there is nothing to choose"},
    {"b1", JOB, "beta1", NULL},
    {"b2", JOB, "beta2", NULL},
    {"wd", NULL, "weight-decay", NULL},
    {"l2", NULL, "weight-decay", NULL},
    {"optim", NULL, "optimizer", NULL},
    {"opt", NULL, "optimizer", NULL},
    {"scheduler", NULL, "schedule", NULL},
    {"lr-scheduler", NULL, "schedule", NULL},
    {"lr-schedule", NULL, "schedule", NULL},
    {"grad-clip", JOB, "clip", NULL},
    {"clip-grad", JOB, "clip", NULL},
    {"clip-grad-norm", JOB, "clip", NULL},
    {"max-grad-norm", JOB, "clip", NULL},
    {"ema-decay", JOB, "ema-kimg", "the half-life in thousands of images"},
    {"val-split", JOB, "validation", NULL},
    {"validation-split", JOB, "validation", NULL},
    {"val-data", JOB, "test-data", NULL},
    {"test-path", JOB, "test-data", NULL},
    {"mixup-alpha", JOB, "mixup", NULL},
    {"hflip", JOB, "mirror", "for classifiers --random-flip"},
    {"flip-prob", JOB, "mirror", "for classifiers --random-flip"},
    {"random-erasing", JOB, "cutout", NULL},
    {"crop", JOB, "random-crop", NULL},
    {"architecture", NULL, "model", NULL},
    {"model-name", NULL, "model", NULL},
    {"network-type", NULL, "model", NULL},
    {"ngf", JOB, "cbase", NULL},
    {"ndf", JOB, "cbase", NULL},
    {"nz", NULL, "z-dim", NULL},
    {"latent-dim", NULL, "z-dim", NULL},
    {"latent-dims", NULL, "z-dim", NULL},
    {"latent-size", NULL, "z-dim", NULL},
    {"kl-weight", JOB, "beta", NULL},
    {"kld-weight", JOB, "beta", NULL},
    {"n-critic", JOB, "d-steps", NULL},
    {"num-classes", JOB, NULL, "the classes come from the data; --cond trains a conditional model"},
    {"n-classes", JOB, NULL, "the classes come from the data; --cond trains a conditional model"},
    {"conditional", JOB, "cond", NULL},
    {"netg", JOB, "resume", NULL},
    {"netd", JOB, "resume", NULL},
    {"weights", JOB, "resume", NULL},
    {"checkpoint", NULL, "resume", NULL},
    {"pretrained", NULL, "resume", NULL},
    {"evaluate", JOB, NULL, "gantry evaluate RUN DATA tests a classifier, gantry metrics RUN scores pictures"},
    {"shuffle", JOB, NULL, "images are shuffled in any case, by --seed"},

    /* other names of the same, as people type them */
    {"name", JOB, "run", FOLDER},
    {"exp-name", JOB, "run", FOLDER},
    {"experiment", JOB, "run", FOLDER},
    {"workdir", JOB, "run", FOLDER},
    {"work-dir", JOB, "run", FOLDER},
    {"ckpt-dir", JOB, "run", FOLDER},
    {"checkpoint-dir", JOB, "run", FOLDER},
    {"checkpoint-path", JOB, "run", FOLDER},
    {"model-dir", JOB, "run", FOLDER},
    {"save-path", JOB, "run", FOLDER},
    {"path", JOB, "data", NULL},
    {"input", JOB, "data", NULL},
    {"config", JOB, NULL, "a job file is the first word: gantry train FILE.ini"},
    {"iters", JOB, "steps", NULL},
    {"iterations", JOB, "steps", NULL},
    {"train-batch-size", JOB, "batch", NULL},
    {"lr-max", JOB, "lrate", NULL},
    {"lr-steps", JOB, "schedule-at", "in epochs"},
    {"milestones", JOB, "schedule-at", "in epochs"},
    {"t-max", JOB, "schedule-epochs", NULL},
    {"warmup-steps", JOB, "warmup", "in epochs"},
    {"dropout-rate", JOB, "dropout", "for diffusion --unet-dropout"},
    {"hidden-dim", JOB, "hidden", NULL},
    {"hidden-size", JOB, "hidden", NULL},
    {"base-channels", JOB, "model-channels", "for GANs --cbase"},
    {"channels", JOB, NULL, CHANNELS},
    {"in-channels", JOB, NULL, CHANNELS},
    {"image-channels", JOB, NULL, CHANNELS},
    {"nc", JOB, NULL, CHANNELS},
    {"labels", JOB, "cond", NULL},
    {"lambda-gp", JOB, "gp-weight", NULL},
    {"critic-iters", JOB, "d-steps", NULL},
    {"gan-mode", JOB, "loss", NULL},
    {"mirror-augment", JOB, "mirror", NULL},
    {"freeze-layers", JOB, "freeze", NULL},
    {"resume-from", JOB, "resume", NULL},
    {"load-model", JOB, "resume", NULL},
    {"init-from", JOB, "resume", NULL},
    {"sample-every", JOB, "image-steps", "--image-minutes by the clock"},
    {"wandb", JOB, NULL, "curves are in report.html of the run, and in files of TensorBoard beside it"},

    /* what several commands have */
    {"cores", NULL, "threads", NULL},
    {"cpus", NULL, "threads", NULL},
    {"num-cpus", NULL, "threads", NULL},
    {"nthreads", NULL, "threads", NULL},
    {"num-workers", NULL, "threads", NULL},
    {"workers", NULL, "threads", NULL},
    {"num-threads", NULL, "threads", NULL},
    {"cpus-per-task", NULL, "threads", NULL},
    {"jobs", NULL, "threads", NULL},
    {"dataset", NULL, "data", NULL},
    {"dataroot", NULL, "data", NULL},
    {"data-dir", NULL, "data", NULL},
    {"data-path", NULL, "data", NULL},
    {"train-data", NULL, "data", NULL},
    {"outf", NULL, "outdir", NULL},
    {"output-dir", NULL, "outdir", NULL},
    {"out-dir", NULL, "outdir", NULL},
    {"save-dir", NULL, "outdir", NULL},
    {"logdir", NULL, "outdir", NULL},
    {"log-dir", NULL, "outdir", NULL},
    {"output", NULL, "out", NULL},
    {"output", NULL, "outdir", NULL},
    {"run-dir", NULL, "run", NULL},
    {"manualseed", NULL, "seed", NULL},
    {"random-seed", NULL, "seed", NULL},
    {"random-state", NULL, "seed", NULL},

    /* generate.py of EDM and of others that make pictures in steps */
    {"steps", SAMPLER, "sampler-steps", "for diffusion models"},
    {"num-steps", JOB, "steps", NULL},
    {"num-steps", SAMPLER, "sampler-steps", NULL},
    {"timesteps", SAMPLER, "sampler-steps", NULL},
    {"ddim-steps", SAMPLER, "sampler-steps", NULL},
    {"num-inference-steps", SAMPLER, "sampler-steps", NULL},
    {"solver", SAMPLER, "sampler", NULL},
    {"cfg-scale", SAMPLER, "guidance", NULL},
    {"guidance-scale", SAMPLER, "guidance", NULL},
    {"s-churn", JOB, "churn", NULL},
    {"s-min", JOB, "churn-min", NULL},
    {"s-max", JOB, "churn-max", NULL},
    {"s-noise", JOB, "churn-noise", NULL},
    {"s-churn", SAMPLER, NULL, OF_THE_RUN("churn")},
    {"s-min", SAMPLER, NULL, OF_THE_RUN("churn-min")},
    {"s-max", SAMPLER, NULL, OF_THE_RUN("churn-max")},
    {"s-noise", SAMPLER, NULL, OF_THE_RUN("churn-noise")},
    {"sigma-min", SAMPLER, NULL, OF_THE_RUN("sigma-min")},
    {"sigma-max", SAMPLER, NULL, OF_THE_RUN("sigma-max")},
    {"rho", SAMPLER, NULL, OF_THE_RUN("sigma-rho")},
    {"disc", SAMPLER, NULL, "the steps are EDM's: gantry train --sigma-min, --sigma-max and --sigma-rho"},
    {"scaling", SAMPLER, NULL, "the steps are EDM's: gantry train --sigma-min, --sigma-max and --sigma-rho"},
    {"schedule", SAMPLER, NULL, "the steps are EDM's: gantry train --sigma-min, --sigma-max and --sigma-rho"},
    {"subdirs", "projected-w", NULL, "all pictures are written into one folder, --outdir"},
    {"batch", "threads", NULL, BATCHES},
    {"batch-size", "threads", NULL, BATCHES},

    /* gen_images.py and gen_video.py of stylegan3, and scripts like them */
    {"truncation", NULL, "trunc", NULL},
    {"truncation-psi", NULL, "trunc", NULL},
    {"psi", NULL, "trunc", NULL},
    {"seed", "seeds", "seeds", NULL},
    {"num-samples", "seeds", "seeds", "64 of them: --seeds=0-63"},
    {"n-samples", "seeds", "seeds", "64 of them: --seeds=0-63"},
    {"num-images", "seeds", "seeds", "64 of them: --seeds=0-63"},
    {"count", "seeds", "seeds", "64 of them: --seeds=0-63"},
    {"nrow", "seeds", "grid", NULL},
    {"translate", PICTURES, NULL, "it belongs to StyleGAN3, whose networks Gantry does not read"},
    {"rotate", PICTURES, NULL, "it belongs to StyleGAN3, whose networks Gantry does not read"},
    {"num-keyframes", "fps", "seconds", "the film passes all --seeds in that time"},
    {"w-frames", "fps", "seconds", "the film passes all --seeds in that time"},
    {"frames", "fps", "seconds", "with --fps frames in each"},
    {"duration", "fps", "seconds", NULL},
    {"shuffle-seed", "fps", "seeds", "in the order in which they are given"},
    {"ckpt", NULL, "network", NULL},
    {"checkpoint", NULL, "network", NULL},
    {"model", "seeds", "network", NULL},
    {"model-path", NULL, "network", NULL},
    {"network-pkl", NULL, "network", NULL},
    {"num", NULL, "count", NULL},

    /* sizes of pictures */
    {"size", DATASET, "width", "and --height"},
    {"resolution", DATASET, "width", "and --height"},
    {"image-size", DATASET, "width", "and --height"},
    {"img-size", DATASET, "width", "and --height"},
    {"resize", DATASET, "width", "and --height"},
    {"size", JOB, NULL, SIZE_OF_DATA},
    {"resolution", JOB, NULL, SIZE_OF_DATA},
    {"image-size", JOB, NULL, SIZE_OF_DATA},
    {"imagesize", JOB, NULL, SIZE_OF_DATA},
    {"img-size", JOB, NULL, SIZE_OF_DATA},
    {"img-width", JOB, NULL, SIZE_OF_DATA},
    {"input-size", JOB, NULL, SIZE_OF_DATA},
    {"height", JOB, NULL, SIZE_OF_DATA},
    {"imgsz", DATASET, "width", "and --height"},
    {"imgsz", JOB, NULL, SIZE_OF_DATA},
    {"size", "image-size", "image-size", "if the file does not give it"},
    {"imgsz", "image-size", "image-size", "if the file does not give it"},
    {"size", PICTURES, NULL, SIZE_OF_NETWORK},
    {"resolution", PICTURES, NULL, SIZE_OF_NETWORK},
    {"image-size", PICTURES, NULL, SIZE_OF_NETWORK},
    {"width", PICTURES, NULL, SIZE_OF_NETWORK},
    {"height", PICTURES, NULL, SIZE_OF_NETWORK},

    /* scikit-learn's mixtures */
    {"num-samples", NULL, "n", NULL},
    {"n-samples", NULL, "n", NULL},
    {"num-components", NULL, "k", NULL},
    {"n-components", NULL, "k", NULL},
    {"components", NULL, "k", NULL},
    {"n-clusters", NULL, "k", NULL},
    {"clusters", NULL, "k", NULL},
    {"covariance-type", NULL, "covariance", NULL},
    {"n-init", NULL, "restarts", NULL},
    {"max-iter", NULL, "iterations", NULL},
};

static const gt_word of_values[] = {
    {"width", JOB, NULL, "it is the factor of a classifier's channels, and " SIZE_OF_DATA},
    {"arch", JOB, "model", "--arch chooses between the networks of EDM, --model between all"},
    {"loss", JOB, "recon", "the loss of autoencoders is --recon"},
    {"rho", JOB, "sigma-rho", "the rho of EDM's sampler is --sigma-rho"},
};

static const gt_word of_models[] = {
    {"width", JOB, NULL, SIZE_OF_DATA},
    {"epochs", JOB, "kimg", "in thousands of images"},
    {"cbase", JOB, "model-channels", NULL},
    {"gamma", "label-smoothing", "schedule-factor", "for a factor of the learning rate"},
    {"random-flip", JOB, "mirror", NULL},
    {"loss", JOB, "recon", NULL},
};

#define TABLE(rows) \
    { rows, sizeof rows / sizeof *rows }
const gt_word_table gt_words[] = {
    [GT_WORD_UNKNOWN] = TABLE(unknown), [GT_WORD_OF_VALUE] = TABLE(of_values), [GT_WORD_OF_MODEL] = TABLE(of_models)};

/* Do the names agree but for case, and - for _? Of an option of one letter the case counts. */
static bool same_name(const char *typed, const char *name) {
    if (*name == '-' || *typed == '-') return !strcmp(typed, name);
    while (*typed && (tolower((unsigned char)*typed) == *name || (*typed == '_' && *name == '-'))) typed++, name++;
    return !*typed && !*name;
}

static bool holds(const gt_options *o, const gt_word *w) {
    return (!w->at || gt_options_find(o, w->at)) && (!w->here || gt_options_find(o, w->here));
}

const gt_word *gt_word_find(const gt_options *o, gt_word_kind kind, const char *word) {
    const gt_word *w = gt_words[kind].rows;
    for (int i = 0; i < gt_words[kind].n; i++)
        if (same_name(word, w[i].word) && holds(o, &w[i])) return &w[i];
    return NULL;
}

void gt_word_text(const gt_word *w, gt_word_kind kind, const char *dashes, char text[GT_WORD_BYTES]) {
    const char *says = w->says ? w->says : "", *comma = w->says ? ", " : "";
    if (kind == GT_WORD_OF_VALUE || (kind == GT_WORD_OF_MODEL && !w->here)) snprintf(text, GT_WORD_BYTES, "; %s", says);
    else if (!w->here) snprintf(text, GT_WORD_BYTES, ": %s", says);
    else
        snprintf(text, GT_WORD_BYTES, "; %s it is %s%s%s%s", kind == GT_WORD_OF_MODEL ? "here" : "in Gantry", dashes,
                 w->here, comma, says);
}
