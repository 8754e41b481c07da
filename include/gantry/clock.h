/* SPDX-License-Identifier: Apache-2.0
 * Time, in seconds. For rates, schedules and log lines only: nothing that is computed depends on it. */
#ifndef GANTRY_CLOCK_H
#define GANTRY_CLOCK_H

#include <errno.h>
#include <time.h>

static inline double gt_clock_of(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline double gt_clock(void) { return gt_clock_of(CLOCK_MONOTONIC); }    /* never jumps */
static inline double gt_unix_time(void) { return gt_clock_of(CLOCK_REALTIME); } /* since 1970; may jump */

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
