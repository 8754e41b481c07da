/* SPDX-License-Identifier: Apache-2.0
 * Exact sums of float64 numbers: whatever the order of the numbers, and however they are shared among sums that are
 * added up, the result has the same bits.
 *
 *     gt_exact_sum *s = calloc(1, sizeof *s);
 *     gt_exact_add(s, 0.1);                // as often as wanted, up to 2^60 times
 *     double hi, lo;
 *     gt_exact_total(s, &hi, &lo);         // hi + lo is the sum, but for 2^-100 of it */
#ifndef GANTRY_BASE_DOOR_EXACT_H
#define GANTRY_BASE_DOOR_EXACT_H

#include <stdint.h>

enum { GT_EXACT_PLACES = 2048 / 32 + 6 };

/* A sum of place[k] * 2^(32 k - 1152). Begin with {0}. */
typedef struct gt_exact_sum {
    int64_t place[GT_EXACT_PLACES];
    int64_t since; /* numbers since places were last brought below 2^32 */
} gt_exact_sum;

void gt_exact_add(gt_exact_sum *s, double x); /* finite */
void gt_exact_total(gt_exact_sum *s, double *hi, double *lo);

/* Mean and standard deviation (of the population) of the n numbers whose sum and sum of squares these are; of numbers
 * of float32 both are right to a few units in the last place of float64. */
void gt_exact_moments(gt_exact_sum *sum, gt_exact_sum *squares, int64_t n, double *mean, double *deviation);

#endif
