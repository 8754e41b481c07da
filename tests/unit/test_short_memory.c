/* SPDX-License-Identifier: Apache-2.0
 * Each allocation fails once while a graph is built and planned: it is said, and nothing is freed twice, used
 * afterwards or lost. */
#include "failing/allocations.h"
#include "deep_net.h"
#include "sanitized.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gantry/rundir.h"
#include "kernels/door/lapack.h"
#include "scratch.h"

/* With four layers more allocations fail, and none on another path through the code. */
static gt_graph *small_net(void) { return deep_net(2, 64, 16, true); }

/* From one allocation that fails to the next. Under sanitizers, which make this six times slower, a seventh of them
 * fails: the same places in the code, for most are called for each node. */
static long step(void) { return sanitized() ? 7 : 1; }

/* The graph is made and planned as the options say, until nothing is left to fail. */
static void each_fails(const gt_exec_options *o) {
    long failures = 0;
    for (long at = 1;; at += step()) {
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
    assert_true(failures * step() > 100);
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
    for (long at = 1;; at += step()) {
        gt_exec *e = ready(g, &(gt_exec_options){.recompute = 1});
        arm_shortage(at, false);
        gt_status st = gt_exec_relax(e, gt_exec_arena_bytes(e) + 64);
        bool failed = disarm_shortage();
        if (st && (!failed || !strstr(gt_message(), "memory")))
            fail_msg("allocation %ld: the message is '%s'", at, gt_message());
        failures += st != GT_OK;
        gt_exec_free(e);
        if (!failed) break;
    }
    gt_graph_free(g);
    assert_true(failures * step() > 100);
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

static size_t address_space(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld", &pages), 1);
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void limit_address_space(size_t bytes) {
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_AS, &r), 0);
    r.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_AS, &r), 0);
}

/* What OpenBLAS cannot get, it waits for: for ever. What it has got, it keeps. */
static void openblas_has_its_memory_first(void **state) {
    (void)state;
    if (sanitized()) skip(); /* shadow memory is larger than any limit */
    const size_t some = 16 << 20;
    enum { THREADS = 3 };
    mallopt(M_ARENA_MAX, 1); /* else a thread that begins late takes address space for memory of its own meanwhile */
    gt_pool *pool = gt_pool_new(THREADS);
    struct rlimit usual;
    assert_int_equal(getrlimit(RLIMIT_AS, &usual), 0);
    size_t before = address_space();

    limit_address_space(before + some);
    assert_int_equal(gt_lapack_begin(NULL, 1), GT_NOMEM);
    assert_message("OpenBLAS needs 134 MB of address space for each of 1 thread,");
    limit_address_space(before + GT_LAPACK_BUFFER + some);
    assert_ok(gt_lapack_begin(NULL, 1));
    assert_true(address_space() - before < GT_LAPACK_BUFFER + some); /* else the buffers of this OpenBLAS are larger */

    limit_address_space(address_space() + some);
    double matrix[] = {3, 1, 1, 3}, values[2], work[256];
    assert_true(gt_eigen_scratch(2, true) <= sizeof work / sizeof *work);
    assert_true(gt_eigen(2, matrix, true, values, work));
    assert_true(fabs(values[0] - 2) < 1e-14 && fabs(values[1] - 4) < 1e-14);
    assert_ok(gt_lapack_begin(pool, 1));
    assert_int_equal(gt_lapack_begin(pool, 100), GT_NOMEM);
    assert_message("each of 3 threads, more than the system allows; raise the limit (ulimit -v, ulimit -d), or");

    assert_int_equal(setrlimit(RLIMIT_AS, &usual), 0);
    assert_ok(gt_lapack_begin(pool, 100));
    gt_pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openblas_has_its_memory_first), /* the first: nobody has asked for it yet */
        cmocka_unit_test(values_are_computed_again),
        cmocka_unit_test(slices_are_together),
        cmocka_unit_test(a_plan_is_relaxed),
        cmocka_unit_test_setup_teardown(a_run_is_read, make_scratch, remove_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
