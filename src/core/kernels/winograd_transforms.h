/* SPDX-License-Identifier: Apache-2.0
 * Source of Winograd's transforms, compiled once per set of instructions with gemm_micro.h (vec, INLINE, UNROLL,
 * LANES).
 *
 * Stride 1: F(4x4,3x3).
 * y = A^T [(G w G^T) * (B^T x B)] A with tiles x of 6x6, w of 3x3, y of 4x4 (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2016). Each is a map of lines, applied to the columns, then to the rows. The weight
 * gradient is the adjoint of the same formula: w = G^T [(A y A^T) * (B^T x B)] G.
 *
 * Interpolation points 0, a, -a, b, -b, infinity. The usual a = 1, b = 2 lose a digit; 5/8 and 3/2 have a fifth of
 * their largest error (and half of the mean one), as small as any pair that was tried, and all their constants but G's
 * are exact in float32. */
#define PA 0.625f
#define PB 1.5f
#define PA2 (PA * PA)
#define PB2 (PB * PB)
#define NA (2 * PA2 * (PA2 - PB2)) /* product of the differences between a and the other finite points */
#define NB (2 * PB2 * (PB2 - PA2))

/* Lines of points by parts, each of which shares no term with the others: part number `part` makes one line or two. The
 * transforms of tiles that lie side by side (winograd_tiles.h) take a part at a time, all others take all parts. */

/* B^T: 6 -> 6. Parts: 0; a, -a; b, -b; infinity. */
INLINE void part_image(const int part, vec *o, const vec *d) {
    if (part == 0) {
        o[0] = (PA2 * PB2) * d[0] - (PA2 + PB2) * d[2] + d[4];
    } else if (part == 1) {
        vec even_a = d[4] - PB2 * d[2], odd_a = PA * (d[3] - PB2 * d[1]);
        o[0] = even_a + odd_a;
        o[1] = even_a - odd_a;
    } else if (part == 2) {
        vec even_b = d[4] - PA2 * d[2], odd_b = PB * (d[3] - PA2 * d[1]);
        o[0] = even_b + odd_b;
        o[1] = even_b - odd_b;
    } else {
        o[0] = (PA2 * PB2) * d[1] - (PA2 + PB2) * d[3] + d[5];
    }
}

INLINE void line_image(vec *o, const vec *d) {
    part_image(0, o, d);
    part_image(1, o + 1, d);
    part_image(2, o + 3, d);
    part_image(3, o + 5, d);
}

/* A^T: 6 -> 4 */
INLINE void line_result(vec *o, const vec *m) {
    vec even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
    o[0] = m[0] + even_a + even_b;
    o[1] = PA * odd_a + PB * odd_b;
    o[2] = PA2 * even_a + PB2 * even_b;
    o[3] = (PA2 * PA) * odd_a + (PB2 * PB) * odd_b + m[5];
}

/* A: 4 -> 6, by the same parts. */
INLINE void part_result_adjoint(const int part, vec *o, const vec *y) {
    if (part == 0) {
        o[0] = y[0];
    } else if (part == 1) {
        vec even_a = y[0] + PA2 * y[2], odd_a = PA * y[1] + (PA2 * PA) * y[3];
        o[0] = even_a + odd_a;
        o[1] = even_a - odd_a;
    } else if (part == 2) {
        vec even_b = y[0] + PB2 * y[2], odd_b = PB * y[1] + (PB2 * PB) * y[3];
        o[0] = even_b + odd_b;
        o[1] = even_b - odd_b;
    } else {
        o[0] = y[3];
    }
}

INLINE void line_result_adjoint(vec *o, const vec *y) {
    part_result_adjoint(0, o, y);
    part_result_adjoint(1, o + 1, y);
    part_result_adjoint(2, o + 3, y);
    part_result_adjoint(3, o + 5, y);
}

/* G: 3 -> 6 */
INLINE void line_weights(vec *o, const vec *g) {
    vec even_a = g[0] * (1 / NA) + g[2] * (PA2 / NA), odd_a = g[1] * (PA / NA);
    vec even_b = g[0] * (1 / NB) + g[2] * (PB2 / NB), odd_b = g[1] * (PB / NB);
    o[0] = g[0] * (1 / (PA2 * PB2));
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = g[2];
}

/* G^T: 6 -> 3 */
INLINE void line_weights_adjoint(vec *o, const vec *m) {
    vec even_a = m[1] + m[2], even_b = m[3] + m[4];
    o[0] = m[0] * (1 / (PA2 * PB2)) + even_a * (1 / NA) + even_b * (1 / NB);
    o[1] = (m[1] - m[2]) * (PA / NA) + (m[3] - m[4]) * (PB / NB);
    o[2] = even_a * (PA2 / NA) + even_b * (PB2 / NB) + m[5];
}

/* Stride 1, F(8,3): points 0, +-WA, +-WB, +-WC, +-WD, infinity. Of the pairs on a grid of sixteenths these have about
 * the smallest errors: 4x8 tiles have five times those of 4x4 tiles, and a sixth fewer products. A term of B^T's line
 * of +-p is x (x +- p) times the product of (x^2 - q^2) over the other pairs q. */
#define WA 0.4375f
#define WB 0.75f
#define WC 1.25f
#define WD 2.0f
#define WA2 (WA * WA)
#define WB2 (WB * WB)
#define WC2 (WC * WC)
#define WD2 (WD * WD)
/* Products of the differences between a point and the other finite points, for p; q, r, s are the other pairs. */
#define W_NORM(p2, q2, r2, s2) (2 * (p2) * ((p2) - (q2)) * ((p2) - (r2)) * ((p2) - (s2)))
/* The positive point of each pair, and these products. */
#define WIDE_PAIRS \
    { WA, WB, WC, WD }
#define WIDE_NORMS \
    { W_NORM(WA2, WB2, WC2, WD2), W_NORM(WB2, WA2, WC2, WD2), W_NORM(WC2, WA2, WB2, WD2), W_NORM(WD2, WA2, WB2, WC2) }
#define W_SUM3(q2, r2, s2) ((q2) + (r2) + (s2))
#define W_PAIRS3(q2, r2, s2) ((q2) * (r2) + (q2) * (s2) + (r2) * (s2))

/* The two lines of B^T of the points +-p. */
INLINE void wide_image_pair(vec *o, const vec *d, const float p, const float q2, const float r2, const float s2) {
    const float sum = W_SUM3(q2, r2, s2), pairs = W_PAIRS3(q2, r2, s2), all = q2 * r2 * s2;
    vec even = d[8] - sum * d[6] + pairs * d[4] - all * d[2], odd = d[7] - sum * d[5] + pairs * d[3] - all * d[1];
    o[0] = even + p * odd;
    o[1] = even - p * odd;
}

/* The line of 0, and one pixel further that of infinity. */
INLINE vec wide_image_end(const vec *d) {
    const float sum = WA2 + WB2 + WC2 + WD2, triples = WA2 * W_PAIRS3(WB2, WC2, WD2) + WB2 * WC2 * WD2,
                pairs = WA2 * W_SUM3(WB2, WC2, WD2) + W_PAIRS3(WB2, WC2, WD2);
    return d[8] - sum * d[6] + pairs * d[4] - triples * d[2] + WA2 * WB2 * WC2 * WD2 * d[0];
}

/* B^T: 10 -> 10 */
INLINE void line_wide_image(vec *o, const vec *d) {
    o[0] = wide_image_end(d);
    wide_image_pair(o + 1, d, WA, WB2, WC2, WD2);
    wide_image_pair(o + 3, d, WB, WA2, WC2, WD2);
    wide_image_pair(o + 5, d, WC, WA2, WB2, WD2);
    wide_image_pair(o + 7, d, WD, WA2, WB2, WC2);
    o[9] = wide_image_end(d + 1);
}

/* A^T: 10 -> 8 */
INLINE void line_wide_result(vec *o, const vec *m) {
    const float p[4] = WIDE_PAIRS;
    vec even[4], odd[4];
    UNROLL for (int i = 0; i < 4; i++) even[i] = m[2 * i + 1] + m[2 * i + 2], odd[i] = m[2 * i + 1] - m[2 * i + 2];
    UNROLL for (int i = 0; i < 4; i++) odd[i] *= p[i];
    UNROLL for (int k = 0; k < 4; k++) {
        o[2 * k] = (even[0] + even[1]) + (even[2] + even[3]);
        o[2 * k + 1] = (odd[0] + odd[1]) + (odd[2] + odd[3]);
        UNROLL for (int i = 0; i < 4; i++) even[i] *= p[i] * p[i], odd[i] *= p[i] * p[i];
    }
    o[0] += m[0];
    o[7] += m[9];
}

/* A: 8 -> 10 */
INLINE void line_wide_result_adjoint(vec *o, const vec *y) {
    const float p[4] = WIDE_PAIRS;
    o[0] = y[0];
    UNROLL for (int i = 0; i < 4; i++) {
        const float p2 = p[i] * p[i];
        vec even = y[0] + p2 * (y[2] + p2 * (y[4] + p2 * y[6])), odd = y[1] + p2 * (y[3] + p2 * (y[5] + p2 * y[7]));
        o[2 * i + 1] = even + p[i] * odd;
        o[2 * i + 2] = even - p[i] * odd;
    }
    o[9] = y[7];
}

/* G: 3 -> 10 */
INLINE void line_wide_weights(vec *o, const vec *g) {
    const float p[4] = WIDE_PAIRS, norm[4] = WIDE_NORMS;
    o[0] = g[0] * (1 / (WA2 * WB2 * WC2 * WD2));
    UNROLL for (int i = 0; i < 4; i++) {
        vec even = g[0] * (1 / norm[i]) + g[2] * (p[i] * p[i] / norm[i]), odd = g[1] * (p[i] / norm[i]);
        o[2 * i + 1] = even + odd;
        o[2 * i + 2] = even - odd;
    }
    o[9] = g[2];
}

/* G^T: 10 -> 3 */
INLINE void line_wide_weights_adjoint(vec *o, const vec *m) {
    const float p[4] = WIDE_PAIRS, norm[4] = WIDE_NORMS;
    o[0] = m[0] * (1 / (WA2 * WB2 * WC2 * WD2));
    o[1] = (vec){0};
    o[2] = m[9];
    UNROLL for (int i = 0; i < 4; i++) {
        vec even = m[2 * i + 1] + m[2 * i + 2];
        o[0] += even * (1 / norm[i]);
        o[1] += (m[2 * i + 1] - m[2 * i + 2]) * (p[i] / norm[i]);
        o[2] += even * (p[i] * p[i] / norm[i]);
    }
}

/* Stride 2. y[i] = w0 x[2i] + w1 x[2i+1] + w2 x[2i+2]: a convolution of the even pixels by two taps, F(4,2), and the
 * odd pixels times one. Of the 9 points, 5 belong to the even pixels (a, -a, b, -b, infinity), 4 are the odd pixels
 * themselves; of the weights' 6, the last one is w1. With a = 1/2, b = 5/4 errors are half of F(4,3)'s. */
#define QA 0.5f
#define QB 1.25f
#define QA2 (QA * QA)
#define QB2 (QB * QB)
#define MA (2 * QA * (QA2 - QB2))
#define MB (2 * QB * (QB2 - QA2))

/* F(4,2) of every other pixel: 5 of 9 pixels -> 5 points. Parts: a, -a; b, -b; infinity. */
INLINE void part_every_other_image(const int part, vec *o, const vec *x) {
    if (part == 0) {
        vec odd_a = x[6] - QB2 * x[2], even_a = QA * (x[4] - QB2 * x[0]);
        o[0] = odd_a + even_a;
        o[1] = odd_a - even_a;
    } else if (part == 1) {
        vec odd_b = x[6] - QA2 * x[2], even_b = QB * (x[4] - QA2 * x[0]);
        o[0] = odd_b + even_b;
        o[1] = odd_b - even_b;
    } else {
        o[0] = (QA2 * QB2) * x[0] - (QA2 + QB2) * x[4] + x[8];
    }
}

INLINE void every_other_image(vec *o, const vec *x) {
    part_every_other_image(0, o, x);
    part_every_other_image(1, o + 2, x);
    part_every_other_image(2, o + 4, x);
}

/* Its transpose. apart: the products of m[4] are rounded before they are added. */
INLINE void every_other_image_adjoint(const bool apart, vec *o, const vec *m) {
    vec even_a = QA * (m[0] - m[1]), odd_a = m[0] + m[1], even_b = QB * (m[2] - m[3]), odd_b = m[2] + m[3];
    vec first = (QA2 * QB2) * m[4], middle = (QA2 + QB2) * m[4];
    if (apart) {
        ROUNDED(first);
        ROUNDED(middle);
    }
    o[0] = first - QB2 * even_a - QA2 * even_b;
    o[2] = -QB2 * odd_a - QA2 * odd_b;
    o[4] = even_a + even_b - middle;
    o[6] = odd_a + odd_b;
    o[8] = m[4];
}

/* 5 points -> 4 pixels */
INLINE void two_taps_result(vec *o, const vec *m) {
    vec even_a = m[0] + m[1], odd_a = m[0] - m[1], even_b = m[2] + m[3], odd_b = m[2] - m[3];
    o[0] = even_a + even_b;
    o[1] = QA * odd_a + QB * odd_b;
    o[2] = QA2 * even_a + QB2 * even_b;
    o[3] = (QA2 * QA) * odd_a + (QB2 * QB) * odd_b + m[4];
}

/* Its transpose, by the same parts. */
INLINE void part_two_taps_result_adjoint(const int part, vec *o, const vec *y) {
    if (part == 0) {
        vec even_a = y[0] + QA2 * y[2], odd_a = QA * y[1] + (QA2 * QA) * y[3];
        o[0] = even_a + odd_a;
        o[1] = even_a - odd_a;
    } else if (part == 1) {
        vec even_b = y[0] + QB2 * y[2], odd_b = QB * y[1] + (QB2 * QB) * y[3];
        o[0] = even_b + odd_b;
        o[1] = even_b - odd_b;
    } else {
        o[0] = y[3];
    }
}

INLINE void line_two_taps_result_adjoint(vec *o, const vec *y) {
    part_two_taps_result_adjoint(0, o, y);
    part_two_taps_result_adjoint(1, o + 2, y);
    part_two_taps_result_adjoint(2, o + 4, y);
}

/* Taps g[0] and g[2] -> 5 points */
INLINE void two_taps_weights(vec *o, const vec *g) {
    o[0] = g[0] * (1 / MA) + g[2] * (QA / MA);
    o[1] = g[2] * (QA / MA) - g[0] * (1 / MA);
    o[2] = g[0] * (1 / MB) + g[2] * (QB / MB);
    o[3] = g[2] * (QB / MB) - g[0] * (1 / MB);
    o[4] = g[2];
}

/* Its transpose. */
INLINE void two_taps_weights_adjoint(vec *o, const vec *m) {
    o[0] = (m[0] - m[1]) * (1 / MA) + (m[2] - m[3]) * (1 / MB);
    o[2] = (m[0] + m[1]) * (QA / MA) + (m[2] + m[3]) * (QB / MB) + m[4];
}

/* 9 -> 9. Parts: those of the even pixels, then each odd pixel. */
INLINE void part_half_image(const int part, vec *o, const vec *x) {
    if (part < 3) part_every_other_image(part, o, x);
    else o[0] = x[2 * part - 5];
}

INLINE void line_half_image(vec *o, const vec *x) {
    every_other_image(o, x);
    UNROLL for (int i = 0; i < 4; i++) part_half_image(3 + i, o + 5 + i, x);
}

INLINE void half_image_adjoint(const bool apart, vec *o, const vec *m) {
    every_other_image_adjoint(apart, o, m);
    UNROLL for (int i = 0; i < 4; i++) o[2 * i + 1] = m[5 + i];
}

INLINE void line_half_image_adjoint(vec *o, const vec *m) { half_image_adjoint(false, o, m); }

/* 9 -> 4 */
INLINE void line_half_result(vec *o, const vec *m) {
    two_taps_result(o, m);
    UNROLL for (int i = 0; i < 4; i++) o[i] += m[5 + i];
}

/* 4 -> 9, by parts as many. */
INLINE void part_half_result_adjoint(const int part, vec *o, const vec *y) {
    if (part < 3) part_two_taps_result_adjoint(part, o, y);
    else o[0] = y[part - 3];
}

INLINE void line_half_result_adjoint(vec *o, const vec *y) {
    line_two_taps_result_adjoint(o, y);
    UNROLL for (int i = 0; i < 4; i++) part_half_result_adjoint(3 + i, o + 5 + i, y);
}

/* 3 -> 6 */
INLINE void line_half_weights(vec *o, const vec *g) {
    two_taps_weights(o, g);
    o[5] = g[1];
}

/* 6 -> 3 */
INLINE void line_half_weights_adjoint(vec *o, const vec *m) {
    two_taps_weights_adjoint(o, m);
    o[1] = m[5];
}

/* Windows of 4 with stride 2. y[i] = w0 x[2i] + w2 x[2i+2] + w1 x[2i+1] + w3 x[2i+3]: F(4,2) of the even pixels, and
 * F(4,2) of the odd ones. */

/* 10 -> 10 */
INLINE void line_four_image(vec *o, const vec *x) {
    every_other_image(o, x);
    every_other_image(o + 5, x + 1);
}

INLINE void line_four_image_adjoint(vec *o, const vec *m) {
    every_other_image_adjoint(false, o, m);
    every_other_image_adjoint(false, o + 1, m + 5);
}

/* 10 -> 4 */
INLINE void line_four_result(vec *o, const vec *m) {
    vec sum[5];
    UNROLL for (int i = 0; i < 5; i++) sum[i] = m[i] + m[5 + i];
    two_taps_result(o, sum);
}

/* 4 -> 10 */
INLINE void line_four_weights(vec *o, const vec *g) {
    two_taps_weights(o, g);
    two_taps_weights(o + 5, g + 1);
}

/* 10 -> 4 */
INLINE void line_four_weights_adjoint(vec *o, const vec *m) {
    two_taps_weights_adjoint(o, m);
    two_taps_weights_adjoint(o + 1, m + 5);
}

/* What a transform's results are: pixels; pixels of tiles that overlap, the first rows and columns of which are added
 * to what is there; terms, all of which are added; or points. */
enum { PIXELS, SHARED_PIXELS, TERMS, POINTS };

/* A core waits for so many lines at a time at most, and drops what is to be fetched beyond: more than these are fetched
 * between the second pass's stores, few of them at once before the first. */
enum { FETCHED_AT_ONCE = 24 };

/* The size of a transform: rows and columns of what it reads and of what it makes. */
typedef struct transform_size {
    int in_y, in_x, out_y, out_x;
} transform_size;

INLINE void fetch_row(const int in, const int seen, int i, const float *const *from, int64_t at) {
    UNROLL for (int j = seen; j < in; j++) __builtin_prefetch(from[i * in + j] + at, 0, 2);
}

/* to_step: NULL, or what is needed soon is fetched. scaled: each value is multiplied with from[number of values] first,
 * and rounded. */
INLINE void transform_vector(const transform_size size, const int kind, const int seen, const bool scaled,
                             void (*line_y)(vec *, const vec *), void (*line_x)(vec *, const vec *),
                             const float *const *from, int64_t from_at, float *const *to, int64_t to_at,
                             const int64_t *to_step, gt_ahead ahead) {
    const int in_y = size.in_y, in_x = size.in_x, out_y = size.out_y, out_x = size.out_x;
    const bool at_once = in_y * (in_x - seen) <= FETCHED_AT_ONCE;
    const int overlap = out_x - 8; /* of shared pixels: a step of two for each of 4 results */
    vec half[10][10], column[10], row[10], factor = {0};
    if (scaled) factor = *(const vec *)(from[in_y * in_x] + from_at);
    if (to_step && at_once)
        for (int i = 0; i < in_y; i++) fetch_row(in_x, seen, i, from, from_at + ahead.from);
    if (to_step && kind == POINTS)
        for (int i = 0; i < out_y * out_x; i++) __builtin_prefetch(to[i] + to_step[i] + ahead.to, 1, 2);
    UNROLL for (int j = 0; j < in_x; j++) {
        UNROLL for (int i = 0; i < in_y; i++) {
            column[i] = *(const vec *)(from[i * in_x + j] + from_at);
            if (!scaled) continue;
            column[i] *= factor;
            ROUNDED(column[i]);
        }
        if (to_step && kind != POINTS && j < out_x && !(kind == SHARED_PIXELS && j < overlap)) {
            UNROLL for (int i = 0; i < out_y; i++) __builtin_prefetch(to[i * out_x + j] + to_at + ahead.to, 1, 2);
        }
        line_y(row, column);
        UNROLL for (int i = 0; i < out_y; i++) half[i][j] = row[i];
    }
    UNROLL for (int i = 0; i < out_y; i++) {
        line_x(row, half[i]);
        if (to_step && !at_once) {
            UNROLL for (int k = i * in_y / out_y; k < (i + 1) * in_y / out_y; k++)
                fetch_row(in_x, seen, k, from, from_at + ahead.from);
        }
        UNROLL for (int j = 0; j < out_x; j++) {
            vec *at = (vec *)(to[i * out_x + j] + to_at);
            if (kind == TERMS || (kind == SHARED_PIXELS && (i < overlap || j < overlap))) row[j] += *at;
            *at = row[j];
        }
    }
}

/* The last values, fewer than a vector, by way of padded copies. */
INLINE void transform_rest(const transform_size size, const int kind, const bool scaled,
                           void (*line_y)(vec *, const vec *), void (*line_x)(vec *, const vec *),
                           const float *const *from, int64_t from_at, float *const *to, int64_t to_at, int64_t count) {
    const int read = size.in_y * size.in_x + scaled, made = size.out_y * size.out_x;
    float before[GT_WINOGRAD_POINTS_MAX + 1][LANES], after[GT_WINOGRAD_POINTS_MAX][LANES];
    const float *padded[GT_WINOGRAD_POINTS_MAX + 1];
    float *result[GT_WINOGRAD_POINTS_MAX];
    for (int i = 0; i < read; i++) {
        *(vec *)before[i] = (vec){0};
        memcpy(before[i], from[i] + from_at, (size_t)count * sizeof(float));
        padded[i] = before[i];
    }
    for (int i = 0; i < made; i++) {
        result[i] = after[i];
        if (kind == SHARED_PIXELS || kind == TERMS) memcpy(after[i], to[i] + to_at, (size_t)count * sizeof(float));
    }
    transform_vector(size, kind, size.in_x, scaled, line_y, line_x, padded, 0, result, 0, NULL, (gt_ahead){0, 0});
    for (int i = 0; i < made; i++) memcpy(to[i] + to_at, after[i], (size_t)count * sizeof(float));
}

/* Shared pixels have other bits in transform_rest() (winograd_tiles.h: MIDDLE), so the last channels, fewer than a
 * chunk, have bits that depend on the length of vectors. An arithmetic behind fma-9 could compute all of them there. */
INLINE void transform(const transform_size size, const int kind, const int seen, const bool scaled,
                      void (*line_y)(vec *, const vec *), void (*line_x)(vec *, const vec *), const float *const *from,
                      float **to, const int64_t *to_step, int64_t count, gt_ahead ahead) {
    int64_t c = 0;
    for (; c + LANES <= count; c += LANES) {
        transform_vector(size, kind, seen, scaled, line_y, line_x, from, c, to, c % GT_CHUNK,
                         c % GT_CHUNK ? NULL : to_step, ahead);
        if ((c + LANES) % GT_CHUNK == 0)
            for (int i = 0; i < size.out_y * size.out_x; i++) to[i] += to_step[i];
    }
    if (c < count) transform_rest(size, kind, scaled, line_y, line_x, from, c, to, c % GT_CHUNK, count - c);
}

/* X(kind, transform, map of columns, map of rows, size, what the results are, seen). `seen`: so many columns of what is
 * read are not fetched ahead: the tile to the left has read them, or they lie in a small buffer. */
#define SIZE(...) ((transform_size){__VA_ARGS__})
#define TRANSFORMS_OF_IMAGES(X)                                                                    \
    X(WHOLE, IMAGE, image, image, SIZE(6, 6, 6, 6), POINTS, 2)                                     \
    X(WHOLE, RESULT_ADJOINT, result_adjoint, result_adjoint, SIZE(4, 4, 6, 6), POINTS, 0)          \
    X(WIDE, IMAGE, image, wide_image, SIZE(6, 10, 6, 10), POINTS, 2)                               \
    X(WIDE, RESULT_ADJOINT, result_adjoint, wide_result_adjoint, SIZE(4, 8, 6, 10), POINTS, 0)     \
    X(HALF, IMAGE, half_image, half_image, SIZE(9, 9, 9, 9), POINTS, 1)                            \
    X(HALF, RESULT_ADJOINT, half_result_adjoint, half_result_adjoint, SIZE(4, 4, 9, 9), POINTS, 0) \
    X(FOUR, IMAGE, four_image, four_image, SIZE(10, 10, 10, 10), POINTS, 2)                        \
    X(FOUR, RESULT_ADJOINT, two_taps_result_adjoint, two_taps_result_adjoint, SIZE(4, 4, 5, 5), POINTS, 0)
#define OTHER_TRANSFORMS(X)                                                                                \
    X(WHOLE, RESULT, result, result, SIZE(6, 6, 4, 4), PIXELS, 0)                                          \
    X(WHOLE, WEIGHTS, weights, weights, SIZE(3, 3, 6, 6), POINTS, 3)                                       \
    X(WHOLE, WEIGHTS_ADJOINT, weights_adjoint, weights_adjoint, SIZE(6, 6, 3, 3), PIXELS, 0)               \
    X(WHOLE, WEIGHTS_ADDED, weights_adjoint, weights_adjoint, SIZE(6, 6, 3, 3), TERMS, 0)                  \
    X(WIDE, RESULT, result, wide_result, SIZE(6, 10, 4, 8), PIXELS, 0)                                     \
    X(WIDE, WEIGHTS, weights, wide_weights, SIZE(3, 3, 6, 10), POINTS, 3)                                  \
    X(WIDE, WEIGHTS_ADJOINT, weights_adjoint, wide_weights_adjoint, SIZE(6, 10, 3, 3), PIXELS, 0)          \
    X(WIDE, WEIGHTS_ADDED, weights_adjoint, wide_weights_adjoint, SIZE(6, 10, 3, 3), TERMS, 0)             \
    X(HALF, IMAGE_ADJOINT, half_image_adjoint, half_image_adjoint, SIZE(9, 9, 9, 9), SHARED_PIXELS, 0)     \
    X(HALF, RESULT, half_result, half_result, SIZE(9, 9, 4, 4), PIXELS, 0)                                 \
    X(HALF, WEIGHTS, half_weights, half_weights, SIZE(3, 3, 6, 6), POINTS, 3)                              \
    X(HALF, WEIGHTS_ADJOINT, half_weights_adjoint, half_weights_adjoint, SIZE(6, 6, 3, 3), PIXELS, 0)      \
    X(HALF, WEIGHTS_ADDED, half_weights_adjoint, half_weights_adjoint, SIZE(6, 6, 3, 3), TERMS, 0)         \
    X(FOUR, IMAGE_ADJOINT, four_image_adjoint, four_image_adjoint, SIZE(10, 10, 10, 10), SHARED_PIXELS, 0) \
    X(FOUR, RESULT, four_result, four_result, SIZE(10, 10, 4, 4), PIXELS, 0)                               \
    X(FOUR, WEIGHTS, four_weights, four_weights, SIZE(4, 4, 10, 10), POINTS, 4)                            \
    X(FOUR, WEIGHTS_ADJOINT, four_weights_adjoint, four_weights_adjoint, SIZE(10, 10, 4, 4), PIXELS, 0)    \
    X(FOUR, WEIGHTS_ADDED, four_weights_adjoint, four_weights_adjoint, SIZE(10, 10, 4, 4), TERMS, 0)

#define FUNCTION(name, line_y, line_x, size, results, seen, scaled)                                                 \
    static void name(const float *const *from, float **to, const int64_t *to_step, int64_t count, gt_ahead ahead) { \
        transform(size, results, seen, scaled, line_##line_y, line_##line_x, from, to, to_step, count, ahead);      \
    }
#define PLAIN(kind, name, line_y, line_x, size, results, seen) \
    FUNCTION(kind##_##name, line_y, line_x, size, results, seen, false)
#define SCALED(kind, name, line_y, line_x, size, results, seen) \
    FUNCTION(kind##_##name##_SCALED, line_y, line_x, size, results, seen, true)
TRANSFORMS_OF_IMAGES(PLAIN)
TRANSFORMS_OF_IMAGES(SCALED)
OTHER_TRANSFORMS(PLAIN)
