/* SPDX-License-Identifier: Apache-2.0
 * A job says everything that a training run does. A job gets its values from defaults, a job file and the command line,
 * and is resolved when the shape of the data is known. The job is written into the directory of the run, and the recipe
 * of the job into every checkpoint.
 *
 *     gt_job *job = gt_job_new();
 *     gt_job_read_file(job, "jobs/demo.ini");
 *     gt_job_set(job, "batch", "64", NULL);
 *     gt_job_resolve(job, height, width, channels, label_width, n); // derived values, rules between options
 *     char *recipe = gt_job_to_recipe_text(job);
 *     gt_job_free(job);
 *
 * The option table is put together from the common options (job/common_options.c) and those of all families (family.h).
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_JOB_H
#define GANTRY_JOB_H

#include "gantry/choices.h"
#include "gantry/dataset.h"
#include "gantry/family.h"
#include "gantry/kernels.h"
#include "gantry/log.h"
#include "gantry/memory.h"
#include "gantry/model.h"
#include "gantry/option.h"
#include "gantry/preview.h"

gt_job *gt_job_new(void); /* every option has its default; NULL: see gt_message() */
void gt_job_free(gt_job *job);

/* What a program reads of a job: the values of these options as they are now. Texts live in the job's arena. */
typedef struct gt_job_facts {
    const char *model, *data, *condition, *statics, *run, *outdir, *resume, *detector, *export;
    int64_t batch, slices, threads, ranks, seed;
    bool restart, progress;
    double heartbeat_limit;
    gt_dry_run dry_run;
    gt_preview preview;
    gt_level log;
} gt_job_facts;
gt_job_facts gt_job_look(const gt_job *job);
gt_arena *gt_job_arena(const gt_job *job);              /* lives as long as the job */
const gt_options *gt_options_of_job(const gt_job *job); /* the option table, whose fields are those of the job */
/* The kernels to compute with, unless `conv` or a checkpoint names others; NULL: the best. */
void gt_job_set_kernels(gt_job *job, const gt_kernel_set *kernels);
/* How many of the channels are colours, where no dataset says so (gt_job_open_data does): before gt_job_resolve(). */
void gt_job_set_colours(gt_job *job, int64_t colours);
/* The file that `resume` stands for, which somebody has chosen already. */
gt_status gt_job_set_resume_file(gt_job *job, const char *path);
/* While the job is trained, `told` gets the values of each line of the run's log, on rank 0. */
struct gt_stat_value;
typedef void gt_job_tick(void *of, int64_t images, const struct gt_stat_value *values, int n);
void gt_job_set_tick(gt_job *job, gt_job_tick *told, void *of);
/* A resumed run goes on without metrics, because the file of its detector is damaged: `why` says how. */
gt_status gt_job_set_no_metrics(gt_job *job, const char *why);

/* The option table: the common options and those of all families, in the order of the reference job. */
const gt_option *gt_job_table(int *n);
const gt_named *gt_job_groups(void); /* the groups of options in their order, with titles; the list ends with {0} */
/* All families; the list ends with NULL. The first model of the first family is the default of --model. */
const gt_family *const *gt_families(void);
/* The family of a model, and the model's row; NULL: there is no model of this name. */
const gt_family *gt_family_of(const char *model, const gt_family_model **row);
const char *gt_family_name(const gt_family *family);
const gt_family_model *gt_family_models(const gt_family *family); /* the list ends with {0} */
/* Can the family's models make images of this shape? GT_USAGE: no; the message says which shapes fit. */
gt_status gt_family_check_size(const gt_family *family, int64_t height, int64_t width, int64_t channels);
bool gt_family_has(const gt_family *family, const gt_option *row); /* has any model of the family this option? */
bool gt_model_has(const gt_family *family, const gt_family_model *model, const gt_option *row);
/* Writes the names of the family's models that have the option: "mlp, vgg11". Where all of them have it, some names and
 * "...". */
void gt_models_with(const gt_family *family, const gt_option *row, char *text, size_t bytes);

/* Gives an option its value; `where` is "file:line", or NULL for the command line. GT_USAGE: the message says in a
 * sentence why not. */
gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where);
/* Reads a job as INI text: lines "key = value", lines "[group]", and comments from "#" or ";" to the end of the line. A
 * value may stand in double quotes. Messages name the file and the line. */
gt_status gt_job_read_file(gt_job *job, const char *path);
gt_status gt_job_read_text(gt_job *job, const char *text, const char *name);

/* Opens the job's data as training sees them (with or without labels, mirrored, a subset), and sets job->colours.
 * GT_USAGE: the job cannot use the labels. The caller calls gt_h5_check() first, since the file may be damaged. */
struct gt_dataset;
struct gt_dataset_info;
gt_status gt_job_open_data(gt_job *job, struct gt_dataset **out);
/* The label_width of gt_job_resolve() for these data: that of their labels, or the number of classes of their masks. */
int64_t gt_job_label_width(const gt_job *job, const struct gt_dataset_info *info);

/* Makes the model of a resolved job. The model reads the job, so the job must live as long. The model computes with
 * job->kernels and, unless `conv` is auto, with the convolution mode that `conv` names. NULL: see gt_message(). */
gt_model *gt_model_new(const gt_job *job);
/* The same without first parameters (gt_model_init): a checkpoint will bring the parameters. A recipe from elsewhere
 * may speak of networks of any size: memory is taken only while the parameters are read. */
gt_model *gt_model_bare(const gt_job *job);

/* Checks what needs no data: that required options are given, and the rules between options. GT_USAGE: the message
 * names the option. */
gt_status gt_job_check(gt_job *job);
/* The part of it that does not depend on the recipe: what a start needs. A run that goes on has its recipe from its
 * record (gt_job_adopt), and can be checked as a whole only then. */
gt_status gt_job_check_start(gt_job *job);
/* Fills in everything that depends on the model and on the data. `label_width`: the numbers of a label in the source,
 * whether or not the job wants labels; 0: the source has no labels. `images`: the number of images in the source; 0:
 * unknown, as for the recipe of a checkpoint. GT_USAGE: the job and the data do not fit together. To be called once for
 * each job. */
gt_status gt_job_resolve(gt_job *job, int64_t height, int64_t width, int64_t channels, int64_t label_width,
                         int64_t images);

/* The job as INI text, which the caller frees; NULL: out of memory. The text repeats the run: job.ini. */
char *gt_job_to_text(const gt_job *job);
/* May a run begin in this folder, or go on there? GT_USAGE: see gt_rundir_check_new(). */
gt_status gt_job_check_folder(const char *dir);
/* The same of the recipe options and the shape of the data alone. The text has no paths, hosts, times, or numbers of
 * ranks and threads. */
char *gt_job_to_recipe_text(const gt_job *job);
/* Makes the resolved job of such a text, as a checkpoint holds it. `name` names the text in messages. NULL: see
 * gt_message(). */
gt_job *gt_job_from_recipe_text(const char *text, const char *name);

#endif
