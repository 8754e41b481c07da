/* SPDX-License-Identifier: Apache-2.0
 * What all models share. */
#include "gantry/model.h"

#include <string.h>

gt_status gt_model_add_network(gt_model *m, gt_net *net, gt_learning learning) {
    if (!net) return GT_USAGE;
    int i = m->n_nets++;
    m->nets[i] = net;
    m->learning[i] = learning;
    m->blocks[i] = gt_block_alloc(net->block_floats * sizeof(float), "the parameters of a network");
    return m->blocks[i] ? GT_OK : GT_NOMEM;
}

gt_status gt_model_average(gt_model *m, int net) {
    m->ema_of = net;
    m->ema_block = gt_block_alloc(m->nets[net]->block_floats * sizeof(float), "the moving average of a network");
    return m->ema_block ? GT_OK : GT_NOMEM;
}

void gt_model_init(gt_model *m) {
    for (int i = 0; i < m->n_nets; i++) gt_net_init(m->nets[i], m->blocks[i], m->seed);
    if (m->ema_of >= 0) memcpy(m->ema_block, m->blocks[m->ema_of], m->nets[m->ema_of]->block_floats * sizeof(float));
}

void gt_model_free(gt_model *m) {
    if (!m) return;
    if (m->ema_of >= 0 && m->nets[m->ema_of])
        gt_block_free(m->ema_block, m->nets[m->ema_of]->block_floats * sizeof(float));
    for (int i = 0; i < m->n_nets; i++) {
        if (!m->nets[i]) continue;
        gt_block_free(m->blocks[i], m->nets[i]->block_floats * sizeof(float));
        gt_net_free(m->nets[i]);
    }
    gt_arena_free(m->arena);
}
