/* SPDX-License-Identifier: Apache-2.0
 * What a launcher and its ranks write to stderr, on its way to the terminal. */
#ifndef GANTRY_COMMAND_LAUNCH_STDERR_H
#define GANTRY_COMMAND_LAUNCH_STDERR_H

#include <stdbool.h>
#include <sys/types.h>

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
