/* SPDX-License-Identifier: Apache-2.0
 * Small functions of whole numbers. */
#ifndef GANTRY_BASE_NUMBERS_H
#define GANTRY_BASE_NUMBERS_H

#include <stdint.h>

static inline int64_t gt_least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t gt_largest(int64_t a, int64_t b) { return a > b ? a : b; }
/* The smallest multiple of `step` that is not below `value`. */
static inline int64_t gt_round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
/* How many pieces of `size` it takes to hold `whole`; the last one may be smaller. */
static inline int64_t gt_pieces(int64_t whole, int64_t size) { return (whole + size - 1) / size; }

/* The largest number that divides both. */
static inline int64_t gt_common_divisor(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

#endif
