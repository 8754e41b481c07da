/* SPDX-License-Identifier: Apache-2.0
 * A rank's slices of a phase: their inputs, their executions, what they leave besides gradients.
 *
 * A wave is a number of groups whose executions are in memory together: one after the other, or, where the model sums over slices, all of
 * the rank's at once, from one meeting of all slices of the batch to the next (gt_slice_sum in graph.h). A rank without a slice meets the others too. */
#include <string.h>

#include "base/clock.h"
#include "train/trainer.h"

typedef struct wave {
    gt_trainer *t;
    gt_phase_run *run;
    const gt_share *share;
    int first, n; /* groups */
} wave;

static const gt_phase_exec *exec_of(const wave *w, int group) { return &w->run->at[w->share->variant[group]]; }

size_t gt_phase_states(const gt_phase *p) {
    size_t n = 0;
    for (int i = 0; i < p->n_states; i++) n += p->states[i].size;
    return n;
}

/* ---- before ---- */

/* The executions of a wave lie one after the other in the arena. */
static void place_arenas(const wave *w) {
    char *at = w->t->arena;
    for (int i = w->first; i < w->first + w->n; i++) {
        gt_exec_use_arena(exec_of(w, i)->exec, at);
        at += gt_exec_arena_bytes(exec_of(w, i)->exec);
    }
}

/* Hoisted nodes, for each variant that comes: waves share their memory, so that one's are gone when another has run. */
static gt_status prepare(const wave *w, int group) {
    gt_phase *p = w->run->phase;
    gt_exec *e = exec_of(w, group)->exec;
    gt_status st = p->prepare ? p->prepare(p, e) : GT_OK;
    return st ? st : gt_exec_prepare(e, &(gt_exec_env){.seed = gt_trainer_seed(w->t), .step = w->t->step});
}

/* The inputs of one slice; k: of this rank's. */
static gt_status fill_slice(gt_trainer *t, gt_phase *p, gt_exec *e, const gt_share *share, int k) {
    const double soon = 0.25; /* seconds */
    int index = share->first + k;
    gt_comm_doing(t->comm, t->step, "waiting for data");
    if (!gt_loader_wait(t->loader, t->step, soon)) gt_comm_busy(t->comm, "waiting for data"); /* storage may stand still for minutes */
    gt_status st = gt_loader_step(t->loader, t->step, k, t->images, t->labels);
    if (st) return st;
    gt_comm_doing(t->comm, t->step, p->name);
    gt_slice_input slice = {.n = gt_slices_samples(share->slices, index), .seed = gt_trainer_seed(t), .step = t->step, .sample0 = (uint32_t)gt_slices_first(share->slices, index),
                            .index = index, .batch = share->slices.samples, .shown = t->shown, .images = t->images, .labels = t->model->label_dim ? t->labels : NULL, .augment_p = t->ada.p,
                            .label_of = gt_trainer_label_of, .label_arg = t->data, .items = t->info->count};
    float *weight = gt_exec_input(e, GT_SLICE_WEIGHT);
    if (weight) *weight = (float)gt_slices_weight(share->slices, index);
    return p->fill(p, e, &slice);
}

static gt_status fill_group(const wave *w, int group) {
    gt_exec *e = exec_of(w, group)->exec;
    gt_group b = w->share->groups[group];
    for (int j = 0; j < b.count; j++) {
        gt_exec_at(e, j);
        gt_status st = fill_slice(w->t, w->run->phase, e, w->share, b.first - w->share->first + j);
        if (st) return st;
    }
    gt_exec_bind(e, GT_SLOT_GRAD, gt_reducer_begin_group(w->share->reducers[w->run->phase->net]));
    return GT_OK;
}

/* ---- the executions ---- */

static gt_status run_part(const wave *w, int group, int part) {
    gt_trainer *t = w->t;
    gt_slices slices = w->share->slices;
    int first = w->share->groups[group].first;
    gt_exec_env env = {.seed = gt_trainer_seed(t), .step = t->step, .sample0 = (uint32_t)gt_slices_first(slices, first),
                       .slice_samples = (uint32_t)gt_slices_samples(slices, first), .between = gt_reducer_progress, .between_arg = w->share->reducers[w->run->phase->net]};
    double start = gt_clock();
    gt_status st = gt_exec_run_to_sum(exec_of(w, group)->exec, &env, part);
    t->effort.compute += gt_clock() - start;
    return st;
}

static gt_status meet(const wave *w, int index) {
    gt_trainer *t = w->t;
    gt_slice_sum one = gt_exec_slice_sum(w->run->at[0].exec, index);
    const float *own[w->n + 1];
    float *total[w->n + 1];
    for (int i = 0; i < w->n; i++) {
        gt_slice_sum m = gt_exec_slice_sum(exec_of(w, w->first + i)->exec, index);
        own[i] = m.own;
        total[i] = m.total;
    }
    gt_comm_doing(t->comm, t->step, one.name);
    double start = gt_clock();
    gt_status st = gt_comm_slice_sum_all(t->comm, w->share->slices.count, w->n, w->share->groups + w->first, one.floats, own, total);
    if (t->comm->ranks > 1) t->effort.meetings += gt_clock() - start;
    gt_comm_doing(t->comm, t->step, w->run->phase->name);
    return st;
}

/* ---- after ---- */

static void keep_small(const wave *w, int group) {
    const gt_phase_exec *x = exec_of(w, group);
    const gt_phase *p = w->run->phase;
    gt_group b = w->share->groups[group];
    for (int j = 0; j < b.count; j++) {
        size_t k = (size_t)(b.first - w->share->first + j);
        float *states = w->t->slice_states + k * gt_phase_states(p);
        gt_moments *moments = w->t->slice_moments + k * (size_t)p->n_stats;
        gt_exec_at(x->exec, j);
        for (int i = 0; i < p->n_states; i++) {
            memcpy(states, gt_exec_output(x->exec, p->states[i].output), p->states[i].size * sizeof *states);
            states += p->states[i].size;
        }
        for (int i = 0; i < p->n_stats; i++) {
            const gt_stat *s = &p->stats[i];
            size_t columns = s->columns > 0 ? (size_t)s->columns : 1;
            gt_moments_add(moments + i, gt_exec_output(x->exec, s->output) + s->column, x->stat_size[i] / columns, columns);
        }
    }
    w->t->effort.slices += b.count;
}

static gt_status run_wave(const wave *w, int *ready) {
    int end = w->first + w->n, meetings = gt_exec_slice_sums(w->run->at[0].exec);
    gt_status st = GT_OK;
    place_arenas(w);
    for (int i = w->first; i < end && !st; i++) {
        if (w->share->variant[i] != *ready) st = prepare(w, i);
        *ready = w->share->variant[i];
        if (!st) st = fill_group(w, i);
    }
    for (int part = 0; part <= meetings && !st; part++) {
        for (int i = w->first; i < end && !st; i++) st = run_part(w, i, part);
        if (part < meetings && !st) st = meet(w, part);
    }
    for (int i = w->first; i < end && !st; i++) {
        gt_reducer_end_group(w->share->reducers[w->run->phase->net]);
        keep_small(w, i);
    }
    return st;
}

gt_status gt_trainer_compute(gt_trainer *t, gt_phase_run *run, const gt_share *share) {
    int ready = -1;
    wave w = {t, run, share, 0, share->n_groups};
    if (t->model->over_slices) return run_wave(&w, &ready);
    gt_status st = GT_OK;
    for (w.n = 1; w.first < share->n_groups && !st; w.first++) st = run_wave(&w, &ready);
    return st;
}
