/* SPDX-License-Identifier: Apache-2.0
 * Elementary functions of float64. The logarithm is a pair of doubles good to about 2^-60, so that log, exp of a sum
 * and pow are each rounded almost once. Products are made exact by Dekker's splitting, which needs no fused
 * multiply-add. */
#include "base/door/mathfn.h"

#include <stdbool.h>

#include "base/door/mathfn_inline.h"

#define LN2_HIGH 0x1.62e42fefap-1 /* 36 bits: times an exponent it is exact */
#define LN2_LOW 0x1.cf79abc9e3b3ap-40

typedef struct pair {
    double high, low; /* the value is their sum */
} pair;

/* a + b for |a| >= |b| or a = 0. */
static pair quick_sum(double a, double b) {
    double s = a + b;
    return (pair){s, b - (s - a)};
}

static pair exact_sum(double a, double b) {
    double s = a + b, t = s - a;
    return (pair){s, (a - (s - t)) + (b - t)};
}

static pair split(double a) {
    double t = a * 134217729.0, high = t - (t - a); /* 2^27 + 1 */
    return (pair){high, a - high};
}

static pair exact_product(double a, double b) {
    double p = a * b;
    pair x = split(a), y = split(b);
    return (pair){p, ((x.high * y.high - p) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

/* ln x for a normal or subnormal x > 0: 2^k m, m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh(s), s = (m - 1) / (m + 1). */
static pair log_pair(double x) {
    int k;
    double m = frexp(x, &k);
    if (m < M_SQRT1_2) {
        m *= 2;
        k--;
    }
    double f = m - 1;
    pair g = exact_sum(m, 1);
    double s = f / g.high;
    pair back = exact_product(s, g.high);
    double s_low = (((f - back.high) - back.low) - s * g.low) / g.high;
    pair square = exact_product(s, s);
    double z = square.high, tail = 0;
    for (int n = 25; n >= 5; n -= 2) tail = (tail + 2.0 / n) * z;
    pair third = exact_sum(2.0 / 3, tail);
    third.low += 0x1.5555555555555p-55; /* 2/3 less its own rounding */
    pair cube = exact_product(s, z);
    cube.low += s * square.low + 3 * z * s_low;
    pair series = exact_product(cube.high, third.high);
    series.low += cube.low * third.high + cube.high * third.low;
    pair sum = quick_sum(2 * s, series.high);
    double low = sum.low + (series.low + 2 * s_low);
    pair all = exact_sum(k * LN2_HIGH, sum.high);
    return quick_sum(all.high, all.low + (low + k * LN2_LOW));
}

/* e^(x.high + x.low). */
static double exp_pair(pair x) {
    if (x.high > 710) return INFINITY;
    if (x.high < -746) return 0;
    double k = rint(x.high * 0x1.71547652b82fep+0);
    pair r = exact_sum(x.high - k * LN2_HIGH, x.low - k * LN2_LOW);
    double tail = 0, z = r.high;
    for (int n = 15; n >= 3; n--) tail = (tail + 1.0) * z / n; /* z/3 + z^2/12 + ... */
    double rest = z * z * 0.5 * (1 + tail) + r.low;
    pair one = quick_sum(1, z);
    return ldexp(one.high + (one.low + rest), (int)k);
}

double gt_exp(double x) { return x != x ? x : exp_pair((pair){x, 0}); }

double gt_ln(double x) {
    if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
    if (x > 0x1.fffffffffffffp+1023) return x;
    return log_pair(x).high;
}

double gt_pow(double base, double exponent) {
    if (exponent == 0 || base == 1) return 1;
    if (!(base > 0) || base > 0x1.fffffffffffffp+1023 || exponent - exponent != 0) return pow(base, exponent);
    pair log = log_pair(base);
    double rough = log.high * exponent;
    if (rough > 710 || rough < -746) return rough > 0 ? INFINITY : 0;
    pair product = exact_product(log.high, exponent);
    product.low += log.low * exponent;
    return exp_pair(quick_sum(product.high, product.low));
}

/* Taylor's series of sin and cos for |r| <= pi/4, where the first omitted term is below 2^-57. */
static double quarter_sin(double r) {
    double z = r * r, sum = 0;
    for (int n = 17; n >= 3; n -= 2) sum = (1 - sum) * z / (n * (n - 1));
    return r - r * sum;
}

static double quarter_cos(double r) {
    double z = r * r, sum = 0;
    for (int n = 16; n >= 4; n -= 2) sum = (1 - sum) * z / (n * (n - 1));
    return 1 - (1 - sum) * (z / 2);
}

/* The turns back to 0 .. 1/4 are exact, so that the product with pi is what rounds first. */
double gt_cos_pi(double x) {
    if (x - x != 0) return NAN;
    double t = fabs(x);
    t -= 2 * floor(t / 2);
    if (t > 1) t = 2 - t;
    bool second = t > 0.5;
    if (second) t = 1 - t;
    double y = t > 0.25 ? quarter_sin((0.5 - t) * M_PI) : quarter_cos(t * M_PI);
    return second ? -y : y;
}

double gt_sin_pi(double x) {
    if (x - x != 0) return NAN;
    double t = fabs(x);
    t -= 2 * floor(t / 2);
    bool second = t > 1;
    if (second) t -= 1;
    if (t > 0.5) t = 1 - t;
    double y = t > 0.25 ? quarter_cos((0.5 - t) * M_PI) : quarter_sin(t * M_PI);
    return second != (x < 0) ? -y : y;
}

/* With s = sin(acos(|x|) / 2) = sqrt((1 - |x|) / 2), at most sqrt(1/2): Newton's method on sin y = s, whose error is at
 * most 0.02 before the first step and squared by each. */
double gt_acos_pi(double x) {
    enum { STEPS = 5 };
    if (!(fabs(x) <= 1)) return NAN;
    double s = sqrt((1 - fabs(x)) / 2), y = s * (1 + s * s / 6);
    for (int i = 0; i < STEPS; i++) y += (s - quarter_sin(y)) / quarter_cos(y);
    double turn = 2 * y / M_PI;
    return x < 0 ? 1 - turn : turn;
}
