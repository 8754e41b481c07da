/* SPDX-License-Identifier: Apache-2.0
 * --best: which checkpoint is the best so far, judged by a statistic of the tick that the checkpoint ends. When a run
 * resumes, the best value so far is read from the log: checkpoints hold nothing of ticks. */
#include <math.h>
#include <string.h>

#include "gantry/log.h"
#include "run/series.h"
#include "train/journal.h"

void gt_journal_best_begin(gt_engine *e, gt_journal *j) {
    const char *name = e->job->best_series;
    int64_t images = gt_checkpoint_best(j->dir);
    j->best = j->best_before = name && images >= 0 ? gt_runlog_at(j->log, images, name) : NAN;
}

/* Can a tick of this run log the series? Those of the model are known, and which data it is judged by. */
static bool can_come(const gt_engine *e, const char *name) {
    const char *rest = strchr(name, '/');
    if (gt_stat_index(&e->stats, name) >= 0) return true;
    if (strncmp(name, "Loss/", 5) && strncmp(name, "Accuracy/", 9))
        return gt_series_of(name) || gt_metric_of_fakes(name);
    for (int part = 0; part < GT_JUDGED; part++)
        if (e->judged[part] && !strncmp(rest + 1, gt_judged_name(part), strlen(gt_judged_name(part)))) return true;
    return false;
}

gt_status gt_best_check(const gt_engine *e) {
    const char *name = e->job->best_series;
    if (!name || e->job->best_is_score || can_come(e, name)) return GT_OK;
    char list[1024] = "";
    for (int i = 0; i < e->stats.n; i++) {
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", e->stats.shown[i].name);
    }
    for (int part = 0; part < GT_JUDGED; part++) {
        size_t n = strlen(list);
        if (e->judged[part]) snprintf(list + n, sizeof list - n, ", Loss/%s", gt_judged_name(part));
    }
    return gt_fail(GT_USAGE,
                   "--best=%s: no tick of this run has such a statistic; there are %s%s and those of --metrics",
                   e->job->best, list, e->job->family->adversarial ? ", Fakes/swd" : "");
}

bool gt_best_of_pictures(const gt_job *job) { return job->best_series && gt_metric_of_fakes(job->best_series); }

static bool take_if_best(const gt_engine *e, gt_journal *j, double value) {
    bool largest = e->job->best_is_largest;
    if (!isnan(j->best) && (largest ? value <= j->best : value >= j->best)) return false;
    j->best_before = j->best;
    j->best = value;
    return j->best_pending = true;
}

bool gt_journal_best_now(const gt_engine *e, gt_journal *j) {
    const char *name = e->job->best_series;
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
    return take_if_best(e, j, value);
}

static void judged(gt_engine *e, gt_journal *j, bool best) {
    gt_status st = gt_saver_judge(j->saver, e->shown, best);
    if (best && st) gt_journal_best_lost(j);
    j->best_pending = false;
}

void gt_journal_best_judge(gt_engine *e, gt_journal *j) {
    j->unjudged = false;
    if (!e->job->best_is_score) return;
    if (j->checkpoint_failed) gt_saver_hold(j->saver, false);
    else judged(e, j, gt_journal_best_now(e, j));
}

void gt_journal_best_resume(gt_engine *e, gt_journal *j) {
    if (!e->job->best_is_score || gt_checkpoint_best(j->dir) == e->shown) return;
    double value = gt_runlog_at(j->log, e->shown, e->job->best_series);
    if (!isnan(value) && take_if_best(e, j, value)) judged(e, j, true);
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
