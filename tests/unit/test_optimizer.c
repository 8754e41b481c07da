/* SPDX-License-Identifier: Apache-2.0
 * Optimisers, schedules of their rate, cleaning of gradients, moving average. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "networks/model/door/optimizer.h"
#include "networks/model/door/schedule.h"

enum { N = 37 };

static void near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g within %g", a, b, tolerance);
}

/* A constant gradient makes the corrected moments g and g^2 exactly, so each step is lr * sign(g). */
static void adam_takes_unit_steps_on_constant_gradients(void **state) {
    (void)state;
    gt_optimizer_settings s = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8};
    float p[2] = {1, 1}, g[2] = {3, -0.002f}, m[2] = {0}, v[2] = {0};
    for (uint64_t t = 1; t <= 50; t++) gt_optimizer_find("adam")->update(&s, t, 2, g, p, (float *[]){m, v});
    near(p[0], 1 - 50 * 0.01, 1e-4);
    near(p[1], 1 + 50 * 0.01, 1e-4);
    near(m[0], 3 * (1 - pow(0.9, 50)), 1e-5);
    near(v[0], 9 * (1 - pow(0.99, 50)), 1e-4);
}

/* Two steps by hand, with an epsilon that counts: it is added to the root, not under it. */
static void adagrad_and_rmsprop_add_epsilon_to_the_root(void **state) {
    (void)state;
    gt_optimizer_settings s = {.lr = 0.1, .rho = 0.75, .eps = 0.5};
    const float g[] = {0.2f, -0.3f};
    float p[2] = {0}, sum = 0, square = 0;
    double by_hand[2] = {0}, sums[2] = {0};
    for (int t = 0; t < 2; t++) {
        gt_optimizer_find("adagrad")->update(&s, (uint64_t)t + 1, 1, &g[t], &p[0], (float *[]){&sum, NULL});
        gt_optimizer_find("rmsprop")->update(&s, (uint64_t)t + 1, 1, &g[t], &p[1], (float *[]){&square, NULL});
        double x = (double)g[t];
        sums[0] += x * x;
        sums[1] = 0.75 * sums[1] + 0.25 * x * x;
        for (int i = 0; i < 2; i++) by_hand[i] -= 0.1 * x / (sqrt(sums[i]) + 0.5);
        for (int i = 0; i < 2; i++) near(p[i], by_hand[i], 1e-7);
    }
}

static void beta1_of_zero_is_allowed(void **state) {
    (void)state;
    gt_optimizer_settings s = {.lr = 0.002, .beta1 = 0, .beta2 = 0.99, .eps = 1e-8};
    float p = 0, g = 5, m = 0, v = 0;
    gt_optimizer_find("adam")->update(&s, 1, 1, &g, &p, (float *[]){&m, &v});
    near(p, -0.002, 1e-8);
    near(m, 5, 0);
}

/* A moment that is the gradient itself need not be held. */
static void without_momentum_its_moment_is_not_needed(void **state) {
    (void)state;
    gt_optimizer_settings s = {.lr = 0.003, .beta1 = 0, .beta2 = 0.99, .eps = 1e-8};
    for (const gt_optimizer *o = gt_optimizers; o->name; o++) {
        if (!o->momentum) continue;
        float g[N], with[3][N] = {{0}}, without[3][N] = {{0}};
        float *held[] = {without[1], without[2]};
        held[o->optional] = NULL;
        for (uint64_t t = 1; t <= 3; t++) {
            for (int i = 0; i < N; i++) g[i] = sinf((float)(i * (int)t + 1));
            o->update(&s, t, N, g, with[0], (float *[]){with[1], with[2]});
            o->update(&s, t, N, g, without[0], held);
        }
        assert_memory_equal(with[0], without[0], sizeof with[0]);
        assert_memory_equal(with[2 - o->optional], without[2 - o->optional], sizeof with[2]);
    }
}

/* Ranks update parts of a block: the bits must not know. */
static void cutting_a_range_changes_no_bit(void **state) {
    (void)state;
    gt_optimizer_settings s = {.lr = 0.003, .beta1 = 0.5, .beta2 = 0.99, .eps = 1e-8};
    assert_true(gt_optimizers[0].name && gt_optimizers[1].name);
    for (const gt_optimizer *o = gt_optimizers; o->name; o++) {
        float g[N], whole[3][N] = {{0}}, parts[3][N] = {{0}};
        for (uint64_t t = 1; t <= 3; t++) {
            for (int i = 0; i < N; i++) g[i] = sinf((float)(i * (int)t + 1));
            o->update(&s, t, N, g, whole[0], (float *[]){whole[1], whole[2]});
            for (size_t at = 0, n = 1; at < N; at += n, n = 2 * n + 1) {
                if (n > N - at) n = N - at;
                o->update(&s, t, n, g + at, parts[0] + at, (float *[]){parts[1] + at, parts[2] + at});
            }
        }
        assert_memory_equal(whole, parts, sizeof whole);
    }
}

static void lazy_regularisation_scales_settings(void **state) {
    (void)state;
    gt_optimizer_settings base = {.lr = 0.0025, .beta1 = 0, .beta2 = 0.99, .eps = 1e-8};
    const gt_optimizer *adam = gt_optimizer_find("adam");
    gt_optimizer_settings g = gt_optimizer_lazy(adam, base, 4), d = gt_optimizer_lazy(adam, base, 16);
    near(g.lr, 0.002, 1e-15);
    near(g.beta2, 0.9919919678228657, 1e-12);
    near(d.lr, 0.0023529411764705885, 1e-15);
    near(d.beta2, 0.9905854573074332, 1e-12);
    near(g.beta1, 0, 0);
    near(g.eps, 1e-8, 0);
    base.beta1 = 0.5; /* a momentum is not a beta */
    g = gt_optimizer_lazy(gt_optimizer_find("sgd"), base, 4);
    near(g.lr, 0.002, 1e-15);
    near(g.beta1, 0.5, 0);
}

static void nonfinite_gradients_are_counted_and_replaced(void **state) {
    (void)state;
    float x[] = {1, NAN, INFINITY, -2, -INFINITY, 3e38f};
    const float clean[] = {1, 0, 1e5f, -2, -1e5f, 3e38f};
    assert_int_equal(gt_clean_nonfinite(x, 6), 3);
    assert_memory_equal(x, clean, sizeof x);
    assert_int_equal(gt_clean_nonfinite(x, 6), 0);
}

static void moving_average_ramps_up(void **state) {
    (void)state;
    const double published[] = {
        0, 0.25, 0.5, 0.6299605249474366, 0.7071067811865476, 0.757858283255199, 0.757858283255199};
    for (int i = 0; i < 7; i++) near(gt_ema_beta(0.01, 0.5, 4 * i, 4), published[i], 1e-12);
    near(gt_ema_beta(0.01, 0, 0, 4), 0.757858283255199, 1e-12);
}

static void average_moves_towards_parameters(void **state) {
    (void)state;
    float p[3] = {1, -2, 1e-8f}, a[3] = {5, 5, 5};
    gt_ema_update(a, p, 3, 0);
    assert_memory_equal(a, p, sizeof a);
    const float betas[] = {0.25f, 0.75f, 0.999f};
    for (int k = 0; k < 3; k++) {
        float average = 5;
        gt_ema_update(&average, p, 1, betas[k]);
        near(average, 1 + 4 * (double)betas[k], 1e-6);
    }
}

/* ---- schedules ---- */

/* Patience 2: two epochs may pass without a smaller loss, the third one lowers the rate, and then they count anew. */
static void a_plateau_is_as_patient_as_asked(void **state) {
    (void)state;
    const gt_schedule s = {.kind = GT_SCHEDULE_PLATEAU, .factor = 0.5, .patience = 2};
    static const struct {
        double loss;
        int lowers;
    } epochs[] = {{1, 0},   {1, 0},   {0.99995, 0}, {2, 1}, {1, 0}, {1, 0}, {0.5, 0},
                  {0.5, 0}, {0.6, 0}, {0.5, 1},     {1, 0}, {1, 0}, {1, 1}};
    gt_plateau p = gt_plateau_begin();
    double factor = 1;
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        assert_int_equal(gt_plateau_look(&p, &s, epochs[i].loss), epochs[i].lowers);
        if (epochs[i].lowers) factor *= 0.5;
        near(p.factor, factor, 0);
    }
    gt_plateau none = gt_plateau_begin();
    const gt_schedule at_once = {.kind = GT_SCHEDULE_PLATEAU, .factor = 0.1, .patience = 0};
    assert_int_equal(gt_plateau_look(&none, &at_once, 1), 0);
    assert_int_equal(gt_plateau_look(&none, &at_once, 1), 1);
}

/* From 1/25 to 1 in the last step of the first 0.3, half-way between them in the middle of it, and down to 1/250,000.
 */
static void one_cycle_in_its_places(void **state) {
    (void)state;
    const gt_schedule s = {.kind = GT_SCHEDULE_ONE_CYCLE, .length = 10};
    const double step = 0.125, top = 3 - step, end = 10 - step, least = 1.0 / 250000;
    near(gt_schedule_rate(&s, 0, step), 1.0 / 25, 1e-12);
    near(gt_schedule_rate(&s, top / 2, step), (1 + 1.0 / 25) / 2, 1e-12);
    near(gt_schedule_rate(&s, top, step), 1, 1e-12);
    near(gt_schedule_rate(&s, (top + end) / 2, step), (1 + least) / 2, 1e-12);
    near(gt_schedule_rate(&s, end, step), least, 1e-12);
    assert_true(gt_schedule_rate(&s, top - step, step) < 1 && gt_schedule_rate(&s, top + step, step) < 1);
}

static void unknown_optimisers_are_not_found(void **state) {
    (void)state;
    assert_null(gt_optimizer_find("nadam"));
}

/* In one pass, on any number of threads: what the rules give one after the other. */
static void an_update_is_its_rules_one_by_one(void **state) {
    (void)state;
    enum { LONG = 100003 };
    static float g[LONG], rules[4][LONG], pass[4][LONG];
    gt_optimizer_settings s = {.lr = 0.003, .beta1 = 0.5, .beta2 = 0.99, .eps = 1e-8};
    gt_pool *pool = gt_pool_new(3);
    for (const gt_optimizer *o = gt_optimizers; o->name; o++)
        for (int threads = 1; threads <= 3; threads += 2) {
            memset(rules, 0, sizeof rules);
            memset(pass, 0, sizeof pass);
            for (uint64_t t = 1; t <= 2; t++)
                for (int which = 0; which < 2; which++) { /* both, then the average alone */
                    for (int i = 0; i < LONG; i++) g[i] = i % 1000 == 7 ? NAN : sinf((float)(i * (int)t + 1));
                    gt_update u = {.optimizer = which ? NULL : o,
                                   .settings = s,
                                   .step = t,
                                   .n = LONG,
                                   .clean = true,
                                   .grad = g,
                                   .params = pass[0],
                                   .moments = {pass[1], pass[2]},
                                   .average = pass[3],
                                   .average_beta = 0.9};
                    gt_update_run(&u, threads > 1 ? pool : NULL);
                    if (!which) {
                        gt_clean_nonfinite(g, LONG);
                        o->update(&s, t, LONG, g, rules[0], (float *[]){rules[1], rules[2]});
                    }
                    gt_ema_update(rules[3], rules[0], LONG, 0.9);
                }
            assert_memory_equal(rules, pass, sizeof rules);
            assert_true(pass[3][0] != 0 && pass[3][LONG - 1] != 0);
        }
    gt_pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_takes_unit_steps_on_constant_gradients),
        cmocka_unit_test(adagrad_and_rmsprop_add_epsilon_to_the_root),
        cmocka_unit_test(beta1_of_zero_is_allowed),
        cmocka_unit_test(without_momentum_its_moment_is_not_needed),
        cmocka_unit_test(cutting_a_range_changes_no_bit),
        cmocka_unit_test(an_update_is_its_rules_one_by_one),
        cmocka_unit_test(lazy_regularisation_scales_settings),
        cmocka_unit_test(nonfinite_gradients_are_counted_and_replaced),
        cmocka_unit_test(moving_average_ramps_up),
        cmocka_unit_test(average_moves_towards_parameters),
        cmocka_unit_test(a_plateau_is_as_patient_as_asked),
        cmocka_unit_test(one_cycle_in_its_places),
        cmocka_unit_test(unknown_optimisers_are_not_found),
    };
    return cmocka_run_group_tests_name("optimizer", tests, NULL, NULL);
}
