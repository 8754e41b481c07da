/* SPDX-License-Identifier: Apache-2.0
 * Metrics at the checkpoints of a run (scores.h). Metrics are due at checkpoints by images and at the end of the run:
 * the clock and signals, which also ask for checkpoints, do not decide which values there are. */
#include "train/scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gantry/log.h"
#include "gantry/score.h"
#include "run/metric_lines.h"
#include "train/stop.h"
#include "use/paths.h"
#include "use/picture_set.h"

static const char SECONDS[] = "Timing/metrics_sec";

struct gt_engine_scores {
    gt_scoring *scoring;
    gt_graph *graph;
    gt_exec *generator;   /* slice_size images from the moving average, in the arena of the engine */
    gt_picture_set reals; /* the data */
};

/* ---- opening ---- */

static gt_score_options options_of(const gt_job *job) {
    return (gt_score_options){.metrics = job->metrics,
                              .count = job->metrics_count,
                              .detector = job->detector,
                              .inception = job->inception,
                              .vgg16 = job->vgg16,
                              .lpips = job->lpips,
                              .resize = *job->resize ? job->resize : NULL,
                              .seed = (uint64_t)job->seed,
                              .stop = gt_stop_requested};
}

static gt_team team_of(const gt_engine *e) {
    return (gt_team){.comm = e->comm, .pool = e->pool, .kernels = e->model->kernels};
}

static gt_status open_generator(gt_engine *e) {
    gt_engine_scores *s = e->scores;
    gt_model *m = e->model;
    if (!m->build_generator)
        return gt_fail(GT_USAGE, "--metrics: --model=%s makes no pictures that metrics could judge", e->job->model);
    gt_generate_options o = {.n = m->slice_size, .noise_mode = "random", .truncation = 1, .truncation_cutoff = -1};
    s->graph = m->build_generator(m, &o);
    gt_exec_options options = gt_engine_exec_options(e, 1);
    s->generator = s->graph ? gt_exec_new(s->graph, &options) : NULL;
    if (!s->generator) return gt_wrap(GT_FAILED, "the generator, for metrics");
    gt_exec_bind(s->generator, GT_SLOT(0), m->ema_of >= 0 ? m->ema_block : m->blocks[0]);
    if (gt_exec_arena_bytes(s->generator) > e->arena_bytes) e->arena_bytes = gt_exec_arena_bytes(s->generator);
    return GT_OK;
}

static gt_status open_all(gt_engine *e) {
    gt_score_options o = options_of(e->job);
    gt_team team = team_of(e);
    gt_status st = e->job->no_metrics ? gt_fail(GT_FAILED, "%s", e->job->no_metrics) : gt_score_options_check(&o);
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_comm_agree_all(e->comm, open_generator(e));
    if (!st) e->scores->scoring = gt_scoring_open_all(&team, &o, &st);
    if (!st) st = gt_scoring_takes(e->scores->scoring, e->info->height, e->info->width, e->info->channels);
    gt_path_maker paths = {.model = e->model, .labels = e->data};
    if (!st) st = gt_scoring_takes_network(e->scores->scoring, &paths);
    if (!st) st = gt_picture_set_of_dataset_all(&e->scores->reals, e->comm, e->data, 0);
    e->scores->reals.name = "reals";
    return st;
}

gt_status gt_engine_open_scores_all(gt_engine *e) {
    if (!*e->job->metrics || gt_is(e->job->metrics, "none")) return GT_OK;
    e->scores = gt_arena_alloc(e->model->arena, sizeof *e->scores);
    gt_status st = gt_comm_agree_all(e->comm, e->scores ? GT_OK : gt_fail(GT_NOMEM, "out of memory for metrics"));
    if (!st) st = open_all(e);
    if (!st || !e->goes_on) return st;
    e->no_scores = gt_arena_printf(e->model->arena, "%s", gt_message());
    gt_engine_close_scores(e);
    return GT_OK;
}

void gt_engine_scores_use_arena(gt_engine *e) {
    if (e->scores) gt_exec_use_arena(e->scores->generator, e->arena);
}

size_t gt_engine_scores_bytes(const gt_engine *e) {
    const gt_dataset_info *i = e->info;
    return e->scores ? (size_t)gt_scoring_bytes(e->scores->scoring, i->count, i->height, i->width, i->channels) : 0;
}

void gt_engine_close_scores(gt_engine *e) {
    gt_engine_scores *s = e->scores;
    if (!s) return;
    gt_scoring_close(s->scoring);
    gt_picture_set_close(&s->reals);
    gt_exec_free(s->generator);
    gt_graph_free(s->graph);
    e->scores = NULL;
}

/* ---- the cost, for --dry-run ---- */

gt_status gt_engine_measure_scores_all(gt_engine *e, gt_scores_cost *cost) {
    gt_engine_scores *s = e->scores;
    const gt_dataset_info *i = e->info;
    *cost = (gt_scores_cost){0};
    if (!s) return GT_OK;
    double detectors, made = 0;
    gt_status st = gt_scoring_measure(s->scoring, i->height, i->width, i->channels, &detectors);
    const gt_exec_env env = {.seed = (uint64_t)e->job->seed};
    for (int run = 0; run < 2 && !st; run++) { /* the first one touches memory for the first time */
        double start = gt_clock();
        st = gt_exec_prepare(s->generator, &env);
        if (!st) st = gt_exec_run(s->generator, &env);
        made = (gt_clock() - start) / e->model->slice_size;
    }
    cost->fakes = gt_scoring_fakes(s->scoring);
    cost->seconds = (double)cost->fakes * (made + detectors) / e->comm->ranks;
    cost->reals = gt_scoring_needs_reals(s->scoring) ? i->count : 0;
    cost->reals_seconds = (double)cost->reals * detectors / e->comm->ranks;
    cost->bytes = gt_engine_scores_bytes(e);
    return gt_comm_agree_all(e->comm, st);
}

/* ---- values ---- */

static gt_status run_all(gt_engine *e, gt_score_table *table) {
    gt_engine_scores *s = e->scores;
    gt_model *m = e->model;
    gt_picture_set fakes = {0};
    uint64_t seed = (uint64_t)e->job->seed;
    if (m->ema_of >= 0) gt_reducer_gather_all(e->learners[m->ema_of].reducer, m->ema_block);
    gt_status st = gt_exec_prepare(s->generator, &(gt_exec_env){.seed = seed});
    if (!st)
        st = gt_picture_set_of_fakes(&fakes, &(gt_fakes_options){.model = m,
                                                                 .generator = s->generator,
                                                                 .labels = e->data,
                                                                 .seed = seed,
                                                                 .images = e->shown,
                                                                 .count = gt_scoring_fakes(s->scoring),
                                                                 .format = gt_dataset_format(e->info),
                                                                 .class_names = e->info->class_names,
                                                                 .class_name = e->info->class_name});
    st = gt_comm_agree_all(e->comm, st);
    gt_path_maker paths = {.model = m,
                           .params = m->ema_of >= 0 ? m->ema_block : m->blocks[0],
                           .labels = e->data,
                           .seed = seed,
                           .images = e->shown};
    if (!st)
        st = gt_scoring_run_all(s->scoring, &s->reals, &fakes, gt_scoring_needs_paths(s->scoring) ? &paths : NULL,
                                table);
    gt_picture_set_close(&fakes);
    return st;
}

/* The values that metric-NAME.jsonl does not have yet. A run that was killed between two files has some of them.
 * `fresh`: its array is the caller's. */
static void without_known(const char *dir, int64_t images, const gt_score_table *t, gt_score_table *fresh) {
    *fresh = (gt_score_table){.seconds = t->seconds, .value = calloc((size_t)t->n + 1, sizeof *t->value)};
    for (int i = 0; i < t->n && fresh->value; i++)
        if (!metric_line_is_there(dir, t->value[i].metric, images, t->value[i].recipe))
            fresh->value[fresh->n++] = t->value[i];
}

/* `again`: by a resumed run; some lines may be there. */
static void write_lines(gt_engine *e, gt_journal *j, const gt_score_table *t, bool again) {
    char snapshot[40];
    gt_score_table fresh = {0};
    gt_checkpoint_name(e->shown, snapshot);
    if (again) without_known(j->dir, e->shown, t, &fresh);
    if (!j->score_lines) j->score_lines = gt_score_lines_new();
    gt_status st = j->score_lines && (fresh.value || !again) ? GT_OK : GT_NOMEM;
    if (!st) st = gt_score_lines_add(j->score_lines, again ? &fresh : t, snapshot, e->shown);
    if (!st) st = gt_score_lines_write(j->score_lines, j->dir);
    gt_log_outcome(&j->scores_failing, st != GT_OK, "metric-*.jsonl");
    free(fresh.value);
}

/* A line of the log, of any length. */
static void tell(const gt_engine *e, const gt_score_table *t) {
    gt_buffer line = {0};
    char time[32];
    for (int i = 0; i < t->n; i++)
        if (t->value[i].is_base) gt_buffer_printf(&line, " (base rate %.5g)", t->value[i].value);
        else gt_buffer_printf(&line, " %s %.5g", t->value[i].key, t->value[i].value);
    gt_info("metrics kimg %-9.3f%s (%s)", (double)e->shown / 1000,
            line.n && !line.failed ? (const char *)line.data : "", gt_duration_text(t->seconds, time));
    gt_buffer_free(&line);
}

static void take(gt_journal *j, const gt_score_value *v) {
    if (isnan(v->value)) return;
    if (j->n_scored == GT_SCORED_MOST) {
        if (!j->said_too_many)
            gt_warn("metrics: stats.jsonl takes %d values of a checkpoint; the others are in metric-*.jsonl alone, "
                    "from %s on",
                    GT_SCORED_MOST, v->key);
        j->said_too_many = true;
        return;
    }
    gt_scored *s = &j->scored[j->n_scored++];
    snprintf(s->series, sizeof s->series, GT_SCORE_SERIES "%s", v->key);
    s->value = v->value;
}

/* The values become those of the tick, a line of the log and lines of metric-NAME.jsonl. */
static void keep(gt_engine *e, gt_journal *j, const gt_score_table *t, bool again) {
    j->n_scored = 0;
    for (int i = 0; i < t->n; i++) take(j, &t->value[i]);
    gt_journal_best_recipe(e, j, t);
    j->scores_seconds += t->seconds;
    j->scores_last = t->seconds;
    j->scores_are_new = true;
    tell(e, t);
    write_lines(e, j, t, again);
}

void gt_journal_scores_end(gt_journal *j) {
    if (j->scores_failing && j->score_lines)
        gt_log_outcome(&j->scores_failing, gt_score_lines_write(j->score_lines, j->dir) != GT_OK, "metric-*.jsonl");
    gt_journal_scores_forget(j);
}

void gt_journal_scores_forget(gt_journal *j) {
    gt_score_lines_free(j->score_lines);
    j->score_lines = NULL;
}

static bool compute_all(gt_engine *e, gt_journal *j, bool again) {
    gt_score_table table = {0};
    if (!e->scores) return false;
    gt_comm_busy(e->comm, "metrics");
    double began = gt_clock();
    gt_status st = run_all(e, &table);
    table.seconds = gt_clock() - began;
    if (e->comm->rank == 0) {
        if (!st) keep(e, j, &table, again);
        else if (st == GT_STOPPED)
            gt_info("the metrics at %.3f kimg are broken off: the run, when it resumes, computes them",
                    (double)e->shown / 1000);
        else gt_warn("no metrics at %.3f kimg: %s", (double)e->shown / 1000, gt_message());
    }
    gt_score_table_free(&table);
    gt_comm_doing(e->comm, e->step, "logs, pictures, checkpoints");
    return st == GT_STOPPED;
}

bool gt_scores_all(gt_engine *e, gt_journal *j) { return compute_all(e, j, false); }

static void put(gt_journal *j, const char *series, double value) {
    if (j->n_logged < GT_MAX_LOGGED) j->logged[j->n_logged++] = (gt_stat_value){series, 1, value, 0};
}

void gt_journal_put_scores(gt_journal *j) {
    if (!j->scores_are_new) return;
    put(j, SECONDS, j->scores_last);
    for (int i = 0; i < j->n_scored; i++) put(j, j->scored[i].series, j->scored[i].value);
    j->scores_are_new = false;
}

/* ---- how often ---- */

static void replay(void *arg, int64_t images, const gt_stat_value *values, int n) {
    gt_journal *j = arg;
    double seconds = gt_stat_mean(values, n, SECONDS);
    (void)images;
    if (!(seconds >= 0)) return;
    j->scores_seconds += seconds;
    j->scores_last = seconds;
}

void gt_journal_scores_begin(gt_engine *e, gt_journal *j) {
    j->scores_seconds = j->scores_last = 0;
    if (e->no_scores) gt_warn("the run goes on without metrics: %s", e->no_scores);
    e->no_scores = NULL;
    if (!e->scores) return;
    if (gt_runlog_each(j->log, replay, j)) gt_warn("--metrics-share counts from here: %s", gt_message());
    if (e->job->metrics_share)
        gt_info("--metrics-share=%g: where metrics take longer, fewer checkpoints have them; which ones, and so --best "
                "and --early-stopping by a metric, depends on the speed of this machine",
                e->job->metrics_share);
}

bool gt_journal_scores_allowed(const gt_engine *e, gt_journal *j, bool last) {
    double total = j->seconds_before + gt_clock() - j->start;
    if (!e->scores) return false;
    if (!e->job->metrics_share || last || !j->scores_last) return true;
    if (j->scores_seconds + j->scores_last <= e->job->metrics_share * (total + j->scores_last)) return true;
    gt_info("no metrics at %.3f kimg: they have taken %.1f %% of the time (--metrics-share=%g)",
            (double)e->shown / 1000, 100 * j->scores_seconds / total, e->job->metrics_share);
    return false;
}

/* ---- those that a stop broke off ---- */

static void log_late(gt_engine *e, gt_journal *j) {
    j->n_logged = 0;
    put(j, "Progress/tick", j->tick - 1);
    put(j, "Progress/kimg", (double)e->shown / 1000);
    put(j, "Timing/total_sec", j->seconds_before + gt_clock() - j->start);
    gt_journal_put_scores(j);
    gt_journal_patience_tick(e, j);
    gt_runlog_tick(j->log, e->shown, j->logged, j->n_logged);
}

bool gt_scores_are_late_all(gt_engine *e, gt_journal *j) {
    int late = e->comm->rank == 0 && e->scores && gt_metrics_were_due(e) &&
               isnan(gt_runlog_at(j->log, e->shown, SECONDS));
    gt_comm_broadcast_all(e->comm, &late, sizeof late, 0);
    return late;
}

/* Where --metrics-share allows it. */
static bool are_wanted_all(gt_engine *e, gt_journal *j) {
    int wanted = gt_scores_are_late_all(e, j);
    if (wanted && e->comm->rank == 0) wanted = gt_journal_scores_allowed(e, j, gt_engine_at_end(e));
    gt_comm_broadcast_all(e->comm, &wanted, sizeof wanted, 0);
    return wanted;
}

bool gt_scores_late_all(gt_engine *e, gt_journal *j) {
    bool first = e->comm->rank == 0;
    if (!are_wanted_all(e, j)) {
        if (first) gt_journal_best_resume(e, j);
        return false;
    }
    if (compute_all(e, j, true)) return true;
    if (first && j->scores_are_new) {
        log_late(e, j);
        gt_journal_best_judge(e, j);
    }
    if (!e->stopped_early) gt_engine_stop_early_all(e, j);
    return false;
}
