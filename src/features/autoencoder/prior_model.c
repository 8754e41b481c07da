/* SPDX-License-Identifier: Apache-2.0
 * The prior of codes as a model of the training loop: its loss, and pictures of codes drawn from it. */
#include <string.h>

#include "graph/door/ops.h"
#include "features/autoencoder/loss.h"
#include "features/autoencoder/prior.h"

/* ---- training ---- */

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_model *m = p->model;
    memcpy(gt_exec_input(e, "images"), s->images, (size_t)s->n * gt_model_floats(m) * sizeof(float));
    if (m->label_dim) memcpy(gt_exec_input(e, "c"), s->labels, (size_t)s->n * (size_t)m->label_dim * sizeof(float));
    return GT_OK;
}

/* Negative log-likelihood of the codes of images, in nats per code: [n]. */
static gt_node *loss_of(const gt_autoencoder *a, gt_graph *g, int n) {
    const gt_job *c = a->job;
    gt_bound_net b = {g, a->net, 0};
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels));
    gt_encoding e = gt_autoencoder_encode(b, c, gt_scale(g, gt_shift(g, images, 1), 0.5f), NULL);
    gt_node *codes = e.logits ? gt_one_hot_max(g, e.logits)
                              : gt_autoencoder_nearest(g, e.vectors, gt_autoencoder_codes(b, c));
    codes = gt_stop_gradient(g, codes);
    gt_node *each = gt_cross_entropy(g, gt_prior_logits(b, c, codes, gt_autoencoder_label_input(g, c, n)), codes);
    return gt_reshape(g, gt_mean(g, each, GT_AXIS(1) | GT_AXIS(2)), GT_SHAPE(n));
}

static gt_graph *build_phase(gt_phase *p, int n) {
    const gt_autoencoder *a = p->model->own;
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    gt_scope_push(g, "AE");
    gt_node *loss = loss_of(a, g, n);
    gt_scope_pop(g);
    gt_output(g, "Loss/codes", loss);
    gt_put_gradients(g, a->net, gt_gradients(g, a->net, 0, gt_mean_loss(g, loss)), NULL);
    return gt_whole_graph(g, "", p->name);
}

static gt_graph *build_losses(gt_model *m, const gt_request *r) {
    gt_graph *g = gt_graph_new("test losses", m->kernels);
    if (!g) return NULL;
    gt_output(g, "codes", loss_of(m->own, g, r->n));
    return gt_whole_graph(g, "the ", "test losses");
}

/* ---- pictures ---- */

/* Two normal numbers x and y for each code of each token: (x^2 + y^2) / 2 has the exponential distribution, and minus
 * its logarithm is Gumbel noise. Logits over T and noise choose as logits and T times the noise do. */
static gt_graph *build_generator(gt_model *m, const gt_request *o) {
    const gt_autoencoder *a = m->own;
    const gt_job *c = a->job;
    if (o->truncation < 1) {
        gt_fail(GT_USAGE, "--trunc: a prior of codes has no truncation; use --temperature=0.8 for less variety");
        return NULL;
    }
    gt_graph *g = gt_graph_new("generator", m->kernels);
    if (!g) return NULL;
    gt_bound_net b = {g, m->nets[0], 0};
    int64_t tokens = gt_autoencoder_tokens(c), codes = a->options->codes;
    gt_node *z = gt_reshape(g, gt_input(g, "z", GT_SHAPE(o->n, m->z_dim)), GT_SHAPE(o->n, tokens, 2, codes));
    gt_node *waiting = gt_scale(g, gt_reshape(g, gt_sum(g, gt_square(g, z), GT_AXIS(2)), GT_SHAPE(o->n, tokens, codes)),
                                0.5f);
    gt_node *noise = gt_scale(g, gt_log_op(g, waiting), o->temperature > 0 ? -o->temperature : -1);
    gt_node *drawn = gt_prior_draw(b, c, noise, gt_autoencoder_label_input(g, c, o->n));
    gt_output(g, "codes", drawn);
    gt_decoder_output decoded = gt_autoencoder_decode(
        b, c, gt_autoencoder_look_up(g, drawn, gt_autoencoder_codes(b, c)), NULL);
    gt_output(g, "image", gt_shift(g, gt_scale(g, gt_autoencoder_pixels(g, c, decoded), 2), -1));
    return gt_whole_graph(g, "the ", "generator");
}

gt_status gt_prior_make(gt_model *m, const gt_job *job) {
    static const gt_stat stats[] = {{.name = "Loss/codes", .output = "Loss/codes"}};
    static const gt_shown shown[] = {{"Loss/codes", "nats per code"}};
    const gt_autoencoder_options *o = job->own;
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_GENERATOR,
                                   .build = build_generator,
                                   .inputs = {"z", "c"},
                                   .outputs = {"image", "codes"}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_LOSSES,
                                   .batch = 32,
                                   .build = build_losses,
                                   .inputs = {"images", "c"},
                                   .outputs = {"codes"}});
    m->draws_codes = true;
    m->z_dim = 2 * gt_autoencoder_tokens(job) * (int)o->codes;
    m->shown = shown;
    m->n_shown = 1;
    m->loss_stat = stats[0].name;
    m->phases[m->n_phases++] = (gt_phase){.name = "AE_prior",
                                          .interval = 1,
                                          .build = build_phase,
                                          .fill = fill,
                                          .n_stats = 1,
                                          .stats = stats,
                                          .model = m};
    return GT_OK;
}
