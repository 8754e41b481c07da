/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 as a model of the training loop: networks, phases, and what is written into their graphs before each run.
 */
#include <math.h>
#include <string.h>

#include "base/door/numbers.h"
#include "networks/model/door/family.h"
#include "networks/model/door/model.h"
#include "base/door/random.h"
#include "networks/model/door/gan.h"
#include "features/stylegan2/loss.h"
#include "features/stylegan2/import.h"
#include "networks/nets/door/layers.h"

/* ---- before a run ---- */

/* One cut for the whole batch, so that slices do not change what is computed: from there on the second latent rules;
 * with probability 1 - style_mixing nowhere. */
static void write_mix_mask(gt_exec *e, const gt_phase *p, const gt_slice_input *s, const gt_stylegan2 *own) {
    float *to = gt_exec_input(e, "mix_mask");
    if (!to) return;
    gt_key key = {.seed = s->seed, .stream = gt_stream(gt_text_of("mix/%s", p->name).s), .step = s->step};
    int num_ws = own->mapping.num_ws, cut = 1 + (int)gt_random_below(key, 0, (uint32_t)num_ws - 1);
    float draws[2]; /* the first position of the stream went into the cut */
    gt_random_uniform(key, draws, 2);
    if (draws[1] >= own->options->style_mixing) cut = num_ws;
    for (int i = 0; i < num_ws; i++) to[i] = i >= cut;
}

/* Where a slice holds no equal parts of all stddev groups: ones where a sample belongs to a group. */
static void write_stddev_groups(gt_exec *e, const gt_slice_input *s, const gt_discriminator_config *c) {
    float *to = gt_exec_input(e, GT_STDDEV_GROUPS);
    int groups = to ? c->mbstd_batch / c->mbstd_group_size : 0;
    for (int i = 0; i < s->n && to; i++)
        for (int k = 0; k < groups; k++) to[i * groups + k] = ((int)s->sample0 + i) % c->mbstd_batch % groups == k;
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_stylegan2 *own = p->model->own;
    const gt_stylegan2_phase *kind = p->own;
    if (kind->generates) {
        gt_gan_write_labels(e, p, s, gt_stylegan2_samples(own, kind, s->n));
        write_mix_mask(e, p, s, own);
    }
    if (kind->sees_reals) gt_gan_write_reals(e, p, s);
    write_stddev_groups(e, s, &own->discriminator);
    if (kind->sees_fakes) gt_gan_write_augmentation(e, p, s, &own->augment, "fake");
    if (kind->sees_reals) gt_gan_write_augmentation(e, p, s, &own->augment, "real");
    return GT_OK;
}

static gt_status prepare(gt_phase *p, gt_exec *e) {
    gt_gan_write(e, "pl_mean", &((gt_stylegan2 *)p->model->own)->pl_mean, 1);
    return GT_OK;
}

/* ---- making the model ---- */

static gt_graph *build_phase(gt_phase *p, int n) {
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    const gt_stylegan2_phase *kind = p->own;
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
                  .own_slices = gt_stylegan2_own_cut(own, kind) ? own->own_slices : 0,
                  .states = states,
                  .own = kind};
    while (kind->stats[p.n_stats]) p.n_stats++;
    const gt_tensor *average = gt_net_find(m->nets[0], "mapping.w_avg");
    if (kind->generates && average)
        states[p.n_states++] = (gt_state){"w_avg", m->blocks[0] + average->offset, average->size};
    if (kind->generates && kind->regularises) states[p.n_states++] = (gt_state){"pl_mean", &own->pl_mean, 1};
    return gt_gan_add_phase(m, p, kind->stats, NULL);
}

/* Inputs "z" and "c", and the styles that the mapping network makes of them. */
static gt_node *styles_of(gt_model *m, gt_bound_net b, const gt_request *o) {
    gt_graph *g = b.graph;
    gt_node *z = m->z_dim > 0 ? gt_input(g, "z", GT_SHAPE(o->n, m->z_dim)) : NULL;
    gt_node *c = m->label_dim > 0 ? gt_input(g, "c", GT_SHAPE(o->n, m->label_dim)) : NULL;
    gt_node *psi = o->truncation_input ? gt_input(g, "truncation", GT_SCALAR) : NULL;
    return gt_mapping(b, "mapping.", &((gt_stylegan2 *)m->own)->mapping, z, c,
                      &(gt_mapping_options){o->truncation, psi, .cutoff = o->truncation_cutoff});
}

static gt_graph *build_mapping(gt_model *m, const gt_request *o) {
    gt_graph *g = gt_graph_new("mapping", m->kernels);
    if (!g) return NULL;
    gt_output(g, "ws", styles_of(m, (gt_bound_net){g, m->nets[0], 0}, o));
    return gt_whole_graph(g, "the ", "mapping network");
}

static gt_status check_truncation(const gt_model *m, const float *params) {
    const gt_tensor *t = gt_net_find(m->nets[0], "mapping.w_avg");
    for (size_t i = 0; t && i < t->size; i++)
        if (!isfinite(params[t->offset + i]))
            return gt_fail(GT_FORMAT, "the network's average of styles (mapping.w_avg) holds a value that is not a "
                                      "finite number: it makes pictures only without truncation");
    return GT_OK;
}

static int style_maps(const gt_model *m, int layer, gt_style_map *maps) {
    const gt_stylegan2 *own = m->own;
    return gt_synthesis_style_maps(m->nets[0], "synthesis.", &own->synthesis, layer, maps);
}

static gt_graph *build_generator(gt_model *m, const gt_request *o) {
    const gt_stylegan2 *own = m->own;
    gt_synthesis_options synthesis = {.noise = o->noise_mode};
    gt_graph *g = gt_graph_new("generator", m->kernels);
    if (!g) return NULL;
    gt_bound_net b = {g, m->nets[0], 0};
    gt_node *ws = o->from_styles ? gt_input(g, "ws", GT_SHAPE(o->n, m->num_ws, m->w_dim)) : styles_of(m, b, o);
    gt_output(g, "image", gt_synthesis(b, "synthesis.", &own->synthesis, ws, &synthesis));
    return gt_whole_graph(g, "the ", "generator");
}

static gt_graph *build_discriminator(gt_model *m, const gt_request *r) {
    const gt_stylegan2 *own = m->own;
    gt_discriminator_config config = own->discriminator;
    gt_graph *g = gt_graph_new("discriminator", m->kernels);
    if (!g) return NULL;
    config.mbstd_batch = 0; /* of the images at hand */
    gt_node *images = gt_input(g, "images", GT_SHAPE(r->n, m->height, m->width, m->channels)),
            *c = m->label_dim > 0 ? gt_input(g, "c", GT_SHAPE(r->n, m->label_dim)) : NULL;
    gt_output(g, "score", gt_discriminator((gt_bound_net){g, m->nets[1], 0}, "", &config, images, c));
    return gt_whole_graph(g, "the ", "discriminator");
}

static int discriminator_maps(gt_model *m, gt_graph *g, gt_node *images, gt_node **maps) {
    const gt_stylegan2 *own = m->own;
    return gt_discriminator_maps((gt_bound_net){g, m->nets[1], 1}, "", &own->discriminator, images, maps);
}

/* Slowed for the updates that lazy regularisation adds (docs/mathematics/stylegan2-ada.md#lazy-regularisation), also
 * where the regulariser has no weight, as cifar's path length. */
static gt_learning learning(const gt_job *job, const char *optimizer, int interval) {
    gt_learning l = gt_job_learning(job, optimizer, job->lrate, 0, job->beta2 > 0 ? job->beta2 : 0.99, 0);
    l.settings = gt_optimizer_lazy(gt_optimizer_find(l.optimizer), l.settings, interval);
    return l;
}

/* The generator's inputs are those of the request: "z" and "c", or "ws". */
static void add_roles(gt_model *m) {
    gt_model_add_role(
        m, (gt_role){.name = GT_ROLE_GENERATOR, .build = build_generator, .inputs = {"z", "c"}, .outputs = {"image"}});
    gt_model_add_role(
        m, (gt_role){.name = GT_ROLE_MAPPING, .build = build_mapping, .inputs = {"z", "c"}, .outputs = {"ws"}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_DISCRIMINATOR,
                                   .network = 1,
                                   .build = build_discriminator,
                                   .inputs = {"images", "c"},
                                   .outputs = {"score"}});
}

gt_status gt_stylegan2_make(gt_model *m, const gt_job *job, const gt_generator_config *generator,
                            const gt_discriminator_config *discriminator) {
    gt_stylegan2 *own = m->own = gt_arena_alloc(m->arena, sizeof *own);
    gt_scalar_state *scalars = gt_arena_alloc(m->arena, sizeof *scalars);
    if (!own || !scalars) return GT_NOMEM;
    *own = (gt_stylegan2){.options = job->own,
                          .mapping = gt_generator_mapping(generator),
                          .synthesis = generator->synthesis,
                          .discriminator = *discriminator,
                          .reg_interval = {4, 16},
                          .own_slices = (int)gt_largest(1, job->batch / GT_STYLEGAN2_PL_SHRINK),
                          .noise = GT_NOISE_RANDOM};
    *scalars = (gt_scalar_state){
        "pl_mean", "", "Running mean of path lengths, which path length regularisation aims at", &own->pl_mean, 1};
    m->stretch = discriminator->mbstd_batch > m->slice_size ? discriminator->mbstd_batch : 0;
    m->scalars = scalars;
    m->n_scalars = 1;
    static const gt_shown shown[] = {{"Loss/G/loss", "loss G"}, {"Loss/D/loss", "loss D"}};
    m->shown = shown;
    m->n_shown = 2;
    m->ada_stat = "Loss/signs/real";
    add_roles(m);
    m->check_truncation = check_truncation;
    m->style_maps = style_maps;
    m->num_ws = own->mapping.num_ws;
    m->w_dim = own->mapping.w_dim;
    m->reference = gt_stylegan2_reference(m);
    m->discriminator_maps = discriminator_maps;

    own->augment = gt_job_augment(job);
    gt_status st = gt_model_add_network(m, gt_generator_net("G", generator),
                                        learning(job, job->gan.g_optimizer, own->reg_interval[0]));
    if (!st)
        st = gt_model_add_network(m, gt_discriminator_net("D", discriminator),
                                  learning(job, job->gan.d_optimizer, own->reg_interval[1]));
    if (!st) st = gt_model_average(m, 0);
    if (st) return st;
    memcpy(own->nets, m->nets, sizeof own->nets);
    for (int i = 0; i < GT_STYLEGAN2_PHASES && !st; i++)
        if (gt_stylegan2_interval(own, &gt_stylegan2_phases[i])) st = add_phase(m, own, &gt_stylegan2_phases[i]);
    return st;
}
