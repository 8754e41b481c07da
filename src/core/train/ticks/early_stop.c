/* SPDX-License-Identifier: Apache-2.0
 * --early-stopping: the run ends when the watched series has not improved for so many ticks. Only ticks by images count
 * (the first one behind each multiple of --tick), so that the clock does not decide; of a metric, its evaluations.
 * Nothing is kept in checkpoints: a resumed run reads its log again. */
#include <math.h>
#include <stdio.h>

#include "gantry/log.h"
#include "gantry/text.h"
#include "train/ticks/decider_list.h"
#include "train/ticks/warnings.h"

/* How long the watched series has not improved: a function of the logged ticks alone. */
typedef struct patience {
    int64_t shown;   /* at the latest tick */
    double best;     /* of the series so far; NaN: none */
    int64_t best_at; /* images */
    int ticks;       /* by images, or evaluations, since then */
} patience;

static bool is_wanted(const gt_engine *e) { return e->job->early_stopping > 0; }

static bool waits(const gt_engine *e) { return e->job->best_is_score; }

static const char *watched(const gt_job *job, bool *largest) {
    *largest = job->best_series && job->best_is_largest;
    if (job->best_series) return job->best_series;
    return job->validation > 0 ? "Loss/validation" : "Loss/test";
}

static const char *unit_of(const gt_job *job) { return job->best_is_score ? "evaluation" : "tick"; }

static void count_tick(const gt_job *job, patience *p, int64_t shown, const gt_stat_value *values, int n) {
    bool largest;
    const char *name = watched(job, &largest);
    double value = job->best_series ? gt_best_value(job, values, n) : gt_stat_mean(values, n, name);
    bool counts = job->best_is_score ? !isnan(value) : gt_by_images(job->tick, p->shown, shown);
    p->shown = shown;
    if (!counts) return;
    if (isfinite(value) && (isnan(p->best) || (largest ? value > p->best : value < p->best)))
        *p = (patience){.shown = shown, .best = value, .best_at = shown};
    else p->ticks++;
}

typedef struct past {
    const gt_job *job;
    patience *patience;
} past;

static void count_past_tick(void *arg, int64_t images, const gt_stat_value *values, int n) {
    const past *p = arg;
    bool late = gt_best_of_pictures(p->job) && gt_has_late_pictures(values, n);
    count_tick(p->job, p->patience, images, values, late ? 0 : n);
    if (gt_best_was_another(p->job, values, n)) *p->patience = (patience){.shown = images, .best = NAN};
}

static void begin(gt_engine *e, gt_journal *j, void *own) {
    patience *p = own;
    *p = (patience){.best = NAN};
    if (gt_runlog_each(j->log, count_past_tick, &(past){e->job, p}))
        gt_warn("--early-stopping counts from here, without the earlier ticks: %s", gt_message());
}

static bool is_over(const gt_engine *e, const void *own, gt_reason *why) {
    const patience *p = own;
    bool largest;
    const char *name = watched(e->job, &largest), *unit = unit_of(e->job), *more = gt_plural(p->ticks);
    if (p->ticks < e->job->early_stopping) return false;
    if (isnan(p->best))
        snprintf(why->text, sizeof why->text, "early stopping: %d %s%s without the statistic %s", p->ticks, unit, more,
                 name);
    else
        snprintf(why->text, sizeof why->text,
                 "early stopping: %s has not improved for %d %s%s; the best was %.4g at %.3f kimg", name, p->ticks,
                 unit, more, p->best, (double)p->best_at / 1000);
    return true;
}

static gt_verdict decide(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why) {
    patience *p = own;
    (void)t;
    count_tick(e->job, p, e->shown, j->logged.of, j->logged.n);
    gt_values_put(&j->logged, "Progress/ticks_since_best", p->ticks);
    return is_over(e, p, why) ? GT_STOP : GT_GO_ON;
}

void gt_early_stop_begin_anew(const gt_engine *e, const gt_journal *j, double value) {
    patience *p = gt_decider_own(j, &gt_decider_early_stop);
    if (p) *p = (patience){.shown = e->shown, .best = value, .best_at = e->shown};
}

const gt_decider gt_decider_early_stop = {
    .name = "--early-stopping",
    .own_bytes = sizeof(patience),
    .is_wanted = is_wanted,
    .waits = waits,
    .begin = begin,
    .is_over = is_over,
    .decide = decide,
};
