/* SPDX-License-Identifier: Apache-2.0
 * Requests from outside: signals. Handlers only set flags and may run any number of times (launchers pass a signal on
 * twice); the loop looks at a step boundary, where all ranks agree. */
#ifndef GANTRY_TRAIN_STOP_H
#define GANTRY_TRAIN_STOP_H

#include <stdbool.h>

/* SIGUSR1, SIGTERM, SIGINT: checkpoint and stop; SIGUSR2: checkpoint and go on; SIGXFSZ, SIGPIPE: nothing.
 * `warns`: say on SIGTERM and SIGINT that the launcher may not wait. */
void gt_stop_install(bool warns);
void gt_stop_restore(void);       /* the handlers that were there before */
int gt_stop_requested(void);      /* the signal that asked to stop, 0: none */
bool gt_stop_take_checkpoint(void); /* SIGUSR2 since the last call? */

#endif
