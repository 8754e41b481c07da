/* SPDX-License-Identifier: Apache-2.0
 * Distances of features on one thread: nearest rows of a set in itself, as a share of the peak of fused multiply-adds,
 * and the Frechet distance from features; or, of two sets, precision and recall, which are four products of all rows
 * with all rows. metrics [ROWS [FEATURES [pr]]] */
#include <sys/resource.h>

#include "bench.h"
#include "base/door/memory.h"
#include "base/door/random.h"
#include "features/score/distances/distances.h"
#include "features/score/distances/nearest.h"

static gt_rows rows_of(const gt_team *team, int64_t count, int64_t d, uint32_t seed) {
    gt_rows rows = gt_rows_share(count, d, team->comm);
    float *x = gt_block_alloc((size_t)(count * d) * sizeof *x, "features");
    if (!x) exit(1);
    for (int64_t i = 0; i < count; i++)
        gt_random_normal((gt_key){.seed = seed, .sample = (uint32_t)i}, x + i * d, (size_t)d);
    rows.x = x;
    return rows;
}

static void must(gt_status st) {
    if (!st) return;
    fprintf(stderr, "%s\n", gt_message());
    exit(1);
}

static void show_nearest(const gt_team *team, const gt_rows *a, double peak) {
    GT_FREED gt_neighbour *near = malloc((size_t)a->count * 3 * sizeof *near);
    if (!near) exit(1);
    double start = bench_now();
    must(gt_nearest_all(team, a, a, 3, GT_NEAREST_BUT_ITSELF, near));
    double seconds = bench_now() - start, flops = 2.0 * (double)a->count * (double)a->count * (double)a->d;
    printf("nearest of %lld rows of %lld: %.2f s, %.2f of the peak of %.0f GF/s\n", (long long)a->count,
           (long long)a->d, seconds, flops / seconds / peak, peak * 1e-9);
}

static void show_frechet(const gt_team *team, const gt_rows *a, const gt_rows *b) {
    gt_gaussian x, y;
    double distance, start = bench_now();
    must(gt_gaussian_of_rows_all(team, a, &x));
    must(gt_gaussian_of_rows_all(team, b, &y));
    double sums = bench_now() - start;
    must(gt_frechet_distance(&x, &y, GT_DIVISOR_N, &distance));
    printf("Frechet distance %.6g: sums %.2f s, distance %.2f s\n", distance, sums, bench_now() - start - sums);
    gt_gaussian_free(&x);
    gt_gaussian_free(&y);
}

static void show_precision_recall(const gt_team *team, const gt_rows *a, const gt_rows *b, double peak) {
    double precision, recall, start = bench_now();
    must(gt_precision_recall_all(team, a, b, &(gt_precision_recall_options){0}, &precision, &recall));
    double seconds = bench_now() - start, flops = 8.0 * (double)a->count * (double)a->count * (double)a->d;
    printf("precision %.4f and recall %.4f of two sets of %lld rows of %lld: %.2f s, %.2f of the peak of %.0f GF/s\n",
           precision, recall, (long long)a->count, (long long)a->d, seconds, flops / seconds / peak, peak * 1e-9);
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 8192, d = argc > 2 ? atoll(argv[2]) : 4096;
    bool pr = argc > 3 && !strcmp(argv[3], "pr");
    if (n < 4 || d < 1 || (argc > 3 && !pr)) {
        bool help = argc > 1 && !strcmp(argv[1], "--help");
        fprintf(help ? stdout : stderr, "usage: metrics [ROWS [FEATURES [pr]]]\n");
        return help ? 0 : 2;
    }
    gt_team team = {.comm = gt_comm_start_all(1, NULL), .kernels = gt_kernel_set_best()};
    if (!team.comm) return 1;
    bench_print_environment(stdout);
    double peak = bench_fma_peak(team.kernels);
    gt_rows a = rows_of(&team, n, d, 1), b = rows_of(&team, n, d, 2);
    if (pr) show_precision_recall(&team, &a, &b, peak);
    else show_nearest(&team, &a, peak), show_frechet(&team, &a, &b);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("memory at most %.2f GB\n", (double)used.ru_maxrss * 1024e-9);
    return 0;
}
