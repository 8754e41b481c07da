/* SPDX-License-Identifier: Apache-2.0
 * A number of float64 is a whole number of 53 bits at one of 2,100 places; cut into pieces of 32 bits it is added to
 * three of the sum's places, which have 31 bits to spare. */
#include "base/door/exact.h"

#include <math.h>
#include <stdbool.h>

enum { BASE = 1152, SPARE = 1 << 30 };

static void carry(gt_exact_sum *s) {
    int64_t over = 0;
    for (int k = 0; k < GT_EXACT_PLACES - 1; k++) {
        int64_t v = s->place[k] + over;
        over = v >> 32;
        s->place[k] = v & 0xffffffff;
    }
    s->place[GT_EXACT_PLACES - 1] += over;
    s->since = 0;
}

void gt_exact_add(gt_exact_sum *s, double x) {
    int exponent;
    double part = frexp(x, &exponent); /* x = part 2^exponent */
    int64_t whole = (int64_t)ldexp(part, 53);
    int at = exponent - 53 + BASE, place = at / 32, shift = at % 32; /* at >= -1073 - 53 + BASE > 0 */
    __int128 bits = (__int128)whole * ((__int128)1 << shift);
    if (!whole) return;
    s->place[place] += (int64_t)(bits & 0xffffffff);
    s->place[place + 1] += (int64_t)(bits >> 32 & 0xffffffff);
    s->place[place + 2] += (int64_t)(bits >> 64);
    if (++s->since >= SPARE) carry(s);
}

static void negate(gt_exact_sum *s) {
    for (int k = 0; k < GT_EXACT_PLACES; k++) s->place[k] = -s->place[k];
    carry(s);
}

void gt_exact_total(gt_exact_sum *s, double *hi, double *lo) {
    carry(s);
    bool negative = s->place[GT_EXACT_PLACES - 1] < 0;
    double sum = 0, rest = 0;
    if (negative) negate(s);
    for (int k = GT_EXACT_PLACES; k-- > 0;) { /* the largest first: each sum of two is split without error */
        double v = ldexp((double)s->place[k], 32 * k - BASE), next = sum + v;
        rest += fabs(sum) >= fabs(v) ? sum - next + v : v - next + sum;
        sum = next;
    }
    *hi = sum + rest;
    *lo = sum - *hi + rest;
    if (negative) *hi = -*hi, *lo = -*lo, negate(s);
}

void gt_exact_moments(gt_exact_sum *sum, gt_exact_sum *squares, int64_t n, double *mean, double *deviation) {
    double s, s_rest, q, q_rest, count = (double)n;
    gt_exact_total(sum, &s, &s_rest);
    gt_exact_total(squares, &q, &q_rest);
    *mean = s / count;
    /* n q - s^2 in twice the digits, over n^2 */
    double a = count * q, a_rest = fma(count, q, -a) + count * q_rest;
    double b = s * s, b_rest = fma(s, s, -b) + 2 * s * s_rest;
    double difference = a - b, error = fabs(a) >= fabs(b) ? a - difference - b : -(b + difference - a);
    double spread = difference + (error + a_rest - b_rest);
    *deviation = spread > 0 ? sqrt(spread) / count : 0;
}
