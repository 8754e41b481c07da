/* SPDX-License-Identifier: Apache-2.0
 * The model of steps on many ranks, held against simulations of the program's own messages (bench/simulated/driver). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/cost_model.h"

static const cost_network ethernet = {.rate = 1.1e9, .latency = 25e-6, .message = 2e-6};
static const double memory = 12e9;

/* 20 million parameters, whose quarters are complete after 0.7, 0.8, 0.9 and all of the graph. */
static cost_phase phase_of_quarters(void) {
    cost_phase p = {.interval = 1, .slice = 0.25, .outside = 0.02, .floats = 20e6, .small = 521, .n = 4};
    for (int i = 0; i < 4; i++) p.outputs[i] = (cost_output){0.7 + 0.1 * i, (3 - i) * 5e6, 5e6};
    return p;
}

static double communication(const cost_phase *p, int ranks) {
    return cost_phase_seconds(p, &ethernet, memory, (cost_ranks){ranks, 1, 1, 1}) - p->slice - p->outside / ranks;
}

static void agrees_with_simulations(void **state) {
    (void)state;
    static const struct {
        int ranks;
        double seconds;
    } simulated[] = {{2, 0.0563}, {4, 0.0808}, {16, 0.0997}};
    cost_phase p = phase_of_quarters();
    for (size_t i = 0; i < sizeof simulated / sizeof *simulated; i++) {
        double ratio = communication(&p, simulated[i].ranks) / simulated[i].seconds;
        if (!(ratio > 0.85 && ratio < 1.1)) print_message("%d ranks: %.3f\n", simulated[i].ranks, ratio);
        assert_true(ratio > 0.85 && ratio < 1.1);
    }
}

static void late_gradients_are_not_hidden(void **state) {
    (void)state;
    cost_phase early = phase_of_quarters(), late = early;
    for (int i = 0; i < 4; i++) early.outputs[i].at = 0.3 + 0.1 * i, late.outputs[i].at = 1;
    double least = communication(&early, 8), most = communication(&late, 8);
    double sum = 4 * late.floats * 7 / 8 / ethernet.rate;
    assert_true(most - least > 0.9 * sum && most - least < 1.1 * sum);
}

static void alone_there_is_nothing_to_wait_for(void **state) {
    (void)state;
    cost_phase p = phase_of_quarters();
    assert_true(fabs(communication(&p, 1)) < 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_simulations),
        cmocka_unit_test(late_gradients_are_not_hidden),
        cmocka_unit_test(alone_there_is_nothing_to_wait_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
