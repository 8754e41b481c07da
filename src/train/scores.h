/* SPDX-License-Identifier: Apache-2.0
 * Metrics at the checkpoints of a run (--metrics): the scores of gantry/score.h, of the pictures that the moving
 * average makes. Values are those of `gantry metrics CHECKPOINT`. A metric never ends a run: what fails is a warning.
 */
#ifndef GANTRY_TRAIN_SCORES_H
#define GANTRY_TRAIN_SCORES_H

#include "train/journal.h"

/* Opens the networks of the metrics. Before the arena is made, in which the generator takes its turn. An error of a new
 * run; of a run that goes on a warning, and no metrics. */
gt_status gt_engine_open_scores_all(gt_engine *e);
void gt_engine_scores_use_arena(gt_engine *e);
size_t gt_engine_scores_bytes(const gt_engine *e); /* of this rank, beside the arena */
void gt_engine_close_scores(gt_engine *e);

/* For --dry-run, from a short measurement: seconds at a checkpoint, without what follows from features; and once,
 * unless their statistics are kept already, for the reals. */
typedef struct gt_scores_cost {
    int64_t fakes, reals; /* 0: no metrics */
    double seconds, reals_seconds, bytes;
} gt_scores_cost;
gt_status gt_engine_measure_scores_all(gt_engine *e, gt_scores_cost *cost);

/* Rank 0, after the log is open: what metrics have taken so far. */
void gt_journal_scores_begin(gt_engine *e, gt_journal *j);
/* The end of the journal: lines of metric-NAME.jsonl that could not be written are tried once more. */
void gt_journal_scores_end(gt_journal *j);
/* The run goes back to an earlier state: what was not written is forgotten. */
void gt_journal_scores_forget(gt_journal *j);
/* Rank 0: a checkpoint is about to be made where metrics are due. Does --metrics-share allow them? Says where not. */
bool gt_journal_scores_allowed(const gt_engine *e, gt_journal *j, bool last);
/* Computes them: on rank 0 they are in j->scored, for the tick that is not logged yet, and in metric-NAME.jsonl.
 * true: a stop broke them off. */
bool gt_scores_all(gt_engine *e, gt_journal *j);
/* Appends j->scored to the values of a tick. */
void gt_journal_put_scores(gt_journal *j);
/* A run that resumes at a checkpoint whose metrics were broken off by a stop or a kill: computes them, logs them in a
 * line of their own, and lets --best judge the checkpoint. true: a stop broke them off again. */
bool gt_scores_late_all(gt_engine *e, gt_journal *j);
/* Are there such metrics? After the log is open. */
bool gt_scores_are_late_all(gt_engine *e, gt_journal *j);

#endif
