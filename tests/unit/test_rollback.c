/* SPDX-License-Identifier: Apache-2.0
 * Going back to a checkpoint: on from there with other random numbers, so many times and no more. What a run is and
 * writes is made up. */
#include "expect.h"

#include "gantry/log.h"
#include "job/door/job.h"
#include "train/door/replay.h"
#include "train/ticks/decider.h"

static int64_t in_checkpoint, saved, of_chain;
static int loaders; /* that have begun anew */
static gt_checkpoint_file *const any = (gt_checkpoint_file *)&in_checkpoint;

gt_status __wrap_gt_comm_agree_all(gt_comm *c, gt_status st);
gt_saver_state __wrap_gt_saver_wait(gt_saver *s);
gt_status __wrap_gt_checkpoint_set_aside(const char *dir, int64_t after, int *n);
gt_status __wrap_gt_checkpoint_newest(const char *dir, gt_checkpoint_file **f);
const char *__wrap_gt_checkpoint_path(const gt_checkpoint_file *f);
void __wrap_gt_checkpoint_close(gt_checkpoint_file *f);
gt_status __wrap_gt_engine_load_all(gt_engine *e, const gt_checkpoint_file *f);
gt_ledger_line __wrap_gt_chain_line(const gt_engine *e, gt_ledger_event event);
gt_status __wrap_gt_chain_roll_back_all(gt_engine *e, gt_journal *j, gt_ledger_line *line);
gt_status __wrap_gt_engine_start_loader_all(gt_engine *e);
gt_status __wrap_gt_journal_open_logs(gt_engine *e, gt_journal *j);
gt_status __wrap_gt_journal_take_past_all(gt_engine *e, gt_journal *j);
gt_status __wrap_gt_save_all(gt_engine *e, gt_journal *j, gt_standing standing);

gt_status __wrap_gt_comm_agree_all(gt_comm *c, gt_status st) { return (void)c, st; }
gt_saver_state __wrap_gt_saver_wait(gt_saver *s) { return (void)s, (gt_saver_state)0; }
gt_status __wrap_gt_checkpoint_set_aside(const char *dir, int64_t after, int *n) {
    assert_string_equal(dir, "run");
    assert_int_equal(after, 4000);
    return *n = 1, GT_OK;
}
gt_status __wrap_gt_checkpoint_newest(const char *dir, gt_checkpoint_file **f) { return (void)dir, *f = any, GT_OK; }
const char *__wrap_gt_checkpoint_path(const gt_checkpoint_file *f) { return (void)f, "run/checkpoint-000002000.h5"; }
void __wrap_gt_checkpoint_close(gt_checkpoint_file *f) { assert_ptr_equal(f, any); }
/* The state is that of the checkpoint, its count of rollbacks too. */
gt_status __wrap_gt_engine_load_all(gt_engine *e, const gt_checkpoint_file *f) {
    assert_ptr_equal(f, any);
    e->reseed = in_checkpoint;
    e->shown = 2000;
    return GT_OK;
}
gt_ledger_line __wrap_gt_chain_line(const gt_engine *e, gt_ledger_event event) {
    return (gt_ledger_line){.event = event, .images = e->shown};
}
gt_status __wrap_gt_chain_roll_back_all(gt_engine *e, gt_journal *j, gt_ledger_line *line) {
    (void)j;
    assert_true(line->event == GT_LEDGER_ROLLBACK && line->images == 5000 && line->began == 4000);
    assert_string_equal(line->message, "ceiling");
    return of_chain = e->reseed, GT_OK;
}
gt_status __wrap_gt_engine_start_loader_all(gt_engine *e) { return (void)e, loaders++, GT_OK; }
gt_status __wrap_gt_journal_open_logs(gt_engine *e, gt_journal *j) { return (void)e, (void)j, GT_OK; }
gt_status __wrap_gt_journal_take_past_all(gt_engine *e, gt_journal *j) { return (void)e, (void)j, GT_OK; }
gt_status __wrap_gt_save_all(gt_engine *e, gt_journal *j, gt_standing standing) {
    (void)j;
    assert_int_equal(standing, GT_NOT_THE_BEST);
    return saved = e->reseed, GT_OK;
}

/* Each time the count is larger, in the run and in the chain and in the checkpoint that is made at once: a run that is
 * killed now does not meet the same trouble again. */
static void each_time_other_random_numbers(void **state) {
    (void)state;
    gt_comm comm = {.ranks = 1};
    gt_job job = {.on_trouble = GT_ON_TROUBLE_ROLLBACK};
    gt_engine e = {.job = &job, .comm = &comm};
    gt_journal j = {.dir = (char *)"run"};
    const gt_reason why = {.text = "ceiling", .began = 4000};
    for (int64_t i = 1; i <= GT_MOST_ROLLBACKS; i++) {
        in_checkpoint = i - 1; /* the checkpoint is the one of the rollback before */
        e.shown = 5000;
        assert_ok(gt_roll_back_all(&e, &j, &why));
        assert_true(e.reseed == i && of_chain == i && saved == i && e.shown == 2000 && loaders == i);
    }
    assert_int_equal(gt_roll_back_all(&e, &j, &why), GT_FAILED);
    assert_message("ceiling again after 3 rollbacks");
    assert_int_equal(loaders, GT_MOST_ROLLBACKS);
}

/* Another trouble begins while the checkpoint that is gone back to is older than the rollback before. */
static void an_older_checkpoint_takes_nothing_back(void **state) {
    (void)state;
    gt_comm comm = {.ranks = 1};
    gt_job job = {.on_trouble = GT_ON_TROUBLE_ROLLBACK};
    gt_engine e = {.job = &job, .comm = &comm, .shown = 5000, .reseed = 1};
    gt_journal j = {.dir = (char *)"run"};
    in_checkpoint = 0;
    assert_ok(gt_roll_back_all(&e, &j, &(gt_reason){.text = "ceiling", .began = 4000}));
    assert_true(e.reseed == 2 && saved == 2);
}

static void a_stop_goes_nowhere(void **state) {
    (void)state;
    gt_job job = {.on_trouble = GT_ON_TROUBLE_STOP};
    gt_engine e = {.job = &job};
    gt_journal j = {0};
    assert_int_equal(gt_roll_back_all(&e, &j, &(gt_reason){.text = "ceiling"}), GT_FAILED);
    assert_message("--on-trouble=stop: ceiling");
}

int main(void) {
    gt_log_setup(0, 1, GT_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_time_other_random_numbers),
        cmocka_unit_test(an_older_checkpoint_takes_nothing_back),
        cmocka_unit_test(a_stop_goes_nowhere),
    };
    return cmocka_run_group_tests_name("rollback", tests, NULL, NULL);
}
