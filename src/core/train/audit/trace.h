/* SPDX-License-Identifier: Apache-2.0
 * Hashes of what a step computes, for two machines or two builds that come to different bits: each gradient, tensor by
 * tensor, and the state at the end of each step. */
#ifndef GANTRY_TRAIN_AUDIT_TRACE_H
#define GANTRY_TRAIN_AUDIT_TRACE_H

#include "train/door/replay.h"
#include "train/loop/engine.h"

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
