/* SPDX-License-Identifier: Apache-2.0
 * Symmetric matrices by LAPACK, which stores matrices by columns: a row here is a column there, and the lower triangle
 * here is the upper triangle there. */
#include "kernels/door/lapack.h"

#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/door/library.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "gantry/kernels.h"

void dsyevd_(const char *jobz, const char *uplo, const blasint *n, double *a, const blasint *lda, double *w,
             double *work, const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info);
void dgesdd_(const char *jobz, const blasint *m, const blasint *n, double *a, const blasint *lda, double *s, double *u,
             const blasint *ldu, double *vt, const blasint *ldvt, double *work, const blasint *lwork, blasint *iwork,
             blasint *info);

const char *gt_blas_description(void) {
    static const char built[] = OPENBLAS_VERSION "(as built)"; /* with a blank on both sides of the version */
    return gt_library_is_open("openblas") ? openblas_get_config() : built + strspn(built, " ");
}

/* OpenBLAS starts a thread for each core when it is loaded, with 140 MB of address space each, none of which is ever
 * used here. Where address space is limited they wait for it for ever, also when the program ends. */
bool gt_blas_without_threads(void) {
    static const char key[] = "OPENBLAS_NUM_THREADS";
    return getenv(key) || setenv(key, "1", 1) || !gt_library_is_open("openblas");
}

static void set_one_thread(void) { openblas_set_num_threads(1); }

/* No threads of its own: they would change bits, and take cores that others want. */
static void use_one_thread(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_one_thread);
}

/* ---- memory ----
 * A thread inside OpenBLAS has a buffer of GT_LAPACK_BUFFER bytes (its BUFFER_SIZE, for all CPUs of x86-64 and arm64).
 * OpenBLAS maps as many buffers as threads are inside at once, keeps them, and gives them to the next ones. */

/* OpenBLAS exports these two; where it does not, buffers are tried for only, and not taken. */
void *blas_memory_alloc(int where) __attribute__((weak));
void blas_memory_free(void *buffer) __attribute__((weak));

static bool is_room(void) {
    void *map = mmap(NULL, GT_LAPACK_BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return map != MAP_FAILED && !munmap(map, GT_LAPACK_BUFFER);
}

/* So many at the same time, if there is room. */
static bool take_buffers(int n) {
    void *held[n];
    int i = 0;
    for (; i < n && is_room(); i++) held[i] = blas_memory_alloc ? blas_memory_alloc(0) : NULL;
    for (int k = 0; k < i && blas_memory_free; k++) blas_memory_free(held[k]);
    return i == n;
}

gt_status gt_lapack_begin(const gt_pool *pool, int64_t tiles) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static atomic_int taken;
    int n = (int)gt_smallest(gt_pool_threads(pool), tiles);
    if (n <= atomic_load(&taken)) return GT_OK;
    gt_status st = gt_library_open("openblas");
    if (st) return st;
    use_one_thread();
    pthread_mutex_lock(&lock);
    bool done = n <= atomic_load(&taken) || take_buffers(n);
    if (done && n > atomic_load(&taken)) atomic_store(&taken, n);
    pthread_mutex_unlock(&lock);
    if (done) return GT_OK;
    const char *advice = n > 1 ? ", or take fewer --threads" : "";
    return gt_fail(GT_NOMEM,
                   "out of memory: OpenBLAS needs %d MB of address space for each of %d thread%s, more than the system "
                   "allows; raise the limit (ulimit -v, ulimit -d)%s",
                   GT_LAPACK_BUFFER / 1000000, n, n == 1 ? "" : "s", advice);
}

/* ---- matrices ---- */

/* doubles that hold so many integers */
static size_t holding(size_t integers) { return (integers * sizeof(blasint) + sizeof(double) - 1) / sizeof(double); }

/* as dsyevd asks for; without vectors more than it asks for, for blocks of columns */
static size_t work_size(size_t d, bool vectors) { return vectors ? 1 + 6 * d + 2 * d * d : 1 + 66 * d; }
static size_t integers_size(size_t d) { return 3 + 5 * d; }

size_t gt_eigen_scratch(size_t d, bool vectors) { return work_size(d, vectors) + holding(integers_size(d)); }

bool gt_eigen(size_t d, double *a, bool vectors, double *values, double *scratch) {
    use_one_thread();
    size_t size = work_size(d, vectors);
    blasint n = (blasint)d, lwork = (blasint)size, liwork = (blasint)integers_size(d), info;
    dsyevd_(vectors ? "V" : "N", "U", &n, a, &n, values, scratch, &lwork, (blasint *)(scratch + size), &liwork, &info);
    return info == 0;
}

/* Rows are columns there: the matrix is [n,m] by columns. */
static size_t singular_work(size_t m, size_t n) {
    blasint rows = (blasint)n, columns = (blasint)m, one = 1, ask = -1, info, integers;
    double best = 0, none;
    dgesdd_("N", &rows, &columns, &none, &rows, &none, &none, &one, &none, &one, &best, &ask, &integers, &info);
    return (size_t)best + 1;
}

size_t gt_singular_scratch(size_t m, size_t n) { return singular_work(m, n) + holding(8 * (m < n ? m : n)); }

bool gt_singular_values(size_t m, size_t n, double *a, double *values, double *scratch) {
    use_one_thread();
    size_t size = singular_work(m, n);
    blasint rows = (blasint)n, columns = (blasint)m, one = 1, lwork = (blasint)size, info;
    double none;
    dgesdd_("N", &rows, &columns, a, &rows, values, &none, &one, &none, &one, scratch, &lwork,
            (blasint *)(scratch + size), &info);
    return info == 0;
}

void gt_add_product_of_columns(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb,
                               double *c, size_t ldc) {
    use_one_thread();
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)lda, b,
                (blasint)ldb, 1, c, (blasint)ldc);
}

void gt_product_of_rows(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb,
                        double *c, size_t ldc) {
    use_one_thread();
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)lda, b,
                (blasint)ldb, 0, c, (blasint)ldc);
}
