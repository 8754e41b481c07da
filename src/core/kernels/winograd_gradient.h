/* SPDX-License-Identifier: Apache-2.0
 * Source of gt_gradient_fn, compiled once per set of instructions with gemm_micro.h and winograd_transforms.h. The
 * planes are taken column by column: the sums over K of a column stay in registers, are transformed along y, and wait
 * in `room` for the other columns. With 16 registers that is slower than products by the micro-kernel: sets that have
 * no more leave their rows of the table empty. */

/* A row of Y in registers: read again for each row of U, it would take as long as the products. */
INLINE void read_row(const int V, vec *row, const float *y) {
    UNROLL for (int v = 0; v < V; v++) {
        row[v] = *(const vec *)(y + v * LANES);
        ROUNDED(row[v]);
    }
}

INLINE void multiply_row(const int R, const int V, vec (*sum)[2], const float *u, const vec *row) {
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) sum[r][v] += u[r] * row[v]; }
}

/* sum[r][v] += the products of n values of K; u: R rows side by side, y: V vectors of columns. */
INLINE void add_products(const int R, const int V, vec (*sum)[2], const float *u, int64_t u_step, const float *y,
                         int64_t n) {
    vec own[2][2];
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) own[r][v] = sum[r][v]; }
    for (; n > 0; n--, u += u_step, y += V * LANES) {
        vec row[2];
        read_row(V, row, y);
        multiply_row(R, V, own, u, row);
    }
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) sum[r][v] = own[r][v]; }
}

/* What remains of a plane's sum, whose first `done` values, at most a chain of them, are there. */
INLINE void finish_sum(const int R, const int V, vec (*sum)[2], const gt_winograd_plane *p, int64_t row, int64_t u_step,
                       int64_t done) {
    int64_t chain = p->k < GT_CHAIN ? p->k : GT_CHAIN;
    add_products(R, V, sum, p->u + row + done * u_step, u_step, p->y + done * V * LANES, chain - done);
    for (int64_t k = GT_CHAIN; k < p->k; k += GT_CHAIN) {
        vec next[2][2] = {0};
        chain = p->k - k < GT_CHAIN ? p->k - k : GT_CHAIN;
        add_products(R, V, next, p->u + row + k * u_step, u_step, p->y + k * V * LANES, chain);
        UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) sum[r][v] = next[r][v] + sum[r][v]; }
    }
}

/* The sums of two planes at a time: those of one would wait for each other. */
INLINE void two_sums(const int R, const int V, vec (*a)[2], vec (*b)[2], const gt_winograd_plane *pa,
                     const gt_winograd_plane *pb, int64_t row, int64_t u_step) {
    const float *ua = pa->u + row, *ub = pb->u + row, *ya = pa->y, *yb = pb->y;
    int64_t both = pa->k < pb->k ? pa->k : pb->k;
    if (both > GT_CHAIN) both = GT_CHAIN;
    vec sum_a[2][2] = {0}, sum_b[2][2] = {0}; /* in registers, as a and b are not */
    for (int64_t k = 0; k < both; k++, ua += u_step, ub += u_step, ya += V * LANES, yb += V * LANES) {
        vec row_a[2], row_b[2];
        read_row(V, row_a, ya);
        read_row(V, row_b, yb);
        multiply_row(R, V, sum_a, ua, row_a);
        multiply_row(R, V, sum_b, ub, row_b);
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) a[r][v] = sum_a[r][v], b[r][v] = sum_b[r][v];
    }
    if (pa->k > both) finish_sum(R, V, a, pa, row, u_step, both);
    if (pb->k > both) finish_sum(R, V, b, pb, row, u_step, both);
}

/* Column j of the planes, R rows. half: [rows][taps along y][planes along x][V] */
INLINE void gradient_column(const transform_size size, const int R, const int V, void (*line_y)(vec *, const vec *),
                            const gt_winograd_plane *planes, int64_t u_step, int64_t row, int j, vec *half) {
    vec sum[10][2][2];
    UNROLL for (int i = 0; i < size.in_y; i += 2)
        two_sums(R, V, sum[i], sum[i + 1], planes + i * size.in_x + j, planes + (i + 1) * size.in_x + j, row, u_step);
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) {
            vec m[10], taps[4];
            UNROLL for (int i = 0; i < size.in_y; i++) m[i] = sum[i][r][v];
            line_y(taps, m);
            UNROLL for (int t = 0; t < size.out_y; t++)
                half[(((row + r) * size.out_y + t) * size.in_x + j) * V + v] = taps[t];
        }
    }
}

/* A line of taps, of which `own` columns belong to the block. */
INLINE void gradient_taps(const transform_size size, void (*line_x)(vec *, const vec *), const vec *half, const int V,
                          float *to, int64_t tap_step, int own, bool add) {
    vec m[10], taps[4];
    UNROLL for (int i = 0; i < size.in_x; i++) m[i] = half[i * V];
    line_x(taps, m);
    UNROLL for (int k = 0; k < size.out_x; k++, to += tap_step) {
        if (own >= LANES) {
            if (add) taps[k] += *(vec *)to;
            *(vec *)to = taps[k];
        } else {
            float part[LANES];
            *(vec *)part = taps[k];
            for (int i = 0; i < own; i++) to[i] = add ? part[i] + to[i] : part[i];
        }
    }
}

INLINE void gradient(const transform_size size, const int V, void (*line_y)(vec *, const vec *),
                     void (*line_x)(vec *, const vec *), const gt_winograd_plane *planes, int64_t u_step, int rows,
                     int columns, float *room, float *to, int64_t tap_step, int64_t row_step, bool add) {
    vec *half = (vec *)room;
    for (int j = 0; j < size.in_x; j++) {
        int r = 0;
        for (; r + 2 <= rows; r += 2) gradient_column(size, 2, V, line_y, planes, u_step, r, j, half);
        if (r < rows) gradient_column(size, 1, V, line_y, planes, u_step, r, j, half);
    }
    for (int r = 0; r < rows; r++)
        for (int t = 0; t < size.out_y; t++, half += size.in_x * V)
            UNROLL for (int v = 0; v < V; v++)
                gradient_taps(size, line_x, half + v, V, to + r * row_step + t * size.out_x * tap_step + v * LANES,
                              tap_step, columns - v * LANES, add);
}

#define GRADIENTS(X)                                                      \
    X(WHOLE, weights_adjoint, weights_adjoint, SIZE(6, 6, 3, 3))          \
    X(WIDE, weights_adjoint, wide_weights_adjoint, SIZE(6, 10, 3, 3))     \
    X(HALF, half_weights_adjoint, half_weights_adjoint, SIZE(6, 6, 3, 3)) \
    X(FOUR, four_weights_adjoint, four_weights_adjoint, SIZE(10, 10, 4, 4))
#define GRADIENT_OF(V, line_y, line_x, size) \
    gradient(size, V, line_##line_y, line_##line_x, planes, u_step, rows, columns, room, to, tap_step, row_step, add)
#define GRADIENT(kind, line_y, line_x, size)                                                                       \
    static void kind##_gradient(const gt_winograd_plane *planes, int64_t u_step, int width, int rows, int columns, \
                                float *room, float *to, int64_t tap_step, int64_t row_step, bool add) {            \
        if (width == LANES) GRADIENT_OF(1, line_y, line_x, size);                                                  \
        else GRADIENT_OF(2, line_y, line_x, size);                                                                 \
    }
GRADIENTS(GRADIENT)
