/* SPDX-License-Identifier: Apache-2.0
 * The reducer's loops over vectors, on simulated ranks: they take the time of their bytes, and change nothing. */
#include <mpi.h>

#include "dist/reducer.h"
#include "simulated.h"

double simulated_memory_rate = 10e9;

void simulated_work(double seconds) {
    static const double least = 20e-6; /* the simulator handles each call as an event */
    static double owed;
    owed += seconds;
    if (owed < least) return;
    smpi_execute(owed);
    owed = 0;
}

static void move(size_t vectors, size_t floats) {
    simulated_work((double)(vectors * floats * sizeof(float)) / simulated_memory_rate);
}

void gt_add_to(gt_pool *pool, float *sum, const float *x, size_t n) {
    (void)pool, (void)sum, (void)x;
    move(3, n);
}

gt_nonfinite gt_mean_of(gt_pool *pool, float *y, const float *const *terms, gt_fold fold, size_t n, int divisor) {
    (void)pool, (void)y, (void)terms, (void)divisor;
    move((size_t)fold.n + 1, n);
    return (gt_nonfinite){.first = SIZE_MAX};
}

void gt_copy_to(gt_pool *pool, float *y, const float *x, size_t n, bool large) {
    (void)pool, (void)y, (void)x, (void)large; /* what is written is read first, or written past the caches */
    move(2, n);
}
