/* SPDX-License-Identifier: Apache-2.0
 * Ticks: the series that tell how a run goes. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "gantry/log.h"
#include "base/clock.h"
#include "nets/layers.h"
#include "train/scores.h"

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

static void put(gt_journal *j, const char *name, double value) {
    j->logged[j->n_logged++] = (gt_stat_value){name, 1, value, 0};
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds for a slice: the slowest rank against the median; work: the most against the mean; the longest wait for data;
 * norms of gradients. */
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
    put(j, "Ranks/slowest", median > 0 ? per_slice[slowest] / median : 1);
    put(j, "Ranks/slowest_rank", slowest);
    put(j, "Ranks/imbalance", sum > 0 ? most * ranks / sum : 1);
    put(j, "Ranks/most_wait_for_data_sec", wait);
    for (int i = 0; i < e->model->n_nets; i++) {
        double square = 0;
        for (int r = 0; r < ranks; r++) square += all[r].square[i];
        snprintf(j->norm_series[i], sizeof j->norm_series[i], GT_NORM_SERIES, e->model->nets[i]->name);
        put(j, j->norm_series[i], sqrt(square));
    }
}

static void put_patience(gt_engine *e, gt_journal *j) {
    gt_journal_patience_tick(e, j);
    if (e->job->early_stopping) put(j, "Progress/ticks_since_best", j->patience.ticks);
}

/* Returns the trouble that begins, -1: none. */
static int write_log(gt_engine *e, gt_journal *j, double rate, double memory, const gt_measures *all, gt_traffic c,
                     bool scores_follow) {
    j->n_logged = 0;
    for (int i = 0; i < e->stats.n; i++)
        if (e->stats.shown[i].num > 0) j->logged[j->n_logged++] = e->stats.shown[i];
    double seconds = gt_clock() - j->tick_start, total = gt_journal_seconds(j);
    put(j, "Progress/tick", j->tick);
    put(j, "Progress/kimg", (double)e->shown / 1000);
    put(j, "Progress/step", e->step);
    put(j, "Progress/augment", e->ada.p);
    if (!gt_is(e->schedule.kind, "constant")) put(j, "Progress/rate_factor", gt_engine_rate(e));
    put(j, "Progress/images_per_sec", rate);
    put(j, "Timing/total_sec", total);
    put(j, "Timing/sec_per_tick", seconds);
    put(j, "Timing/sec_per_kimg", rate > 0 ? 1000 / rate : NAN);
    put(j, "Timing/wait_for_data_sec", all[0].wait_for_data);
    if (c.seconds > 0) {
        put(j, "Timing/communication_sec", c.seconds);
        put(j, "Timing/wait_for_ranks_sec", c.waited);
        put(j, "Timing/communication_hidden_percent", hidden_percent(c));
    }
    put(j, "Timing/total_hours", total / 3600);
    put(j, "Timing/total_days", total / 86400);
    put(j, "Resources/cpu_mem_gb", memory);
    for (int p = 0; p < e->model->n_phases; p++) {
        snprintf(j->phase_series[p], sizeof j->phase_series[p], "Timing/%s", e->phases[p].phase->name);
        put(j, j->phase_series[p], 1000 * e->phases[p].seconds);
    }
    put_measures(e, j, all);
    gt_metrics_put(j->metrics, j->logged, &j->n_logged);
    for (int i = 0; i < j->n_evaluated; i++) put(j, j->evaluated[i].series, j->evaluated[i].value);
    for (int i = 0; i < gt_dead_units_count(e->dead_units); i++)
        j->logged[j->n_logged++] = gt_dead_units_value(e->dead_units, i);
    if (!scores_follow || !e->job->best_is_score) put_patience(e, j);
    const gt_saver_result *saved = gt_saver_outcome(j->saver);
    if (saved->seconds > 2 && !saved->status) /* of small ones it means nothing */
        put(j, "Timing/checkpoint_mb_per_sec", (double)saved->bytes / 1e6 / saved->seconds);
    int trouble = gt_watch_tick(&j->watch, j->tick, (double)e->shown / 1000, j->logged, &j->n_logged);
    /* a trouble that ends the run or sets it back comes before metrics */
    if (scores_follow && (trouble < 0 || gt_is(e->job->on_trouble, "warn")))
        gt_runlog_tick_early(j->log, e->shown, j->logged, j->n_logged);
    else gt_runlog_tick(j->log, e->shown, j->logged, j->n_logged);
    return trouble;
}

void gt_journal_tick_scored(gt_engine *e, gt_journal *j) {
    double total = gt_journal_seconds(j);
    for (int i = 0; i < j->n_logged; i++) {
        gt_stat_value *v = &j->logged[i];
        if (gt_is(v->name, "Timing/total_sec")) v->mean = total;
        if (gt_is(v->name, "Timing/total_hours")) v->mean = total / 3600;
        if (gt_is(v->name, "Timing/total_days")) v->mean = total / 86400;
    }
    gt_journal_put_scores(j);
    if (e->job->best_is_score) put_patience(e, j);
    gt_runlog_tick(j->log, e->shown, j->logged, j->n_logged);
}

/* Values that the tick has are replaced: the first tick has those of the pictures of the beginning. */
static void put_anew(gt_journal *j, gt_stat_value v) {
    int i = 0;
    while (i < j->n_logged && strcmp(j->logged[i].name, v.name) != 0) i++;
    if (i == j->n_logged) j->n_logged++;
    j->logged[i] = v;
}

void gt_journal_tick_pictured(gt_engine *e, gt_journal *j) {
    gt_stat_value fresh[GT_METRICS_MOST + 1];
    int n = 0, of_fakes = 0;
    gt_metrics_put(j->metrics, fresh, &n);
    for (int i = 0; i < n; i++)
        if (gt_metric_of_fakes(fresh[i].name)) fresh[of_fakes++] = fresh[i];
    if (!of_fakes) return;
    fresh[of_fakes++] = (gt_stat_value){GT_LATE_PICTURES, 1, 1, 0};
    for (int i = 0; i < of_fakes; i++) put_anew(j, fresh[i]);
    gt_runlog_amend(j->log, e->shown, j->logged, j->n_logged, fresh, of_fakes);
}

/* What a classifier reaches that does not look at the pictures. */
static void measure_guess(const gt_engine *e, gt_watch *w) {
    int classes = e->model->label_dim;
    double most = 0, loss = 0, n = (double)e->info->count;
    int64_t *of_class = e->model->build_classifier ? calloc((size_t)classes + 1, sizeof *of_class) : NULL;
    if (!of_class) return; /* out of memory: the run is not judged by it */
    for (int64_t i = 0; i < e->info->count; i++) {
        int class = gt_dataset_class(e->data, i);
        if (class >= 0 && class < classes) of_class[class]++;
    }
    for (int k = 0; k < classes; k++) {
        double share = (double)of_class[k] / n;
        if (share > most) most = share;
        if (share > 0) loss -= share * log(share);
    }
    w->guess_accuracy = most;
    w->guess_loss = loss;
    free(of_class);
}

typedef struct past {
    gt_engine *engine;
    gt_watch *watch;
} past;

/* A line of the past. Series that not every tick renews have their latest values again. */
static void replay(void *arg, int64_t images, const gt_stat_value *values, int n) {
    const past *p = arg;
    gt_stat_table *t = &p->engine->stats;
    gt_watch_replay(p->watch, images, values, n);
    for (int i = 0; i < n; i++) {
        int k = gt_stat_index(t, values[i].name);
        if (k >= 0) t->shown[k] = (gt_stat_value){t->shown[k].name, values[i].num, values[i].mean, values[i].std};
    }
    for (int i = 0; i < p->engine->model->n_nets; i++) {
        double norm = gt_stat_mean(values, n, gt_text_of(GT_NORM_SERIES, p->engine->model->nets[i]->name).s);
        if (!isnan(norm)) p->engine->measures.square[i] = norm * norm; /* rank 0 has the sum of all ranks */
    }
}

void gt_journal_watch_begin(gt_engine *e, gt_journal *j) {
    j->watch = (gt_watch){
        .p_max = e->job->p_max, .job = e->job, .own = e->job->family->warnings, .advice = e->job->family->advice};
    measure_guess(e, &j->watch);
    if (gt_runlog_each(j->log, replay, &(past){e, &j->watch}))
        gt_warn("troubles are judged without the run's past: %s", gt_message());
    gt_metrics_go_on(j->metrics, j->log);
}

int gt_tick_all(gt_engine *e, gt_journal *j, bool scores_follow) {
    double memory = gt_comm_max_all(e->comm, (int)(1000 * peak_memory_gb())) / 1000.0; /* of the rank that has most */
    gt_measures all[e->comm->rank == 0 ? e->comm->ranks : 1];
    e->measures.wait_for_data = gt_loader_wait_seconds(e->loader);
    gt_comm_gather_all(e->comm, &e->measures, sizeof e->measures, all);
    gt_traffic c = communication_all(e);
    memset(&e->measures, 0, offsetof(gt_measures, square)); /* norms stay until they are measured again */
    gt_stat_table_tick(&e->stats);
    int trouble = -1;
    if (e->comm->rank == 0) {
        double rate = gt_journal_rate(e, j);
        gt_journal_print_tick(e, j, rate, memory);
        trouble = write_log(e, j, rate, memory, all, c, scores_follow);
    }
    gt_comm_broadcast_all(e->comm, &trouble, sizeof trouble, 0);
    j->tick++;
    j->tick_start = gt_clock();
    j->tick_shown = e->shown;
    return trouble;
}
