/* SPDX-License-Identifier: Apache-2.0
 * A guest: a family of models with one network, one layer from latents to pixels, trained to make the mean of the data.
 */
#include <string.h>

#include "networks/model/door/family.h"
#include "graph/door/ops.h"
#include "networks/nets/door/layers.h"

typedef struct toy_options {
    double toy_gain;
} toy_options;

static const gt_option options[] = {
    {GT_JOB_ROW(toy_options, toy_gain, "1", "What pixels are multiplied by"), .max = 100},
};

static const gt_family_model models[] = {
    {"toy", "a toy", "batch=16 kimg=1 lrate=0.01 z-dim=8", NULL},
    {0},
};

static gt_node *make_images(gt_model *m, gt_graph *g, gt_node *z, int n) {
    const gt_job *job = m->own;
    const toy_options *own = job->own;
    gt_node *flat = gt_fc((gt_bound_net){g, m->nets[0], 0}, "pixels", z, "linear", 1);
    return gt_scale(g, gt_reshape(g, flat, GT_SHAPE(n, m->height, m->width, m->channels)), (float)own->toy_gain);
}

static gt_graph *build_phase(gt_phase *p, int n) {
    gt_model *m = p->model;
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, m->height, m->width, m->channels));
    gt_node *made = make_images(m, g, gt_random_normal_op(g, "z/toy", GT_SHAPE(n, m->z_dim)), n);
    gt_node *error = gt_mean(g, gt_square(g, gt_sub(g, made, images)), GT_AXIS(1) | GT_AXIS(2) | GT_AXIS(3));
    gt_node *loss = gt_reshape(g, error, GT_SHAPE(n, 1));
    gt_output(g, "Loss/toy", loss);
    gt_put_gradients(g, m->nets[0], gt_gradients(g, m->nets[0], 0, gt_mean_loss(g, loss)), NULL);
    return gt_whole_graph(g, "phase ", p->name);
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    memcpy(gt_exec_input(e, "images"), s->images, (size_t)s->n * gt_model_floats(p->model) * sizeof(float));
    return GT_OK;
}

static gt_graph *build_generator(gt_model *m, const gt_request *o) {
    gt_graph *g = gt_graph_new("generator", m->kernels);
    if (!g) return NULL;
    gt_node *z = gt_input(g, "z", GT_SHAPE(o->n, m->z_dim));
    gt_output(g, "image", make_images(m, g, gt_scale(g, z, o->truncation), o->n));
    return gt_whole_graph(g, "the ", "generator");
}

static gt_net *new_net(const gt_model *m) {
    gt_declarer d = {.net = gt_net_new("G")};
    if (!d.net) return NULL;
    gt_fc_declare(&d, "pixels", m->z_dim, (int)gt_model_floats(m), 1, 0);
    return gt_declared(&d);
}

static gt_status make(gt_model *m, const gt_job *job) {
    static const gt_stat stats[] = {{.name = "Loss/toy", .output = "Loss/toy"}};
    static const gt_shown shown[] = {{"Loss/toy", "loss"}};
    m->own = (void *)job;
    m->epoch_end = GT_EPOCH_DROPPED;
    m->shown = shown;
    m->n_shown = 1;
    gt_model_add_role(
        m, (gt_role){.name = GT_ROLE_GENERATOR, .build = build_generator, .inputs = {"z"}, .outputs = {"image"}});
    m->phases[m->n_phases++] = (gt_phase){
        .name = "G_main",
        .interval = 1,
        .build = build_phase,
        .fill = fill,
        .n_stats = 1,
        .stats = stats,
        .model = m,
    };
    gt_learning learning = {gt_job_optimizer(job, ""), {.lr = job->lrate, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}};
    return gt_model_add_network(m, new_net(m), learning);
}

const gt_family gt_family_toy = {
    .name = "toy",
    .title = "Toys",
    .models = models,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .own_bytes = sizeof(toy_options),
    .make = make,
};
