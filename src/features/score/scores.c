/* SPDX-License-Identifier: Apache-2.0
 * Metrics at the checkpoints of a run (--metrics): the scores of gantry/score.h, of the pictures that the moving
 * average makes. Values are those of `gantry metrics CHECKPOINT`, and come late (late.c). A metric never ends a run:
 * what fails is a warning. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clock.h"
#include "base/door/log.h"
#include "features/score/score.h"
#include "gantry/job.h"
#include "gantry/metric.h"
#include "runner/door/runner.h"
#include "gantry/stop.h"
#include "gantry/train.h"
#include "gantry/text.h"
#include "run/door/metric_lines.h"
#include "data/door/dataset.h"
#include "train/door/measurer.h"
#include "features/score/path_length.h"
#include "features/score/picture_set.h"

/* For --dry-run, from a short measurement. */
typedef struct cost {
    int64_t fakes, reals;
    /* at a checkpoint, without what follows from features; and once, unless their statistics are kept already, for the
     * reals */
    double seconds, reals_seconds;
} cost;

typedef struct scores {
    gt_scoring *scoring;
    gt_runner *generator; /* images from the moving average, in the arena of the engine */
    gt_picture_set reals; /* the data */
    cost cost;
    /* on rank 0 */
    const char *dir;               /* of the run */
    struct gt_metric_lines *lines; /* of metric-NAME.jsonl, until they are written; NULL: there were none yet */
    bool failing;                  /* to be written */
} scores;

static bool is_wanted(const gt_engine *e) { return *e->job->metrics && !gt_is(e->job->metrics, "none"); }

/* ---- opening ---- */

static gt_metric_options options_of(const gt_job *job) {
    return (gt_metric_options){.metrics = job->metrics,
                               .count = job->metrics_count,
                               .detector = job->detector,
                               .inception = job->inception,
                               .vgg16 = job->vgg16,
                               .lpips = job->lpips,
                               .resize = job->resize,
                               .seed = (uint64_t)job->seed,
                               .given = &job->options,
                               .stop = gt_stop_requested};
}

static gt_team team_of(const gt_engine *e) {
    return (gt_team){.comm = e->comm, .pool = e->pool, .kernels = e->model->kernels};
}

static gt_status check_generator(const gt_model *m, const gt_job *job) {
    if (m->conditions)
        return gt_fail(GT_USAGE, "--metrics: these are scores of sets of pictures; the fields of a run with conditions "
                                 "are scored with --test-data, and by gantry metrics RUN --condition=DATA");
    return gt_model_role(m, GT_ROLE_GENERATOR)
               ? GT_OK
               : gt_fail(GT_USAGE, "--metrics: --model=%s makes no pictures", job->model);
}

static gt_status open_generator(gt_engine *e, scores *s) {
    gt_model *m = e->model;
    if (check_generator(m, e->job)) return GT_USAGE;
    gt_runner_options o = {.role = GT_ROLE_GENERATOR, .seed = (uint64_t)e->job->seed, .pool = e->pool};
    o.request = gt_plain_request(e->drawn);
    o.request.noise_mode = GT_NOISE_RANDOM;
    s->generator = gt_runner_new(m, gt_eval_params(e), &o, &e->arena_bytes);
    return s->generator ? GT_OK : gt_wrap(GT_FAILED, "the generator, for metrics");
}

/* The networks of the job's metrics, for pictures of this shape. */
static gt_status open_scoring_all(const gt_job *job, const gt_team *team, const int64_t shape[3], gt_scoring **out) {
    gt_metric_options o = options_of(job);
    gt_status st;
    *out = gt_scoring_open_all(team, &o, &st);
    return st ? st : gt_scoring_takes(*out, (int)shape[0], (int)shape[1], (int)shape[2]);
}

static gt_status check(const gt_job *job) {
    gt_metric_options o = options_of(job);
    if (!*job->metrics || gt_is(job->metrics, "none") || job->no_metrics) return GT_OK;
    gt_status st = gt_metric_options_check(&o);
    gt_model *m = st ? NULL : gt_model_new(job);
    gt_team alone = {.comm = m ? gt_comm_alone() : NULL, .pool = m ? gt_pool_new(1) : NULL};
    gt_scoring *s = NULL;
    if (!st && !m) st = gt_failure();
    else if (!st && (!alone.comm || !alone.pool)) st = gt_fail(GT_NOMEM, "out of memory for metrics");
    if (m) alone.kernels = m->kernels;
    if (!st) st = check_generator(m, job);
    if (!st) st = open_scoring_all(job, &alone, (const int64_t[]){job->height, job->width, job->channels}, &s);
    gt_scoring_close(s);
    gt_pool_free(alone.pool);
    gt_comm_stop_all(alone.comm);
    gt_model_free(m);
    return st;
}

static gt_status open_networks_all(gt_engine *e, scores *s) {
    gt_metric_options o = options_of(e->job);
    gt_team team = team_of(e);
    gt_status st = e->job->no_metrics ? gt_fail(GT_FAILED, "%s", e->job->no_metrics) : gt_metric_options_check(&o);
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_comm_agree_all(e->comm, open_generator(e, s));
    const int64_t shape[] = {e->info->height, e->info->width, e->info->channels};
    if (!st) st = open_scoring_all(e->job, &team, shape, &s->scoring);
    gt_path_maker paths = {.model = e->model, .labels = e->data};
    if (!st) st = gt_scoring_takes_network(s->scoring, &paths);
    if (!st) st = gt_picture_set_of_dataset_all(&s->reals, e->comm, e->data, 0);
    s->reals.name = "reals";
    return st;
}

static void forget_lines(scores *s) {
    gt_metric_lines_free(s->lines);
    s->lines = NULL;
}

static void close_scores(void *own) {
    scores *s = own;
    forget_lines(s);
    gt_scoring_close(s->scoring);
    gt_picture_set_close(&s->reals);
    gt_runner_close(s->generator);
    *s = (scores){0};
}

static gt_status open_all(gt_engine *e, void *own) {
    scores *s = own;
    const gt_dataset_info *i = e->info;
    gt_status st = open_networks_all(e, s);
    if (!st) e->measurer_bytes += (size_t)gt_scoring_bytes(s->scoring, i->count, i->height, i->width, i->channels);
    return st;
}

static void use_arena(void *own, void *arena) {
    scores *s = own;
    gt_runner_use_arena(s->generator, arena);
}

/* ---- the cost, for --dry-run ---- */

static gt_status measure_cost_all(gt_engine *e, void *own) {
    scores *s = own;
    const gt_dataset_info *i = e->info;
    double detectors, made = 0;
    gt_status st = gt_scoring_measure(s->scoring, i->height, i->width, i->channels, &detectors);
    for (int run = 0; run < 2 && !st; run++) { /* the first one touches memory for the first time */
        double start = gt_clock();
        st = gt_runner_prepare(s->generator);
        if (!st) st = gt_runner_run(s->generator, &(gt_run_batch){.n = e->drawn});
        made = (gt_clock() - start) / e->drawn;
    }
    cost *c = &s->cost;
    c->fakes = gt_scoring_fakes(s->scoring);
    c->seconds = (double)c->fakes * (made + detectors) / e->comm->ranks;
    c->reals = gt_scoring_needs_reals(s->scoring) ? i->count : 0;
    c->reals_seconds = (double)c->reals * detectors / e->comm->ranks;
    return gt_comm_agree_all(e->comm, st);
}

static void print_cost(const gt_engine *e, const void *own, double times, double seconds_per_image) {
    const scores *s = own;
    const cost *c = &s->cost;
    double all = times * c->seconds + c->reals_seconds, training = seconds_per_image * (double)e->job->total_images;
    gt_print("metrics     %s: %lld generated pictures at a checkpoint, about %.1f s, %.0f times", e->job->metrics,
             (long long)c->fakes, c->seconds, times);
    if (c->reals) gt_print("; plus once %lld reals, %.1f s", (long long)c->reals, c->reals_seconds);
    gt_print("\n            about %.1f %% of the run's time, %.0f MB a rank\n", 100 * all / (all + training),
             (double)e->measurer_bytes / 1e6);
}

/* ---- values ---- */

static gt_status run_all(gt_engine *e, scores *s, gt_metric_table *table) {
    gt_model *m = e->model;
    gt_picture_set fakes = {0};
    uint64_t seed = (uint64_t)e->job->seed;
    gt_engine_gather_average_all(e);
    gt_status st = gt_runner_prepare(s->generator);
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
    gt_path_maker paths = {
        .model = m, .params = gt_eval_params(e), .labels = e->data, .seed = seed, .images = e->shown};
    if (!st)
        st = gt_scoring_run_all(s->scoring, &s->reals, &fakes, gt_scoring_needs_paths(s->scoring) ? &paths : NULL,
                                table);
    gt_picture_set_close(&fakes);
    return st;
}

/* The values that metric-NAME.jsonl does not have yet: a run that was killed between two files has some of them.
 * `fresh`: its array is the caller's. */
static void without_known(const char *dir, int64_t images, const gt_metric_table *t, gt_metric_table *fresh) {
    *fresh = (gt_metric_table){.seconds = t->seconds, .value = calloc((size_t)t->n + 1, sizeof *t->value)};
    for (int i = 0; i < t->n && fresh->value; i++)
        if (!metric_line_is_there(dir, t->value[i].metric, images, t->value[i].recipe))
            fresh->value[fresh->n++] = t->value[i];
}

static void write_lines(const gt_engine *e, scores *s, const gt_metric_table *t) {
    char snapshot[40];
    gt_metric_table fresh;
    gt_checkpoint_name(e->shown, snapshot);
    without_known(s->dir, e->shown, t, &fresh);
    if (!s->lines) s->lines = gt_metric_lines_new();
    gt_status st = s->lines && fresh.value ? GT_OK : GT_NOMEM;
    if (!st) st = gt_metric_lines_add(s->lines, &fresh, snapshot, e->shown);
    if (!st) st = gt_metric_lines_write(s->lines, s->dir);
    gt_log_outcome(&s->failing, st != GT_OK, "metric-*.jsonl");
    free(fresh.value);
}

/* A line of the log, of any length. */
static void tell_metrics(const gt_engine *e, const gt_metric_table *t) {
    GT_BUFFER gt_buffer line = {0};
    char time[32];
    for (int i = 0; i < t->n; i++)
        if (t->value[i].is_base) gt_buffer_printf(&line, " (base rate %.5g)", t->value[i].value);
        else gt_buffer_printf(&line, " %s %.5g", t->value[i].key, t->value[i].value);
    gt_info("metrics kimg %-9.3f%s (%s)", (double)e->shown / 1000,
            line.n && !line.failed ? (const char *)line.data : "", gt_duration_text(t->seconds, time));
}

static void put_values(const gt_metric_table *t, gt_values *values) {
    gt_values_put(values, GT_LATE_SECONDS, t->seconds);
    for (int i = 0; i < t->n; i++) {
        const gt_metric_value *v = &t->value[i];
        if (isnan(v->value)) continue;
        gt_values_put_stat(values, (gt_stat_value){gt_text_of(GT_METRIC_SERIES "%s", v->key).s, 1, v->value, 0},
                           &(gt_value_note){.recipe = v->recipe});
    }
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    scores *s = own;
    gt_metric_table table = {0};
    gt_comm_busy(e->comm, "metrics");
    double began = gt_clock();
    gt_status st = run_all(e, s, &table);
    table.seconds = gt_clock() - began;
    if (e->comm->rank == 0) {
        if (!st) {
            put_values(&table, values);
            tell_metrics(e, &table);
            write_lines(e, s, &table);
        } else if (st == GT_STOPPED)
            gt_info("the metrics at %.3f kimg were interrupted: the resumed run computes them",
                    (double)e->shown / 1000);
        else gt_warn("no metrics at %.3f kimg: %s", (double)e->shown / 1000, gt_message());
    }
    gt_metric_table_free(&table);
    gt_comm_doing(e->comm, e->step, "logs, pictures, checkpoints");
    return st == GT_STOPPED ? GT_STOPPED : GT_OK;
}

/* ---- with the journal ---- */

/* Lines of metric-NAME.jsonl that could not be written are tried once more. */
static bool write_rest(gt_engine *e, gt_journal *j, void *own) {
    scores *s = own;
    (void)e;
    if (s->failing && s->lines)
        gt_log_outcome(&s->failing, gt_metric_lines_write(s->lines, gt_journal_dir(j)) != GT_OK, "metric-*.jsonl");
    return !s->failing;
}

/* Lines of an earlier state that were not written are not of this run. */
static void begin(gt_engine *e, gt_journal *j, void *own) {
    scores *s = own;
    (void)e;
    s->dir = gt_journal_dir(j);
    forget_lines(s);
}

const gt_measurer gt_measurer_scores = {
    .name = "metrics",
    .own_bytes = sizeof(scores),
    .late = true,
    .is_wanted = is_wanted,
    .check = check,
    .open_all = open_all,
    .use_arena = use_arena,
    .close = close_scores,
    .measure_all = measure_all,
    .begin = begin,
    .settle = write_rest,
    .measure_cost_all = measure_cost_all,
    .print_cost = print_cost,
};
