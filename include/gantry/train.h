/* SPDX-License-Identifier: Apache-2.0
 * Training a job from its beginning, or from where it stopped, to its end.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_TRAIN_H
#define GANTRY_TRAIN_H

#include "gantry/dist.h"
#include "gantry/family.h"

/* Is there a run in the job's directory that training would go on with? This process alone looks. */
bool gt_train_resumes(const gt_job *job);
/* Gives the job what that run has recorded, where nobody has given it (gt_job_adopt), for those who look at a job that
 * will be trained; training does it itself. Does nothing where there is no such run. */
gt_status gt_train_adopt(gt_job *job);

/* Can the metrics of a job, which is resolved, be computed for its data? Opens and closes the files of their networks
 * as training does, for those who look at a job that will be trained. This process alone looks. */
gt_status gt_train_check_metrics(const gt_job *job);

/* How a run is shared out on one host. */
typedef struct gt_split {
    int ranks, threads; /* of each rank */
} gt_split;

/* Whoever calls from one process without MPI may be able to start ranks. */
enum { GT_WHY_BYTES = 512 };
typedef struct gt_starter {
    const void *of;      /* the first argument of the functions */
    int cores;           /* that ranks and threads share; fewer than two: no trials, since other runs have the others */
    int held, all;       /* so many of so many cores are other runs'; 0 of them: `all` does not matter */
    const char *instead; /* NULL, or why no ranks are to be started here, and what does it: a sentence */
    /* How fast the same job is so, in processes of their own; options: "--batch=64", what else it is given, with blanks
     * between several; limit: seconds that it may take. 0: it cannot be said, for the reason `why`. Gives up when
     * gt_stop_requested(). */
    double (*images_per_second)(const void *of, gt_split s, const char *options, double limit, char why[GT_WHY_BYTES]);
    bool (*works)(const void *of, gt_split s, char why[GT_WHY_BYTES]); /* can so many ranks be started at all? */
} gt_starter;

typedef struct gt_start {
    gt_split split;              /* 0 ranks: nothing was chosen */
    char text[3 * GT_WHY_BYTES]; /* what was chosen and what the others gave; "": nothing */
    char run[4096];              /* on rank 0: the folder of the run that begins or resumes; "": none yet */
} gt_start;

/* On all ranks, with equal jobs (GT_FAILED where they are not) that were read but not resolved. Resolves the job,
 * opens the data, begins or resumes the run.
 *
 * `start`: where the ranks were started by a choice its text goes into the logs of the run; NULL: nobody chose. With
 * `starter`, which one rank alone may have, and which may be NULL, ranks and threads are chosen before the run begins:
 * *start says how. If it says more than one rank, nothing has begun, and the caller starts these ranks.
 *
 * Signals are the program's: gt_stop_install() comes before, where they are to stop it (stop.h).
 *
 * GT_OK: done. GT_STOPPED: checkpointed and stopped before its end (exit status 75). Others: all ranks return the same
 * status, rank 0 has the message. */
gt_status gt_train_all(gt_comm *comm, gt_job *job, const gt_starter *starter, gt_start *start);

/* Does the same up to the first step, then some seconds of steps (--dry-run-seconds), and prints to stdout what the job
 * would cost. No file is written. *checkpoint_bytes: about the size of a checkpoint. `starter`: asked where one rank
 * with several threads takes more than five minutes for the job; NULL: nobody can be asked. */
gt_status gt_train_dry_run_all(gt_comm *comm, gt_job *job, const gt_starter *starter, size_t *checkpoint_bytes);

/* More threads of a rank than these are less than half used, by an estimate from the graphs of the job, which is
 * resolved: with so many a step is half as many times as fast as with one. `ranks`: that share the batch. */
gt_status gt_threads_that_pay(const gt_job *job, int ranks, int *threads);

/* The share of a phase's work that training may do twice to save memory (gt_exec_options.recompute), by the job's
 * `memory`. */
double gt_job_recompute(const gt_job *job);

#endif
