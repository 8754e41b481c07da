/* SPDX-License-Identifier: Apache-2.0
 * Matrix product of float32 matrices in row-major memory: C (=|+=) op(A) op(B), op(X) = X or its transpose.
 * A row or column of the result has the same bits whatever the other sizes and the number of threads (gemm_product.h).
 */
#ifndef GANTRY_KERNELS_DOOR_GEMM_H
#define GANTRY_KERNELS_DOOR_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/kernels.h"
#include "gantry/pool.h"
#include "kernels/slice_tree.h"

typedef struct gt_gemm_args {
    const gt_kernel_set *kernels;
    int64_t m, n, k;               /* op(A) is m x k, op(B) is k x n, C is m x n; any may be 0 */
    bool transpose_a, transpose_b; /* A is stored k x m; B is stored n x k */
    bool accumulate;               /* C += instead of C = */
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc; /* floats from one stored row to the next */
    const float *b_packed; /* B packed ahead by gt_gemm_pack_b(), or NULL: `b` is not read then. Bits are the same. */
} gt_gemm_args;

/* B packed once for many products: floats needed, and the packing. m, A and C do not matter. */
size_t gt_gemm_packed_floats(const gt_gemm_args *args);
void gt_gemm_pack_b(const gt_gemm_args *args, gt_pool *pool, float *packed);

/* Is the product computed as its transpose if B is not packed, and faster so than with a packed B? */
bool gt_gemm_turns(const gt_gemm_args *args);

size_t gt_gemm_workspace(const gt_gemm_args *args, int threads);        /* bytes; the pointers are not read */
void gt_gemm(const gt_gemm_args *args, gt_pool *pool, void *workspace); /* workspace aligned to 64 bytes */

/* The gradient of a weight of a matrix product over several slices (slice_tree.h): op(A) of each part of each slice is
 * the transpose of a[part] [slices][k][m], B is b[part] [slices][k][n]. `one` holds kernels and sizes of one slice;
 * apart: as of gt_slice_tree. */
size_t gt_gemm_gradient_workspace(const gt_gemm_args *one, int slices, int parts, bool apart, int threads);
void gt_gemm_gradient(const gt_gemm_args *one, int slices, int parts, bool apart, const float *const *a,
                      const float *const *b, const gt_leaf *leaf, gt_pool *pool, void *workspace, float *out);

#endif
