/* SPDX-License-Identifier: Apache-2.0
 * The numbers that `gantry status` shows of a run, of a log that the test has written. */
#define _GNU_SOURCE
#include "beating.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/door/cli.h"
#include "run/door/ledger.h"

static const char *status_of_run(void) {
    static char text[4096];
    bool lost = true;
    int before = dup(STDOUT_FILENO), memory = memfd_create("said", 0);
    fflush(stdout);
    dup2(memory, STDOUT_FILENO);
    gt_status st = cli_find_run_view()(scratch, &lost);
    dup2(before, STDOUT_FILENO);
    ssize_t n = pread(memory, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(before);
    close(memory);
    assert_ok(st);
    assert_false(lost);
    return text;
}

static void has(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("no '%s' in: %s", part, text);
}

/* Five ticks of as many images, at 10, 30, 10, 30 and 15 a second, take as long as at 15. Ticks before those do not
 * count, nor does the first one, in which memory is touched for the first time. */
static void the_speed_is_of_the_latest_ticks(void **state) {
    (void)state;
    static const double rates[] = {1, 500, 10, 30, 10, 30, 15};
    enum { TICKS = sizeof rates / sizeof *rates };
    char log[4096];
    int n = 0;
    for (int t = 0; t < TICKS; t++)
        n += snprintf(
            log + n, sizeof log - (size_t)n,
            "{\"Progress/tick\": {\"num\": 1, \"mean\": %d, \"std\": 0}, \"Progress/images_per_sec\": "
            "{\"num\": 1, \"mean\": %g, \"std\": 0}, \"Timing/total_sec\": {\"num\": 1, \"mean\": %d, \"std\": "
            "0}, \"Loss/train\": {\"num\": 4, \"mean\": 0.125, \"std\": 0}, \"images\": %d, \"timestamp\": 1}\n",
            t, rates[t], 60 * t, 1000 * (t + 1));
    put(at("stats.jsonl"), log, (size_t)n);
    put(at("job.ini"), "seed = 1\n", 9);
    gt_ledger *l = gt_ledger_open(scratch);
    assert_non_null(l);
    const gt_start_fact facts[] = {{"data", "pictures: 7 images"}, {0}};
    assert_ok(
        gt_ledger_add(l, &(gt_ledger_line){.event = GT_LEDGER_START, .total = 28000, .facts = facts}, false, NULL));
    assert_ok(
        gt_ledger_add(l, &(gt_ledger_line){.event = GT_LEDGER_END, .images = 7000, .ended = "stopped"}, false, NULL));
    gt_ledger_close(l);
    const char *said = status_of_run();
    has(said, ": stopped, 25.0% (7 of 28 kimg)\n");
    has(said, "  speed        15 images/s, 6m 00s so far\n");
    has(said, "  last tick    number 6, ");
    has(said, "Loss/train 0.125");
    has(said, "  data         pictures: 7 images\n");
}

/* ---- does a run go on? ---- */

enum { MINUTE = 60, HOURS = 100 * 3600 };
static const char of_a_job[] = ELSEWHERE "job 7\n";

static void put_start(const char *run, const char *ended) {
    const gt_start_fact none[] = {{0}};
    mkdir(at(run), 0777);
    gt_ledger *l = gt_ledger_open(at(run));
    assert_non_null(l);
    assert_ok(
        gt_ledger_add(l, &(gt_ledger_line){.event = GT_LEDGER_START, .total = 28000, .facts = none}, false, NULL));
    if (*ended) assert_ok(gt_ledger_add(l, &(gt_ledger_line){.event = GT_LEDGER_END, .ended = ended}, false, NULL));
    gt_ledger_close(l);
}

static const char *state_of_run(const char *run, bool held) {
    static char state[32];
    gt_starts *s = gt_starts_read(at(run));
    assert_non_null(s);
    snprintf(state, sizeof state, "%s", gt_starts_state_of(s, held));
    gt_starts_free(s);
    return state;
}

static void holders_elsewhere_are_judged_by_their_beats(void **state) {
    (void)state;
    static const struct {
        const char *run, *ended;
        double age;
        const char *state;
    } runs[] = {
        {"fresh", "", 0, "running"},       {"living", "", MINUTE, "running"},       {"dead", "", MINUTE, "interrupted"},
        {"old", "", HOURS, "interrupted"}, {"aborted", "failed", MINUTE, "failed"},
    };
    enum { RUNS = sizeof runs / sizeof *runs };
    char paths[RUNS][512];
    const char *dirs[RUNS];
    gt_run_look look[RUNS] = {0};
    for (int i = 0; i < RUNS; i++) {
        put_start(runs[i].run, runs[i].ended);
        put_lock(at(runs[i].run), of_a_job, 0, runs[i].age);
        snprintf(paths[i], sizeof paths[i], "%s", at(runs[i].run));
        dirs[i] = paths[i];
    }
    pid_t living = start_beating(at("living"), of_a_job, MINUTE);
    double began = gt_unix_time();
    gt_runs_look(dirs, RUNS, look);
    assert_true(gt_unix_time() - began > 10); /* so long the dead one's beat was watched, and nothing else */
    for (int i = 0; i < RUNS; i++) assert_string_equal(state_of_run(runs[i].run, look[i].held), runs[i].state);
    /* What has been seen is known: nothing is waited for again. The fresh one has not moved meanwhile, either. */
    began = gt_unix_time();
    gt_runs_look(dirs, RUNS, look);
    assert_true(gt_unix_time() - began < 5);
    assert_false(look[0].held);
    assert_true(look[1].held);
    assert_false(look[2].held);
    kill_and_wait(living);
    put_lock(at("dead"), of_a_job, 7, 0); /* it was started again */
    gt_runs_look(dirs, RUNS, look);
    assert_true(look[2].held);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_speed_is_of_the_latest_ticks),
        cmocka_unit_test(holders_elsewhere_are_judged_by_their_beats),
    };
    return cmocka_run_group_tests_name("status", tests, make_scratch, remove_scratch);
}
