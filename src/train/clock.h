/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GANTRY_TRAIN_CLOCK_H
#define GANTRY_TRAIN_CLOCK_H

#include <time.h>

/* Seconds on a clock that never jumps. For rates and schedules only: nothing that is computed depends on it. */
static inline double gt_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
