/* SPDX-License-Identifier: Apache-2.0
 * The learning rate of a run, and the decider that lowers the rate: the schedule plateau judges each epoch when it
 * ends, so that neither the clock nor the length of ticks changes a rate. Its state (gt_plateau) is in checkpoints, and
 * on all ranks. */
#include <math.h>
#include <string.h>

#include "gantry/log.h"
#include "train/ticks/decider.h"

static double epochs_of(const gt_engine *e) { return (double)e->job->total_images / (double)e->steps.items; }

gt_status gt_engine_open_schedule(gt_engine *e) {
    const gt_job *j = e->job;
    e->schedule = (gt_schedule){.kind = j->schedule,
                                .warmup = j->warmup,
                                .length = j->schedule_epochs > 0 ? j->schedule_epochs : epochs_of(e),
                                .factor = j->schedule_factor > 0 ? j->schedule_factor : 0.1,
                                .patience = gt_job_given(j, "schedule-patience") ? j->schedule_patience : 10};
    e->plateau = gt_plateau_begin();
    e->plateau_is_on = e->schedule.kind == GT_SCHEDULE_PLATEAU;
    if (e->plateau_is_on && !e->model->loss_stat)
        return gt_fail(GT_USAGE, "--schedule=plateau: model %s has no loss to watch", e->model->name);
    return gt_schedule_parse(j->schedule_at, &e->schedule); /* was checked when it was given */
}

void gt_engine_set_length(gt_engine *e, int64_t images) {
    e->job->total_images = images;
    if (!(e->job->schedule_epochs > 0)) e->schedule.length = epochs_of(e);
}

static double rate_of(const gt_engine *e, const gt_schedule *s) {
    double items = (double)e->steps.items;
    return e->plateau.factor * gt_schedule_rate(s, (double)e->shown / items, (double)e->steps.batch / items);
}

double gt_engine_rate(const gt_engine *e) { return rate_of(e, &e->schedule); }

const char *gt_engine_rate_ends(const gt_engine *e) {
    static const char *const names[] = {GT_SCHEDULE_KINDS(GT_NAME)};
    bool ends = e->schedule.kind == GT_SCHEDULE_COSINE || e->schedule.kind == GT_SCHEDULE_ONE_CYCLE;
    return ends && !(e->job->schedule_epochs > 0) ? names[e->schedule.kind] : NULL;
}

void gt_engine_say_jump(const gt_engine *e, int64_t before) {
    const double least = 0.02;
    const char *kind = gt_engine_rate_ends(e);
    gt_schedule other = e->schedule;
    other.length = (double)before / (double)e->steps.items;
    if (!kind || before <= 0 || before == e->job->total_images) return;
    double from = rate_of(e, &other), to = gt_engine_rate(e);
    if (fabs(to - from) < least) return;
    gt_warn(
        "the learning rate jumps from %.2g to %.2g of its peak: --schedule=%s is as long as the run, which was %.6g "
        "kimg and is now %.6g kimg; a new run of this length has no jump",
        from, to, kind, (double)before / 1000, (double)e->job->total_images / 1000);
}

/* ---- the schedule plateau ---- */

static bool is_wanted(const gt_engine *e) { return e->plateau_is_on; }

void gt_engine_watch(gt_engine *e, const gt_stat *s, const gt_stat_moments *all) {
    if (!e->plateau_is_on || strcmp(s->name, e->model->loss_stat)) return;
    e->plateau.sum += all->sum;
    e->plateau.n += all->num;
}

bool gt_plateau_is_due(const gt_engine *e) {
    int64_t latest = gt_steps_batch(&e->steps, e->step - 1);
    return e->shown / e->steps.items > (e->shown - latest) / e->steps.items;
}

static void renew_rate(const gt_engine *e, gt_values *v) {
    gt_values rate = {0};
    gt_values_put(&rate, GT_RATE_SERIES, gt_engine_rate(e));
    gt_values_renew(v, &rate);
    gt_values_clear(&rate);
}

bool gt_plateau_judge(gt_engine *e, const gt_values *v) {
    double loss = e->plateau.n > 0 ? e->plateau.sum / e->plateau.n : NAN;
    const gt_stat_value *held_out = gt_values_find(v, "Loss/validation");
    if (held_out) loss = held_out->mean;
    return gt_plateau_look(&e->plateau, &e->schedule, loss);
}

static gt_verdict decide(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why) {
    (void)own, (void)t, (void)why;
    if (gt_plateau_judge(e, &j->logged))
        gt_info("the loss has not fallen below %.6g in more than %g epochs: the learning rate is now %.4g",
                e->plateau.best, e->schedule.patience, e->job->lrate * gt_engine_rate(e));
    renew_rate(e, &j->logged);
    return GT_GO_ON;
}

const gt_decider gt_decider_plateau = {
    .name = "the schedule plateau",
    .is_wanted = is_wanted,
    .at_step = gt_plateau_is_due,
    .decide = decide,
};
