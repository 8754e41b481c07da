/* SPDX-License-Identifier: Apache-2.0
 * What all models share. */
#include "gantry/model.h"

void gt_model_free(gt_model *m) {
    if (!m) return;
    if (m->ema_of >= 0 && m->nets[m->ema_of]) gt_block_free(m->ema_block, m->nets[m->ema_of]->block_floats * sizeof(float));
    for (int i = 0; i < m->n_nets; i++) {
        if (!m->nets[i]) continue;
        gt_block_free(m->blocks[i], m->nets[i]->block_floats * sizeof(float));
        gt_net_free(m->nets[i]);
    }
    gt_arena_free(m->arena);
}
