/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a network from a checkpoint. */
#ifndef GANTRY_USE_NET_CHECKPOINT_H
#define GANTRY_USE_NET_CHECKPOINT_H

#include "gantry/checkpoint.h"
#include "gantry/nets.h"

/* Every tensor of `net` (or only the trainable ones) under `group` ("/networks/G_ema"), from file order into its place
 * in the block. */
gt_status gt_net_read_checkpoint(const gt_net *net, const gt_checkpoint_file *f, const char *group, bool trainable_only,
                                 float *block);

#endif
