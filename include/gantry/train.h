/* SPDX-License-Identifier: Apache-2.0
 * Training a job from its beginning, or from where it stopped, to its end. */
#ifndef GANTRY_TRAIN_H
#define GANTRY_TRAIN_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/job.h"
#include "gantry/model.h"

/* Is there a run in the job's directory that training would go on with? This process alone looks. */
bool gt_train_resumes(const gt_job *job);
/* Gives the job what that run has recorded, where nobody has given it (gt_job_adopt), for those who look at a job that
 * will be trained; training does it itself. Does nothing where there is no such run. */
gt_status gt_train_adopt(gt_job *job);

/* On all ranks, with equal jobs (GT_FAILED where they are not) that were read but not resolved. Resolves the job,
 * opens the data, begins or resumes the run.
 * GT_OK: done. GT_STOPPED: checkpointed and stopped before its end (exit status 75). Others: all ranks return the same
 * status, rank 0 has the message. */
gt_status gt_train_all(gt_comm *comm, gt_job *job);

/* How fast the same job is on several ranks of this host, which whoever calls has to start. threads: of each; limit:
 * seconds that it may take. Returns 0 where that is not known. */
typedef struct gt_other_ranks {
    double (*images_per_second)(const void *of, int ranks, int threads, double limit);
    const void *of;
} gt_other_ranks;

/* Does the same up to the first step, then some seconds of steps (--dry-run-seconds), and prints to stdout what the job
 * would cost. No file is written. *checkpoint_bytes: about the size of a checkpoint. `others`: asked where one rank
 * with several threads takes more than five minutes for the job; NULL: nobody can be asked. */
gt_status gt_train_dry_run_all(gt_comm *comm, gt_job *job, const gt_other_ranks *others, size_t *checkpoint_bytes);

/* The share of a phase's work that training may do twice to save memory (gt_exec_options.recompute), by the job's
 * `memory`. */
double gt_job_recompute(const gt_job *job);

#endif
