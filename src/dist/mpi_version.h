/* SPDX-License-Identifier: Apache-2.0
 * The MPI library this program runs with. */
#ifndef GANTRY_DIST_MPI_VERSION_H
#define GANTRY_DIST_MPI_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* "Open MPI v4.1.4, MPI 3.1": the first part of what the library says of itself. May be called at any time. */
void gt_mpi_version(char *out, size_t bytes);

/* What carries messages, from the components that the library has kept: "pml ob1, btl self tcp vader". False: it does
 * not show. After MPI_Init. */
bool gt_mpi_transport(char *out, size_t bytes);

/* Whether a launcher that speaks MPI started this process: Open MPI's mpirun and srun --mpi=pmix set PMIX_RANK, others
 * PMI_RANK. */
bool gt_mpi_launched(void);

/* The rank that mpirun or srun gave this process, from the environment, before MPI is up; 0 without a launcher. */
int gt_mpi_launched_rank(void);
int gt_mpi_launched_ranks(void); /* likewise their number; 1 without a launcher */

#endif
