/* SPDX-License-Identifier: Apache-2.0
 * When the values come that come late (metrics of sets): at checkpoints by images and at the end of the run. The clock
 * and signals, which also ask for checkpoints, do not decide which values there are; --metrics-share does, by the time
 * that they take. A run that was stopped or killed before they were there measures them when it resumes. */
#include <math.h>

#include "gantry/log.h"
#include "gantry/metric.h"
#include "run/door/metric_lines.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

static void count(gt_journal *j, double seconds) {
    if (!(seconds >= 0)) return;
    j->late.seconds += seconds;
    j->late.last = seconds;
}

void gt_late_count(gt_journal *j) { count(j, gt_stat_mean(j->measured.of, j->measured.n, GT_LATE_SECONDS)); }

static void count_past(void *arg, int64_t images, const gt_stat_value *values, int n) {
    (void)images;
    count(arg, gt_stat_mean(values, n, GT_LATE_SECONDS));
}

void gt_late_begin(const gt_engine *e, gt_journal *j) {
    j->late = (gt_late){0};
    if (!gt_measurers_are_late(e)) return;
    if (gt_runlog_each(j->log, count_past, j)) gt_warn("--metrics-share counts from here: %s", gt_message());
    if (e->job->metrics_share)
        gt_info("--metrics-share=%g: if metrics take longer, fewer checkpoints have them; the speed of this machine "
                "decides which, and so affects --best and --early-stopping by a metric",
                e->job->metrics_share);
}

bool gt_late_is_due(const gt_engine *e, const gt_journal *j, bool last) {
    const gt_late *l = &j->late;
    double total = gt_journal_seconds(j), share = e->job->metrics_share;
    if (!gt_measurers_are_late(e)) return false;
    if (!share || last || !l->last) return true;
    if (l->seconds + l->last <= share * (total + l->last)) return true;
    gt_info("no metrics at %.3f kimg: metrics have taken %.1f %% of the time (--metrics-share=%g)",
            (double)e->shown / 1000, 100 * l->seconds / total, share);
    return false;
}

/* Lines of metric-NAME.jsonl of this checkpoint, which could not be written. */
static bool lack_lines(const gt_engine *e, const gt_journal *j) {
    gt_metric_request asked[GT_METRICS_MAX];
    int n;
    bool lacking = false;
    if (gt_metrics_parse(e->job->metrics, e->job->metrics_count, false, asked, &n)) return false;
    for (int i = 0; i < n; i++) lacking |= !metric_line_is_there(j->dir, asked[i].metric, e->shown, NULL);
    return lacking;
}

static bool is_missing(const gt_engine *e, const gt_journal *j) {
    if (!gt_measurers_are_late(e) || !gt_late_values_were_due(e)) return false;
    return isnan(gt_runlog_at(j->log, e->shown, GT_LATE_SECONDS)) || (j->broken && lack_lines(e, j));
}

bool gt_late_is_missing_all(const gt_engine *e, const gt_journal *j) {
    int missing = e->comm->rank ? 0 : is_missing(e, j);
    gt_comm_broadcast_all(e->comm, &missing, sizeof missing, 0);
    return missing;
}
