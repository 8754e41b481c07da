/* SPDX-License-Identifier: Apache-2.0
 * The steps of a projection by the formulas of docs/mathematics/projection.md: noise of the styles, learning rate,
 * noise maps. The network is made up: the test sees its inputs, and its gradient is always the same. */
#include "expect.h"

#include <math.h>

#include "base/door/random.h"
#include "networks/model/door/model.h"
#include "features/project/step.h"

enum { STEPS = 40, W = 4, LAYERS = 3, MAP = 8, MAP_AT = 16, FLOATS = 32, FRAMES = STEPS };

static float ws[LAYERS * W], map[MAP];
static float distance = 0.5f, regular = 0;

float *__wrap_gt_runner_input(gt_runner *r, const char *name);
const float *__wrap_gt_runner_output(gt_runner *r, const char *name);
gt_status __wrap_gt_runner_run(gt_runner *r, const gt_run_batch *b);

float *__wrap_gt_runner_input(gt_runner *r, const char *name) { return (void)r, strcmp(name, "ws") ? map : ws; }
const float *__wrap_gt_runner_output(gt_runner *r, const char *name) {
    return (void)r, strcmp(name, "dist") ? &regular : &distance;
}
gt_status __wrap_gt_runner_run(gt_runner *r, const gt_run_batch *b) {
    (void)r;
    assert_int_equal(b->n, 1);
    return GT_OK;
}

static void near(double is, double wanted, double tolerance) {
    if (!(fabs(is - wanted) <= tolerance)) fail_msg("%.9g is not %.9g", is, wanted);
}

static void steps_by_the_formulas(void **state) {
    (void)state;
    static gt_model model = {.name = "model", .height = 2, .width = 2, .channels = 1, .w_dim = W, .num_ws = LAYERS};
    static float mean[W] = {1, 2, 3, 4}, grad[FLOATS], image[4];
    const double deviation = 2;
    gt_project_request request = {.steps = STEPS, .seed = 7};
    gt_projector p = {.request = &request,
                      .net = {.model = &model},
                      .rows = 1,
                      .w_floats = W,
                      .floats = FLOATS,
                      .n_noise = 1,
                      .noise = {{"noise/b4", MAP, MAP_AT}},
                      .w_avg = mean,
                      .w_std = deviation,
                      .grad = grad,
                      .frames = FRAMES};
    gt_projection t = {.name = "target", .image = image};
    for (int i = 0; i < FLOATS; i++) grad[i] = 1;
    assert_ok(gt_projection_new(&p, &t));
    for (int step = 0; step < STEPS; step++) {
        double at = (double)step / STEPS, left = fmax(0, 1 - at / 0.75), scale = deviation * 0.05 * left * left;
        double rate = 0.1 * (0.5 - 0.5 * cos(M_PI * fmin(1, (1 - at) / 0.25))) * fmin(1, at / 0.05);
        float before[W], noise[W];
        memcpy(before, t.params, sizeof before);
        gt_random_normal((gt_key){.seed = 7, .stream = gt_stream("project/w"), .step = (uint32_t)step}, noise, W);
        assert_ok(gt_projection_step(&p, &t));
        for (int i = 0; i < LAYERS * W; i++) near(ws[i], (double)before[i % W] + scale * (double)noise[i % W], 1e-6);
        for (int i = 0; i < W; i++) near(before[i] - t.params[i], rate, 2e-6); /* Adam, of a constant gradient */
        double sum = 0, square = 0;
        for (int i = 0; i < MAP; i++) {
            double x = (double)t.params[MAP_AT + i];
            sum += x, square += x * x;
        }
        near(sum / MAP, 0, 1e-6);
        near(square / MAP, 1, 1e-6);
        assert_memory_equal(t.path + step * W, t.params, W * sizeof(float));
    }
    near(t.curve[0], 0.5, 0);
    t.image = NULL; /* it is the test's */
    gt_projection_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_by_the_formulas)};
    return cmocka_run_group_tests_name("projection", tests, NULL, NULL);
}
