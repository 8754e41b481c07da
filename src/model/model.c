/* SPDX-License-Identifier: Apache-2.0
 * What all models share. */
#include "gantry/model.h"

#include <stdio.h>
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

gt_graph *gt_model_forward(gt_model *m, int net, int n) {
    if (net == 1 && m->build_discriminator) return m->build_discriminator(m, n);
    if (net == 0 && m->build_classifier) return m->build_classifier(m, n);
    if (net == 0 && m->build_segmenter) return m->build_segmenter(m, n);
    if (net == 0 && m->build_encoder) return m->build_encoder(m, n);
    if (net == 0 && m->build_generator)
        return m->build_generator(
            m, &(gt_generate_options){.n = n, .noise_mode = "const", .truncation = 1, .truncation_cutoff = -1});
    gt_fail(GT_USAGE, "network %d of model '%s' has no forward pass of its own", net, m->name);
    return NULL;
}

int gt_model_network(const gt_model *m, const char *name) {
    char names[256] = "";
    for (int i = 0; i < m->n_nets; i++) {
        if (!strcmp(m->nets[i]->name, name)) return i;
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", m->nets[i]->name);
    }
    gt_fail(GT_USAGE, "model '%s' has no network '%s'; it has %s", m->name, name, names);
    return -1;
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
