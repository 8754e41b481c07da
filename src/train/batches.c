/* SPDX-License-Identifier: Apache-2.0
 * How batches are cut into slices, which slices this rank computes, and in which groups. */
#include "base/machine.h"
#include "train/engine.h"

/* ---- slices ---- */

static void add_batch(gt_engine *e, gt_slices slices) {
    gt_batch *b = &e->batches[e->n_batches++];
    b->slices = slices;
    gt_slice_range(slices.count, e->comm->ranks, e->comm->rank, &b->first, &b->count);
}

size_t gt_engine_most_slices(const gt_engine *e) {
    int full = e->batches[0].count, rest = e->batches[1].count;
    return (size_t)(full > rest ? full : rest);
}

static gt_status cut_batches(gt_engine *e) {
    e->steps = (gt_steps){.items = e->info->count, .batch = (int)e->job->batch, .end = e->model->epoch_end};
    if (e->steps.end == GT_EPOCH_DROPPED && e->steps.batch > e->steps.items)
        return gt_fail(GT_USAGE,
                       "--batch=%d is more than the %lld images there are, and an incomplete batch is not used",
                       e->steps.batch, (long long)e->steps.items);
    gt_slices full = {(int)e->job->batch, (int)e->job->slices};
    int rest = gt_steps_rest(&e->steps);
    gt_status st = gt_engine_open_schedule(e);
    if (st) return st;
    add_batch(e, full);
    if (rest) add_batch(e, gt_slices_of_rest(full, rest));
    return GT_OK;
}

/* ---- executions ---- */

size_t gt_phase_states(const gt_phase *p) {
    size_t n = 0;
    for (int i = 0; i < p->n_states; i++) n += p->states[i].size;
    return n;
}

gt_status gt_execution_make(gt_execution *x, gt_phase *p, int samples, const gt_exec_options *options) {
    x->graph = p->build(p, samples);
    x->exec = x->graph ? gt_exec_new(x->graph, options) : NULL;
    return x->exec ? GT_OK : gt_wrap(GT_FAILED, "phase %s", p->name);
}

void gt_execution_free(gt_execution *x) {
    gt_exec_free(x->exec);
    gt_graph_free(x->graph);
    *x = (gt_execution){0};
}

gt_status gt_engine_largest_arena(const gt_engine *e, int samples, const gt_exec_options *options, size_t *bytes) {
    gt_status st = GT_OK;
    *bytes = 0;
    for (int p = 0; p < e->model->n_phases && !st; p++) {
        gt_execution x = {0};
        st = gt_execution_make(&x, &e->model->phases[p], samples, options);
        if (!st && gt_exec_arena_bytes(x.exec) > *bytes) *bytes = gt_exec_arena_bytes(x.exec);
        gt_execution_free(&x);
    }
    return st;
}

enum {
    /* in one execution: products over images of 4x4 then have rows enough to pay for reading their weights */
    ENOUGH_SAMPLES = 32,
    /* the graphs of a rank get one part of so many of the machine's memory, divided among its ranks */
    MEMORY_FRACTION = 8,
};

/* Bytes of the largest phase when groups have up to `most` slices. */
static gt_status arena_for(gt_engine *e, int most, size_t *bytes) {
    const gt_batch *b = &e->batches[0];
    gt_group largest = {b->first, 1};
    for (int next = b->first; next < b->first + b->count;) {
        gt_group g = gt_group_from(b->slices, next, b->first + b->count, most);
        if (g.count > largest.count) largest = g;
        next += g.count;
    }
    gt_exec_options options = gt_engine_exec_options(e, largest.count);
    return gt_engine_largest_arena(e, gt_slices_samples(b->slices, largest.first), &options, bytes);
}

/* Slices of a group at most: what the job says (a number, or little memory, unless all slices are in memory anyway);
 * else as many as make an execution of enough samples and fit. No bit depends on it, so each rank chooses for itself.
 */
static gt_status choose_at_once(gt_engine *e, int *most) {
    *most = (int)e->job->slices_at_once;
    if (!*most && e->model->over_slices) *most = GT_MOST_AT_ONCE;
    if (!*most && gt_is(e->job->memory, "low")) *most = 1;
    if (*most) return GT_OK;
    gt_machine machine;
    gt_machine_look(&machine);
    size_t limit = machine.memory / (size_t)e->comm->local_ranks / MEMORY_FRACTION, bytes = 0;
    *most = GT_MOST_AT_ONCE;
    while (*most > 1 && *most * e->model->slice_size > ENOUGH_SAMPLES) *most /= 2;
    for (; *most > 1; *most /= 2) {
        gt_status st = arena_for(e, *most, &bytes);
        if (st || bytes <= limit) return st;
    }
    return GT_OK;
}

/* ---- groups ---- */

static int find_shape(gt_engine *e, gt_exec_shape s) {
    int i = 0;
    for (; i < e->n_shapes; i++)
        if (e->shapes[i].slices == s.slices && e->shapes[i].samples == s.samples && e->shapes[i].copy == s.copy)
            return i;
    e->shapes[e->n_shapes++] = s;
    return i;
}

/* The shape of the batch's latest group. */
static gt_exec_shape shape_of(const gt_engine *e, const gt_batch *b) {
    const gt_group *g = &b->groups[b->n_groups];
    gt_exec_shape s = {g->count, gt_slices_samples(b->slices, g->first), 0};
    for (int i = 0; i < b->n_groups && e->model->over_slices; i++)
        s.copy += b->groups[i].count == s.slices && gt_slices_samples(b->slices, b->groups[i].first) == s.samples;
    return s;
}

static gt_status make_groups(gt_engine *e, gt_batch *b, int most) {
    b->groups = gt_arena_array(e->model->arena, (size_t)b->count + 1, sizeof *b->groups);
    b->shape = gt_arena_array(e->model->arena, (size_t)b->count + 1, sizeof *b->shape);
    if (!b->groups || !b->shape) return GT_NOMEM;
    for (int next = b->first; next < b->first + b->count; b->n_groups++) {
        gt_group *g = &b->groups[b->n_groups];
        *g = gt_group_from(b->slices, next, b->first + b->count, most);
        b->shape[b->n_groups] = find_shape(e, shape_of(e, b));
        next += g->count;
    }
    return GT_OK;
}

gt_status gt_engine_make_batches(gt_engine *e) {
    int most;
    gt_status st = cut_batches(e);
    if (!st) st = choose_at_once(e, &most);
    if (st) return st;
    e->shapes = gt_arena_array(e->model->arena, (size_t)(e->batches[0].count + e->batches[1].count) + 1,
                               sizeof *e->shapes);
    if (!e->shapes) return GT_NOMEM;
    for (int i = 0; i < e->n_batches && !st; i++) st = make_groups(e, &e->batches[i], most);
    return st;
}
