/* SPDX-License-Identifier: Apache-2.0
 * What a run could not write, and owes: the pictures of its end, networks for other programs, logs, links. A fault of
 * the file system is a warning, and the run goes on; what is owed is tried once more at the end, and by the next start
 * of the same command, which sees from the folder what there is. A run that still owes something at its end has
 * failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/grid.h"
#include "gantry/log.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

/* Beside those of journal.h, which the journal has no other word of. */
enum {
    PICTURES = GT_OWES_OTHERS,
    EXPORTS = 2 * PICTURES,
    LOGS = 4 * PICTURES,
    METRICS = 8 * PICTURES,
    LINKS = 16 * PICTURES,
    REPORT = 32 * PICTURES
};

static const struct {
    unsigned bit;
    const char *name;
} names[] = {
    {GT_OWES_REALS, "reals.png"},
    {GT_OWES_FAKES, "fakes*.png"},
    {GT_OWES_RECONSTRUCTIONS, "reconstructions*.png"},
    {GT_OWES_CONFUSION, "confusion.png"},
    {PICTURES, "pictures"},
    {EXPORTS, "the networks of --export"},
    {LOGS, "lines of stats.jsonl, metrics.h5 or TensorBoard's events"},
    {METRICS, "lines of metric-*.jsonl"},
    {LINKS, "the links `last` or `best`"},
    {REPORT, "report.html"},
};

/* Rank 0. What needs nothing but files is tried once more. */
static unsigned owed_now(gt_engine *e, gt_journal *j) {
    unsigned owed = j->owed;
    gt_journal_write_again(j);
    if (j->n_unwritten) owed |= PICTURES;
    if (j->export_failing) owed |= EXPORTS;
    if (gt_runlog_settle(j->log)) owed |= LOGS;
    if (!gt_measurers_settle(e, j)) owed |= METRICS;
    if (gt_saver_settle(j->saver, e->shown)) {
        gt_warn("%s", gt_message());
        owed |= LINKS;
    }
    return owed;
}

/* ---- what an earlier process owes ---- */

static bool is_missing(const char *dir, const char *name) {
    GT_FREED char *path = gt_path_join(dir, name);
    return path && access(path, F_OK);
}

/* How the process before has ended; `failed`: also where there is no word of an end. */
static void how_it_ended(const char *dir, bool *failed, bool *stopped) {
    gt_starts *s = gt_starts_read(dir);
    *stopped = s && gt_is(s->state, "stopped");
    *failed = s && s->count && !*stopped && !gt_is(s->state, "finished");
    gt_starts_free(s);
}

bool gt_owed_look(gt_engine *e, gt_journal *j, bool trained) {
    char fakes[40], codes[40];
    bool stopped, encodes = gt_model_role(e->model, GT_ROLE_ENCODER);
    how_it_ended(j->dir, &j->broken, &stopped);
    bool all = trained && j->broken, sheets = trained || stopped;
    gt_grid_fakes_name(e->shown, fakes);
    gt_reconstructions_name(e->shown, codes);
    if (is_missing(j->dir, "reals.png")) j->owed |= GT_OWES_REALS;
    if (e->generator && (all || (sheets && is_missing(j->dir, fakes)))) j->owed |= GT_OWES_FAKES;
    if (encodes && (all || (sheets && is_missing(j->dir, codes)))) j->owed |= GT_OWES_RECONSTRUCTIONS;
    if (all && gt_measurers_can_draw(e)) j->owed |= GT_OWES_CONFUSION;
    gt_exports_try(e, j);
    bool report = trained && is_missing(j->dir, "report.html"); /* written at each end */
    return owed_now(e, j) || all || report;
}

/* ---- trying once more ---- */

/* Only an error that ends the run. */
static gt_status draw_all(gt_engine *e, gt_journal *j, unsigned owed) {
    bool first = e->comm->rank == 0;
    gt_status st = GT_OK;
    if (owed & GT_OWES_REALS) st = gt_comm_agree_all(e->comm, gt_journal_reals(e, j));
    if (!st && owed & GT_OWES_FAKES) st = gt_fakes_all(e, j, false);
    if (!st && owed & GT_OWES_RECONSTRUCTIONS) st = gt_comm_agree_all(e->comm, gt_journal_reconstructions(e, j));
    if (st || !(owed & GT_OWES_CONFUSION)) return st;
    if (e->resumed) st = gt_measurers_measure_all(e, j, false); /* the process before had the matrix */
    if (first) j->owed &= ~GT_OWES_CONFUSION;
    if (!st && first) gt_measurers_draw(e, j);
    return st;
}

gt_status gt_owed_try_all(gt_engine *e, gt_journal *j) {
    unsigned owed = e->comm->rank ? 0 : j->owed;
    gt_comm_broadcast_all(e->comm, &owed, sizeof owed, 0);
    gt_status st = draw_all(e, j, owed);
    if (!st && e->comm->rank == 0 && j->export_failing) gt_exports_try(e, j);
    return st;
}

static gt_status fail(const gt_journal *j, unsigned owed) {
    GT_BUFFER gt_buffer list = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (owed & names[i].bit) gt_buffer_printf(&list, "%s%s", list.n ? ", " : "", names[i].name);
    return gt_fail(
        GT_FAILED,
        "%s is fully trained, but %s could not be written (see the warnings): give the same command to try again",
        j->dir, list.n && !list.failed ? (const char *)list.data : "all of its files");
}

gt_status gt_owed_settle_all(gt_engine *e, gt_journal *j) {
    gt_status st = gt_owed_try_all(e, j);
    unsigned owed = st || e->comm->rank ? 0 : owed_now(e, j);
    if (st) return st;
    return gt_comm_agree_all(e->comm, owed ? fail(j, owed) : GT_OK);
}

gt_status gt_owed_report(gt_journal *j) { return j->report_failing ? fail(j, REPORT) : GT_OK; }
