/* SPDX-License-Identifier: Apache-2.0
 * Each allocation fails once while a graph is built and planned: it is said, and nothing is freed twice, used
 * afterwards or lost. */
#include "failing/allocations.h"
#include "deep_net.h"
#include "gantry/rundir.h"
#include "scratch.h"

static gt_graph *small_net(void) { return deep_net(4, 64, 16, true); }

/* The graph is made and planned as the options say, until nothing is left to fail. */
static void each_fails(const gt_exec_options *o) {
    long failures = 0;
    for (long at = 1;; at++) {
        gt_fail(GT_FAILED, "no message");
        arm_shortage(at, false);
        gt_graph *g = small_net();
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
    each_fails(&(gt_exec_options){.recompute = 1});
}

static void slices_are_together(void **state) {
    (void)state;
    each_fails(&(gt_exec_options){.slices = 2, .runs = 2});
}

/* A new plan fails: the one there is, or none, but nothing of both. */
static void a_plan_is_relaxed(void **state) {
    (void)state;
    gt_graph *g = small_net();
    long failures = 0;
    for (long at = 1;; at++) {
        gt_exec *e = ready(g, &(gt_exec_options){.recompute = 1});
        arm_shortage(at, false);
        gt_status st = gt_exec_relax(e, 2 * gt_exec_arena_bytes(e));
        bool failed = disarm_shortage();
        if (st && (!failed || !strstr(gt_message(), "memory")))
            fail_msg("allocation %ld: the message is '%s'", at, gt_message());
        failures += st != GT_OK;
        gt_exec_free(e);
        if (!failed) break;
    }
    gt_graph_free(g);
    assert_true(failures > 100);
}

/* A file of a run that memory is too short for is not taken for a file that is not there. */
static void a_run_is_read(void **state) {
    (void)state;
    long n = 1;
    put(at("job.ini"), "seed = 1\n", 9);
    for (bool failed = true; failed; n++) {
        char *text;
        arm_shortage(n, false);
        gt_status st = gt_rundir_read(scratch, "job.ini", &text);
        failed = disarm_shortage();
        assert_int_equal(st, failed ? GT_NOMEM : GT_OK);
        assert_int_equal(text != NULL, !failed);
        if (failed) assert_message("memory");
        free(text);
    }
    assert_true(n > 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_computed_again),
        cmocka_unit_test(slices_are_together),
        cmocka_unit_test(a_plan_is_relaxed),
        cmocka_unit_test_setup_teardown(a_run_is_read, make_scratch, remove_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
