/* SPDX-License-Identifier: Apache-2.0
 * A rank ends when its launcher is gone: nobody else would stop the rank, and the rank would keep the lock of the run
 * and its cores. A thread looks once a second. (PR_SET_PDEATHSIG would not do: that signal comes when the launcher's
 * forking thread ends, and a wrapper script between the two hides the death of the launcher.) */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "dist/comm.h"

static bool launcher_is_gone(const gt_watchdog *w) {
    return getppid() != w->parent || (w->launcher > 0 && kill(w->launcher, 0) != 0 && errno == ESRCH);
}

static void watch(void *arg) {
    const gt_comm_inside *in = arg;
    if (!launcher_is_gone(&in->watchdog)) return;
    char text[160];
    int n = snprintf(text, sizeof text, "error: rank %d (%s): the launcher (mpirun or srun) is gone; this rank ends\n",
                     in->seen.rank, in->seen.host);
    signal(SIGPIPE, SIG_IGN);
    ssize_t ignored = write(STDERR_FILENO, text, (size_t)n); /* most likely nobody reads the message any more */
    (void)ignored;
    gt_comm_end_process(1);
}

void gt_watchdog_start(gt_comm_inside *in, pid_t launcher) {
    in->watchdog = (gt_watchdog){.launcher = launcher, .parent = getppid()};
    if (gt_comm_end_process(0))
        gt_ticker_start(&in->watchdog.ticker, 1, watch, in); /* without the thread training works all the same */
}
