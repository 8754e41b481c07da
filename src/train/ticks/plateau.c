/* SPDX-License-Identifier: Apache-2.0
 * The schedule plateau: each epoch is judged when it ends, so that neither the clock nor the length of ticks changes a
 * rate. Its state (gt_plateau) is in checkpoints, and on all ranks. */
#include <math.h>
#include <string.h>

#include "gantry/log.h"
#include "train/ticks/decider.h"

static bool is_wanted(const gt_engine *e) { return e->plateau_is_on; }

void gt_engine_watch(gt_engine *e, const gt_stat *s, const gt_moments *all) {
    if (!e->plateau_is_on || strcmp(s->name, e->model->loss_stat)) return;
    e->plateau.sum += all->sum;
    e->plateau.n += all->num;
}

static bool ends_epoch(const gt_engine *e) {
    int64_t latest = gt_steps_batch(&e->steps, e->step - 1);
    return e->shown / e->steps.items > (e->shown - latest) / e->steps.items;
}

static void renew_rate(const gt_engine *e, gt_values *v) {
    gt_values rate = {0};
    gt_values_put(&rate, GT_RATE_SERIES, gt_engine_rate(e));
    gt_values_renew(v, &rate);
    gt_values_clear(&rate);
}

static gt_verdict decide(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why) {
    double loss = e->plateau.n > 0 ? e->plateau.sum / e->plateau.n : NAN;
    const gt_stat_value *held_out = gt_values_find(&j->logged, "Loss/validation");
    (void)own, (void)t, (void)why;
    if (held_out) loss = held_out->mean;
    if (gt_plateau_look(&e->plateau, &e->schedule, loss))
        gt_info("no smaller loss than %.6g in more than %g epochs: the learning rate is now %.4g", e->plateau.best,
                e->schedule.patience, e->job->lrate * gt_engine_rate(e));
    renew_rate(e, &j->logged);
    return GT_GO_ON;
}

const gt_decider gt_decider_plateau = {
    .name = "the schedule plateau",
    .is_wanted = is_wanted,
    .at_step = ends_epoch,
    .decide = decide,
};
