/* SPDX-License-Identifier: Apache-2.0
 * How batches are cut into slices, which slices this rank computes, and in which groups. */
#include "base/door/machine.h"
#include "base/door/numbers.h"
#include "train/door/engine.h"

/* ---- slices ---- */

static void cut(const gt_engine *e, gt_batch *b, gt_slices slices, int stretch) {
    b->slices = slices;
    b->stretch = stretch == GT_WHOLE_BATCH ? slices.count : (int)gt_largest(1, stretch / gt_slices_samples(slices, 0));
    gt_slice_range(e->comm, slices.count, e->comm->rank, &b->first, &b->count);
}

gt_batch *gt_engine_batch(gt_engine *e, gt_engine_phase *p, int which) {
    return p->own.slices.count ? &p->own : &e->batches[which];
}

size_t gt_engine_most_slices(const gt_engine *e) {
    int most = e->batches[0].count > e->batches[1].count ? e->batches[0].count : e->batches[1].count;
    for (int p = 0; p < e->model->n_phases; p++)
        if (e->phases[p].own.count > most) most = e->phases[p].own.count;
    return (size_t)most;
}

static gt_status cut_batches(gt_engine *e) {
    e->steps = (gt_steps){.items = e->info->count, .batch = (int)e->job->batch, .end = e->model->epoch_end};
    if (e->steps.end == GT_EPOCH_DROPPED && e->steps.batch > e->steps.items)
        return gt_fail(GT_USAGE,
                       "--batch=%d is larger than the data (%lld images), and an incomplete batch is not used",
                       e->steps.batch, (long long)e->steps.items);
    gt_slices full = {(int)e->job->batch, (int)e->job->slices};
    int rest = gt_steps_rest(&e->steps);
    gt_status st = gt_engine_open_schedule(e);
    if (st) return st;
    cut(e, &e->batches[e->n_batches++], full, e->model->stretch);
    if (rest) cut(e, &e->batches[e->n_batches++], gt_slices_of_rest(full, rest), e->model->stretch);
    for (int p = 0; p < e->model->n_phases; p++) {
        int own = e->model->phases[p].own_slices;
        if (own) cut(e, &e->phases[p].own, (gt_slices){own, own}, GT_WHOLE_BATCH);
    }
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

/* Of a phase that is cut on its own, as large a part of its slices at once as of the batch's samples. */
static int own_at_once(const gt_engine *e, int own_slices, int samples_at_once) {
    return (int)gt_largest(1, (int64_t)samples_at_once * own_slices / e->job->batch);
}

gt_status gt_engine_largest_arena(const gt_engine *e, int samples, const gt_exec_options *options, gt_tried *kept,
                                  size_t *bytes) {
    gt_status st = GT_OK;
    *bytes = 0;
    for (int p = 0; p < e->model->n_phases && !st; p++) {
        gt_phase *phase = &e->model->phases[p];
        gt_tried one = {.options = *options, .samples = phase->own_slices ? 1 : samples};
        gt_execution *x = &one.execution;
        if (phase->own_slices) one.options.slices = own_at_once(e, phase->own_slices, options->slices * samples);
        st = gt_execution_make(x, phase, one.samples, &one.options);
        if (!st && gt_exec_arena_bytes(x->exec) > *bytes) *bytes = gt_exec_arena_bytes(x->exec);
        gt_execution_free(kept ? &kept[p].execution : x);
        if (kept) kept[p] = one;
    }
    return st;
}

/* But for the table of prepared values, which is there only when the groups are known. */
static bool are_same(const gt_exec_options *a, const gt_exec_options *b) {
    return a->pool == b->pool && a->runs == b->runs && a->recompute == b->recompute && a->enough == b->enough &&
           a->no_fusion == b->no_fusion && a->slices == b->slices && a->stretch == b->stretch;
}

gt_status gt_engine_take_execution(gt_engine *e, int phase, int samples, const gt_exec_options *options,
                                   gt_execution *x) {
    gt_tried *t = &e->tried[phase];
    if (t->execution.exec && t->samples == samples && are_same(&t->options, options)) {
        *x = t->execution;
        t->execution = (gt_execution){0};
        gt_status st = options->prepared ? gt_exec_share(x->exec, options->prepared, options->use) : GT_OK;
        return st ? gt_wrap(st, "phase %s", e->model->phases[phase].name) : GT_OK;
    }
    return gt_execution_make(x, &e->model->phases[phase], samples, options);
}

void gt_engine_forget_tried(gt_engine *e) {
    for (int p = 0; p < GT_MAX_PHASES; p++) gt_execution_free(&e->tried[p].execution);
}

enum {
    SMALL_GRAPHS = 64 << 20, /* bytes, with 2 * GT_ENOUGH_SAMPLES: half as many for each time twice as many samples */
    /* below, an execution is too small to be worth it; with --memory=low */
    LEAST_SAMPLES = 4,
    /* the graphs of a rank get one part of so many of the machine's memory, divided among its ranks */
    MEMORY_FRACTION = 8,
};

/* Room for what gt_work_plan() returns. */
static gt_status make_room(gt_engine *e, int count, gt_work *w) {
    w->groups = gt_arena_array(e->model->arena, (size_t)count + 1, sizeof *w->groups);
    w->units = gt_arena_array(e->model->arena, (size_t)count + 1, sizeof *w->units);
    return w->groups && w->units ? GT_OK : GT_NOMEM;
}

/* Bytes of the largest phase when groups have up to `most` slices. *slices: of the largest group, for which *bytes were
 * computed; 0: they were not. */
static gt_status arena_for(gt_engine *e, int most, int *slices, size_t *bytes) {
    const gt_batch *b = &e->batches[0];
    gt_group largest = {b->first, 1};
    for (int next = b->first; next < b->first + b->count;) {
        gt_group g = gt_group_from(b->slices, b->stretch, next, b->first + b->count, most);
        if (g.count > largest.count) largest = g;
        next += g.count;
    }
    if (largest.count == *slices) return GT_OK;
    *slices = largest.count;
    int runs = (b->count + largest.count - 1) / largest.count;
    gt_exec_options options = gt_engine_exec_options(e, largest.count, b->stretch, runs);
    return gt_engine_largest_arena(e, gt_slices_samples(b->slices, largest.first), &options, e->tried, bytes);
}

/* Slices of a group at most: what the job says (a number, or little memory); else as many as make an execution of
 * enough samples, of more if they need little memory, and fit. A stretch is in memory together in any case. No bit
 * depends on it, so each rank chooses for itself. */
static gt_status choose_at_once(gt_engine *e, int *most) {
    const gt_batch *b = &e->batches[0];
    int least = (int)gt_largest(1, LEAST_SAMPLES / e->model->slice_size);
    if (b->stretch > least) least = b->stretch;
    if (least > GT_MOST_AT_ONCE) least = GT_MOST_AT_ONCE;
    *most = (int)e->job->slices_at_once;
    if (!*most && e->job->memory == GT_MEMORY_LOW) *most = least;
    if (*most) return GT_OK;
    gt_machine machine;
    gt_machine_look(&machine);
    size_t limit = machine.memory / (size_t)e->comm->local_ranks / MEMORY_FRACTION, bytes = 0;
    int slices = 0;
    *most = GT_MOST_AT_ONCE;
    while (*most > least && *most * e->model->slice_size > GT_MOST_SAMPLES) *most /= 2;
    if (*most < least) *most = least;
    for (; *most / 2 >= least; *most /= 2) {
        gt_status st = arena_for(e, *most, &slices, &bytes);
        int64_t samples = (int64_t)*most * e->model->slice_size, times = samples / GT_ENOUGH_SAMPLES;
        bool many = samples > GT_ENOUGH_SAMPLES && times * (int64_t)bytes > 2 * (int64_t)SMALL_GRAPHS;
        if (st || (bytes <= limit && !many)) return st;
    }
    return GT_OK;
}

/* ---- groups ---- */

static int find_shape(gt_engine *e, gt_exec_shape s) {
    int i = 0;
    for (; i < e->n_shapes; i++) {
        gt_exec_shape *o = &e->shapes[i];
        bool same = o->slices == s.slices && o->samples == s.samples && o->stretch == s.stretch && o->copy == s.copy;
        if (!same) continue;
        o->abreast |= s.abreast;
        return i;
    }
    e->shapes[e->n_shapes++] = s;
    return i;
}

/* The shapes of n groups that run abreast, from group `first` on. */
static void find_shapes(gt_engine *e, gt_batch *b, int first, int n) {
    for (int i = first; i < first + n; i++) {
        const gt_group *g = &b->work.groups[i];
        gt_exec_shape s = {.slices = g->count,
                           .samples = gt_slices_samples(b->slices, g->first),
                           .stretch = b->stretch,
                           .abreast = n > 1};
        for (int k = first; k < i; k++)
            s.copy += b->work.groups[k].count == s.slices &&
                      gt_slices_samples(b->slices, b->work.groups[k].first) == s.samples;
        b->shape[i] = find_shape(e, s);
    }
}

static gt_status make_groups(gt_engine *e, gt_batch *b, int most, bool twice) {
    b->shape = gt_arena_array(e->model->arena, (size_t)b->count + 1, sizeof *b->shape);
    gt_status st = b->shape ? make_room(e, b->count, &b->work) : GT_NOMEM;
    if (st) return st;
    gt_work *w = &b->work;
    gt_work_plan(e->comm, b->slices, b->stretch, e->comm->rank, most, w);
    if (twice) w->n_units = w->n_groups;
    for (int i = 0; twice && i < w->n_groups; i++) w->units[i] = 1;
    for (int i = 0, first = 0; i < w->n_units; first += w->units[i++]) find_shapes(e, b, first, w->units[i]);
    return GT_OK;
}

gt_status gt_engine_make_batches(gt_engine *e) {
    int most, groups = 1;
    gt_status st = cut_batches(e);
    if (!st) st = choose_at_once(e, &most);
    if (st) return st;
    for (int i = 0; i < e->n_batches; i++) groups += e->batches[i].count;
    for (int p = 0; p < e->model->n_phases; p++) groups += e->phases[p].own.count;
    e->shapes = gt_arena_array(e->model->arena, (size_t)groups, sizeof *e->shapes);
    if (!e->shapes) return GT_NOMEM;
    for (int i = 0; i < e->n_batches && !st; i++) st = make_groups(e, &e->batches[i], most, false);
    for (int p = 0; p < e->model->n_phases && !st; p++) {
        gt_batch *own = &e->phases[p].own;
        int at_once = own_at_once(e, own->slices.count, most * e->model->slice_size);
        if (own->slices.count) st = make_groups(e, own, at_once, true);
    }
    return st;
}
