/* SPDX-License-Identifier: Apache-2.0
 * The values of a tick, in the units that their names and docs/logs say; and what early stopping concludes. The engine
 * is made up: two ranks, of which the test tells what the other one brings. */
#define _GNU_SOURCE
#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "gantry/log.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "train/ticks/decider_list.h"

/* ---- what the ranks bring ---- */

static const gt_measures other_rank = {.compute = 6, .packing = 1, .wait_for_data = 2.5, .slices = 10};

void __wrap_gt_comm_gather_all(gt_comm *c, const void *mine, size_t bytes, void *all);
int64_t __wrap_gt_comm_max_all(gt_comm *c, int64_t value);
int64_t __wrap_gt_comm_sum_all(gt_comm *c, int64_t value);
double __wrap_gt_loader_wait_seconds(gt_loader *l);
gt_traffic __wrap_gt_reducer_traffic(gt_reducer *r);
const gt_saver_result *__wrap_gt_saver_outcome(const gt_saver *s);

void __wrap_gt_comm_gather_all(gt_comm *c, const void *mine, size_t bytes, void *all) {
    assert_int_equal(c->ranks, 2);
    memcpy(all, mine, bytes);
    memcpy((char *)all + bytes, &other_rank, bytes);
}
int64_t __wrap_gt_comm_max_all(gt_comm *c, int64_t value) { return (void)c, value; }
int64_t __wrap_gt_comm_sum_all(gt_comm *c, int64_t value) { return c->ranks * value; }
double __wrap_gt_loader_wait_seconds(gt_loader *l) { return (void)l, 1.5; }
gt_traffic __wrap_gt_reducer_traffic(gt_reducer *r) { return (void)r, (gt_traffic){.seconds = 4, .waited = 1}; }
const gt_saver_result *__wrap_gt_saver_outcome(const gt_saver *s) {
    static const gt_saver_result saved = {.bytes = 300000000, .seconds = 4};
    return (void)s, &saved;
}
/* Kilobytes, as Linux tells them. */
int getrusage(__rusage_who_t who, struct rusage *u) {
    (void)who;
    *u = (struct rusage){.ru_maxrss = 3 * 1024 * 1024};
    return 0;
}

/* ---- a run ---- */

static gt_comm comm = {.ranks = 2};
static gt_model model = {.name = "model", .n_nets = 1, .n_phases = 1, .phases = {{.name = "D_main"}}};
static gt_family family = {.name = "family"};

static gt_engine engine_of(gt_job *job) {
    *job = (gt_job){.family = &family, .batch = 16, .tick = 1, .total_images = 10000};
    gt_engine e = {.job = job, .comm = &comm, .model = &model, .n_batches = 1, .shown = 4000, .step = 250};
    e.steps.items = 2000;
    e.phases[0] = (gt_engine_phase){.phase = model.phases, .seconds = 0.25};
    e.measures = (gt_measures){.compute = 2, .packing = 0.5, .slices = 10, .slice_sums = 0};
    return e;
}

static double value_of(const gt_journal *j, const char *series) {
    const gt_stat_value *v = gt_values_find(&j->logged, series);
    if (!v) fail_msg("the tick has no %s", series);
    return v ? v->mean : NAN;
}

static void near(const gt_journal *j, const char *series, double wanted, double tolerance) {
    double is = value_of(j, series);
    if (!(fabs(is - wanted) <= tolerance)) fail_msg("%s is %.9g and not %.9g", series, is, wanted);
}

/* A tick of 40 s with 2,000 images, of a run that has trained for five hours before; what it prints. */
static const char *tick(gt_engine *e, gt_journal *j) {
    static char text[4096];
    int before = dup(STDOUT_FILENO), errors = dup(STDERR_FILENO), memory = memfd_create("said", 0);
    double now = gt_clock();
    *j = (gt_journal){.start = now, .seconds_before = 5 * 3600, .tick_seconds = 40, .tick_shown = 2000};
    j->end = INFINITY;
    j->tick = 2;
    j->pace = (gt_pace){.steps = 9, .from = {{now - 100, 0}, {now - 50, 2000}}};
    fflush(stdout);
    dup2(memory, STDOUT_FILENO);
    dup2(memory, STDERR_FILENO);
    gt_tick_gather_all(e, j, &(gt_tick){0});
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    ssize_t n = pread(memory, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(before);
    close(errors);
    close(memory);
    return text;
}

static void values_are_in_their_units(void **state) {
    (void)state;
    gt_job job;
    gt_journal j;
    gt_engine e = engine_of(&job);
    tick(&e, &j);
    near(&j, "Progress/tick", 2, 0);
    near(&j, "Progress/kimg", 4, 0);
    near(&j, "Progress/step", 250, 0);
    near(&j, "Progress/epoch", 2, 0);
    near(&j, "Progress/images_per_sec", 50, 0);
    near(&j, "Timing/sec_per_tick", 40, 0);
    near(&j, "Timing/sec_per_kimg", 20, 1e-9);
    near(&j, "Timing/total_sec", 18000, 60); /* the clock goes on */
    near(&j, "Timing/total_hours", value_of(&j, "Timing/total_sec") / 3600, 1e-9);
    near(&j, "Timing/total_days", value_of(&j, "Timing/total_sec") / 86400, 1e-9);
    near(&j, "Timing/wait_for_data_sec", 2, 1e-9);
    near(&j, "Timing/communication_sec", 4, 1e-5);
    near(&j, "Timing/wait_for_ranks_sec", 1, 1e-5);
    near(&j, "Timing/communication_hidden_percent", 75, 1e-3);
    near(&j, "Timing/computing_sec", 3.25, 1e-9);
    near(&j, "Timing/packing_sec", 0.75, 1e-9);
    near(&j, "Timing/rest_sec", 40 - 3.25 - 0.75 - 1 - 2, 1e-5);
    near(&j, "Timing/D_main", 250, 1e-9);
    near(&j, "Timing/checkpoint_mb_per_sec", 75, 1e-9);
    near(&j, "Resources/cpu_mem_gb", 3, 1e-3);
    gt_values_clear(&j.logged);
}

/* Those of the chart of a report. */
static void parts_add_up_to_the_tick(void **state) {
    (void)state;
    static const char *const parts[] = {"Timing/computing_sec", "Timing/packing_sec", "Timing/wait_for_ranks_sec",
                                        "Timing/wait_for_data_sec", "Timing/rest_sec"};
    gt_job job;
    gt_journal j;
    gt_engine e = engine_of(&job);
    tick(&e, &j);
    double sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) sum += value_of(&j, parts[i]);
    assert_true(fabs(sum - value_of(&j, "Timing/sec_per_tick")) < 1e-9);
    gt_values_clear(&j.logged);
}

/* 0.2 s for a slice here and 0.6 s there: of two ranks the median is the faster one. */
static void ranks_are_compared_with_their_median(void **state) {
    (void)state;
    gt_job job;
    gt_journal j;
    gt_engine e = engine_of(&job);
    tick(&e, &j);
    near(&j, "Ranks/slowest", 3, 1e-9);
    near(&j, "Ranks/slowest_rank", 1, 0);
    near(&j, "Ranks/imbalance", 1, 1e-9);
    near(&j, "Ranks/most_wait_for_data_sec", 2.5, 0);
    gt_values_clear(&j.logged);
}

/* 6,000 images are left, at 40 images a second. */
static void the_time_left(void **state) {
    (void)state;
    gt_job job;
    gt_journal j;
    gt_engine e = engine_of(&job);
    const char *said = tick(&e, &j);
    if (!strstr(said, "2m 30s")) fail_msg("not two and a half minutes: %s", said);
    if (!strstr(said, "3.00") || !strstr(said, "40%") || !strstr(said, "5h 00m")) fail_msg("%s", said);
    gt_values_clear(&j.logged);
}

/* ---- early stopping ---- */

static void a_loss_that_stays_does_not_improve(void **state) {
    (void)state;
    gt_job job;
    gt_engine e = engine_of(&job);
    _Alignas(max_align_t) char own[256] = {0};
    gt_journal j = {0};
    gt_reason why = {0};
    assert_true(gt_decider_early_stop.own_bytes <= sizeof own);
    for (int i = 0; i < GT_DECIDERS_MAX; i++) j.deciding[i] = own;
    job.early_stopping = 3;
    job.validation = 0.25;
    static const struct {
        double loss, since;
        gt_verdict verdict;
    } ticks[] = {
        {0.5, 1, GT_GO_ON}, {0.25, 0, GT_GO_ON}, {0.25, 1, GT_GO_ON}, {0.375, 2, GT_GO_ON}, {0.25, 3, GT_STOP}};
    gt_early_stop_begin_anew(&e, &j, 0.5);
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        e.shown += 1000;
        gt_values_put(&j.logged, "Loss/validation", ticks[i].loss);
        assert_int_equal(gt_decider_early_stop.decide(&e, &j, own, &(gt_tick){0}, &why), ticks[i].verdict);
        near(&j, "Progress/ticks_since_best", ticks[i].since, 0);
        gt_values_clear(&j.logged);
    }
    assert_non_null(strstr(why.text, "Loss/validation has not improved for 3 ticks; the best was 0.25 at 6.000 kimg"));
}

int main(void) {
    gt_log_setup(0, 1, GT_INFO);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_in_their_units),
        cmocka_unit_test(parts_add_up_to_the_tick),
        cmocka_unit_test(ranks_are_compared_with_their_median),
        cmocka_unit_test(the_time_left),
        cmocka_unit_test(a_loss_that_stays_does_not_improve),
    };
    return cmocka_run_group_tests_name("ticks", tests, NULL, NULL);
}
