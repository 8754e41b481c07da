/* SPDX-License-Identifier: Apache-2.0
 * What ranks and the processes that started them tell each other (gantry/stop.h). */
#ifndef GANTRY_DIST_DOOR_STOP_H
#define GANTRY_DIST_DOOR_STOP_H

#include <signal.h>
#include <stdbool.h>

#include "gantry/stop.h"

/* Set in the environment of ranks whose launcher kills nobody on SIGTERM, SIGINT and SIGHUP: that of gantry run. */
#define GT_WAITING_LAUNCHER "GANTRY_WAITING_LAUNCHER"

/* Set in the environment of ranks that gantry run or gantry train has started on its own host: the process that did so,
 * when it began, and the host. If it was killed before the ranks listened, gt_stop_install() finds that, and they stop.
 */
#define GT_STARTER "GANTRY_STARTER"
/* Tells it, if it is there, that the ranks have met, by a signal that others ignore. */
#define GT_HAVE_MET SIGURG
void gt_tell_starter(void);

#endif
