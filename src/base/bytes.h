/* SPDX-License-Identifier: Apache-2.0
 * Integers read from bytes of either order (le: little-endian, be: big-endian) at any address; numbers of 16 bits. */
#ifndef GANTRY_BASE_BYTES_H
#define GANTRY_BASE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

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
