/* SPDX-License-Identifier: Apache-2.0
 * Source of the transforms of Winograd's F(4x4,3x3), compiled once per instruction set with gemm_micro.h (vec, INLINE, UNROLL, LANES).
 *
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), points 0, 1, -1, 2, -2, infinity:
 * y = A^T [(G w G^T) * (B^T x B)] A with tiles x of 6x6, w of 3x3, y of 4x4. Each is a map of lines, applied to the columns,
 * then to the rows. The weight gradient is the adjoint of the same formula: w = G^T [(A y A^T) * (B^T x B)] G. */

/* B^T: 6 -> 6 */
INLINE void line_image(vec *o, const vec *d) {
    vec a = d[4] - 4.f * d[2], b = d[3] - 4.f * d[1], c = d[4] - d[2], e = 2.f * (d[3] - d[1]);
    o[0] = 4.f * d[0] - 5.f * d[2] + d[4];
    o[1] = a + b;
    o[2] = a - b;
    o[3] = c + e;
    o[4] = c - e;
    o[5] = 4.f * d[1] - 5.f * d[3] + d[5];
}

/* A^T: 6 -> 4 */
INLINE void line_result(vec *o, const vec *m) {
    vec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
    o[0] = m[0] + a + c;
    o[1] = b + 2.f * d;
    o[2] = a + 4.f * c;
    o[3] = b + 8.f * d + m[5];
}

/* A: 4 -> 6 */
INLINE void line_result_adjoint(vec *o, const vec *y) {
    vec a = y[0] + y[2], b = y[1] + y[3], c = y[0] + 4.f * y[2], d = 2.f * y[1] + 8.f * y[3];
    o[0] = y[0];
    o[1] = a + b;
    o[2] = a - b;
    o[3] = c + d;
    o[4] = c - d;
    o[5] = y[3];
}

/* G: 3 -> 6 */
INLINE void line_weights(vec *o, const vec *g) {
    vec a = (g[0] + g[2]) * (-1 / 6.f), b = g[1] * (1 / 6.f), c = g[0] * (1 / 24.f) + g[2] * (1 / 6.f), d = g[1] * (1 / 12.f);
    o[0] = g[0] * 0.25f;
    o[1] = a - b;
    o[2] = a + b;
    o[3] = c + d;
    o[4] = c - d;
    o[5] = g[2];
}

/* G^T: 6 -> 3 */
INLINE void line_weights_adjoint(vec *o, const vec *m) {
    vec a = (m[1] + m[2]) * (-1 / 6.f), b = m[3] + m[4];
    o[0] = m[0] * 0.25f + a + b * (1 / 24.f);
    o[1] = (m[2] - m[1]) * (1 / 6.f) + (m[3] - m[4]) * (1 / 12.f);
    o[2] = a + b * (1 / 6.f) + m[5];
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
