/* SPDX-License-Identifier: Apache-2.0
 * DCGAN as a model of the training loop: networks, phases, and what is written into their graphs before each run. */
#include <math.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "networks/model/door/family.h"
#include "features/dcgan/loss.h"
#include "networks/model/door/gan.h"

enum { G = GT_DCGAN_G, D = GT_DCGAN_D, C = GT_DCGAN_C };

/* ---- before a run ---- */

/* Whether an item of the dataset is labelled is drawn once and for all. Items are found as the loader finds them
 * (sampler.h). */
static void write_labelled(gt_exec *e, const gt_phase *p, const gt_slice_input *s) {
    const gt_dcgan *own = p->model->own;
    uint64_t seed = (uint64_t)own->job->seed;
    float *to = gt_exec_input(e, GT_DCGAN_LABELLED);
    gt_steps steps = {.items = s->items, .batch = s->batch, .end = p->model->epoch_end};
    gt_sampler sampler = gt_sampler_make(seed, s->items);
    uint64_t position = gt_steps_position(&steps, s->step) + s->sample0;
    for (int i = 0; to && i < s->n; i++) {
        gt_key key = {.seed = seed,
                      .stream = gt_stream("labelled"),
                      .sample = (uint32_t)gt_sampler_item(&sampler, position + (uint64_t)i)};
        float u;
        gt_random_uniform(key, &u, 1);
        to[i] = (double)u < own->options->labelled;
    }
}

static void write_noise(gt_exec *e, const gt_dcgan_options *o, int64_t shown) {
    double images = o->instance_noise_kimg * 1000, left = images > 0 ? fmax(0, 1 - (double)shown / images) : 1;
    gt_gan_write(e, GT_DCGAN_NOISE, &(float){(float)(o->instance_noise * left)}, 1);
}

static gt_status fill(gt_phase *p, gt_exec *e, const gt_slice_input *s) {
    const gt_dcgan *own = p->model->own;
    gt_gan_write_labels(e, p, s, s->n);
    write_noise(e, own->options, s->shown);
    if (p->net != C) gt_gan_write_augmentation(e, p, s, &own->augment, "fake");
    bool both = own->options->d_batches == GT_D_BATCHES_MIXED || own->options->feature_matching;
    if (p->net == G && !both) return GT_OK; /* G's phase sees no real images */
    gt_gan_write_reals(e, p, s);
    write_labelled(e, p, s);
    gt_gan_write_augmentation(e, p, s, &own->augment, "real");
    return GT_OK;
}

/* ---- making the model ---- */

static gt_graph *build_phase(gt_phase *p, int n) {
    gt_graph *g = gt_graph_new(p->name, p->model->kernels);
    if (!g) return NULL;
    static void (*const build[])(const gt_dcgan *, gt_graph *, int) = {gt_dcgan_g_main, gt_dcgan_d_main,
                                                                       gt_dcgan_c_main};
    build[p->net](p->model->own, g, n);
    return gt_whole_graph(g, "phase ", p->name);
}

/* The phase renews the buffers of a network, which are running statistics. */
static gt_status add_states(gt_model *m, gt_phase *phase, gt_state *states, int net, const char *prefix) {
    for (int i = 0; i < m->nets[net]->n_tensors; i++) {
        const gt_tensor *t = &m->nets[net]->tensors[i];
        if (t->trainable) continue;
        const char *output = gt_arena_printf(m->arena, "%s%s", prefix, t->name);
        if (!output) return GT_NOMEM;
        states[phase->n_states++] = (gt_state){output, m->blocks[net] + t->offset, t->size};
    }
    return GT_OK;
}

/* Phases that generate renew G's statistics, those that learn from real images also their network's. */
static gt_status add_phase(gt_model *m, gt_phase phase, const char *const *stats, const bool *counts) {
    gt_state *states = gt_arena_array(m->arena, (size_t)(m->nets[G]->n_tensors + m->nets[D]->n_tensors),
                                      sizeof *states);
    gt_status st = states ? GT_OK : GT_NOMEM;
    if (!st && phase.net != C) st = add_states(m, &phase, states, G, "");
    if (!st && phase.net != G) st = add_states(m, &phase, states, phase.net, phase.net == D ? "D." : "C.");
    if (st) return st;
    phase.build = build_phase;
    phase.fill = fill;
    phase.states = states;
    return gt_gan_add_phase(m, phase, stats, counts);
}

enum {
    WITHOUT_CLASSES = 1,
    WITHOUT_JUDGEMENT = 2,
    WITHOUT_PENALTY = 4,
    WITHOUT_D_TARGETS = 8, /* all are 1 and 0 */
    WITHOUT_G_TARGETS = 16,
    WITHOUT_FLIPS = 32, /* of real images; of fake ones and of those of G's step the next bits */
    COUNTS = 1024       /* no lack: see gt_stat */
};

typedef struct series { /* and in which models it is missing */
    const char *name;
    int missing;
} series;

static gt_status add_main(gt_model *m, gt_phase phase, const series *all, int lacks) {
    const char *names[24];
    bool counts[24];
    for (; all->name; all++) {
        if (all->missing & lacks) continue;
        counts[phase.n_stats] = all->missing & COUNTS;
        names[phase.n_stats++] = all->name;
    }
    return add_phase(m, phase, names, counts);
}

/* What the log cannot have of the targets. */
static int lacking_targets(const gt_dcgan *own) {
    bool of_g = gt_dcgan_g_targets_vary(own->targets) && !own->options->feature_matching;
    int lacks = (gt_dcgan_d_targets_vary(own->targets) ? 0 : WITHOUT_D_TARGETS) | (of_g ? 0 : WITHOUT_G_TARGETS);
    for (int i = 0; i < GT_DCGAN_TARGETS; i++)
        if (!(own->targets[i].flip > 0) || (i == GT_DCGAN_MADE && !of_g)) lacks |= WITHOUT_FLIPS << i;
    return lacks;
}

static gt_status add_phases(gt_model *m, const gt_dcgan *own) {
    static const series of_d[] = {{"Loss/scores/real", 0},
                                  {"Loss/signs/real", WITHOUT_JUDGEMENT},
                                  {"Loss/scores/fake", 0},
                                  {"Loss/signs/fake", WITHOUT_JUDGEMENT},
                                  {"Loss/D/real", 0},
                                  {"Loss/D/fake", 0},
                                  {"Loss/D/loss", 0},
                                  {"Loss/D/class", WITHOUT_CLASSES},
                                  {"Accuracy/real", WITHOUT_CLASSES},
                                  {"Accuracy/D/real", WITHOUT_JUDGEMENT},
                                  {"Accuracy/D/fake", WITHOUT_JUDGEMENT},
                                  {"Loss/D/penalty", WITHOUT_PENALTY},
                                  {"Targets/real", WITHOUT_D_TARGETS},
                                  {"Targets/fake", WITHOUT_D_TARGETS},
                                  {"Targets/flipped_real", (WITHOUT_FLIPS << GT_DCGAN_REAL) | COUNTS},
                                  {"Targets/flipped_fake", (WITHOUT_FLIPS << GT_DCGAN_FAKE) | COUNTS},
                                  {"Latents/drawn", 0},
                                  {0}},
                        of_g[] = {{"Loss/scores/fake", 0},
                                  {"Loss/signs/fake", WITHOUT_JUDGEMENT},
                                  {"Loss/G/loss", 0},
                                  {"Targets/G", WITHOUT_G_TARGETS},
                                  {"Targets/flipped_G", (WITHOUT_FLIPS << GT_DCGAN_MADE) | COUNTS},
                                  {"Latents/drawn", 0},
                                  {0}},
                        of_c[] = {{"Loss/baseline", 0}, {"Accuracy/baseline", 0}, {0}};
    int lacks = (own->classes ? 0 : WITHOUT_CLASSES) | (own->loss->judges ? 0 : WITHOUT_JUDGEMENT) |
                (own->loss->penalised ? 0 : WITHOUT_PENALTY) | lacking_targets(own);
    int d_steps = own->options->d_steps > 1 ? (int)own->options->d_steps : 1;
    gt_status st = add_main(m, (gt_phase){.name = "D_main", .net = D, .interval = 1}, of_d, lacks);
    if (!st) st = add_main(m, (gt_phase){.name = "G_main", .net = G, .interval = d_steps}, of_g, lacks);
    if (st || !m->baseline) return st;
    return add_main(m, (gt_phase){.name = "C_main", .net = C, .interval = 1}, of_c, lacks);
}

/* 2 Phi(z) - 1 of a standard normal z, which makes it uniform in (-1,1): erf(z / sqrt 2) by Abramowitz and
 * Stegun, 7.1.26, with an error below 1.5e-7. So that whoever generates images draws the same latents for all models.
 */
static const float erf_terms[] = {1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f},
                   erf_pace = 0.3275911f;
enum { ERF_TERMS = sizeof erf_terms / sizeof *erf_terms };

/* The same for who wants to see what G sees. */
static void make_latents(const gt_model *m, size_t n, float *z) {
    const gt_dcgan *own = m->own;
    if (own->options->latent != GT_LATENT_IS_UNIFORM) return;
    for (size_t i = 0; i < n; i++) {
        double x = fabs((double)z[i]) * M_SQRT1_2, t = 1 / (1 + x * (double)erf_pace), sum = t * (double)erf_terms[0];
        for (int k = 1; k < ERF_TERMS; k++) sum = (sum + (double)erf_terms[k]) * t;
        z[i] = (float)copysign(1 - sum * gt_exp(-x * x), (double)z[i]);
    }
}

static gt_node *uniform_of_normal(gt_graph *g, gt_node *z) {
    gt_node *x = gt_scale(g, gt_abs(g, z), (float)M_SQRT1_2),
            *t = gt_reciprocal(g, gt_shift(g, gt_scale(g, x, erf_pace), 1));
    gt_node *sum = gt_scale(g, t, erf_terms[0]);
    for (int i = 1; i < ERF_TERMS; i++) sum = gt_mul(g, gt_shift(g, sum, erf_terms[i]), t);
    gt_node *erf = gt_shift(g, gt_neg(g, gt_mul(g, sum, gt_exp_op(g, gt_neg(g, gt_square(g, x))))), 1);
    return gt_mul(g, gt_sign(g, z), erf);
}

static gt_graph *build_generator(gt_model *m, const gt_request *o) {
    const gt_dcgan *own = m->own;
    gt_graph *g = gt_graph_new("generator", m->kernels);
    if (!g) return NULL;
    gt_node *z = gt_input(g, "z", GT_SHAPE(o->n, m->z_dim)),
            *labels = own->labels ? gt_input(g, "c", GT_SHAPE(o->n, own->labels)) : NULL;
    if (own->options->latent == GT_LATENT_IS_UNIFORM) z = uniform_of_normal(g, z);
    gt_output(
        g, "image",
        gt_dcgan_generator((gt_bound_net){g, m->nets[G], 0}, own->job, gt_scale(g, z, o->truncation), labels, NULL));
    return gt_whole_graph(g, "the ", "generator");
}

static gt_graph *build_discriminator(gt_model *m, const gt_request *r) {
    const gt_dcgan *own = m->own;
    gt_graph *g = gt_graph_new("discriminator", m->kernels);
    if (!g) return NULL;
    gt_node *images = gt_input(g, "images", GT_SHAPE(r->n, m->height, m->width, m->channels)),
            *labels = own->labels ? gt_input(g, "c", GT_SHAPE(r->n, own->labels)) : NULL;
    gt_output(g, "score", gt_dcgan_discriminator((gt_bound_net){g, m->nets[D], 0}, own->job, images, labels, NULL));
    return gt_whole_graph(g, "the ", "discriminator");
}

static gt_graph *classes_by(gt_model *m, const gt_request *r, int net) {
    const gt_dcgan *own = m->own;
    gt_graph *g = gt_graph_new("classifier", m->kernels);
    if (!g) return NULL;
    gt_node *images = gt_input(g, "images", GT_SHAPE(r->n, m->height, m->width, m->channels));
    gt_output(g, "logits", gt_dcgan_discriminator((gt_bound_net){g, m->nets[net], 0}, own->job, images, NULL, NULL));
    return gt_whole_graph(g, "the ", "classifier");
}

static gt_graph *build_classifier(gt_model *m, const gt_request *r) { return classes_by(m, r, D); }

static gt_graph *build_baseline(gt_model *m, const gt_request *r) { return classes_by(m, r, C); }

static gt_learning learning(const gt_job *job, const char *optimizer, double rate) {
    gt_learning l = gt_job_learning(job, optimizer, rate, 0.5, 0.999, 0.5);
    l.settings.history = ((const gt_dcgan_options *)job->own)->history;
    return l;
}

/* A network of D's form, which learns as D does. */
static gt_status add_baseline(gt_model *m, const gt_job *job) {
    gt_net *net = gt_dcgan_discriminator_net(job);
    if (net) net->name = "C";
    m->baseline = C;
    return gt_model_add_network(m, net, m->learning[D]);
}

/* D of semi-supervised training tells classes. */
static void add_roles(gt_model *m, const gt_dcgan *own) {
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_GENERATOR,
                                   .network = G,
                                   .build = build_generator,
                                   .inputs = {"z", "c"},
                                   .outputs = {"image"}});
    gt_model_add_role(m, (gt_role){.name = GT_ROLE_DISCRIMINATOR,
                                   .network = D,
                                   .build = build_discriminator,
                                   .inputs = {"images", "c"},
                                   .outputs = {"score"}});
    if (own->options->semi)
        gt_model_add_role(m, (gt_role){.name = GT_ROLE_CLASSIFIER,
                                       .network = D,
                                       .build = build_classifier,
                                       .inputs = {"images"},
                                       .outputs = {"logits"}});
    if (own->options->semi_baseline)
        gt_model_add_role(m, (gt_role){.name = "baseline",
                                       .network = C,
                                       .build = build_baseline,
                                       .inputs = {"images"},
                                       .outputs = {"logits"}});
}

gt_status gt_dcgan_make(gt_model *m, const gt_job *job) {
    gt_dcgan *own = m->own = gt_arena_alloc(m->arena, sizeof *own);
    if (!own) return GT_NOMEM;
    const gt_dcgan_options *o = job->own;
    *own = (gt_dcgan){.job = job,
                      .options = o,
                      .classes = o->semi ? (int)job->label_dim : 0,
                      .labels = o->semi ? 0 : (int)job->label_dim};
    gt_dcgan_find_targets(job, own->targets);
    own->loss = gt_dcgan_loss_find(job->loss);
    m->stretch = job->bn == GT_BN_BATCH ? GT_WHOLE_BATCH : 0;
    m->epoch_end = GT_EPOCH_DROPPED;
    m->average_buffers = true;
    m->unlabelled_generator = o->semi;
    m->make_latents = make_latents;
    static const gt_shown shown[] = {
        {"Loss/G/loss", "loss G"}, {"Loss/D/real", "D real"}, {"Loss/D/fake", "D fake"}, {"Accuracy/real", "accuracy"}};
    m->shown = shown;
    m->n_shown = o->semi ? 4 : 3;
    m->ada_stat = own->loss->judges ? "Loss/signs/real" : NULL;
    add_roles(m, own);
    own->augment = gt_job_augment(job);
    gt_status st = gt_model_add_network(m, gt_dcgan_generator_net(job),
                                        learning(job, job->gan.g_optimizer, job->lrate));
    if (!st)
        st = gt_model_add_network(m, gt_dcgan_discriminator_net(job), learning(job, job->gan.d_optimizer, o->d_lrate));
    if (!st && job->ema_kimg > 0) st = gt_model_average(m, G);
    if (st) return st;
    if (o->semi_baseline) st = add_baseline(m, job);
    if (st) return st;
    memcpy(own->nets, m->nets, sizeof own->nets);
    return add_phases(m, own);
}
