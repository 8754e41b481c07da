/* SPDX-License-Identifier: Apache-2.0
 * A job: everything that says what a training run does. Filled from defaults, a job file and the command line; resolved
 * once the data's shape is known; written into the run and, its recipe, into every checkpoint.
 *
 *     gt_job *job = gt_job_new();
 *     // GT_USAGE with file:line: nothing else has happened yet
 *     gt_job_read_file(job, "jobs/demo.ini");
 *     gt_job_set(job, "batch", "64", NULL);
 *     // published values, derived quantities, rules between options
 *     gt_job_resolve(job, height, width, channels, label_width, n);
 *     char *recipe = gt_job_to_recipe_text(job);
 *     gt_job_free(job);
 *
 * The option table is put together from the common options (job/common_options.c) and those of all families (family.h).
 */
#ifndef GANTRY_JOB_H
#define GANTRY_JOB_H

#include "gantry/family.h"

gt_job *gt_job_new(void); /* every option at its default; NULL: see gt_message() */
void gt_job_free(gt_job *job);

/* The option table for manuals: the common options and those of all families, in the order of the reference job. */
const gt_option *gt_job_table(int *n);
const gt_named *gt_job_groups(void); /* the groups of options in their order, with titles; the list ends with {0} */
/* all families; the list ends with NULL. The first model of the first is the default */
const gt_family *const *gt_families(void);
/* The family of a model, and the model's row; NULL: there is no model of this name. */
const gt_family *gt_family_of(const char *model, const gt_family_model **row);
bool gt_family_has(const gt_family *family, const gt_option *row); /* has the option a meaning for its models? */

/* Give one key its value; `where` is "file:line" or NULL for the command line. GT_USAGE with a sentence. */
gt_status gt_job_set(gt_job *job, const char *key, const char *value, const char *where);
/* Read an INI job: "key = value" lines, "[group]" banners, comments from "#" or ";" to the end of the line. A value may
 * stand in double quotes. Errors name file and line. */
gt_status gt_job_read_file(gt_job *job, const char *path);
gt_status gt_job_read_text(gt_job *job, const char *text, const char *name);

/* The job's data as training sees it: with or without labels, mirrored, a subset; job->colours are theirs. GT_USAGE:
 * labels that the job cannot use. A file from elsewhere is looked at first by gt_h5_check(), which is the caller's. */
struct gt_dataset;
gt_status gt_job_open_data(gt_job *job, struct gt_dataset **out);

/* The model of a resolved job (for generating and inspecting too); the model reads the job, so the job must live as
 * long. The model computes with job->kernels and, unless auto, the convolution mode of the job's `conv`. NULL: see
 * gt_message(). */
gt_model *gt_model_new(const gt_job *job);
/* The same without first parameters (gt_model_init): a checkpoint will bring them. However large the networks are that
 * a recipe from elsewhere speaks of, memory is taken only as they are read. */
gt_model *gt_model_bare(const gt_job *job);
/* How many samples of a batch belong together in the job's model: gt_slices_choose(). */
int gt_model_mbstd(const gt_job *job);

/* What must hold before the data is opened: what is required, and rules between options that need no shape. */
gt_status gt_job_check(gt_job *job);
/* Fill in everything that depends on cfg and on the data: their shape, the width of their labels (of what the source
 * holds, wanted or not; 0: none) and the number of images in the source (0: unknown, when a checkpoint's recipe is read
 * back). GT_USAGE: they do not fit together. Once per job. */
gt_status gt_job_resolve(gt_job *job, int64_t height, int64_t width, int64_t channels, int64_t label_width,
                         int64_t images);

/* As INI text; free() it. NULL: out of memory. */
char *gt_job_to_text(const gt_job *job); /* job.ini: all that is needed to repeat the run */
/* recipe options and the data's shape: no path, host, time, rank or thread count */
char *gt_job_to_recipe_text(const gt_job *job);
/* The resolved job of a checkpoint. `name` names the text in messages. NULL: see gt_message(). */
gt_job *gt_job_from_recipe_text(const char *text, const char *name);

/* Number of recipe options (and data dimensions) that differ; as a table on `f` unless NULL, `a` and `b` under these
 * names. */
int gt_job_compare(const gt_job *a, const char *a_name, const gt_job *b, const char *b_name, FILE *f);

/* "emoji32-cond-auto1-batch32": the reference's short description of a run, for gt_rundir_new(). In the job's arena;
 * NULL: out of memory. */
const char *gt_job_description(gt_job *job);

#endif
