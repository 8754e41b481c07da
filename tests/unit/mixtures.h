/* SPDX-License-Identifier: Apache-2.0
 * What the tests of mixtures share: points, and fits to them. */
#ifndef TESTS_MIXTURES_H
#define TESTS_MIXTURES_H

#include "scratch.h"

#include <math.h>

#include "files/h5/door/arrays.h"
#include "base/door/random.h"
#include "features/gmm/em.h"
#include "features/gmm/mixture.h"

enum { KINDS = 4 };
static gt_comm *comm;

/* For mixtures by themselves, until the test ends. */
static inline gt_arena *arena(void) {
    static gt_arena *a;
    if (!a) a = gt_arena_new();
    return a;
}

static inline void near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g within %g", a, b, tolerance);
}

static inline void assert_failed(gt_status st, gt_status expected, const char *message) {
    assert_int_equal(st, expected);
    assert_message(message);
}

/* ---- points ---- */

typedef struct numbers {
    int64_t n;
    int d;
    double *x;
} numbers;

/* Three lumps, dimensions of unequal width. */
static inline numbers lumps(int64_t n, int d, uint64_t seed) {
    numbers p = {n, d, malloc((size_t)(n * d) * sizeof *p.x)};
    float z[128];
    assert_true(d <= 128);
    for (int64_t i = 0; i < n; i++) {
        gt_random_normal((gt_key){.seed = seed, .sample = (uint32_t)i}, z, (size_t)d);
        for (int j = 0; j < d; j++)
            p.x[i * d + j] = (double)z[j] * (1 + j % 3) + (j ? 0.5 * (double)z[j - 1] : 0) +
                             (double)(i % 3) * (j % 2 ? 3 : -2);
    }
    return p;
}

static const gt_kernel_set *kernels; /* of what is made next; NULL: the best */

/* In blocks; the numbers are freed. */
static inline gt_blocks *blocks_of(numbers p, gt_pool *pool) {
    const char *path = at("points.h5");
    gt_cloud *cloud;
    gt_blocks *b;
    assert_ok(gt_arrays_write(path, &(gt_array){"points", GT_NUMBER_DOUBLE, 2, {p.n, p.d}, p.x}, 1));
    assert_ok(gt_cloud_open(&cloud, path, ""));
    assert_ok(gt_blocks_read(&b, comm, pool, kernels, cloud));
    gt_cloud_close(cloud);
    free(p.x);
    return b;
}

/* ---- fits ---- */

static const gt_mixture_recipe usual = {
    .covariance = GT_COVARIANCE_FULL, .k = 5, .seed = 3, .restarts = 2, .iterations = 40, .tol = 1e-7, .floor = 1e-6};

static inline gt_fit fit_of(gt_blocks *b, const gt_mixture_recipe *r, numbers about) {
    gt_fit f;
    assert_ok(gt_fit_init(&f, r, (gt_cloud_info){about.n, about.d, 0, 0, 0}));
    assert_ok(gt_mixture_fit(b, &f, NULL));
    assert_true(f.finished);
    return f;
}

static inline void same_fit(const gt_fit *a, const gt_fit *b) {
    assert_int_equal(a->n_curve, b->n_curve);
    assert_memory_equal(a->curve, b->curve, (size_t)a->n_curve * sizeof *a->curve);
    assert_memory_equal(a->best.weights, b->best.weights, a->best.size * sizeof *a->best.weights);
    assert_int_equal(a->best_restart, b->best_restart);
}

#endif
