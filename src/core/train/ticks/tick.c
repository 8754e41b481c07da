/* SPDX-License-Identifier: Apache-2.0
 * Ticks: the series that tell how a run goes. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "gantry/log.h"
#include "metrics/door/metric.h"
#include "networks/nets/door/layers.h" /* gt_text */
#include "train/ticks/decider.h"
#include "train/ticks/warnings.h"

static double peak_memory_gb(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / (1024 * 1024);
}

/* Since the last tick, on average over the ranks. */
static gt_traffic communication_all(gt_engine *e) {
    gt_traffic sum = {e->measures.slice_sums, e->measures.slice_sums}; /* nothing is done meanwhile */
    for (int i = 0; i < e->n_batches; i++)
        for (int net = 0; net < e->model->n_nets; net++) {
            gt_traffic one = gt_reducer_traffic(e->batches[i].reducers[net]);
            sum.seconds += one.seconds;
            sum.waited += one.waited;
        }
    const double microsecond = 1e-6;
    sum.seconds = microsecond * (double)gt_comm_sum_all(e->comm, llrint(sum.seconds / microsecond)) / e->comm->ranks;
    sum.waited = microsecond * (double)gt_comm_sum_all(e->comm, llrint(sum.waited / microsecond)) / e->comm->ranks;
    return sum;
}

static double hidden_percent(gt_traffic c) { return 100 * (1 - c.waited / c.seconds); }

static void put_value(gt_journal *j, const char *name, double value) { gt_values_put(&j->logged, name, value); }

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds for a slice: the slowest rank against the median; work: the most against the mean; the longest wait for data.
 */
static void put_measures(gt_engine *e, gt_journal *j, const gt_measures *all) {
    int ranks = e->comm->ranks, slowest = 0;
    double per_slice[ranks], sorted[ranks], most = 0, sum = 0, wait = 0;
    for (int r = 0; r < ranks; r++) {
        sorted[r] = per_slice[r] = all[r].slices > 0 ? all[r].compute / all[r].slices : 0;
        if (per_slice[r] > per_slice[slowest]) slowest = r;
        if (all[r].slices > most) most = all[r].slices;
        if (all[r].wait_for_data > wait) wait = all[r].wait_for_data;
        sum += all[r].slices;
    }
    qsort(sorted, (size_t)ranks, sizeof *sorted, by_value);
    double median = sorted[(ranks - 1) / 2];
    put_value(j, "Ranks/slowest", median > 0 ? per_slice[slowest] / median : 1);
    put_value(j, "Ranks/slowest_rank", slowest);
    put_value(j, "Ranks/imbalance", sum > 0 ? most * ranks / sum : 1);
    put_value(j, "Ranks/most_wait_for_data_sec", wait);
}

/* The time of training so far. */
static void put_clock(gt_values *v, double seconds) {
    gt_values_put(v, "Timing/total_sec", seconds);
    gt_values_put(v, "Timing/total_hours", seconds / 3600);
    gt_values_put(v, "Timing/total_days", seconds / 86400);
}

/* What the time of a tick went into, means of the ranks; with `waited`, for ranks, they add up to it. */
static void put_parts(gt_journal *j, int ranks, const gt_measures *all, double waited) {
    double computing = 0, packing = 0, images = 0;
    for (int r = 0; r < ranks; r++) {
        computing += (all[r].compute - all[r].packing) / ranks;
        packing += all[r].packing / ranks;
        images += all[r].wait_for_data / ranks;
    }
    put_value(j, "Timing/computing_sec", computing);
    if (ranks > 1) put_value(j, "Timing/packing_sec", packing);
    put_value(j, "Timing/wait_for_data_sec", images);
    put_value(j, "Timing/rest_sec", j->tick_seconds - computing - packing - waited - images);
}

/* Of the steps since the last tick. */
static void put_speed(gt_engine *e, gt_journal *j, double rate, const gt_measures *all, gt_traffic c) {
    put_value(j, "Progress/images_per_sec", rate);
    put_clock(&j->logged, gt_journal_seconds(j));
    put_value(j, "Timing/sec_per_tick", j->tick_seconds);
    put_value(j, "Timing/sec_per_kimg", rate > 0 ? 1000 / rate : NAN);
    if (c.seconds > 0) {
        put_value(j, "Timing/communication_sec", c.seconds);
        put_value(j, "Timing/wait_for_ranks_sec", c.waited);
        put_value(j, "Timing/communication_hidden_percent", hidden_percent(c));
    }
    put_parts(j, e->comm->ranks, all, c.waited);
    for (int p = 0; p < e->model->n_phases; p++)
        put_value(j, gt_text_of("Timing/%s", e->phases[p].phase->name).s, 1000 * e->phases[p].seconds);
    const gt_saver_result *saved = gt_saver_outcome(j->saver);
    if (saved->seconds > 2 && !saved->status) /* of small ones it means nothing */
        put_value(j, "Timing/checkpoint_mb_per_sec", (double)saved->bytes / 1e6 / saved->seconds);
}

/* The tick of the first step is not one of --tick: the epoch that it begins has all of its images in the next one. */
static bool goes_on(const gt_job *j, int64_t images) { return images == j->batch && !gt_by_images(j->tick, 0, images); }

void gt_tick_end_interval(gt_engine *e) { gt_stat_table_tick(&e->stats, goes_on(e->job, e->shown)); }

void gt_tick_put_training(const gt_engine *e, gt_journal *j) {
    gt_values_clear(&j->logged);
    for (int i = 0; i < e->stats.n; i++)
        if (e->stats.shown[i].num > 0) gt_values_put_stat(&j->logged, e->stats.shown[i], NULL);
    put_value(j, "Progress/tick", j->tick);
    put_value(j, "Progress/kimg", (double)e->shown / 1000);
    put_value(j, "Progress/step", e->step);
    put_value(j, "Progress/epoch", (double)e->shown / (double)e->steps.items);
    if (e->job->family->adversarial) put_value(j, "Progress/augment", e->ada.p);
    if (e->damage.so_far.n) put_value(j, "Progress/damaged_pictures", (double)e->damage.so_far.n);
    if (e->skipped_updates) put_value(j, "Progress/skipped_updates", (double)e->skipped_updates);
    if (e->damage.so_far.n) put_value(j, "Progress/replaced_images", (double)e->damage.replaced);
    if (e->schedule.kind != GT_SCHEDULE_CONSTANT) put_value(j, GT_RATE_SERIES, gt_engine_rate(e));
}

static void gather_values(gt_engine *e, gt_journal *j, bool stop, double rate, double memory, const gt_measures *all,
                          gt_traffic c) {
    gt_tick_put_training(e, j);
    if (stop && !gt_tick_is_whole(e->job, j->tick_shown, e->shown)) put_value(j, GT_LATE_PICTURES, 1);
    put_speed(e, j, rate, all, c);
    put_value(j, "Resources/cpu_mem_gb", memory);
    put_measures(e, j, all);
    gt_values_append(&j->logged, &j->measured);
}

static void gather_all(gt_engine *e, gt_journal *j, bool stop) {
    double memory = gt_comm_max_all(e->comm, (int)(1000 * peak_memory_gb())) / 1000.0; /* of the rank that has most */
    gt_measures all[e->comm->rank == 0 ? e->comm->ranks : 1];
    e->measures.wait_for_data = gt_loader_wait_seconds(e->loader);
    gt_comm_gather_all(e->comm, &e->measures, sizeof e->measures, all);
    gt_traffic c = communication_all(e);
    e->measures = (gt_measures){0};
    gt_tick_end_interval(e);
    if (e->comm->rank) return;
    double rate = gt_journal_rate(e, j);
    gt_journal_print_tick(e, j, rate, memory);
    gather_values(e, j, stop, rate, memory, all, c);
}

/* The tick before belongs to another process where nothing is there yet: then these values are a line of their own. */
static void gather_late(const gt_engine *e, gt_journal *j) {
    gt_values clock = {0};
    if (!j->logged.n && j->measured.n) {
        put_value(j, "Progress/tick", j->tick - 1);
        put_value(j, "Progress/kimg", (double)e->shown / 1000);
    }
    if (!j->logged.n) return;
    put_clock(&clock, gt_journal_seconds(j));
    gt_values_renew(&j->logged, &clock);
    gt_values_clear(&clock);
    gt_values_append(&j->logged, &j->measured);
}

void gt_tick_gather_all(gt_engine *e, gt_journal *j, const gt_tick *t) {
    if (!t->late) gather_all(e, j, t->stop);
    else if (e->comm->rank == 0) gather_late(e, j);
}

void gt_tick_log(gt_engine *e, gt_journal *j, bool early) {
    if (!j->logged.n) return;
    if (j->logged.failed && !j->said_missing) gt_warn("out of memory: the log lacks values of some ticks");
    j->said_missing |= j->logged.failed;
    if (early) gt_runlog_tick_early(j->log, e->shown, j->logged.of, j->logged.n);
    else gt_runlog_tick(j->log, e->shown, j->logged.of, j->logged.n);
    if (e->job->told) e->job->told(e->job->told_of, e->shown, j->logged.of, j->logged.n);
}

void gt_tick_end(const gt_engine *e, gt_journal *j) {
    j->tick++;
    j->tick_seconds = 0;
    j->tick_shown = e->shown;
}

/* ---- pictures that come after their tick ---- */

/* Values that the tick has are replaced: the first tick has those of the pictures of the beginning. */
void gt_tick_pictured(gt_engine *e, gt_journal *j) {
    gt_stat_value of[GT_SHEET_MAX_VALUES];
    gt_values fresh = {0};
    int n = 0;
    gt_sheet_metrics_put(e->sheets, of, &n);
    for (int i = 0; i < n; i++)
        if (gt_metric_of_fakes(of[i].name)) gt_values_put_stat(&fresh, of[i], NULL);
    if (fresh.n) {
        gt_values_put(&fresh, GT_LATE_PICTURES, 1);
        gt_values_renew(&j->logged, &fresh);
        gt_runlog_amend(j->log, e->shown, j->logged.of, j->logged.n, fresh.of, fresh.n);
    }
    gt_values_clear(&fresh);
}

/* ---- before the first tick ---- */

typedef struct past {
    gt_engine *e;
    int64_t images; /* at the tick before */
} past;

/* Series that not every tick renews have their latest values again. What a stop has cut off goes on: had the run not
 * been stopped, the steps before the stop would be of the next tick. */
static void take_past_tick(void *arg, int64_t images, const gt_stat_value *values, int n) {
    past *p = arg;
    gt_stat_table *t = &p->e->stats;
    bool cut = gt_tick_is_cut(p->e->job, p->images, images, values, n), first = goes_on(p->e->job, images);
    if (!cut && images > p->images) gt_stat_table_forget(t);
    for (int i = 0; i < n && (cut || first); i++) {
        int k = gt_stat_index(t, values[i].name);
        if (k >= 0 && (cut || !t->counts[k])) gt_stat_table_go_on(t, k, &values[i]);
    }
    gt_stat_table_take_past(t, values, n);
    p->images = images;
}

void gt_tick_take_past(gt_engine *e, gt_journal *j) {
    j->tick = e->shown ? (int)gt_runlog_last(j->log, "Progress/tick") + 1 : 0;
    if (gt_runlog_each(j->log, take_past_tick, &(past){e, 0}))
        gt_warn("ticks lack statistics until steps report them: %s", gt_message());
    if (e->shown && gt_deciders_need_tick(e)) gt_stat_table_forget(&e->stats);
}
