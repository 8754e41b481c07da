/* SPDX-License-Identifier: Apache-2.0
 * Hoisting: what depends on parameters and update inputs alone comes first; gt_exec_prepare() runs it once per update. */
#include <math.h>
#include <stdlib.h>

#include "graph/passes/passes.h"

gt_graph *gt_pass_hoist(const gt_graph *src, gt_arena *arena) {
    int *order = calloc((size_t)src->n_nodes + 1, sizeof *order), n = 0;
    if (!order) {
        gt_fail(GT_NOMEM, "out of memory for graph '%s'", src->name);
        return NULL;
    }
    for (int rate = GT_RATE_UPDATE; rate <= GT_RATE_SLICE; rate++)
        for (int id = 0; id < src->n_nodes; id++)
            if (src->nodes[id]->rate == (gt_rate)rate) order[n++] = id;
    gt_graph *dst = gt_reorder(src, arena, order);
    free(order);
    return dst;
}

/* Its memory is held from the first run to the last; computed where it is needed instead, it shares the memory of others. That is for
 * nothing where there is one run, and cheap where the nodes that read it are that much more work: large images, long slices. */
enum { CHEAP = 32 };

static gt_node *sink(void *arg, gt_graph *dst, const gt_node *n, gt_node **in) {
    const bool *sunk = arg;
    if (!sunk[n->id]) return NULL;
    gt_node *copy = gt_node_clone(dst, n, in);
    if (copy) copy->rate = GT_RATE_SLICE;
    return copy;
}

gt_graph *gt_pass_sink(const gt_graph *src, gt_arena *arena, int runs) {
    bool *sunk = calloc((size_t)src->n_nodes + 1, sizeof *sunk);
    double *read_by = calloc((size_t)src->n_nodes + 1, sizeof *read_by); /* the work of those that read it in every run */
    gt_graph *dst = NULL;
    for (int id = src->n_nodes - 1; id >= 0 && sunk && read_by; id--) {
        const gt_node *n = src->nodes[id];
        double work = gt_node_work(n);
        bool often = n->rate == GT_RATE_SLICE;
        sunk[id] = !often && !gt_is_leaf(n) && (runs == 1 || CHEAP * work < read_by[id]);
        double share = sunk[id] || (often && n->op->view) ? read_by[id] : often ? work : -INFINITY; /* one that stays holds what it is made from */
        for (int i = 0; i < n->n_in; i++)
            if (!often || gt_reads(n, i)) read_by[n->in[i]->id] += share;
    }
    if (sunk && read_by)
        dst = gt_rewrite(src, arena, sink, sunk);
    else
        gt_fail(GT_NOMEM, "out of memory for graph '%s'", src->name);
    free(sunk);
    free(read_by);
    return dst;
}
