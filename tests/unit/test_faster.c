/* SPDX-License-Identifier: Apache-2.0
 * What a dry run says on a machine of many cores, whose speeds a planted starter gives. */
#include "ranks.h"
#include "scratch.h"

#include "gantry/job.h"
#include "gantry/text.h"
#include "gantry/train.h"

static int cores = 64;

static double planted(const void *of, gt_split s, const char *options, double limit, char why[GT_WHY_BYTES]) {
    (void)limit, (void)why;
    ++*(int *)(uintptr_t)of;
    assert_int_equal(s.ranks * s.threads, cores);
    return s.ranks * (*options ? 1000 : 2000);
}

static char *said; /* the last dry run, without its end */

/* The job of recipe cpu with these options, "key=value", ended by NULL. How many times the starter was asked. */
static int dry_run(const char *const *options) {
    static const char *const all[][2] = {{"data", "synth:shapes:n=256,size=16,classes=4"},
                                         {"cbase", "128"},
                                         {"cmax", "8"},
                                         {"kimg", "1000000"},
                                         {"progress", "0"},
                                         {"dry-run", "1"},
                                         {"dry-run-seconds", "8"}};
    int asked = 0, out = dup(STDOUT_FILENO);
    size_t n, checkpoint_bytes;
    gt_starter starter = {.of = &asked, .cores = cores, .images_per_second = planted};
    gt_job *job = gt_job_new();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) assert_ok(gt_job_set(job, all[i][0], all[i][1], NULL));
    for (; *options; options++) {
        char key[32], value[32];
        assert_int_equal(sscanf(*options, "%31[^=]=%31s", key, value), 2);
        assert_ok(gt_job_set(job, key, value, NULL));
    }
    gt_print_flush(stdout);
    assert_non_null(freopen(at("said"), "w", stdout));
    gt_status st = gt_train_dry_run_all(comm, job, &starter, &checkpoint_bytes);
    gt_print_flush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    assert_ok(st);
    gt_job_free(job);
    free(said);
    said = get(at("said"), &n);
    return asked;
}
#define DRY_RUN(...) dry_run((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static bool says(const char *text) { return strstr(said, text) != NULL; }

/* Eight ranks at most, and beyond them threads; a batch of 64 small images has 32 slices. */
static void larger_batch(void **state) {
    (void)state;
    assert_true(DRY_RUN() > 0);
    if (!says("8 ranks with 8 threads: 16000.00 images/s") ||
        !says("larger      --batch=64: 32 ranks with 2 threads: 32000.00 images/s, ") || !says("the same FID on "))
        fail_msg("%s", said);
    cores = 63;
    assert_true(DRY_RUN() > 0);
    if (!says("larger      --batch=32: ")) fail_msg("%s", said);
    cores = 9;
    assert_true(DRY_RUN() > 0);
    if (!says("larger      --batch=16: 9 ranks with 1 thread: 9000.00 images/s, ")) fail_msg("%s", said);
    cores = 8;
    assert_true(DRY_RUN() > 0);
    if (says("larger ")) fail_msg("%s", said);
    cores = 64;
}

/* Where the batch or its slices are the user's, where the recipe has another batch, where another model has none. */
static void no_larger_batch(void **state) {
    (void)state;
    static const char *const others[] = {"batch=8", "slices=8", "cfg=auto", "model=dcgan"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(DRY_RUN(others[i]) > 0);
        if (says("larger ") || !says(" ranks with ")) fail_msg("%s: %s", others[i], said);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(larger_batch), cmocka_unit_test(no_larger_batch)};
    if (!begin_ranks(1)) return 1;
    return end_ranks(cmocka_run_group_tests(tests, make_scratch, remove_scratch));
}
