/* SPDX-License-Identifier: Apache-2.0
 * How batches are cut into slices, which of them this rank computes, and how many at once. */
#include "base/machine.h"
#include "train/trainer.h"

/* ---- slices ---- */

static void add_share(gt_trainer *t, gt_slices slices) {
    gt_share *s = &t->shares[t->n_shares++];
    s->slices = slices;
    gt_slice_range(slices.count, t->comm->ranks, t->comm->rank, &s->first, &s->count);
}

/* How many slices a rank has at most. */
size_t gt_trainer_most_slices(const gt_trainer *t) {
    int most = 0;
    for (int i = 0; i < t->n_shares; i++)
        if (t->shares[i].count > most) most = t->shares[i].count;
    return (size_t)most;
}

static gt_status cut_batches(gt_trainer *t) {
    t->steps = (gt_steps){.items = t->info->count, .batch = (int)t->job->batch, .end = t->model->epoch_end};
    if (t->steps.end == GT_EPOCH_DROPPED && t->steps.batch > t->steps.items)
        return gt_fail(GT_USAGE, "--batch=%d is more than the %lld images there are, and an incomplete batch is not used", t->steps.batch, (long long)t->steps.items);
    gt_slices full = {(int)t->job->batch, (int)t->job->slices};
    add_share(t, full);
    if (gt_steps_rest(&t->steps)) add_share(t, gt_slices_of_rest(full, gt_steps_rest(&t->steps)));
    return GT_OK;
}

/* ---- executions ---- */

gt_status gt_phase_exec_make(gt_trainer *t, gt_phase_exec *x, gt_phase *p, gt_variant v) {
    x->graph = p->build(p, v.samples);
    gt_exec_options options = gt_trainer_exec_options(t, v.slices);
    x->exec = x->graph ? gt_exec_new(x->graph, &options) : NULL;
    return x->exec ? GT_OK : gt_wrap(GT_FAILED, "phase %s", p->name);
}

void gt_phase_exec_free(gt_phase_exec *x) {
    gt_exec_free(x->exec);
    gt_graph_free(x->graph);
    *x = (gt_phase_exec){0};
}

enum {
    ENOUGH_SAMPLES = 32, /* in one execution: products over images of 4x4 then have rows enough to pay for reading their weights */
    MEMORY_SHARE = 8,    /* of the machine's memory, divided among its ranks, a part of so much for the graphs */
};

/* Of the largest phase when groups have up to `most` slices. */
static gt_status arena_for(gt_trainer *t, int most, size_t *bytes) {
    const gt_share *s = &t->shares[0];
    gt_group largest = {s->first, 1};
    for (int next = s->first; next < s->first + s->count;) {
        gt_group b = gt_group_from(s->slices, next, s->first + s->count, most);
        if (b.count > largest.count) largest = b;
        next += b.count;
    }
    gt_status st = GT_OK;
    *bytes = 0;
    for (int p = 0; p < t->model->n_phases && !st; p++) {
        gt_phase_exec x = {0};
        st = gt_phase_exec_make(t, &x, &t->model->phases[p], (gt_variant){largest.count, gt_slices_samples(s->slices, largest.first), 0});
        if (!st && gt_exec_arena_bytes(x.exec) > *bytes) *bytes = gt_exec_arena_bytes(x.exec);
        gt_phase_exec_free(&x);
    }
    return st;
}

/* What the job says: a number, or little memory (unless all slices are in it anyway); else as many as make an execution of enough samples and fit.
 * A rank's own affair: no bit depends on it. */
static gt_status choose_at_once(gt_trainer *t, int *most) {
    *most = (int)t->job->slices_at_once;
    if (!*most && t->model->over_slices) *most = GT_MOST_AT_ONCE;
    if (!*most && gt_is(t->job->memory, "low")) *most = 1;
    if (*most) return GT_OK;
    gt_machine machine;
    gt_machine_look(&machine);
    size_t limit = machine.memory / (size_t)t->comm->local_ranks / MEMORY_SHARE, bytes = 0;
    *most = GT_MOST_AT_ONCE;
    while (*most > 1 && *most * t->model->slice_size > ENOUGH_SAMPLES) *most /= 2;
    for (; *most > 1; *most /= 2) {
        gt_status st = arena_for(t, *most, &bytes);
        if (st || bytes <= limit) return st;
    }
    return GT_OK;
}

/* ---- groups ---- */

static int find_variant(gt_trainer *t, gt_variant v) {
    int i = 0;
    while (i < t->n_variants && (t->variants[i].slices != v.slices || t->variants[i].samples != v.samples || t->variants[i].copy != v.copy)) i++;
    if (i == t->n_variants) t->variants[t->n_variants++] = v;
    return i;
}

/* How many of a batch's groups before this one are like it. */
static int earlier_like(const gt_share *s, int index) {
    int n = 0;
    for (int i = 0; i < index; i++)
        n += s->groups[i].count == s->groups[index].count && gt_slices_samples(s->slices, s->groups[i].first) == gt_slices_samples(s->slices, s->groups[index].first);
    return n;
}

static gt_status make_groups(gt_trainer *t, int most) {
    size_t slices = 0;
    for (int i = 0; i < t->n_shares; i++) slices += (size_t)t->shares[i].count;
    t->variants = gt_arena_array(t->model->arena, slices + 1, sizeof *t->variants);
    if (!t->variants) return GT_NOMEM;
    for (int i = 0; i < t->n_shares; i++) {
        gt_share *s = &t->shares[i];
        s->groups = gt_arena_array(t->model->arena, (size_t)s->count + 1, sizeof *s->groups);
        s->variant = gt_arena_array(t->model->arena, (size_t)s->count + 1, sizeof *s->variant);
        if (!s->groups || !s->variant) return GT_NOMEM;
        for (int next = s->first; next < s->first + s->count; s->n_groups++) {
            gt_group b = gt_group_from(s->slices, next, s->first + s->count, most);
            s->groups[s->n_groups] = b;
            int copy = t->model->over_slices ? earlier_like(s, s->n_groups) : 0;
            s->variant[s->n_groups] = find_variant(t, (gt_variant){b.count, gt_slices_samples(s->slices, b.first), copy});
            next += b.count;
        }
    }
    return GT_OK;
}

gt_status gt_trainer_share_out(gt_trainer *t) {
    int most;
    gt_status st = cut_batches(t);
    if (!st) st = choose_at_once(t, &most);
    return st ? st : make_groups(t, most);
}
