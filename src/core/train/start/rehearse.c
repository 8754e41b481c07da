/* SPDX-License-Identifier: Apache-2.0
 * What a step takes where a whole one may take minutes, as at 256x256 on few cores: see engine.h. */
#include "base/door/clock.h"
#include "base/door/progress.h"
#include "train/door/engine.h"

typedef struct piece {
    double seconds; /* of this rank's slices in a step */
    double made;    /* seconds of that which were really computed */
} piece;

static bool is_before(void *end) {
    gt_progress();
    return gt_clock() < *(double *)end;
}

/* The first group of the batch, twice: the first time touches memory for the first time, and does not count. */
static gt_status rehearse_phase(gt_engine *e, gt_engine_phase *p, double limit, piece *out) {
    const gt_batch *b = gt_engine_batch(e, p, gt_steps_batch(&e->steps, e->step) < e->steps.batch);
    gt_status st = GT_OK;
    *out = (piece){0, 0};
    if (!b->work.n_groups) return GT_OK;
    const gt_group g = b->work.groups[0];
    gt_exec *exec = p->executions[b->shape[0]].exec;
    gt_exec_env env = {.seed = gt_engine_seed(e),
                       .step = e->step,
                       .sample0 = (uint32_t)gt_slices_first(b->slices, g.first),
                       .slice_samples = (uint32_t)gt_slices_samples(b->slices, g.first)};
    gt_exec_use_arena(exec, e->arena);
    for (int run = 1; run <= 2 && !st; run++) {
        double part, filled = gt_clock(), start, end;
        st = gt_engine_fill_group(e, p->phase, exec, b, g, false);
        start = gt_clock();
        end = start + limit * run / 3;
        if (!st) st = gt_exec_run_while(exec, &env, is_before, &end, &part);
        double now = gt_clock();
        if (st || run == 1) continue;
        out->seconds = (start - filled + (now - start) / part) * b->count / g.count;
        out->made = now - filled;
    }
    return st;
}

static gt_status rehearse(gt_engine *e, double limit, gt_rehearsal *out) {
    double end = gt_clock() + limit, made = 0, images = gt_steps_batch(&e->steps, e->step);
    gt_status st = GT_OK;
    *out = (gt_rehearsal){0};
    gt_engine_changed(e, -1); /* a step changes each network about once */
    for (int i = 0; i < e->model->n_phases && !st; i++) {
        st = gt_engine_prepare_all(e, &e->phases[i]);
        out->step += e->phases[i].preparing;
        out->per_image += e->phases[i].preparing / images;
        made += e->phases[i].preparing;
    }
    for (int i = 0; i < e->model->n_phases && !st; i++) {
        piece one;
        double left = end - gt_clock();
        st = rehearse_phase(e, &e->phases[i], left > 0 ? left / (e->model->n_phases - i) : 0, &one);
        out->step += one.seconds;
        out->per_image += one.seconds / e->model->phases[i].interval / images;
        made += one.made;
    }
    out->part = out->step > 0 ? made / out->step : 1;
    return st;
}

gt_status gt_engine_rehearse_all(gt_engine *e, double limit, gt_rehearsal *out) {
    int ranks = e->comm->ranks;
    gt_rehearsal mine, all[e->comm->rank == 0 ? ranks : 1];
    gt_status st = gt_comm_agree_all(e->comm, rehearse(e, limit, &mine));
    if (st) return st;
    gt_comm_gather_all(e->comm, &mine, sizeof mine, all);
    *out = mine;
    for (int r = 0; r < ranks && e->comm->rank == 0; r++)
        if (all[r].step > out->step) *out = all[r];
    gt_comm_broadcast_all(e->comm, out, sizeof *out, 0);
    return GT_OK;
}
