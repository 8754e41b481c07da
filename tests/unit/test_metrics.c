/* SPDX-License-Identifier: Apache-2.0
 * Metrics. The sliced Wasserstein distance: what it is blind to, what it sees, and a value known in closed form. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gantry/random.h"
#include "gantry/status.h"
#include "gantry/metric.h"
#include "metrics/sort_floats.h"

enum { N = 32, SIZE = 32, CHANNELS = 3, IMAGE = SIZE * SIZE * CHANNELS };
static float images[2][N * IMAGE];

/* A set of the metric `swd`, fed in batches of so many pictures. */
static void *set_of(int n, int height, int width, int channels, const float *pictures, int batch) {
    const gt_metric *swd = gt_metric_find("Fakes/swd");
    void *set = NULL;
    assert_int_equal(
        swd->begin(&set, &(gt_metric_input){.height = height, .width = width, .channels = channels, .count = n}),
        GT_OK);
    for (int i = 0; i < n; i += batch) {
        const gt_metric_batch b = {.first = i,
                                   .n = n - i < batch ? n - i : batch,
                                   .pictures = pictures + (size_t)i * (size_t)(height * width * channels)};
        assert_int_equal(swd->add(set, &b), GT_OK);
    }
    return set;
}

static double distance_of(void *a, void *b) { return gt_metric_find("Fakes/swd")->value(a, b); }
static void end(void *set) { gt_metric_find("Fakes/swd")->end(set); }

static double distance(void) {
    void *a = set_of(N, SIZE, SIZE, CHANNELS, images[0], N), *b = set_of(N, SIZE, SIZE, CHANNELS, images[1], 5);
    double d = distance_of(a, b);
    assert_float_equal(d, distance_of(b, a), 1e-9);
    end(a);
    end(b);
    return d;
}

/* Waves whose phase depends on the image. */
static void waves(float *to, double length, double scale, uint32_t stream) {
    for (int i = 0; i < N; i++) {
        float phase[2];
        gt_random_uniform((gt_key){.seed = 1, .stream = stream, .sample = (uint32_t)i}, phase, 2);
        for (int k = 0; k < IMAGE; k++) {
            double x = k / CHANNELS % SIZE, y = k / CHANNELS / SIZE;
            to[i * IMAGE + k] = (float)(scale * (sin(2 * M_PI * (x / length + (double)phase[0])) +
                                                 cos(2 * M_PI * (y / length + (double)phase[1]))));
        }
    }
}

static void like_sets_are_near_and_others_far(void **state) {
    (void)state;
    waves(images[0], 9, 1, 5);
    waves(images[1], 9, 1, 5);
    assert_true(distance() == 0);
    waves(images[1], 9, 1, 6); /* other images of the kind */
    double near = distance();
    waves(images[1], 9, 0.5, 5); /* contrast is normalised away */
    assert_float_equal(distance(), 0, 1e-2);
    waves(images[1], 5, 1, 6); /* another scale */
    double far = distance();
    for (int i = 1; i < N; i++)
        for (int k = 0; k < IMAGE; k++) images[1][i * IMAGE + k] = images[0][k]; /* collapse */
    double collapsed = distance();
    gt_random_normal((gt_key){.seed = 2}, images[1], N * IMAGE);
    double noise = distance();
    if (!(near > 0 && far > 1.5 * near && noise > 1.5 * near && collapsed > near))
        fail_msg("near %g, another scale %g, noise %g, collapsed %g", near, far, noise, collapsed);
}

/* Patches of white noise are normal along any direction, and those of -1 and 1 nearly so: at one level, without
 * pyramid, the distance is that of the sorted samples of one distribution. Patches that are constant, with normal
 * values, project to a normal of width |sum of the direction|: E|s - 1| E|z| over directions s. */
static void a_value_is_right(void **state) {
    (void)state;
    enum { SMALL = 16, PIXELS = SMALL * SMALL };
    static float noise[256 * PIXELS], flat[256 * PIXELS];
    gt_random_normal((gt_key){.seed = 3}, noise, 256 * PIXELS);
    for (int i = 0; i < 256; i++) {
        float value;
        gt_random_normal((gt_key){.seed = 4, .sample = (uint32_t)i}, &value, 1);
        for (int k = 0; k < PIXELS; k++) flat[i * PIXELS + k] = value;
    }
    void *a = set_of(256, SMALL, SMALL, 1, noise, 256), *b = set_of(256, SMALL, SMALL, 1, flat, 256);
    /* s = |sum of 49 numbers of a unit vector| is |N(0,1)| (49 numbers: nearly): E| |z| - 1 | * E|z| = 0.5355 * 0.7979
     */
    double expected = 1000 * 0.5355 * 0.7979;
    if (!(fabs(distance_of(a, b) - expected) <= 0.08 * expected))
        fail_msg("%g instead of %g", distance_of(a, b), expected); /* 256 directions: 4 % */
    end(a);
    end(b);
}

static void shapes_are_checked(void **state) {
    (void)state;
    void *none = NULL;
    assert_int_equal(
        gt_metric_find("Fakes/swd")
            ->begin(&none, &(gt_metric_input){.height = 6, .width = SIZE, .channels = CHANNELS, .count = N}),
        GT_USAGE);
    void *a = set_of(N, 7, 9, CHANNELS, images[0], N), *b = set_of(N - 1, 7, 9, CHANNELS, images[0], N);
    assert_true(isnan(distance_of(a, b)));
    assert_true(distance_of(a, a) == 0);
    end(a);
    end(b);
}

/* Values of a tick by name; NaN: it has none. */
static double said(const gt_stat_value *values, int n, const char *series) {
    for (int i = 0; i < n; i++)
        if (!strcmp(values[i].name, series)) return values[i].mean;
    return NAN;
}

static void show(gt_metrics *m, int set, const float *pictures, int batch) {
    for (int i = 0; i < N; i += batch)
        gt_metrics_add(
            m, set,
            &(gt_metric_batch){.first = i, .n = N - i < batch ? N - i : batch, .pictures = pictures + i * IMAGE});
    gt_metrics_finish(m, set);
}

static void a_run_has_values_of_its_newest_pictures(void **state) {
    (void)state;
    gt_stat_value v[GT_METRICS_MOST];
    double first = 0, spread = 0;
    for (int batch = 5; batch <= N; batch += N - 5) {
        gt_metrics *m = gt_metrics_new(
            &(gt_metric_input){.height = SIZE, .width = SIZE, .channels = CHANNELS, .count = N});
        assert_non_null(m);
        waves(images[0], 9, 1, 5);
        waves(images[1], 5, 1, 6);
        show(m, GT_METRIC_FAKES, images[1], batch); /* without reals there is no distance */
        int n = 0;
        gt_metrics_put(m, v, &n);
        assert_int_equal(n, 1);
        assert_false(gt_metrics_know_reals(m));
        show(m, GT_METRIC_REALS, images[0], batch);
        assert_true(gt_metrics_know_reals(m));
        show(m, GT_METRIC_FAKES, images[1], batch);
        n = 0;
        gt_metrics_put(m, v, &n);
        assert_int_equal(n, 3);
        if (batch == 5) first = said(v, n, "Fakes/swd"), spread = said(v, n, "Reals/spread");
        assert_true(first > 0 && first == said(v, n, "Fakes/swd") && spread > 0 &&
                    spread == said(v, n, "Reals/spread")); /* however they come */
        n = 0;
        gt_metrics_put(m, v, &n); /* no new pictures */
        assert_true(n == 1 && said(v, n, "Reals/spread") == spread);
        gt_metrics_free(m);
    }
}

static void pictures_too_small_have_no_distance(void **state) {
    (void)state;
    gt_stat_value v[GT_METRICS_MOST];
    int n = 0;
    gt_metrics *m = gt_metrics_new(&(gt_metric_input){.height = 6, .width = 6, .channels = 1, .count = N});
    assert_non_null(m);
    waves(images[0], 9, 1, 5);
    show(m, GT_METRIC_REALS, images[0], N);
    assert_true(gt_metrics_know_reals(m));
    show(m, GT_METRIC_FAKES, images[0], N);
    gt_metrics_put(m, v, &n);
    assert_true(n == 2 && said(v, n, "Fakes/spread") == said(v, n, "Reals/spread"));
    gt_metrics_free(m);
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void floats_are_sorted(void **state) {
    (void)state;
    enum { MANY = 5000 };
    static float x[MANY], wanted[MANY], other[MANY];
    gt_random_normal((gt_key){.seed = 7}, x, MANY);
    for (int i = 0; i < MANY; i += 3) x[i] *= expf(20 * x[i + 1]); /* all exponents */
    const float ends[] = {0.0f,          -0.0f,       INFINITY,     -INFINITY, FLT_TRUE_MIN,
                          -FLT_TRUE_MIN, FLT_MIN / 2, -FLT_MIN / 2, FLT_MAX,   -FLT_MAX};
    enum { ENDS = sizeof ends / sizeof *ends };
    for (int i = 0; i < 3 * ENDS; i++) x[7 * i + 1] = ends[i % ENDS];
    memcpy(wanted, x, sizeof x);
    qsort(wanted, MANY, sizeof *wanted, by_value);
    for (size_t n = 0; n < 2; n++) gt_sort_floats(x, other, n); /* nothing to do */
    gt_sort_floats(x, other, MANY);
    for (int i = 0; i < MANY; i++) assert_true(x[i] == wanted[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(floats_are_sorted),
                                       cmocka_unit_test(like_sets_are_near_and_others_far),
                                       cmocka_unit_test(a_value_is_right),
                                       cmocka_unit_test(shapes_are_checked),
                                       cmocka_unit_test(a_run_has_values_of_its_newest_pictures),
                                       cmocka_unit_test(pictures_too_small_have_no_distance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
