/* SPDX-License-Identifier: Apache-2.0
 * The memory plan: every buffer a fixed offset in one arena, so that two share bytes only if they are never alive at
 * the same time. Buffers are placed one after the other, each into the smallest gap between those alive with it. */
#include <stdlib.h>
#include <string.h>

#include "graph/door/passes.h"

/* In which order buffers are placed: what comes late must fit in between. */
typedef double weight_fn(const gt_interval *b);
static double life_of(const gt_interval *b) { return 1.0 + b->last - b->first; }
static double by_size(const gt_interval *b) { return (double)b->bytes; }
static double by_life(const gt_interval *b) { return life_of(b); }
static double by_both(const gt_interval *b) { return (double)b->bytes * (double)b->bytes * life_of(b); }

typedef struct placing {
    gt_interval *buffer;
    double weight;
} placing;

static int heavier(const void *a, const void *b) {
    const placing *p = a, *q = b;
    const gt_interval *x = p->buffer, *y = q->buffer;
    if (p->weight != q->weight) return p->weight < q->weight ? 1 : -1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

/* The offset of the smallest gap, among buffers placed already (sorted by offset), that holds b. */
static size_t best_gap(gt_interval *const *placed, int n, const gt_interval *b) {
    size_t top = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
    for (int i = 0; i < n; i++) {
        const gt_interval *p = placed[i];
        if (p->last < b->first || b->last < p->first) continue;
        if (p->offset > top && p->offset - top >= b->bytes && p->offset - top < best_gap) {
            best = top;
            best_gap = p->offset - top;
        }
        if (p->offset + p->bytes > top) top = p->offset + p->bytes;
    }
    return best != SIZE_MAX ? best : top;
}

/* Places all buffers in this order; returns the bytes of the arena, and in *top the place in the order of the one that
 * ends there. */
static size_t place_all(const placing *order, int n, gt_interval **placed, int *top) {
    size_t bytes = 0;
    for (int i = 0; i < n; i++) {
        gt_interval *b = order[i].buffer;
        b->offset = best_gap(placed, i, b);
        int at = i;
        while (at > 0 && placed[at - 1]->offset > b->offset) at--;
        memmove(placed + at + 1, placed + at, (size_t)(i - at) * sizeof *placed);
        placed[at] = b;
        if (b->offset + b->bytes > bytes) bytes = b->offset + b->bytes, *top = i;
    }
    return bytes;
}

enum { TRIES = 16, MANY = 1 << 13 /* buffers, of which each order is tried once: the time is their square */ };

/* Within a hundredth or so of what is alive at one time, or within a megabyte: for small graphs more tries would take
 * longer than steps do. */
static bool good_enough(const gt_memory_plan *plan) {
    return plan->bytes <= plan->least + plan->least / 128 + (1 << 20);
}

static void keep(gt_memory_plan *plan, size_t bytes, size_t *best) {
    plan->bytes = bytes;
    for (int i = 0; i < plan->n_buffers; i++) best[i] = plan->buffers[i].offset;
}

/* From each order a few steps: what lay on top comes first the next time. */
static gt_status pack(gt_memory_plan *plan, gt_arena *arena) {
    static weight_fn *const orders[] = {by_size, by_life, by_both};
    size_t n = (size_t)plan->n_buffers, *best = gt_arena_array(arena, n + 1, sizeof *best);
    placing *order = gt_arena_array(arena, n + 1, sizeof *order);
    gt_interval **placed = gt_arena_array(arena, n + 1, sizeof *placed);
    if (gt_arena_failed(arena)) return GT_NOMEM;
    plan->bytes = SIZE_MAX;
    for (size_t k = 0; k < sizeof orders / sizeof *orders && !good_enough(plan); k++) {
        for (size_t i = 0; i < n; i++) order[i] = (placing){&plan->buffers[i], orders[k](&plan->buffers[i])};
        qsort(order, n, sizeof *order, heavier);
        for (int more = 0; more < (n < MANY ? TRIES : 1) && !good_enough(plan); more++) {
            int top = 0;
            size_t bytes = place_all(order, (int)n, placed, &top);
            if (bytes < plan->bytes) keep(plan, bytes, best);
            placing first = order[top];
            memmove(order + 1, order, (size_t)top * sizeof *order);
            order[0] = first;
        }
    }
    for (size_t i = 0; i < n; i++) plan->buffers[i].offset = best[i];
    return GT_OK;
}

gt_status gt_plan_memory(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan) {
    gt_status status = gt_find_lifetimes(g, threads, arena, plan);
    if (!status) status = pack(plan, arena);
    for (int id = 0; id < g->n_nodes && !status; id++) {
        if (plan->values_in[id] >= 0) plan->places[id].offset = plan->buffers[plan->values_in[id]].offset;
        for (const gt_node *v = g->nodes[id]; v->op->view; v = v->in[0]) plan->places[id].offset += gt_view_offset(v);
    }
    return status;
}
