/* SPDX-License-Identifier: Apache-2.0
 * Matrix product: against float64 for many shapes on every instruction set of this CPU, untouched memory around the
 * result, and the promise that neither threads, nor packing ahead, nor the other rows and columns change a bit. The
 * peak that speeds are compared with. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/clock.h"
#include "base/door/memory.h"
#include "base/door/random.h"
#include "kernels.h"
#include "kernels/door/gemm.h"
#include "kernels/gemm_kernels.h"

/* Rounding errors add up like a random walk over chains of at most 192 products and the blocks after them: a few
 * float32 epsilons (6e-8) of the sum of absolute products. */
static const double TOLERANCE = 6e-7;

static const gt_kernel_set *kernels; /* of what is computed */

static float *random_floats(int64_t count, uint32_t seed) {
    float *x = malloc((size_t)(count ? count : 1) * sizeof *x);
    assert_non_null(x);
    gt_random_normal((gt_key){.seed = seed}, x, (size_t)count);
    return x;
}

static void multiply(const gt_gemm_args *g, int threads) {
    gt_pool *pool = threads > 1 ? gt_pool_new(threads) : NULL;
    size_t bytes = gt_gemm_workspace(g, threads);
    void *workspace = gt_block_alloc(bytes, "workspace");
    assert_non_null(workspace);
    gt_gemm(g, pool, workspace);
    gt_block_free(workspace, bytes);
    gt_pool_free(pool);
}

typedef struct sizes {
    int64_t m, n, k;
} sizes;

static void against_float64(sizes s, bool transpose_a, bool transpose_b, bool accumulate) {
    enum { GAP = 3 }; /* floats between the rows of C that must stay as they are */
    int64_t ldc = s.n + GAP;
    float *a = random_floats(s.m * s.k, 1), *b = random_floats(s.k * s.n, 2), *c = random_floats(s.m * ldc, 3),
          *before = random_floats(s.m * ldc, 3);
    gt_gemm_args g = {.kernels = kernels,
                      .m = s.m,
                      .n = s.n,
                      .k = s.k,
                      .transpose_a = transpose_a,
                      .transpose_b = transpose_b,
                      .accumulate = accumulate,
                      .a = a,
                      .b = b,
                      .c = c,
                      .lda = transpose_a ? s.m : s.k,
                      .ldb = transpose_b ? s.k : s.n,
                      .ldc = ldc};
    multiply(&g, 1);
    for (int64_t i = 0; i < s.m; i++) {
        for (int64_t j = 0; j < s.n; j++) {
            double sum = accumulate ? before[i * ldc + j] : 0, size = fabs(sum);
            for (int64_t l = 0; l < s.k; l++) {
                double term = (double)(transpose_a ? a[l * s.m + i] : a[i * s.k + l]) *
                              (transpose_b ? b[j * s.k + l] : b[l * s.n + j]);
                sum += term;
                size += fabs(term);
            }
            if (!(fabs(c[i * ldc + j] - sum) <= TOLERANCE * size))
                fail_msg("%s %lldx%lldx%lld ta=%d tb=%d [%lld,%lld]: %.9g instead of %.9g", kernels->id, (long long)s.m,
                         (long long)s.n, (long long)s.k, transpose_a, transpose_b, (long long)i, (long long)j,
                         c[i * ldc + j], sum);
        }
        assert_memory_equal(c + i * ldc + s.n, before + i * ldc + s.n, GAP * sizeof *c);
    }
    free(a), free(b), free(c), free(before);
}

static void each_isa(void (*test)(void)) {
    for (int i = 0; i < GT_ISA_COUNT; i++) {
        if (!gt_isa_available((gt_isa)i)) continue;
        kernels = kernels_of((gt_isa)i, "auto");
        test();
    }
}

static void values(void) {
    static const sizes shapes[] = {{1, 1, 1},       {2, 3, 4},     {7, 33, 16},  {14, 32, 17},   {15, 31, 48},
                                   {16, 16, 200},   {29, 65, 193}, {113, 5, 3},  {130, 70, 385}, {230, 40, 20},
                                   {128, 100, 128}, {3, 530, 100}, {40, 600, 0}, {40, 0, 20},    {30, 40, 170000}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int flags = 0; flags < 8; flags++) {
            if (shapes[i].k > 1000 && flags != 2) continue; /* long sums: B packed in several stages */
            against_float64(shapes[i], flags & 1, flags & 2, flags & 4);
        }
}

static void test_values(void **state) {
    (void)state;
    each_isa(values);
}

/* The product of rows [i, i + m) and columns [j, j + n) alone has the bits of that part of the whole product. */
static void parts(void) {
    enum { M = 250, N = 150, K = 420 };
    float *a = random_floats(M * K, 1), *b = random_floats(K * N, 2), *whole = random_floats(M * N, 3),
          *part = random_floats(M * N, 4);
    for (int flags = 0; flags < 4; flags++) {
        bool ta = flags & 1, tb = flags & 2;
        gt_gemm_args g = {.kernels = kernels,
                          .m = M,
                          .n = N,
                          .k = K,
                          .transpose_a = ta,
                          .transpose_b = tb,
                          .a = a,
                          .b = b,
                          .c = whole,
                          .lda = ta ? M : K,
                          .ldb = tb ? K : N,
                          .ldc = N};
        multiply(&g, 1);
        g.c = part;
        for (int threads = 2; threads <= 3; threads++) {
            multiply(&g, threads);
            assert_memory_equal(part, whole, M * N * sizeof *part);
        }
        float *packed = gt_block_alloc(gt_gemm_packed_floats(&g) * sizeof *packed, "packed B");
        assert_non_null(packed);
        gt_gemm_pack_b(&g, NULL, packed);
        gt_gemm_args ahead = g;
        ahead.b = NULL, ahead.b_packed = packed;
        multiply(&ahead, 1);
        assert_memory_equal(part, whole, M * N * sizeof *part);
        gt_block_free(packed, gt_gemm_packed_floats(&g) * sizeof *packed);
        static const int cut[][4] = {{0, 1, 0, N}, {17, 3, 5, 90}, {100, 150, 33, 1}, {0, M, 31, 32}};
        for (size_t c = 0; c < sizeof cut / sizeof *cut; c++) {
            int i = cut[c][0], m = cut[c][1], j = cut[c][2], n = cut[c][3];
            gt_gemm_args h = g;
            h.m = m, h.n = n;
            h.a = a + (ta ? i : i * K), h.b = b + (tb ? j * K : j);
            multiply(&h, 1);
            for (int r = 0; r < m; r++)
                assert_memory_equal(part + r * N, whole + (i + r) * N + j, (size_t)n * sizeof *part);
        }
    }
    free(a), free(b), free(whole), free(part);
}

static void test_parts(void **state) {
    (void)state;
    each_isa(parts);
}

/* Products that are computed as their transpose have the bits of those with B packed ahead. */
static void turned(void) {
    static const sizes shapes[] = {{128, 100, 784}, {64, 65, 600}, {192, 98, 300}, {160, 66, 2000}};
    bool any = false;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        sizes s = shapes[i];
        float *a = random_floats(s.m * s.k, 1), *b = random_floats(s.k * s.n, 2), *c[3], *packed;
        gt_gemm_args g = {.kernels = kernels,
                          .m = s.m,
                          .n = s.n,
                          .k = s.k,
                          .transpose_b = true,
                          .a = a,
                          .b = b,
                          .lda = s.k,
                          .ldb = s.k,
                          .ldc = s.n};
        any |= gt_gemm_turns(&g);
        packed = random_floats((int64_t)gt_gemm_packed_floats(&g), 4);
        gt_gemm_pack_b(&g, NULL, packed);
        for (int k = 0; k < 3; k++) { /* one thread; two; packed */
            g.c = c[k] = random_floats(s.m * s.n, 3);
            if (k == 2) g.b_packed = packed;
            multiply(&g, k == 1 ? 2 : 1);
            assert_memory_equal(c[k], c[0], (size_t)(s.m * s.n) * sizeof **c);
        }
        free(a), free(b), free(packed), free(c[0]), free(c[1]), free(c[2]);
    }
    assert_true(any || kernels->gemm->lanes < 16);
}

static void test_turned(void **state) {
    (void)state;
    each_isa(turned);
}

#if defined(__x86_64__)
/* Not processor time: virtual machines may count too little of that, and so runs would look too fast. */
static double seconds_now(void) { return gt_clock(); }

/* Cycles per second: additions that wait for each other take one each. */
static double clock_rate(void) {
    enum { ROUNDS = 200000, ADDITIONS = 10 };
    uint64_t x = 1;
    double start = seconds_now();
    for (int i = 0; i < ROUNDS; i++)
        __asm__ volatile("add %0, %0; add %0, %0; add %0, %0; add %0, %0; add %0, %0;"
                         "add %0, %0; add %0, %0; add %0, %0; add %0, %0; add %0, %0"
                         : "+r"(x));
    return ROUNDS * ADDITIONS / (seconds_now() - start);
}

/* No x86-64 core does more than two multiply-adds a cycle; what the compiler does beforehand must not count. The
 * fastest of several runs of each kind, since other programs can only slow a run down; where they slow down each run of
 * the additions, more runs. */
static void peak(void) {
    enum { RUNS = 31, MOST_RUNS = 3000, MOST_A_CYCLE = 2 };
    const gt_gemm_kernels *gemm = kernels->gemm;
    double clock = 0, rate = 0, most = 1.05 * 2 * MOST_A_CYCLE * gemm->lanes;
    for (int i = 0; i < RUNS || (i < MOST_RUNS && rate >= most * clock); i++) {
        clock = fmax(clock, clock_rate());
        double start = seconds_now(), flops = gemm->fma_peak(50000);
        rate = fmax(rate, flops / (seconds_now() - start));
    }
    assert_true(rate < most * clock);
}

static void test_peak(void **state) {
    (void)state;
    each_isa(peak);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_turned),
#if defined(__x86_64__)
        cmocka_unit_test(test_peak),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
