/* SPDX-License-Identifier: Apache-2.0
 * Clocks, deadlines and short sleeps. For rates, schedules and log lines only: nothing that is computed depends on
 * them. */
#ifndef GANTRY_BASE_DOOR_CLOCK_H
#define GANTRY_BASE_DOOR_CLOCK_H

#include <errno.h>
#include <time.h>

#include "gantry/text.h"

static inline double gt_clock(void) { return gt_clock_of(CLOCK_MONOTONIC); } /* never jumps */

static inline struct timespec gt_timespec(double seconds) {
    time_t whole = (time_t)seconds;
    return (struct timespec){.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};
}

/* The time so many seconds from now by the clock that never jumps: the limit that pthread_cond_timedwait() takes for a
 * condition of gt_condition_init(). */
static inline struct timespec gt_deadline(double seconds) { return gt_timespec(gt_clock() + seconds); }

/* Not cut short by a signal. */
static inline void gt_sleep(double seconds) {
    struct timespec rest = gt_timespec(seconds);
    while (nanosleep(&rest, &rest) && errno == EINTR) continue;
}

#endif
