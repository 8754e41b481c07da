/* SPDX-License-Identifier: Apache-2.0
 * Running a training phase of the model on recorded inputs. */
#include "../augment_draws.h"
#include "base/door/memory.h"
#include "phase.h"

#include <string.h>

gold_training gold_training_of(gold *f, json_t *loss, const char *noise_mode) {
    gold_training t = {.generator = gold_generator_config(gold_get(f->config, "G")),
                       .discriminator = gold_discriminator_config(gold_get(f->config, "D")),
                       .augment = gt_augment_off(),
                       .reg_interval = {4, 16},
                       .options = {.gamma = gold_number(loss, "r1_gamma", 10),
                                   .pl_weight = gold_number(loss, "pl_weight", 2),
                                   .style_mixing = gold_number(loss, "style_mixing_prob", 0.9)},
                       .job = {.batch = gold_int(f->config, "batch", 1),
                               .slices = 1,
                               .lrate = 0.002,
                               .optimizer = "",
                               .gan.g_optimizer = "",
                               .gan.d_optimizer = ""}};
    t.job.z_dim = t.generator.mapping.z_dim;
    t.job.label_dim = t.generator.mapping.c_dim;
    t.job.height = t.generator.synthesis.height;
    t.job.width = t.generator.synthesis.width;
    t.job.channels = t.generator.synthesis.channels;
    if (gold_number(loss, "pl_decay", GT_STYLEGAN2_PL_DECAY) != GT_STYLEGAN2_PL_DECAY ||
        gold_int(loss, "pl_batch_shrink", GT_STYLEGAN2_PL_SHRINK) != GT_STYLEGAN2_PL_SHRINK)
        gold_fail(f, "the path length is measured in another way");
    if (!gold_noise_mode(noise_mode, &t.noise)) gold_fail(f, "noise mode %s is unknown", noise_mode);
    return t;
}

static gt_status make(gt_model *m, const gt_job *job) {
    const gold_training *t = (const gold_training *)job;
    gt_status st = gt_stylegan2_make(m, job, &t->generator, &t->discriminator);
    if (st) return st;
    gt_stylegan2 *own = m->own;
    own->augment = t->augment;
    own->noise = t->noise;
    own->inputs_given = true;
    memcpy(own->reg_interval, t->reg_interval, sizeof own->reg_interval);
    return GT_OK;
}

gt_model *gold_model(gold *f, gold_training *t) {
    t->job.own = &t->options;
    gt_model *m = gt_family_make(&(gt_family){.name = "stylegan2", .make = make}, &t->job);
    if (!m) {
        gold_fail(f, "model: %s", gt_message());
        return NULL;
    }
    for (int i = 0; i < m->n_nets; i++)
        gold_load_into(f, m->nets[i], gold_path(f, "params/%s", m->nets[i]->name), m->blocks[i]);
    memcpy(m->ema_block, m->blocks[m->ema_of], m->nets[m->ema_of]->block_floats * sizeof(float));
    return m;
}

bool gold_phase_open(gold *f, gold_phase *p, gt_model *m, const gold_training *t, const char *name) {
    *p = (gold_phase){.training = t, .made = (size_t)m->slice_size};
    for (int i = 0; i < m->n_phases; i++) /* "Gmain" is G_main */
        if (m->phases[i].name[0] == name[0] && !strcmp(m->phases[i].name + 2, name + 1)) p->phase = &m->phases[i];
    if (!p->phase) {
        gold_fail(f, "the model has no phase %s", name);
        return false;
    }
    if (!strcmp(name, "Greg")) p->made = p->made / GT_STYLEGAN2_PL_SHRINK ? p->made / GT_STYLEGAN2_PL_SHRINK : 1;
    p->graph = p->phase->build(p->phase, m->slice_size);
    p->exec = p->graph ? gt_exec_new(p->graph, &(gt_exec_options){0}) : NULL;
    p->grads = gt_block_alloc(m->nets[p->phase->net]->block_floats * sizeof(float), "gradients");
    if (!p->exec || !p->grads) {
        gold_fail(f, "phase %s: %s", name, gt_message());
        return false;
    }
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(p->exec, i, m->blocks[i]);
    gt_exec_bind(p->exec, GT_SLOT_GRAD, p->grads);
    return true;
}

void gold_phase_close(gold_phase *p) {
    gt_exec_free(p->exec);
    gt_graph_free(p->graph);
    if (p->grads) gt_block_free(p->grads, p->phase->model->nets[p->phase->net]->block_floats * sizeof(float));
}

static void put(gold *f, gold_phase *p, const char *name, const float *values, size_t n) {
    float *to = gt_exec_input(p->exec, name);
    if (!to) return;
    if (values) memcpy(to, values, n * sizeof *values);
    else gold_fail(f, "phase %s: the file has no input %s", p->phase->name, name);
}

static void put_augmentation(gold *f, gold_phase *p, const char *which, float percentile) {
    const gt_model *m = p->phase->model;
    gt_augment_source source = percentile_draws(&percentile);
    gt_shape images = GT_SHAPE(m->slice_size, m->height, m->width, m->channels);
    gt_augment_fill(&p->training->augment, p->exec, gold_path(f, "aug/%s/%s", p->phase->name, which), &source, 1,
                    images);
}

void gold_phase_run(gold *f, gold_phase *p, const gold_inputs *in) {
    const gt_model *m = p->phase->model;
    size_t n = (size_t)m->slice_size, pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    size_t made = p->made;
    put(f, p, "z", in->z, made * (size_t)m->z_dim);
    put(f, p, "z_mix", in->z_mix, made * (size_t)m->z_dim);
    put(f, p, "gen_c", in->gen_c, made * (size_t)m->label_dim);
    put(f, p, "images", in->images, n * pixels);
    put(f, p, "real_c", in->real_c, n * (size_t)m->label_dim);
    put(f, p, "pl_noise", in->pl_noise, made * pixels);
    float *mask = gt_exec_input(p->exec, "mix_mask");
    for (int i = 0, num_ws = gt_synthesis_num_ws(&p->training->generator.synthesis); mask && i < num_ws; i++)
        mask[i] = i >= in->mix_cutoff;
    if (gt_augment_any(&p->training->augment)) {
        put_augmentation(f, p, "fake", in->percentile);
        put_augmentation(f, p, "real", in->percentile);
    }
    gt_exec_env env = {.seed = 0};
    if ((p->phase->prepare && p->phase->prepare(p->phase, p->exec)) || gt_exec_prepare(p->exec, &env) ||
        gt_exec_run(p->exec, &env)) {
        gold_fail(f, "phase %s: %s", p->phase->name, gt_message());
        return;
    }
    for (int i = 0; i < p->phase->n_states; i++) {
        const gt_state *s = &p->phase->states[i];
        memcpy(s->place, gt_exec_output(p->exec, s->output), s->size * sizeof(float));
    }
}

const float *gold_phase_stat(const gold_phase *p, const char *stat, size_t *n) {
    static const char *const names[][2] = {
        {"scores_fake", "Loss/scores/fake"}, {"signs_fake", "Loss/signs/fake"},
        {"scores_real", "Loss/scores/real"}, {"signs_real", "Loss/signs/real"},
        {"G_loss", "Loss/G/loss"},           {"D_loss", "Loss/D/loss"},
        {"pl_penalty", "Loss/pl_penalty"},   {"G_reg", "Loss/G/reg"},
        {"r1_penalty", "Loss/r1_penalty"},   {"D_reg", "Loss/D/reg"},
    };
    *n = p->made;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i][0], stat)) return gt_exec_output(p->exec, names[i][1]);
    return NULL;
}
