/* SPDX-License-Identifier: Apache-2.0
 * A radix sort by the digits of the floats' bits: no comparisons, and a time that depends on n alone. */
#include "metrics/sort_floats.h"

#include <stdint.h>
#include <string.h>

enum { DIGIT = 11, DIGITS = 3 }; /* bits of a digit; digits of 32 bits */

/* In the order of the floats. */
static uint32_t key_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

static uint32_t digit_of(float x, int digit) { return key_of(x) >> digit * DIGIT & ((1 << DIGIT) - 1); }

void gt_sort_floats(float *x, float *other, size_t n) {
    for (int digit = 0; digit < DIGITS; digit++) {
        size_t starts[1 << DIGIT] = {0}, next = 0;
        for (size_t i = 0; i < n; i++) starts[digit_of(x[i], digit)]++;
        for (size_t k = 0; k < 1 << DIGIT; k++) {
            size_t count = starts[k];
            starts[k] = next;
            next += count;
        }
        for (size_t i = 0; i < n; i++) other[starts[digit_of(x[i], digit)]++] = x[i];
        memcpy(x, other, n * sizeof *x);
    }
}
