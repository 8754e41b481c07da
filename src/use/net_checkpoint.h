/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a network from a checkpoint. */
#ifndef GANTRY_USE_NET_CHECKPOINT_H
#define GANTRY_USE_NET_CHECKPOINT_H

#include "gantry/checkpoint.h"
#include "gantry/nets.h"

/* Reads every tensor of `net`, or every trainable one, from the tensors under `group` ("/networks/G_ema") of the file,
 * and puts the tensor in its place in the block. `trainable_only`: only the trainable tensors. */
gt_status gt_net_read_checkpoint(const gt_net *net, const gt_checkpoint_file *f, const char *group, bool trainable_only,
                                 float *block);

#endif
