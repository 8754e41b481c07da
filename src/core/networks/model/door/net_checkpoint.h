/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a network in a group of a checkpoint, "/networks/G_ema": under their published names, in their published
 * shapes. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_NET_CHECKPOINT_H
#define GANTRY_NETWORKS_MODEL_DOOR_NET_CHECKPOINT_H

#include "run/door/checkpoint.h"
#include "networks/nets/door/nets.h"

typedef enum gt_tensors_of {
    GT_TENSORS_ALL,
    GT_TENSORS_TO_TRAIN,  /* all; reading gives first values to those that older checkpoints lack (gt_tensor.late) */
    GT_TENSORS_TRAINABLE, /* the trainable ones */
} gt_tensors_of;

/* Puts tensors of `net` from its block into the group. The first error sticks to `c`. */
gt_status gt_net_write_checkpoint(const gt_net *net, gt_checkpoint *c, const char *group, gt_tensors_of which,
                                  const float *block);

/* Reads tensors of `net` from the group, and puts each in its place in the block. */
gt_status gt_net_read_checkpoint(const gt_net *net, const gt_checkpoint_file *f, const char *group, gt_tensors_of which,
                                 float *block);

#endif
