/* SPDX-License-Identifier: Apache-2.0
 * The warnings (warnings.h) as a decider: each tick gets the series Trouble/NAME, and a trouble of the training itself
 * that begins is one for --on-trouble. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "base/door/mathfn.h"
#include "train/ticks/decider.h"
#include "train/ticks/warnings.h"

/* What a classifier reaches that does not look at the pictures. */
static void measure_guess(const gt_engine *e, gt_watch *w) {
    int classes = e->model->label_dim;
    double most = 0, loss = 0, n = (double)e->info->count;
    GT_FREED int64_t *of_class = gt_model_classifier(e->model) == 0 ? calloc((size_t)classes + 1, sizeof *of_class)
                                                                    : NULL;
    if (!of_class) return; /* out of memory: the run is not judged by it */
    for (int64_t i = 0; i < e->info->count; i++) {
        int class = gt_dataset_class(e->data, i);
        if (class >= 0 && class < classes) of_class[class]++;
    }
    for (int k = 0; k < classes; k++) {
        double share = (double)of_class[k] / n;
        if (share > most) most = share;
        if (share > 0) loss -= share * gt_ln(share);
    }
    w->guess_accuracy = most;
    w->guess_loss = loss;
}

void gt_troubles_watch(const gt_engine *e, gt_watch *w) {
    *w = (gt_watch){.p_max = e->job->gan.p_max,
                    .epoch = e->info->count,
                    .in_memory = gt_engine_picture_bytes(e) > 0,
                    .job = e->job,
                    .own = e->job->family->warnings,
                    .advice = e->job->family->advice};
    measure_guess(e, w);
}

static void begin(gt_engine *e, gt_journal *j, void *own) {
    gt_watch *w = own;
    gt_troubles_watch(e, w);
    if (gt_runlog_each(j->log, gt_watch_replay, w))
        gt_warn("warnings start without the earlier ticks: %s", gt_message());
}

static gt_verdict decide(gt_engine *e, gt_journal *j, void *own, const gt_tick *t, gt_reason *why) {
    gt_watch *w = own;
    int known = j->logged.n, n = known;
    GT_FREED gt_stat_value *values = malloc(((size_t)n + GT_WARNINGS_MAX) * sizeof *values);
    (void)t;
    j->logged.failed |= !values;
    if (!values) return GT_GO_ON;
    memcpy(values, j->logged.of, (size_t)n * sizeof *values);
    int trouble = gt_watch_tick(w, j->tick, (double)e->shown / 1000, values, &n);
    for (int i = known; i < n; i++) gt_values_put_stat(&j->logged, values[i], NULL);
    if (trouble < 0) return GT_GO_ON;
    snprintf(why->text, sizeof why->text, "%s", gt_warning_at(w, trouble)->name);
    why->began = llround(1000 * w->of[trouble].began_kimg);
    return GT_ROLL_BACK;
}

const gt_decider gt_decider_troubles = {
    .name = "the warnings",
    .own_bytes = sizeof(gt_watch),
    .begin = begin,
    .decide = decide,
};
