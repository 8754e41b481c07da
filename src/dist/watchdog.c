/* SPDX-License-Identifier: Apache-2.0
 * A rank whose launcher is gone ends: nobody would stop it otherwise, and it would hold the run's lock and its cores.
 * A thread looks once a second. (PR_SET_PDEATHSIG would not do: it fires when the launcher's forking thread ends, and a
 * wrapper script between the two hides the launcher's death.) */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "dist/comm.h"

enum { STACK_BYTES = 256 * 1024 };

static bool launcher_is_gone(const gt_watchdog *w) {
    return getppid() != w->parent || (w->launcher > 0 && kill(w->launcher, 0) != 0 && errno == ESRCH);
}

static void *watch(void *arg) {
    gt_watchdog *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->ending) {
        struct timespec until = gt_deadline(1);
        pthread_cond_timedwait(&w->wake, &w->lock, &until);
        if (w->ending || !launcher_is_gone(w)) continue;
        char text[160];
        int n = snprintf(text, sizeof text,
                         "error: rank %d (%s): the launcher (mpirun or srun) is gone; this rank ends\n", w->rank,
                         w->host);
        signal(SIGPIPE, SIG_IGN);
        ssize_t ignored = write(STDERR_FILENO, text, (size_t)n); /* most likely nobody reads it any more */
        (void)ignored;
        _exit(1);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void gt_watchdog_start(gt_watchdog *w, pid_t launcher, const gt_comm *c) {
    *w = (gt_watchdog){.launcher = launcher, .parent = getppid(), .rank = c->rank, .host = c->host};
    pthread_mutex_init(&w->lock, NULL);
    gt_condition_init(&w->wake);
    w->running = gt_thread_start(&w->thread, STACK_BYTES, watch, w) == 0; /* without it training works all the same */
}

void gt_watchdog_stop(gt_watchdog *w) {
    if (!w->running) return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    w->running = false;
}
