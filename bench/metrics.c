/* SPDX-License-Identifier: Apache-2.0
 * Distances of features on one thread: nearest rows of a set in itself, as a share of the peak of fused multiply-adds,
 * and the Frechet distance from features. metrics [ROWS [FEATURES]] */
#include <sys/resource.h>

#include "bench.h"
#include "gantry/memory.h"
#include "gantry/random.h"
#include "metrics/frechet.h"
#include "metrics/nearest.h"

static gt_rows rows_of(const gt_team *team, int64_t count, int64_t d, uint32_t seed) {
    gt_rows rows = gt_rows_share(count, d, team->comm);
    float *x = gt_block_alloc((size_t)(count * d) * sizeof *x, "features");
    if (!x) exit(1);
    for (int64_t i = 0; i < count; i++)
        gt_random_normal((gt_key){.seed = seed, .sample = (uint32_t)i}, x + i * d, (size_t)d);
    rows.x = x;
    return rows;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 8192, d = argc > 2 ? atoll(argv[2]) : 4096;
    if (n < 1 || d < 1) {
        bool help = argc > 1 && !strcmp(argv[1], "--help");
        fprintf(help ? stdout : stderr, "usage: metrics [ROWS [FEATURES]]\n");
        return help ? 0 : 2;
    }
    gt_team team = {.comm = gt_comm_start_all(1, NULL), .kernels = gt_kernel_set_best()};
    if (!team.comm) return 1;
    bench_print_environment(stdout);
    double peak = bench_fma_peak(team.kernels), flops = 2.0 * (double)n * (double)n * (double)d;
    gt_rows a = rows_of(&team, n, d, 1), b = rows_of(&team, n, d, 2);
    gt_neighbour *near = malloc((size_t)n * 3 * sizeof *near);
    double start = bench_now();
    if (!near || gt_nearest_all(&team, &a, &a, 3, GT_NEAREST_BUT_ITSELF, near)) return 1;
    double seconds = bench_now() - start;
    printf("nearest of %lld rows of %lld: %.2f s, %.2f of the peak of %.0f GF/s\n", (long long)n, (long long)d, seconds,
           flops / seconds / peak, peak * 1e-9);
    gt_gaussian x, y;
    double distance;
    start = bench_now();
    if (gt_gaussian_of_rows_all(&team, &a, &x) || gt_gaussian_of_rows_all(&team, &b, &y)) return 1;
    double sums = bench_now() - start;
    if (gt_frechet_distance(&x, &y, GT_DIVISOR_N, &distance)) return 1;
    printf("Frechet distance %.6g: sums %.2f s, distance %.2f s\n", distance, sums, bench_now() - start - sums);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("memory at most %.2f GB\n", (double)used.ru_maxrss * 1024e-9);
    return 0;
}
