/* SPDX-License-Identifier: Apache-2.0
 * Gaussian mixtures: EM beside a plain one written down from the formulas and beside scikit-learn; what a mixture says
 * of points. */
#include "kernels.h"
#include "mixtures.h"

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

/* One iteration: `m` becomes the next mixture. Returns the log-likelihood per sample before it. Full moments of every
 * component first; the other kinds of covariance are what is left of them. */
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
                    sum += share[i * k + c] * ((long double)p->x[i * d + a] - (long double)m->means[c * d + a]) *
                           ((long double)p->x[i * d + b] - (long double)m->means[c * d + b]);
                switch (m->covariance) {
                case GT_COVARIANCE_FULL: m->covariances[(c * d + a) * d + b] = (double)(sum / total); break;
                case GT_COVARIANCE_TIED: m->covariances[a * d + b] += (double)(sum / n); break;
                case GT_COVARIANCE_DIAGONAL:
                    if (a == b) m->covariances[c * d + a] = (double)(sum / total);
                    break;
                case GT_COVARIANCE_SPHERICAL:
                    if (a == b) m->covariances[c] += (double)(sum / total / d);
                    break;
                }
            }
    }
    free(share);
    return (double)(likelihood / n);
}

static void same_mixture(const gt_mixture *a, const gt_mixture *b, double tolerance) {
    for (size_t i = 0; i < a->size; i++) near(a->weights[i], b->weights[i], tolerance * (1 + fabs(b->weights[i])));
}

/* Two iterations after the start of k-means++ agree with the plain ones to rounding, which conditions of some 100
 * amplify. */
static void check_against_plain(gt_covariance kind, int64_t n, int d, int k) {
    numbers p = lumps(n, d, 5), copy = {n, d, malloc((size_t)(n * d) * sizeof(double))};
    memcpy(copy.x, p.x, (size_t)(n * d) * sizeof(double));
    gt_blocks *b = blocks_of(p, NULL);
    gt_em *em;
    gt_mixture plain;
    double l;
    assert_ok(gt_em_new(&em, b, kind, k, 0));
    assert_ok(gt_em_start(em, &(gt_mixture_recipe){.seed = 1}, NULL, 0));
    assert_ok(gt_mixture_init(&plain, arena(), kind, k, d));
    gt_mixture_copy(&plain, &em->mixture);
    for (int i = 0; i < 2; i++) {
        assert_ok(gt_em_pass(em, &l));
        near(l, plain_iteration(&copy, &plain), 1e-12 * (d + fabs(l)));
        assert_ok(gt_em_update(em));
        same_mixture(&em->mixture, &plain, 1e-11);
    }
    gt_em_free(em);
    gt_blocks_free(b);
    free(copy.x);
}

static void iterations_agree_with_the_formulas(void **state) {
    (void)state;
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        if (!gt_isa_available((gt_isa)isa)) continue;
        kernels = kernels_of((gt_isa)isa, "auto");
        for (int kind = 0; kind < KINDS; kind++) {
            check_against_plain((gt_covariance)kind, 300, 1, 2); /* a panel and a part of one */
            check_against_plain((gt_covariance)kind, 257, 2, 1);
            check_against_plain((gt_covariance)kind, 700, 3, 5);
            check_against_plain((gt_covariance)kind, 130, 7, 3);
            check_against_plain((gt_covariance)kind, 300, 33, 2); /* panels of the other size */
        }
    }
    kernels = NULL;
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
    } arrays[] = {{"weights", m->weights, m->k},
                  {"means", m->means, m->k * m->d},
                  {"covariances", m->covariances, (int64_t)(m->weights + m->size - m->covariances)}};
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
        assert_ok(gt_mixture_init(&theirs, arena(), (gt_covariance)kind, K, D));
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
        assert_ok(gt_fit_init(&fit, &(gt_mixture_recipe){.covariance = (gt_covariance)kind, .k = K, .restarts = 1},
                              (gt_cloud_info){N, D, 0, 0, 0}));
        near(gt_fit_bic(&fit, l, N), score[N], 1e-10 * fabs(score[N]));
        near(gt_fit_aic(&fit, l, N), score[N + 1], 1e-10 * fabs(score[N + 1]));
        gt_fit_free(&fit);
        gt_prediction_free(&said);
        gt_em_free(em);
        gt_blocks_free(b);
    }
}

/* ---- predictions ---- */

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
            assert_true(said.responsibilities[i * f.best.k + c] <=
                        said.responsibilities[i * f.best.k + said.labels[i]]);
        }
        near(sum, 1, 1e-6);
    }
    gt_prediction_free(&said);
    gt_fit_free(&f);
    gt_blocks_free(b);
}

/* A component without weight, components that are too far away to be told from 0, points far from all of them: no NaN,
 * and the formula's value. */
static void nothing_is_too_far(void **state) {
    (void)state;
    static const double places[] = {0, 1, -30, 45, 800, -1e8, 1e100};
    enum { N = sizeof places / sizeof *places };
    for (int kind = 0; kind < KINDS; kind++) {
        gt_mixture m;
        assert_ok(gt_mixture_init(&m, arena(), (gt_covariance)kind, 3, 1));
        m.weights[0] = 0.25, m.weights[2] = 0.75;
        m.means[1] = 7, m.means[2] = 900;
        for (double *c = m.covariances; c < m.weights + m.size; c++) *c = 2;
        numbers p = {N, 1, malloc(sizeof places)};
        memcpy(p.x, places, sizeof places);
        gt_blocks *b = blocks_of(p, NULL);
        gt_prediction said;
        assert_ok(gt_mixture_predict(b, &m, true, &said));
        for (int i = 0; i < N; i++) {
            long double first = log_density(&m, 0, &places[i]), last = log_density(&m, 2, &places[i]),
                        most = fmaxl(first, last);
            long double expected = most + logl(expl(first - most) + expl(last - most));
            near(said.log_likelihoods[i], (double)expected, 1e-14 * (double)(1 + fabsl(expected)));
            if (fabs(places[i]) < 1e9)
                near((double)said.responsibilities[3 * i], (double)expl(first - expected),
                     1e-6); /* beyond, both are equally far */
            assert_true(said.responsibilities[3 * i + 1] == 0);
        }
        gt_prediction_free(&said);
        gt_blocks_free(b);
    }
}

int main(void) {
    gt_status st;
    comm = gt_comm_start_all(1, &st);
    if (!comm) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iterations_agree_with_the_formulas),
        cmocka_unit_test(iterations_agree_with_scikit_learn),
        cmocka_unit_test(shares_add_up),
        cmocka_unit_test(nothing_is_too_far),
    };
    int failed = cmocka_run_group_tests(tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
