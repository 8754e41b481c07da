/* SPDX-License-Identifier: Apache-2.0
 * What the files of the examination of machines share. */
#ifndef GANTRY_LAUNCH_DOCTOR_H
#define GANTRY_LAUNCH_DOCTOR_H

#include "base/door/machine.h"
#include "gantry/doctor.h"
#include "gantry/file.h"
#include "gantry/pool.h"

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
