/* SPDX-License-Identifier: Apache-2.0
 * The table of vector kernels of one set of instructions. One source (gemm_micro.h) is compiled once per set by
 * gemm_avx512.c, gemm_avx2.c, gemm_neon.c and gemm_portable.c; a kernel set holds one of the tables (kernel_set.h).
 *
 * Micro-kernel: C[r][j] (=|+=) sum over k in increasing order of A[r][k] B[k][j], for `rows` rows and up to 2 vectors
 * of columns. Every element is the sum, in order, of chains of fused multiply-adds (multiply, then add, where the CPU
 * has no FMA), one for each GT_CHAIN of k: it does not depend on rows or columns of the call. One chain over all of K
 * would have twice the error at 512 (of Winograd's wide tiles, where sums are much larger than results).
 *
 * A, as packed:  chunked   A[r][k] at a[(k/16)*rows*16 + r*16 + k%16]   rows of memory copied 16 floats at a time
 *                by k      A[r][k] at a[k*lda + r]                      columns of memory copied as they are
 * B:             B[k][j] at b[k*ldb + j] */
#ifndef GANTRY_KERNELS_GEMM_KERNELS_H
#define GANTRY_KERNELS_GEMM_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    GT_CHUNK = 16,      /* floats of one row side by side in a chunked panel */
    GT_CHAIN = 128,     /* of K: a multiple of GT_CHUNK, and a divisor of GT_PRODUCT_KC */
    GT_MICRO_ROWS = 14, /* most rows of any set */
    /* most rows of a tile of any set: several panels of micro rows, and a multiple of the vector length */
    GT_TILE_ROWS = 112,
};

/* What will be needed soon: with each GT_CHUNK of K, the next `step` floats from `at` on, but not past `end`, are
 * fetched into the second-level cache. The micro-kernels move `at` on. A list of them ends with a step of 0. */
typedef struct gt_fetch {
    const float *at, *end;
    int64_t step;
} gt_fetch;

/* Rows c[0..rows) + c_offset receive the first `columns` of the result. `lda` is read by the by-k kernels only.
 * `ahead`: a list. */
typedef void gt_micro_fn(int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *const *c,
                         int64_t c_offset, int columns, bool add, gt_fetch *ahead);

/* The same where A is not packed: A[r][k] at a[places[r] + k * a_step]. K, at most GT_CHAIN, is a list of parts, each
 * of which has its own place in A and B; all parts are one chain. B must be readable to whole vectors; `c` has room for
 * the first `columns` of each row, rows lie ldc floats apart. */
typedef struct gt_strided_part {
    const float *a, *b;
    int64_t k;
} gt_strided_part;
typedef void gt_strided_fn(const gt_strided_part *parts, int count, const int64_t *places, int64_t a_step, int64_t ldb,
                           float *c, int64_t ldc, int columns, bool add);

/* The same of few columns, into all of which vectors of rows go: B need not be readable beyond them. */
enum {
    GT_FEW = 4,   /* most columns */
    GT_TALL = 4,  /* most vectors of rows of .across_k */
    GT_TALLS = 3, /* 1, 2, 4 */
};

/* The kinds of convolution that Winograd's transforms are made for. */
typedef enum gt_winograd_kind {
    GT_WINOGRAD_WHOLE, /* windows of 3x3, stride 1 */
    GT_WINOGRAD_WIDE,  /* the same, by tiles of 4x8 results instead of 4x4 */
    GT_WINOGRAD_HALF,  /* windows of 3x3, stride 2 */
    GT_WINOGRAD_FOUR,  /* windows of 4x4, stride 2 */
    GT_WINOGRAD_KINDS
} gt_winograd_kind;

/* Winograd's transforms (winograd_transforms.h): small matrices of vectors over channels, stored row by row
 * behind arrays of pointers. Value c < count of element i is read at from[i][c] and written at to[i][c / GT_CHUNK *
 * to_step[i] + c % GT_CHUNK]. `to` is moved on past the whole chunks. The memory that lies `ahead` is fetched: it will
 * be read or written soon (points: beyond the next chunk). Sizes (rows x columns) are those of the kinds in their
 * order. */
typedef enum gt_winograd_transform {
    GT_WINOGRAD_IMAGE,          /* pixels in -> points: 6x6 -> 6x6, 6x10 -> 6x10, 9x9 -> 9x9, 10x10 -> 10x10 */
    GT_WINOGRAD_RESULT_ADJOINT, /* pixels out -> points: 4x4 -> 6x6, 4x8 -> 6x10, 4x4 -> 9x9, 4x4 -> 5x5 */
    /* Points -> pixels in, of HALF and FOUR: the first row and column, or the first two, are added to what lies there.
     */
    GT_WINOGRAD_IMAGE_ADJOINT,
    GT_WINOGRAD_RESULT,          /* points -> pixels out: 4x4, 4x8, 4x4, 4x4 */
    GT_WINOGRAD_WEIGHTS,         /* taps -> points of weights: 3x3 -> 6x6, 3x3 -> 6x10, 3x3 -> 6x6, 4x4 -> 10x10 */
    GT_WINOGRAD_WEIGHTS_ADJOINT, /* points of weights -> taps */
    GT_WINOGRAD_WEIGHTS_ADDED,   /* the same, added to what lies there */
    GT_WINOGRAD_TRANSFORMS,
    GT_WINOGRAD_SCALED = GT_WINOGRAD_RESULT_ADJOINT + 1 /* so many read images, which may have scales */
} gt_winograd_transform;
enum { GT_WINOGRAD_POINTS_MAX = 100 };
typedef struct gt_ahead {
    int64_t from, to; /* floats further on */
} gt_ahead;
typedef void gt_transform_fn(const float *const *from, float **to, const int64_t *to_step, int64_t count,
                             gt_ahead ahead);

/* Winograd's weight gradient where K is short (winograd_weight_grad.c has the terms): a block of taps at once, from the
 * products of all planes, which are transformed back (WEIGHTS_ADJOINT) in registers. Of plane i, U is at
 * planes[i].u[k * u_step + row] and Y at planes[i].y[k * width + column], up to planes[i].k. The block has `rows`, at
 * most GT_GRADIENT_ROWS, and the first `columns` of a panel of B of this width. to[tap * tap_step + row * row_step +
 * column] is written, or added to. room: GT_GRADIENT_ROOM floats. */
typedef struct gt_winograd_plane {
    const float *u, *y;
    int64_t k;
} gt_winograd_plane;
enum {
    GT_GRADIENT_ROWS = 16,
    GT_GRADIENT_ROOM = GT_GRADIENT_ROWS * 4 * 10 * 32, /* taps along y, planes along x, columns of the widest panel */
};
typedef void gt_gradient_fn(const gt_winograd_plane *planes, int64_t u_step, int width, int rows, int columns,
                            float *room, float *to, int64_t tap_step, int64_t row_step, bool add);

/* Winograd's convolution where transformed values stay in the second-level cache (winograd_fused.c). Those of a block
 * of tiles lie tile by tile, in chunks of `lanes` channels: channel c of point p of tile t is at
 *
 *   at[c / lanes * chunk + (t * GT_TILE_POINTS + p) * lanes + c % lanes]
 *
 * so that the values of a tile lie side by side for the transforms, those of a point at equal distances, an odd number
 * of vectors, for the products. Channels are padded to whole chunks, with any values. */
enum {
    GT_TILE_POINTS = 81, /* of the kinds that have such kernels, the most */
    GT_TILE_SIDE = 10,   /* pixels along an axis, at most */
    GT_TILE_GROUP = 7,   /* the weight gradient's K are tiles: point p of so many of them lies side by side, from
                            (t / 7 * GT_TILE_POINTS + p) * 7 * lanes on */
};

/* A tile of an image, in place: pixel (i, j) begins at row[i] + j * step. Of its rows and columns those from top and
 * left up to, not including, bottom and right lie in the image, the others are neither read nor written. */
typedef struct gt_tile {
    float *row[GT_TILE_SIDE];
    float *soon[GT_TILE_SIDE]; /* the next tile's rows, or other memory: fetched */
    int64_t step;
    int top, bottom, left, right;
    const float *scales; /* NULL, or pixels are multiplied with them as they are read, and rounded */
} gt_tile;

/* Pixels to points, those of pixels outside being +0; or points to pixels, or to taps, for which a tile is a window
 * (IMAGE_ADJOINT: the first row and column are added to what lies there; WEIGHTS_ADDED: all). */
typedef void gt_tile_transform_fn(const gt_tile *tile, int64_t channels, float *at, int64_t chunk);
/* M = U V of one point of so many tiles as the kernel has rows, with one panel of B of `columns`; as gt_micro_fn. */
typedef void gt_tile_product_fn(int64_t k, const float *u, int64_t u_chunk, const float *b, float *m, int64_t m_chunk);

/* D = U Y of a plane, which has `shared` of the points, in groups: lanes / 2 channels of U, and
 * a panel of those of Y. Row r of D lies as tile r does, for the transform back. K as in gt_winograd_plane. */
typedef void gt_tile_gradient_fn(int64_t tiles, int shared, const int32_t *points, const float *u, const float *y,
                                 int64_t y_chunk, float *d, int64_t d_chunk);

typedef struct gt_tile_kernels {
    gt_tile_transform_fn *transform[GT_WINOGRAD_KINDS][GT_WINOGRAD_TRANSFORMS]; /* NULL: there is none */
    gt_tile_transform_fn *grouped[GT_WINOGRAD_KINDS][GT_WINOGRAD_TRANSFORMS]; /* those to points, in groups of tiles */
    gt_tile_product_fn *products[2][GT_MICRO_ROWS + 1];                       /* [vectors of columns - 1][tiles] */
    gt_tile_gradient_fn *gradient[2]; /* [vectors of columns - 1]: lanes / 2 rows */
} gt_tile_kernels;

typedef struct gt_gemm_kernels {
    int lanes;     /* floats per vector; a panel of B is two vectors wide, the last one may be one */
    int rows;      /* most rows of the micro-kernel */
    int tile_rows; /* rows of a tile: a multiple of both */
    gt_micro_fn *micro[2][2][GT_MICRO_ROWS + 1];  /* [by k][vectors of columns - 1][rows] */
    gt_strided_fn *strided[2][GT_MICRO_ROWS + 1]; /* [vectors of columns - 1][rows] */
    gt_strided_fn *along_k[GT_FEW + 1];           /* [columns]: `lanes` rows, a_step 1 */
    /* [columns][i]: 2^i * `lanes` rows side by side: places[r] = places[0] + r */
    gt_strided_fn *across_k[GT_FEW + 1][GT_TALLS];
    gt_transform_fn *transform[GT_WINOGRAD_KINDS][GT_WINOGRAD_TRANSFORMS];
    /* The same of the pixels times from[number of pixels], each product rounded. */
    gt_transform_fn *scaled[GT_WINOGRAD_KINDS][GT_WINOGRAD_SCALED];
    gt_gradient_fn *gradient[GT_WINOGRAD_KINDS]; /* NULL: does not pay */
    const gt_tile_kernels *tiles;                /* NULL: do not pay */
    double (*fma_peak)(int64_t rounds);          /* dependency-free FMAs on registers; returns the flops done */
} gt_gemm_kernels;

extern const gt_gemm_kernels gt_gemm_portable, gt_gemm_neon, gt_gemm_avx2, gt_gemm_avx512;

#endif
