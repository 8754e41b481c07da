/* SPDX-License-Identifier: Apache-2.0
 * Elementary functions of float32 as static inline code without branches, so that a loop over such a function
 * vectorises. Each function is a fixed sequence of float operations: no vector width, compiler or libm changes a bit
 * (with -ffp-contract=off). The series are Taylor's, cut where the first omitted term is below a quarter ulp on the
 * reduced range. Maximum error against float64: 2 ulp for exp and log, 2 ulp (absolute 1e-7) for sin and cos on |x| <=
 * 1e4, 4 ulp for tanh, sigmoid and softplus.
 *
 * A select is written `c ? a : b` on values already computed. Clamps are written so that a NaN passes through them.
 * Where there are two limits, what lies outside is put right at the end: from clamps of the argument compilers would
 * make a case of each limit. */
#ifndef GANTRY_BASE_DOOR_MATHFN_INLINE_H
#define GANTRY_BASE_DOOR_MATHFN_INLINE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t gt_bits_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float gt_float_of(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits of the sum, in two's complement. */
#define GT_ROUNDER 12582912.0f

#define GT_LN2_HIGH 0x1.62e4p-1f /* 15 bits: times an exponent it is exact */
#define GT_LN2_LOW 0x1.7f7d1cp-20f

/* x = n ln 2 + r, |r| <= ln2 / 2, for |x| < 200. Gives r and n; a NaN gives r = NaN and any n; a larger |x| any. */
static inline float gt_exp_reduce(float x, int32_t *n) {
    float shifted = x * 0x1.715476p+0f + GT_ROUNDER;
    float k = shifted - GT_ROUNDER;
    *n = (int32_t)(gt_bits_of(shifted) - gt_bits_of(GT_ROUNDER));
    return (x - k * GT_LN2_HIGH) - k * GT_LN2_LOW;
}

/* e^r - 1 - r for |r| <= ln2 / 2. */
static inline float gt_exp_tail(float r) {
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    return p * (r * r);
}

/* 2^n for -126 <= n <= 127. */
static inline float gt_two_to(int32_t n) { return gt_float_of((uint32_t)(n + 127) << 23); }

/* e^x: infinity from 88.73 on, subnormal below -87.34, 0 from -103.98 down. */
static inline float gt_inline_expf(float x) {
    int32_t n;
    float r = gt_exp_reduce(x, &n);
    int32_t half = n >> 1; /* two factors, as 2^n itself may not be a normal number */
    uint32_t a = (uint32_t)(half + 127) << 23, b = (uint32_t)(n - half + 127) << 23;
    float y = (1.0f + (r + gt_exp_tail(r))) * gt_float_of(a) * gt_float_of(b);
    y = x > 89.0f ? INFINITY : y;
    return x < -104.0f ? 0.0f : y;
}

/* The same e^-a for a >= 0, in fewer operations. */
static inline float gt_inline_exp_of_minus(float a) {
    int32_t n;
    float r = gt_exp_reduce(-a, &n);
    float y = (1.0f + (r + gt_exp_tail(r))) * gt_two_to(n + 32) * 0x1p-32f;
    uint32_t small = (uint32_t)(a > 104.0f) - 1; /* a mask, or the compiler would make two cases of all that follows */
    return gt_float_of(gt_bits_of(y) & small);
}

/* ln x: -infinity at 0, NaN below. x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); with s = f / (2 + f),
 * ln(1 + f) = f - (f^2/2 - s (f^2/2 + R)), R = 2 (s^2/3 + s^4/5 + ...): the leading term is exact. */
static inline float gt_inline_logf(float x) {
    float grown = x < 0x1p-126f ? x * 0x1p24f : x;
    float down = x < 0x1p-126f ? -24.0f : 0.0f;
    uint32_t u = gt_bits_of(grown) - 0x3f3504f3u; /* sqrt(1/2) */
    float k = (float)((int32_t)u >> 23) + down;
    float f = gt_float_of((u & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float s = f / (2.0f + f), z = s * s;
    float tail = 2.0f / 11;
    tail = tail * z + 2.0f / 9;
    tail = tail * z + 2.0f / 7;
    tail = tail * z + 2.0f / 5;
    tail = tail * z + 2.0f / 3;
    tail = tail * z;
    float h = 0.5f * f * f;
    float y = k * GT_LN2_HIGH + (f - (h - (s * (h + tail) + k * GT_LN2_LOW)));
    y = x > 0.0f ? y : (x == 0.0f ? -INFINITY : NAN);
    return x < INFINITY ? y : x; /* infinity and NaN as they are; -infinity compares less and is NaN by now */
}

/* sin r and cos r for |r| <= pi/4. */
static inline float gt_quarter_sin(float r) {
    float z = r * r;
    float p = 1.0f / 362880;
    p = p * z - 1.0f / 5040;
    p = p * z + 1.0f / 120;
    p = p * z - 1.0f / 6;
    return r + r * z * p;
}

static inline float gt_quarter_cos(float r) {
    float z = r * r;
    float p = -1.0f / 3628800;
    p = p * z + 1.0f / 40320;
    p = p * z - 1.0f / 720;
    p = p * z + 1.0f / 24;
    return (1.0f - 0.5f * z) + z * z * p;
}

/* sin(r + quarters pi/2): odd quarters take the cosine, the second half of the circle turns the sign. */
static inline float gt_turned_sin(float r, uint32_t quarters) {
    float s = gt_quarter_sin(r), c = gt_quarter_cos(r);
    float y = quarters & 1 ? c : s;
    return gt_float_of(gt_bits_of(y) ^ (quarters & 2) << 30);
}

/* x minus the nearest multiple of pi/2, for |x| <= 1e4. pi/2 in parts of 11 bits: times a 13-bit integer they are
 * exact. */
static inline float gt_quarter_reduce(float x, uint32_t *quarters) {
    float shifted = x * 0x1.45f306p-1f + GT_ROUNDER;
    float k = shifted - GT_ROUNDER;
    *quarters = gt_bits_of(shifted);
    return (((x - k * 0x1.92p+0f) - k * 0x1.fb4p-12f) - k * 0x1.444p-24f) - k * 0x1.68c234p-39f;
}

static inline float gt_inline_sinf(float x) {
    uint32_t quarters;
    float r = gt_quarter_reduce(x, &quarters);
    return gt_turned_sin(r, quarters);
}

static inline float gt_inline_cosf(float x) {
    uint32_t quarters;
    float r = gt_quarter_reduce(x, &quarters);
    return gt_turned_sin(r, quarters + 1);
}

/* tanh |x| = t / (t + 2), t = e^(2|x|) - 1 = 2^n (e^r - 1) + (2^n - 1); from 10 on it is 1 in float. */
static inline float gt_inline_tanhf(float x) {
    float a = fabsf(x);
    a = a > 10.0f ? 10.0f : a;
    int32_t n;
    float r = gt_exp_reduce(2.0f * a, &n);
    float power = gt_two_to(n);
    float t = power * (r + gt_exp_tail(r)) + (power - 1.0f);
    return copysignf(t / (t + 2.0f), x);
}

/* 1 / (1 + e^-x), from e^-|x| so that neither tail overflows. */
static inline float gt_inline_sigmoidf(float x) {
    float e = gt_inline_exp_of_minus(fabsf(x));
    float top = x >= 0.0f ? 1.0f : e;
    return top / (1.0f + e);
}

/* ln(1 + e^x) = max(x, 0) + ln(1 + e), e = e^-|x|. What 1 + e loses by rounding is put back to first order. */
static inline float gt_inline_softplusf(float x) {
    float e = gt_inline_exp_of_minus(fabsf(x));
    float u = 1.0f + e;
    float lost = e - (u - 1.0f);
    return (x > 0.0f ? x : 0.0f) + (gt_inline_logf(u) + lost / u);
}

#endif
