/* SPDX-License-Identifier: Apache-2.0
 * Metrics of rows: properties (a set and itself, symmetry, no bias), values known in closed form, brute force, and bad
 * input. Numbers beside other programs are golden values (tests/golden/metrics). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/door/random.h"
#include "features/score/distances/authenticity.h"
#include "features/score/distances/gaussian.h"
#include "metrics/door/fourier.h"
#include "features/score/distances/transforms.h"
#include "features/score/distances/distances.h"
#include "metrics/door/rows.h"
#include "features/score/distances/sliced.h"
#include "features/score/distances/wavelet_distance.h"

static gt_team team;

enum { MOST = 60000 };
static float room[4][MOST];

/* Normal numbers, times `scale`, plus `shift`, in a room. */
static gt_rows rows_of(int place, int64_t count, int64_t d, uint32_t seed, float scale, float shift) {
    assert_true(count * d <= MOST);
    gt_random_normal((gt_key){.seed = seed}, room[place], (size_t)(count * d));
    for (int64_t i = 0; i < count * d; i++) room[place][i] = scale * room[place][i] + shift;
    gt_rows rows = gt_rows_share(count, d, team.comm);
    rows.x = room[place];
    return rows;
}

static double frechet(const gt_rows *a, const gt_rows *b, gt_divisor divisor) {
    gt_gaussian x, y;
    double distance;
    assert_int_equal(gt_gaussian_of_rows_all(&team, a, &x), GT_OK);
    assert_int_equal(gt_gaussian_of_rows_all(&team, b, &y), GT_OK);
    assert_int_equal(gt_frechet_distance(&x, &y, divisor, &distance), GT_OK);
    gt_gaussian_free(&x);
    gt_gaussian_free(&y);
    return distance;
}

/* ---- Frechet distance ---- */

static void a_set_has_no_distance_from_itself(void **state) {
    (void)state;
    const int64_t counts[] = {500, 40, 39, 12, 2}; /* of 40 numbers: by eigenvalues, and by rows */
    for (int i = 0; i < 5; i++) {
        gt_rows a = rows_of(0, counts[i], 40, 1, 2, 1);
        double trace = 40 * 4;
        assert_true(frechet(&a, &a, GT_DIVISOR_N) < 1e-9 * trace);
        assert_true(frechet(&a, &a, GT_DIVISOR_N_LESS) < 1e-9 * trace);
    }
}

static void frechet_is_symmetric(void **state) {
    (void)state;
    const int64_t counts[] = {300, 30, 9};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            gt_rows a = rows_of(0, counts[i], 30, 1, 1, 0), b = rows_of(1, counts[j], 30, 2, 1.5f, 0.2f);
            double there = frechet(&a, &b, GT_DIVISOR_N), back = frechet(&b, &a, GT_DIVISOR_N);
            assert_float_equal(there, back, 1e-9 * there);
        }
}

/* Rows are plus and minus s_k on axis k: covariances are diagonal, and the distance is known. */
static void frechet_in_closed_form(void **state) {
    (void)state;
    enum { D = 5, N = 2 * D };
    gt_rows set[2];
    double expected = 0;
    for (int i = 0; i < 2; i++) {
        set[i] = rows_of(i, N, D, 1, 0, 0);
        for (int k = 0; k < D; k++)
            for (int sign = 0; sign < 2; sign++) {
                for (int j = 0; j < D; j++) room[i][(2 * k + sign) * D + j] = i ? 3 : 0;
                room[i][(2 * k + sign) * D + k] += (float)((sign ? -1 : 1) * (i ? k + 1 : 4 - k));
            }
    }
    for (int k = 0; k < D; k++) { /* variance 2 s^2 / N */
        double a = sqrt(2.0 * (4 - k) * (4 - k) / N), b = sqrt(2.0 * (k + 1) * (k + 1) / N);
        expected += 9 + (a - b) * (a - b);
    }
    assert_float_equal(frechet(&set[0], &set[1], GT_DIVISOR_N), expected, 1e-9);
}

/* A set and twice the set, both about 0: the distance is the trace of the set's covariance, and so the divisor is seen:
 * of few rows, which stay rows, and of many, which become a covariance. */
static void the_divisor_is_the_one_that_is_asked_for(void **state) {
    (void)state;
    const int64_t counts[] = {10, 80};
    for (int i = 0; i < 2; i++) {
        int64_t n = counts[i], half = n / 2 * 40;
        gt_rows a = rows_of(0, n, 40, 1, 1, 0), b = rows_of(1, n, 40, 1, 2, 0);
        for (int64_t k = 0; k < half; k++) room[0][half + k] = -room[0][k], room[1][half + k] = -room[1][k];
        double square = 0;
        for (int64_t k = 0; k < 2 * half; k++) square += (double)room[0][k] * (double)room[0][k];
        assert_float_equal(frechet(&a, &b, GT_DIVISOR_N), square / (double)n, 1e-6 * square);
        assert_float_equal(frechet(&a, &b, GT_DIVISOR_N_LESS), square / (double)(n - 1), 1e-6 * square);
    }
}

/* Rows that come in batches of whatever size: the same bits. */
static void moments_in_batches(void **state) {
    (void)state;
    enum { D = 30, N = 1900 };
    gt_rows a = rows_of(0, N, D, 4, 1, 0);
    gt_gaussian whole, parts;
    assert_int_equal(gt_gaussian_of_rows_all(&team, &a, &whole), GT_OK);
    for (int batch = 1; batch < 1500; batch = 5 * batch + 2) {
        gt_row_moments *m = gt_row_moments_new(&team, N, D);
        for (int i = 0; i < N; i += batch)
            assert_int_equal(gt_row_moments_add(m, a.x + i * D, i + batch < N ? batch : N - i), GT_OK);
        assert_int_equal(gt_row_moments_finish_all(m, &parts), GT_OK);
        assert_memory_equal(parts.covariance, whole.covariance, D * D * sizeof(double));
        assert_memory_equal(parts.mean, whole.mean, D * sizeof(double));
        gt_gaussian_free(&parts);
        gt_row_moments_free(m);
    }
    gt_gaussian_free(&whole);
}

/* Statistics of others: how many pictures they are of is not known. */
static void given_statistics(void **state) {
    (void)state;
    double mean[] = {1, 2}, far[] = {4, 6}, unit[] = {1, 0, 0, 1}, wide[] = {4, 0, 0, 9}, distance;
    gt_gaussian a = {.d = 2, .mean = mean, .covariance = unit}, b = {.d = 2, .mean = far, .covariance = wide};
    assert_int_equal(gt_frechet_distance(&a, &b, GT_DIVISOR_N_LESS, &distance), GT_OK);
    assert_float_equal(distance, 25 + 1 + 4, 1e-12);
}

static void bad_rows(void **state) {
    (void)state;
    gt_rows a = rows_of(0, 50, 8, 1, 1, 0), b = rows_of(1, 50, 9, 1, 1, 0), one = rows_of(2, 1, 8, 1, 1, 0);
    gt_gaussian x, y;
    double distance, other;
    assert_int_equal(gt_gaussian_of_rows_all(&team, &a, &x), GT_OK);
    assert_int_equal(gt_gaussian_of_rows_all(&team, &b, &y), GT_OK);
    assert_int_equal(gt_frechet_distance(&x, &y, GT_DIVISOR_N, &distance), GT_USAGE);
    gt_gaussian_free(&y);
    assert_int_equal(gt_gaussian_of_rows_all(&team, &one, &y), GT_OK);
    assert_int_equal(gt_frechet_distance(&x, &y, GT_DIVISOR_N, &distance), GT_OK);
    assert_int_equal(gt_frechet_distance(&x, &y, GT_DIVISOR_N_LESS, &distance), GT_USAGE);
    gt_gaussian_free(&x);
    gt_gaussian_free(&y);
    assert_int_equal(gt_kid_all(&team, &a, &b, &(gt_kid_options){0}, &distance, NULL), GT_USAGE);
    assert_int_equal(gt_kid_all(&team, &a, &one, &(gt_kid_options){0}, &distance, NULL), GT_USAGE);
    assert_int_equal(gt_kid_all(&team, &a, &a, &(gt_kid_options){.size = 51}, &distance, NULL), GT_USAGE);
    gt_precision_recall_options o = {0};
    assert_int_equal(gt_precision_recall_all(&team, &a, &b, &o, &distance, &other), GT_USAGE);
    assert_int_equal(gt_precision_recall_all(&team, &a, &one, &o, &distance, &other), GT_USAGE);
    o.k = GT_NEAREST_MAX + 1;
    assert_int_equal(gt_precision_recall_all(&team, &a, &a, &o, &distance, &other), GT_USAGE);
    assert_int_equal(gt_inception_score_all(&team, &one, 10, &distance, &other, NULL), GT_USAGE);
    room[0][17] = NAN;
    assert_int_equal(gt_rows_check_all(&team, &a, "fakes"), GT_NONFINITE);
    assert_non_null(strstr(gt_message(), "number 1 of row 2 of the fakes is NaN"));
    assert_int_equal(gt_gaussian_of_rows_all(&team, &a, &x), GT_NONFINITE);
    o.k = 0;
    assert_int_equal(gt_precision_recall_all(&team, &a, &a, &o, &distance, &other), GT_NONFINITE);
    room[0][17] = INFINITY;
    assert_int_equal(gt_gaussian_of_rows_all(&team, &a, &x), GT_NONFINITE);
}

/* All pictures equal: a covariance of zeros. */
static void equal_rows(void **state) {
    (void)state;
    gt_rows a = rows_of(0, 60, 10, 1, 0, 3), b = rows_of(1, 60, 10, 1, 0, 5), c = rows_of(2, 60, 10, 1, 1, 3);
    double precision, recall, spread = 0;
    assert_float_equal(frechet(&a, &b, GT_DIVISOR_N), 40, 1e-6);
    for (int i = 0; i < 600; i++) spread += (double)(room[2][i] - 3) * (double)(room[2][i] - 3) / 60;
    assert_float_equal(frechet(&a, &c, GT_DIVISOR_N), spread, 1e-5); /* mean apart + trace: the spread about 3 */
    gt_precision_recall_options o = {0};
    assert_int_equal(gt_precision_recall_all(&team, &a, &a, &o, &precision, &recall), GT_OK);
    assert_true(precision == 1 && recall == 1);
    assert_int_equal(gt_precision_recall_all(&team, &a, &b, &o, &precision, &recall), GT_OK);
    assert_true(precision == 0 && recall == 0);
}

/* ---- kernel distance ---- */

/* Two halves of one set: the mean over many draws is 0 within its own error, though each is not. */
static void kernel_distance_has_no_bias(void **state) {
    (void)state;
    enum { DRAWS = 200, N = 20, D = 6 };
    double sum = 0, square = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        gt_rows a = rows_of(0, N, D, 2 * i, 1, 0), b = rows_of(1, N, D, 2 * i + 1, 1, 0);
        double kid;
        assert_int_equal(gt_kid_all(&team, &a, &b, &(gt_kid_options){.subsets = 1, .seed = i}, &kid, NULL), GT_OK);
        sum += kid;
        square += kid * kid;
    }
    double mean = sum / DRAWS, error = sqrt(square / DRAWS) / sqrt(DRAWS);
    assert_true(fabs(mean) < 3 * error);
    assert_true(error < 0.05);
}

static void kernel_subsets_differ(void **state) {
    (void)state;
    gt_rows a = rows_of(0, 200, 8, 1, 1, 0), b = rows_of(1, 150, 8, 2, 1, 0.5f);
    gt_kid_options o = {.subsets = 11, .size = 40};
    double kid, again, each[11];
    assert_int_equal(gt_kid_all(&team, &a, &b, &o, &kid, each), GT_OK);
    for (int i = 1; i < 11; i++) assert_true(each[i] != each[0]);
    assert_int_equal(gt_kid_all(&team, &a, &b, &o, &again, NULL), GT_OK);
    assert_true(kid == again);
    o.seed = 1;
    assert_int_equal(gt_kid_all(&team, &a, &b, &o, &again, NULL), GT_OK);
    assert_true(kid != again);
    o.size = 150; /* all rows of b: order alone differs */
    assert_int_equal(gt_kid_all(&team, &b, &b, &o, &kid, each), GT_OK);
    for (int i = 1; i < 11; i++) assert_float_equal(each[i], each[0], 1e-9);
}

/* ---- neighbours ---- */

static void check_nearest(const gt_rows *queries, const gt_rows *base, gt_nearest_but but) {
    enum { K = 3 };
    gt_neighbour *near = malloc((size_t)queries->own * K * sizeof *near);
    assert_int_equal(gt_nearest_all(&team, queries, base, K, but, near), GT_OK);
    for (int64_t i = 0; i < queries->count; i++) {
        int64_t last = -1;
        double reached = -1;
        for (int k = 0; k < K; k++) { /* the next in the order of distance and index */
            gt_neighbour best = {-1, INFINITY};
            for (int64_t j = 0; j < base->count; j++) {
                if (but && (j == i || (but == GT_NEAREST_BUT_MIRRORED && llabs(j - i) == base->count / 2))) continue;
                double d = gt_row_distance(base->d, queries->x + i * base->d, base->x + j * base->d);
                if ((d > reached || (d == reached && j > last)) && d < best.distance) best = (gt_neighbour){j, d};
            }
            assert_int_equal(near[i * K + k].index, best.index);
            assert_true(near[i * K + k].distance == best.distance);
            last = best.index;
            reached = best.distance;
        }
    }
    free(near);
}

static void nearest_rows(void **state) {
    (void)state;
    const float shifts[] = {0, 1000}; /* far from the origin the products say little about distances */
    for (int i = 0; i < 2; i++) {
        gt_rows base = rows_of(0, 700, 19, 1, 1, shifts[i]), queries = rows_of(1, 130, 19, 2, 1, shifts[i]);
        memcpy(room[1], room[0] + 40 * 19, 19 * sizeof(float));           /* a copy */
        memcpy(room[0] + 90 * 19, room[0] + 40 * 19, 19 * sizeof(float)); /* and another: the smaller index first */
        check_nearest(&queries, &base, GT_NEAREST_ALL);
        check_nearest(&base, &base, GT_NEAREST_BUT_ITSELF);
        check_nearest(&base, &base, GT_NEAREST_BUT_MIRRORED);
    }
    gt_rows base = rows_of(0, 3, 5, 1, 1, 0); /* fewer rows than neighbours are asked for */
    check_nearest(&base, &base, GT_NEAREST_BUT_ITSELF);
}

/* At the very edge of a ball, and outside by the last bit of the radius. */
static void edges_of_balls(void **state) {
    (void)state;
    enum { N = 90, M = 150, D = 33 };
    const float shifts[] = {0, 300};
    for (int s = 0; s < 2; s++) {
        gt_rows base = rows_of(0, M, D, 1, 1, shifts[s]), queries = rows_of(1, N, D, 2, 1, shifts[s]);
        double radius[M];
        uint8_t inside[N];
        for (int i = 0; i < N; i++)
            for (int outside = 0; outside < 2; outside++) {
                memset(radius, 0, sizeof radius);
                double d = gt_row_distance(D, queries.x + i * D, base.x + (i + 7) * D);
                radius[i + 7] = outside ? nextafter(d, 0) : d;
                assert_int_equal(gt_within_all(&team, &queries, &base, radius, inside), GT_OK);
                assert_int_equal(inside[i], !outside);
            }
    }
}

/* More than a panel, and more than a block of queries. */
static void nearest_of_many(void **state) {
    (void)state;
    gt_rows base = rows_of(0, 5000, 4, 1, 1, 0), queries = rows_of(1, 1100, 4, 2, 1, 0);
    check_nearest(&queries, &base, GT_NEAREST_ALL);
}

/* On a line: the k-th of the others, counted from 1. */
static void radii_are_distances_of_the_kth_neighbour(void **state) {
    (void)state;
    enum { N = 5 };
    static const float places[N] = {0, 1, 3, 7, 15};
    static const double radii[][N] = {{1, 1, 2, 4, 8}, {3, 2, 3, 6, 12}, {7, 6, 4, 7, 14}};
    double radius[N];
    gt_rows a = rows_of(0, N, 1, 1, 0, 0);
    memcpy(room[0], places, sizeof places);
    for (int k = 1; k <= 3; k++) {
        assert_int_equal(gt_manifold_all(&team, &a, k, radius), GT_OK);
        for (int i = 0; i < N; i++) assert_float_equal(radius[i], radii[k - 1][i], 1e-6);
    }
}

static void precision_and_recall(void **state) {
    (void)state;
    gt_rows a = rows_of(0, 300, 16, 1, 1, 5), b = rows_of(1, 200, 16, 2, 0.5f, 5);
    gt_precision_recall_options o = {0};
    double precision, recall, back, forth;
    for (int half = 0; half < 2; half++) {
        o.half = half;
        assert_int_equal(gt_precision_recall_all(&team, &a, &a, &o, &precision, &recall), GT_OK);
        assert_true(precision == 1 && recall == 1);
    }
    o.half = false;
    assert_int_equal(gt_precision_recall_all(&team, &a, &b, &o, &precision, &recall), GT_OK);
    assert_int_equal(gt_precision_recall_all(&team, &b, &a, &o, &back, &forth), GT_OK);
    assert_true(precision == forth && recall == back);
    assert_true(precision > 0.9 && recall < 0.5); /* the narrow set lies in the wide one */
}

static void halves(void **state) {
    (void)state;
    const float from[] = {1,     1 + 0x1p-11f, 1 + 0x1.8p-11f, 1 + 0x3p-11f, 65519,
                          65520, -1e9f,        0x1p-25f,       0x1.8p-25f,   3e-6f},
                to[] = {1, 1, 1 + 0x1p-10f, 1 + 0x2p-10f, 65504, INFINITY, -INFINITY, 0, 0x1p-24f, 0x1.9p-19f};
    for (int i = 0; i < 10; i++) {
        float x = from[i];
        gt_round_half(&x, 1);
        assert_true(x == to[i]);
    }
}

static void authentic_pictures(void **state) {
    (void)state;
    gt_rows train = rows_of(0, 200, 12, 1, 1, 0), fakes = rows_of(1, 60, 12, 2, 1, 0);
    for (int i = 0; i < 20; i++)
        for (int k = 0; k < 12; k++) room[1][i * 12 + k] = room[0][7 * i * 12 + k] + (i < 10 ? 0 : 1e-3f * (float)i);
    gt_likeness all[60];
    double share, mirrored;
    assert_int_equal(gt_authenticity_all(&team, &train, &fakes, false, &share, all), GT_OK);
    int64_t count = 0;
    for (int i = 0; i < 60; i++) {
        count += gt_is_authentic(&all[i]);
        if (i >= 20) continue;
        assert_int_equal(all[i].nearest, 7 * i);
        assert_false(gt_is_authentic(&all[i]));
    }
    assert_true(share == (double)count / 60 && share > 0.2);
    gt_sort_by_likeness(all, 60);
    for (int i = 0; i < 20; i++) assert_int_equal(all[i].fake, i < 10 ? i : all[i].fake);
    for (int i = 1; i < 60; i++) assert_true(all[i].distance / all[i].gap >= all[i - 1].distance / all[i - 1].gap);
    /* the second half mirrors the first, and every picture is its own mirror image: gaps are what they were */
    memcpy(room[0] + 100 * 12, room[0], 100 * 12 * sizeof(float));
    assert_int_equal(gt_authenticity_all(&team, &train, &fakes, true, &mirrored, all), GT_OK);
    for (int i = 0; i < 60; i++) assert_true(all[i].gap > 0);
    gt_rows two = rows_of(2, 2, 12, 1, 1, 0);
    assert_int_equal(gt_authenticity_all(&team, &two, &fakes, true, &mirrored, all), GT_USAGE);
}

/* ---- the base rate of authenticity ---- */

/* As the formula says: row r of `train` against all others, mirror images left out with their pictures. */
static bool is_authentic_alone(const gt_rows *train, bool mirrored, int64_t r) {
    int64_t count = train->count, mirror = mirrored ? gt_mirror_image(r, count) : r, x = -1;
    double nearest = INFINITY, gap = INFINITY;
    for (int64_t t = 0; t < count; t++) {
        double d = gt_row_distance(train->d, train->x + r * train->d, train->x + t * train->d);
        if (t == r || t == mirror || d >= nearest) continue;
        nearest = d;
        x = t;
    }
    for (int64_t t = 0; t < count; t++) {
        if (t == x || t == r || t == mirror || (mirrored && t == gt_mirror_image(x, count))) continue;
        gap = fmin(gap, gt_row_distance(train->d, train->x + x * train->d, train->x + t * train->d));
    }
    return nearest > gap;
}

static void pictures_left_out(void **state) {
    (void)state;
    const int64_t counts[] = {200, 60, 7, 1};
    gt_rows train = rows_of(0, 200, 12, 1, 1, 0);
    for (int mirrored = 0; mirrored < 2; mirrored++)
        for (int c = 0; c < 4; c++) {
            int64_t n = gt_left_out_count(train.count, mirrored, counts[c]), there = mirrored ? 100 : 200, want = 0;
            double share;
            assert_int_equal(n, counts[c] < there ? counts[c] : there);
            for (int64_t i = 0; i < n; i++) want += is_authentic_alone(&train, mirrored, i * there / n);
            assert_int_equal(gt_authenticity_of_left_out_all(&team, &train, mirrored, n, &share), GT_OK);
            assert_true(share == (double)want / (double)n);
            if (n > 50) assert_true(share > 0.4 && share < 0.9);
        }
    gt_rows few = rows_of(1, 2, 12, 1, 1, 0);
    double share;
    assert_int_equal(gt_authenticity_of_left_out_all(&team, &few, false, 2, &share), GT_USAGE);
}

/* Noise is far from everything: the value alone says nothing. */
static void noise_is_authentic(void **state) {
    (void)state;
    gt_rows train = rows_of(0, 300, 40, 1, 1, 0), noise = rows_of(1, 50, 40, 2, 9, 0);
    gt_likeness all[50];
    double share;
    assert_int_equal(gt_authenticity_all(&team, &train, &noise, false, &share, all), GT_OK);
    assert_true(share == 1);
}

/* ---- a stop ---- */

static int asked, allowed; /* how often a function has asked whether to stop; how often it was told to go on */
static int stop_later(void) { return ++asked > allowed; }

static gt_status stop_nearest(void) {
    static gt_neighbour near[1100];
    gt_rows base = rows_of(0, 5000, 4, 1, 1, 0), queries = rows_of(1, 1100, 4, 2, 1, 0);
    return gt_nearest_all(&team, &queries, &base, 1, GT_NEAREST_ALL, near);
}
static gt_status stop_precision_recall(void) {
    gt_rows a = rows_of(0, 2500, 4, 1, 1, 0), b = rows_of(1, 2500, 4, 2, 1, 0);
    double precision, recall;
    return gt_precision_recall_all(&team, &a, &b, &(gt_precision_recall_options){0}, &precision, &recall);
}
static gt_status stop_authenticity(void) {
    static gt_likeness all[5];
    gt_rows train = rows_of(0, 5000, 4, 1, 1, 0), fakes = rows_of(1, 5, 4, 2, 1, 0);
    double share;
    return gt_authenticity_all(&team, &train, &fakes, false, &share, all);
}
static gt_status stop_left_out(void) {
    gt_rows train = rows_of(0, 5000, 4, 1, 1, 0);
    double share;
    return gt_authenticity_of_left_out_all(&team, &train, false, 5, &share);
}
static gt_status stop_kid(void) {
    gt_rows a = rows_of(0, 100, 8, 1, 1, 0), b = rows_of(1, 100, 8, 2, 1, 0);
    double kid;
    return gt_kid_all(&team, &a, &b, &(gt_kid_options){.subsets = 20, .size = 20}, &kid, NULL);
}
static gt_status stop_sliced(void) {
    float directions[40];
    double each[40];
    gt_rows a = rows_of(0, 99, 1, 1, 1, 0), b = rows_of(1, 99, 1, 2, 1, 0);
    for (int i = 0; i < 40; i++) directions[i] = 1;
    return gt_sliced_distance_all(&team, &a, &b, directions, 40, each);
}
static gt_status stop_gaussian(void) {
    gt_rows a = rows_of(0, 5000, 4, 1, 1, 0);
    gt_gaussian g;
    gt_status st = gt_gaussian_of_rows_all(&team, &a, &g);
    gt_gaussian_free(&g);
    return st;
}
static gt_status stop_packets(void) {
    static uint8_t pictures[3 * 16 * 16];
    gt_packets_options o = {.wavelet = gt_wavelet_find("haar"), .level = 2};
    gt_packets *p = gt_packets_new(&team, 3, 16, 16, 1, &o);
    double distance;
    for (int i = 0; i < 3 * 16 * 16; i++) pictures[i] = (uint8_t)(i * i);
    assert_int_equal(gt_packets_add(p, pictures, 3), GT_OK);
    assert_int_equal(gt_packets_finish(p), GT_OK);
    gt_status st = gt_packets_distance_all(p, p, &distance, NULL);
    gt_packets_free(p);
    return st;
}

/* How often work asks when nobody stops it. When somebody does, the work ends, and does next to nothing more. */
static int stops(gt_status (*work)(void)) {
    enum { MORE = 20 /* tiles that ask before the next look of all ranks */ };
    team.stop = stop_later;
    asked = 0;
    allowed = INT32_MAX;
    assert_int_equal(work(), GT_OK);
    const int whole = asked, cases[] = {0, 1, whole / 2, whole - 1};
    for (int i = 0; i < 4; i++) {
        asked = 0;
        allowed = cases[i];
        assert_int_equal(work(), GT_STOPPED);
        assert_true(asked > allowed && asked <= allowed + MORE);
    }
    team.stop = NULL;
    return whole;
}

static void work_asks_for_stops(void **state) {
    (void)state;
    assert_true(stops(stop_nearest) >= 9); /* three panels of two blocks, and a second look at the panels */
    assert_true(stops(stop_precision_recall) >= 4 * 4);
    assert_true(stops(stop_left_out) >= 9);
    assert_true(stops(stop_kid) >= 20);
    assert_true(stops(stop_sliced) >= 40);
    assert_true(stops(stop_gaussian) >= 4);
    assert_true(stops(stop_packets) >= 16);
    /* Of five fakes: gaps of five rows, a block a panel; those of all rows would be five blocks a panel. */
    assert_true(stops(stop_authenticity) <= 2 * 9 + 3);
}

/* ---- scores and paths ---- */

static void inception_scores(void **state) {
    (void)state;
    enum { N = 40, CLASSES = 4 };
    gt_rows p = rows_of(0, N, CLASSES, 1, 0, 0);
    double mean, std;
    for (int i = 0; i < N; i++) room[0][i * CLASSES + i % CLASSES] = 1; /* sure of one class, all classes: 4 */
    assert_int_equal(gt_inception_score_all(&team, &p, 10, &mean, &std, NULL), GT_OK);
    assert_float_equal(mean, CLASSES, 1e-12);
    assert_float_equal(std, 0, 1e-12);
    for (int i = 0; i < N * CLASSES; i++) room[0][i] = 1.0f / CLASSES; /* knows nothing: 1 */
    assert_int_equal(gt_inception_score_all(&team, &p, 10, &mean, &std, NULL), GT_OK);
    assert_float_equal(mean, 1, 1e-12);
}

static void paths(void **state) {
    (void)state;
    float distances[101], a[] = {2, 0}, b[] = {0, 3}, out[2];
    double value;
    for (int i = 0; i < 101; i++) distances[i] = (float)(100 - i); /* the ends go: 1 and 99 are the percentiles */
    assert_int_equal(gt_path_length(distances, 101, &value), GT_OK);
    assert_float_equal(value, 50, 1e-12);
    distances[0] = 1e9f;
    assert_int_equal(gt_path_length(distances, 101, &value), GT_OK);
    assert_float_equal(value, 50, 1e-12);
    distances[0] = NAN;
    assert_int_equal(gt_path_length(distances, 101, &value), GT_NONFINITE);
    gt_slerp(2, a, b, 1.0 / 3, out);
    assert_float_equal(out[0], cos(M_PI / 6), 1e-7);
    assert_float_equal(out[1], 0.5, 1e-7);
    assert_float_equal(gt_path_distance(2, a, b, 0.5), 4 * 13, 1e-12);
}

/* ---- Fourier ---- */

static void fourier(void **state) {
    (void)state;
    enum { LONGEST = 60 };
    gt_complex x[LONGEST], roots[LONGEST], y[LONGEST], spare[LONGEST];
    for (size_t n = 1; n <= LONGEST; n++) {
        for (size_t i = 0; i < n; i++) x[i] = (gt_complex){sin(3.7 * (double)i), cos((double)(i * i))};
        gt_fourier_roots(n, roots);
        gt_fourier(n, 1, x, roots, y, spare);
        for (size_t k = 0; k < n; k++) {
            double re = 0, im = 0;
            for (size_t j = 0; j < n; j++) {
                double turn = -2 * M_PI * (double)(j * k % n) / (double)n;
                re += x[j].re * cos(turn) - x[j].im * sin(turn);
                im += x[j].re * sin(turn) + x[j].im * cos(turn);
            }
            assert_float_equal(y[k].re, re, 1e-12 * LONGEST);
            assert_float_equal(y[k].im, im, 1e-12 * LONGEST);
        }
    }
}

/* ---- sliced distance ---- */

/* Of one number each: the distance of moved sets is what they were moved by. */
static void sliced_distance(void **state) {
    (void)state;
    gt_rows a = rows_of(0, 999, 1, 1, 1, 0), b = rows_of(1, 999, 1, 1, 1, 2.5f), c = rows_of(2, 998, 1, 1, 1, 0);
    float directions[] = {1, -1};
    double each[2];
    assert_int_equal(gt_sliced_distance_all(&team, &a, &b, directions, 2, each), GT_OK);
    assert_float_equal(each[0], 2.5, 1e-6);
    assert_float_equal(each[1], 2.5, 1e-6);
    assert_int_equal(gt_sliced_distance_all(&team, &a, &a, directions, 2, each), GT_OK);
    assert_true(each[0] == 0 && each[1] == 0);
    assert_int_equal(gt_sliced_distance_all(&team, &a, &c, directions, 2, each), GT_USAGE);
    assert_null(gt_patches_new(&team, 4, 6, 6, 3, 0, 0, 0)); /* less than a patch */
    assert_null(gt_patches_new(&team, 4, 64, 64, 3, 3, 0, 0));
    assert_int_equal(gt_patches_levels(64, 64), 3);
    assert_int_equal(gt_patches_levels(48, 32), 2);
}

/* Rows of few numbers differ most along known directions; as few rows as make their products the smaller matrix have
 * the same ones. */
static void components(void **state) {
    (void)state;
    enum { D = 12, KEPT = 3, COPIES = 2 };
    const int64_t counts[] = {6, 6 * COPIES}; /* by rows, and, each twice, by the covariance */
    float first[KEPT] = {0};
    for (int many = 0; many < 2; many++) {
        gt_rows a = rows_of(0, 6, D, 3, 1, 5);
        for (int k = 0; k < 6; k++) room[0][k * D + k % 2] *= 20; /* spread */
        memcpy(room[0] + 6 * D, room[0], 6 * D * sizeof **room);
        a = gt_rows_share(counts[many], D, team.comm);
        a.x = room[0];
        gt_gaussian g;
        gt_components c;
        assert_int_equal(gt_gaussian_of_rows_all(&team, &a, &g), GT_OK);
        assert_int_equal(!g.rows, many);
        assert_int_equal(gt_components_of(&g, KEPT, &c), GT_OK);
        assert_int_equal(c.n, KEPT);
        assert_true(c.share > 0.5 && c.share < 1);
        for (int n = 0; n < KEPT; n++) {
            double square = 0, largest = 0, other = 0;
            for (int k = 0; k < D; k++) {
                double x = c.axes[k * KEPT + n];
                square += x * x;
                other += x * c.axes[k * KEPT + (n + 1) % KEPT];
                if (fabs(x) > fabs(largest)) largest = x;
            }
            assert_float_equal(square, 1, 1e-12);
            assert_float_equal(other, 0, 1e-12);
            assert_true(largest > 0);
        }
        float at[KEPT];
        gt_components_project(&c, room[0], at);
        for (int n = 0; n < KEPT && !many; n++) first[n] = at[n];
        for (int n = 0; n < KEPT; n++) assert_float_equal(at[n], first[n], 1e-5 * fabs((double)first[n]) + 1e-5);
        gt_components_free(&c);
        /* no more directions than there are: 6 rows differ in 5 */
        assert_int_equal(gt_components_of(&g, 10, &c), GT_OK);
        assert_int_equal(c.n, 5);
        assert_float_equal(c.share, 1, 1e-9);
        gt_components_free(&c);
        gt_gaussian_free(&g);
    }
    for (int i = 0; i < 40 * D; i++) room[0][i] = 3;
    gt_rows equal = gt_rows_share(40, D, team.comm);
    equal.x = room[0];
    gt_gaussian g;
    gt_components c;
    assert_int_equal(gt_gaussian_of_rows_all(&team, &equal, &g), GT_OK);
    assert_int_equal(gt_components_of(&g, 2, &c), GT_USAGE);
    gt_gaussian_free(&g);
}

/* All rows are there, in another order, and always in the same. */
static void shuffled_rows(void **state) {
    (void)state;
    enum { N = 1000 };
    bool seen[N] = {false};
    int64_t moved = 0, early = 0;
    gt_rows a = gt_rows_share(N, 2, team.comm);
    for (int i = 0; i < N; i++) room[0][2 * i] = (float)i, room[0][2 * i + 1] = (float)-i;
    a.x = room[0];
    assert_int_equal(gt_rows_shuffle_all(&team, &a, room[1]), GT_OK);
    assert_int_equal(gt_rows_shuffle_all(&team, &a, room[2]), GT_OK);
    assert_memory_equal(room[1], room[2], 2 * N * sizeof **room);
    for (int i = 0; i < N; i++) {
        int row = (int)room[1][2 * i];
        assert_true(row >= 0 && row < N && !seen[row] && room[1][2 * i + 1] == (float)-row);
        seen[row] = true;
        moved += row != i;
        early += i < N / 10 && row < N / 10;
    }
    assert_true(moved > N - 20 && early < N / 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_has_no_distance_from_itself),
        cmocka_unit_test(frechet_is_symmetric),
        cmocka_unit_test(frechet_in_closed_form),
        cmocka_unit_test(the_divisor_is_the_one_that_is_asked_for),
        cmocka_unit_test(moments_in_batches),
        cmocka_unit_test(given_statistics),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(equal_rows),
        cmocka_unit_test(kernel_distance_has_no_bias),
        cmocka_unit_test(kernel_subsets_differ),
        cmocka_unit_test(nearest_rows),
        cmocka_unit_test(edges_of_balls),
        cmocka_unit_test(nearest_of_many),
        cmocka_unit_test(radii_are_distances_of_the_kth_neighbour),
        cmocka_unit_test(precision_and_recall),
        cmocka_unit_test(halves),
        cmocka_unit_test(authentic_pictures),
        cmocka_unit_test(pictures_left_out),
        cmocka_unit_test(noise_is_authentic),
        cmocka_unit_test(work_asks_for_stops),
        cmocka_unit_test(inception_scores),
        cmocka_unit_test(components),
        cmocka_unit_test(shuffled_rows),
        cmocka_unit_test(paths),
        cmocka_unit_test(fourier),
        cmocka_unit_test(sliced_distance),
    };
    team = (gt_team){.comm = gt_comm_start_all(1, NULL)};
    return team.comm ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
