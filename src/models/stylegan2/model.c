/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 as a model of the training loop: networks, phases, and what is written into their graphs before each run.
 */
#include <string.h>

#include "gantry/model.h"
#include "gantry/random.h"
#include "model/gan.h"
#include "models/stylegan2/loss.h"

gt_stylegan2_train_config gt_stylegan2_train_defaults(void) {
    return (gt_stylegan2_train_config){.generator = {gt_mapping_defaults(), gt_synthesis_defaults()},
                                       .discriminator = gt_discriminator_defaults(),
                                       .augment = gt_augment_off(),
                                       .slice_size = 1,
                                       .lr = 0.002,
                                       .g_optimizer = "adam",
                                       .d_optimizer = "adam",
                                       .r1_gamma = 10,
                                       .pl_weight = 2,
                                       .pl_decay = 0.01,
                                       .pl_batch_shrink = 2,
                                       .style_mixing = 0.9,
                                       .g_reg_interval = 4,
                                       .d_reg_interval = 16,
                                       .noise = GT_NOISE_RANDOM};
}

/* ---- before a run ---- */

/* One cut for the whole batch, so that slices do not change what is computed: from there on the second latent rules;
 * with probability 1 - style_mixing nowhere. */
static void write_mix_mask(gt_exec *e, const gt_phase *p, const gt_slice_input *s, const gt_stylegan2 *own) {
    float *to = gt_exec_input(e, "mix_mask");
    if (!to) return;
    char stream[64];
    snprintf(stream, sizeof stream, "mix/%s", p->name);
    gt_key key = {.seed = s->seed, .stream = gt_stream(stream), .step = s->step};
    int num_ws = own->mapping.num_ws, cut = 1 + (int)gt_random_below(key, 0, (uint32_t)num_ws - 1);
    float draws[2]; /* the first position of the stream went into the cut */
    gt_random_uniform(key, draws, 2);
    if (draws[1] >= own->config.style_mixing) cut = num_ws;
    for (int i = 0; i < num_ws; i++) to[i] = i >= cut;
}

static const gt_stylegan2_phase *kind_of(const gt_phase *p) {
    const gt_stylegan2_phase *kind = gt_stylegan2_phases;
    while (strcmp(kind->name, p->name)) kind++;
    return kind;
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_stylegan2 *own = p->model->own;
    const gt_stylegan2_phase *kind = kind_of(p);
    if (kind->generates) {
        gt_gan_write_labels(e, p, s, gt_stylegan2_samples(own, kind, s->n));
        write_mix_mask(e, p, s, own);
    }
    if (kind->sees_reals) gt_gan_write_reals(e, p, s);
    gt_status st = kind->sees_fakes ? gt_gan_write_augmentation(e, p, s, &own->config.augment, "fake") : GT_OK;
    return st || !kind->sees_reals ? st : gt_gan_write_augmentation(e, p, s, &own->config.augment, "real");
}

static gt_status prepare(gt_phase *p, gt_exec *e) {
    gt_gan_write(e, "pl_mean", &((gt_stylegan2 *)p->model->own)->pl_mean, 1);
    return GT_OK;
}

/* ---- making the model ---- */

static gt_graph *build_phase(gt_phase *p, int n) {
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    const gt_stylegan2_phase *kind = kind_of(p);
    kind->build(p->model->own, kind, g, n);
    return gt_whole_graph(g, "phase ", p->name);
}

static gt_status add_phase(gt_model *m, gt_stylegan2 *own, const gt_stylegan2_phase *kind) {
    gt_state *states = gt_arena_array(m->arena, 2, sizeof *states);
    if (!states) return GT_NOMEM;
    gt_phase p = {.name = kind->name,
                  .net = kind->net,
                  .interval = gt_stylegan2_interval(own, kind),
                  .build = build_phase,
                  .prepare = prepare,
                  .fill = fill,
                  .states = states};
    const gt_tensor *average = gt_net_find(m->nets[0], "mapping.w_avg");
    if (kind->generates && average)
        states[p.n_states++] = (gt_state){"w_avg", m->blocks[0] + average->offset, average->size};
    if (kind->generates && kind->regularises) states[p.n_states++] = (gt_state){"pl_mean", &own->pl_mean, 1};
    return gt_gan_add_phase(m, p, kind->stats);
}

static gt_graph *build_generator(gt_model *m, const gt_generate_options *o) {
    const gt_stylegan2 *own = m->own;
    gt_synthesis_options synthesis = {0};
    if (!gt_noise_mode_find(o->noise_mode, &synthesis.noise)) {
        gt_fail(GT_USAGE, "unknown noise mode '%s': const, random or none", o->noise_mode);
        return NULL;
    }
    gt_graph *g = gt_graph_new("generator", m->kernels);
    if (!g) return NULL;
    gt_bound_net b = {g, m->nets[0], 0};
    gt_node *z = m->z_dim > 0 ? gt_input(g, "z", GT_SHAPE(o->n, m->z_dim)) : NULL;
    gt_node *c = m->label_dim > 0 ? gt_input(g, "c", GT_SHAPE(o->n, m->label_dim)) : NULL;
    gt_node *ws = gt_mapping(b, "mapping.", &own->mapping, z, c,
                             &(gt_mapping_options){.truncation = o->truncation, .cutoff = o->truncation_cutoff});
    gt_output(g, "image", gt_synthesis(b, "synthesis.", &own->config.generator.synthesis, ws, &synthesis));
    return gt_whole_graph(g, "the ", "generator");
}

/* Slowed for the updates that lazy regularisation adds (spec 4.3), also where the regulariser has no weight, as cifar's
 * path length. */
static gt_learning learning(const char *optimizer, double rate, int interval) {
    gt_optimizer_settings settings = {.lr = rate, .beta1 = 0, .beta2 = 0.99, .eps = 1e-8};
    return (gt_learning){optimizer, gt_optimizer_lazy(gt_optimizer_find(optimizer), settings, interval)};
}

static gt_status build(gt_model *m, const gt_stylegan2_train_config *c) {
    gt_stylegan2 *own = m->own = gt_arena_alloc(m->arena, sizeof *own);
    gt_scalar_state *scalars = gt_arena_alloc(m->arena, sizeof *scalars);
    if (!own || !scalars) return GT_NOMEM;
    if (c->slice_size < 1 || c->pl_batch_shrink < 1 || c->g_reg_interval < 1 || c->d_reg_interval < 1)
        return gt_fail(GT_USAGE,
                       "slices of %d images, path length on 1/%d of them, intervals %d and %d: all must be at least 1",
                       c->slice_size, c->pl_batch_shrink, c->g_reg_interval, c->d_reg_interval);
    const gt_synthesis_config *s = &c->generator.synthesis;
    *own = (gt_stylegan2){.config = *c, .mapping = gt_generator_mapping(&c->generator)};
    *scalars = (gt_scalar_state){"pl_mean", &own->pl_mean, 1};
    m->name = "stylegan2";
    m->slice_size = c->slice_size;
    m->over_slices = c->discriminator.mbstd_batch > c->slice_size;
    m->scalars = scalars;
    m->n_scalars = 1;
    m->z_dim = own->mapping.z_dim, m->label_dim = own->mapping.c_dim;
    m->height = s->height, m->width = s->width, m->channels = s->channels;
    static const gt_shown shown[] = {{"Loss/G/loss", "loss G"}, {"Loss/D/loss", "loss D"}};
    m->shown = shown;
    m->n_shown = 2;
    m->ada_stat = "Loss/signs/real";
    m->build_generator = build_generator;

    gt_status st = gt_model_add_network(m, gt_generator_net("G", &c->generator), c->seed,
                                        learning(c->g_optimizer, c->lr, c->g_reg_interval));
    if (!st)
        st = gt_model_add_network(m, gt_discriminator_net("D", &c->discriminator), c->seed,
                                  learning(c->d_optimizer, c->lr, c->d_reg_interval));
    if (!st) st = gt_gan_average(m, 0);
    if (st) return st;
    memcpy(own->nets, m->nets, sizeof own->nets);
    for (int i = 0; i < GT_STYLEGAN2_PHASES && !st; i++)
        if (gt_stylegan2_interval(own, &gt_stylegan2_phases[i])) st = add_phase(m, own, &gt_stylegan2_phases[i]);
    return st;
}

gt_model *gt_stylegan2_model_new(const gt_stylegan2_train_config *c) {
    gt_model *m = gt_model_begin();
    return m ? gt_model_made(m, build(m, c)) : NULL;
}
