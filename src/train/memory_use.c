/* SPDX-License-Identifier: Apache-2.0
 * Memory of a training run on a rank: how its graphs are planned, and what they need with everything else. */
#include "train/trainer.h"

/* Shares of a phase's work that may be done twice. The first costs less than it saves in traffic of memory; the second is what it costs to
 * run all forward passes again, and more only where graphs hold derivatives of derivatives. */
static const double recompute_normal = 0.015, recompute_low = 0.5;

gt_exec_options gt_trainer_exec_options(const gt_trainer *t) {
    bool low = gt_is(t->job->memory, "low");
    int slices = t->shares[0].cut.slices, ranks = t->comm->ranks;
    int runs = (slices + ranks - 1) / ranks; /* of the rank with the most: on all ranks gradients are finished in the same order */
    return (gt_exec_options){.pool = t->pool, .runs = low ? 1 : runs, .recompute = low ? recompute_low : recompute_normal};
}

gt_status gt_trainer_relax(gt_trainer *t) {
    gt_status st = GT_OK;
    for (int p = 0; p < t->model->n_phases; p++)
        for (int i = 0; i < t->n_sizes && !st; i++) st = gt_exec_relax(t->runs[p].at[i].exec, t->arena_bytes);
    return st;
}

size_t gt_trainer_network_bytes(const gt_trainer *t) {
    const gt_model *m = t->model;
    size_t bytes = 0;
    for (int i = 0; i < m->n_nets; i++) {
        size_t block = m->nets[i]->block_floats * sizeof(float);
        bytes += block * (size_t)(1 + (i == m->ema_of)) + (size_t)gt_learner_moments(&t->learners[i]) * block / (size_t)t->comm->ranks;
        for (int k = 0; k < t->n_shares; k++) bytes += gt_reducer_bytes(t->shares[k].reducers[i]);
    }
    return bytes;
}
