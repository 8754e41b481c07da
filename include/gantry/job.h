/* SPDX-License-Identifier: Apache-2.0
 * A job: everything that says what a training run does. Filled from defaults, a job file and the command line; resolved once the
 * data's shape is known; written into the run and, its recipe, into every checkpoint.
 *
 *     gt_job *job = gt_job_new();
 *     gt_job_read_file(job, "jobs/demo.ini");                       // GT_USAGE with file:line: nothing else has happened yet
 *     gt_job_set(job, "batch", "64", NULL);
 *     gt_job_resolve(job, height, width, channels, label_width, n); // published values, derived quantities, rules between options
 *     char *recipe = gt_job_to_recipe_text(job);
 *     gt_job_free(job);
 *
 * The option table (job/job_table.c) holds each key with its default, range, unit, class and help: see option.h.
 */
#ifndef GANTRY_JOB_H
#define GANTRY_JOB_H

#include <stdio.h>
#include <string.h>

#include "gantry/option.h"

enum { GT_JOB_MAX_KEYS = 144 };

typedef struct gt_job {
    gt_arena *arena;                    /* texts */
    uint8_t state[GT_JOB_MAX_KEYS];     /* gt_option_state of each row of the table */

    /* data */
    const char *data;                   /* path, or "synth:..." */
    bool cond, mirror;
    int64_t subset;                     /* images; 0: all */

    /* recipe */
    const char *model;                  /* "stylegan2" "dcgan" "vae" ...: model_list.h */
    const char *cfg;                    /* "auto" "stylegan2" "paper256" "paper512" "paper1024" "cifar" */
    int64_t gpus;                       /* of the reference's recipe; not the number of ranks */
    int64_t batch;                      /* images per step over all ranks */
    int64_t slices;                     /* divides batch; batch / slices is a multiple of min(mbstd, batch), or of the number of such groups */
    int64_t mbstd;                      /* minibatch-stddev group; use min(mbstd, batch) */
    double kimg;                        /* length in thousands of images */
    int64_t steps;                      /* length in steps; 0: by kimg alone, otherwise whichever ends first */
    int64_t seed;                       /* 0 .. 2^32-1 */
    double gamma;                       /* R1 weight */
    double lrate;
    double ema_kimg;                    /* half-life of the moving average */
    double ema_ramp;                    /* 0: no ramp-up */
    double pl_weight;                   /* path length; 0: off */
    double style_mixing;                /* probability */
    const char *nan;                    /* "stop" "skip" "clean" */
    const char *reduce;                 /* "tree" "allreduce" */
    const char *conv;                   /* kernels of convolutions: "auto" "direct" "winograd" */

    /* networks */
    int64_t cbase, cmax, map_layers, z_dim, w_dim;
    const char *g_arch, *d_arch;        /* "skip" "resnet" "orig" */
    bool fp32;                          /* no clamp */

    /* dcgan */
    const char *latent;                 /* "normal" "uniform" */
    const char *d_batches;              /* "separate" "mixed" */
    const char *smoothing;              /* "none" "one-sided" "two-sided" */
    double flip;                        /* share of D's targets */
    double instance_noise, instance_noise_kimg; /* standard deviation; falls to 0 in so many, 0: stays */
    const char *d_optimizer;            /* "adam" "sgd" */
    double d_lrate;
    const char *g_activation;           /* "lrelu" "relu" */
    const char *bn;                     /* batch normalisation over: "slice" "batch" */
    bool semi;                          /* D tells the classes of real images */
    double labelled;                    /* share of the data whose labels count */

    /* autoencoders */
    double widths;                      /* of hidden layers, relative to the published ones */
    int64_t epochs;                     /* length in passes over the data, unless kimg is given; 0: by kimg */
    const char *recon;                  /* "mse" "bce" */
    double factor, beta, kl_warmup;     /* weights of reconstruction and divergence; kimg in which the latter grows */
    const char *recon_pixels, *recon_batch, *kl_latent, *kl_batch; /* "sum" "mean" */
    bool sigmoid;
    int64_t codes, code_dim;            /* discrete latents */
    double temperature, temperature_min, temperature_kimg; /* gumbel */
    double commitment, code_decay, code_floor;             /* vq */

    /* augmentation */
    const char *aug;                    /* "noaug" "ada" "fixed" */
    const char *augpipe;                /* "bgc" ... */
    double p, target;
    double p_max;                       /* ceiling of p; 0: none */
    double ada_kimg;                    /* images in which p can go from 0 to 1 */
    int64_t ada_interval;               /* steps between adjustments */

    /* transfer */
    const char *resume;                 /* checkpoint file or run; "" : start afresh */
    int64_t freezed;                    /* layers of D that stay as they are */

    /* execution */
    int64_t slices_at_once;             /* in one execution; 0: as many as fit */
    int64_t threads;                    /* of a rank; 0: the cores of the host shared out among its ranks */
    const char *memory;                 /* "normal" "low" */
    const char *on_trouble;             /* "warn" "stop" "rollback" */
    double heartbeat_limit;             /* seconds; 0: none */
    bool dry_run;
    const char *max_time;               /* of this process, see gt_parse_duration(); "": none */
    const char *log;                    /* "debug" "info" "warning" "error" */
    bool progress;                      /* a live line on a terminal */

    /* output */
    const char *run, *outdir;           /* a run's directory, or where numbered ones are made */
    bool restart;                       /* the run in `run` is set aside, not gone on with */
    double tick;                        /* kimg */
    double tick_minutes, image_minutes, checkpoint_minutes; /* 0: not by the clock */
    int64_t image_steps;                /* pictures every so many steps; 0: not by steps */
    int64_t snap;                       /* ticks between pictures and checkpoints */
    double checkpoint_kimg;             /* 0: with the pictures */
    int64_t keep;                       /* newest checkpoints */
    double keep_every;                  /* kimg; also the first checkpoint of every so many; 0: none */
    double disk_cap;                    /* GB of checkpoints; 0: no cap */
    const char *best;                   /* "none", "[min:|max:]SERIES" */
    const char *grid;                   /* "8x8" or "reference": see gt_grid_parse() */
    const char *log_swmr;               /* "auto" "on" "off" */
    const char *metrics;                /* "none" */

    /* the data's shape, known once resolved */
    int64_t height, width, channels;
    int64_t colours;                    /* of the channels (gt_dataset_colours); set before gt_job_resolve */
    int64_t label_dim;                  /* what the networks see: 0 without cond or semi */

    /* derived, never written */
    bool resolved;
    double clamp;                       /* of convolutions; < 0: none */
    double ada_target;                  /* < 0: p is not steered */
    double p_initial;                   /* p at the start */
    bool augments;                      /* there is an augmentation pipe */
    bool resumes;                       /* starts from other networks */
    const char *resume_file;            /* what `resume` stands for, where the caller has looked at it; NULL: it is looked for when it is opened */
    int64_t total_images;               /* the run is done when this many have been shown */
} gt_job;

gt_job *gt_job_new(void);               /* every option at its default; NULL: see gt_message() */
void gt_job_free(gt_job *job);

gt_options gt_job_options(gt_job *job); /* the table together with this job's fields */
const gt_option *gt_job_table(int *n);  /* the table alone, for manuals */

/* Give one key its value; `where` is "file:line" or NULL for the command line. GT_USAGE with a sentence. */
gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where);
/* Read an INI job: "key = value" lines, "[group]" banners, comments from "#" or ";" to the end of the line. A value may stand in
 * double quotes. Errors name file and line. */
gt_status gt_job_read_file(gt_job *job, const char *path);
gt_status gt_job_read_text(gt_job *job, const char *text, const char *name);
bool gt_job_given(gt_job *job, const char *key);
static inline bool gt_job_labels(const gt_job *job) { return job->cond || job->semi; } /* does training use the labels of the data? */

/* The job's data as training sees it: with or without labels, mirrored, a subset; job->colours are theirs. GT_USAGE: labels that the job cannot use.
 * A file from elsewhere is looked at first by gt_dataset_check_foreign(), which is the caller's. */
struct gt_dataset;
gt_status gt_job_open_data(gt_job *job, struct gt_dataset **out);

/* What must hold before the data is opened: what is required, and rules between options that need no shape. */
gt_status gt_job_check(gt_job *job);
/* Fill in everything that depends on cfg and on the data: their shape, the width of their labels (of what the source holds, wanted or not; 0:
 * none) and the number of images in the source (0: unknown, when a checkpoint's recipe is read back). GT_USAGE: they do not fit
 * together. Once per job. */
gt_status gt_job_resolve(gt_job *job, int64_t height, int64_t width, int64_t channels, int64_t label_width, int64_t images);

/* As INI text; free() it. NULL: out of memory. */
char *gt_job_to_text(const gt_job *job);        /* job.ini: all that is needed to repeat the run */
char *gt_job_to_recipe_text(const gt_job *job); /* recipe options and the data's shape: no path, host, time, rank or thread count */
/* The resolved job of a checkpoint. `name` names the text in messages. NULL: see gt_message(). */
gt_job *gt_job_from_recipe_text(const char *text, const char *name);

/* Number of recipe options (and data dimensions) that differ; as a table on `f` unless NULL, `a` and `b` under these names. */
int gt_job_compare(const gt_job *a, const char *a_name, const gt_job *b, const char *b_name, FILE *f);

/* "emoji32-cond-auto1-batch32": the reference's short description of a run, for gt_rundir_new(). In the job's arena; NULL: out of memory. */
const char *gt_job_description(gt_job *job);

static inline bool gt_is(const char *choice, const char *name) { return !strcmp(choice, name); }

#endif
