/* SPDX-License-Identifier: Apache-2.0
 * What keeps Open MPI to one host: ranks of one host talk through memory, and need no port that others reach. */
#ifndef GANTRY_COMMAND_LAUNCH_NETWORK_H
#define GANTRY_COMMAND_LAUNCH_NETWORK_H

#include <stdbool.h>

#include "gantry/memory.h"

/* Words for the mpirun of this version of Open MPI; "": none. What the user chooses stays as it is: by --mca among the
 * `options` for mpirun, or in the environment. *apart: mpirun, too, shall be kept to the host, by
 * launch_leave_network(). NULL: out of memory. */
const char *launch_network_words(gt_arena *a, int version, const char *options, bool *apart);

/* This process, which has one thread, and what it starts see no network but loopback from now on. Where the system does
 * not allow that nothing changes. */
void launch_leave_network(void);

#endif
