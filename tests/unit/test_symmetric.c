/* SPDX-License-Identifier: Apache-2.0
 * Factors, inverses and eigenvalues of symmetric matrices beside their definitions, and their bits, which are the same
 * on every processor. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/hash.h"
#include "kernels/door/symmetric.h"

enum { MOST = 150 };
static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 31, 40, 70, MOST};
#define EACH_SIZE(d) for (size_t s_ = 0, d = 1; s_ < sizeof sizes / sizeof *sizes && (d = sizes[s_]); s_++)

static uint64_t state;
static double random_number(void) { /* -1 .. 1, of a generator that needs integers alone */
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)state * 0x1p-63;
}

/* B B^T of a random B [d, rank], with `more` on the diagonal. */
static void make(size_t d, size_t rank, double more, double *a) {
    static double b[MOST * MOST];
    state = d;
    for (size_t i = 0; i < d * rank; i++) b[i] = random_number();
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = i == j ? more : 0;
            for (size_t k = 0; k < rank; k++) sum += b[i * rank + k] * b[j * rank + k];
            a[i * d + j] = sum;
        }
}

static double a[MOST * MOST], l[MOST * MOST], x[MOST * MOST], room[MOST * MOST + 4 * MOST];

static void near(double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance)) fail_msg("%.17g, %.17g expected", got, expected);
}

static void factors_multiply_back(void **unused) {
    (void)unused;
    EACH_SIZE(d) {
        make(d, d, 0.1, a);
        memcpy(l, a, d * d * sizeof *l);
        for (size_t i = 0; i < d; i++)
            for (size_t j = i + 1; j < d; j++) l[i * d + j] = NAN; /* is not read */
        assert_true(gt_cholesky(d, l));
        memcpy(x, l, d * d * sizeof *x);
        gt_invert_lower(d, x);
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++) {
                long double product = 0, one = 0;
                for (size_t k = 0; k < d; k++) {
                    product += (long double)l[i * d + k] * (long double)l[j * d + k];
                    one += (long double)l[i * d + k] * (long double)x[k * d + j];
                }
                near((double)product, a[i * d + j], 1e-15 * (double)d);
                near((double)one, i == j, 1e-13 * (double)d);
                if (j > i) assert_true(l[i * d + j] == 0 && x[i * d + j] == 0);
            }
    }
}

static void what_is_not_positive_definite_is_found(void **unused) {
    (void)unused;
    EACH_SIZE(d) {
        for (size_t at = 0; at < d; at += 1 + d / 5) {
            const double wrong[] = {-1, 0, NAN, INFINITY};
            for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
                make(d, d, 0.1, l);
                for (size_t j = 0; j < at && w == 1; j++) l[at * d + j] = l[j * d + at] = 0;
                l[at * d + at] = wrong[w];
                assert_false(gt_cholesky(d, l));
            }
        }
    }
}

/* Of rank d / 2: the smaller half of the eigenvalues is 0 and is raised, so that A + least times the projector on the
 * null space results: B = raised A must have A B = A^2, and the trace of what is raised. */
static void small_eigenvalues_are_raised(void **unused) {
    (void)unused;
    EACH_SIZE(d) {
        for (int scale = -300; scale <= 300; scale += 150) {
            const double factor = ldexp(1, scale), least = ldexp(0x1p-10, scale);
            double trace = 0, raised = 0;
            make(d, d / 2, 0, a);
            for (size_t i = 0; i < d * d; i++) x[i] = a[i] * factor;
            assert_int_equal(gt_raise_scratch(d), d * d + 4 * d);
            assert_true(gt_raise_eigenvalues(d, x, least, room));
            for (size_t i = 0; i < d; i++) {
                trace += a[i * d + i], raised += x[i * d + i] / factor;
                for (size_t j = 0; j < d; j++) {
                    long double before = 0, after = 0;
                    for (size_t k = 0; k < d; k++) {
                        before += (long double)a[i * d + k] * (long double)a[k * d + j];
                        after += (long double)a[i * d + k] * (long double)(x[k * d + j] / factor);
                    }
                    near((double)after, (double)before, 2e-14 * (double)(d * d));
                    assert_true(x[i * d + j] == x[j * d + i]);
                }
            }
            near(raised, trace + (double)(d - d / 2) * 0x1p-10, 1e-14 * (double)(d * d));
            for (size_t i = 0; i < d; i++) x[i * d + i] -= 0.9 * least;
            assert_true(gt_cholesky(d, x));
        }
    }
}

static void eigenvalues_are_raised_and_nothing_else(void **unused) {
    (void)unused;
    enum { D = 5 };
    const double least = 0.25;
    double v[D];
    for (int i = 0; i < D; i++) v[i] = (i + 1) / sqrt(55); /* of length 1 */
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) x[i * D + j] = (i == j ? 0.1 : 0) + 3.9 * v[i] * v[j]; /* eigenvalues 4 and 0.1 */
    assert_true(gt_raise_eigenvalues(D, x, least, room));
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) near(x[i * D + j], (i == j ? least : 0) + (4 - least) * v[i] * v[j], 1e-14);
}

/* Dimensions without points, points in a few dimensions, and scales so far apart that most of T is rounding. */
static void matrices_that_are_nearly_nothing(void **unused) {
    (void)unused;
    EACH_SIZE(d) {
        for (size_t rank = 0; rank <= 3 && rank <= d; rank++) {
            for (int i_grade = 0; i_grade < 3; i_grade++) {
                const int grade = (const int[]){0, 20, 320}[i_grade]; /* the last: squares vanish */
                make(d, rank, 0, a);
                for (size_t i = 0; i < d; i++)
                    for (size_t j = 0; j < d; j++) {
                        a[i * d + j] *= ldexp(1, -(grade * (int)i / (int)d + grade * (int)j / (int)d));
                        if (i % 3 == 1 || j % 3 == 1) a[i * d + j] = 0;
                    }
                memcpy(x, a, d * d * sizeof *x);
                assert_true(gt_raise_eigenvalues(d, x, 1e-6, room));
                for (size_t i = 0; i < d * d; i++) near(x[i], a[i], 1.1e-6);
                for (size_t i = 0; i < d; i++) x[i * d + i] -= 0.9e-6;
                assert_true(gt_cholesky(d, x));
            }
        }
    }
}

/* Matrices that need no reflection or no rotation. */
static void simple_matrices_stay(void **unused) {
    (void)unused;
    EACH_SIZE(d) {
        for (int kind = 0; kind < 3; kind++) { /* zero; diagonal; two equal eigenvalues in each pair of places */
            memset(a, 0, d * d * sizeof *a);
            for (size_t i = 0; i < d && kind; i++) a[i * d + i] = kind == 1 ? (double)(i + 1) : 3;
            for (size_t i = 0; i + 1 < d && kind == 2; i += 2) a[i * d + i + 1] = a[(i + 1) * d + i] = 1;
            memcpy(x, a, d * d * sizeof *x);
            assert_true(gt_raise_eigenvalues(d, x, 0, room));
            for (size_t i = 0; i < d * d; i++) near(x[i], a[i], 1e-14 * (double)(1 + d));
        }
    }
    a[0] = NAN;
    assert_false(gt_raise_eigenvalues(1, a, 0, room));
}

/* A V = V diag(values), V of length 1 and orthogonal, values descending, the largest number of each vector positive; A
 * itself is the sum of the products of its rows. */
static void eigenvectors_are_those(void **unused) {
    (void)unused;
    static double values[MOST], vectors[MOST * MOST];
    EACH_SIZE(d) {
        make(d, d, 0, a); /* leaves nothing in x */
        memset(x, 0, d * d * sizeof *x);
        gt_add_products(d, d, a, x); /* A A^T of a symmetric A, the lower triangle */
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++) {
                long double sum = 0;
                for (size_t k = 0; k < d; k++) sum += (long double)a[k * d + i] * (long double)a[k * d + j];
                near(x[i * d + j], j <= i ? (double)sum : 0, 1e-13 * (double)(d * d * d));
            }
        memcpy(x, a, d * d * sizeof *x);
        assert_true(gt_eigenvectors_scratch(d) <= sizeof room / sizeof *room);
        assert_true(gt_eigenvectors(d, x, values, vectors, room));
        for (size_t i = 0; i < d; i++) {
            const double *v = vectors + i * d;
            size_t largest = 0;
            if (i) assert_true(values[i] <= values[i - 1]);
            for (size_t k = 1; k < d; k++)
                if (fabs(v[k]) > fabs(v[largest])) largest = k;
            assert_true(v[largest] > 0);
            for (size_t j = 0; j < d; j++) {
                long double product = 0, one = 0;
                for (size_t k = 0; k < d; k++) {
                    product += (long double)a[j * d + k] * (long double)v[k];
                    one += (long double)vectors[j * d + k] * (long double)v[k];
                }
                near((double)product, values[i] * v[j], 1e-13 * (double)(d * d));
                near((double)one, i == j, 1e-13 * (double)(d + 1));
            }
        }
    }
    a[0] = INFINITY;
    assert_false(gt_eigenvectors(1, a, values, vectors, room));
}

/* One number for every processor and every compiler. */
static void bits_are_those_of_all_processors(void **unused) {
    (void)unused;
    gt_hasher *hasher = gt_hasher_new();
    char hash[33];
    EACH_SIZE(d) {
        make(d, d, 0.1, l);
        assert_true(gt_cholesky(d, l));
        gt_hasher_add(hasher, l, d * d * sizeof *l);
        gt_invert_lower(d, l);
        gt_hasher_add(hasher, l, d * d * sizeof *l);
        make(d, d / 2, 0, x);
        assert_true(gt_raise_eigenvalues(d, x, 0.25, room));
        gt_hasher_add(hasher, x, d * d * sizeof *x);
    }
    gt_hash_hex(gt_hasher_end(hasher), hash);
    assert_string_equal(hash, "e68da7ae6b05b6821fecaf34e74a4123");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_multiply_back),
        cmocka_unit_test(what_is_not_positive_definite_is_found),
        cmocka_unit_test(small_eigenvalues_are_raised),
        cmocka_unit_test(eigenvalues_are_raised_and_nothing_else),
        cmocka_unit_test(matrices_that_are_nearly_nothing),
        cmocka_unit_test(simple_matrices_stay),
        cmocka_unit_test(eigenvectors_are_those),
        cmocka_unit_test(bits_are_those_of_all_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
