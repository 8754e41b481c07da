/* SPDX-License-Identifier: Apache-2.0
 * The learning rate of a run. */
#include "train/loop/engine.h"

gt_status gt_engine_open_schedule(gt_engine *e) {
    const gt_job *j = e->job;
    double epochs = (double)j->total_images / (double)e->steps.items;
    e->schedule = (gt_schedule){.kind = *j->schedule ? j->schedule : "constant",
                                .warmup = j->warmup,
                                .length = j->schedule_epochs > 0 ? j->schedule_epochs : epochs,
                                .factor = j->schedule_factor > 0 ? j->schedule_factor : 0.1,
                                .patience = gt_job_given(j, "schedule-patience") ? j->schedule_patience : 10};
    e->plateau = gt_plateau_begin();
    e->plateau_is_on = gt_is(e->schedule.kind, "plateau");
    if (e->plateau_is_on && !e->model->loss_stat)
        return gt_fail(GT_USAGE, "--schedule=plateau: model %s has no loss to watch", e->model->name);
    return gt_schedule_parse(j->schedule_at, &e->schedule); /* was checked when it was given */
}

double gt_engine_rate(const gt_engine *e) {
    double items = (double)e->steps.items;
    return e->plateau.factor * gt_schedule_rate(&e->schedule, (double)e->shown / items, (double)e->steps.batch / items);
}
