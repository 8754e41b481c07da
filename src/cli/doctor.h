/* SPDX-License-Identifier: Apache-2.0
 * What the files of gantry doctor share. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/cli.h"
#include "gantry/dist.h"
#include "gantry/file.h"
#include "gantry/pool.h"

typedef enum doctor_state { FINE, WARNING, BROKEN } doctor_state;

typedef struct doctor {
    const cli_checkup *before;
    gt_comm *comm;
    gt_pool *pool;
    const char *data, *dir; /* the dataset ("" for none), and where runs go */
    double checkpoint;      /* bytes of a checkpoint; 0: not known */
    gt_buffer said;         /* the lines of this rank */
    int found[BROKEN + 1];  /* lines of each state */
} doctor;

/* Adds a line such as "ok       memory      23.1 of 25.3 GB are free", and `advice` (NULL: none) unless `s` is FINE. */
void doctor_tell(doctor *d, doctor_state s, const char *what, const char *advice, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void doctor_machine(doctor *d); /* doctor_machine.c: the first rank of each host */
void doctor_ranks(doctor *d);   /* doctor_ranks.c: all ranks; MPI, clocks, the sum of gradients. Rank 0 tells */
void doctor_files(doctor *d);   /* doctor_files.c: all ranks; file systems of data and runs. Rank 0 tells */

#endif
