/* SPDX-License-Identifier: Apache-2.0
 * Courses from noise to pictures where the answer is known: one step of Euler is the denoiser, data of one point are
 * reached by all samplers, halving steps makes errors smaller as the order says, fresh noise changes no level's size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/door/random.h"
#include "features/edm/loss.h"
#include "features/edm/sampling.h"

enum { MOST = 129 };

/* The denoiser of data N(1, 1/4): it shrinks x towards the mean. The flow of them likewise, from N(0,1). */
static float denoiser(double x, double level) { return (float)(1 + (x - 1) * 0.25 / (0.25 + level * level)); }
static float velocity(double x, double t) {
    double variance = (1 - t) * (1 - t) + t * t / 4;
    return (float)(1 + (t / 4 - (1 - t)) / variance * (x - t));
}

static void no_noise(void *arg, int step, float *to, size_t n) {
    (void)step;
    for (size_t i = 0; i < n; i++) to[i] = *(const float *)arg;
}

static double end_of(gt_sampling s, float latent, float noise, int *asked) {
    double x, start, slope;
    float in;
    gt_course c = {.sampling = &s, .size = 1, .x = &x, .start = &start, .slope = &slope};
    *asked = 0;
    for (gt_course_begin(&c, &latent, NULL); gt_course_next(&c, &in, no_noise, &noise); ++*asked) {
        float result = s.flow ? velocity((double)in, c.at) : denoiser((double)in, c.at);
        gt_course_take(&c, &result);
    }
    assert_int_equal(*asked, gt_sampling_evaluations(&s));
    return x;
}

static void one_step_is_the_denoiser(void **state) {
    (void)state;
    double levels[2];
    int asked;
    gt_sampling_levels(levels, 1, 0.002, 80, 7);
    assert_true(levels[0] == 80 && levels[1] == 0);
    for (int second = 0; second < 2; second++) { /* the last step of Heun has one slope, too */
        double x = end_of((gt_sampling){.steps = 1, .levels = levels, .second = second}, 0.3f, 0, &asked);
        assert_true(fabs(x - (double)denoiser((double)0.3f * 80, 80)) < 1e-6);
        assert_int_equal(asked, 1);
    }
}

/* The exact flow takes the latent z to 1 + z / 2. */
static void errors_shrink_with_the_order(void **state) {
    (void)state;
    static const struct {
        double second;
        bool flow;
        double least,
            most; /* how many times smaller with half the step; of one direction errors of two ends may cancel */
    } rows[] = {{0, true, 1.8, 2.2}, {1, true, 3.5, 9}, {0.5, true, 3.5, 9}, {0, false, 1.7, 2.4}, {1, false, 3, 40}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double off[2], levels[MOST];
        for (int half = 0; half < 2; half++) {
            int steps = half ? 64 : 32, asked;
            if (rows[i].flow) gt_sampling_times(levels, steps);
            else gt_sampling_levels(levels, steps, 1e-4, 200, 7);
            double x = end_of(
                (gt_sampling){.flow = rows[i].flow, .steps = steps, .levels = levels, .second = rows[i].second}, 0.7f,
                0, &asked);
            off[half] = fabs(x - (1 + (double)0.7f / 2));
        }
        if (off[0] / off[1] < rows[i].least || off[0] / off[1] > rows[i].most)
            fail_msg("row %zu: errors %g and %g", i, off[0], off[1]);
    }
}

/* Noise of churn makes the level larger by what the step says, so that noise 0 takes the same way as less noise. */
static void fresh_noise_is_of_some_levels(void **state) {
    (void)state;
    double levels[MOST];
    int asked;
    gt_sampling_levels(levels, 8, 0.002, 80, 7);
    gt_sampling s = {
        .steps = 8, .levels = levels, .second = 1, .churn = 4, .churn_min = 1e3, .churn_max = 1e4, .churn_noise = 1};
    double plain = end_of(s, 0.2f, 1, &asked);
    s.churn = 0;
    assert_true(end_of(s, 0.2f, 1, &asked) == plain); /* no level lies there */
    s.churn = 4;
    s.churn_min = 0.05;
    s.churn_max = 50;
    assert_true(end_of(s, 0.2f, 1, &asked) != plain);
}

/* A course that begins late with a picture stays near the picture. */
static void a_picture_is_kept(void **state) {
    (void)state;
    double levels[MOST], x, start, slope;
    float latent = 1, picture = 0.9f, in;
    gt_sampling_levels(levels, 18, 0.002, 80, 7);
    gt_sampling s = {.steps = 18, .levels = levels, .first = 17, .second = 1};
    gt_course c = {.sampling = &s, .size = 1, .x = &x, .start = &start, .slope = &slope};
    gt_course_begin(&c, &latent, &picture);
    assert_true(fabs(x - ((double)picture + levels[17])) < 1e-12);
    while (gt_course_next(&c, &in, no_noise, &latent)) {
        float result = denoiser((double)in, c.at);
        gt_course_take(&c, &result);
    }
    assert_true(fabs(x - (double)picture) < 0.01);
}

/* The exact consistency function of data N(1, 1/4): the way that goes through x at a level ends at 1 + (x - 1) / 2 /
 * sqrt(1/4 + level^2). Any number of steps then makes such data, and the noise of a step is normal, is another one than
 * that of the step before, and is a function of the picture's latent alone. */
static void consistency_keeps_the_distribution(void **state) {
    (void)state;
    enum { EACH = 12 * 12 * 3, PICTURES = 20, ALL = EACH * PICTURES };
    static float latents[ALL], in[ALL], result[ALL];
    static double x[ALL], start[ALL], slope[ALL];
    gt_random_normal((gt_key){.seed = 1}, latents, ALL);
    memcpy(latents + EACH, latents, EACH * sizeof *latents); /* the first two are one */
    for (int steps = 1; steps <= 4; steps++) {
        double levels[MOST], mean = 0, square = 0, with_latent = 0;
        gt_sampling_levels(levels, steps, 0.821, 80, 7);
        gt_sampling s = {.steps = steps, .levels = levels, .consistent = EACH};
        gt_course c = {.sampling = &s, .size = ALL, .x = x, .start = start, .slope = slope};
        int asked = 0;
        for (gt_course_begin(&c, latents, NULL); gt_course_next(&c, in, no_noise, NULL); asked++) {
            for (int i = 0; i < ALL; i++) result[i] = (float)(1 + ((double)in[i] - 1) / 2 / sqrt(0.25 + c.at * c.at));
            gt_course_take(&c, result);
        }
        assert_int_equal(asked, steps);
        assert_int_equal(asked, gt_sampling_evaluations(&s));
        assert_memory_equal(x, x + EACH, EACH * sizeof *x);
        for (int i = EACH; i < ALL; i++) {
            mean += x[i] / (ALL - EACH);
            square += (x[i] - 1) * (x[i] - 1) / (ALL - EACH);
            with_latent += slope[i] * (double)latents[i] / (ALL - EACH);
        }
        assert_true(fabs(mean - 1) < 0.03 && fabs(square - 0.25) < 0.02); /* some five standard deviations */
        assert_true(steps == 1 ? with_latent > 0.9 : fabs(with_latent) < 0.05);
    }
}

/* Two steps of one picture: the second begins with the first result and noise of the level 0.821. */
static void consistency_begins_again_at_the_middle(void **state) {
    (void)state;
    enum { EACH = 6 };
    static const float latents[EACH] = {1, 2, 3, 4, 5, 6}, result[EACH] = {0};
    double levels[3], x[EACH], start[EACH], slope[EACH], sum = 0;
    float in[EACH];
    gt_sampling_levels(levels, 2, 0.821, 80, 7);
    gt_sampling s = {.steps = 2, .levels = levels, .consistent = EACH};
    gt_course c = {.sampling = &s, .size = EACH, .x = x, .start = start, .slope = slope};
    gt_course_begin(&c, latents, NULL);
    assert_true(gt_course_next(&c, in, no_noise, NULL) && c.at == 80 && in[5] == 480);
    gt_course_take(&c, result);
    assert_true(gt_course_next(&c, in, no_noise, NULL) && fabs(c.at - 0.821) < 1e-12);
    for (int i = 0; i < EACH; i++) sum += fabs((double)in[i]) / 0.821;
    assert_true(fabs(sum - 21) < 1e-5); /* all six numbers */
    gt_course_take(&c, result);
    assert_false(gt_course_next(&c, in, no_noise, NULL));
    assert_true(x[0] == 0);
}

/* Half at first, and half of that after each stage; what comes after the last stage belongs to it. */
static void stages_follow_from_images(void **state) {
    (void)state;
    gt_stages s = {3, 100, 2};
    assert_true(gt_stages_gap(&s, 0) == 0.5 && gt_stages_gap(&s, 99) == 0.5);
    assert_true(gt_stages_gap(&s, 100) == 0.25 && gt_stages_gap(&s, 200) == 0.125);
    assert_true(gt_stages_gap(&s, 300) == 0.125 && gt_stages_gap(&s, 1 << 30) == 0.125);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_step_is_the_denoiser),           cmocka_unit_test(errors_shrink_with_the_order),
        cmocka_unit_test(fresh_noise_is_of_some_levels),      cmocka_unit_test(a_picture_is_kept),
        cmocka_unit_test(consistency_keeps_the_distribution), cmocka_unit_test(consistency_begins_again_at_the_middle),
        cmocka_unit_test(stages_follow_from_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
