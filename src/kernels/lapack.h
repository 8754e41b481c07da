/* SPDX-License-Identifier: Apache-2.0
 * Dense symmetric matrices of float64, [d,d] row by row, by LAPACK on the calling thread alone. Any thread, several at
 * a time. */
#ifndef GANTRY_KERNELS_LAPACK_H
#define GANTRY_KERNELS_LAPACK_H

#include <stdbool.h>
#include <stddef.h>

/* A = L L^T in place: L in the lower triangle, zeros above. false: A is not positive definite (A is then spoilt). Reads
 * the lower triangle. */
bool gt_cholesky(size_t d, double *a);
/* The inverse of a lower triangular matrix with a positive diagonal, in place. */
void gt_invert_lower(size_t d, double *l);

/* The nearest matrix among those whose eigenvalues are at least `least`, in place: same eigenvectors, smaller
 * eigenvalues raised. false: no convergence. scratch: gt_raise_scratch(d) doubles. */
bool gt_raise_eigenvalues(size_t d, double *a, double least, double *scratch);
size_t gt_raise_scratch(size_t d);

#endif
