/* SPDX-License-Identifier: Apache-2.0
 * Where fits of mixtures begin, what they gain by going on later, which restart is best; labels against clusters. */
#include "mixtures.h"

#include "base/door/file.h"
#include "base/door/hash.h"

static gt_fit begun(const gt_mixture_recipe *r, numbers about) {
    gt_fit f;
    assert_ok(gt_fit_init(&f, r, (gt_cloud_info){about.n, about.d, 0, 0, 0}));
    return f;
}

static void same_files(const gt_fit *a, const gt_fit *b) {
    assert_ok(gt_fit_write(a, at("a.h5")));
    assert_ok(gt_fit_write(b, at("b.h5")));
    gt_hash128 hash[2];
    for (int i = 0; i < 2; i++) {
        void *bytes;
        size_t n;
        assert_ok(gt_file_read(at(i ? "b.h5" : "a.h5"), 1 << 24, &bytes, &n));
        hash[i] = gt_hash(bytes, n);
        free(bytes);
    }
    assert_memory_equal(&hash[0], &hash[1], sizeof *hash);
}

/* Few iterations, then more of them, then a smaller tol: the file of one long fit, for one restart and for several. */
static void more_iterations_go_on_with_the_same_bits(void **state) {
    (void)state;
    for (int restarts = 1; restarts <= 2; restarts++) {
        gt_mixture_recipe r = usual, few = usual;
        r.restarts = few.restarts = restarts;
        few.iterations = 3, few.tol = 1e-3;
        numbers p = lumps(700, 3, 2);
        gt_blocks *b = blocks_of(p, NULL);
        gt_fit whole = fit_of(b, &r, p), f = fit_of(b, &few, p);
        bool anew;
        assert_failed(gt_fit_extend(&f, 2, 1e-3, &anew), GT_USAGE, "--iterations=3 and --tol=0.001");
        assert_failed(gt_fit_extend(&f, 3, 1e-2, &anew), GT_USAGE, "at most this tol");
        assert_ok(gt_fit_extend(&f, 10, 1e-3, &anew));
        assert_int_equal(anew, restarts > 1);
        assert_int_equal(f.n_now, restarts > 1 ? 0 : 3); /* not from the beginning */
        assert_ok(gt_mixture_fit(b, &f, NULL));
        assert_ok(gt_fit_extend(&f, r.iterations, r.tol, &anew));
        assert_ok(gt_mixture_fit(b, &f, NULL));
        same_files(&whole, &f);
        assert_true(whole.n_curve > 11);
        gt_fit_free(&whole);
        gt_fit_free(&f);
        gt_blocks_free(b);
    }
}

static void a_start_is_read_from_every_kind_of_file(void **state) {
    (void)state;
    numbers p = lumps(600, 2, 5);
    double means[] = {-1, 0, 2, 3, 0, 5}, weights[] = {0.2, 0.3, 0.5}, round[] = {1, 0, 0, 1, 2, 0, 0, 2, 3, 1, 1, 3};
    gt_array arrays[] = {{"means", GT_NUMBER_DOUBLE, 2, {3, 2}, means},
                         {"weights", GT_NUMBER_DOUBLE, 1, {3}, weights},
                         {"covariances", GT_NUMBER_DOUBLE, 3, {3, 2, 2}, round}};
    gt_mixture_start s[3];
    char print[3][33];
    put(at("means.csv"), "x,y\n-1,0\n2,3\n0,5\n", 17);
    assert_ok(gt_arrays_write(at("means.h5"), arrays, 1));
    assert_ok(gt_arrays_write(at("whole.h5"), arrays, 3));
    assert_ok(gt_mixture_start_read(&s[0], arena(), at("means.csv"), GT_COVARIANCE_FULL, print[0]));
    assert_ok(gt_mixture_start_read(&s[1], arena(), at("means.h5"), GT_COVARIANCE_TIED, print[1]));
    assert_ok(gt_mixture_start_read(&s[2], arena(), at("whole.h5"), GT_COVARIANCE_FULL, print[2]));
    assert_string_equal(print[0], print[1]);
    assert_string_not_equal(print[0], print[2]);
    assert_true(!s[0].whole && !s[1].whole && s[2].whole);
    near(s[2].mixture.covariances[9], 1, 0);

    /* the first log-likelihood is that of the mixture, and the mixture that a fit ends with begins where that ended */
    gt_blocks *b = blocks_of(p, NULL);
    gt_mixture_recipe r = usual;
    double first;
    r.k = 3, r.restarts = 1;
    snprintf(r.start, sizeof r.start, "%s", print[2]);
    gt_fit f = begun(&r, p), g;
    assert_ok(gt_mixture_score(b, &s[2].mixture, &first));
    f.start = s[2];
    assert_ok(gt_mixture_fit(b, &f, NULL));
    near(f.curve[0], first, 1e-12);
    assert_ok(gt_fit_write(&f, at("fit.h5")));
    g = begun(&r, p);
    assert_ok(gt_mixture_start_read(&g.start, arena(), at("fit.h5"), GT_COVARIANCE_FULL, print[2]));
    assert_ok(gt_mixture_fit(b, &g, NULL));
    near(g.curve[0], f.log_likelihood, 1e-12);

    assert_failed(gt_mixture_start_read(&s[2], arena(), at("fit.h5"), GT_COVARIANCE_TIED, print[2]), GT_USAGE,
                  "has full covariances: give --covariance=full");
    assert_failed(gt_mixture_start_read(&s[2], arena(), at("whole.h5"), GT_COVARIANCE_DIAGONAL, print[2]), GT_FORMAT,
                  "'covariances' has 3 rows of 4 numbers, but 3 of 2 are needed");
    round[1] = 0.5;
    weights[0] = 0.3;
    assert_ok(gt_arrays_write(at("bad.h5"), arrays, 3));
    assert_failed(gt_mixture_start_read(&s[2], arena(), at("bad.h5"), GT_COVARIANCE_FULL, print[2]), GT_FORMAT,
                  "the weights add up to 1.1");
    weights[0] = 0.2;
    assert_ok(gt_arrays_write(at("bad.h5"), arrays, 3));
    assert_failed(gt_mixture_start_read(&s[2], arena(), at("bad.h5"), GT_COVARIANCE_FULL, print[2]), GT_FORMAT,
                  "the covariance of component 0 is not symmetric");
    assert_ok(gt_arrays_write(at("bad.h5"), arrays, 2));
    assert_failed(gt_mixture_start_read(&s[2], arena(), at("bad.h5"), GT_COVARIANCE_FULL, print[2]), GT_FORMAT,
                  "has weights but no covariances");
    gt_fit_free(&f);
    gt_fit_free(&g);
    gt_blocks_free(b);
}

/* From far below the floor the first iteration would lose log-likelihood: a clear error instead. */
static void a_start_below_the_floor_is_refused(void **state) {
    (void)state;
    numbers p = lumps(200, 2, 5);
    gt_blocks *b = blocks_of(p, NULL);
    gt_mixture_recipe r = usual;
    r.k = 1, r.restarts = 1, r.floor = 0.1, r.covariance = GT_COVARIANCE_DIAGONAL;
    snprintf(r.start, sizeof r.start, "0");
    gt_fit f = begun(&r, p);
    f.start.whole = true;
    assert_ok(gt_mixture_init(&f.start.mixture, arena(), r.covariance, 1, 2));
    f.start.mixture.weights[0] = 1;
    f.start.mixture.covariances[0] = 1e-3, f.start.mixture.covariances[1] = 1;
    assert_failed(gt_mixture_fit(b, &f, NULL), GT_FORMAT, "the start: component 0 has a variance below the floor");
    gt_fit_free(&f);
    gt_blocks_free(b);
}

/* Means from Lloyd's algorithm beside one written down from its two sentences. */
static void lloyd_moves_means_to_the_mean_of_their_points(void **state) {
    (void)state;
    enum { K = 4, D = 3, STEPS = 5 };
    numbers p = lumps(800, D, 8);
    double *x = malloc((size_t)(p.n * D) * sizeof *x), means[K * D];
    memcpy(x, p.x, (size_t)(p.n * D) * sizeof *x);
    memcpy(means, x, sizeof means);
    gt_em *em;
    gt_blocks *b = blocks_of(p, NULL);
    assert_ok(gt_em_new(&em, b, GT_COVARIANCE_FULL, K, 1e-6));
    memcpy(em->mixture.means, means, sizeof means);
    assert_ok(gt_em_lloyd(em, STEPS));
    for (int step = 0; step < STEPS; step++) {
        double sum[K * D] = {0}, count[K] = {0};
        for (int64_t i = 0; i < p.n; i++) {
            int nearest = 0;
            double least = INFINITY;
            for (int c = 0; c < K; c++) {
                double square = 0;
                for (int j = 0; j < D; j++) square += pow(x[i * D + j] - means[c * D + j], 2);
                if (square < least) least = square, nearest = c;
            }
            count[nearest]++;
            for (int j = 0; j < D; j++) sum[nearest * D + j] += x[i * D + j];
        }
        for (int c = 0; c < K * D; c++) means[c] = sum[c] / count[c / D];
    }
    for (int c = 0; c < K * D; c++) near(em->mixture.means[c], means[c], 1e-12);
    memcpy(means, em->mixture.means, sizeof means);
    assert_ok(gt_em_lloyd(em, 1000)); /* it comes to rest */
    memcpy(means, em->mixture.means, sizeof means);
    assert_ok(gt_em_lloyd(em, 1));
    for (int c = 0; c < K * D; c++) near(em->mixture.means[c], means[c], 1e-1);
    gt_em_free(em);
    gt_blocks_free(b);
    free(x);
}

/* A few points in fewer dimensions have a likelihood without bound: the floor alone bounds it. A restart that ends so
 * is likelier than the others, and must not be the best. */
static void components_that_the_floor_holds_up_lose(void **state) {
    (void)state;
    enum { D = 20, FEW = 12, MANY = 300 };
    for (int kind = 0; kind < KINDS; kind++) {
        if (kind == GT_COVARIANCE_TIED) continue; /* one for all */
        numbers p = lumps(MANY, D, 4);
        for (int64_t i = 0; i < FEW; i++)
            for (int j = 0; j < D; j++) p.x[i * D + j] = kind == GT_COVARIANCE_FULL ? p.x[i * D + j] + 9 : 30;
        gt_mixture_recipe r = usual;
        r.covariance = (gt_covariance)kind;
        r.k = 2, r.restarts = 12, r.seed = 1;
        gt_blocks *b = blocks_of(p, NULL);
        gt_fit all = fit_of(b, &r, p);
        int held = 0, sound = 0;
        double best_sound = -INFINITY, best = -INFINITY;
        for (int restart = 0; restart < r.restarts; restart++) {
            gt_mixture_recipe one = r;
            one.restarts = restart + 1;
            gt_fit f = begun(&one, p);
            f.restart = restart;
            assert_ok(gt_mixture_fit(b, &f, NULL));
            if (f.n_held) held++;
            else sound++, best_sound = fmax(best_sound, f.log_likelihood);
            best = fmax(best, f.log_likelihood);
            gt_fit_free(&f);
        }
        if (sound) assert_int_equal(all.n_held, 0);
        near(all.log_likelihood, sound ? best_sound : best, 0);
        if (kind == GT_COVARIANCE_FULL) assert_true(held > 0 && sound > 0 && best > best_sound);
        else assert_true(held > 0);
        /* a file does not say which: they are found again */
        assert_ok(gt_fit_write(&all, at("held.h5")));
        int before = all.n_held;
        gt_fit_free(&all);
        assert_ok(gt_fit_read(&all, at("held.h5")));
        assert_ok(gt_mixture_fit(b, &all, NULL));
        assert_int_equal(all.n_held, before);
        gt_fit_free(&all);
        gt_blocks_free(b);
    }
}

static void adjusted_rand_index(void **state) {
    (void)state;
    near(gt_adjusted_rand_index((int64_t[]){5, 0, 0, 7}, 2, 2), 1, 0);
    near(gt_adjusted_rand_index((int64_t[]){5, 7}, 1, 2), 0, 1e-15);
    near(gt_adjusted_rand_index((int64_t[]){1, 1, 0, 1, 2, 1, 0, 0, 4}, 3, 3), 0.31257344300822565, 1e-15);
    near(gt_adjusted_rand_index((int64_t[]){1, 1, 1, 1}, 2, 2), -0.5, 1e-15); /* sklearn.metrics.adjusted_rand_score */
    near(gt_adjusted_rand_index((int64_t[]){9}, 1, 1), 1, 0);
    near(gt_adjusted_rand_index((int64_t[]){0, 0}, 2, 1), 1, 0); /* no points at all */
}

int main(void) {
    gt_status st;
    comm = gt_comm_start_all(1, &st);
    if (!comm) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_iterations_go_on_with_the_same_bits),
        cmocka_unit_test(a_start_is_read_from_every_kind_of_file),
        cmocka_unit_test(a_start_below_the_floor_is_refused),
        cmocka_unit_test(lloyd_moves_means_to_the_mean_of_their_points),
        cmocka_unit_test(components_that_the_floor_holds_up_lose),
        cmocka_unit_test(adjusted_rand_index),
    };
    int failed = cmocka_run_group_tests(tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
