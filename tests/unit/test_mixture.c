/* SPDX-License-Identifier: Apache-2.0
 * Gaussian mixtures: EM beside a plain one written down from the formulas and beside scikit-learn, its promises (it never falls, it goes on
 * with the same bits, no variance is below the floor), and points that cannot be. */
#include "scratch.h"

#include <math.h>

#include "gantry/arrays.h"
#include "gantry/option.h"
#include "gantry/random.h"
#include "kernels/isa.h"
#include "kernels/lapack.h"
#include "mixture/em.h"

enum { KINDS = 4 };
static gt_comm *comm;

static void near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g within %g", a, b, tolerance);
}

static void assert_failed(gt_status st, gt_status expected, const char *message) {
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
static numbers lumps(int64_t n, int d, uint64_t seed) {
    numbers p = {n, d, malloc((size_t)(n * d) * sizeof *p.x)};
    float z[128];
    assert_true(d <= 128);
    for (int64_t i = 0; i < n; i++) {
        gt_random_normal((gt_key){.seed = seed, .sample = (uint32_t)i}, z, (size_t)d);
        for (int j = 0; j < d; j++) p.x[i * d + j] = (double)z[j] * (1 + j % 3) + (j ? 0.5 * (double)z[j - 1] : 0) + (double)(i % 3) * (j % 2 ? 3 : -2);
    }
    return p;
}

/* In blocks; the numbers are freed. */
static gt_blocks *blocks_of(numbers p, gt_pool *pool) {
    const char *path = at("points.h5");
    gt_cloud *cloud;
    gt_blocks *b;
    assert_ok(gt_arrays_write(path, &(gt_array){"points", GT_NUMBER_DOUBLE, 2, {p.n, p.d}, p.x}, 1));
    assert_ok(gt_cloud_open(&cloud, path, ""));
    assert_ok(gt_blocks_read(&b, comm, pool, cloud));
    gt_cloud_close(cloud);
    free(p.x);
    return b;
}

/* ---- EM as it is written in books, in long double ---- */

static long double log_density(const gt_mixture *m, int c, const double *x) {
    int d = m->d;
    long double l[128][128], y[128], log_det = 0, square = 0;
    for (int i = 0; i < d; i++) {
        for (int j = 0; j <= i; j++) {
            long double sum = (long double)gt_mixture_covariance(m, c, i, j);
            for (int q = 0; q < j; q++) sum -= l[i][q] * l[j][q];
            l[i][j] = i == j ? sqrtl(sum) : sum / l[j][j];
        }
        long double sum = (long double)x[i] - (long double)m->means[c * d + i];
        for (int j = 0; j < i; j++) sum -= l[i][j] * y[j];
        y[i] = sum / l[i][i];
        square += y[i] * y[i];
        log_det += 2 * logl(l[i][i]);
    }
    return -0.5L * (square + log_det + d * logl(2 * acosl(-1.0L))) + logl((long double)m->weights[c]);
}

/* One iteration: `m` becomes the next mixture. Returns the log-likelihood per sample before it. Full moments of every component first; the other kinds
 * of covariance are what is left of them. */
static double plain_iteration(const numbers *p, gt_mixture *m) {
    int k = m->k, d = m->d;
    int64_t n = p->n;
    long double *share = malloc((size_t)(n * k) * sizeof *share), likelihood = 0;
    for (int64_t i = 0; i < n; i++) {
        long double most = -INFINITY, sum = 0;
        for (int c = 0; c < k; c++) {
            share[i * k + c] = log_density(m, c, p->x + i * d);
            most = fmaxl(most, share[i * k + c]);
        }
        for (int c = 0; c < k; c++) sum += expl(share[i * k + c] - most);
        for (int c = 0; c < k; c++) share[i * k + c] = expl(share[i * k + c] - most) / sum;
        likelihood += most + logl(sum);
    }
    memset(m->covariances, 0, (m->size - (size_t)(m->covariances - m->weights)) * sizeof *m->covariances);
    for (int c = 0; c < k; c++) {
        long double total = 0;
        for (int64_t i = 0; i < n; i++) total += share[i * k + c];
        m->weights[c] = (double)(total / n);
        for (int j = 0; j < d; j++) {
            long double sum = 0;
            for (int64_t i = 0; i < n; i++) sum += share[i * k + c] * (long double)p->x[i * d + j];
            m->means[c * d + j] = (double)(sum / total);
        }
        for (int a = 0; a < d; a++)
            for (int b = 0; b < d; b++) {
                long double sum = 0;
                for (int64_t i = 0; i < n; i++)
                    sum += share[i * k + c] * ((long double)p->x[i * d + a] - (long double)m->means[c * d + a]) * ((long double)p->x[i * d + b] - (long double)m->means[c * d + b]);
                switch (m->covariance) {
                case GT_COVARIANCE_FULL: m->covariances[(c * d + a) * d + b] = (double)(sum / total); break;
                case GT_COVARIANCE_TIED: m->covariances[a * d + b] += (double)(sum / n); break;
                case GT_COVARIANCE_DIAGONAL: if (a == b) m->covariances[c * d + a] = (double)(sum / total); break;
                case GT_COVARIANCE_SPHERICAL: if (a == b) m->covariances[c] += (double)(sum / total / d); break;
                }
            }
    }
    free(share);
    return (double)(likelihood / n);
}

static void same_mixture(const gt_mixture *a, const gt_mixture *b, double tolerance) {
    for (size_t i = 0; i < a->size; i++) near(a->weights[i], b->weights[i], tolerance * (1 + fabs(b->weights[i])));
}

/* Two iterations after the start of k-means++ agree with the plain ones to rounding, which conditions of some 100 amplify. */
static void check_against_plain(gt_covariance kind, int64_t n, int d, int k) {
    numbers p = lumps(n, d, 5), copy = {n, d, malloc((size_t)(n * d) * sizeof(double))};
    memcpy(copy.x, p.x, (size_t)(n * d) * sizeof(double));
    gt_blocks *b = blocks_of(p, NULL);
    gt_em *em;
    gt_mixture plain;
    double l;
    assert_ok(gt_em_new(&em, b, kind, k, 0));
    assert_ok(gt_em_start(em, 1, 0));
    assert_ok(gt_mixture_init(&plain, kind, k, d));
    gt_mixture_copy(&plain, &em->mixture);
    for (int i = 0; i < 2; i++) {
        assert_ok(gt_em_pass(em, &l));
        near(l, plain_iteration(&copy, &plain), 1e-12 * (d + fabs(l)));
        assert_ok(gt_em_update(em));
        same_mixture(&em->mixture, &plain, 1e-11);
    }
    gt_mixture_free(&plain);
    gt_em_free(em);
    gt_blocks_free(b);
    free(copy.x);
}

static void iterations_agree_with_the_formulas(void **state) {
    (void)state;
    const char *before = gt_isa_name(gt_isa_now());
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        if (!gt_isa_available((gt_isa)isa)) continue;
        assert_ok(gt_isa_set(gt_isa_name((gt_isa)isa)));
        for (int kind = 0; kind < KINDS; kind++) {
            check_against_plain((gt_covariance)kind, 300, 1, 2); /* a panel and a part of one */
            check_against_plain((gt_covariance)kind, 257, 2, 1);
            check_against_plain((gt_covariance)kind, 700, 3, 5);
            check_against_plain((gt_covariance)kind, 130, 7, 3);
            check_against_plain((gt_covariance)kind, 300, 33, 2); /* panels of the other size */
        }
    }
    assert_ok(gt_isa_set(before));
}

/* ---- scikit-learn ---- */

static void golden(const char *name, int64_t n, double *out) {
    gt_array_file *f;
    int64_t rows, columns;
    assert_ok(gt_array_open(&f, "tests/golden/mixture/sklearn.h5", name, &rows, &columns));
    assert_int_equal(rows * columns, n);
    assert_ok(gt_array_rows(f, 0, rows, out));
    gt_array_close(f);
}

static void golden_mixture(const char *kind, const char *when, gt_mixture *m) {
    char name[64];
    const struct {
        const char *name;
        double *to;
        int64_t n;
    } arrays[] = {{"weights", m->weights, m->k}, {"means", m->means, m->k * m->d}, {"covariances", m->covariances, (int64_t)(m->weights + m->size - m->covariances)}};
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s/%s/%s", kind, when, arrays[i].name);
        golden(name, arrays[i].n, arrays[i].to);
    }
}

/* Ten iterations from the same start: rounding of 1e-16 grows by the rate at which EM itself moves, some 10 in all. */
static void iterations_agree_with_scikit_learn(void **state) {
    (void)state;
    enum { N = 301, D = 3, K = 4 };
    for (int kind = 0; kind < KINDS; kind++) {
        const char *name = gt_covariance_name((gt_covariance)kind);
        numbers p = {N, D, malloc(N * D * sizeof(double))};
        golden("points", N * D, p.x);
        gt_blocks *b = blocks_of(p, NULL);
        gt_em *em;
        gt_mixture theirs;
        gt_fit fit;
        double l, their_l, score[N + 2];
        char path[64];
        assert_ok(gt_em_new(&em, b, (gt_covariance)kind, K, 0));
        assert_ok(gt_mixture_init(&theirs, (gt_covariance)kind, K, D));
        golden_mixture(name, "start", &em->mixture);
        assert_ok(gt_em_set(em));
        for (int i = 1; i <= 10; i++) {
            assert_ok(gt_em_pass(em, &l));
            assert_ok(gt_em_update(em));
            if (i != 1 && i != 10) continue;
            snprintf(path, sizeof path, "after%d", i);
            golden_mixture(name, path, &theirs);
            same_mixture(&em->mixture, &theirs, 1e-12);
            snprintf(path, sizeof path, "%s/after%d/log_likelihood", name, i);
            golden(path, 1, &their_l);
            near(l, their_l, 1e-13 * fabs(l));
        }
        gt_prediction said;
        snprintf(path, sizeof path, "%s/score", name);
        golden(path, N + 2, score);
        assert_ok(gt_mixture_predict(b, &theirs, true, &said));
        for (int i = 0; i < N; i++) near(said.log_likelihoods[i], score[i], 1e-12 * (1 + fabs(score[i])));
        assert_ok(gt_mixture_score(b, &theirs, &l));
        assert_ok(gt_fit_init(&fit, &(gt_mixture_recipe){.covariance = (gt_covariance)kind, .k = K, .restarts = 1}, (gt_cloud_info){N, D, 0, 0, 0}));
        near(gt_fit_bic(&fit, l, N), score[N], 1e-10 * fabs(score[N]));
        near(gt_fit_aic(&fit, l, N), score[N + 1], 1e-10 * fabs(score[N + 1]));
        gt_fit_free(&fit);
        gt_prediction_free(&said);
        gt_mixture_free(&theirs);
        gt_em_free(em);
        gt_blocks_free(b);
    }
}

/* ---- promises ---- */

static const gt_mixture_recipe usual = {.covariance = GT_COVARIANCE_FULL, .k = 5, .seed = 3, .restarts = 2, .iterations = 40, .tol = 1e-7, .floor = 1e-6};

static gt_fit fit_of(gt_blocks *b, const gt_mixture_recipe *r, numbers about) {
    gt_fit f;
    assert_ok(gt_fit_init(&f, r, (gt_cloud_info){about.n, about.d, 0, 0, 0}));
    assert_ok(gt_mixture_fit(b, &f, NULL));
    assert_true(f.finished);
    return f;
}

static void same_fit(const gt_fit *a, const gt_fit *b) {
    assert_int_equal(a->n_curve, b->n_curve);
    assert_memory_equal(a->curve, b->curve, (size_t)a->n_curve * sizeof *a->curve);
    assert_memory_equal(a->best.weights, b->best.weights, a->best.size * sizeof *a->best.weights);
    assert_int_equal(a->best_restart, b->best_restart);
}

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

/* Points that are hard: on a line, in lumps of equal points, far from 0. Hundreds of iterations, most of them where nothing is left to gain, so
 * that rounding alone moves the log-likelihood: an error if it ever falls by more. */
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
            gt_mixture_recipe r = {.covariance = (gt_covariance)kind, .k = 6, .restarts = 1, .iterations = 300, .tol = -1, .floor = 1e-6};
            gt_fit f = fit_of(b, &r, p);
            assert_int_equal(f.n_curve, 301);
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
    assert_failed(gt_mixture_fit(b, &f, NULL), GT_FAILED, "iteration 3 of restart 1: the log-likelihood per sample fell");
    gt_fit_free(&f);
    gt_blocks_free(b);
}

/* The floor is a constraint: what needs none is the same with and without, and where it bites the smallest eigenvalue is the floor. */
static void no_variance_is_below_the_floor(void **state) {
    (void)state;
    numbers p = lumps(600, 3, 9);
    for (int64_t i = 0; i < p.n; i++) p.x[i * 3 + 2] = p.x[i * 3] - p.x[i * 3 + 1]; /* a plane */
    gt_blocks *b = blocks_of(p, NULL);
    gt_em *em;
    double l;
    assert_ok(gt_em_new(&em, b, GT_COVARIANCE_FULL, 2, 1e-3));
    assert_ok(gt_em_start(em, 1, 0));
    for (int i = 0; i < 5; i++) {
        assert_ok(gt_em_pass(em, &l));
        assert_ok(gt_em_update(em));
    }
    for (int c = 0; c < 2; c++) { /* (1,-1,-1)/sqrt(3) is normal to the plane */
        static const double normal[] = {1, -1, -1};
        double along = 0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) along += normal[i] * normal[j] * gt_mixture_covariance(&em->mixture, c, i, j) / 3;
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

/* Samples of a known mixture: a fit finds it again within a few standard errors (1/sqrt(points of a component) of its deviations). */
static void a_mixture_is_found_again(void **state) {
    (void)state;
    enum { N = 40000 };
    gt_mixture m;
    numbers p = {N, 2, malloc(2 * N * sizeof(double))};
    int32_t *components = malloc(N * sizeof *components);
    assert_ok(gt_mixture_init(&m, GT_COVARIANCE_FULL, 2, 2));
    memcpy(m.weights, (double[]){0.3, 0.7, -4, 0, 4, 1, 1, 0.5, 0.5, 2, 0.5, -0.2, -0.2, 0.3}, m.size * sizeof *m.weights);
    assert_ok(gt_mixture_sample(&m, 11, N, p.x, components));
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
            for (int j = 0; j < 2; j++) near(gt_mixture_covariance(&f.best, mine, i, j), gt_mixture_covariance(&m, c, i, j), 2 * error * gt_mixture_covariance(&m, c, i, i) + 0.01);
        }
    }
    gt_fit_free(&f);
    gt_blocks_free(b);
    gt_mixture_free(&m);
    free(components);
}

/* Shares of a point add up to 1, and the label is the largest. */
static void shares_add_up(void **state) {
    (void)state;
    numbers p = lumps(777, 3, 6);
    gt_blocks *b = blocks_of(p, NULL);
    gt_fit f = fit_of(b, &usual, p);
    gt_prediction said;
    assert_ok(gt_mixture_predict(b, &f.best, true, &said));
    for (int64_t i = 0; i < p.n; i++) {
        double sum = 0;
        for (int c = 0; c < f.best.k; c++) {
            sum += (double)said.responsibilities[i * f.best.k + c];
            assert_true(said.responsibilities[i * f.best.k + c] <= said.responsibilities[i * f.best.k + said.labels[i]]);
        }
        near(sum, 1, 1e-6);
    }
    gt_prediction_free(&said);
    gt_fit_free(&f);
    gt_blocks_free(b);
}

/* A component without weight, components that are too far away to be told from 0, points far from all of them: no NaN, and the formula's value. */
static void nothing_is_too_far(void **state) {
    (void)state;
    static const double places[] = {0, 1, -30, 45, 800, -1e8, 1e100};
    enum { N = sizeof places / sizeof *places };
    for (int kind = 0; kind < KINDS; kind++) {
        gt_mixture m;
        assert_ok(gt_mixture_init(&m, (gt_covariance)kind, 3, 1));
        m.weights[0] = 0.25, m.weights[2] = 0.75;
        m.means[1] = 7, m.means[2] = 900;
        for (double *c = m.covariances; c < m.weights + m.size; c++) *c = 2;
        numbers p = {N, 1, malloc(sizeof places)};
        memcpy(p.x, places, sizeof places);
        gt_blocks *b = blocks_of(p, NULL);
        gt_prediction said;
        assert_ok(gt_mixture_predict(b, &m, true, &said));
        for (int i = 0; i < N; i++) {
            long double first = log_density(&m, 0, &places[i]), last = log_density(&m, 2, &places[i]), most = fmaxl(first, last);
            long double expected = most + logl(expl(first - most) + expl(last - most));
            near(said.log_likelihoods[i], (double)expected, 1e-14 * (double)(1 + fabsl(expected)));
            if (fabs(places[i]) < 1e9) near((double)said.responsibilities[3 * i], (double)expl(first - expected), 1e-6); /* beyond, both are equally far */
            assert_true(said.responsibilities[3 * i + 1] == 0);
        }
        gt_prediction_free(&said);
        gt_blocks_free(b);
        gt_mixture_free(&m);
    }
}

/* ---- what cannot be ---- */

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
    fails_to_fit(lumps(4, 2, 1), &usual, GT_FORMAT, "5 components for 4 points");
    numbers same = lumps(50, 2, 1);
    for (int i = 0; i < 100; i++) same.x[i] = 3;
    fails_to_fit(same, &usual, GT_FORMAT, "all 50 points are the same");
    numbers few = lumps(50, 2, 1);
    for (int i = 0; i < 100; i++) few.x[i] = i / 2 % 3;
    fails_to_fit(few, &usual, GT_FORMAT, "only 3 different values");
    gt_mixture_recipe bare = usual;
    bare.floor = 0;
    for (int kind = 0; kind < KINDS; kind++) { /* one dimension is a constant; spherical covariances need a component of one point */
        numbers flat = lumps(60, 2, 1);
        for (int i = 0; i < 60; i++) flat.x[2 * i + 1] = kind == GT_COVARIANCE_SPHERICAL ? flat.x[2 * i] = i % 5 : 7;
        bare.covariance = (gt_covariance)kind;
        fails_to_fit(flat, &bare, GT_FAILED, "singular");
    }
}

static void cloud_fails(const char *name, const char *text, gt_status expected, const char *message) {
    gt_cloud *c;
    double points[64];
    put(at(name), text, strlen(text));
    gt_status st = gt_cloud_open(&c, at(name), "");
    if (!st) st = gt_cloud_read(c, 0, gt_cloud_get_info(c).count, points);
    assert_failed(st, expected, message);
    gt_cloud_close(c);
}

static void csv_is_read_or_refused_by_line(void **state) {
    (void)state;
    gt_cloud *c;
    double x[6];
    static const char table[] = "height, width\n1,2\n\n3.5,-4e2\r\n5, 6 \n";
    put(at("good.csv"), table, sizeof table - 1);
    assert_ok(gt_cloud_open(&c, at("good.csv"), ""));
    assert_int_equal(gt_cloud_get_info(c).count, 3);
    assert_int_equal(gt_cloud_get_info(c).d, 2);
    assert_ok(gt_cloud_read(c, 1, 2, x));
    near(x[1], -400, 0);
    near(x[3], 6, 0);
    assert_ok(gt_cloud_read(c, 0, 1, x)); /* back */
    near(x[0], 1, 0);
    gt_cloud_close(c);
    cloud_fails("ragged.csv", "1,2\n3,4,5\n", GT_FORMAT, "line 2 has 3 numbers, the first line 2");
    cloud_fails("words.csv", "1,2\n3,four\n", GT_FORMAT, "line 2: 'four' is no number");
    cloud_fails("nan.csv", "1,2\n3,nan\n", GT_NONFINITE, "number 1 of point 1 is nan");
    cloud_fails("empty.csv", "", GT_FORMAT, "no points");
    cloud_fails("heading.csv", "a,b\n", GT_FORMAT, "no points");
}

static void arrays_are_chosen_and_refused_by_name(void **state) {
    (void)state;
    gt_cloud *c;
    double x[4] = {1, 2, 3, INFINITY};
    gt_array arrays[] = {{"labels", GT_NUMBER_INT32, 1, {2}, (int32_t[]){0, 1}}, {"means", GT_NUMBER_DOUBLE, 2, {2, 2}, x}, {"latent", GT_NUMBER_DOUBLE, 2, {2, 2}, x}};
    assert_ok(gt_arrays_write(at("three.h5"), arrays, 3));
    assert_ok(gt_cloud_open(&c, at("three.h5"), ""));
    assert_int_equal(gt_cloud_get_info(c).d, 2);
    assert_failed(gt_cloud_read(c, 1, 1, x), GT_NONFINITE, "number 1 of point 1 is inf");
    gt_cloud_close(c);
    assert_ok(gt_arrays_write(at("two.h5"), arrays, 2));
    assert_failed(gt_cloud_open(&c, at("two.h5"), ""), GT_FORMAT, "which one is meant? labels, means");
    assert_failed(gt_cloud_open(&c, at("two.h5"), "latent"), GT_FORMAT, "no array of numbers 'latent'");
    assert_ok(gt_cloud_open(&c, at("two.h5"), "labels"));
    assert_int_equal(gt_cloud_get_info(c).d, 1);
    gt_cloud_close(c);
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
    assert_ok(gt_mixture_init(&three, GT_COVARIANCE_SPHERICAL, 1, 3));
    assert_failed(gt_mixture_score(b, &three, &l), GT_FORMAT, "the mixture is of points of 3 numbers, the data are of 2");
    gt_mixture_free(&three);
    gt_blocks_free(b);
}

/* ---- matrices ---- */

static void eigenvalues_are_raised_and_nothing_else(void **state) {
    (void)state;
    enum { D = 5 };
    double v[D], a[D * D], scratch_room[4096], least = 0.25;
    assert_true(gt_raise_scratch(D) <= 4096);
    for (int i = 0; i < D; i++) v[i] = (i + 1) / sqrt(55); /* of length 1 */
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) a[i * D + j] = (i == j ? 0.1 : 0) + 3.9 * v[i] * v[j]; /* eigenvalues 4 and 0.1 */
    assert_true(gt_raise_eigenvalues(D, a, least, scratch_room));
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) near(a[i * D + j], (i == j ? least : 0) + (4 - least) * v[i] * v[j], 1e-14);
}

int main(void) {
    gt_status st;
    comm = gt_comm_start(1, &st);
    if (!comm) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iterations_agree_with_the_formulas), cmocka_unit_test(iterations_agree_with_scikit_learn), cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(a_fit_goes_on_with_the_same_bits), cmocka_unit_test(log_likelihoods_never_fall), cmocka_unit_test(a_fall_is_an_error_that_names_the_iteration),
        cmocka_unit_test(no_variance_is_below_the_floor), cmocka_unit_test(a_mixture_is_found_again), cmocka_unit_test(shares_add_up), cmocka_unit_test(nothing_is_too_far),
        cmocka_unit_test(what_cannot_be_fitted_is_said), cmocka_unit_test(csv_is_read_or_refused_by_line), cmocka_unit_test(arrays_are_chosen_and_refused_by_name),
        cmocka_unit_test(files_that_are_damaged_or_none_are_said), cmocka_unit_test(eigenvalues_are_raised_and_nothing_else),
    };
    int failed = cmocka_run_group_tests(tests, make_scratch, remove_scratch);
    gt_comm_stop(comm);
    return failed;
}
