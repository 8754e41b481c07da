/* SPDX-License-Identifier: Apache-2.0
 * Fits of Gaussian mixtures and their promises: the log-likelihood never falls, a fit goes on with the same bits, no
 * variance is below the floor; and what cannot be fitted or read. */
#include "mixtures.h"

static void threads_change_no_bit(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        gt_mixture_recipe r = usual;
        r.covariance = (gt_covariance)kind;
        gt_fit fits[3];
        for (int threads = 1; threads <= 3; threads++) {
            gt_pool *pool = gt_pool_new(threads);
            numbers p = lumps(5000, 4, 1);
            gt_blocks *b = blocks_of(p, pool);
            fits[threads - 1] = fit_of(b, &r, p);
            gt_blocks_free(b);
            gt_pool_free(pool);
        }
        same_fit(&fits[0], &fits[1]);
        same_fit(&fits[0], &fits[2]);
        for (int i = 0; i < 3; i++) gt_fit_free(&fits[i]);
    }
}

static bool stop_now(void *arg) {
    (void)arg;
    return true;
}

/* Stopped after every single iteration, written, read, and gone on with. */
static void a_fit_goes_on_with_the_same_bits(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        gt_mixture_recipe r = usual;
        r.covariance = (gt_covariance)kind;
        numbers p = lumps(900, 3, 2);
        gt_blocks *b = blocks_of(p, NULL);
        gt_fit whole = fit_of(b, &r, p), f;
        assert_ok(gt_fit_init(&f, &r, (gt_cloud_info){p.n, p.d, 0, 0, 0}));
        int stops = 0;
        for (gt_status st; (st = gt_mixture_fit(b, &f, &(gt_fit_hooks){.stop = stop_now})); stops++) {
            assert_int_equal(st, GT_STOPPED);
            assert_ok(gt_fit_write(&f, at("mixture.h5")));
            gt_fit_free(&f);
            assert_ok(gt_fit_read(&f, at("mixture.h5")));
        }
        assert_true(stops > 5);
        same_fit(&whole, &f);
        gt_fit_free(&whole);
        gt_fit_free(&f);
        gt_blocks_free(b);
    }
}

/* Points that are hard: on a line, in lumps of equal points, far from 0. Hundreds of iterations, most of them where
 * nothing is left to gain, so that rounding alone moves the log-likelihood: an error if it ever falls by more. */
static void log_likelihoods_never_fall(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int hard = 0; hard < 4; hard++) {
            numbers p = lumps(500, 4, (uint64_t)hard);
            for (int64_t i = 0; i < p.n; i++)
                for (int j = 0; j < p.d; j++) {
                    double *x = &p.x[i * p.d + j];
                    if (hard == 1) *x = p.x[i * p.d] * (j + 1);
                    if (hard == 2 && i % 2) *x = (double)(i % 7) * (j + 1);
                    if (hard == 3) *x = 1e7 + *x * pow(100, j);
                }
            gt_blocks *b = blocks_of(p, NULL);
            gt_mixture_recipe r = {
                .covariance = (gt_covariance)kind, .k = 6, .restarts = 1, .iterations = 300, .tol = -1, .floor = 1e-6};
            gt_fit f = fit_of(b, &r, p);
            assert_int_equal(f.n_curve, 301);
            gt_fit_free(&f);
            gt_blocks_free(b);
        }
}

/* Two clusters that are millions of their widths apart, with no floor to hide what cancels: neither a fall nor a
 * covariance that is singular. */
static void clusters_may_be_far_apart(void **state) {
    (void)state;
    static const struct {
        double centre, distance, width;
        int k;
    } cases[] = {{0, 1e7, 1, 4},
                 {0, 1e6, 1, 4},
                 {0, 1e4, 1, 4},
                 {0, 1e2, 1, 4},
                 {1.7e12, 2.16e7, 2, 2} /* bursts of milliseconds, 12 hours apart */};
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            numbers p = lumps(600, 2, i + 1);
            float z[2];
            for (int64_t n = 0; n < p.n; n++) {
                gt_random_normal((gt_key){.seed = i + 1, .sample = (uint32_t)n}, z, 2);
                p.x[2 * n] = cases[i].centre + (n % 2 ? 1 : -1) * cases[i].distance + cases[i].width * (double)z[0];
                p.x[2 * n + 1] = (double)z[1];
            }
            gt_blocks *b = blocks_of(p, NULL);
            gt_mixture_recipe r = {.covariance = (gt_covariance)kind,
                                   .k = cases[i].k,
                                   .restarts = 1,
                                   .iterations = 100,
                                   .tol = 1e-9,
                                   .floor = 0};
            gt_fit f = fit_of(b, &r, p);
            if (kind == GT_COVARIANCE_TIED && r.k == 2)
                near(gt_mixture_covariance(&f.best, 0, 0, 0), cases[i].width * cases[i].width, 0.5);
            gt_fit_free(&f);
            gt_blocks_free(b);
        }
}

/* A mixture that is worse than the one before, slipped in: the next iteration says so. */
static void a_fall_is_an_error_that_names_the_iteration(void **state) {
    (void)state;
    numbers p = lumps(600, 2, 4);
    gt_blocks *b = blocks_of(p, NULL);
    gt_mixture_recipe r = usual;
    r.tol = -1;
    gt_fit f;
    assert_ok(gt_fit_init(&f, &r, (gt_cloud_info){p.n, p.d, 0, 0, 0}));
    for (int i = 0; i < 3; i++) assert_int_equal(gt_mixture_fit(b, &f, &(gt_fit_hooks){.stop = stop_now}), GT_STOPPED);
    f.now.means[0] += 50;
    assert_failed(gt_mixture_fit(b, &f, NULL), GT_FAILED,
                  "iteration 3 of restart 1: the log-likelihood per sample fell");
    gt_fit_free(&f);
    gt_blocks_free(b);
}

/* The floor is a constraint: what needs none is the same with and without, and where it bites the smallest eigenvalue
 * is the floor. */
static void no_variance_is_below_the_floor(void **state) {
    (void)state;
    numbers p = lumps(600, 3, 9);
    for (int64_t i = 0; i < p.n; i++) p.x[i * 3 + 2] = p.x[i * 3] - p.x[i * 3 + 1]; /* a plane */
    gt_blocks *b = blocks_of(p, NULL);
    gt_em *em;
    double l;
    assert_ok(gt_em_new(&em, b, GT_COVARIANCE_FULL, 2, 1e-3));
    assert_ok(gt_em_start(em, &(gt_mixture_recipe){.seed = 1}, NULL, 0));
    for (int i = 0; i < 5; i++) {
        assert_ok(gt_em_pass(em, &l));
        assert_ok(gt_em_update(em));
    }
    for (int c = 0; c < 2; c++) { /* (1,-1,-1)/sqrt(3) is normal to the plane */
        static const double normal[] = {1, -1, -1};
        double along = 0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                along += normal[i] * normal[j] * gt_mixture_covariance(&em->mixture, c, i, j) / 3;
        near(along, em->floor, 1e-9 * em->floor + 1e-13);
    }
    gt_em_free(em);
    gt_mixture_recipe with = usual, without = usual;
    without.floor = 0;
    gt_blocks_free(b);
    p = lumps(600, 3, 9);
    b = blocks_of(p, NULL);
    gt_fit a = fit_of(b, &with, p), none = fit_of(b, &without, p);
    same_fit(&a, &none);
    gt_fit_free(&a);
    gt_fit_free(&none);
    gt_blocks_free(b);
}

/* Samples of a known mixture: a fit finds it again within a few standard errors (1/sqrt(points of a component) of its
 * deviations). */
static void a_mixture_is_found_again(void **state) {
    (void)state;
    enum { N = 40000 };
    gt_mixture m;
    numbers p = {N, 2, malloc(2 * N * sizeof(double))};
    int32_t *components = malloc(N * sizeof *components);
    assert_ok(gt_mixture_init(&m, arena(), GT_COVARIANCE_FULL, 2, 2));
    memcpy(m.weights, (double[]){0.3, 0.7, -4, 0, 4, 1, 1, 0.5, 0.5, 2, 0.5, -0.2, -0.2, 0.3},
           m.size * sizeof *m.weights);
    assert_ok(gt_mixture_sample(&m, 11, N, NULL, p.x, components));
    int second = 0;
    for (int i = 0; i < N; i++) second += components[i];
    near(second / (double)N, 0.7, 5 * sqrt(0.3 * 0.7 / N));
    gt_blocks *b = blocks_of(p, NULL);
    gt_mixture_recipe r = usual;
    r.k = 2;
    gt_fit f = fit_of(b, &r, p);
    int first = f.best.means[0] < 0 ? 0 : 1;
    for (int c = 0; c < 2; c++) {
        int mine = c ^ first;
        double error = 6 / sqrt(N * m.weights[c]);
        near(f.best.weights[mine], m.weights[c], error);
        for (int i = 0; i < 2; i++) {
            near(f.best.means[2 * mine + i], m.means[2 * c + i], error * sqrt(gt_mixture_covariance(&m, c, i, i)));
            for (int j = 0; j < 2; j++)
                near(gt_mixture_covariance(&f.best, mine, i, j), gt_mixture_covariance(&m, c, i, j),
                     2 * error * gt_mixture_covariance(&m, c, i, i) + 0.01);
        }
    }
    gt_fit_free(&f);
    gt_blocks_free(b);
    free(components);
}

/* ---- what is refused ---- */

static void fails_to_fit(numbers p, const gt_mixture_recipe *r, gt_status expected, const char *message) {
    gt_blocks *b = blocks_of(p, NULL);
    gt_fit f;
    assert_ok(gt_fit_init(&f, r, (gt_cloud_info){p.n, p.d, 0, 0, 0}));
    assert_failed(gt_mixture_fit(b, &f, NULL), expected, message);
    gt_fit_free(&f);
    gt_blocks_free(b);
}

static void what_cannot_be_fitted_is_said(void **state) {
    (void)state;
    fails_to_fit(lumps(4, 2, 1), &usual, GT_USAGE, "5 components for 4 points");
    numbers same = lumps(50, 2, 1);
    for (int i = 0; i < 100; i++) same.x[i] = 3;
    fails_to_fit(same, &usual, GT_FORMAT, "all 50 points are equal");
    numbers few = lumps(50, 2, 1);
    for (int i = 0; i < 100; i++) few.x[i] = i / 2 % 3;
    fails_to_fit(few, &usual, GT_FORMAT, "only 3 different values");
    gt_mixture_recipe bare = usual;
    bare.floor = 0;
    /* one dimension is a constant; spherical covariances need a component of one point */
    for (int kind = 0; kind < KINDS; kind++) {
        numbers flat = lumps(60, 2, 1);
        for (int i = 0; i < 60; i++) flat.x[2 * i + 1] = kind == GT_COVARIANCE_SPHERICAL ? flat.x[2 * i] = i % 5 : 7;
        bare.covariance = (gt_covariance)kind;
        fails_to_fit(flat, &bare, GT_FAILED, "singular");
    }
}

static void files_that_are_damaged_or_none_are_said(void **state) {
    (void)state;
    numbers p = lumps(100, 2, 1);
    gt_blocks *b = blocks_of(p, NULL);
    gt_fit f = fit_of(b, &usual, p);
    size_t n;
    assert_ok(gt_fit_write(&f, at("mixture.h5")));
    gt_fit_free(&f);
    char *bytes = get(at("mixture.h5"), &n);
    bytes[n / 2] ^= 4;
    put(at("mixture.h5"), bytes, n);
    free(bytes);
    assert_failed(gt_fit_read(&f, at("mixture.h5")), GT_FORMAT, "damaged");
    gt_fit_free(&f);
    gt_mixture three;
    double l;
    assert_ok(gt_mixture_init(&three, arena(), GT_COVARIANCE_SPHERICAL, 1, 3));
    assert_failed(gt_mixture_score(b, &three, &l), GT_FORMAT, "the mixture has 3 dimensions, the data have 2");
    gt_blocks_free(b);
}

int main(void) {
    gt_status st;
    comm = gt_comm_start_all(1, &st);
    if (!comm) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(a_fit_goes_on_with_the_same_bits),
        cmocka_unit_test(log_likelihoods_never_fall),
        cmocka_unit_test(clusters_may_be_far_apart),
        cmocka_unit_test(a_fall_is_an_error_that_names_the_iteration),
        cmocka_unit_test(no_variance_is_below_the_floor),
        cmocka_unit_test(a_mixture_is_found_again),
        cmocka_unit_test(what_cannot_be_fitted_is_said),
        cmocka_unit_test(files_that_are_damaged_or_none_are_said),
    };
    int failed = cmocka_run_group_tests(tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
