/* SPDX-License-Identifier: Apache-2.0
 * Training a job from its beginning, or from where it stopped, to its end. */
#ifndef GANTRY_TRAIN_H
#define GANTRY_TRAIN_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/job.h"
#include "gantry/model.h"

/* On all ranks, with equal jobs (GT_FAILED where they are not) that were read but not resolved. Resolves the job,
 * opens the data, begins or goes on with the run.
 * GT_OK: done. GT_STOPPED: checkpointed and stopped before its end (exit status 75). Others: all ranks return the same
 * status, rank 0 has the message. */
gt_status gt_train_all(gt_comm *comm, gt_job *job);

/* The same up to the first step, then two seconds of steps: prints what the job would cost to stdout; writes nothing.
 * *checkpoint_bytes: about the size of a checkpoint. */
gt_status gt_train_dry_run_all(gt_comm *comm, gt_job *job, size_t *checkpoint_bytes);

/* Collective, of a set that each rank opened for itself under the name `spec`: GT_FAILED, naming a rank, where not all
 * have the same data before them (copies on the hosts' own disks, one of them old or incomplete): counts that differ
 * would end in ranks that wait for ever. */
gt_status gt_same_data_all(gt_comm *comm, gt_dataset *data, const char *spec);

/* The share of a phase's work that training may do twice to save memory (gt_exec_options.recompute), by the job's
 * `memory`. */
double gt_job_recompute(const gt_job *job);

#endif
