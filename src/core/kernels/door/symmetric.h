/* SPDX-License-Identifier: Apache-2.0
 * Symmetric matrices [d,d] of float64, row by row, factorised by plain arithmetic in fixed orders: every processor
 * gives the same bits, which no LAPACK promises. Any thread, several at a time; no memory is taken. Where last bits
 * do not matter, lapack.h is faster. */
#ifndef GANTRY_KERNELS_DOOR_SYMMETRIC_H
#define GANTRY_KERNELS_DOOR_SYMMETRIC_H

#include <stdbool.h>
#include <stddef.h>

/* A = L L^T in place: L in the lower triangle, zeros above. false: A is not positive definite (A is then spoilt). Reads
 * the lower triangle. */
bool gt_cholesky(size_t d, double *a);
/* The inverse of a lower triangular matrix with a positive diagonal, in place. */
void gt_invert_lower(size_t d, double *l);

/* The eigenvalues of A, descending, and in row i of `vectors` [d,d] the eigenvector of values[i]: of length 1, its
 * largest number by amount (the first one of equals) positive. Reads the whole matrix and spoils it. false: no
 * convergence, or values that are not finite. scratch: gt_eigenvectors_scratch(d) doubles. */
bool gt_eigenvectors(size_t d, double *a, double *values, double *vectors, double *scratch);
size_t gt_eigenvectors_scratch(size_t d);
/* Adds x x^T of each of the n rows [n,d] to the lower triangle of a [d,d]. */
void gt_add_products(size_t d, size_t n, const double *rows, double *a);

/* The nearest matrix among those whose eigenvalues are at least `least`, in place: same eigenvectors, smaller
 * eigenvalues raised. Reads the whole matrix. false: no convergence, or values that are not finite. scratch:
 * gt_raise_scratch(d) doubles. */
bool gt_raise_eigenvalues(size_t d, double *a, double least, double *scratch);
size_t gt_raise_scratch(size_t d);

#endif
