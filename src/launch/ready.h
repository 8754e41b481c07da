/* SPDX-License-Identifier: Apache-2.0
 * What must be there before a launcher starts ranks: its reports are long, and of some things it waits for ever. */
#ifndef GANTRY_LAUNCH_READY_H
#define GANTRY_LAUNCH_READY_H

#include "gantry/launch.h"

/* The folder in which Open MPI keeps what the ranks of a host share. */
typedef struct launch_room {
    const char *variable, *folder; /* of the environment, which names the folder; "": none does */
    double free;                   /* bytes */
    bool enough;
    char why[128]; /* it is not enough */
} launch_room;
launch_room launch_look_for_room(void);
extern const double launch_room_needed; /* bytes */

gt_status launch_ready(const gt_launch *l); /* the message says what is missing */

/* A folder for what Open MPI 4 keeps while the ranks of one launch on one host run: an mpirun that begins or ends
 * removes the folder of all launches if it is empty, and another one that has just made it fails ("mkdir: File
 * exists"). mpirun finds its name in the environment. `path` is "" where none is needed, or the user has named one. */
void launch_folder_make(const gt_launch *l, char *path, size_t room);
void launch_folder_remove(const char *path); /* when the launcher has ended; what a crash has left stays */

#endif
