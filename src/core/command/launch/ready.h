/* SPDX-License-Identifier: Apache-2.0
 * What must be there before a launcher starts ranks: its reports are long, and of some things it waits for ever. */
#ifndef GANTRY_COMMAND_LAUNCH_READY_H
#define GANTRY_COMMAND_LAUNCH_READY_H

#include "command/launch/door/launch.h"

/* The variable of the environment that names the folder in which Open MPI 4 keeps what the ranks of a host share. */
#define OPEN_MPI_FOLDER "OMPI_MCA_orte_tmpdir_base"

gt_status launch_ready(const gt_launch *l); /* the message says what is missing */

/* ---- folder.c ---- */
/* A folder for what Open MPI 4 keeps while the ranks of one launch on one host run: an mpirun that begins or ends
 * removes the folder of all launches if it is empty, and another one that has just made it fails ("mkdir: File
 * exists"). mpirun finds its name in the environment. */
typedef struct launch_folder {
    char path[4096]; /* "": none is needed, or the user has named one */
    int lock;        /* an open file, which the launcher inherits; -1: none */
} launch_folder;

/* Before the launcher is started. Removes folders of earlier launches of this user, whose processes were killed. */
void launch_folder_make(const gt_launch *l, launch_folder *out);
void launch_folder_remove(launch_folder *f); /* when the launcher has ended */

#endif
