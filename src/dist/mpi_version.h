/* SPDX-License-Identifier: Apache-2.0
 * The MPI library this program runs with. */
#ifndef GANTRY_DIST_MPI_VERSION_H
#define GANTRY_DIST_MPI_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* "Open MPI v4.1.4, MPI 3.1": the name and version of the library. May be called at any time. */
void gt_mpi_version(char *out, size_t bytes);

/* The components of the library that carry messages: "pml ob1, btl self tcp vader". False: unknown. To be called after
 * MPI_Init. */
bool gt_mpi_transport(char *out, size_t bytes);

/* Whether a launcher that speaks MPI started this process: Open MPI's mpirun and srun --mpi=pmix set PMIX_RANK, others
 * PMI_RANK. */
bool gt_mpi_launched(void);

/* Set in the environment of ranks whose launcher kills nobody on SIGTERM, SIGINT and SIGHUP: that of gantry run. */
#define GT_WAITING_LAUNCHER "GANTRY_WAITING_LAUNCHER"

/* The rank that a launcher gave this process, from the environment, also before MPI_Init; 0 without a launcher. */
int gt_mpi_launched_rank(void);
int gt_mpi_launched_ranks(void); /* the number of ranks, likewise; 1 without a launcher */

#endif
