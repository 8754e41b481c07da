/* SPDX-License-Identifier: Apache-2.0
 * Small functions of numbers; numbers that are read from bytes. */
#ifndef GANTRY_BASE_DOOR_NUMBERS_H
#define GANTRY_BASE_DOOR_NUMBERS_H

#include <endian.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline int64_t gt_smallest(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t gt_largest(int64_t a, int64_t b) { return a > b ? a : b; }
/* The smallest multiple of `step` that is not below `value`. */
static inline int64_t gt_round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
/* How many pieces of `size` it takes to hold `whole`; the last one may be smaller. */
static inline int64_t gt_pieces(int64_t whole, int64_t size) { return (whole + size - 1) / size; }

/* Is `a` the number `b`, but for rounding: `part` of b? Zero and the infinities are near to themselves alone, NaN to
 * nothing. */
static inline bool gt_near(double a, double b, double part) {
    return a == b || (isfinite(b) && fabs(a - b) <= part * fabs(b));
}

/* The largest number that divides both. */
static inline int64_t gt_common_divisor(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Integers of either order of bytes (le: little-endian, be: big-endian), at any address. */
#define GT_BYTES_GET(name, type, convert)    \
    static inline type name(const void *p) { \
        type v;                              \
        memcpy(&v, p, sizeof v);             \
        return convert(v);                   \
    }
GT_BYTES_GET(gt_le16, uint16_t, le16toh)
GT_BYTES_GET(gt_le32, uint32_t, le32toh)
GT_BYTES_GET(gt_le64, uint64_t, le64toh)
GT_BYTES_GET(gt_be16, uint16_t, be16toh)
GT_BYTES_GET(gt_be32, uint32_t, be32toh)
GT_BYTES_GET(gt_be64, uint64_t, be64toh)
#undef GT_BYTES_GET

/* The float16 of these bits. */
static inline float gt_half(uint16_t bits) {
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023, sign = (uint32_t)(bits & 0x8000) << 16;
    float small = (float)fraction * 0x1p-24f, f;
    if (exponent == 0) return sign ? -small : small;
    memcpy(&f, &(uint32_t){sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13}, sizeof f);
    return f;
}

#endif
