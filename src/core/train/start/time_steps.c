/* SPDX-License-Identifier: Apache-2.0
 * Seconds of real steps, for --dry-run (dry_run.h). */
#include <math.h>

#include "base/door/clock.h"
#include "gantry/text.h"
#include "train/start/dry_run.h"

/* Seconds of steps so far: of each phase, and of what is outside of them. */
typedef struct step_times {
    double phase[GT_MAX_PHASES], rest;
    int made[GT_MAX_PHASES], steps;
} step_times;

static gt_status time_step_all(gt_engine *e, step_times *t) {
    double start = gt_clock();
    uint32_t step = e->step;
    gt_status st = gt_engine_step_all(e);
    t->rest += gt_clock() - start;
    t->steps++;
    for (int p = 0; p < e->model->n_phases; p++) {
        if (step % (uint32_t)e->model->phases[p].interval) continue;
        t->phase[p] += e->phases[p].seconds;
        t->rest -= e->phases[p].seconds;
        t->made[p]++;
    }
    return st;
}

/* Seconds per image, phases weighted by how often they run. The first step touches memory for the first time and does
 * not count: it is made again, with all its phases, and then as many as fit into the time. */
static gt_status measure_steps_all(gt_engine *e, double seconds, double *seconds_per_image) {
    step_times t = {.rest = 0};
    gt_status st = gt_engine_step_all(e);
    e->step = 0;
    e->shown = 0;
    double start = gt_clock();
    for (int more = 1; more && !st; gt_comm_broadcast_all(e->comm, &more, sizeof more, 0)) {
        st = time_step_all(e, &t);
        more = gt_clock() - start < seconds && !gt_engine_finished(e);
    }
    *seconds_per_image = t.steps ? fmax(0, t.rest) / t.steps : 0;
    for (int p = 0; p < e->model->n_phases; p++)
        if (t.made[p]) *seconds_per_image += t.phase[p] / t.made[p] / e->model->phases[p].interval;
    *seconds_per_image /= (double)e->job->batch;
    return st;
}

gt_status gt_time_steps_all(gt_engine *e, double limit, double of_steps, gt_step_time *out) {
    const double for_pieces = 0.75;
    double start = gt_clock();
    gt_status st = gt_engine_rehearse_all(e, for_pieces * limit, &out->pieces);
    if (st) return st;
    out->per_image = out->pieces.per_image;
    out->cut = 2 * out->pieces.step > limit - (gt_clock() - start);
    gt_comm_broadcast_all(e->comm, &out->cut, sizeof out->cut, 0);
    return out->cut ? GT_OK : measure_steps_all(e, fmin(of_steps, GT_MEASURE_SECONDS), &out->per_image);
}

bool gt_step_time_is_known(const gt_step_time *t) {
    const double least = 0.01;
    return !t->cut || t->pieces.part >= least;
}

const char *gt_length_text(double seconds, char text[64]) {
    const double minute = 60, hour = 3600, day = 86400;
    if (seconds < 2 * minute) snprintf(text, 64, "%.0f second%s", seconds, gt_plural(llrint(seconds)));
    else if (seconds < 2 * hour) snprintf(text, 64, "%.1f minutes", seconds / minute);
    else snprintf(text, 64, "%.1f hours (%.1f days)", seconds / hour, seconds / day);
    return text;
}
