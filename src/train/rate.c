/* SPDX-License-Identifier: Apache-2.0
 * The learning rate of a run. The schedule plateau judges each epoch when it ends, so that neither the clock nor the
 * length of ticks changes a rate. */
#include <math.h>

#include "gantry/log.h"
#include "train/journal.h"

gt_status gt_engine_open_schedule(gt_engine *e) {
    const gt_job *j = e->job;
    double epochs = (double)j->total_images / (double)e->steps.items;
    e->schedule = (gt_schedule){.kind = j->schedule,
                                .warmup = j->warmup,
                                .length = j->schedule_epochs > 0 ? j->schedule_epochs : epochs,
                                .factor = j->schedule_factor > 0 ? j->schedule_factor : 0.1,
                                .patience = gt_job_given(j, "schedule-patience") ? j->schedule_patience : 10};
    e->plateau = gt_plateau_begin();
    e->plateau_is_on = e->schedule.kind == GT_SCHEDULE_PLATEAU;
    if (e->plateau_is_on && !e->model->loss_stat)
        return gt_fail(GT_USAGE, "--schedule=plateau: model %s has no loss to watch", e->model->name);
    return gt_schedule_parse(j->schedule_at, &e->schedule); /* was checked when it was given */
}

double gt_engine_rate(const gt_engine *e) {
    double items = (double)e->steps.items;
    return e->plateau.factor * gt_schedule_rate(&e->schedule, (double)e->shown / items, (double)e->steps.batch / items);
}

void gt_engine_watch(gt_engine *e, const gt_stat *s, const gt_moments *all) {
    if (!e->plateau_is_on || strcmp(s->name, e->model->loss_stat)) return;
    e->plateau.sum += all->sum;
    e->plateau.n += all->num;
}

bool gt_engine_epoch_ended(const gt_engine *e) {
    int64_t latest = gt_steps_batch(&e->steps, e->step - 1);
    return e->plateau_is_on && e->shown / e->steps.items > (e->shown - latest) / e->steps.items;
}

void gt_plateau_decide_all(gt_engine *e, const gt_values *measured) {
    double loss = e->plateau.n > 0 ? e->plateau.sum / e->plateau.n : NAN;
    const gt_stat_value *held_out = gt_values_find(measured, "Loss/validation");
    if (held_out) loss = held_out->mean;
    gt_comm_broadcast_all(e->comm, &loss, sizeof loss, 0); /* rank 0 has evaluated */
    if (gt_plateau_look(&e->plateau, &e->schedule, loss) && e->comm->rank == 0)
        gt_info("no smaller loss than %.6g in more than %g epochs: the learning rate is now %.4g", e->plateau.best,
                e->schedule.patience, e->job->lrate * gt_engine_rate(e));
}
