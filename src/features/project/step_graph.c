/* SPDX-License-Identifier: Apache-2.0
 * The graph of a step of projection: styles and noise maps to the image, its maps, the distance, and the derivatives.
 */
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "graph/door/ops.h"
#include "graph/door/internal.h"
#include "networks/model/door/model.h"
#include "features/project/step.h"
#include "runner/door/runner.h"

/* Slots 0 to 2 are those of the networks (distance.h). */
enum { SLOT_TARGET = 3, LEAST_SIDE = 8, ALIGNED = 16 };
static const float reg_weight = 1e5f;

/* ---- the regularisation of noise maps: Karras et al., appendix D ---- */

/* x moved by one along an axis, what leaves at one end coming in at the other. */
static gt_node *rolled(gt_graph *g, gt_node *x, int axis) {
    int64_t n = gt_dim(x, axis);
    return gt_concat(g, 2, (gt_node *[]){gt_slice(g, x, axis, n - 1, n), gt_slice(g, x, axis, 0, n - 1)}, axis);
}

static gt_node *likeness(gt_graph *g, gt_node *x, int axis) {
    return gt_square(g, gt_mean(g, gt_mul(g, x, rolled(g, x, axis)), GT_ALL_AXES));
}

/* How much each value of [1,H,W,1] has to do with its neighbours, on this scale and on coarser ones. */
static gt_node *structure(gt_graph *g, gt_node *noise) {
    gt_node *sum = NULL, *x = noise ? gt_reshape(g, noise, GT_SHAPE(gt_dim(noise, 1), gt_dim(noise, 2))) : NULL;
    while (x) {
        int64_t h = gt_dim(x, 0), w = gt_dim(x, 1);
        gt_node *here = gt_add(g, likeness(g, x, 1), likeness(g, x, 0));
        sum = sum ? gt_add(g, sum, here) : here;
        if (gt_smallest(h, w) <= LEAST_SIDE || h % 2 || w % 2) break;
        x = gt_mean(g, gt_reshape(g, x, GT_SHAPE(h / 2, 2, w / 2, 2)), GT_AXIS(1) | GT_AXIS(3));
        x = x ? gt_reshape(g, x, GT_SHAPE(h / 2, w / 2)) : NULL;
    }
    return sum;
}

/* ---- the step ---- */

/* The generator's inputs of noise, in the order of its layers. */
static gt_status list_noise(gt_projector *p, gt_graph *g, gt_node **leaves) {
    p->floats = (size_t)gt_round_up((int64_t)p->w_floats, ALIGNED);
    for (int i = 0; i < g->n_nodes; i++) {
        gt_node *n = g->nodes[i];
        if (n->op != &gt_op_input || strncmp(n->name, "noise/", 6)) continue;
        if (p->n_noise == GT_PROJECT_MOST_NOISE) return gt_fail(GT_USAGE, "a generator with too many layers");
        size_t size = (size_t)gt_shape_size(&n->shape);
        leaves[p->n_noise] = n;
        p->noise[p->n_noise++] = (gt_noise_map){n->name, size, p->floats};
        p->floats += (size_t)gt_round_up((int64_t)size, ALIGNED);
    }
    return GT_OK;
}

/* The squared distance of the image's maps from those of the target, which lie in their slot one after the other. */
static gt_node *distance(gt_projector *p, gt_graph *g, gt_node *image) {
    gt_node *maps[GT_DISTANCE_MOST_MAPS], *sum = NULL;
    p->n_maps = gt_distance_maps(&p->distance, g, image, maps);
    p->target_floats = 0;
    for (int i = 0; i < p->n_maps && maps[i]; i++) {
        char name[32];
        snprintf(name, sizeof name, "target/%d", i);
        gt_node *aim = gt_param(g, name, *gt_node_shape(maps[i]), SLOT_TARGET, p->target_floats);
        p->target_floats += (size_t)gt_round_up(gt_shape_size(gt_node_shape(maps[i])), ALIGNED);
        gt_node *d = gt_sum(g, gt_square(g, gt_sub(g, maps[i], aim)), GT_ALL_AXES);
        sum = sum ? gt_add(g, sum, d) : d;
    }
    return sum;
}

static gt_status differentiate(gt_projector *p, gt_graph *g, gt_node *ws, gt_node **noise, gt_node *total) {
    gt_node *wrt[GT_PROJECT_MOST_NOISE + 1] = {ws}, *grad[GT_PROJECT_MOST_NOISE + 1];
    memcpy(wrt + 1, noise, (size_t)p->n_noise * sizeof *noise);
    gt_note_loss(g, total);
    gt_status st = total ? gt_grad(g, 1, &total, NULL, p->n_noise + 1, wrt, grad) : gt_graph_status(g);
    if (st) return st;
    gt_output_to(g, "grad of w", p->rows == 1 ? gt_sum(g, grad[0], GT_AXIS(1)) : grad[0], GT_SLOT_GRAD, 0);
    for (int i = 0; i < p->n_noise; i++) {
        char name[96];
        snprintf(name, sizeof name, "grad of %.80s", p->noise[i].input);
        gt_output_to(g, name, grad[i + 1], GT_SLOT_GRAD, p->noise[i].offset);
    }
    return GT_OK;
}

static gt_status add_distance(gt_projector *p, gt_graph *g) {
    gt_node *image = g->results[0].node, *noise[GT_PROJECT_MOST_NOISE], *reg = gt_scalar(g, 0);
    gt_node *ws = gt_input(g, "ws", GT_SHAPE(1, p->net.model->num_ws, p->net.model->w_dim));
    gt_status st = list_noise(p, g, noise);
    if (st) return st;
    gt_node *dist = distance(p, g, image);
    for (int i = 0; i < p->n_noise; i++) reg = gt_add(g, reg, gt_reshape(g, structure(g, noise[i]), GT_SCALAR));
    dist = dist ? gt_reshape(g, dist, GT_SCALAR) : NULL;
    gt_output(g, "dist", dist);
    gt_output(g, "reg", reg);
    st = differentiate(p, g, ws, noise, gt_add(g, dist, gt_scale(g, reg, reg_weight)));
    return st ? st : gt_graph_status(g);
}

static gt_status extend(void *own, gt_model *m, gt_graph *g) {
    gt_projector *p = own;
    (void)m;
    gt_status st = add_distance(p, g);
    if (st) return gt_wrap(st, "the graph of projection");
    p->grad = gt_block_alloc(p->floats * sizeof *p->grad, "the gradient");
    p->target = gt_block_alloc(p->target_floats * sizeof *p->target, "the target");
    return p->grad && p->target ? GT_OK : gt_failure();
}

static void bind(void *own, gt_exec *e) {
    const gt_projector *p = own;
    gt_distance_bind(&p->distance, e);
    gt_exec_bind(e, SLOT_TARGET, p->target);
    gt_exec_bind(e, GT_SLOT_GRAD, p->grad);
}

gt_status gt_projector_build(gt_projector *p) {
    gt_request request = gt_plain_request(1);
    request.noise_mode = GT_NOISE_GIVEN;
    request.from_styles = true;
    p->step = gt_runner_new(p->net.model, p->net.params,
                            &(gt_runner_options){.role = GT_ROLE_GENERATOR,
                                                 .request = request,
                                                 .pool = p->request->pool,
                                                 .extend = extend,
                                                 .bind = bind,
                                                 .own = p},
                            NULL);
    return p->step ? GT_OK : gt_failure();
}

/* ---- the target ---- */

static gt_graph *maps_of_image(gt_projector *p) {
    const gt_model *m = p->net.model;
    gt_graph *g = gt_graph_new("target", m->kernels);
    if (!g) return NULL;
    gt_node *maps[GT_DISTANCE_MOST_MAPS];
    int n = gt_distance_maps(&p->distance, g, gt_input(g, "image", GT_SHAPE(1, m->height, m->width, m->channels)),
                             maps);
    size_t at = 0;
    for (int i = 0; i < n && maps[i]; i++) {
        char name[32];
        snprintf(name, sizeof name, "map %d", i);
        gt_output_to(g, name, maps[i], SLOT_TARGET, at);
        at += (size_t)gt_round_up(gt_shape_size(gt_node_shape(maps[i])), ALIGNED);
    }
    return gt_whole_graph(g, "the maps of the ", "target");
}

gt_status gt_projector_aim(gt_projector *p, const float *image) {
    gt_graph *g = maps_of_image(p);
    gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){.pool = p->request->pool, .runs = 1}) : NULL;
    gt_status st = e ? GT_OK : GT_FAILED;
    if (e) {
        gt_distance_bind(&p->distance, e);
        gt_exec_bind(e, SLOT_TARGET, p->target);
        float *in = gt_exec_input(e, "image");
        st = in ? gt_exec_prepare(e, &(gt_exec_env){0}) : GT_NOMEM;
        if (!st) memcpy(in, image, gt_model_floats(p->net.model) * sizeof *in);
        if (!st) st = gt_exec_run(e, &(gt_exec_env){0});
    }
    gt_exec_free(e);
    gt_graph_free(g);
    /* to the step the maps of the target are parameters, and these have changed */
    return st ? st : gt_runner_prepare(p->step);
}
