/* SPDX-License-Identifier: Apache-2.0
 * What a family of models fills in, and the part of a job that all families have in common.
 *
 * A family is a feature: a folder src/features/NAME, which defines the value gt_family_NAME, and a word in the list
 * FAMILIES of src/features/list.h. Everything else finds the family through that list: the choices of --model, the
 * option table with --help, manual and reference job, the rules between options, the advice of warnings.
 *
 *     typedef struct toy_options { double gain; } toy_options;      // the options that only this family has
 *     static const gt_option options[] = {
 *         {GT_JOB_ROW(toy_options, gain, "2", "Gain of the last layer"), .max = HUGE_VAL},
 *     };
 *     static gt_status make(gt_model *m, const gt_job *job) { const toy_options *own = job->own; ... }
 *     static const gt_family_model models[] = {{"toy", "a toy", "batch=8 kimg=1 lrate=0.1 z-dim=4"}, {0}};
 *     const gt_family gt_family_toy = {.name = "toy", .title = "Toys", .models = models, .options = options,
 *                                      .n_options = 1, .own_bytes = sizeof(toy_options), .make = make};
 *
 * An option is a row and a field. Networks and losses read the field where they need the value: from `own`, or from the
 * common part. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_FAMILY_H
#define GANTRY_NETWORKS_MODEL_DOOR_FAMILY_H

#include <stdio.h>
#include <string.h>

#include "gantry/family.h"
#include "gantry/fields.h"
#include "gantry/log.h"
#include "gantry/option.h"
#include "gantry/preview.h"
#include "kernels/door/kernels.h"
#include "networks/model/door/gan.h"
#include "networks/model/door/import.h"
#include "networks/model/door/model.h"
#include "networks/model/door/schedule.h"
#include "networks/model/door/warning.h"

enum { GT_JOB_MAX_KEYS = 320 };
#define GT_CLASSES_MEAN "mean" /* gt_job.resume_classes of a run without labels from networks with labels */

struct gt_job {
    /* no option: the kernels to compute with, unless `conv` or a checkpoint names others; NULL: the best */
    const gt_kernel_set *kernels;
    gt_arena *arena;                    /* texts */
    gt_options options;                 /* the option table, with the fields of this job */
    uint8_t state[GT_JOB_MAX_KEYS];     /* gt_option_state of each row of the table */
    const gt_family *family;            /* of `model`; gt_job_check sets this field and the next two */
    const struct gt_family_model *kind; /* the row of `model` in the family */
    void *own;                          /* the family's own options: its struct */
    /* of gt_job_set_tick(); NULL: nobody is told */
    void (*told)(void *of, int64_t images, const struct gt_stat_value *values, int n);
    void *told_of;

    /* data */
    const char *data;                                  /* path, or "synth:..." */
    const char *test_data, *test_condition;            /* "": none */
    const char *condition, *statics, *value_transform; /* of fields (gantry/fields.h) */
    gt_missing missing;
    gt_condition_resize condition_resize;
    double validation; /* part of the data that is held out; 0: none */
    bool cond, mirror;
    int64_t subset;      /* images; 0: all */
    const char *classes; /* only images of these; "": all */
    const char *class_names;
    gt_on_error on_error;

    /* recipe */
    const char *model; /* "stylegan2" "dcgan" "vae" ...: a model of one of the families */
    const char *cfg;   /* the recipe that other values come from; "": the family has none */
    int64_t batch;     /* images per step over all ranks */
    int64_t slices;    /* parts of a batch */
    double kimg;       /* length in thousands of images */
    int64_t epochs;    /* length in passes over the data, unless kimg is given; 0: by kimg */
    int64_t steps;     /* length in steps; 0: by kimg alone, otherwise whichever ends first */
    int64_t seed;      /* 0 .. 2^32-1 */
    const char *loss;  /* "bce" "consistency" ...: of gt_family.losses; "": the first of them */
    double lrate;
    const char *optimizer;     /* a row of the table of optimisers; "": see gt_job_optimizer() */
    gt_schedule_kind schedule; /* of the learning rate */
    const char *schedule_at;
    double schedule_factor, schedule_epochs, schedule_patience, warmup;
    double beta1, beta2, momentum, rho, eps, weight_decay; /* of optimisers */
    bool nesterov;
    double clip; /* of the gradient's norm; 0: none */
    gt_eps_form eps_form;
    double ema_kimg; /* half-life of the moving average */
    double ema_ramp; /* 0: no ramp-up */
    gt_nan_rule nan;
    gt_reduction reduce;
    gt_conv_mode conv;

    /* networks */
    int64_t z_dim;
    gt_bn_kind bn;

    gt_gan_options gan; /* of adversarial families */

    /* transfer */
    const char *resume;         /* a network's file or a run; "" : start afresh */
    const char *resume_classes; /* see gt_match_classes(); "": as runs of 1.0.0 began, by number */
    bool resume_partial;        /* also where less than half of its tensors fit */
    bool strict;                /* not from classes of a text that nobody has published */

    /* execution */
    int64_t slices_at_once; /* in one execution; 0: as many as fit */
    int64_t threads;        /* of a rank; 0: the cores of the host shared out among its ranks */
    int64_t ranks;          /* that `gantry train` starts; 0: it chooses */
    gt_memory_use memory;
    gt_on_trouble on_trouble;
    double heartbeat_limit; /* seconds; 0: none */
    gt_dry_run dry_run;
    double dry_run_seconds; /* of measuring, about */
    const char *max_time;   /* of this process, see gt_parse_duration(); "": none */
    gt_level log;           /* the least that is printed */
    bool progress;          /* a live line on a terminal */
    gt_preview preview;     /* sheets on a terminal */

    /* output */
    const char *run, *outdir;                               /* a run's directory, or where numbered ones are made */
    bool restart;                                           /* the run in `run` is set aside, not gone on with */
    double tick;                                            /* kimg */
    double tick_minutes, image_minutes, checkpoint_minutes; /* 0: not by the clock */
    int64_t image_steps;                                    /* pictures every so many steps; 0: not by steps */
    int64_t snap;                                           /* ticks between pictures and checkpoints */
    double checkpoint_kimg;                                 /* 0: with the pictures */
    int64_t keep;                                           /* newest checkpoints */
    double keep_every;      /* kimg; also the first checkpoint of every so many; 0: none */
    double audit_disk;      /* MB of older checkpoints for audits; 0: none */
    double disk_cap;        /* GB of checkpoints; 0: no cap */
    const char *best;       /* "none", "[min:|max:]SERIES" */
    int64_t early_stopping; /* ticks without improvement after which the run ends; 0: none */
    const char *grid;       /* "8x8" or "reference": see gt_grid_parse() */
    gt_swmr_rule log_swmr;
    gt_event_step tensorboard_step;
    const char *metrics;   /* names of scores (score.h); "none" */
    int64_t metrics_count; /* fakes of all of them; 0: as in their names */
    double metrics_share;  /* of the run's time that they may take; 0: all that they need */
    /* as in gt_metric_options; "": not given */
    const char *detector, *inception, *vgg16, *lpips;
    gt_resize_rule resize;
    const char *export; /* "none", or a list of forms (export.h), with commas between them */

    /* the data's shape, known once resolved */
    int64_t height, width, channels;
    int64_t colours;    /* of the channels (gt_dataset_colours); set before gt_job_resolve, as the next two */
    int64_t conditions; /* so many of the last channels are conditions or masks (gantry/fields.h) */
    bool target_mask;   /* the last of them is the mask of the targets */
    int64_t label_dim;  /* length of the labels that training uses; 0: it uses none */

    /* derived, never written */
    bool resolved;
    bool resumes; /* starts from other networks */
    bool goes_on; /* has the recipe of a run that has begun */
    /* the series that `best` names, NULL for none; is its largest value the best, is it a metric of `metrics`? */
    const char *best_series;
    bool best_is_largest, best_is_score;
    const char *resume_file; /* the file that `resume` stands for; NULL: nobody has looked yet */
    const char *no_metrics;  /* why a resumed run has none: its detector's file is damaged; NULL: nothing is known */
    int64_t total_images;    /* the run is done when this many have been shown */
};

/* How a row of a job's options begins (GT_ROW). Its key is the name of its field with a dash for each underscore:
 * {GT_JOB_ROW(gt_job, tick_minutes, "1", "And at least so often")} is --tick-minutes. */
#define GT_JOB_ROW(struct_, field, value, text) GT_ROW(struct_, #field, field, value, text)
#define GT_KIMG .unit = "thousands of images", .placeholder = "THOUSANDS", .max = 1e9

/* The value of `only` for common options of the families that are `adversarial`; GT_GANS "|classifier": and of one
 * more. */
#define GT_GANS "gans"

/* What a run says of its recipe. A list ends with {0}. */
typedef struct gt_about {
    const char *name;  /* a value of --cfg; where the models have none, of --model */
    const char *text;  /* what the recipe is, for people; NULL: nothing is said */
    double young_kimg; /* from nothing to about so many thousands of images pictures are noise; 0: not known */
} gt_about;

/* A larger batch of the same recipe, for a machine with more cores than a batch has images: what it costs was measured.
 */
typedef struct gt_larger_batch {
    const char *options; /* "--batch=64" */
    int cores;           /* from so many on */
    double images;       /* that it needs for the same result, over those of the job */
    const char *of;      /* the result: "the same FID on photographs of 32x32" */
} gt_larger_batch;

struct gt_family {
    const char *name;              /* "dcgan": also the group of the family's options in job files */
    const char *title;             /* of that group; NULL: the options are in other groups */
    const gt_family_model *models; /* the list ends with {0} */
    bool adversarial; /* the models have G and D, and the common options of GANs (labels, augmentation, average, ...) */
    /* A row without class has the class of its group (job/table.c: GT_RECIPE, but for the groups execution and output).
     * A row without group has the group of the row before, at first the family's own group. */
    const gt_option *options;
    int n_options;
    const char *losses; /* values of --loss, "bce|lsgan"; NULL: the models have no such option */
    bool judged;        /* --early-stopping needs no --best: a loss of images that are not trained on tells */
    size_t own_bytes;   /* of the struct that the options' fields are in: gt_job.own */
    /* The options that decide the names and shapes of tensors, what layers without tensors compute, and what networks
     * have learnt to do without, with blanks between them: --resume takes them from the file (gt_job_inherit), but not
     * those that had no effect there (gt_option.with). "bn=none": this value alone is taken; "fp32|clamp": none of them
     * where one is given. */
    const char *sizes;
    /* What a value that is found anew for each size of images ("auto") stands for in a resolved job: the same networks
     * on images of another size need this. NULL: the value itself; the function may be NULL, too. */
    const char *(*stands_for)(const gt_job *job, const char *key);
    /* The options that say what the networks expect of their input, in the same way: --resume takes them from the file
     * where the images have as many channels, and another value that somebody gave is an error. NULL: none. */
    const char *input;
    /* Models that add to the networks of another model, which stay as they are: {"vq-prior", "vq"}. A run begins from a
     * run of the other model (--resume), and takes from it the values of `sizes` and of `kept`. NULL: none. */
    const gt_named *adds_to;
    const char *kept;
    /* how resolve() finds values of common options, for manuals: {"cbase", "32 x size"}; NULL: no such values */
    const gt_named *derived;
    /* what to do about a warning, by the name of the warning, in place of the general advice; NULL: no such advice */
    const gt_named *advice;
    const gt_about *about;      /* NULL: nothing is said */
    const gt_warning *warnings; /* the family's own; the list ends with {0}; NULL: none */
    /* The options' values as the name of a run begins with; NULL: the name of the model. */
    void (*describe)(const gt_job *job, FILE *f);
    /* Says in the log of a run that begins what follows from the family's options. NULL: nothing. */
    void (*tell)(const gt_job *job);
    /* The option that now needs data with classes ("semi"), or NULL; the function may be NULL, too. */
    const char *(*needs_classes)(const gt_job *job);
    /* The option by which a run tunes a trained network, so that it must begin from one ("--loss=consistency"), or
     * NULL; the function may be NULL, too. */
    const char *(*tunes)(const gt_job *job);
    /* Is the model trained on masks? Then label_dim is the number of their classes. NULL: no model is. */
    bool (*needs_masks)(const gt_job *job);
    /* Does the model have this option of its family? NULL: all models have all options of the family. */
    bool (*takes)(const gt_family_model *model, const char *key);
    /* Gives values to the options that neither anybody nor the model's `defaults` have set (gt_job_derive). `items`:
     * images of an epoch; 0: unknown. NULL: there are none. */
    void (*resolve)(gt_job *job, int64_t items);
    bool takes_conditions; /* the models learn targets that are given conditions; others refuse such data */
    /* Slices of a batch where the job does not say how many; NULL: one for each image. */
    int (*default_slices)(const gt_job *job);
    /* Can the family's models make images of this shape? GT_USAGE: no; the message says which shapes fit. NULL: the
     * models make images of any shape. */
    gt_status (*check_size)(int64_t height, int64_t width, int64_t channels);
    gt_status (*check)(const gt_job *job); /* rules between the resolved options; NULL: none */
    /* What so many cores, more than the batch has images, can share. NULL: no larger batch of this job was measured;
     * the function may be NULL, too. */
    const gt_larger_batch *(*larger_batch)(const gt_job *job, int cores);
    /* How many samples D sees the deviation of (a minibatch-stddev group); NULL: there are no such groups. */
    int (*group)(const gt_job *job);
    /* Fills in the model of a resolved job, but for first parameters (gt_model_init): networks, phases, what builds
     * graphs. The name, the seed, the size of slices, and the lengths of latents, labels and images are there already.
     * The model reads the job, which must live as long. */
    gt_status (*make)(gt_model *m, const gt_job *job);
    /* Of a model with labels: a graph whose outputs are the tensors, by their names and in the order of files, in which
     * network `net` without labels stands for all classes. It reads the network in slot 0, and "c" [label_dim,
     * label_dim], a row for each class. NULL: there, runs without labels begin with new values. */
    gt_graph *(*without_labels)(gt_model *m, int net);
    /* Finds the family's networks in a file of another program (import.h). NULL: the family has none elsewhere. */
    gt_status (*import)(gt_imported *m);
};

/* All families, in the order of help; NULL ends the list (src/features/rows.c). */
extern const gt_family *const gt_all_families[];

gt_model *gt_family_make(const gt_family *family, const gt_job *job); /* NULL: see gt_message() */

/* ---- for families: src/core/networks/model/family.c ---- */

/* Has somebody given the option a value, in a file or on the command line? */
bool gt_job_given(const gt_job *job, const char *key);
/* The value of an option as text, for callers that do not know the family's struct. NULL: the model has no such option,
 * or the value is left open (gt_options_effective). */
const char *gt_job_value(const gt_job *job, const char *key);
/* What was found in the data and no option says: a job of the same data takes it before gt_job_resolve. */
static inline void gt_job_take_data(gt_job *to, const gt_job *from) {
    to->colours = from->colours;
    to->conditions = from->conditions;
    to->target_mask = from->target_mask;
}
/* True where the option has no value yet: the caller then sets the field, and the option counts as derived. */
bool gt_job_derives(gt_job *job, const char *key);
/* Gives an option a value, as text, if the option has none yet. */
void gt_job_derive(gt_job *job, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Does so for several options: "key=value key=value". */
void gt_job_derive_all(gt_job *job, const char *values);
/* The place of the recipe `cfg` in the family's own list, which ends with {0}; -1: the recipe is another. */
int gt_recipe_of(const gt_job *job, const gt_named *recipes);
/* Gives the values of the recipe. */
void gt_derive_recipe(gt_job *job, const gt_named *recipes);
/* GT_USAGE: the recipe is that of another family; the message lists those of the list. */
gt_status gt_check_recipe(const gt_job *job, const gt_named *recipes);
/* The length of a run in epochs of `items` images, which becomes kimg where nobody gave kimg: as many epochs as were
 * asked for. If neither was, `usual` many, or more where more --steps are asked for. */
void gt_job_last_epochs(gt_job *job, int usual, int64_t items);
/* A tick is an epoch, or as many as have `least` images, whatever the clock says: each point of a curve is the mean
 * over whole epochs. Pictures and checkpoints come as often as with the usual ticks. Not if --tick is given. */
void gt_job_tick_by_epochs(gt_job *job, int64_t least, int64_t items);
/* The optimiser of a network. `own`: the value of the network's option (job->gan.g_optimizer); "": that of `optimizer`.
 */
const char *gt_job_optimizer(const gt_job *job, const char *own);
/* The model to whose networks that of the job adds (gt_family.adds_to); NULL: to none. */
const char *gt_job_adds_to(const gt_job *job);
/* How a network learns: its optimiser (gt_job_optimizer), with the family's rate, betas and momentum and what the
 * options say. */
gt_learning gt_job_learning(const gt_job *job, const char *own, double rate, double beta1, double beta2,
                            double momentum);

#endif
