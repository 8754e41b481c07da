/* SPDX-License-Identifier: Apache-2.0
 * Requests from outside: signals. Handlers only set flags and may run any number of times (launchers pass a signal on
 * twice); the loop looks at a step boundary, where all ranks agree.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_STOP_H
#define GANTRY_STOP_H

#include <signal.h>
#include <stdbool.h>

#include "gantry/dist.h"

/* From here on SIGUSR2 ends nothing, but waits for gt_stop_install(). */
void gt_stop_hold(void);
/* SIGUSR1, SIGTERM, SIGINT, SIGHUP (unless ignored: nohup): checkpoint and stop; SIGUSR2: checkpoint and go on;
 * SIGXFSZ, SIGPIPE: nothing. Rank 0 answers at once: without a launcher "stopping after `after` (Ctrl-C again: at
 * once)", for then a second SIGINT ends the program; under a launcher, on all but SIGUSR1, that the launcher may not
 * wait; under gantry run nothing. */
void gt_stop_install(const gt_comm *comm, const char *after);
/* The same for work that writes no checkpoints and ends within seconds: rank 0 says these words. */
void gt_stop_install_short(const gt_comm *comm, const char *words);
/* For work that a signal ends at once and that resumes later: on SIGINT, SIGTERM and SIGHUP rank 0 says these words and
 * ends with status 75. */
void gt_stop_says(const gt_comm *comm, const char *words);
/* The handlers that were there before; under a launcher SIGUSR1, which may come again, is ignored from now on. */
void gt_stop_restore(void);
int gt_stop_requested(void);        /* the signal that asked to stop, 0: none */
void gt_stop_request(int signal);   /* asks to stop as this signal does, from any thread; 0: takes that back */
bool gt_stop_take_checkpoint(void); /* SIGUSR2 since the last call? */

#endif
