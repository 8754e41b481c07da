/* SPDX-License-Identifier: Apache-2.0
 * --on-trouble: stop, or go back to the newest checkpoint from before the trouble and on from there with other random
 * numbers. Checkpoints from within the trouble are set aside first, so that a run killed at any moment resumes from a
 * good one. */
#include "gantry/log.h"
#include "base/door/progress.h"
#include "train/door/replay.h"
#include "train/ticks/decider.h"

/* Rank 0: what is on disk is the good one and older ones; it is open afterwards. */
static gt_status choose_checkpoint(gt_journal *j, int64_t began, gt_checkpoint_file **file) {
    int aside = 0;
    gt_saver_wait(j->saver);
    gt_storage_begin("going back to", "a checkpoint");
    gt_status st = gt_checkpoint_set_aside(j->dir, began, &aside);
    if (!st) st = gt_checkpoint_newest(j->dir, file);
    gt_storage_end();
    if (!st && aside)
        gt_info("%d later checkpoint%s set aside as bad-checkpoint-*.h5", aside, aside == 1 ? " is" : "s are");
    return st;
}

static gt_status open_logs(gt_engine *e, gt_journal *j) {
    gt_storage_begin("opening", "logs");
    gt_status st = gt_journal_open_logs(e, j);
    gt_storage_end();
    return st;
}

static gt_status roll_back_all(gt_engine *e, gt_journal *j, const gt_reason *why) {
    gt_checkpoint_file *file = NULL;
    bool first = e->comm->rank == 0;
    gt_ledger_line line = gt_chain_line(e, GT_LEDGER_ROLLBACK);
    gt_status st = gt_comm_agree_all(e->comm, first ? choose_checkpoint(j, why->began, &file) : GT_OK);
    int64_t reseed = e->reseed + 1;
    if (!st) st = gt_engine_load_all(e, file);
    if (!st) {
        e->reseed = reseed;
        line.message = why->text;
        line.began = why->began;
        st = gt_chain_roll_back_all(e, j, &line);
    }
    if (!st) {
        gt_values_clear(&j->logged);          /* what the last tick said is not of this state */
        gt_stat_table_tick(&e->stats, false); /* what was gathered since is of no use */
        st = gt_engine_start_loader_all(e);
    }
    if (!st) st = gt_comm_agree_all(e->comm, first ? open_logs(e, j) : GT_OK);
    if (!st) st = gt_journal_take_past_all(e, j);
    if (!st && first)
        gt_warn("rolled back to %s because of %s, continuing with other random numbers (%d of at most %d times)",
                gt_checkpoint_path(file), why->text, (int)reseed, GT_MOST_ROLLBACKS);
    gt_checkpoint_close(file);
    /* The same state under the same name, but for the count of rollbacks: without it a run killed before its next
     * checkpoint would meet the same trouble again. */
    return st ? st : gt_save_all(e, j, GT_NOT_THE_BEST);
}

gt_status gt_roll_back_all(gt_engine *e, gt_journal *j, const gt_reason *why) {
    if (e->job->on_trouble == GT_ON_TROUBLE_STOP)
        return gt_fail(GT_FAILED,
                       "--on-trouble=stop: %s (see the warning); checkpoints from before are in the run's directory",
                       why->text);
    if (e->reseed >= GT_MOST_ROLLBACKS)
        return gt_fail(
            GT_FAILED,
            "--on-trouble=rollback: %s again after %d rollbacks: this job needs other settings (see the warning)",
            why->text, GT_MOST_ROLLBACKS);
    gt_status st = roll_back_all(e, j, why);
    return st ? gt_wrap(st, "--on-trouble=rollback") : GT_OK;
}
