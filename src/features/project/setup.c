/* SPDX-License-Identifier: Apache-2.0
 * What all targets of a rank share: the generator, the distance, the label, the graph of a step. */
#include <string.h>

#include "gantry/log.h"
#include "base/door/memory.h"
#include "base/door/hash.h"
#include "runner/generator/door/generator.h"
#include "features/project/step.h"
#include "runner/door/roles.h"
#include "runner/door/trained.h"

static gt_status check_model(const gt_projector *p) {
    const gt_model *m = p->net.model;
    return gt_role_needed(m, GT_ROLE_MAPPING) ? GT_OK : GT_USAGE;
}

static gt_status read_label(gt_projector *p) {
    const gt_project_request *r = p->request;
    gt_model *m = p->net.model;
    int dim = gt_generator_labels(p->generator);
    float *label = gt_arena_array(m->arena, (size_t)dim + 1, sizeof *label);
    if (!label) return GT_NOMEM;
    if (dim) p->label = label;
    return gt_generator_asked_label(p->generator, &r->condition, label);
}

/* LPIPS where its files are given, else our own distance, as far as the checkpoint has a D. */
static gt_status choose_distance(gt_projector *p) {
    const gt_project_request *r = p->request;
    gt_model *m = p->net.model;
    gt_status st = GT_OK;
    p->distance.model = m;
    if (*r->vgg || *r->lpips) {
        if (!*r->vgg || !*r->lpips)
            return gt_fail(GT_USAGE, "--vgg and --lpips belong together: give both, the weights of VGG16 and of LPIPS");
        p->lpips = gt_lpips_open(r->vgg, r->lpips, &st);
        p->distance.lpips = p->lpips;
        return st ? st : gt_distance_check(&p->distance);
    }
    bool critic = m->discriminator_maps && m->n_nets > 1 && (p->net.networks & 2);
    if (critic) p->distance.critic = m->blocks[1];
    else gt_info("'%s' holds no D: images are compared only by their pixels", r->checkpoint);
    return GT_OK;
}

static void hash_networks(gt_projector *p) {
    const gt_model *m = p->net.model;
    gt_hash128 all[2] = {gt_hash(p->net.params, m->nets[p->net.network]->block_floats * sizeof(float)), {0}};
    if (p->distance.critic) all[1] = gt_hash(p->distance.critic, m->nets[1]->block_floats * sizeof(float));
    if (p->lpips) all[1] = gt_lpips_hash(p->lpips);
    p->network = gt_hash(all, sizeof all);
}

gt_status gt_projector_open(gt_projector *p, const gt_project_request *r) {
    *p = (gt_projector){.request = r};
    gt_status st = gt_trained_open_all(&p->net, r->checkpoint, &r->reading);
    if (st) return st;
    gt_model *m = p->net.model;
    st = check_model(p);
    if (st) return st;
    p->generating = (gt_generator_options){
        .noise_mode = GT_NOISE_CONST, .truncation = 1, .apart = true, .pool = r->pool};
    p->generating.reading = r->reading;
    p->generator = gt_generator_of(&p->net, &p->generating);
    if (!p->generator) return gt_failure();
    st = read_label(p);
    if (!st) st = choose_distance(p);
    if (st) return st;
    p->rows = r->plus ? m->num_ws : 1;
    p->w_floats = (size_t)p->rows * (size_t)m->w_dim;
    int64_t every = (r->steps + GT_PROJECT_FRAMES - 1) / GT_PROJECT_FRAMES;
    p->frames = (r->steps + every - 1) / every;
    p->w_avg = gt_arena_array(m->arena, (size_t)m->w_dim, sizeof *p->w_avg);
    if (!p->w_avg) return GT_NOMEM;
    hash_networks(p);
    st = gt_projector_measure(p);
    return st ? st : gt_projector_build(p);
}

void gt_projector_close(gt_projector *p) {
    gt_runner_close(p->step);
    if (p->grad) gt_block_free(p->grad, p->floats * sizeof *p->grad);
    if (p->target) gt_block_free(p->target, p->target_floats * sizeof *p->target);
    gt_lpips_free(p->lpips);
    gt_generator_close(p->generator);
    gt_trained_close(&p->net);
    *p = (gt_projector){0};
}
