/* SPDX-License-Identifier: Apache-2.0
 * The autoencoder as a model of the training loop: one network, one phase. */
#include <math.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "gantry/text.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "networks/model/door/schedule.h"
#include "features/autoencoder/loss.h"
#include "features/autoencoder/prior.h"

enum { MOST_SERIES = 128 }; /* latent dimensions whose divergence has a series in the log */

static void write_scalar(gt_exec *e, const char *name, double value) {
    float *to = gt_exec_input(e, name);
    if (to) *to = (float)value;
}

/* For each code 0, or, in the slice in which it begins again if it has become rare, slices / weight, where the weight
 * is n slices / batch. A slice of one image is that of an image of the batch, drawn for each code. Larger slices are
 * those of an earlier version or were asked for: all codes begin in the first one. */
static void write_restarts(gt_exec *e, const gt_slice_input *s, int codes) {
    float *to = gt_exec_input(e, GT_AE_RESTART);
    gt_key key = {.seed = s->seed, .stream = gt_stream("restart image/AE_main"), .step = s->step};
    for (int k = 0; k < codes && to; k++) {
        key.sample = (uint32_t)k;
        uint32_t chosen = s->n == 1 ? gt_random_below(key, 0, (uint32_t)s->batch) : 0;
        to[k] = s->sample0 == chosen ? (float)((double)s->batch / s->n) : 0;
    }
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_model *m = p->model;
    const gt_autoencoder *a = m->own;
    const gt_autoencoder_options *o = a->options;
    memcpy(gt_exec_input(e, "images"), s->images, (size_t)s->n * gt_model_floats(m) * sizeof(float));
    if (m->label_dim) memcpy(gt_exec_input(e, "c"), s->labels, (size_t)s->n * (size_t)m->label_dim * sizeof(float));
    double shown = (double)s->shown, cooling = o->temperature_kimg * 1000;
    gt_growth beta = {.from = o->beta_start,
                      .to = o->beta,
                      .length = o->kl_warmup * 1000,
                      .hold = (o->kl_hold > 0 ? o->kl_hold : o->kl_warmup) * 1000,
                      .cycles = o->kl_cycles};
    double cooled = cooling > 0 ? o->temperature * gt_exp(-shown / cooling) : o->temperature;
    write_scalar(e, GT_AE_BATCH, s->batch);
    write_scalar(e, GT_AE_BETA, gt_growth_at(&beta, shown));
    write_scalar(e, GT_AE_TEMPERATURE, fmax(cooled, o->temperature_min));
    write_restarts(e, s, (int)o->codes);
    return GT_OK;
}

static gt_graph *build_phase(gt_phase *p, int n) {
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    gt_autoencoder_loss(p->model->own, g, n);
    return gt_whole_graph(g, "", p->name);
}

static gt_node *to_image(gt_graph *g, const gt_job *c, gt_decoder_output decoded) {
    return gt_shift(g, gt_scale(g, gt_autoencoder_pixels(g, c, decoded), 2), -1);
}

/* Discrete latents: a token's code is the place of the largest of `codes` normal numbers, so that all codes are equally
 * likely. */
static gt_graph *build_generator(gt_model *m, const gt_request *o) {
    const gt_autoencoder *a = m->own;
    const gt_job *c = a->job;
    gt_graph *g = gt_graph_new("generator", m->kernels);
    if (!g) return NULL;
    gt_bound_net b = {g, m->nets[0], 0};
    gt_node *z = gt_scale(g, gt_input(g, "z", GT_SHAPE(o->n, m->z_dim)), o->truncation);
    if (gt_latent_is_discrete(c)) {
        gt_node *chosen = gt_one_hot_max(g,
                                         gt_reshape(g, z, GT_SHAPE(o->n, gt_autoencoder_tokens(c), a->options->codes)));
        z = gt_autoencoder_look_up(g, chosen, gt_autoencoder_codes(b, c));
    }
    gt_decoder_output made = gt_autoencoder_decode(b, c, z, gt_autoencoder_label_input(g, c, o->n));
    gt_output(g, "image", to_image(g, c, made));
    if (made.log_variance) gt_output(g, "log_variance", made.log_variance);
    return gt_whole_graph(g, "the ", "decoder");
}

/* The input "images" in -1..1, as pixels in 0..1. */
static gt_node *from_images(gt_graph *g, const gt_job *c, int n) {
    gt_node *images = gt_input(g, "images", GT_SHAPE(n, c->height, c->width, c->channels));
    return gt_scale(g, gt_shift(g, images, 1), 0.5f);
}

static gt_graph *build_encoder(gt_model *m, const gt_request *r) {
    const gt_autoencoder *a = m->own;
    const gt_job *c = a->job;
    gt_graph *g = gt_graph_new("encoder", m->kernels);
    if (!g) return NULL;
    gt_node *pixels = from_images(g, c, r->n);
    gt_reconstruction made = gt_autoencoder_reconstruct(a, (gt_bound_net){g, m->nets[0], 0}, pixels,
                                                        gt_autoencoder_label_input(g, c, r->n));
    gt_output(g, "latent", made.latent);
    gt_output(g, "image", to_image(g, c, made.decoded));
    gt_output(g, "error", gt_autoencoder_pixel_loss(a, g, made.decoded, pixels));
    if (made.encoding.log_variance) gt_output(g, "log_variance", made.encoding.log_variance);
    if (made.decoded.log_variance) gt_output(g, "image_log_variance", made.decoded.log_variance);
    return gt_whole_graph(g, "the ", "encoder");
}

static gt_graph *build_features(gt_model *m, const gt_request *r) {
    const gt_autoencoder *a = m->own;
    const gt_job *c = a->job;
    gt_graph *g = gt_graph_new("features", m->kernels);
    if (!g) return NULL;
    gt_node *pixels = from_images(g, c, r->n);
    gt_output(g, "features", gt_autoencoder_reconstruct(a, (gt_bound_net){g, m->nets[0], 0}, pixels, NULL).latent);
    m->features_layer = "latent";
    return gt_whole_graph(g, "the ", "encoder");
}

/* Values that the phase renews: the codes' running sums, and what the log says of latent dimensions. */
static gt_status add_phase(gt_model *m, gt_autoencoder *a) {
    static const char *const names[] = {"Loss/reconstruction", "Loss/total", "Loss/KL", "Loss/commitment",
                                        "Codes/perplexity"};
    enum { TERMS = 5, WEIGHT = 1 };
    static const int terms[][TERMS] = {[GT_LATENT_PLAIN] = {1, 1},
                                       [GT_LATENT_NORMAL] = {1, 1, 1},
                                       [GT_LATENT_GUMBEL] = {1, 1, 1, 0, 1},
                                       [GT_LATENT_VQ] = {1, 1, 0, 1, 1}};
    const gt_job *c = a->job;
    gt_phase *p = &m->phases[m->n_phases++];
    int dimensions = a->options->latent != GT_LATENT_NORMAL ? 0 : c->z_dim < MOST_SERIES ? (int)c->z_dim : MOST_SERIES;
    gt_stat *mine = gt_arena_array(m->arena, TERMS + WEIGHT + (size_t)dimensions, sizeof *mine);
    gt_state *states = gt_arena_array(m->arena, 2, sizeof *states);
    *p = (gt_phase){.name = "AE_main",
                    .interval = 1,
                    .build = build_phase,
                    .fill = fill,
                    .stats = mine,
                    .states = states,
                    .model = m};
    gt_shown *shown = gt_arena_array(m->arena, TERMS, sizeof *shown);
    if (!mine || !states || !shown) return GT_NOMEM;
    m->shown = shown;
    m->loss_stat = names[1];
    for (int i = 0; i < TERMS; i++) {
        if (!terms[a->options->latent][i]) continue;
        mine[p->n_stats++] = (gt_stat){.name = names[i], .output = names[i]};
        if (i != 1) shown[m->n_shown++] = (gt_shown){names[i], strchr(names[i], '/') + 1}; /* not the total */
    }
    if (a->options->kl_warmup > 0 && terms[a->options->latent][2])
        mine[p->n_stats++] = (gt_stat){.name = "KL/weight", .output = "KL/weight"};
    for (int i = 0; i < dimensions; i++) {
        const char *name = gt_arena_printf(m->arena, "KL/dimension_%03d", i);
        if (!name) return GT_NOMEM;
        mine[p->n_stats++] = (gt_stat){
            .name = name, .output = GT_AE_DIVERGENCES, .column = i, .columns = (int)c->z_dim};
    }
    for (int i = 0; i < 2 && a->options->latent == GT_LATENT_VQ; i++) {
        const gt_tensor *t = gt_net_find(m->nets[0], i ? "latent.sum" : "latent.count");
        states[p->n_states++] = (gt_state){t->name, m->blocks[0] + t->offset, t->size};
    }
    if (a->options->latent == GT_LATENT_NORMAL)
        states[p->n_states++] = (gt_state){"divergence", a->divergence, (size_t)c->z_dim};
    return GT_OK;
}

/* Latent dimensions that carry nothing: posterior collapse. */
static void remark(const gt_model *m, char *text, size_t bytes) {
    enum { NAMED = 12 };
    const gt_autoencoder *a = m->own;
    const double nothing = 0.01; /* nats */
    int idle = 0, named = 0, all = (int)a->job->z_dim;
    for (int i = 0; a->divergence && i < all; i++) idle += (double)a->divergence[i] < nothing;
    if (!idle) return;
    size_t at = (size_t)snprintf(text, bytes, "%d of %d latent dimension%s nothing (divergence below %g): number%s",
                                 idle, all,
                                 all == 1    ? " carries"
                                 : idle == 1 ? "s carries"
                                             : "s carry",
                                 nothing, gt_plural(idle));
    for (int i = 0; i < all && named < NAMED && at < bytes; i++)
        if ((double)a->divergence[i] < nothing)
            at += (size_t)snprintf(text + at, bytes - at, "%s%d", named++ ? "," : " ", i);
    if (idle > NAMED && at < bytes) snprintf(text + at, bytes - at, " ...");
}

/* Numbers of codes have no distances, and pictures whose features are wanted have no labels. */
static void add_roles(gt_model *m, const gt_job *job) {
    const gt_autoencoder_options *o = job->own;
    bool normal = o->latent == GT_LATENT_NORMAL, diverges = normal || o->latent == GT_LATENT_GUMBEL;
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_ENCODER,
                                   .batch = 32,
                                   .build = build_encoder,
                                   .inputs = {"images", "c"},
                                   .outputs = {"latent", "image", "error", normal ? "log_variance" : NULL}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_GENERATOR,
                                   .build = build_generator,
                                   .inputs = {"z", "c"},
                                   .outputs = {"image", o->recon == GT_RECON_NORMAL ? "log_variance" : NULL}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_LOSSES,
                                   .batch = 32,
                                   .build = gt_autoencoder_own_losses,
                                   .inputs = {"images", "c"},
                                   .outputs = {"reconstruction", diverges ? "KL" : NULL, diverges ? "ELBO" : NULL}});
    if (normal)
        gt_model_add_role(m, (gt_role){.name = GT_ROLE_DENSITY,
                                       .batch = 8,
                                       .build = gt_autoencoder_density,
                                       .inputs = {"images", "c"},
                                       .outputs = {"observation", "ratio"}});
    if (gt_latent_is_discrete(job)) return;
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_LATENT_LOSS,
                                   .batch = 32,
                                   .build = gt_autoencoder_latent_loss,
                                   .inputs = {"images", "z", "c"},
                                   .outputs = {"loss", "gradient"}});
    if (!job->label_dim)
        gt_model_add_role(
            m, (gt_role){
                   .name = GT_ROLE_FEATURES, .build = build_features, .inputs = {"images"}, .outputs = {"features"}});
}

gt_status gt_autoencoder_make(gt_model *m, const gt_job *job) {
    gt_autoencoder *a = m->own = gt_arena_alloc(m->arena, sizeof *a);
    if (!a) return GT_NOMEM;
    const gt_autoencoder_options *o = job->own;
    *a = (gt_autoencoder){.job = job, .options = o};
    m->epoch_end = GT_EPOCH_SHORT;
    m->latent_size = gt_autoencoder_tokens(job);
    gt_learning learning = gt_job_learning(job, "", job->lrate, 0.9, 0.999, 0);
    gt_status st;
    if ((st = gt_model_add_network(m, gt_autoencoder_net(job), learning))) return st;
    a->net = m->nets[0];
    if (o->prior) return gt_prior_make(m, job);
    add_roles(m, job);
    m->pixels = "0 to 1";
    if (gt_latent_is_discrete(job)) m->z_dim = m->latent_size * (int)o->codes;
    m->remark = remark;
    if (o->latent == GT_LATENT_NORMAL) {
        m->pixel_variance = gt_autoencoder_pixel_variance(job);
        gt_scalar_state *state = gt_arena_alloc(m->arena, sizeof *state);
        a->divergence = gt_arena_array(m->arena, (size_t)job->z_dim, sizeof *a->divergence);
        if (!state || !a->divergence) return GT_NOMEM;
        *state = (gt_scalar_state){"divergence", "nats",
                                   "Divergence of each dimension of the latent at the latest step", a->divergence,
                                   (size_t)job->z_dim};
        m->scalars = state;
        m->n_scalars = 1;
    }
    return add_phase(m, a);
}
