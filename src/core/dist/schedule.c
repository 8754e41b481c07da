/* SPDX-License-Identifier: Apache-2.0
 * The schedule of a reducer for a phase: when each bucket of the gradient is complete, and which ranges no output
 * writes. */
#include <stdlib.h>

#include "dist/reducer.h"

static int by_offset(const void *a, const void *b) {
    const gt_span *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* gaps: what `sorted` leaves of the block; there is room for one more than outputs. */
static gt_status find_gaps(const gt_reducer *r, gt_reducer_schedule *p, const gt_span *sorted, int n) {
    size_t end = 0;
    for (int i = 0; i <= n; i++) {
        size_t next = i < n ? sorted[i].offset : r->floats;
        if (next < end || next > r->floats || (i < n && sorted[i].size > r->floats - next))
            return gt_fail(GT_FAILED, "gradient outputs overlap or leave the block of %zu floats at offset %zu",
                           r->floats, next);
        if (next > end) p->gaps[p->n_gaps++] = (gt_span){.offset = end, .size = next - end};
        if (i < n) end = next + sorted[i].size;
    }
    return GT_OK;
}

static void order_buckets(const gt_reducer *r, gt_reducer_schedule *p, int n, const gt_span *outputs) {
    for (int i = 0; i < n; i++) {
        if (outputs[i].size == 0) continue;
        size_t first = outputs[i].offset / r->bucket_floats,
               last = (outputs[i].offset + outputs[i].size - 1) / r->bucket_floats;
        for (size_t b = first; b <= last; b++) p->ready[b] = i + 1; /* outputs come in order: the last one counts */
    }
    if (r->plain) { /* collectives begin in one order on all ranks: from the end, as backward passes mostly do */
        for (int b = 0; b < r->buckets; b++) p->order[b] = r->buckets - 1 - b;
        return;
    }
    for (int b = 0; b < r->buckets; b++) { /* insertion keeps equal ones in order of the block */
        int at = b;
        for (; at > 0 && p->ready[p->order[at - 1]] > p->ready[b]; at--) p->order[at] = p->order[at - 1];
        p->order[at] = b;
    }
}

gt_reducer_schedule *gt_reducer_schedule_new(gt_reducer *r, int n, const gt_span *outputs) {
    gt_reducer_schedule *p = gt_arena_alloc(r->arena, sizeof *p);
    gt_span *sorted = gt_arena_array(r->arena, (size_t)n + 1, sizeof *sorted);
    int *order = gt_arena_array(r->arena, (size_t)r->buckets, sizeof *order);
    int *ready = gt_arena_array(r->arena, (size_t)r->buckets, sizeof *ready);
    gt_span *gaps = gt_arena_array(r->arena, (size_t)n + 1, sizeof *gaps);
    if (gt_arena_failed(r->arena)) return NULL;
    *p = (gt_reducer_schedule){.order = order, .ready = ready, .gaps = gaps};
    for (int i = 0; i < n; i++) sorted[i] = outputs[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_offset);
    if (find_gaps(r, p, sorted, n)) return NULL;
    order_buckets(r, p, n, outputs);
    return p;
}
