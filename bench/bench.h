/* SPDX-License-Identifier: Apache-2.0
 * What the benchmarks of single kernels share: a clock, the FMA peak of the same run, flags, and the settings in the
 * environment that change results. */
#ifndef GANTRY_BENCH_H
#define GANTRY_BENCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels.h"

extern char **environ;

/* Processor time of this thread: other programs on its core do not count. */
static inline double bench_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best of a few short runs, one thread, flops per second. */
static inline double bench_fma_peak(const gt_kernel_set *kernels) {
    double best = 0;
    for (int i = 0; i < 5; i++) {
        double start = bench_now(), flops = kernels->gemm->fma_peak(2000000);
        double rate = flops / (bench_now() - start);
        if (rate > best) best = rate;
    }
    return best;
}

/* Sets flags[i] where the command line holds names[i]. Another word ends the program with the usage, and so does
 * --help. */
static inline void bench_read_flags(int argc, char **argv, const char *usage, const char *const *names, bool *flags) {
    for (int i = 1; i < argc; i++) {
        bool help = !strcmp(argv[i], "--help"), known = false;
        for (int k = 0; names[k] && !known; k++) flags[k] |= known = !strcmp(argv[i], names[k]);
        if (known) continue;
        fprintf(help ? stdout : stderr, "usage: %s\n", usage);
        exit(help ? 0 : 2);
    }
}

/* Settings of BLAS and OpenMP in force: some halve the speed of what is compared. */
static inline void bench_print_environment(FILE *f) {
    for (char **e = environ; *e; e++)
        if (!strncmp(*e, "OPENBLAS_", 9) || !strncmp(*e, "OMP_", 4) || !strncmp(*e, "GT_", 3))
            fprintf(f, "environment: %s\n", *e);
}

#endif
