/* SPDX-License-Identifier: Apache-2.0
 * The kernels of mixtures: the same bits with every set of instructions that has fused multiply-adds. Whether the
 * numbers are right is asked in test_mixture.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/random.h"
#include "kernels.h"

enum { POINTS = 96, MOST = 13, K = 3 };

typedef struct results {
    double squared[K * POINTS], whitened[(MOST + 4) * POINTS], log_sum[POINTS];
    double total[2], first[2][MOST], second[2][MOST * (MOST + 1) / 2];
} results;

static void numbers(const char *name, size_t d, double *out, size_t n) {
    float normal[1024];
    for (size_t at = 0; at < n; at += 1024) {
        size_t some = n - at < 1024 ? n - at : 1024;
        gt_random_normal((gt_key){.seed = d, .stream = gt_stream(name), .step = (uint32_t)at}, normal, some);
        for (size_t i = 0; i < some; i++) out[at + i] = (double)normal[i] * 1.1;
    }
}

static void compute(const gt_mixture_kernels *f, size_t d, results *out) {
    static double x[MOST * POINTS], mean[MOST], factor[16 * 20 / 2], bias[K], scratch[(MOST + 5) * POINTS + 16 * 32];
    memset(out, 0, sizeof *out);
    numbers("x", d, x, d * POINTS);
    numbers("mean", d, mean, d);
    numbers("factor", d, factor, gt_mixture_factor_size(d));
    numbers("bias", d, bias, K);
    for (size_t c = 0; c + 1 < K; c++, mean[0] += 0.3)
        f->whiten(POINTS, d, x, mean, factor, scratch, out->squared + c * POINTS, out->whitened);
    f->distance(POINTS, d, x, mean, factor, out->squared + (K - 1) * POINTS);
    f->share(POINTS, K, bias, out->squared, out->log_sum);
    f->moments_full(POINTS, d, x, mean, out->squared, scratch, out->total, out->first[0], out->second[0]);
    f->moments_diagonal(POINTS, d, x, mean, out->squared, out->total + 1, out->first[1], out->second[1]);
}

static void sets_of_instructions_agree(void **state) {
    (void)state;
    static results expected, got;
    for (size_t d = 1; d <= MOST; d++) {
        const gt_kernel_set *best = gt_kernel_set_best();
        compute(best->mixture, d, &expected);
        for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
            const gt_kernel_set *set = kernels_of((gt_isa)isa, "auto");
            if (!gt_isa_available((gt_isa)isa) || set->arithmetic != best->arithmetic) continue;
            compute(set->mixture, d, &got);
            assert_memory_equal(&got, &expected, sizeof got);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sets_of_instructions_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
