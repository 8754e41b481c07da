/* SPDX-License-Identifier: Apache-2.0
 * --on-trouble: stop, or go back to the newest checkpoint from before the trouble and on from there with other random numbers. Checkpoints from
 * within the trouble are set aside first, so that a run killed at any moment goes on from a good one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gantry/log.h"
#include "gantry/random.h"
#include "train/trainer.h"

enum { MOST_ROLLBACKS = 3 };

uint64_t gt_trainer_seed(const gt_trainer *t) {
    uint64_t seed = (uint64_t)t->job->seed;
    return t->reseed ? seed ^ ((uint64_t)gt_stream("rollback") << 32) ^ ((uint64_t)t->reseed << 40) : seed;
}

/* Rank 0: what is on disk is the good one and older ones; it is open afterwards. */
static gt_status choose(gt_trainer *t, int trouble, gt_checkpoint_file **file) {
    int64_t began = llround(1000 * gt_trouble_began_kimg(&t->watch, trouble));
    int aside = 0;
    gt_saver_wait(t->saver);
    gt_status st = gt_checkpoint_set_aside(t->dir, began, &aside);
    if (!st) st = gt_checkpoint_newest(t->dir, file);
    if (!st && aside) gt_info("%d later checkpoints are set aside as bad-checkpoint-*.h5", aside);
    return st;
}

/* Rank 0: logs cut back, judgement as it was then. */
static gt_status reopen_logs(gt_trainer *t) {
    gt_status st = gt_trainer_open_logs(t);
    if (!st) t->tick = t->shown ? (int)gt_runlog_last(t->log, "Progress/tick") + 1 : 0;
    return st;
}

static gt_status roll_back(gt_trainer *t, int trouble) {
    gt_checkpoint_file *file = NULL;
    bool first = t->comm->rank == 0;
    gt_status st = gt_comm_agree_all(t->comm, first ? choose(t, trouble, &file) : GT_OK);
    int64_t reseed = t->reseed + 1;
    if (!st) st = gt_trainer_load(t, file);
    if (!st) {
        t->reseed = reseed;
        t->n_logged = 0; /* what the last tick said is not of this state */
        gt_stat_table_tick(&t->stats); /* what was gathered since is of no use */
        gt_loader_free(t->loader);
        t->loader = NULL;
        st = gt_trainer_start_loader(t);
    }
    if (!st) st = gt_comm_agree_all(t->comm, first ? reopen_logs(t) : GT_OK);
    if (!st && first)
        gt_warn("rolled back to %s because of %s, on with other random numbers (%d of at most %d times)", gt_checkpoint_path(file),
                gt_trouble_name(trouble), (int)reseed, MOST_ROLLBACKS);
    gt_checkpoint_close(file);
    /* The same state under the same name, but for the count of rollbacks: without it a run killed before its next checkpoint would meet the same trouble again. */
    if (!st) gt_trainer_save(t);
    return st;
}

gt_status gt_trainer_trouble(gt_trainer *t, int trouble, bool *back) {
    *back = false;
    if (gt_is(t->job->on_trouble, "warn")) return GT_OK;
    if (gt_is(t->job->on_trouble, "stop"))
        return gt_fail(GT_FAILED, "--on-trouble=stop: %s (see the warning); checkpoints from before are in the run's directory", gt_trouble_name(trouble));
    if (t->reseed >= MOST_ROLLBACKS)
        return gt_fail(GT_FAILED, "--on-trouble=rollback: %s again after %d rollbacks: this job needs other settings (see the warning)", gt_trouble_name(trouble),
                       MOST_ROLLBACKS);
    gt_status st = roll_back(t, trouble);
    *back = !st;
    return st ? gt_wrap(st, "--on-trouble=rollback") : GT_OK;
}
