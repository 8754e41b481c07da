/* SPDX-License-Identifier: Apache-2.0
 * Source of the vector kernels, compiled once per set of instructions. The including file defines
 *   LANES     floats per vector
 *   ROWS      most rows of the micro-kernel: ROWS x 2 accumulators, two vectors of B and a broadcast must fit the
 *             registers
 *   KERNELS   name of the table
 * and selects the target. Floating-point contraction is on here, and only here: a += u * b must be one FMA. */
#include "kernels/micro.h"

enum { LINE = 16 }; /* floats of a cache line */
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* acc += one column of A (R values `stride` apart) times one row of B (V vectors). */
INLINE void micro_step(const int R, const int V, const int stride, vec (*acc)[2], const float *a, const float *b) {
    vec row[2];
    UNROLL for (int v = 0; v < V; v++) row[v] = *(const vec *)(b + v * LANES);
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) acc[r][v] += a[r * stride] * row[v]; }
}

/* The first columns of a tile that is cut off by the edge of C. */
static __attribute__((noinline)) void micro_store_part(int rows, const float *from, float *const *c, int64_t c_offset,
                                                       int columns, bool add) {
    for (int r = 0; r < rows; r++, from += 2 * LANES) {
        float *out = c[r] + c_offset;
        for (int j = 0; j < columns; j++) out[j] = add ? out[j] + from[j] : from[j];
    }
}

INLINE void micro_store(const int R, const int V, vec (*acc)[2], float *const *c, int64_t c_offset, int columns,
                        bool add) {
    if (columns == V * LANES) {
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int v = 0; v < V; v++) {
                vec *p = (vec *)(c[r] + c_offset + v * LANES);
                if (add) acc[r][v] += *p;
                *p = acc[r][v];
            }
        }
        return;
    }
    float rows[ROWS][2 * LANES]; /* a copy, so that the accumulators themselves stay in registers */
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) * (vec *)(rows[r] + v * LANES) = acc[r][v];
    }
    micro_store_part(R, rows[0], c, c_offset, columns, add);
}

/* GT_CHUNK steps of K. */
INLINE void micro_chunk(const int R, const int V, const bool by_k, vec (*acc)[2], const float *a, int64_t lda,
                        const float *b, int64_t ldb, gt_fetch *ahead) {
    for (; ahead->step; ahead++) {
        const float *at = ahead->at, *end = at + ahead->step;
        if (end > ahead->end) end = ahead->end;
        for (; at < end; at += LINE) __builtin_prefetch(at, 0, 2);
        ahead->at = at;
    }
    for (int i = 0; i < GT_CHUNK; i++, b += ldb, a += by_k ? lda : 1) micro_step(R, V, by_k ? 1 : GT_CHUNK, acc, a, b);
}

INLINE void micro(const int R, const int V, const bool by_k, int64_t k, const float *a, int64_t lda, const float *b,
                  int64_t ldb, float *const *c, int64_t c_offset, int columns, bool add, gt_fetch *ahead) {
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) if (v * LANES % LINE == 0)
            __builtin_prefetch(c[r] + c_offset + v * LANES, 1, 3);
    }
    do {
        vec acc[ROWS][2];
        int64_t chain = k < GT_CHAIN ? k : GT_CHAIN;
        k -= chain;
        UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) acc[r][v] = (vec){0}; }
        for (; chain >= GT_CHUNK; chain -= GT_CHUNK, a += by_k ? GT_CHUNK * lda : R * GT_CHUNK, b += GT_CHUNK * ldb)
            micro_chunk(R, V, by_k, acc, a, lda, b, ldb, ahead);
        for (; chain > 0; chain--, a += by_k ? lda : 1, b += ldb) micro_step(R, V, by_k ? 1 : GT_CHUNK, acc, a, b);
        micro_store(R, V, acc, c, c_offset, columns, add);
        add = true;
    } while (k > 0);
}

/* gt_strided_fn: R rows, V vectors of columns. */
INLINE void strided(const int R, const int V, const gt_strided_part *parts, int count, const int64_t *places,
                    int64_t a_step, int64_t ldb, float *c, int64_t ldc, int columns, bool add) {
    vec acc[ROWS][2];
    float *rows[ROWS];
    UNROLL for (int r = 0; r < R; r++) {
        rows[r] = c + r * ldc;
        UNROLL for (int v = 0; v < V; v++) {
            acc[r][v] = (vec){0};
            if (v * LANES % LINE == 0) __builtin_prefetch(rows[r] + v * LANES, 1, 3);
        }
    }
    for (; count > 0; count--, parts++) {
        const float *a = parts->a, *b = parts->b;
        for (int64_t k = parts->k; k > 0; k--, a += a_step, b += ldb) {
            vec row[2];
            UNROLL for (int v = 0; v < V; v++) row[v] = *(const vec *)(b + v * LANES);
            UNROLL for (int r = 0; r < R; r++) {
                UNROLL for (int v = 0; v < V; v++) acc[r][v] += a[places[r]] * row[v];
            }
        }
    }
    if (columns == ldc && columns < V * LANES && !add) { /* rows side by side: the next row covers what is too much */
        UNROLL for (int r = 0; r < R; r++) {
            float row[2 * LANES];
            UNROLL for (int v = 0; v < V; v++) * (vec *)(row + v * LANES) = acc[r][v];
            if ((R - r) * columns >= V * LANES) memcpy(rows[r], row, V * LANES * sizeof *row);
            else memcpy(rows[r], row, (size_t)columns * sizeof *row);
        }
        return;
    }
    micro_store(R, V, acc, rows, 0, columns, add);
}

/* ---- few columns: vectors are of rows ---- */

/* The values of two vectors in turns: of their first halves, of their second halves. */
#if LANES == 16
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#endif
#ifdef __clang__
#define IN_TURNS(a, b, halves) __builtin_shufflevector(a, b, halves)
#else
typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
#define IN_TURNS(a, b, halves) __builtin_shuffle(a, b, (lanes){halves})
#endif

/* Transposes a square of values. The index of a value is its row, then its place in the row; each turn of the loop
 * moves the first bit of it to the end. */
INLINE void transpose(vec *v) {
    UNROLL for (int n = LANES; n > 1; n /= 2) {
        vec from[LANES];
        UNROLL for (int i = 0; i < LANES; i++) from[i] = v[i];
        UNROLL for (int i = 0; i < LANES / 2; i++) {
            v[2 * i] = IN_TURNS(from[i], from[i + LANES / 2], LOW);
            v[2 * i + 1] = IN_TURNS(from[i], from[i + LANES / 2], HIGH);
        }
    }
}

/* Vectors of rows into the columns of C. */
INLINE void store_columns(const int V, const int N, vec (*acc)[GT_FEW], float *c, int64_t ldc, bool add) {
    UNROLL for (int v = 0; v < V; v++) {
        UNROLL for (int n = 0; n < N; n++) {
            float column[LANES], *to = c + v * LANES * ldc + n;
            *(vec *)column = acc[v][n];
            for (int r = 0; r < LANES; r++) to[r * ldc] = add ? column[r] + to[r * ldc] : column[r];
        }
    }
}

/* gt_strided_fn: LANES rows, which lie along K in memory (a_step is 1), N columns. */
INLINE void along_k(const int N, const gt_strided_part *parts, int count, const int64_t *places, int64_t ldb, float *c,
                    int64_t ldc, bool add) {
    vec acc[1][GT_FEW];
    int64_t ahead = LANES * (places[1] - places[0]); /* the next call's rows, where positions are side by side */
    UNROLL for (int n = 0; n < N; n++) acc[0][n] = (vec){0};
    for (; count > 0; count--, parts++) {
        const float *a = parts->a, *b = parts->b;
        int64_t k = parts->k;
        for (; k >= LANES; k -= LANES, a += LANES) {
            vec v[LANES];
            UNROLL for (int r = 0; r < LANES; r++) {
                v[r] = *(const vec *)(a + places[r]);
                __builtin_prefetch(a + places[r] + ahead);
            }
            transpose(v);
            UNROLL for (int i = 0; i < LANES; i++, b += ldb) {
                UNROLL for (int n = 0; n < N; n++) acc[0][n] += v[i] * b[n];
            }
        }
        for (; k > 0; k--, a++, b += ldb) {
            float column[LANES];
            for (int r = 0; r < LANES; r++) column[r] = a[places[r]];
            UNROLL for (int n = 0; n < N; n++) acc[0][n] += *(const vec *)column * b[n];
        }
    }
    store_columns(1, N, acc, c, ldc, add);
}

/* gt_strided_fn: V vectors of rows, which lie side by side in memory, N columns. */
INLINE void across_k(const int V, const int N, const gt_strided_part *parts, int count, const int64_t *places,
                     int64_t a_step, int64_t ldb, float *c, int64_t ldc, bool add) {
    vec acc[GT_TALL][GT_FEW];
    UNROLL for (int v = 0; v < V; v++) { UNROLL for (int n = 0; n < N; n++) acc[v][n] = (vec){0}; }
    for (; count > 0; count--, parts++) {
        const float *a = parts->a + places[0], *b = parts->b;
        for (int64_t k = parts->k; k > 0; k--, a += a_step, b += ldb) {
            UNROLL for (int v = 0; v < V; v++) {
                UNROLL for (int n = 0; n < N; n++) acc[v][n] += *(const vec *)(a + v * LANES) * b[n];
            }
        }
    }
    store_columns(V, N, acc, c, ldc, add);
}

#define ALONG_K(N)                                                                                          \
    static void along_k_##N(const gt_strided_part *parts, int count, const int64_t *places, int64_t a_step, \
                            int64_t ldb, float *c, int64_t ldc, int columns, bool add) {                    \
        (void)a_step, (void)columns;                                                                        \
        along_k(N, parts, count, places, ldb, c, ldc, add);                                                 \
    }
#define ACROSS_K(N, V)                                                                                             \
    static void across_k_##N##x##V(const gt_strided_part *parts, int count, const int64_t *places, int64_t a_step, \
                                   int64_t ldb, float *c, int64_t ldc, int columns, bool add) {                    \
        (void)columns;                                                                                             \
        across_k(V, N, parts, count, places, a_step, ldb, c, ldc, add);                                            \
    }
#define FEW(N) ALONG_K(N) ACROSS_K(N, 1) ACROSS_K(N, 2) ACROSS_K(N, 4)
#define TALL_ROW(N) \
    { across_k_##N##x1, across_k_##N##x2, across_k_##N##x4 }
FEW(1)
FEW(2)
FEW(3)
FEW(4)

#define STRIDED(name, R, V)                                                                                       \
    static void name(const gt_strided_part *parts, int count, const int64_t *places, int64_t a_step, int64_t ldb, \
                     float *c, int64_t ldc, int columns, bool add) {                                              \
        strided(R, V, parts, count, places, a_step, ldb, c, ldc, columns, add);                                   \
    }
#define MICRO(name, R, V, BY_K)                                                                            \
    static void name(int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *const *c, \
                     int64_t c_offset, int columns, bool add, gt_fetch *ahead) {                           \
        micro(R, V, BY_K, k, a, lda, b, ldb, c, c_offset, columns, add, ahead);                            \
    }
// clang-format off
#define MICRO_ALL(R)                                                                                             \
    MICRO(chunked_##R##x1, R, 1, false) MICRO(chunked_##R##x2, R, 2, false)                                      \
    MICRO(by_k_##R##x1, R, 1, true) MICRO(by_k_##R##x2, R, 2, true)                                              \
    STRIDED(strided_##R##x1, R, 1) STRIDED(strided_##R##x2, R, 2)
MICRO_ALL(1) MICRO_ALL(2) MICRO_ALL(3) MICRO_ALL(4) MICRO_ALL(5) MICRO_ALL(6)
#if ROWS == 14
MICRO_ALL(7) MICRO_ALL(8) MICRO_ALL(9) MICRO_ALL(10) MICRO_ALL(11) MICRO_ALL(12) MICRO_ALL(13) MICRO_ALL(14)
#define ROW_TABLE(kind, v)                                                                                       \
    {0, kind##_1##v, kind##_2##v, kind##_3##v, kind##_4##v, kind##_5##v, kind##_6##v, kind##_7##v,               \
     kind##_8##v, kind##_9##v, kind##_10##v, kind##_11##v, kind##_12##v, kind##_13##v, kind##_14##v}
#else
#define ROW_TABLE(kind, v) {0, kind##_1##v, kind##_2##v, kind##_3##v, kind##_4##v, kind##_5##v, kind##_6##v}
#endif
    // clang-format on

    /* As many chains as the widest micro-kernel needs at least; the factor keeps the values finite. The compiler must
     * not know it, or it works out beforehand the chain that begins at the fixed point, and counts what is never done.
     */
    static double fma_peak(int64_t rounds) {
    enum { CHAINS = 12 };
    volatile float half = 0.5f, one = 1.0f;
    vec acc[CHAINS], factor = (vec){0} + half, term = (vec){0} + one;
    UNROLL for (int i = 0; i < CHAINS; i++) acc[i] = (vec){0} + (float)i;
    for (int64_t r = 0; r < rounds; r++) {
        UNROLL for (int i = 0; i < CHAINS; i++) acc[i] = acc[i] * factor + term;
    }
    vec sum = {0};
    UNROLL for (int i = 0; i < CHAINS; i++) sum += acc[i];
    volatile float sink = sum[0];
    (void)sink;
    return 2.0 * LANES * CHAINS * (double)rounds;
}

#include "kernels/winograd_transforms.h"

#if ROWS == 14
#include "kernels/winograd_gradient.h"
#else
#define GRADIENTS(X)
#endif

#if LANES > 4
#include "kernels/winograd_tiles.h"
#define TILES &tile_kernels
#else
#define TILES NULL
#endif

#define PLAIN_ROW(kind, name, ...) .transform[GT_WINOGRAD_##kind][GT_WINOGRAD_##name] = kind##_##name,
#define SCALED_ROW(kind, name, ...) .scaled[GT_WINOGRAD_##kind][GT_WINOGRAD_##name] = kind##_##name##_SCALED,
#define GRADIENT_ROW(kind, ...) .gradient[GT_WINOGRAD_##kind] = kind##_gradient,

const gt_gemm_kernels KERNELS = {
    .lanes = LANES,
    .rows = ROWS,
    .tile_rows = ROWS == 14 ? 112 : 96,
    .micro = {{ROW_TABLE(chunked, x1), ROW_TABLE(chunked, x2)}, {ROW_TABLE(by_k, x1), ROW_TABLE(by_k, x2)}},
    .strided = {ROW_TABLE(strided, x1), ROW_TABLE(strided, x2)},
    .along_k = {0, along_k_1, along_k_2, along_k_3, along_k_4},
    .across_k = {{0}, TALL_ROW(1), TALL_ROW(2), TALL_ROW(3), TALL_ROW(4)},
    .fma_peak = fma_peak,
    .tiles = TILES,
    TRANSFORMS_OF_IMAGES(PLAIN_ROW) TRANSFORMS_OF_IMAGES(SCALED_ROW) OTHER_TRANSFORMS(PLAIN_ROW) GRADIENTS(GRADIENT_ROW)
    // .transform, .scaled, .gradient
};
