/* SPDX-License-Identifier: Apache-2.0
 * What all models share. */
#include "networks/model/door/model.h"
#include "base/door/memory.h"

#include <stdio.h>
#include <string.h>

gt_model_facts gt_model_look(const gt_model *m) {
    return (gt_model_facts){.name = m->name,
                            .height = m->height,
                            .width = m->width,
                            .channels = m->channels,
                            .z_dim = m->z_dim,
                            .label_dim = m->label_dim,
                            .latent_size = m->latent_size,
                            .num_ws = m->num_ws,
                            .w_dim = m->w_dim,
                            .masks = m->masks,
                            .slice_size = m->slice_size,
                            .n_networks = m->n_nets};
}

size_t gt_model_floats(const gt_model *m) { return (size_t)m->height * (size_t)m->width * (size_t)m->channels; }

gt_phase *gt_model_phase(gt_model *m, int i) { return i < m->n_phases ? &m->phases[i] : NULL; }

gt_phase_facts gt_phase_look(const gt_phase *p) {
    return (gt_phase_facts){.name = p->name, .network = p->model->nets[p->net]->name, .interval = p->interval};
}

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

gt_status gt_model_takes_steps(const gt_model *m, const gt_steps_wanted *steps) {
    bool asked = steps->sampler != GT_SOLVER_OF_JOB || steps->steps || steps->guided;
    if (m->in_steps || !asked) return GT_OK;
    return gt_fail(
        GT_USAGE,
        "--sampler, --sampler-steps and --guidance are for diffusion models; this network makes pictures in one pass");
}

const gt_role *gt_model_role(const gt_model *m, const char *name) {
    for (int i = 0; i < m->n_roles; i++)
        if (!strcmp(m->roles[i].name, name)) return &m->roles[i];
    return NULL;
}

const gt_role *gt_model_maker(const gt_model *m) {
    return gt_model_role(m, m->conditions ? GT_ROLE_CONDITIONAL : GT_ROLE_GENERATOR);
}

void gt_model_put_conditions(const gt_model *m, const float *picture, float *z) {
    int targets = m->channels - m->conditions;
    for (int64_t p = 0; p < (int64_t)m->height * m->width; p++)
        for (int c = targets; c < m->channels; c++)
            z[p * m->channels + c] = m->target_mask && c == m->channels - 1 ? 1 : picture[p * m->channels + c];
}

bool gt_model_has_role(const gt_model *m, const char *name) { return gt_model_role(m, name) != NULL; }

void gt_model_add_role(gt_model *m, gt_role role) {
    if (m->n_roles < GT_MAX_ROLES)
        m->roles[m->n_roles++] = role; /* no model has more: its last role would be missing */
}

/* Maps of small pictures stay in the cache. */
int gt_model_batch(const gt_model *m, const gt_role *role) {
    enum { MAX = 16, MIN = 4, PIXELS = 64 * 64 * 64 };
    if (role->batch) return role->batch;
    int64_t n = PIXELS / ((int64_t)m->height * m->width);
    return n > MAX ? MAX : n < MIN ? MIN : (int)n;
}

static gt_graph *build_role(gt_model *m, const gt_role *role, const gt_request *r) {
    gt_request request = *r;
    if (!request.n) request.n = gt_model_batch(m, role);
    return role->build(m, &request);
}

gt_graph *gt_model_build(gt_model *m, const char *role, const gt_request *r) {
    const gt_role *row = gt_model_role(m, role);
    if (row) return build_role(m, row, r);
    gt_fail(GT_USAGE, "model '%s' has no %s", m->name, role);
    return NULL;
}

gt_graph *gt_model_forward(gt_model *m, int net, int n) {
    const gt_request plain = gt_plain_request(n);
    for (int i = 0; i < m->n_roles; i++)
        if (m->roles[i].network == net) return build_role(m, &m->roles[i], &plain);
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
