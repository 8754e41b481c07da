/* SPDX-License-Identifier: Apache-2.0
 * A training job in Slurm's queue. For processes without MPI: they fork. */
#ifndef GANTRY_FEATURES_SUBMIT_BATCH_H
#define GANTRY_FEATURES_SUBMIT_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/family.h"
#include "gantry/memory.h"
#include "gantry/option.h"

/* Options of sbatch that take a text; the job's name is the last one. */
enum { GT_BATCH_MEM = 4, GT_BATCH_MAIL, GT_BATCH_ARRAY, GT_BATCH_NAME, GT_BATCH_TEXTS };

typedef struct gt_queued_job {
    char number[32], state[32]; /* "17", "PENDING"; "": none */
} gt_queued_job;

typedef struct gt_batch_job {
    int64_t nodes, ntasks_per_node, cpus_per_task;
    int64_t grace;        /* seconds before the walltime's end at which the run stops */
    int64_t max_restarts; /* in a row, after a host was lost before a checkpoint; -1: the site says how many */
    const char *time;     /* walltime of a piece of the run */
    /* Of gt_batch_texts; "": not given. With an array each task is a run of its own, RUN/N, with a seed of its own, the
     * job's and N. */
    const char *texts[GT_BATCH_TEXTS];
    const char *const *more; /* n_more further options of sbatch, which come last */
    int n_more;
    /* the arguments of gantry train; of options without a value values[i] is NULL */
    const char *const *words, *const *keys, *const *values;
    int n_words, n_pairs;

    /* found by gt_batch_make() */
    int64_t seed;
    const char *run, *path; /* the run's directory; the script's place in it */
    const char *scripts, *program;
    const char *site;     /* a file of settings in place of the scripts' own; "": theirs */
    gt_queued_job queued; /* found by gt_batch_is_second() */
} gt_batch_job;

/* The `check` of options that are such texts, of memory and of an array. */
gt_status gt_batch_check_text(const gt_option *o, const char *value);
gt_status gt_batch_check_memory(const gt_option *o, const char *value);
gt_status gt_batch_check_array(const gt_option *o, const char *value);
/* GT_USAGE: cores of a rank are not given, or the walltime is not longer than `grace`. */
gt_status gt_batch_check(const gt_batch_job *b);
/* Makes the batch script of a job, which is resolved: *script, in the job's arena, as all texts of *b. The scripts that
 * it calls lie beside the program. GT_USAGE: a text cannot stand in a batch script. */
gt_status gt_batch_make(gt_batch_job *b, gt_job *job, char **script);
/* GT_FAILED: Slurm's sbatch is not here, also with the site's settings. */
gt_status gt_batch_ready(const gt_batch_job *b);
/* GT_FAILED: no node of the partition has so many cores, and the job would wait in the queue for ever. */
gt_status gt_batch_check_nodes(const gt_batch_job *b);
/* Is a job of the run in Slurm's queue already, for whose end the new one would not wait by itself (--dependency)? */
bool gt_batch_is_second(gt_batch_job *b);
/* Writes the script into the run's directory, as submit.sbatch, and becomes sbatch; returns only on failure. */
gt_status gt_batch_submit(gt_arena *a, const gt_batch_job *b, const char *script);

/* GT_FAILED: the run's job has not begun to train; the message says whether it waits in the queue or has failed, and
 * where its output is. */
gt_status gt_batch_fail_not_begun(const char *dir);

/* ---- what batch.c and queue.c share ---- */

extern const char *const gt_batch_texts[GT_BATCH_TEXTS];

/* For bash: with the site's settings, which may name where Slurm is. $1 is the folder of the scripts. */
#define GT_SITE ". \"${GANTRY_SITE:-$1/site.env}\" && "
bool gt_batch_scripts(char folder[]); /* [GT_PROGRAM_PATH_BYTES]; false: they are not installed */

/* Do --cpus-per-task count cores? False: further options of sbatch say that hyper-threads count. */
bool gt_batch_counts_cores(const gt_batch_job *b);

typedef enum gt_queued {
    GT_QUEUED_UNKNOWN, /* Slurm does not answer */
    GT_QUEUED_NO,
    GT_QUEUED_YES,
} gt_queued;
/* The job in the queue that was made of DIR/submit.sbatch. `scripts`: the folder of those that come with the program.
 */
gt_queued gt_batch_queued(const char *scripts, const char *dir, gt_queued_job *job);

#endif
