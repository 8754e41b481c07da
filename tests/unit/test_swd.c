/* SPDX-License-Identifier: Apache-2.0
 * The sliced Wasserstein distance: what it is blind to, what it sees, and a value known in closed form. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gantry/random.h"
#include "gantry/status.h"
#include "gantry/swd.h"

enum { N = 32, SIZE = 32, CHANNELS = 3, IMAGE = SIZE * SIZE * CHANNELS };
static float images[2][N * IMAGE];

static double distance(void) {
    gt_swd *a = gt_swd_new(N, SIZE, SIZE, CHANNELS, images[0]), *b = gt_swd_new(N, SIZE, SIZE, CHANNELS, images[1]);
    assert_true(a && b);
    double d = gt_swd_distance(a, b);
    assert_float_equal(d, gt_swd_distance(b, a), 1e-9);
    gt_swd_free(a);
    gt_swd_free(b);
    return d;
}

/* Waves whose phase depends on the image. */
static void waves(float *to, double length, double scale, uint32_t stream) {
    for (int i = 0; i < N; i++) {
        float phase[2];
        gt_random_uniform((gt_key){.seed = 1, .stream = stream, .sample = (uint32_t)i}, phase, 2);
        for (int k = 0; k < IMAGE; k++) {
            double x = k / CHANNELS % SIZE, y = k / CHANNELS / SIZE;
            to[i * IMAGE + k] = (float)(scale * (sin(2 * M_PI * (x / length + (double)phase[0])) + cos(2 * M_PI * (y / length + (double)phase[1]))));
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
    if (!(near > 0 && far > 1.5 * near && noise > 1.5 * near && collapsed > near)) fail_msg("near %g, another scale %g, noise %g, collapsed %g", near, far, noise, collapsed);
}

/* Patches of white noise are normal along any direction, and those of -1 and 1 nearly so: at one level, without pyramid, the distance is that of the sorted samples
 * of one distribution. Patches that are constant, with normal values, project to a normal of width |sum of the direction|: E|s - 1| E|z| over directions s. */
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
    gt_swd *a = gt_swd_new(256, SMALL, SMALL, 1, noise), *b = gt_swd_new(256, SMALL, SMALL, 1, flat);
    /* s = |sum of 49 numbers of a unit vector| is |N(0,1)| (49 numbers: nearly): E| |z| - 1 | * E|z| = 0.5355 * 0.7979 */
    double expected = 1000 * 0.5355 * 0.7979;
    if (!(fabs(gt_swd_distance(a, b) - expected) <= 0.08 * expected)) fail_msg("%g instead of %g", gt_swd_distance(a, b), expected); /* 256 directions: 4 % */
    gt_swd_free(a);
    gt_swd_free(b);
}

static void shapes_are_checked(void **state) {
    (void)state;
    assert_null(gt_swd_new(N, 6, SIZE, CHANNELS, images[0]));
    gt_swd *a = gt_swd_new(N, 7, 9, CHANNELS, images[0]), *b = gt_swd_new(N - 1, 7, 9, CHANNELS, images[0]);
    assert_true(isnan(gt_swd_distance(a, b)));
    assert_true(gt_swd_distance(a, a) == 0);
    gt_swd_free(a);
    gt_swd_free(b);
    gt_swd_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(like_sets_are_near_and_others_far), cmocka_unit_test(a_value_is_right), cmocka_unit_test(shapes_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
