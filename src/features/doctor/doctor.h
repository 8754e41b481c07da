/* SPDX-License-Identifier: Apache-2.0
 * Are the machines, and what the environment says about them, fit for training? A line for each thing that is examined,
 * and what to do where something is slow or broken.
 *
 *     gt_checkup *k = gt_checkup_new(arena);                           // before MPI
 *     gt_comm *comm = gt_comm_start_all(0, &st);
 *     if (!st) st = gt_checkup_examine_all(k, comm, &(gt_checkup_options){.data = "", .dir = "runs"}, stdout); */
#ifndef GANTRY_FEATURES_DOCTOR_DOCTOR_H
#define GANTRY_FEATURES_DOCTOR_DOCTOR_H

#include <stdio.h>

#include "gantry/dist.h"
#include "gantry/kernels.h"
#include "gantry/memory.h"
#include "base/door/machine.h"
#include "gantry/file.h"
#include "gantry/pool.h"

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
 * hash that every processor and every number of ranks gives, built by gcc (features/doctor/hashes.ini). Rank 0 writes a
 * line for each to `f`. `name`: of one of the jobs; "all". Takes some seconds, and some MB in $TMPDIR or /tmp.
 * GT_FAILED: a hash is another one. GT_USAGE: no hashes are known for the arithmetic in use, or there is no such job.
 */
gt_status gt_checkup_hashes_all(gt_comm *comm, const gt_kernel_set *kernels, const char *name, FILE *f);

gt_status gt_checkup_check_hashes(const gt_option *o, const char *value); /* the `check` of an option that is `name` */

struct gt_checkup {
    gt_machine machine;
    char mpirun[256]; /* the first line of mpirun's version; "": there is no mpirun */
};

typedef enum doctor_state { FINE, WARNING, BROKEN } doctor_state;

typedef struct doctor {
    const gt_checkup *before;
    gt_comm *comm;
    gt_pool *pool;
    gt_checkup_options options;
    gt_buffer said;        /* the lines of this rank */
    int found[BROKEN + 1]; /* lines of each state */
} doctor;

/* Adds a line such as "ok       memory      23.1 of 25.3 GB are free", and `advice` (NULL: none) unless `s` is FINE. */
void doctor_add(doctor *d, doctor_state s, const char *what, const char *advice, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void doctor_machine(doctor *d); /* doctor_machine.c: the first rank of each host */
void doctor_ranks(doctor *d);   /* doctor_ranks.c: all ranks; MPI, clocks, the sum of gradients. Lines on rank 0 */
void doctor_files(doctor *d);   /* doctor_files.c: all ranks; file systems of data and runs. Lines on rank 0 */

#endif
