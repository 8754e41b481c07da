/* SPDX-License-Identifier: Apache-2.0
 * Symmetric matrices by LAPACK, which stores matrices by columns: a row here is a column there, and the lower triangle
 * here is the upper triangle there. */
#include "kernels/lapack.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info);
void dtrtri_(const char *uplo, const char *diag, const blasint *n, double *a, const blasint *lda, blasint *info);
void dsyevd_(const char *jobz, const char *uplo, const blasint *n, double *a, const blasint *lda, double *w,
             double *work, const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info);

static void set_one_thread(void) { openblas_set_num_threads(1); }

/* No threads of its own: they would change bits, and take cores that others want. */
static void use_one_thread(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_one_thread);
}

bool gt_cholesky(size_t d, double *a) {
    use_one_thread();
    blasint n = (blasint)d, info;
    dpotrf_("U", &n, a, &n, &info);
    for (size_t i = 0; i < d; i++) {
        if (!(a[i * d + i] > 0)) info = 1; /* NaN too */
        memset(a + i * d + i + 1, 0, (d - i - 1) * sizeof *a);
    }
    return info == 0;
}

void gt_invert_lower(size_t d, double *l) {
    use_one_thread();
    blasint n = (blasint)d, info;
    dtrtri_("U", "N", &n, l, &n, &info);
}

static size_t work_size(size_t d) { return 1 + 6 * d + 2 * d * d; } /* as dsyevd asks for */
static size_t integers_size(size_t d) { return 3 + 5 * d; }

size_t gt_raise_scratch(size_t d) {
    return d + work_size(d) + (integers_size(d) * sizeof(blasint) + sizeof(double) - 1) / sizeof(double);
}

bool gt_raise_eigenvalues(size_t d, double *a, double least, double *scratch) {
    use_one_thread();
    double *values = scratch, *work = values + d;
    blasint n = (blasint)d, lwork = (blasint)work_size(d), liwork = (blasint)integers_size(d), info;
    dsyevd_("V", "U", &n, a, &n, values, work, &lwork, (blasint *)(work + work_size(d)), &liwork, &info);
    if (info) return false;
    for (size_t i = 0; i < d; i++) { /* row i is eigenvector i now */
        double scale = sqrt(fmax(values[i], least));
        for (size_t j = 0; j < d; j++) a[i * d + j] *= scale;
    }
    memcpy(work, a, d * d * sizeof *a);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, n, 1, work, n, 0, a, n);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < i; j++) a[j * d + i] = a[i * d + j];
    return true;
}
