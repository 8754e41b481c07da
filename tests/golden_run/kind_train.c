/* SPDX-License-Identifier: Apache-2.0
 * train8, train8_cond: whole iterations of training - phases, optimisers, moving average - held against the reference's
 * trajectory. */
#include <stdlib.h>
#include <string.h>

#include "networks/model/door/optimizer.h"
#include "phase.h"

enum { MAX_SERIES = 64 };

/* Suggested by golden/README.md: RMS of a tensor's change, and losses. */
static const double CHANGE_LIMIT = 0.05, LOSS_LIMIT = 1e-4;

typedef struct series { /* rows of one dataset, as they come */
    const char *path;
    float *values;
    size_t n;
} series;

typedef struct learner { /* one network's optimiser, shared by its phases */
    gt_optimizer_settings settings;
    float *moments[GT_MAX_MOMENTS];
    float *start;
    uint64_t updates;
} learner;

typedef struct training {
    gold *f;
    gold_training training;
    gt_model *model;
    learner learners[GT_MAX_NETS];
    int iterations;
    const float *z, *gen_c, *images, *real_c, *pl_noise;
    series series[MAX_SERIES];
    int n_series;
    const char *phase; /* the one that runs */
    gold_phase *run;
} training;

static void append(training *t, const char *path, const float *values, size_t n) {
    if (!values) {
        gold_fail(t->f, "dataset %s: no such result", path);
        return;
    }
    int i = 0;
    while (i < t->n_series && strcmp(t->series[i].path, path)) i++;
    if (i == MAX_SERIES) return;
    series *s = &t->series[i];
    if (i == t->n_series) {
        t->n_series++;
        s->path = path;
        s->values = gt_arena_array(t->f->arena, n * (size_t)t->iterations, sizeof(float));
    }
    memcpy(s->values + s->n, values, n * sizeof *values);
    s->n += n;
}

static void collect(gold *f, const char *name, void *arg) {
    training *t = arg;
    size_t n;
    const float *values = gold_phase_stat(t->run, name, &n);
    append(t, gold_path(f, "out/losses/%s/%s", t->phase, name), values, n);
}

static bool setup_learner(training *t, int i, json_t *c) {
    const gt_net *net = t->model->nets[i];
    learner *l = &t->learners[i];
    json_t *betas = gold_get(c, "betas");
    l->settings = (gt_optimizer_settings){.lr = gold_number(c, "lr", 0),
                                          .eps = gold_number(c, "eps", 0),
                                          .beta1 = json_number_value(json_array_get(betas, 0)),
                                          .beta2 = json_number_value(json_array_get(betas, 1))};
    for (int k = 0; k < GT_MAX_MOMENTS; k++)
        l->moments[k] = gt_arena_array(t->f->arena, net->block_floats, sizeof(float));
    l->start = gt_arena_array(t->f->arena, net->block_floats, sizeof(float));
    if (!l->start) return false;
    memcpy(l->start, t->model->blocks[i], net->block_floats * sizeof(float));
    return true;
}

/* Which of the phases drawn for in the file this is: its slot in gen_z. */
static int slot_of(const gold *f, const char *phase) {
    json_t *slots = gold_get(f->config, "phase_slots");
    for (size_t i = 0; i < json_array_size(slots); i++)
        if (!strcmp(json_string_value(json_array_get(slots, i)), phase)) return (int)i;
    return 0;
}

/* Which row of pl_randn belongs to the iteration; -1: none. */
static int noise_row(const gold *f, int iteration) {
    json_t *rows = gold_get(f->config, "pl_randn_iterations");
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (json_integer_value(json_array_get(rows, i)) == iteration) return (int)i;
    return -1;
}

static void run_phase(training *t, const char *name, int iteration) {
    gold *f = t->f;
    gt_model *m = t->model;
    gold_phase p;
    if (!gold_phase_open(f, &p, m, &t->training, name)) return;
    size_t n = (size_t)m->slice_size, pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    size_t slots = json_array_size(gold_get(f->config, "phase_slots")),
           row = (size_t)iteration * slots + (size_t)slot_of(f, name);
    int noise = noise_row(f, iteration);
    gold_inputs in = {.z = t->z + row * n * (size_t)m->z_dim,
                      .gen_c = t->gen_c ? t->gen_c + row * n * (size_t)m->label_dim : NULL,
                      .images = t->images + (size_t)iteration * n * pixels,
                      .real_c = t->real_c ? t->real_c + (size_t)iteration * n * (size_t)m->label_dim : NULL,
                      .pl_noise = noise >= 0 ? t->pl_noise + (size_t)noise * p.made * pixels : NULL};
    gold_phase_run(f, &p, &in);
    t->phase = name;
    t->run = &p;
    gold_each(f, gold_path(f, "out/losses/%s", name), collect, t);

    learner *l = &t->learners[p.phase->net];
    const gt_net *net = m->nets[p.phase->net];
    gt_clean_nonfinite(p.grads, net->trainable_floats);
    gt_optimizer_find("adam")->update(&l->settings, ++l->updates, net->trainable_floats, p.grads,
                                      m->blocks[p.phase->net], l->moments);
    gold_phase_close(&p);
}

static void moving_average(training *t, int iteration) {
    gt_model *m = t->model;
    const gt_net *net = m->nets[m->ema_of];
    double batch = m->slice_size;
    double beta = gt_ema_beta(gold_number(t->f->config, "ema_kimg", 0), gold_number(t->f->config, "ema_rampup", 0),
                              iteration * batch, batch);
    gt_ema_update(m->ema_block, m->blocks[m->ema_of], net->trainable_floats, beta);
    memcpy(m->ema_block + net->trainable_floats, m->blocks[m->ema_of] + net->trainable_floats,
           (net->block_floats - net->trainable_floats) * sizeof(float));
}

typedef struct snapshot {
    const gt_net *net;
    const char *group;
    const float *now, *start;
} snapshot;

static void check_tensor(gold *f, const char *name, void *arg) {
    const snapshot *s = arg;
    const char *path = gold_path(f, "%s/%s", s->group, name);
    const gt_tensor *t = gt_net_find(s->net, name);
    if (t)
        gold_check_change(f, path, gold_order_of(t), s->now + t->offset, s->start + t->offset, t->size, CHANGE_LIMIT);
    else gold_fail(f, "dataset %s: the network has no such tensor", path);
}

/* The networks against out/after<N>, where the file has it. */
static void check_after(training *t, int done) {
    gold *f = t->f;
    gt_model *m = t->model;
    for (int i = 0; i <= m->n_nets; i++) {
        bool average = i == m->n_nets;
        int net = average ? m->ema_of : i;
        const char *group = gold_path(f, "out/after%d/%s%s", done, m->nets[net]->name, average ? "_ema" : "");
        snapshot s = {m->nets[net], group, average ? m->ema_block : m->blocks[i], t->learners[net].start};
        if (gold_has(f, group)) gold_each(f, group, check_tensor, &s);
    }
}

static void train(training *t) {
    gold *f = t->f;
    json_t *order = gold_get(f->config, "phase_order"), *phase;
    for (int iteration = 0; iteration < t->iterations && !f->failed; iteration++) {
        size_t i;
        json_array_foreach(json_array_get(order, (size_t)iteration), i, phase)
            run_phase(t, json_string_value(phase), iteration);
        moving_average(t, iteration);
        append(t, "out/pl_mean", t->model->scalars[0].place, 1);
        check_after(t, iteration + 1);
    }
    for (int i = 0; i < t->n_series; i++)
        gold_check(f, t->series[i].path, GOLD_PLAIN, t->series[i].values, t->series[i].n, LOSS_LIMIT);
}

static const float *optional(gold *f, const char *path) {
    return gold_has(f, path) ? gold_read(f, path, GOLD_PLAIN, NULL) : NULL;
}

/* Images with any number of leading dimensions, [...,C,H,W] -> [...,H,W,C]. */
static const float *pictures(gold *f, const char *path, const gt_model *m) {
    gt_shape s;
    const float *in = gold_has(f, path) ? gold_read(f, path, GOLD_PLAIN, &s) : NULL;
    if (!in) return NULL;
    size_t plane = (size_t)m->height * (size_t)m->width, channels = (size_t)m->channels,
           n = (size_t)gt_shape_size(&s) / (plane * channels);
    float *out = gt_arena_array(f->arena, n * plane * channels, sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t k = 0; k < plane; k++) out[(i * plane + k) * channels + c] = in[(i * channels + c) * plane + k];
    return out;
}

void gold_train(gold *f) {
    if (gold_get(f->config, "net")) { /* one network: a denoiser */
        gold_denoise_train(f);
        return;
    }
    training *t = gt_arena_alloc(f->arena, sizeof *t);
    t->f = f;
    t->training = gold_training_of(f, gold_get(f->config, "loss"), gold_text(f->config, "noise_mode", "const"));
    json_t *intervals = gold_get(f->config, "phase_intervals");
    t->training.reg_interval[0] = (int)json_integer_value(json_array_get(intervals, 1));
    t->training.reg_interval[1] = (int)json_integer_value(json_array_get(intervals, 3));
    t->iterations = gold_int(f->config, "iterations", 0);
    t->model = gold_model(f, &t->training);
    if (!t->model) return;
    *t->model->scalars[0].place = (float)gold_number(gold_get(f->config, "loss"), "pl_mean_init", 0);
    t->z = optional(f, "in/gen_z"), t->gen_c = optional(f, "in/gen_c"), t->real_c = optional(f, "in/real_c");
    t->images = pictures(f, "in/reals", t->model), t->pl_noise = pictures(f, "in/pl_randn", t->model);
    bool ready = t->z && t->images;
    for (int i = 0; i < t->model->n_nets; i++)
        ready = setup_learner(t, i, gold_get(gold_get(f->config, "optimizer"), t->model->nets[i]->name)) && ready;
    if (ready) train(t);
    else gold_fail(f, "in/gen_z or in/reals is missing");
    gt_model_free(t->model);
}
