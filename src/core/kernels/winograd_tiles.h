/* SPDX-License-Identifier: Apache-2.0
 * Source of the kernels of gt_tile_kernels (gemm_kernels.h has the contract), compiled once per set of instructions
 * with gemm_micro.h and winograd_transforms.h, which has the formulas: transforms that read and write tiles where they
 * lie in images, by rows, and products of the points of many tiles.
 *
 * What lies in one place after the other is known to the compiler here, so that no pointers are loaded and moved for
 * each vector. A tile that is cut off by the edge of the image, or has scales, goes by way of a copy of one vector of
 * channels, in the first-level cache. So the transforms themselves have no branches; with some, gcc would fuse other
 * products (it fuses none across a branch), and bits would differ. */

enum { TILE = GT_TILE_POINTS * LANES };

/* ---- pixels -> points ---- */

/* Parts of so many lines of points, and the first line of each; the line after the last part's. */
INLINE int parts_of(const int lines) { return lines == 6 ? 4 : 7; }
INLINE int first_line(const int lines, const int part) {
    if (part == parts_of(lines)) return lines;
    if (lines == 6) return part ? 2 * part - 1 : 0;
    return part < 3 ? 2 * part : part + 2;
}

/* Line of points by line of points: what one needs stays in registers, and pixels are read once for each part.
 * soon, soon_step: pixels of the next tile, which are fetched but for the first `seen` columns. apart: vectors from
 * point to point. */
INLINE void points_of_pixels(const transform_size size, const int seen, const int apart,
                             void (*part_y)(const int, vec *, const vec *), void (*line_x)(vec *, const vec *),
                             const float *const *row, int64_t step, const float *const *soon, int64_t soon_step,
                             float *u) {
    UNROLL for (int part = 0; part < parts_of(size.out_y); part++) {
        const int line = first_line(size.out_y, part), lines = first_line(size.out_y, part + 1) - line;
        vec points[2][10];
        UNROLL for (int j = 0; j < size.in_x; j++) {
            vec column[10], made[2];
            if (part == 0 && j >= seen) {
                UNROLL for (int i = 0; i < size.in_y; i++) __builtin_prefetch(soon[i] + j * soon_step, 0, 3);
            }
            UNROLL for (int i = 0; i < size.in_y; i++) column[i] = *(const vec *)(row[i] + j * step);
            part_y(part, made, column);
            points[0][j] = made[0];
            if (lines == 2) points[1][j] = made[1];
        }
        UNROLL for (int k = 0; k < lines; k++) {
            float *to = u + (line + k) * size.out_x * apart * LANES;
            vec made[10];
            if (apart == 1) {
                line_x((vec *)to, points[k]);
                continue;
            }
            line_x(made, points[k]);
            UNROLL for (int j = 0; j < size.out_x; j++) * (vec *)(to + j * apart * LANES) = made[j];
        }
    }
}

INLINE vec first_values(const float *from, int count) {
    vec value = {0};
    if (count == LANES) return *(const vec *)from;
    memcpy(&value, from, (size_t)count * sizeof *from);
    return value;
}

/* `count` channels from c on of the tile's pixels, times the scales. */
INLINE void copy_pixels(const int rows, const int columns, const gt_tile *t, int64_t c, int count, vec *to) {
    vec factor = {0};
    if (t->scales) factor = first_values(t->scales + c, count);
    for (int i = 0; i < rows; i++, to += columns) {
        for (int j = 0; j < columns; j++) to[j] = (vec){0};
        if (i < t->top || i >= t->bottom) continue;
        for (int j = t->left; j < t->right; j++) {
            vec value = first_values(t->row[i] + j * t->step + c, count);
            if (t->scales) {
                value *= factor;
                ROUNDED(value);
            }
            to[j] = value;
        }
    }
}

INLINE bool is_whole(const int rows, const int columns, const gt_tile *t) {
    return t->top == 0 && t->left == 0 && t->bottom == rows && t->right == columns;
}

typedef void points_fn(const float *const *row, int64_t step, const float *const *soon, int64_t soon_step, float *u);

INLINE void read_tile(const int rows, const int columns, points_fn *points, const gt_tile *t, int64_t channels,
                      float *u, int64_t chunk) {
    vec copy[10 * 10];
    const float *row[10], *soon[10];
    bool in_place = is_whole(rows, columns, t) && !t->scales;
    for (int64_t c = 0; c < channels; c += LANES, u += chunk) {
        int count = channels - c < LANES ? (int)(channels - c) : LANES;
        UNROLL for (int i = 0; i < rows; i++) row[i] = t->row[i] + c, soon[i] = t->soon[i] + c;
        int64_t step = t->step;
        if (!in_place || count < LANES) {
            copy_pixels(rows, columns, t, c, count, copy);
            UNROLL for (int i = 0; i < rows; i++) row[i] = (const float *)(copy + i * columns);
            step = LANES;
        }
        points(row, step, soon, t->step, u);
    }
}

/* ---- points -> pixels ---- */

/* Of 9 columns of points, the one of infinity. There IMAGE_ADJOINT rounds two products of HALF's before it adds them:
 * gcc made it so in transform_vector() for whole vectors, since it fuses nothing across branches, when these bits were
 * defined. */
enum { MIDDLE = 4 };

INLINE void pixels_of_points(const transform_size size, const int kind, void (*line_y)(vec *, const vec *),
                             void (*line_x)(vec *, const vec *), const float *m, float *const *row, int64_t step,
                             float *const *soon, int64_t soon_step) {
    /* shared pixels: a step of two for each of 4 results */
    const int overlap = kind == SHARED_PIXELS ? size.out_x - 8 : kind == TERMS ? size.out_x : 0;
    vec half[10][10], column[10], line[10];
    UNROLL for (int j = 0; j < size.in_x; j++) {
        UNROLL for (int i = 0; i < size.in_y; i++) column[i] = *(const vec *)(m + (i * size.in_x + j) * LANES);
        if (j >= overlap && j < size.out_x) {
            UNROLL for (int i = 0; i < size.out_y; i++) __builtin_prefetch(soon[i] + j * soon_step, 1, 3);
        }
        if (kind == SHARED_PIXELS && j == MIDDLE) half_image_adjoint(true, line, column);
        else line_y(line, column);
        UNROLL for (int i = 0; i < size.out_y; i++) half[i][j] = line[i];
    }
    UNROLL for (int i = 0; i < size.out_y; i++) {
        line_x(line, half[i]);
        UNROLL for (int j = 0; j < size.out_x; j++) {
            vec *at = (vec *)(row[i] + j * step);
            if (i < overlap || j < overlap) line[j] += *at;
            *at = line[j];
        }
    }
}

/* What a copy is added to, and where it goes. */
INLINE void copy_back(const int columns, const gt_tile *t, int64_t c, int count, const vec *from) {
    for (int i = t->top; i < t->bottom; i++) {
        for (int j = t->left; j < t->right; j++) {
            float *to = t->row[i] + j * t->step + c;
            if (count == LANES) *(vec *)to = from[i * columns + j];
            else memcpy(to, from + i * columns + j, (size_t)count * sizeof *to);
        }
    }
}

typedef void pixels_fn(const float *m, float *const *row, int64_t step, float *const *soon, int64_t soon_step);

INLINE void write_tile(const int rows, const int columns, const bool added, pixels_fn *pixels, const gt_tile *t,
                       int64_t channels, float *m, int64_t chunk) {
    vec copy[10 * 10];
    float *row[10], *soon[10];
    bool in_place = is_whole(rows, columns, t);
    for (int64_t c = 0; c < channels; c += LANES, m += chunk) {
        int count = channels - c < LANES ? (int)(channels - c) : LANES;
        bool copied = !in_place || count < LANES;
        UNROLL for (int i = 0; i < rows; i++) row[i] = t->row[i] + c, soon[i] = t->soon[i] + c;
        int64_t step = t->step;
        if (copied) {
            if (added) copy_pixels(rows, columns, t, c, count, copy);
            UNROLL for (int i = 0; i < rows; i++) row[i] = (float *)(copy + i * columns);
            step = LANES;
        }
        pixels(m, row, step, soon, t->step);
        if (copied) copy_back(columns, t, c, count, copy);
    }
}

/* ---- products ---- */

INLINE void tile_products(const int R, const int V, int64_t k, const float *u, int64_t u_chunk, const float *b,
                          float *m, int64_t m_chunk) {
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) __builtin_prefetch(m + r * TILE + v * m_chunk, 1, 3);
    }
    bool add = false;
    do {
        vec acc[ROWS][2];
        int64_t chain = k < GT_CHAIN ? k : GT_CHAIN;
        k -= chain;
        UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) acc[r][v] = (vec){0}; }
        for (; chain >= LANES; chain -= LANES, u += u_chunk, b += LANES * V * LANES)
            for (int i = 0; i < LANES; i++) micro_step(R, V, TILE, acc, u + i, b + i * V * LANES);
        for (int i = 0; i < chain; i++) micro_step(R, V, TILE, acc, u + i, b + i * V * LANES);
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int v = 0; v < V; v++) {
                vec *to = (vec *)(m + r * TILE + v * m_chunk);
                if (add) acc[r][v] += *to;
                *to = acc[r][v];
            }
        }
        add = true;
    } while (k > 0);
}

/* Tiles [t, end) of a group, and a plane's points of each. */
INLINE void add_group(const int R, const int V, vec (*acc)[2], int tiles, int shared, const int32_t *points,
                      const float *u, const float *y, int64_t y_chunk) {
    for (; tiles > 0; tiles--, u += LANES, y += LANES) {
        for (int i = 0; i < shared; i++) {
            const float *own = u + points[i] * GT_TILE_GROUP * LANES, *at = y + points[i] * GT_TILE_GROUP * LANES;
            vec row[2];
            UNROLL for (int v = 0; v < V; v++) row[v] = *(const vec *)(at + v * y_chunk);
            UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) acc[r][v] += own[r] * row[v]; }
        }
    }
}

INLINE void tile_gradient(const int V, int64_t tiles, int shared, const int32_t *points, const float *u, const float *y,
                          int64_t y_chunk, float *d, int64_t d_chunk) {
    enum { R = LANES / 2 };
    int64_t chain = GT_CHAIN / shared;
    for (int64_t t = 0, end; t < tiles; t = end) {
        vec acc[R][2];
        end = tiles - t < chain ? tiles : t + chain;
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int v = 0; v < V; v++) {
                acc[r][v] = (vec){0};
                __builtin_prefetch(d + r * TILE + v * d_chunk, 1, 3);
            }
        }
        for (int64_t next, from = t; from < end; from = next) {
            int64_t group = from / GT_TILE_GROUP, at = (group * (GT_TILE_POINTS - 1) * GT_TILE_GROUP + from) * LANES;
            next = (group + 1) * GT_TILE_GROUP < end ? (group + 1) * GT_TILE_GROUP : end;
            add_group(R, V, acc, (int)(next - from), shared, points, u + at, y + at, y_chunk);
        }
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int v = 0; v < V; v++) {
                vec *to = (vec *)(d + r * TILE + v * d_chunk);
                if (t) acc[r][v] += *to;
                *to = acc[r][v];
            }
        }
    }
}

/* ---- the table ---- */

/* Which products are fused depends on what surrounds them, more with clang than with gcc: with clang the transforms of
 * stride 2 have other bits here than in winograd_transforms.h, so it has none. */
#ifdef __clang__
#define HALVES_READ(X)
#define HALVES_WRITTEN(X)
#else
#define HALVES_READ(X)                                          \
    X(HALF, IMAGE, half_image, half_image, SIZE(9, 9, 9, 9), 1) \
    X(HALF, RESULT_ADJOINT, half_result_adjoint, half_result_adjoint, SIZE(4, 4, 9, 9), 0)
#define HALVES_WRITTEN(X)                                                                           \
    X(HALF, RESULT, half_result, half_result, SIZE(9, 9, 4, 4), PIXELS)                             \
    X(HALF, IMAGE_ADJOINT, half_image_adjoint, half_image_adjoint, SIZE(9, 9, 9, 9), SHARED_PIXELS) \
    X(HALF, WEIGHTS_ADJOINT, half_weights_adjoint, half_weights_adjoint, SIZE(6, 6, 3, 3), PIXELS)  \
    X(HALF, WEIGHTS_ADDED, half_weights_adjoint, half_weights_adjoint, SIZE(6, 6, 3, 3), TERMS)
#endif

/* X(kind, transform, parts of columns, map of rows, size, seen) */
#define TILES_READ(X)                                                                  \
    X(WHOLE, IMAGE, image, image, SIZE(6, 6, 6, 6), 2)                                 \
    X(WHOLE, RESULT_ADJOINT, result_adjoint, result_adjoint, SIZE(4, 4, 6, 6), 0)      \
    X(WIDE, IMAGE, image, wide_image, SIZE(6, 10, 6, 10), 2)                           \
    X(WIDE, RESULT_ADJOINT, result_adjoint, wide_result_adjoint, SIZE(4, 8, 6, 10), 0) \
    HALVES_READ(X)
/* X(kind, transform, map of columns, map of rows, size, what the results are) */
#define TILES_WRITTEN(X)                                                                       \
    X(WHOLE, RESULT, result, result, SIZE(6, 6, 4, 4), PIXELS)                                 \
    X(WHOLE, WEIGHTS_ADJOINT, weights_adjoint, weights_adjoint, SIZE(6, 6, 3, 3), PIXELS)      \
    X(WHOLE, WEIGHTS_ADDED, weights_adjoint, weights_adjoint, SIZE(6, 6, 3, 3), TERMS)         \
    X(WIDE, RESULT, result, wide_result, SIZE(6, 10, 4, 8), PIXELS)                            \
    X(WIDE, WEIGHTS_ADJOINT, weights_adjoint, wide_weights_adjoint, SIZE(6, 10, 3, 3), PIXELS) \
    X(WIDE, WEIGHTS_ADDED, weights_adjoint, wide_weights_adjoint, SIZE(6, 10, 3, 3), TERMS)    \
    HALVES_WRITTEN(X)

#define READS_APART(name, apart, part_y, line_x, size, seen)                                                     \
    static __attribute__((noinline)) void name##_points(const float *const *row, int64_t step,                   \
                                                        const float *const *soon, int64_t soon_step, float *u) { \
        points_of_pixels(size, seen, apart, part_##part_y, line_##line_x, row, step, soon, soon_step, u);        \
    }                                                                                                            \
    static void name##_tile(const gt_tile *t, int64_t channels, float *u, int64_t chunk) {                       \
        read_tile(size.in_y, size.in_x, name##_points, t, channels, u, chunk);                                   \
    }
#define READS(kind, name, ...) \
    READS_APART(kind##_##name, 1, __VA_ARGS__) READS_APART(kind##_##name##_grouped, GT_TILE_GROUP, __VA_ARGS__)
#define WRITES(kind, name, line_y, line_x, size, results)                                                         \
    static __attribute__((noinline)) void kind##_##name##_pixels(const float *m, float *const *row, int64_t step, \
                                                                 float *const *soon, int64_t soon_step) {         \
        pixels_of_points(size, results, line_##line_y, line_##line_x, m, row, step, soon, soon_step);             \
    }                                                                                                             \
    static void kind##_##name##_tile(const gt_tile *t, int64_t channels, float *m, int64_t chunk) {               \
        write_tile(size.out_y, size.out_x, results != PIXELS, kind##_##name##_pixels, t, channels, m, chunk);     \
    }
TILES_READ(READS)
TILES_WRITTEN(WRITES)

#define PRODUCTS(name, R, V)                                                                                  \
    static void name(int64_t k, const float *u, int64_t u_chunk, const float *b, float *m, int64_t m_chunk) { \
        tile_products(R, V, k, u, u_chunk, b, m, m_chunk);                                                    \
    }
#define GRADIENT_PRODUCTS(name, V)                                                                     \
    static void name(int64_t tiles, int shared, const int32_t *points, const float *u, const float *y, \
                     int64_t y_chunk, float *d, int64_t d_chunk) {                                     \
        tile_gradient(V, tiles, shared, points, u, y, y_chunk, d, d_chunk);                            \
    }
#define PRODUCTS_OF(R) PRODUCTS(tiles_##R##x1, R, 1) PRODUCTS(tiles_##R##x2, R, 2)
// clang-format off
PRODUCTS_OF(1) PRODUCTS_OF(2) PRODUCTS_OF(3) PRODUCTS_OF(4) PRODUCTS_OF(5) PRODUCTS_OF(6)
#if ROWS == 14
PRODUCTS_OF(7) PRODUCTS_OF(8) PRODUCTS_OF(9) PRODUCTS_OF(10) PRODUCTS_OF(11) PRODUCTS_OF(12) PRODUCTS_OF(13)
PRODUCTS_OF(14)
#endif
GRADIENT_PRODUCTS(tile_gradient_1, 1) GRADIENT_PRODUCTS(tile_gradient_2, 2)

#define TILE_ROW(kind, name, ...) .transform[GT_WINOGRAD_##kind][GT_WINOGRAD_##name] = kind##_##name##_tile,
#define GROUPED_ROW(kind, name, ...) .grouped[GT_WINOGRAD_##kind][GT_WINOGRAD_##name] = kind##_##name##_grouped_tile,
static const gt_tile_kernels tile_kernels = {
    .products = {ROW_TABLE(tiles, x1), ROW_TABLE(tiles, x2)}, .gradient = {tile_gradient_1, tile_gradient_2},
    TILES_READ(GROUPED_ROW) TILES_READ(TILE_ROW) TILES_WRITTEN(TILE_ROW) /* .transform */
};
// clang-format on
