/* SPDX-License-Identifier: Apache-2.0
 * What one core can do: fused multiply-adds on registers with each set of instructions, and memory bandwidth by size of
 * the data; and what it costs to share out a node of a graph among threads. `peak --json` prints one JSON object. */
#include "bench.h"
#include "common/bandwidth.h"
#include "base/door/clock.h"
#include "base/door/pool.h"

static void no_work(void *arg, int tile, int worker) {
    (void)arg;
    (void)tile;
    (void)worker;
}

/* Microseconds of a job with a tile for each thread and nothing to do in it, one job after the other: the median of
 * some runs. On more threads than cores they sleep in between. */
static double pool_cost(int threads) {
    enum { RUNS = 9, JOBS = 2000 };
    double seconds[RUNS];
    gt_pool *p = gt_pool_new(threads);
    for (int run = 0; p && run < RUNS; run++) {
        double start = gt_clock(), one;
        for (int i = 0; i < JOBS; i++) gt_pool_run(p, threads, no_work, NULL);
        one = (gt_clock() - start) / JOBS;
        int at = run;
        for (; at > 0 && seconds[at - 1] > one; at--) seconds[at] = seconds[at - 1];
        seconds[at] = one;
    }
    gt_pool_free(p);
    return p ? 1e6 * seconds[RUNS / 2] : 0;
}

int main(int argc, char **argv) {
    bool json = false;
    bench_read_flags(argc, argv, "peak [--json]", (const char *[]){"--json", NULL}, &json);
    bench_print_environment(stderr);
    printf(json ? "{\"fma_gflops\": {" : "FMA on registers, one thread\n");
    const char *separator = "";
    for (int i = 0; i < GT_ISA_COUNT; i++) {
        if (!gt_isa_available((gt_isa)i)) continue;
        const gt_kernel_set *set = gt_kernel_set_with_isa(gt_kernel_set_best(), (gt_isa)i);
        printf(json ? "%s\"%s\": %.1f" : "%s%10s %8.1f GF/s\n", json ? separator : "", set->instructions,
               bench_fma_peak(set) * 1e-9);
        separator = ", ";
    }
    printf(json ? "}, \"bandwidth_gbytes\": {" : "y += x, one thread\n");
    separator = "";
    for (int kib = 32; kib <= 256 << 10; kib *= 8) {
        printf(json ? "%s\"%d KiB\": %.1f" : "%s%6d KiB %8.1f GB/s\n", json ? separator : "", kib,
               bench_bandwidth((size_t)kib << 10) * 1e-9);
        separator = ", ";
    }
    printf(json ? "}, \"pool_microseconds\": {" : "sharing out a node, %d cores\n", gt_processors_allowed());
    separator = "";
    for (int threads = 2; threads <= 16; threads *= 2) {
        printf(json ? "%s\"%d threads\": %.2f" : "%s%7d threads %6.2f us\n", json ? separator : "", threads,
               pool_cost(threads));
        separator = ", ";
    }
    if (json) printf("}}\n");
    return 0;
}
