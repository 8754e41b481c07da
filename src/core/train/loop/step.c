/* SPDX-License-Identifier: Apache-2.0
 * One step. For each phase that is due: forward and backward of each slice, the sum over slices, the update; then the
 * moving average and the augmentation controller. All ranks make the same calls. */
#include <string.h>

#include "base/door/clock.h"
#include "gantry/log.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

enum { MOMENTS = sizeof(gt_stat_moments) / sizeof(double) };

static bool is_due(const gt_engine *e, const gt_phase *p) { return e->step % (uint32_t)p->interval == 0; }

/* ---- forward and backward of each slice ---- */

/* The images of a slice, which go to *images or, NULL, to a place of the engine's. */
static gt_status read_slice(gt_engine *e, const gt_phase *p, const gt_batch *b, int index, float **images) {
    gt_engine_await_data(e);
    if (!*images) *images = e->images;
    gt_status st = gt_loader_step(e->loader, e->step, index - b->first, *images, e->labels);
    if (!st && e->masks) st = gt_loader_masks(e->loader, e->step, index - b->first, e->masks);
    gt_comm_doing(e->comm, e->step, p->name);
    return st;
}

static gt_status fill_slice(gt_engine *e, gt_phase *p, gt_exec *exec, const gt_batch *b, int index) {
    bool reads = !p->own_slices;
    float *images = p->images_in_place ? gt_exec_input(exec, "images") : NULL;
    gt_status st = reads ? read_slice(e, p, b, index, &images) : GT_OK;
    if (st) return st;
    gt_slice_input slice = {.n = gt_slices_samples(b->slices, index),
                            .seed = gt_engine_seed(e),
                            .step = e->step,
                            .sample0 = (uint32_t)gt_slices_first(b->slices, index),
                            .batch = b->slices.samples,
                            .shown = e->shown,
                            .images = reads ? images : NULL,
                            .labels = reads && e->model->label_dim ? e->labels : NULL,
                            .masks = reads ? e->masks : NULL,
                            .augment_p = e->ada.p,
                            .label_of = gt_engine_label_of,
                            .label_arg = e->data,
                            .items = e->info->count,
                            .sample_of = gt_engine_sample_of,
                            .sample_arg = e};
    float *weight = gt_exec_input(exec, GT_SLICE_WEIGHT);
    if (weight) *weight = (float)gt_slices_weight(b->slices, index);
    return p->fill(p, exec, &slice);
}

/* Executions share their memory: gt_exec_prepare()'s results are lost when an execution of another shape has run. */
gt_status gt_engine_fill_group(gt_engine *e, gt_phase *p, gt_exec *exec, const gt_batch *b, gt_group g, bool prepared) {
    gt_status st = prepared || !p->prepare ? GT_OK : p->prepare(p, exec);
    if (!st && !prepared) st = gt_exec_prepare(exec, &(gt_exec_env){.seed = gt_engine_seed(e), .step = e->step});
    for (int i = 0; i < g.count && !st; i++) {
        gt_exec_at(exec, i);
        st = fill_slice(e, p, exec, b, g.first + i);
    }
    return st;
}

/* On to the next sum over slices, or to the end. */
static gt_status run_group(gt_engine *e, const gt_phase *p, gt_exec *exec, const gt_batch *b, gt_group g, int sum) {
    gt_exec_env env = {.seed = gt_engine_seed(e),
                       .step = e->step,
                       .sample0 = (uint32_t)gt_slices_first(b->slices, g.first),
                       .slice_samples = (uint32_t)gt_slices_samples(b->slices, g.first),
                       .between = gt_reducer_progress,
                       .between_arg = b->reducers[p->net]};
    double start = gt_clock();
    gt_status st = gt_exec_run_to_sum(exec, &env, sum);
    e->measures.compute += gt_clock() - start;
    return st;
}

/* Sum `sum` of n groups of one stretch, from group `first` on. */
static gt_status sum_over_slices(gt_engine *e, const gt_engine_phase *p, const gt_batch *b, int first, int n,
                                 const float *const *own, float *const *total, gt_slice_sum any) {
    gt_comm_doing(e->comm, e->step, any.name);
    double start = gt_clock();
    gt_status st = gt_meetings_sum(b->meetings, n, b->work.groups + first, any.floats, own, total);
    if (e->comm->ranks > 1) e->measures.slice_sums += gt_clock() - start;
    gt_comm_doing(e->comm, e->step, p->phase->name);
    return st;
}

static gt_status sum_of_executions(gt_engine *e, const gt_engine_phase *p, const gt_batch *b, int first, int n,
                                   int sum) {
    const float *own[n];
    float *total[n];
    gt_slice_sum s = {0};
    for (int i = 0; i < n; i++) {
        s = gt_exec_slice_sum(p->executions[b->shape[first + i]].exec, sum);
        own[i] = s.own;
        total[i] = s.total;
    }
    return sum_over_slices(e, p, b, first, n, own, total, s);
}

/* States and statistics of the slices of a group. */
static void keep_small(gt_engine *e, const gt_phase *p, const gt_execution *x, const gt_batch *b, gt_group g) {
    for (int j = 0; j < g.count; j++) {
        size_t k = (size_t)(g.first - b->first + j);
        float *states = e->slice_states + k * gt_phase_states(p);
        gt_stat_moments *moments = e->slice_moments + k * (size_t)p->n_stats;
        gt_exec_at(x->exec, j);
        for (int i = 0; i < p->n_states; i++) {
            memcpy(states, gt_exec_output(x->exec, p->states[i].output), p->states[i].size * sizeof *states);
            states += p->states[i].size;
        }
        for (int i = 0; i < p->n_stats; i++) {
            const gt_stat *s = &p->stats[i];
            size_t columns = s->columns > 0 ? (size_t)s->columns : 1;
            gt_stat_moments_add(moments + i, gt_exec_output(x->exec, s->output) + s->column, x->stat_size[i] / columns,
                                columns);
        }
    }
    e->measures.slices += g.count;
}

/* Puts the execution of group i into the memory, and fills it. *ready: the shape that is prepared in the arena's first
 * place; -1: none. */
static gt_status begin_group(gt_engine *e, const gt_engine_phase *p, const gt_batch *b, int i, char *memory,
                             int *ready) {
    gt_exec *exec = p->executions[b->shape[i]].exec;
    gt_exec_use_arena(exec, memory);
    gt_status st = gt_engine_fill_group(e, p->phase, exec, b, b->work.groups[i], b->shape[i] == *ready);
    *ready = b->shape[i];
    return st;
}

static void bind_gradient(const gt_engine_phase *p, const gt_batch *b, int i) {
    gt_exec_bind(p->executions[b->shape[i]].exec, GT_SLOT_GRAD, gt_reducer_begin_group(b->reducers[p->phase->net]));
}

static void end_group(gt_engine *e, const gt_engine_phase *p, const gt_batch *b, int i) {
    gt_reducer_end_group(b->reducers[p->phase->net]);
    keep_small(e, p->phase, &p->executions[b->shape[i]], b, b->work.groups[i]);
}

/* n groups whose executions are in memory at the same time, one behind the other: one, or the parts of a stretch. */
static gt_status run_unit(gt_engine *e, const gt_engine_phase *p, const gt_batch *b, int first, int n, int *ready) {
    int end = first + n, sums = gt_exec_slice_sums(p->executions[b->shape[first]].exec);
    char *memory = e->arena;
    gt_status st = GT_OK;
    for (int i = first; i < end && !st; i++) {
        st = begin_group(e, p, b, i, memory, ready);
        memory += gt_exec_arena_bytes(p->executions[b->shape[i]].exec);
        if (!st) bind_gradient(p, b, i);
    }
    for (int sum = 0; sum <= sums && !st; sum++) {
        for (int i = first; i < end && !st; i++)
            st = run_group(e, p->phase, p->executions[b->shape[i]].exec, b, b->work.groups[i], sum);
        if (sum < sums && !st) st = sum_of_executions(e, p, b, first, n, sum);
    }
    for (int i = first; i < end && !st; i++) end_group(e, p, b, i);
    if (n > 1) *ready = -1;
    return st;
}

/* Groups that have one sum, and come to it soon: they run up to it one after the other, and once more when it is known.
 */
static gt_status run_twice(gt_engine *e, const gt_engine_phase *p, const gt_batch *b, int *ready) {
    int n = b->work.n_groups;
    float *sum[n];
    gt_slice_sum s = {0};
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st; i++) {
        gt_exec *exec = p->executions[b->shape[i]].exec;
        st = begin_group(e, p, b, i, e->arena, ready);
        if (!st) st = run_group(e, p->phase, exec, b, b->work.groups[i], 0);
        if (st) return st;
        s = gt_exec_slice_sum(exec, 0);
        sum[i] = b->sums + (size_t)i * s.floats;
        memcpy(sum[i], s.own, s.floats * sizeof(float));
    }
    if (!st) st = sum_over_slices(e, p, b, 0, n, (const float *const *)sum, sum, s);
    for (int i = 0; i < n && !st; i++) {
        gt_exec *exec = p->executions[b->shape[i]].exec;
        st = begin_group(e, p, b, i, e->arena, ready);
        if (!st) bind_gradient(p, b, i);
        if (!st) st = run_group(e, p->phase, exec, b, b->work.groups[i], 0);
        if (!st) memcpy(gt_exec_slice_sum(exec, 0).total, sum[i], s.floats * sizeof(float));
        if (!st) st = run_group(e, p->phase, exec, b, b->work.groups[i], 1);
        if (!st) end_group(e, p, b, i);
    }
    return st;
}

/* This rank's groups one after the other, those of a stretch from sum to sum. */
static gt_status compute_phase(gt_engine *e, const gt_engine_phase *p, const gt_batch *b) {
    int ready = -1;
    gt_status st = GT_OK;
    if (p->own.slices.count && b->work.n_groups > 1) return run_twice(e, p, b, &ready);
    for (int u = 0, first = 0; u < b->work.n_units && !st; first += b->work.units[u++])
        st = run_unit(e, p, b, first, b->work.units[u], &ready);
    return st;
}

/* ---- update ---- */

static double average_beta(const gt_engine *e) {
    return gt_ema_beta(e->job->ema_kimg, e->job->ema_ramp, (double)e->shown,
                       (double)gt_steps_batch(&e->steps, e->step));
}

/* Is this phase the last of the step that changes the averaged network? Then the average moves in the same pass over
 * memory. */
static bool ends_averaged_network(const gt_engine *e, const gt_phase *p) {
    const gt_model *m = e->model;
    if (p->net != m->ema_of) return false;
    for (const gt_phase *later = p + 1; later < m->phases + m->n_phases; later++)
        if (later->net == m->ema_of && is_due(e, later)) return false;
    return true;
}

/* Parameters of one span that is updated in one way. */
static void update_floats(gt_engine *e, const gt_phase *p, gt_reducer *reducer, gt_update u, gt_span span) {
    const gt_learner *l = &e->learners[p->net];
    u.n = span.size;
    u.grad = gt_reducer_gradient(reducer) + span.offset;
    u.params = e->model->blocks[p->net] + span.offset;
    for (int k = 0; k < GT_MAX_MOMENTS; k++) u.moments[k] = l->moments[k] ? l->moments[k] + span.offset : NULL;
    float *history = l->moments[GT_LEARNT_HISTORY];
    u.history = history ? history + span.offset : NULL;
    if (e->averaged && p->net == e->model->ema_of) u.average = e->model->ema_block + span.offset;
    gt_update_run(&u, e->pool);
}

/* Tensor by tensor where they differ: weights decay, biases and scales do not; some have rates of their own. */
static void update_span(gt_engine *e, const gt_phase *p, gt_reducer *reducer, gt_update u, gt_span span) {
    const gt_net *net = e->model->nets[p->net];
    const double rate = u.settings.lr;
    if (!e->learners[p->net].by_tensor) {
        update_floats(e, p, reducer, u, span);
        return;
    }
    for (int i = 0; i < net->n_tensors; i++) {
        const gt_tensor *t = &net->tensors[i];
        size_t begin = t->offset > span.offset ? t->offset : span.offset, end = t->offset + t->size;
        if (end > span.offset + span.size) end = span.offset + span.size;
        if (!t->trainable || begin >= end) continue;
        u.decay = t->decays ? u.settings.decay : 0;
        u.settings.lr = t->rate > 0 ? rate * t->rate : rate;
        update_floats(e, p, reducer, u, (gt_span){begin, end - begin});
    }
}

/* The sum of the gradients arrives, and each rank updates the parameters that it owns. Not *updated: left out because
 * of --nan. */
static gt_status update_all(gt_engine *e, const gt_phase *p, const gt_batch *b, bool *updated) {
    gt_learner *l = &e->learners[p->net];
    float *block = e->model->blocks[p->net];
    gt_reducer *reducer = b->reducers[p->net];
    gt_nonfinite bad = gt_reducer_finish_all(reducer);
    *updated = true;
    if (bad.count) {
        gt_status st = gt_engine_handle_nonfinite(e, p, bad, updated);
        if (st || !*updated) return st;
    }
    gt_engine_clip_all(e, reducer);
    gt_measurers_see(e, p, reducer);
    if (e->trace_all) e->trace_all(e, p, reducer, e->trace_arg);
    l->updates++;
    e->averaged |= ends_averaged_network(e, p);
    gt_update u = {.optimizer = l->optimizer,
                   .settings = l->settings,
                   .step = l->updates,
                   .clean = bad.count,
                   .average_beta = average_beta(e)};
    u.settings.lr *= gt_engine_rate(e);
    int n_owned;
    const gt_span *owned = gt_reducer_owned(reducer, &n_owned);
    for (int i = 0; i < n_owned; i++) update_span(e, p, reducer, u, owned[i]);
    gt_reducer_gather_all(reducer, block);
    gt_engine_changed(e, p->net);
    return GT_OK;
}

/* States and statistics of a slice, as one vector. States are means over samples: a slice counts by how many it has. */
typedef struct small_values {
    const gt_engine *e;
    const gt_phase *phase;
    const gt_batch *batch;
} small_values;

static void fill_small(void *arg, int own, double *vector) {
    const small_values *v = arg;
    size_t n = gt_phase_states(v->phase);
    const float *states = v->e->slice_states + (size_t)own * n;
    double weight = gt_slices_weight(v->batch->slices, v->batch->first + own);
    for (size_t i = 0; i < n; i++) vector[i] = weight * (double)states[i];
    memcpy(vector + n, v->e->slice_moments + own * v->phase->n_stats,
           (size_t)v->phase->n_stats * sizeof *v->e->slice_moments);
}

static gt_status begin_small_all(gt_engine *e, const gt_phase *p, const gt_batch *b) {
    size_t n = gt_phase_states(p) + MOMENTS * (size_t)p->n_stats;
    return gt_small_sum_begin_all(e->comm, b->slices.count, n, fill_small, &(small_values){e, p, b});
}

/* A phase whose update was left out does not change the states either. */
static void end_small_all(gt_engine *e, const gt_engine_phase *run, const gt_batch *b, bool updated) {
    const gt_phase *p = run->phase;
    const double *sum = gt_small_sum_end_all(e->comm);
    for (int i = 0; i < p->n_states; i++)
        for (size_t k = 0; k < p->states[i].size; k++, sum++)
            if (updated) p->states[i].place[k] = (float)(*sum / b->slices.count);
    if (p->n_states && updated) gt_engine_changed(e, -1);
    gt_stat_moments all[GT_MAX_STATS];
    memcpy(all, sum, (size_t)p->n_stats * sizeof *all);
    for (int i = 0; i < p->n_stats; i++) {
        gt_stat_moments_join(&e->stats.since_tick[run->stat[i]], &all[i]);
        bool steers = e->model->ada_stat && !strcmp(p->stats[i].name, e->model->ada_stat);
        if (updated && steers) gt_ada_collect(&e->ada, all[i].sum, all[i].num);
        gt_engine_watch(e, &p->stats[i], &all[i]);
    }
}

/* ---- the step ---- */

static gt_status run_phase_all(gt_engine *e, gt_engine_phase *run, const gt_batch *b) {
    gt_phase *p = run->phase;
    double start = gt_clock();
    bool updated;
    memset(e->slice_moments, 0, (size_t)b->count * (size_t)p->n_stats * sizeof *e->slice_moments);
    gt_reducer_begin_all(b->reducers[p->net], b->schedules[p - e->model->phases]);
    gt_status st = gt_engine_prepare_all(e, run);
    if (!st) st = compute_phase(e, run, b);
    if (!st) st = begin_small_all(e, p, b);
    /* others wait for this rank's gradients already: no agreement is possible */
    if (st) return gt_comm_abort(e->comm, st);
    if ((st = update_all(e, p, b, &updated))) {
        gt_small_sum_end_all(e->comm);
        return st;
    }
    end_small_all(e, run, b, updated);
    run->seconds = gt_clock() - start;
    return GT_OK;
}

/* The buffers of the averaged network; its parameters too, where no update of this step has averaged them. */
static void move_average(gt_engine *e) {
    gt_model *m = e->model;
    if (m->ema_of < 0) return;
    const gt_net *net = m->nets[m->ema_of];
    float *block = m->blocks[m->ema_of];
    int n;
    const gt_span *owned = gt_reducer_owned(e->learners[m->ema_of].reducer, &n);
    for (int i = 0; i < n && !e->averaged; i++) {
        gt_update u = {.n = owned[i].size,
                       .params = block + owned[i].offset,
                       .average = m->ema_block + owned[i].offset,
                       .average_beta = average_beta(e)};
        gt_update_run(&u, e->pool);
    }
    size_t at = net->trainable_floats, buffers = net->block_floats - at;
    if (e->blocks_with && e->blocks_with->place) return; /* the first of the neighbours does it */
    if (m->average_buffers) gt_ema_update(m->ema_block + at, block + at, buffers, average_beta(e));
    else memcpy(m->ema_block + at, block + at, buffers * sizeof *block);
}

static void steer_augmentation(gt_engine *e) {
    const gt_job *j = e->job;
    gt_ada_config c = {.target = j->gan.ada_target,
                       .interval = (int)j->gan.ada_interval,
                       .batch = (int)j->batch,
                       .kimg = j->gan.ada_kimg,
                       .p_max = (float)j->gan.p_max};
    if (j->gan.ada_target < 0) return;
    if (gt_ada_step(&e->ada, &c, (long)e->step) && gt_ada_stays_high(&e->ada, &c) && e->comm->rank == 0)
        gt_warn("augmentation has stayed above p = %.1f (now %.3f): augmented colours and shapes may leak into the "
                "images; limit it with --p-max=0.8",
                GT_ADA_HIGH, e->ada.p);
}

gt_status gt_engine_step_all(gt_engine *e) {
    int samples = gt_steps_batch(&e->steps, e->step);
    int which = samples < e->steps.batch;
    e->averaged = false;
    for (int i = 0; i < e->model->n_phases; i++) {
        if (!is_due(e, &e->model->phases[i])) continue;
        gt_status st = run_phase_all(e, &e->phases[i], gt_engine_batch(e, &e->phases[i], which));
        if (st) return st;
    }
    move_average(e);
    e->shown += samples;
    e->step++;
    steer_augmentation(e);
    return gt_engine_count_damage(e);
}
