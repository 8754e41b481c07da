/* SPDX-License-Identifier: Apache-2.0
 * job_*: the first steps of a job of any model, cut into slices as training does it, held against another program's.
 * The file has the job's options, the images of every step and the results; initial parameters and all chance follow
 * from the seed, as in training. */
#include <stdlib.h>
#include <string.h>

#include "dist/door/dist.h"
#include "gantry/job.h"
#include "networks/model/door/family.h"
#include "networks/model/door/optimizer.h"
#include "gantry/train.h"
#include "golden.h"
#include "features/classifier/classifier.h"

enum { MAX_SIZES = 2 };

typedef struct phase_run { /* a phase made ready for each size of slice */
    gt_graph *graph[MAX_SIZES];
    gt_exec *exec[MAX_SIZES];
    int size[MAX_SIZES];
} phase_run;

typedef struct learner {
    gt_optimizer_settings settings;
    float *grads, *start, *moments[GT_MAX_MOMENTS], *history;
    uint64_t updates;
} learner;

typedef struct steps {
    gold *f;
    gt_job *job;
    gt_model *model;
    gt_slices slices;
    int n;
    phase_run runs[GT_MAX_PHASES];
    learner learners[GT_MAX_NETS];
    /* labels: NULL, or those of all items, of which a step takes the next `batch` [items,label_dim] */
    const float *images, *labels;
    float *states; /* of a phase, summed over slices */
} steps;

/* ---- getting ready ---- */

/* A network that is not a model: what `config` calls "network". */
static gt_node *inception_block(gt_forward *f, gt_node *x, const gt_classifier_config *c, const void *variant,
                                gt_classifier_heads *heads) {
    static const int channels[] = {8, 6, 12, 4, 8, 8};
    (void)variant;
    (void)heads;
    gt_classifier_begin(f, c, (gt_init){.rule = GT_INIT_HE});
    x = gt_classifier_conv_bn(f, "conv1", x, (gt_forward_conv_shape){.out = 8, .size = 3, .pad = 1});
    return gt_forward_linear(f, "fc", gt_forward_mean(f, gt_classifier_inception(f, c, "inception", x, channels)),
                             c->classes);
}

static void use_network(gold *f, gt_job *job) {
    static const gt_classifier_net net = {.forward = inception_block};
    static gt_family_model model;
    if (!gold_text(f->config, "network", NULL) || f->failed) return;
    model = *job->kind;
    model.own = &net;
    job->kind = &model;
}

static gt_job *job_of(gold *f) {
    gt_job *job = gt_job_new();
    const char *key;
    json_t *value;
    json_object_foreach(gold_get(f->config, "options"), key,
                        value) if (gt_job_set(job, key, json_string_value(value), f->kind))
        gold_fail(f, "option %s: %s", key, gt_message());
    int size[3], labels = gold_int(f->config, "label_width", 0);
    static const char *const names[] = {"height", "width", "channels"};
    for (int i = 0; i < 3; i++) size[i] = gold_int(f->config, names[i], 0);
    job->conditions = gold_int(f->config, "conditions", 0);
    job->target_mask = gold_int(f->config, "target_mask", 0) > 0;
    if (gt_job_resolve(job, size[0], size[1], size[2], labels, gold_int(f->config, "items", 0)))
        gold_fail(f, "job: %s", gt_message());
    use_network(f, job);
    return job;
}

static void *room(steps *s, size_t n) { return gt_arena_array(s->f->arena, n, sizeof(float)); }

static void open_learner(steps *s, int i) {
    const gt_model *m = s->model;
    const gt_net *net = m->nets[i];
    learner *l = &s->learners[i];
    l->settings = m->learning[i].settings;
    l->grads = room(s, net->block_floats), l->start = room(s, net->block_floats);
    for (int k = l->settings.beta1 > 0 ? 0 : 1; k < gt_optimizer_find(m->learning[i].optimizer)->n_moments; k++)
        l->moments[k] = room(s, net->block_floats);
    if (l->settings.history > 0) l->history = room(s, net->block_floats);
    memcpy(l->start, m->blocks[i], net->block_floats * sizeof(float));
}

/* The phase for slices of n samples; NULL: a fault. */
static gt_exec *exec_for(steps *s, int phase, int n) {
    gt_phase *p = &s->model->phases[phase];
    phase_run *r = &s->runs[phase];
    int i = 0;
    while (i < MAX_SIZES - 1 && r->size[i] && r->size[i] != n) i++;
    if (!r->exec[i]) {
        r->size[i] = n;
        r->graph[i] = p->build(p, n);
        r->exec[i] = r->graph[i] ? gt_exec_new(r->graph[i], &(gt_exec_options){0}) : NULL;
        if (!r->exec[i]) gold_fail(s->f, "phase %s: %s", p->name, gt_message());
        for (int k = 0; r->exec[i] && k < s->model->n_nets; k++) gt_exec_bind(r->exec[i], k, s->model->blocks[k]);
    }
    return r->exec[i];
}

/* ---- a step ---- */

/* Results per sample are the file's out/stats/PHASE/NAME [steps,batch]. */
static void check_stats(steps *s, const gt_phase *p, gt_exec *e, int step, int first, int n) {
    for (int i = 0; i < p->n_stats; i++) {
        const char *path = gold_path(s->f, "out/stats/%s/%s", p->name, p->stats[i].name);
        if (!gold_has(s->f, path) || gt_exec_output_size(e, p->stats[i].output) != (size_t)n) continue;
        gold_check_rows(s->f, path, gt_exec_output(e, p->stats[i].output),
                        (size_t)step * (size_t)s->slices.samples + (size_t)first, (size_t)n);
    }
}

static void label_of(void *arg, int64_t item, float *label) {
    const steps *s = arg;
    if (s->labels)
        memcpy(label, s->labels + (size_t)item * (size_t)s->model->label_dim,
               (size_t)s->model->label_dim * sizeof *label);
}

static gt_status run_slice(steps *s, int phase, int step, int index, float *grads) {
    gt_model *m = s->model;
    gt_phase *p = &m->phases[phase];
    int n = gt_slices_samples(s->slices, index), first = gt_slices_first(s->slices, index), batch = s->slices.samples;
    gt_exec *e = exec_for(s, phase, n);
    if (!e) return GT_FAILED;
    size_t pixels = (size_t)m->height * (size_t)m->width * (size_t)m->channels,
           row = (size_t)step * (size_t)batch + (size_t)first;
    gt_slice_input in = {.n = n,
                         .seed = (uint64_t)s->job->seed,
                         .step = (uint32_t)step,
                         .sample0 = (uint32_t)first,
                         .batch = batch,
                         .shown = (int64_t)step * batch,
                         .images = s->images + row * pixels,
                         .labels = s->labels ? s->labels + row * (size_t)m->label_dim : NULL,
                         .label_of = label_of,
                         .label_arg = s,
                         .items = gold_int(s->f->config, "items", 0)};
    gt_exec_env env = {.seed = in.seed, .step = in.step, .sample0 = in.sample0};
    gt_exec_bind(e, GT_SLOT_GRAD, grads);
    gt_status st = p->prepare ? p->prepare(p, e) : GT_OK;
    float *weight = gt_exec_input(e, GT_SLICE_WEIGHT);
    if (weight) *weight = (float)gt_slices_weight(s->slices, index);
    if (!st) st = gt_exec_prepare(e, &env);
    if (!st) st = p->fill(p, e, &in);
    if (!st) st = gt_exec_run(e, &env);
    if (st) return st;
    float *sum = s->states;
    for (int i = 0; i < p->n_states; sum += p->states[i++].size)
        for (size_t k = 0; k < p->states[i].size; k++)
            sum[k] += (float)(gt_slices_weight(s->slices, index) / s->slices.count) *
                      gt_exec_output(e, p->states[i].output)[k];
    check_stats(s, p, e, step, first, n);
    return GT_OK;
}

static void check_gradients(steps *s, const gt_phase *p) {
    const gt_net *net = s->model->nets[p->net];
    size_t most = (size_t)gold_int(s->f->config, "most", 0); /* values of a tensor whose gradient is there; 0: any */
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        const char *path = gold_path(s->f, "grad/%s/%s/%s", p->name, net->name, t->name);
        if (t->trainable && (!most || t->size <= most || gold_has(s->f, path)))
            gold_check(s->f, path, gold_order_of(t), s->learners[p->net].grads + t->offset, t->size, 0);
    }
}

static void run_phase(steps *s, int phase, int step) {
    gt_model *m = s->model;
    gt_phase *p = &m->phases[phase];
    const gt_net *net = m->nets[p->net];
    learner *l = &s->learners[p->net];
    float *one = room(s, net->block_floats);
    size_t n_states = 0;
    for (int i = 0; i < p->n_states; i++) n_states += p->states[i].size;
    s->states = room(s, n_states + 1);
    memset(l->grads, 0, net->block_floats * sizeof(float));
    for (int i = 0; i < s->slices.count && !s->f->failed; i++) {
        if (run_slice(s, phase, step, i, one)) gold_fail(s->f, "step %d, phase %s: %s", step, p->name, gt_message());
        for (size_t k = 0; k < net->trainable_floats; k++) l->grads[k] += one[k] / (float)s->slices.count;
    }
    if (s->f->failed) return;
    if (step == 0) check_gradients(s, p);
    gt_update u = {.optimizer = gt_optimizer_find(m->learning[p->net].optimizer),
                   .settings = l->settings,
                   .step = ++l->updates,
                   .n = net->trainable_floats,
                   .grad = l->grads,
                   .params = m->blocks[p->net],
                   .history = l->history};
    memcpy(u.moments, l->moments, sizeof u.moments);
    gt_update_run(&u, NULL);
    const float *state = s->states;
    for (int i = 0; i < p->n_states; state += p->states[i++].size)
        memcpy(p->states[i].place, state, p->states[i].size * sizeof *state);
}

/* All tensors against out/after<N>/NET/NAME, where the file has that; frozen ones are what they were. */
static void check_after(steps *s, int done) {
    const gt_model *m = s->model;
    for (int i = 0; i < m->n_nets && gold_has(s->f, gold_path(s->f, "out/after%d", done)); i++)
        for (int k = 0; k < m->nets[i]->n_tensors; k++) {
            const gt_tensor *t = &m->nets[i]->tensors[k];
            const float *start = s->learners[i].start + t->offset;
            if (t->frozen && !memcmp(m->blocks[i] + t->offset, start, t->size * sizeof *start)) continue;
            gold_check_change(s->f, gold_path(s->f, "out/after%d/%s/%s", done, m->nets[i]->name, t->name),
                              gold_order_of(t), m->blocks[i] + t->offset, start, t->size, 0);
        }
}

static void run(steps *s) {
    gt_shape images, labels = {0};
    s->images = gold_read(s->f, "in/images", GOLD_PLAIN, &images); /* [steps,batch,H,W,C] */
    if (gold_has(s->f, "in/labels")) s->labels = gold_read(s->f, "in/labels", GOLD_PLAIN, &labels);
    s->slices = (gt_slices){(int)s->job->batch, (int)s->job->slices};
    if (s->f->failed || images.n != 5 || images.d[1] != s->slices.samples) {
        gold_fail(s->f, "in/images must be [steps,%d,height,width,channels]", s->slices.samples);
        return;
    }
    for (int i = 0; i < s->model->n_nets; i++) open_learner(s, i);
    for (int step = 0; step < images.d[0] && !s->f->failed; step++) {
        for (int p = 0; p < s->model->n_phases && !s->f->failed; p++)
            if (step % s->model->phases[p].interval == 0) run_phase(s, p, step);
        check_after(s, step + 1);
    }
}

/* Fields of the noise in/z [n,H,W,targets], the conditions and labels of the first images, and the network as it is
 * now: out/made [n,H,W,C]. */
static void check_made(steps *s) {
    const gt_model *m = s->model;
    gt_shape shape;
    if (s->f->failed || !gold_has(s->f, "in/z")) return;
    const float *z = gold_read(s->f, "in/z", GOLD_PLAIN, &shape);
    gt_request r = gt_plain_request((int)shape.d[0]);
    gt_graph *g = gt_model_build(s->model, gt_model_maker(m)->name, &r);
    gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){0}) : NULL;
    size_t floats = gt_model_floats(m), targets = (size_t)(m->channels - m->conditions);
    float *to = e ? gt_exec_input(e, "z") : NULL, *c = e ? gt_exec_input(e, "c") : NULL;
    for (size_t i = 0; to && z && i < (size_t)r.n; i++) {
        for (size_t k = 0; k < floats; k++)
            if (k % (size_t)m->channels < targets) to[i * floats + k] = *z++;
        gt_model_put_conditions(m, s->images + i * floats, to + i * floats);
        if (m->target_mask)
            for (size_t k = (size_t)m->channels - 1; k < floats; k += (size_t)m->channels)
                to[i * floats + k] = s->images[i * floats + k];
    }
    if (c && s->labels) memcpy(c, s->labels, (size_t)(r.n * m->label_dim) * sizeof *c);
    if (e) gt_exec_bind(e, 0, m->blocks[0]);
    if (!e || gt_exec_prepare(e, NULL) || gt_exec_run(e, NULL)) gold_fail(s->f, "fields: %s", gt_message());
    else gold_check(s->f, "out/made", GOLD_PLAIN, gt_exec_output(e, "image"), (size_t)r.n * floats, 0);
    gt_exec_free(e);
    gt_graph_free(g);
}

void gold_job(gold *f) {
    steps s = {.f = f, .job = job_of(f)};
    if (s.job) s.job->kernels = asked_kernels();
    s.model = f->failed ? NULL : gt_model_new(s.job);
    if (s.model) {
        run(&s);
        check_made(&s);
    }
    if (!s.model) gold_fail(f, "model: %s", gt_message());
    for (int i = 0; i < GT_MAX_PHASES; i++)
        for (int k = 0; k < MAX_SIZES; k++) {
            gt_exec_free(s.runs[i].exec[k]);
            gt_graph_free(s.runs[i].graph[k]);
        }
    gt_model_free(s.model);
    gt_job_free(s.job);
}
