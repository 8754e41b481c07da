/* SPDX-License-Identifier: Apache-2.0
 * Mersenne Twister (Matsumoto & Nishimura 1998) and the derived draws of numpy's legacy generator:
 * docs/mathematics/seeds.md. */
#include <math.h>

#include "base/door/mathfn.h"
#include "base/door/random.h"

enum { N = 624, M = 397 };

void gt_mt_seed(gt_mt19937 *r, uint32_t seed) {
    r->key[0] = seed;
    for (uint32_t i = 1; i < N; i++) r->key[i] = 1812433253u * (r->key[i - 1] ^ r->key[i - 1] >> 30) + i;
    r->pos = N;
    r->has_gauss = 0;
    r->gauss = 0;
}

static void twist(gt_mt19937 *r) {
    for (int i = 0; i < N; i++) {
        uint32_t y = (r->key[i] & 0x80000000u) | (r->key[(i + 1) % N] & 0x7fffffffu);
        r->key[i] = r->key[(i + M) % N] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->pos = 0;
}

static uint32_t next(gt_mt19937 *r) {
    if (r->pos == N) twist(r);
    uint32_t y = r->key[r->pos++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

static double uniform(gt_mt19937 *r) {
    uint32_t a = next(r) >> 5, b = next(r) >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
}

/* Marsaglia's polar method. numpy takes libm's logarithm, which differs from one libm to another; this one is the same
 * everywhere, and rounding to float32 hides what is left between them. */
double gt_mt_randn(gt_mt19937 *r) {
    if (r->has_gauss) {
        r->has_gauss = 0;
        return r->gauss;
    }
    double x, y, square;
    do {
        x = 2.0 * uniform(r) - 1.0;
        y = 2.0 * uniform(r) - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    double f = sqrt(-2.0 * gt_ln(square) / square);
    r->gauss = f * x;
    r->has_gauss = 1;
    return f * y;
}

/* Uniform 0 .. max, for max > 0. */
static uint32_t up_to(gt_mt19937 *r, uint32_t max) {
    uint32_t mask = 0xffffffffu >> __builtin_clz(max), v;
    while ((v = next(r) & mask) > max) continue;
    return v;
}

void gt_mt_shuffle(gt_mt19937 *r, int64_t *list, size_t n) {
    for (size_t i = n; i-- > 1;) {
        size_t j = up_to(r, (uint32_t)i);
        int64_t held = list[i];
        list[i] = list[j];
        list[j] = held;
    }
}
