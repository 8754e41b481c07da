/* SPDX-License-Identifier: Apache-2.0
 * Passes the signs of progress on to the heartbeats (progress.h). */
#include "base/progress.h"

/* MPI belongs to one thread, so what is called does too. */
static _Thread_local struct {
    void (*beat)(void *arg);
    void *arg;
} life;

void gt_progress(void) {
    if (life.beat) life.beat(life.arg);
}

void gt_on_progress(void (*beat)(void *arg), void *arg) {
    life.beat = beat;
    life.arg = arg;
}
