/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a network from a checkpoint. */
#ifndef GANTRY_RUN_NET_CHECKPOINT_H
#define GANTRY_RUN_NET_CHECKPOINT_H

#include "gantry/checkpoint.h"
#include "gantry/nets.h"

typedef enum gt_tensors_read {
    GT_READ_ALL,
    GT_READ_TO_TRAIN,  /* all; those that older checkpoints lack (gt_tensor.late) may be missing: first values */
    GT_READ_TRAINABLE, /* the trainable ones */
} gt_tensors_read;

/* Reads tensors of `net` from the tensors under `group` ("/networks/G_ema") of the file, and puts each in its place in
 * the block. */
gt_status gt_net_read_checkpoint(const gt_net *net, const gt_checkpoint_file *f, const char *group,
                                 gt_tensors_read which, float *block);

#endif
