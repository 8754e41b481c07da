/* SPDX-License-Identifier: Apache-2.0
 * What a launcher and its ranks write to stderr, on its way to the terminal. */
#ifndef GANTRY_LAUNCH_STDERR_H
#define GANTRY_LAUNCH_STDERR_H

#include <sys/types.h>

typedef struct launch_stderr {
    int fd; /* what the launcher writes to; -1: its stderr stays as it is */
    pid_t pid;
} launch_stderr;

/* Starts a process that passes on to stderr what is written to `fd`, at once, except for Open MPI's own report that a
 * rank returned a status other than 0: the rank has said why, and status 75 is not a failure. It lives until nobody can
 * write to fd any more, longer than this process if need be: mpirun ends itself when its stderr breaks. */
launch_stderr launch_stderr_begin(void);

/* In this process, when the launcher has been started. */
void launch_stderr_started(launch_stderr *e);

/* When the launcher has ended: waits until all is written, for a second at most. */
void launch_stderr_end(const launch_stderr *e);

#endif
