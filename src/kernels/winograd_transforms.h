/* SPDX-License-Identifier: Apache-2.0
 * Source of the transforms of Winograd's F(4x4,3x3), compiled once per instruction set with gemm_micro.h (vec, INLINE, UNROLL, LANES).
 *
 * y = A^T [(G w G^T) * (B^T x B)] A with tiles x of 6x6, w of 3x3, y of 4x4 (Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2016). Each is a map of lines, applied to the columns, then to the rows. The weight gradient is the
 * adjoint of the same formula: w = G^T [(A y A^T) * (B^T x B)] G.
 *
 * Interpolation points 0, a, -a, b, -b, infinity. The usual a = 1, b = 2 lose a digit; 5/8 and 3/2 have a fifth of their largest error
 * (and half of the mean one), as small as any pair that was tried, and all their constants but G's are exact in float32. */
#define PA 0.625f
#define PB 1.5f
#define PA2 (PA * PA)
#define PB2 (PB * PB)
#define NA (2 * PA2 * (PA2 - PB2)) /* product of the differences between a and the other finite points */
#define NB (2 * PB2 * (PB2 - PA2))

/* B^T: 6 -> 6 */
INLINE void line_image(vec *o, const vec *d) {
    vec even_a = d[4] - PB2 * d[2], odd_a = PA * (d[3] - PB2 * d[1]), even_b = d[4] - PA2 * d[2], odd_b = PB * (d[3] - PA2 * d[1]);
    o[0] = (PA2 * PB2) * d[0] - (PA2 + PB2) * d[2] + d[4];
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = (PA2 * PB2) * d[1] - (PA2 + PB2) * d[3] + d[5];
}

/* A^T: 6 -> 4 */
INLINE void line_result(vec *o, const vec *m) {
    vec even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
    o[0] = m[0] + even_a + even_b;
    o[1] = PA * odd_a + PB * odd_b;
    o[2] = PA2 * even_a + PB2 * even_b;
    o[3] = (PA2 * PA) * odd_a + (PB2 * PB) * odd_b + m[5];
}

/* A: 4 -> 6 */
INLINE void line_result_adjoint(vec *o, const vec *y) {
    vec even_a = y[0] + PA2 * y[2], odd_a = PA * y[1] + (PA2 * PA) * y[3], even_b = y[0] + PB2 * y[2], odd_b = PB * y[1] + (PB2 * PB) * y[3];
    o[0] = y[0];
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = y[3];
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

INLINE void transform_vector(const int in, const int out, void (*line)(vec *, const vec *), const float *const *from, int64_t from_at,
                             float *const *to, int64_t to_at) {
    vec half[6][6], column[6], row[6];
    UNROLL for (int j = 0; j < in; j++) {
        UNROLL for (int i = 0; i < in; i++) column[i] = *(const vec *)(from[i * in + j] + from_at);
        line(row, column);
        UNROLL for (int i = 0; i < out; i++) half[i][j] = row[i];
    }
    UNROLL for (int i = 0; i < out; i++) {
        line(row, half[i]);
        UNROLL for (int j = 0; j < out; j++) *(vec *)(to[i * out + j] + to_at) = row[j];
    }
}

/* The last values, fewer than a vector, by way of padded copies. */
INLINE void transform_rest(const int in, const int out, void (*line)(vec *, const vec *), const float *const *from, int64_t from_at,
                           float *const *to, int64_t to_at, int64_t count) {
    float before[36][LANES], after[36][LANES];
    const float *padded[36];
    float *result[36];
    for (int i = 0; i < in * in; i++) {
        *(vec *)before[i] = (vec){0};
        memcpy(before[i], from[i] + from_at, (size_t)count * sizeof(float));
        padded[i] = before[i];
    }
    for (int i = 0; i < out * out; i++) result[i] = after[i];
    transform_vector(in, out, line, padded, 0, result, 0);
    for (int i = 0; i < out * out; i++) memcpy(to[i] + to_at, after[i], (size_t)count * sizeof(float));
}

INLINE void transform(const int in, const int out, void (*line)(vec *, const vec *), const float *const *from, float *const *to,
                      int64_t to_step, int64_t count) {
    int64_t c = 0;
    for (; c + LANES <= count; c += LANES) transform_vector(in, out, line, from, c, to, c / GT_CHUNK * to_step + c % GT_CHUNK);
    if (c < count) transform_rest(in, out, line, from, c, to, c / GT_CHUNK * to_step + c % GT_CHUNK, count - c);
}

#define TRANSFORM(name, in, out)                                                                                  \
    static void transform_##name(const float *const *from, float *const *to, int64_t to_step, int64_t count) { \
        transform(in, out, line_##name, from, to, to_step, count);                                              \
    }
TRANSFORM(image, 6, 6)
TRANSFORM(result, 6, 4)
TRANSFORM(result_adjoint, 4, 6)
TRANSFORM(weights, 3, 6)
TRANSFORM(weights_adjoint, 6, 3)
