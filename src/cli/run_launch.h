/* SPDX-License-Identifier: Apache-2.0
 * gantry run's launcher as a process, and the signals that it gets. */
#ifndef GANTRY_CLI_RUN_LAUNCH_H
#define GANTRY_CLI_RUN_LAUNCH_H

#include <stdbool.h>

/* Starts `argv`, mpirun or srun with all its words, in a session of its own, and waits for it. SIGINT, SIGTERM and
 * SIGHUP are turned into what lets `command`, the part of argv behind this program's name, stop in order; these signals
 * may also come to the launcher and the ranks themselves. `open_mpi`: the launcher is Open MPI's mpirun. Returns the
 * exit status: the launcher's, or 128 and the signal that ended it. */
int cli_launch(const char *const *argv, char *const *command, bool open_mpi);

#endif
