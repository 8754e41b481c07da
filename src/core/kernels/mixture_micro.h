/* SPDX-License-Identifier: Apache-2.0
 * Source of the vector kernels for mixtures, compiled once per set of instructions. The including file defines
 *   LANES     doubles per vector: 8, 4 or 2
 *   VECS      vectors of points that `whiten` works on together: 4 x VECS accumulators
 *   COLS      columns of a 4x4 tile of second moments at a time: 4 x COLS accumulators
 *   KERNELS   name of the table
 * and selects the target. Contraction is on: a += u * b must be one FMA. Where more than one product could become a
 * part of one, ROUNDED says which does not, so that every compiler and processor makes the same choice.
 *
 * Sums over points have GT_MIXTURE_CHAINS chains: of points n, n + 8, n + 16 ... A vector of fewer lanes holds a part
 * of them. */
#include "kernels/micro.h"

enum { ROWS = GT_MIXTURE_ROWS, STEP = VECS * LANES, PARTS = GT_MIXTURE_CHAINS / LANES };
typedef double vec __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t ivec __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

INLINE vec load(const double *p) { return *(const vec *)p; }
INLINE void store(double *p, vec v) { *(vec *)p = v; }
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }

/* ---- exp and log for the arguments that occur here ---- */

#define LN2_HIGH 0x1.62e42fefap-1 /* 33 bits: times an exponent it is exact */
#define LN2_LOW 0x1.cf79abc9e3b3ap-40

/* e^x for x <= 0; below -708 it is 0. Taylor to r^13 on |r| <= ln2 / 2: what is left out is below 2^-57. */
INLINE vec exp_negative(vec x) {
    const double rounder = 0x1.8p52; /* adding it rounds to an integer and leaves that in the low bits */
    vec clamped = choose(x > -708.0, x, (vec){0} - 708.0);
    vec shifted = clamped * 0x1.71547652b82fep+0 + rounder;
    vec k = shifted - rounder;
    vec r = (clamped - k * LN2_HIGH) - k * LN2_LOW;
    vec p = (vec){0} + 1.0 / 6227020800;
    static const double series[] = {
        1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
        1.0 / 120,       1.0 / 24,       1.0 / 6,       0.5,          1,           1};
    UNROLL for (int i = 0; i < 13; i++) p = p * r + series[i];
    vec power = (vec)((ivec)shifted << 52);
    vec y = (vec)((ivec)p + (ivec)power); /* p is within [0.7, 1.42]: adding k to its exponent is exact */
    return choose(x > -708.0, y, (vec){0});
}

/* ln x for finite x >= 1: 2^k (1 + f), s = f / (2 + f), ln(1 + f) = 2 (s + s^3/3 + ...), |s| < 0.172. */
INLINE vec log_positive(vec x) {
    const int64_t root = 0x3fe6a09e667f3bcd; /* sqrt(1/2) */
    ivec u = (ivec)x - root;
    ivec exponent = u >> 52;
    vec f = (vec)((u & 0x000fffffffffffff) + root) - 1.0;
    vec k = (vec)(exponent + 0x4338000000000000) - 0x1.8p52;
    vec s = f / (2.0 + f), z = s * s;
    vec tail = (vec){0} + 2.0 / 23;
    static const double series[] = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                    2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
    UNROLL for (int i = 0; i < 10; i++) tail = tail * z + series[i];
    vec h = 0.5 * f * f, low = k * LN2_LOW;
    ROUNDED(h);
    ROUNDED(low);
    return k * LN2_HIGH + (f - (h - (s * (h + tail * z) + low)));
}

/* ---- sums of chains ---- */

INLINE double sum_of_chains(const double *s) {
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

INLINE double sum_of_parts(const vec v[PARTS]) {
    double chains[GT_MIXTURE_CHAINS];
    UNROLL for (int part = 0; part < PARTS; part++) store(chains + part * LANES, v[part]);
    return sum_of_chains(chains);
}

#if LANES == 8
/* out[i] = the sum of v[i]'s chains, in the order of sum_of_chains(). */
INLINE void sum_four(const vec v[4], double out[4]) {
    vec a = __builtin_shufflevector(v[0], v[1], 0, 8, 2, 10, 4, 12, 6, 14) +
            __builtin_shufflevector(v[0], v[1], 1, 9, 3, 11, 5, 13, 7, 15);
    vec b = __builtin_shufflevector(v[2], v[3], 0, 8, 2, 10, 4, 12, 6, 14) +
            __builtin_shufflevector(v[2], v[3], 1, 9, 3, 11, 5, 13, 7, 15);
    vec c = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
            __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    UNROLL for (int i = 0; i < 4; i++) out[i] = c[i] + c[i + 4];
}
#endif

/* ---- densities ---- */

/* y = W (x - mean) for STEP points at a time: x - mean lies in `scratch` [padded d][STEP], and ROWS rows of W are
 * worked on together. Rows of W past d are zeros. */
static void whiten(size_t points, size_t d, const double *x, const double *mean, const double *factor, double *scratch,
                   double *squared, double *whitened) {
    size_t padded = gt_mixture_padded(d);
    memset(scratch + d * STEP, 0, (padded - d) * STEP * sizeof *scratch);
    for (size_t n = 0; n < points; n += STEP) {
        for (size_t j = 0; j < d; j++) {
            UNROLL for (int v = 0; v < VECS; v++)
                store(scratch + j * STEP + v * LANES, load(x + j * points + n + v * LANES) - mean[j]);
        }
        vec q[VECS] = {0};
        const double *w = factor;
        for (size_t i = 0; i < padded; i += ROWS) {
            vec y[ROWS][VECS] = {0};
            for (size_t j = 0; j < i + ROWS; j++, w += ROWS) {
                vec z[VECS];
                UNROLL for (int v = 0; v < VECS; v++) z[v] = load(scratch + j * STEP + v * LANES);
                UNROLL for (int r = 0; r < ROWS; r++) { UNROLL for (int v = 0; v < VECS; v++) y[r][v] += w[r] * z[v]; }
            }
            UNROLL for (int r = 0; r < ROWS; r++) {
                UNROLL for (int v = 0; v < VECS; v++) {
                    q[v] += y[r][v] * y[r][v];
                    if (whitened && i + (size_t)r < d)
                        store(whitened + (i + (size_t)r) * points + n + v * LANES, y[r][v]);
                }
            }
        }
        if (!squared) continue;
        UNROLL for (int v = 0; v < VECS; v++) store(squared + n + v * LANES, q[v]);
    }
}

static void distance(size_t points, size_t d, const double *x, const double *mean, const double *factor,
                     double *squared) {
    for (size_t n = 0; n < points; n += STEP) {
        vec q[VECS] = {0};
        for (size_t j = 0; j < d; j++) {
            UNROLL for (int v = 0; v < VECS; v++) {
                vec y = (load(x + j * points + n + v * LANES) - mean[j]) * factor[j];
                q[v] += y * y;
            }
        }
        UNROLL for (int v = 0; v < VECS; v++) store(squared + n + v * LANES, q[v]);
    }
}

/* With l_c = bias[c] - squared[c] / 2 and m = the largest l_c: share_c = e^(l_c - m) / sum of e^(l_c - m), and log_sum
 * = m + ln of that sum. The largest term is 1, so the sum neither overflows nor vanishes. */
static void share(size_t points, size_t k, const double *bias, double *squared, double *log_sum) {
    for (size_t n = 0; n < points; n += STEP) {
        vec most[VECS], sum[VECS] = {0};
        UNROLL for (int v = 0; v < VECS; v++) most[v] = bias[0] - 0.5 * load(squared + n + v * LANES);
        for (size_t c = 1; c < k; c++) {
            UNROLL for (int v = 0; v < VECS; v++) {
                vec l = bias[c] - 0.5 * load(squared + c * points + n + v * LANES);
                most[v] = choose(l > most[v], l, most[v]);
            }
        }
        for (size_t c = 0; c < k; c++) {
            UNROLL for (int v = 0; v < VECS; v++) {
                double *place = squared + c * points + n + v * LANES;
                vec e = exp_negative((bias[c] - 0.5 * load(place)) - most[v]);
                store(place, e);
                sum[v] += e;
            }
        }
        UNROLL for (int v = 0; v < VECS; v++) {
            store(log_sum + n + v * LANES, most[v] + log_positive(sum[v]));
            sum[v] = 1.0 / sum[v];
        }
        for (size_t c = 0; c < k; c++) {
            UNROLL for (int v = 0; v < VECS; v++) {
                double *place = squared + c * points + n + v * LANES;
                store(place, load(place) * sum[v]);
            }
        }
    }
}

/* ---- moments ---- */

/* Chains [part * LANES, LANES more) of COLS columns of a tile, from columns j on: sums[c][r]. */
INLINE void tile_part(size_t points, const double *z, size_t i, size_t j, int part, vec sums[COLS][ROWS]) {
    const double *zi = z + i * points, *zj = z + j * points;
    UNROLL for (int c = 0; c < COLS; c++) { UNROLL for (int r = 0; r < ROWS; r++) sums[c][r] = (vec){0}; }
    for (size_t n = (size_t)part * LANES; n < points; n += GT_MIXTURE_CHAINS) {
        vec a[ROWS];
        UNROLL for (int r = 0; r < ROWS; r++) a[r] = load(zi + (size_t)r * points + n);
        UNROLL for (int c = 0; c < COLS; c++) {
            vec b = load(zj + (size_t)c * points + n);
            UNROLL for (int r = 0; r < ROWS; r++) sums[c][r] += a[r] * b;
        }
    }
}

/* second[i][j] of the tile whose first row and column are i and j, of rows z [padded(d), points]. */
INLINE void tile(size_t points, size_t d, const double *z, size_t i, size_t j, double *second) {
    for (size_t from = j; from < j + ROWS; from += COLS) {
        double columns[COLS][ROWS];
#if LANES == 8
        vec sums[COLS][ROWS];
        tile_part(points, z, i, from, 0, sums);
        UNROLL for (int c = 0; c < COLS; c++) sum_four(sums[c], columns[c]);
#else /* not all chains have registers at once */
        double chains[COLS][ROWS][GT_MIXTURE_CHAINS];
        for (int part = 0; part < PARTS; part++) {
            vec sums[COLS][ROWS];
            tile_part(points, z, i, from, part, sums);
            UNROLL for (int c = 0; c < COLS; c++) {
                UNROLL for (int r = 0; r < ROWS; r++) store(chains[c][r] + part * LANES, sums[c][r]);
            }
        }
        for (int c = 0; c < COLS; c++)
            for (int r = 0; r < ROWS; r++) columns[c][r] = sum_of_chains(chains[c][r]);
#endif
        for (size_t c = 0; c < COLS; c++)
            for (size_t r = i; r < i + ROWS; r++)
                if (r < d && from + c <= r) second[r * (r + 1) / 2 + from + c] += columns[c][r - i];
    }
}

static double sum_of(size_t points, const double *r) {
    vec sum[PARTS] = {0};
    for (size_t n = 0; n < points; n += GT_MIXTURE_CHAINS) {
        UNROLL for (int part = 0; part < PARTS; part++) sum[part] += load(r + n + part * LANES);
    }
    return sum_of_parts(sum);
}

static void moments_full(size_t points, size_t d, const double *x, const double *mean, const double *r, double *scratch,
                         double *total, double *first, double *second) {
    size_t padded = gt_mixture_padded(d);
    double *root = scratch + padded * points;
    for (size_t n = 0; n < points; n++) root[n] = __builtin_sqrt(r[n]);
    memset(scratch + d * points, 0, (padded - d) * points * sizeof *scratch);
    *total += sum_of(points, r);
    for (size_t j = 0; j < d; j++) {
        vec sum[PARTS] = {0};
        for (size_t n = 0; n < points; n += GT_MIXTURE_CHAINS) {
            UNROLL for (int part = 0; part < PARTS; part++) {
                size_t at = n + (size_t)part * LANES;
                vec w = load(root + at), z = w * (load(x + j * points + at) - mean[j]);
                store(scratch + j * points + at, z);
                sum[part] += w * z;
            }
        }
        first[j] += sum_of_parts(sum);
    }
    for (size_t i = 0; i < padded; i += ROWS)
        for (size_t j = 0; j <= i; j += ROWS) tile(points, d, scratch, i, j, second);
}

static void moments_diagonal(size_t points, size_t d, const double *x, const double *mean, const double *r,
                             double *total, double *first, double *second) {
    *total += sum_of(points, r);
    for (size_t j = 0; j < d; j++) {
        vec sum[PARTS] = {0}, squares[PARTS] = {0};
        for (size_t n = 0; n < points; n += GT_MIXTURE_CHAINS) {
            UNROLL for (int part = 0; part < PARTS; part++) {
                size_t at = n + (size_t)part * LANES;
                vec z = load(x + j * points + at) - mean[j], rz = load(r + at) * z;
                ROUNDED(rz);
                sum[part] += rz;
                squares[part] += rz * z;
            }
        }
        first[j] += sum_of_parts(sum);
        if (second) second[j] += sum_of_parts(squares);
    }
}

const gt_mixture_kernels KERNELS = {whiten, distance, share, moments_full, moments_diagonal};
