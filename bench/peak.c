/* SPDX-License-Identifier: Apache-2.0
 * What one core can do: fused multiply-adds on registers with each instruction set, and memory bandwidth by size of the
 * data. `peak --json` prints one JSON object. */
#include <stdlib.h>

#include "bench.h"
#include "gantry/memory.h"

/* GB/s of y[i] += x[i] (two reads, one write) over `bytes` in all. */
static double bandwidth(size_t bytes) {
    size_t count = bytes / 2 / sizeof(float);
    float *x = gt_block_alloc(count * sizeof *x, "x"), *y = gt_block_alloc(count * sizeof *y, "y");
    double best = 0;
    if (x && y) {
        memset(x, 0, count * sizeof *x);
        memset(y, 0, count * sizeof *y);
        int rounds = 1 + (int)(((size_t)64 << 20) / bytes);
        for (int i = 0; i < 5; i++) {
            double start = bench_now();
            for (int r = 0; r < rounds; r++) {
                for (size_t j = 0; j < count; j++) y[j] += x[j];
                __asm__ volatile("" : : "r"(x), "r"(y) : "memory");
            }
            double rate = 3.0 * sizeof(float) * (double)count * rounds / (bench_now() - start);
            if (rate > best) best = rate;
        }
    }
    gt_block_free(x, count * sizeof *x);
    gt_block_free(y, count * sizeof *y);
    return best * 1e-9;
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
        printf(json ? "%s\"%s\": %.1f" : "%s%10s %8.1f GF/s\n", json ? separator : "", set->name,
               bench_fma_peak(set) * 1e-9);
        separator = ", ";
    }
    printf(json ? "}, \"bandwidth_gbytes\": {" : "y += x, one thread\n");
    separator = "";
    for (int kib = 32; kib <= 256 << 10; kib *= 8) {
        printf(json ? "%s\"%d KiB\": %.1f" : "%s%6d KiB %8.1f GB/s\n", json ? separator : "", kib,
               bandwidth((size_t)kib << 10));
        separator = ", ";
    }
    if (json) printf("}}\n");
    return 0;
}
