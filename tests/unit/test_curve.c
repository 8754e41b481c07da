/* SPDX-License-Identifier: Apache-2.0
 * Curves through points: they pass the points, have no jump of speed, and latents keep their length. Layers of styles
 * as text. */
#include "expect.h"

#include <math.h>

#include "gantry/generate.h"
#include "features/walk/curve.h"
#include "runner/generator/door/styles.h"

enum { N = 5 };
static const double points[N] = {2, -1, 0.5, 7, 3};

static double at(double t, int64_t n, bool closed) {
    gt_curve_place p = gt_curve_at(t, n, closed);
    double sum = 0;
    for (int i = 0; i < 4; i++) sum += p.weight[i] * points[p.point[i]];
    return sum;
}

static void curves_pass_their_points(void **state) {
    (void)state;
    for (int closed = 0; closed < 2; closed++)
        for (int64_t n = 1; n <= N; n++)
            for (int64_t i = 0; i < n + closed; i++) assert_true(at((double)i, n, closed) == points[i % n]);
}

static void weights_add_up_to_one(void **state) {
    (void)state;
    for (int closed = 0; closed < 2; closed++)
        for (int64_t n = 2; n <= N; n++)
            for (double t = 0; t <= (double)(n - 1 + closed); t += 0.0625) {
                gt_curve_place p = gt_curve_at(t, n, closed);
                double sum = p.weight[0] + p.weight[1] + p.weight[2] + p.weight[3];
                assert_true(fabs(sum - 1) < 1e-12);
            }
}

/* The slopes before and after each point are equal. */
static void speed_has_no_jump(void **state) {
    (void)state;
    const double h = 1e-6;
    for (int closed = 0; closed < 2; closed++)
        for (int64_t n = 3; n <= N; n++)
            for (int64_t i = 1; i < n - 1 + 2 * closed; i++) {
                double t = (double)i, end = (double)n;
                double before = (at(t, n, closed) - at(t - h, n, closed)) / h,
                       after = (at(t + h > end        ? t + h - end
                                   : closed && i == n ? h
                                                      : t + h,
                                   n, closed) -
                                at(closed && i == n ? 0 : t, n, closed)) /
                               h;
                assert_true(fabs(before - after) < 1e-3);
            }
}

static void two_points_make_a_line(void **state) {
    (void)state;
    for (double t = 0; t <= 1; t += 0.125) assert_true(fabs(at(t, 2, false) - (2 - 3 * t)) < 1e-12);
}

static void frames_are_at_equal_times(void **state) {
    (void)state;
    assert_true(gt_curve_time(0, 11, 4, false) == 0 && gt_curve_time(10, 11, 4, false) == 4);
    assert_true(gt_curve_time(0, 10, 4, true) == 0 && gt_curve_time(5, 10, 4, true) == 2);
    assert_true(gt_curve_time(0, 1, 4, false) == 0);
}

static void latents_keep_their_length(void **state) {
    (void)state;
    enum { DIM = 64 };
    float z[4][DIM], out[DIM];
    const float *const p[4] = {z[0], z[1], z[2], z[3]};
    double length[4] = {0};
    for (int i = 0; i < 4; i++) {
        gt_seed_latent((uint32_t)i, DIM, z[i]);
        for (int k = 0; k < DIM; k++) length[i] += (double)z[i][k] * z[i][k];
    }
    double from = sqrt(length[1]), to = sqrt(length[2]), low = fmin(from, to), high = fmax(from, to);
    for (double u = 0; u < 1; u += 0.0625) {
        gt_curve_place place = gt_curve_at(1 + u, 4, false);
        gt_curve_latent(&place, p, DIM, out);
        double sum = 0;
        for (int k = 0; k < DIM; k++) sum += (double)out[k] * out[k];
        assert_true(sqrt(sum) > low - 1e-5 && sqrt(sum) < high + 1e-5);
        if (u == 0) assert_memory_equal(out, z[1], sizeof out);
    }
    /* from z to -z there is no direction: the curve goes through 0 */
    for (int k = 0; k < DIM; k++) z[0][k] = z[1][k] = 1, z[2][k] = z[3][k] = -1;
    gt_curve_place middle = gt_curve_at(1.5, 4, false);
    gt_curve_latent(&middle, p, DIM, out);
    for (int k = 0; k < DIM; k++) assert_true(out[k] == 0);
}

static void layers_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *chosen;
    } good[] = {{"0-3", "11110000"}, {"0", "10000000"},   {"5-", "00000111"},      {"0,2,5-7", "10100111"},
                {"7-7", "00000001"}, {"0-7", "11111111"}, {"1,1,1-2", "01100000"}, {"007", "00000001"}};
    static const char *const bad[] = {"", "a", "-3", "1-0", "1,", ",1", "1--2", "1-2-3", "1 2", "0x1", "1.5", "8-7"};
    bool chosen[8];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(gt_layers_read(good[i].text, 8, chosen));
        for (int k = 0; k < 8; k++) assert_int_equal(chosen[k], good[i].chosen[k] == '1');
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gt_layers_read(bad[i], 8, chosen), GT_USAGE);
        assert_message("must be layers");
    }
    static const char *const beyond[] = {"8", "0-8", "9-", "3,999", "9999999999"};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        assert_int_equal(gt_layers_read(beyond[i], 8, chosen), GT_USAGE);
    assert_int_equal(gt_layers_read("0-8", 8, chosen), GT_USAGE);
    assert_message("8 layers of styles, 0 to 7");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_pass_their_points),  cmocka_unit_test(weights_add_up_to_one),
        cmocka_unit_test(speed_has_no_jump),         cmocka_unit_test(two_points_make_a_line),
        cmocka_unit_test(frames_are_at_equal_times), cmocka_unit_test(latents_keep_their_length),
        cmocka_unit_test(layers_are_read),
    };
    return cmocka_run_group_tests_name("curve", tests, NULL, NULL);
}
