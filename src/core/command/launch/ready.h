/* SPDX-License-Identifier: Apache-2.0
 * What must be there before a launcher starts ranks: its reports are long, and of some things it waits for ever. */
#ifndef GANTRY_COMMAND_LAUNCH_READY_H
#define GANTRY_COMMAND_LAUNCH_READY_H

#include <stdbool.h>
#include <sys/types.h>

#include "command/launch/door/launch.h"
#include "gantry/memory.h"

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

/* ---- network.c ---- */

/* What keeps Open MPI to one host: ranks of one host talk through memory, and need no port that others reach. */

/* Words for the mpirun of this version of Open MPI; "": none. What the user chooses stays as it is: by --mca among the
 * `options` for mpirun, or in the environment. *apart: mpirun, too, shall be kept to the host, by
 * launch_leave_network(). NULL: out of memory. */
const char *launch_network_words(gt_arena *a, int version, const char *options, bool *apart);

/* This process, which has one thread, and what it starts see no network but loopback from now on. Where the system does
 * not allow that nothing changes. */
void launch_leave_network(void);

/* ---- stderr.c ---- */

/* What a launcher and its ranks write to stderr, on its way to the terminal. */

typedef struct launch_stderr {
    int to, from; /* ends of a pipe, of which the launcher gets `to`; -1: its stderr stays as it is */
    pid_t pid;
} launch_stderr;

#define LAUNCH_STDERR_NONE ((launch_stderr){-1, -1, -1})

launch_stderr launch_stderr_begin(void);

/* When the launcher has been started. A process passes on to stderr what is written to `to`, at once, except for Open
 * MPI's own report that a rank returned a status other than 0: the rank has said why, and status 75 is not a failure.
 * It lives until nobody can write to `to` any more, longer than this process if need be: mpirun ends itself when its
 * stderr breaks. Once this process is gone, the other calls `orphaned` with `context` about once a second. False: it
 * cannot be started (errno), and nobody reads what the launcher writes. */
bool launch_stderr_started(launch_stderr *e, void (*orphaned)(void *context), void *context);

/* When the launcher has ended: waits until all is written, for a second at most. */
void launch_stderr_end(const launch_stderr *e);

#endif
