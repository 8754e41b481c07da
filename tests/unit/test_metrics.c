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

#include "base/door/random.h"
#include "gantry/status.h"
#include "metrics/door/metric.h"
#include "features/score/distances/sliced.h"

enum { N = 32, SIZE = 32, CHANNELS = 3, IMAGE = SIZE * SIZE * CHANNELS };
static float images[2][N * IMAGE];

/* The value of a series for a sheet of fakes beside one of reals; NaN: it has none. */
static double value_of(const char *series, int n, int height, int width, int channels, const float *reals,
                       const float *fakes) {
    gt_stat_value v[GT_SHEET_MAX_VALUES];
    int k = 0;
    gt_sheet_metrics *m = gt_sheet_metrics_new(NULL, height, width, channels, n);
    assert_non_null(m);
    gt_sheet_metrics_add(m, GT_SHEET_REALS, reals);
    gt_sheet_metrics_add(m, GT_SHEET_FAKES, fakes);
    gt_sheet_metrics_put(m, v, &k);
    gt_sheet_metrics_free(m);
    return gt_stat_mean(v, k, series);
}

static double distance(void) {
    double d = value_of("Fakes/swd_avg", N, SIZE, SIZE, CHANNELS, images[0], images[1]);
    assert_float_equal(d, value_of("Fakes/swd_avg", N, SIZE, SIZE, CHANNELS, images[1], images[0]), 1e-9);
    return d;
}

/* Waves whose phase depends on the image. */
static void waves(float *to, double length, double scale, uint32_t stream) {
    scale /= 2; /* samples of -1 .. 1 */
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
    /* Contrast is normalised away, but for the rounding to 8 bits: a step is 1/127 of samples with a deviation of 0.25,
     * which leaves 3.7 where sets of one kind are 48 apart. */
    waves(images[1], 9, 0.5, 5);
    assert_float_equal(distance(), 0, 4);
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
    /* samples of -1 .. 1, of which few are cut off */
    for (int i = 0; i < 256 * PIXELS; i++) noise[i] *= 0.3f, flat[i] *= 0.3f;
    /* s = |sum of 49 numbers of a unit vector| is |N(0,1)| (49 numbers: nearly): E| |z| - 1 | * E|z| = 0.5355 * 0.7979
     */
    double expected = 1000 * 0.5355 * 0.7979, found = value_of("Fakes/swd_avg", 256, SMALL, SMALL, 1, noise, flat);
    if (!(fabs(found - expected) <= 0.08 * expected))
        fail_msg("%g instead of %g", found, expected); /* 128 directions */
}

/* Values of a tick by name; NaN: it has none. */
static double said(const gt_stat_value *values, int n, const char *series) {
    for (int i = 0; i < n; i++)
        if (!strcmp(values[i].name, series)) return values[i].mean;
    return NAN;
}

static void a_run_has_values_of_its_newest_pictures(void **state) {
    (void)state;
    gt_stat_value v[GT_SHEET_MAX_VALUES];
    int n = 0;
    gt_sheet_metrics *m = gt_sheet_metrics_new(NULL, SIZE, SIZE, CHANNELS, N);
    assert_non_null(m);
    waves(images[0], 9, 1, 5);
    waves(images[1], 5, 1, 6);
    gt_sheet_metrics_add(m, GT_SHEET_FAKES, images[1]); /* without reals there is no distance */
    gt_sheet_metrics_put(m, v, &n);
    assert_int_equal(n, 1);
    assert_false(gt_sheet_metrics_know_reals(m));
    gt_sheet_metrics_add(m, GT_SHEET_REALS, images[0]);
    assert_true(gt_sheet_metrics_know_reals(m));
    gt_sheet_metrics_add(m, GT_SHEET_FAKES, images[1]);
    n = 0;
    gt_sheet_metrics_put(m, v, &n);
    assert_int_equal(n, 3);
    double spread = said(v, n, "Reals/spread");
    assert_true(said(v, n, "Fakes/swd_avg") > 0 && said(v, n, "Fakes/spread") > 0 && spread > 0);
    n = 0;
    gt_sheet_metrics_put(m, v, &n); /* no new pictures */
    assert_true(n == 1 && said(v, n, "Reals/spread") == spread);
    gt_sheet_metrics_free(m);
}

static void pictures_too_small_have_no_distance(void **state) {
    (void)state;
    waves(images[0], 9, 1, 5);
    assert_true(isnan(value_of("Fakes/swd_avg", N, 6, 6, 1, images[0], images[0])));
    assert_true(value_of("Fakes/swd_avg", N, 7, 9, CHANNELS, images[0], images[0]) == 0); /* odd sides */
    assert_true(value_of("Fakes/spread", N, 6, 6, 1, images[0], images[0]) ==
                value_of("Reals/spread", N, 6, 6, 1, images[0], images[0]));
}

/* A series of earlier versions has its column and its chart, and stands for the one in its place. */
static void series_of_earlier_versions_are_known(void **state) {
    (void)state;
    assert_non_null(gt_metric_of_series("Fakes/swd"));
    assert_true(gt_metric_of_fakes("Fakes/swd") && !gt_metric_of_series("Fakes/swd")->each_sheet);
    assert_string_equal(gt_metric_series_now("Fakes/swd"), "Fakes/swd_avg");
    assert_string_equal(gt_metric_series_now("Fakes/spread"), "Fakes/spread");
    assert_null(gt_metric_of_series("Metrics/swd1k_avg"));
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
                                       cmocka_unit_test(series_of_earlier_versions_are_known),
                                       cmocka_unit_test(a_run_has_values_of_its_newest_pictures),
                                       cmocka_unit_test(pictures_too_small_have_no_distance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
