/* SPDX-License-Identifier: Apache-2.0
 * Memory bandwidth of one thread: see bandwidth.h. */
#include "common/bandwidth.h"

#include "bench.h"
#include "base/door/memory.h"

/* As wide as the CPU's vectors are. */
typedef void add_fn(size_t n, const float *x, float *y);
#define ADD(name, features)                                                                  \
    __attribute__((target(features))) static void name(size_t n, const float *x, float *y) { \
        for (size_t j = 0; j < n; j++) y[j] += x[j];                                         \
    }
#if defined __x86_64__
ADD(add_avx512, "avx512f")
ADD(add_avx2, "avx2")
#endif
static void add_plain(size_t n, const float *x, float *y) {
    for (size_t j = 0; j < n; j++) y[j] += x[j];
}

static add_fn *widest(void) {
#if defined __x86_64__
    if (gt_isa_available(GT_ISA_AVX512)) return add_avx512;
    if (gt_isa_available(GT_ISA_AVX2)) return add_avx2;
#endif
    return add_plain;
}

double bench_bandwidth(size_t bytes) {
    size_t count = bytes / 2 / sizeof(float);
    float *x = gt_block_alloc(count * sizeof *x, "x"), *y = gt_block_alloc(count * sizeof *y, "y");
    add_fn *add = widest();
    double best = 0;
    if (x && y) {
        memset(x, 0, count * sizeof *x);
        memset(y, 0, count * sizeof *y);
        int rounds = 1 + (int)(((size_t)64 << 20) / bytes);
        for (int i = 0; i < 5; i++) {
            double start = bench_now();
            for (int r = 0; r < rounds; r++) {
                add(count, x, y);
                __asm__ volatile("" : : "r"(x), "r"(y) : "memory");
            }
            double rate = 3.0 * sizeof(float) * (double)count * rounds / (bench_now() - start);
            if (rate > best) best = rate;
        }
    }
    gt_block_free(x, count * sizeof *x);
    gt_block_free(y, count * sizeof *y);
    return best;
}
