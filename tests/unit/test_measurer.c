/* SPDX-License-Identifier: Apache-2.0
 * What decides whether a measurer keeps numbers in checkpoints must be an option of the recipe. */
#include "expect.h"

#include "gantry/job.h"
#include "networks/model/door/family.h"
#include "train/door/measurer.h"

static const gt_state_row state[] = {{"/state/n", "", "A number", .type = GT_STATE_INT64}, {0}};

static bool by_recipe(const gt_engine *e) { return e->job->lrate > 1e-4; }
static bool by_output(const gt_engine *e) { return e->job->progress; }

static gt_job *job_of(const char *key, const char *value) {
    gt_job *job = gt_job_new();
    assert_non_null(job);
    assert_ok(gt_job_set(job, "model", "mlp", NULL));
    assert_ok(gt_job_set(job, "data", "synth:shapes:n=9,size=8,classes=2", NULL));
    assert_ok(gt_job_set(job, key, value, NULL));
    assert_ok(gt_job_resolve(job, 8, 8, 1, 2, 9));
    return job;
}

static void wanted_by_an_option(void **unused) {
    (void)unused;
    static const char *const given[][2] = {{"lrate", "0.00001"}, {"progress", "0"}, {"progress", "1"}};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        gt_engine e = {.job = job_of(given[i][0], given[i][1])};
        gt_measurer row = {.name = "a count", .state = state, .is_wanted = by_recipe};
        assert_ok(gt_measurer_check_state(&e, &row));
        row.is_wanted = by_output;
        if (!e.job->progress)
            assert_int_equal(gt_measurer_check_state(&e, &row), GT_FAILED), assert_message("GT_RECIPE");
        else assert_ok(gt_measurer_check_state(&e, &row));
        row.state = NULL; /* without numbers in checkpoints any option may decide */
        assert_ok(gt_measurer_check_state(&e, &row));
        gt_job_free(e.job);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wanted_by_an_option)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
