/* SPDX-License-Identifier: Apache-2.0
 * Each allocation fails once while a graph is built and planned: it is said, and nothing is freed twice, used afterwards or lost. */
#include "failing/allocations.h"
#include "graph_net.h"

/* What a training graph has: gradients of gradients, and values that are computed again. */
static gt_graph *deep_net(void) {
    enum { LAYERS = 4, ROWS = 64, WIDTH = 16 };
    gt_graph *g = gt_graph_new("deep");
    gt_node *w[LAYERS], *dw[LAYERS], *slope;
    char name[16];
    if (!g) return NULL;
    gt_node *x = gt_input(g, "x", S(ROWS, WIDTH)), *y = x;
    for (int i = 0; i < LAYERS; i++) {
        w[i] = gt_param(g, (sprintf(name, "w%d", i), name), S(WIDTH, WIDTH), 0, (size_t)i * WIDTH * WIDTH);
        y = gt_tanh_op(g, gt_matmul(g, y, w[i]));
    }
    gt_node *loss = gt_sum(g, gt_mul(g, y, gt_random_normal_op(g, "noise", S(ROWS, WIDTH))), GT_ALL_AXES);
    gt_grad(g, 1, &loss, NULL, 1, &x, &slope);
    loss = gt_add(g, loss, gt_sum(g, gt_square(g, slope), GT_ALL_AXES));
    gt_grad(g, 1, &loss, NULL, LAYERS, w, dw);
    for (int i = 0; i < LAYERS; i++) gt_output_to(g, (sprintf(name, "d%d", i), name), dw[i], 1, (size_t)i * WIDTH * WIDTH);
    gt_output(g, "loss", loss);
    return g;
}

/* `build` gives a graph that is planned as the options say, until nothing is left to fail. */
static void each_fails(gt_graph *(*build)(void), const gt_exec_options *o) {
    long failures = 0;
    for (long at = 1;; at++) {
        gt_fail(GT_FAILED, "no message");
        arm_shortage(at, false);
        gt_graph *g = build();
        gt_exec *e = g ? gt_exec_new(g, o) : NULL;
        bool failed = disarm_shortage();
        if (!e && !failed) fail_msg("%s", gt_message());
        if (!e && !strstr(gt_message(), "memory")) fail_msg("allocation %ld: the message is '%s'", at, gt_message());
        failures += failed && !e;
        gt_exec_free(e);
        gt_graph_free(g);
        if (!failed) break;
    }
    print_message("%ld failures\n", failures);
    assert_true(failures > 100);
}

static void values_are_computed_again(void **state) {
    (void)state;
    each_fails(deep_net, &(gt_exec_options){.recompute = 1});
}

static void slices_are_together(void **state) {
    (void)state;
    each_fails(deep_net, &(gt_exec_options){.slices = 2, .runs = 2});
}

/* A new plan fails: the one there is, or none, but nothing of both. */
static void a_plan_is_relaxed(void **state) {
    (void)state;
    gt_graph *g = deep_net();
    long failures = 0;
    for (long at = 1;; at++) {
        gt_exec *e = ready(g, &(gt_exec_options){.recompute = 1});
        arm_shortage(at, false);
        gt_status st = gt_exec_relax(e, 2 * gt_exec_arena_bytes(e));
        bool failed = disarm_shortage();
        if (st && (!failed || !strstr(gt_message(), "memory"))) fail_msg("allocation %ld: the message is '%s'", at, gt_message());
        failures += st != GT_OK;
        gt_exec_free(e);
        if (!failed) break;
    }
    gt_graph_free(g);
    assert_true(failures > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_computed_again), cmocka_unit_test(slices_are_together), cmocka_unit_test(a_plan_is_relaxed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
