/* SPDX-License-Identifier: Apache-2.0
 * Peak arithmetic and bandwidth. Each thread's work is set against its own processor time, and the best of a few runs
 * counts: so other programs on the same cores hardly matter. */
#include "kernels/door/kernels.h"

#include <stdbool.h>
#include <string.h>

#include "base/door/pool.h"
#include "gantry/text.h"
#include "base/door/memory.h"
#include "kernels/door/kernel_set.h"

enum { RUNS = 5, MOST_RUNS = 20, FMA_ROUNDS = 2000000, BANDWIDTH_BYTES = 64 << 20 };

typedef struct probe {
    const gt_kernel_set *kernels;
    double (*work)(const struct probe *p, int tile); /* returns how much was done */
    float *data;                                     /* x and y of each thread, one after the other */
    size_t floats, rounds;
    double *rates;
    int *workers;
} probe;

static void measure_tile(void *arg, int tile, int worker) {
    probe *p = arg;
    double start = gt_clock_of(CLOCK_THREAD_CPUTIME_ID), done = p->work(p, tile);
    p->rates[tile] = done / (gt_clock_of(CLOCK_THREAD_CPUTIME_ID) - start);
    p->workers[tile] = worker;
}

/* A thread that wakes late leaves its tile to another: then the threads did not work at the same time. */
static bool all_took_part(const probe *p, int threads) {
    for (int i = 0; i < threads; i++)
        for (int k = 0; k < i; k++)
            if (p->workers[i] == p->workers[k]) return false;
    return true;
}

static double best_rate(gt_pool *pool, probe *p) {
    int threads = gt_pool_threads(pool), workers[threads], valid = 0;
    double rates[threads], best = 0, best_invalid = 0;
    p->rates = rates;
    p->workers = workers;
    for (int run = 0; run < MOST_RUNS && valid < RUNS; run++) {
        double sum = 0;
        gt_pool_run(pool, threads, measure_tile, p);
        for (int i = 0; i < threads; i++) sum += rates[i];
        bool fine = all_took_part(p, threads);
        valid += fine;
        if (fine && sum > best) best = sum;
        if (sum > best_invalid) best_invalid = sum;
    }
    return valid ? best : best_invalid;
}

static double multiply(const probe *p, int tile) {
    (void)tile;
    return p->kernels->gemm->fma_peak(FMA_ROUNDS);
}

double gt_probe_fma(gt_pool *pool, const gt_kernel_set *kernels) {
    return best_rate(pool, &(probe){.work = multiply, .kernels = gt_kernel_set_or_best(kernels)});
}

static double add(const probe *p, int tile) {
    float *restrict x = p->data + 2 * p->floats * (size_t)tile, *restrict y = x + p->floats;
    for (size_t r = 0; r < p->rounds; r++) {
        for (size_t i = 0; i < p->floats; i++) y[i] += x[i];
        __asm__ volatile("" : : "r"(x), "r"(y) : "memory"); /* the rounds must not be merged */
    }
    return 3.0 * sizeof(float) * (double)p->floats * (double)p->rounds;
}

double gt_probe_bandwidth(gt_pool *pool, size_t bytes) {
    size_t all, threads = (size_t)gt_pool_threads(pool);
    probe p = {.work = add, .floats = bytes / 2 / sizeof(float), .rounds = 1 + BANDWIDTH_BYTES / (bytes ? bytes : 1)};
    if (!p.floats || gt_mul_overflows(2 * p.floats * sizeof(float), threads, &all) ||
        !(p.data = gt_block_alloc(all, "a bandwidth test")))
        return 0;
    memset(p.data, 0, all);
    double rate = best_rate(pool, &p);
    gt_block_free(p.data, all);
    return rate;
}
