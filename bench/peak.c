/* SPDX-License-Identifier: Apache-2.0
 * What one core can do: fused multiply-adds on registers with each set of instructions, and memory bandwidth by size of
 * the data. `peak --json` prints one JSON object. */
#include "bench.h"
#include "common/bandwidth.h"

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
    if (json) printf("}}\n");
    return 0;
}
