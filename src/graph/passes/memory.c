/* SPDX-License-Identifier: Apache-2.0
 * The memory plan: every buffer a fixed offset in one arena, so that two share bytes only if they are never alive at
 * the same time. Buffers are placed from the largest down, each into the smallest gap between those alive with it. */
#include <stdlib.h>
#include <string.h>

#include "graph/passes/passes.h"

static int by_size(const void *a, const void *b) {
    const gt_buffer *x = *(const gt_buffer *const *)a, *y = *(const gt_buffer *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

/* The offset of the smallest gap, among buffers placed already (sorted by offset), that holds b. */
static size_t best_gap(gt_buffer *const *placed, int n, const gt_buffer *b) {
    size_t top = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
    for (int i = 0; i < n; i++) {
        const gt_buffer *p = placed[i];
        if (p->last < b->first || b->last < p->first) continue;
        if (p->offset > top && p->offset - top >= b->bytes && p->offset - top < best_gap) {
            best = top;
            best_gap = p->offset - top;
        }
        if (p->offset + p->bytes > top) top = p->offset + p->bytes;
    }
    return best != SIZE_MAX ? best : top;
}

static gt_status pack(gt_memory_plan *plan) {
    int n = plan->n_buffers;
    gt_buffer **order = calloc((size_t)n + 1, sizeof *order), **placed = calloc((size_t)n + 1, sizeof *placed);
    if (!order || !placed) {
        free(order);
        free(placed);
        return gt_fail(GT_NOMEM, "out of memory for a memory plan");
    }
    for (int i = 0; i < n; i++) order[i] = &plan->buffers[i];
    qsort(order, (size_t)n, sizeof *order, by_size);
    for (int i = 0; i < n; i++) {
        gt_buffer *b = order[i];
        b->offset = best_gap(placed, i, b);
        int at = i;
        while (at > 0 && placed[at - 1]->offset > b->offset) at--;
        memmove(placed + at + 1, placed + at, (size_t)(i - at) * sizeof *placed);
        placed[at] = b;
        if (b->offset + b->bytes > plan->bytes) plan->bytes = b->offset + b->bytes;
    }
    free(order);
    free(placed);
    return GT_OK;
}

gt_status gt_plan_memory(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan) {
    gt_status status = gt_find_lives(g, threads, arena, plan);
    if (!status) status = pack(plan);
    for (int id = 0; id < g->n_nodes && !status; id++) {
        if (plan->values_in[id] >= 0) plan->places[id].offset = plan->buffers[plan->values_in[id]].offset;
        for (const gt_node *v = g->nodes[id]; v->op->view; v = v->in[0]) plan->places[id].offset += gt_view_offset(v);
    }
    return status;
}
