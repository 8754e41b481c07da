/* SPDX-License-Identifier: Apache-2.0
 * --early-stopping: the run ends when the watched series has not improved for so many ticks. Only ticks by images count
 * (the first one behind each multiple of --tick), so that the clock does not decide; of a metric, its evaluations.
 * Nothing is kept in checkpoints: a resumed run reads its log again. */
#include <math.h>

#include "gantry/log.h"
#include "gantry/text.h"
#include "train/journal.h"

static const char *watched(const gt_job *job, bool *largest) {
    *largest = job->best_series && job->best_is_largest;
    if (job->best_series) return job->best_series;
    return job->validation > 0 ? "Loss/validation" : "Loss/test";
}

static const char *unit_of(const gt_job *job) { return job->best_is_score ? "evaluation" : "tick"; }

static void count_tick(const gt_job *job, gt_patience *p, int64_t shown, const gt_stat_value *values, int n) {
    bool largest;
    const char *name = watched(job, &largest);
    double value = job->best_series ? gt_best_value(job, values, n) : gt_stat_mean(values, n, name);
    bool counts = job->best_is_score ? !isnan(value) : gt_by_images(job->tick, p->shown, shown);
    p->shown = shown;
    if (!counts) return;
    if (isfinite(value) && (isnan(p->best) || (largest ? value > p->best : value < p->best)))
        *p = (gt_patience){.shown = shown, .best = value, .best_at = shown};
    else p->ticks++;
}

typedef struct past {
    const gt_job *job;
    gt_patience *patience;
} past;

static void count_past_tick(void *arg, int64_t images, const gt_stat_value *values, int n) {
    const past *p = arg;
    bool late = gt_best_of_pictures(p->job) && gt_has_late_pictures(values, n);
    count_tick(p->job, p->patience, images, values, late ? 0 : n);
    if (gt_best_was_another(p->job, values, n)) *p->patience = (gt_patience){.shown = images, .best = NAN};
}

void gt_patience_begin(gt_engine *e, gt_journal *j) {
    j->patience = (gt_patience){.best = NAN};
    past p = {e->job, &j->patience};
    if (e->job->early_stopping && gt_runlog_each(j->log, count_past_tick, &p))
        gt_warn("--early-stopping counts from here, without the run's past: %s", gt_message());
}

void gt_patience_decide(const gt_engine *e, gt_journal *j) {
    if (e->job->early_stopping) count_tick(e->job, &j->patience, e->shown, j->logged.of, j->logged.n);
}

void gt_patience_put(const gt_engine *e, gt_journal *j) {
    if (e->job->early_stopping) gt_values_put(&j->logged, "Progress/ticks_since_best", j->patience.ticks);
}

bool gt_patience_over(const gt_engine *e, const gt_journal *j) {
    return e->job->early_stopping && j->patience.ticks >= e->job->early_stopping;
}

void gt_engine_stop_early_all(gt_engine *e, const gt_journal *j) {
    const gt_patience *p = &j->patience;
    bool largest;
    if (!e->job->early_stopping) return;
    e->stopped_early = e->comm->rank == 0 && gt_patience_over(e, j);
    gt_comm_broadcast_all(e->comm, &e->stopped_early, sizeof e->stopped_early, 0);
    if (!e->stopped_early || e->comm->rank) return;
    const char *name = watched(e->job, &largest);
    const char *unit = unit_of(e->job), *more = gt_plural(p->ticks);
    if (isnan(p->best)) gt_info("early stopping: %d %s%s without the statistic %s", p->ticks, unit, more, name);
    else
        gt_info("early stopping: %s has not improved for %d %s%s; the best was %.4g at %.3f kimg", name, p->ticks, unit,
                more, p->best, (double)p->best_at / 1000);
}
