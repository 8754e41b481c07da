/* SPDX-License-Identifier: Apache-2.0
 * What training asks of a job, beside gantry/job.h: the record of a run, values that a network brings with it. */
#ifndef GANTRY_JOB_DOOR_JOB_H
#define GANTRY_JOB_DOOR_JOB_H

#include "gantry/checkpoint.h"
#include "gantry/family.h"
#include "gantry/job.h"

/* Opens the file that --resume stands for, a network that the job begins with. NULL: see gt_message(). */
struct gt_checkpoint_file *gt_job_open_resumed(const gt_job *job, gt_status *status);

/* How many samples of a batch are a stddev group in the job's model; 0: there are none. */
int gt_model_mbstd(const gt_job *job);

/* A record, the recipe of a checkpoint or the job.ini of a run, as a job that is not resolved: options that the text
 * has are FILED, what it means of others (gt_option.absent) is DERIVED. NULL: see gt_message(). */
gt_job *gt_job_read_record(const char *text, const char *name);

/* Gives `job`, which goes on with a run and is not checked yet, the recipe options as the run has recorded them: those
 * that nobody has given, in a file or on the command line. So the run goes on with its own values, whatever the
 * defaults are by now: derived ones (batch, slices ...) too, also where --cfg is given. `record`: the recipe of a
 * checkpoint, or job.ini; `name` names it in messages. Options of other classes stay as they are: they may change from
 * start to start. *differences: the options that were given another value than the record has, as the table of
 * gt_job_compare() with "the run" and "now" above the columns, to be freed; NULL: there are none. They are left for
 * gt_job_compare() once the job is resolved, which knows what values such as "auto" stand for; the table explains why a
 * job cannot be resolved. */
gt_status gt_job_adopt(gt_job *job, const char *record, const char *name, char **differences);

/* Gives `job`, which is not resolved yet, the options that decide the sizes of the networks (gt_family.sizes) as `from`
 * has them, a resolved job: those that nobody has given. Where the job's images have as many channels, `channels`, as
 * those of `from`, also the options of the input (gt_family.input). Does nothing where the models differ. */
gt_status gt_job_inherit(gt_job *job, const gt_job *from, int64_t channels);
/* Gives it what was found in the network of another program and no option says: a part of gt_job_inherit(). */
gt_status gt_job_inherit_found(gt_job *job, const gt_job *from);
/* Compares the options of the input of two resolved jobs, of the same model and for the same number of channels.
 * `said`: gets a line for each option whose value comes from the file. GT_USAGE: one differs; the message names the
 * option and both values, and `path`, whose job `from` is. */
gt_status gt_job_check_input(const gt_job *job, const gt_job *from, const char *path, FILE *said);

bool gt_job_is_resolved_text(const char *text); /* is it such a text, and not one that somebody wrote? */

/* Counts the recipe options and the dimensions of the data in which the two jobs differ. `f`, unless NULL, gets a table
 * of the differences, with the names of the jobs above the columns. Where a job is not resolved, the dimensions are
 * left out, and "auto" is another value than what it stands for. */
int gt_job_compare(const gt_job *a, const char *a_name, const gt_job *b, const char *b_name, FILE *f);
/* The first of these options, and its value in `a` and in `b` ("-": none), in the arenas of the jobs; NULL: there is
 * none. */
const gt_option *gt_job_first_difference(const gt_job *a, const gt_job *b, const char *value[2]);

/* The short description of a run, as the reference tool writes it ("emoji32-cond-auto1-batch32"), for gt_rundir_new().
 * The text lies in the job's arena; NULL: out of memory. */
const char *gt_job_description(gt_job *job);

/* How the job's data are opened as fields; its texts are the job's. False: they are ordinary pictures. */
bool gt_job_fields(const gt_job *job, gt_fields_request *out);
gt_status gt_job_check_files(const gt_job *job); /* gt_h5_check() of all files of data that the job names */

#endif
