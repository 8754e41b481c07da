/* SPDX-License-Identifier: Apache-2.0
 * Are the machines, and what the environment says about them, fit for training? A line for each thing that is examined,
 * and what to do where something is slow or broken.
 *
 *     gt_checkup *k = gt_checkup_new(arena);                           // before MPI
 *     gt_comm *comm = gt_comm_start_all(0, &st);
 *     if (!st) st = gt_checkup_examine_all(k, comm, &(gt_checkup_options){.data = "", .dir = "runs"}, stdout);
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_DOCTOR_H
#define GANTRY_DOCTOR_H

#include <stdio.h>

#include "gantry/dist.h"
#include "gantry/kernels.h"
#include "gantry/memory.h"

typedef struct gt_checkup gt_checkup; /* what is known of a machine before MPI is up */

/* Examines what can only be examined now: the cores before this process is bound to some of them, and the version of
 * mpirun, for nothing forks while MPI is up. Lives in the arena; NULL: out of memory. */
gt_checkup *gt_checkup_new(gt_arena *a);

typedef struct gt_checkup_options {
    const gt_kernel_set *kernels; /* in use; NULL: the best of this CPU */
    const char *data, *dir;       /* a dataset, or "" for none; where runs go */
    double checkpoint;            /* bytes of a checkpoint; 0: not known */
} gt_checkup_options;

/* All ranks examine the machines of the run, their files and the network between them; rank 0 writes the lines to `f`.
 * GT_FAILED: something is broken. */
gt_status gt_checkup_examine_all(const gt_checkup *k, gt_comm *comm, const gt_checkup_options *o, FILE *f);

/* All ranks, at most 4, train small jobs, one after the other, and compare the hash of each one's checkpoint with the
 * hash that every processor and every number of ranks gives (launch/hashes.ini). Rank 0 writes a line for each to `f`.
 * `name`: of one of the jobs; "all". Takes some seconds, and some MB in $TMPDIR or /tmp. GT_FAILED: a hash is another
 * one. GT_USAGE: no hashes are known for the arithmetic in use, or there is no such job. */
gt_status gt_checkup_hashes_all(gt_comm *comm, const gt_kernel_set *kernels, const char *name, FILE *f);

gt_status gt_checkup_check_hashes(const gt_option *o, const char *value); /* the `check` of an option that is `name` */

#endif
