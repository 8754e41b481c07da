/* SPDX-License-Identifier: Apache-2.0
 * --best: which checkpoint is the best so far, judged by a statistic of the tick that the checkpoint ends. When a run
 * resumes, the best value so far is read from the log: checkpoints hold nothing of ticks. */
#include <math.h>
#include <string.h>

#include "gantry/log.h"
#include "train/journal.h"

void gt_journal_best_begin(gt_engine *e, gt_journal *j) {
    const char *name = e->job->best_series;
    int64_t images = gt_checkpoint_best(j->dir);
    j->best = j->best_before = name && images >= 0 ? gt_runlog_at(j->log, images, name) : NAN;
}

bool gt_best_of_pictures(const gt_job *job) { return job->best_series && gt_metric_of_fakes(job->best_series); }

bool gt_journal_best_now(gt_engine *e, gt_journal *j) {
    const char *name = e->job->best_series;
    bool largest = e->job->best_is_largest;
    if (!name || !j->n_logged) return false; /* a rolled back run's checkpoint, made again, ends no tick */
    double value = gt_stat_mean(j->logged, j->n_logged, name);
    if (isnan(value) && e->job->best_is_score) return false; /* metrics have said why they have no value */
    if (isnan(value)) {
        const char *why = gt_metric_of_fakes(name) ? "has no pictures of its own to be judged by"
                                                   : "has no such statistic (stats.jsonl shows what there is)";
        if (!j->said_no_best) gt_warn("--best=%s: a checkpoint is not judged, its tick %s", e->job->best, why);
        j->said_no_best = true;
        return false;
    }
    if (!isnan(j->best) && (largest ? value <= j->best : value >= j->best)) return false;
    j->best_before = j->best;
    j->best = value;
    return j->best_pending = true;
}

void gt_journal_best_lost(gt_journal *j) {
    j->best = j->best_before;
    j->best_pending = false;
}

void gt_journal_saved(const gt_engine *e, gt_journal *j, gt_saver_state news) {
    if (news != GT_SAVER_WRITTEN && news != GT_SAVER_FAILED) return;
    if (j->best_pending && !gt_saver_outcome(j->saver)->best) gt_journal_best_lost(j);
    j->best_pending = false;
    j->checkpoint_failed |= news == GT_SAVER_FAILED;
    if (news == GT_SAVER_WRITTEN) gt_journal_export(e, j);
}
