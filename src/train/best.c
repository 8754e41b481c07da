/* SPDX-License-Identifier: Apache-2.0
 * --best: which checkpoint is the best so far, by a statistic of the tick that it ends. What was best before a run was gone on with stands
 * in its log; nothing of this is in checkpoints, which know nothing of ticks. */
#include <math.h>
#include <string.h>

#include "gantry/log.h"
#include "train/trainer.h"

/* The series, and whether its largest value is the best; NULL: not asked for. */
static const char *series_of(const gt_job *job, bool *largest) {
    const char *name = job->best;
    *largest = !strncmp(name, "max:", 4);
    if (*largest || !strncmp(name, "min:", 4)) name += 4;
    else *largest = gt_metric_find(name) && gt_metric_find(name)->more_is_better;
    return gt_is(name, "none") ? NULL : name;
}

void gt_trainer_best_begin(gt_trainer *t) {
    bool largest;
    const char *name = series_of(t->job, &largest);
    int64_t images = gt_checkpoint_best(t->dir);
    t->best = t->best_before = name && images >= 0 ? gt_runlog_at(t->log, images, name) : NAN;
}

bool gt_trainer_best_of_pictures(const gt_job *job) {
    bool largest;
    const char *name = series_of(job, &largest);
    return name && gt_metric_of_fakes(name);
}

bool gt_trainer_best_now(gt_trainer *t) {
    bool largest;
    const char *name = series_of(t->job, &largest);
    if (!name || !t->n_logged) return false; /* a rolled back run's checkpoint, made again, ends no tick */
    double value = NAN;
    for (int i = 0; i < t->n_logged; i++)
        if (!strcmp(t->logged[i].name, name)) value = t->logged[i].mean;
    if (isnan(value)) {
        const char *why = gt_metric_of_fakes(name) ? "has no pictures of its own to be judged by"
                                               : "has no such statistic (stats.jsonl shows what there is)";
        if (!t->said_no_best) gt_warn("--best=%s: a checkpoint is not judged, its tick %s", t->job->best, why);
        t->said_no_best = true;
        return false;
    }
    if (!isnan(t->best) && (largest ? value <= t->best : value >= t->best)) return false;
    t->best_before = t->best;
    t->best = value;
    return t->best_pending = true;
}

void gt_trainer_best_lost(gt_trainer *t) {
    t->best = t->best_before;
    t->best_pending = false;
}

void gt_trainer_saved(gt_trainer *t, gt_saver_state news) {
    if (news != GT_SAVER_WRITTEN && news != GT_SAVER_FAILED) return;
    if (t->best_pending && !gt_saver_outcome(t->saver)->best) gt_trainer_best_lost(t);
    t->best_pending = false;
    t->checkpoint_failed |= news == GT_SAVER_FAILED;
}
