/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder have in common: see train/door/replay.h. */
#ifndef GANTRY_TRAIN_AUDIT_REPLAY_INTERNAL_H
#define GANTRY_TRAIN_AUDIT_REPLAY_INTERNAL_H

#include "train/door/replay.h"
#include "train/journal/journal.h"

struct gt_replay {
    gt_engine engine;
    gt_job *job;
    bool moved; /* the engine is not as it was first made, or as it has begun */
};

/* ---- replay.c ---- */
gt_status replay_load_all(gt_engine *e, const char *path); /* rank 0 gives the path */
/* As a tick at the end of an epoch does. */
gt_status replay_judge_epoch_all(gt_engine *e, gt_journal *j);
bool replay_is_link(const gt_engine *e); /* does the chain have a link behind this step? */

#endif
