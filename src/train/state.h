/* SPDX-License-Identifier: Apache-2.0
 * What state.c and transfer.c share. */
#ifndef GANTRY_TRAIN_STATE_H
#define GANTRY_TRAIN_STATE_H

#include "train/engine.h"

/* Room for one tensor in file order, as large as the largest of all networks, to be freed; NULL: see gt_message(). */
float *gt_tensor_scratch(const gt_model *m);
/* Rank 0's networks and small state to all ranks. */
void gt_engine_hand_out_all(gt_engine *e);

#endif
