/* SPDX-License-Identifier: Apache-2.0
 * Dense matrices of float64, symmetric ones [d,d], row by row, by LAPACK on the calling thread alone: fast, and with
 * last bits that differ between processors. What trains or makes pictures takes symmetric.h instead. Any thread,
 * several at a time, after gt_lapack_begin(). */
#ifndef GANTRY_KERNELS_DOOR_LAPACK_H
#define GANTRY_KERNELS_DOOR_LAPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/pool.h"
#include "gantry/status.h"

/* Takes the memory of OpenBLAS for all that follows: address space for each thread of the pool (NULL: this thread
 * alone), but for no more threads than there are tiles. To be called before the functions below wherever a status can
 * be returned; cheap when the memory has been taken. GT_NOMEM: the system does not give it. OpenBLAS itself would ask
 * for it again and again, for ever. */
gt_status gt_lapack_begin(const gt_pool *pool, int64_t tiles);
enum { GT_LAPACK_BUFFER = 128 << 20 }; /* bytes for each thread */

/* The eigenvalues of A, ascending; `vectors`: row i of `a` becomes the eigenvector of values[i], else `a` is spoilt.
 * Reads the lower triangle. false: no convergence. scratch: gt_eigen_scratch(d, vectors) doubles. */
bool gt_eigen(size_t d, double *a, bool vectors, double *values, double *scratch);
size_t gt_eigen_scratch(size_t d, bool vectors);

/* The singular values, descending, of the matrix a [m,n], which is spoilt: as many as the smaller of m and n. false: no
 * convergence. scratch: gt_singular_scratch(m, n) doubles. */
bool gt_singular_values(size_t m, size_t n, double *a, double *values, double *scratch);
size_t gt_singular_scratch(size_t m, size_t n);

/* c [m,n] += A^T B of k rows each, or c [m,n] = A B^T: rows of a, b and c lie lda, ldb and ldc doubles apart. */
void gt_add_product_of_columns(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb,
                               double *c, size_t ldc);
void gt_product_of_rows(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb,
                        double *c, size_t ldc);

#endif
