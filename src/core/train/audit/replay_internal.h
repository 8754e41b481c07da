/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder have in common: see train/door/replay.h. */
#ifndef GANTRY_TRAIN_AUDIT_REPLAY_INTERNAL_H
#define GANTRY_TRAIN_AUDIT_REPLAY_INTERNAL_H

#include "train/door/replay.h"
#include "train/journal/journal.h"
#include "train/door/engine.h"

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

/* ---- trace.c ---- */

/* Hashes of what a step computes, for two machines or two builds that come to different bits: each gradient, tensor by
 * tensor, and the state at the end of each step. */

/* All ranks; `line` and `arg` of rank 0. The engine traces from then on, until gt_trace_end(). Lines are
 *     "step 12 phase D_main gradient D.b4.conv.weight HEX"    after the sum over all slices, and clipped
 *     "step 12 state HEX"                                     the root of the state at the end of the step
 * HEX: XXH3-128 of the values as they lie in memory, little-endian; of the state SHA-256
 * (runner/contents/door/contents.h). */
typedef struct gt_trace {
    gt_trace_line *line;
    void *arg;
    float *whole; /* room for a gradient; of rank 0 */
    size_t bytes;
    bool over; /* a line has said so */
} gt_trace;

gt_status gt_trace_begin_all(gt_engine *e, gt_trace *t, gt_trace_line *line, void *arg);
/* The step has ended. *goes_on: no line has asked to end, the same on all ranks. */
gt_status gt_trace_step_all(gt_engine *e, gt_trace *t, int *goes_on);
void gt_trace_end(gt_engine *e, gt_trace *t);

#endif
