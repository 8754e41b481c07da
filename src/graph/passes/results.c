/* SPDX-License-Identifier: Apache-2.0
 * Placed results: each gets a node that writes it where it belongs. The node that computes it does so itself if
 * nobody else reads it (be it as a view under another shape) and writing early harms nobody; otherwise a copy does. A result that goes where a parameter
 * lies is copied at the very end of the run, after the parameter's last reader. */
#include <stdlib.h>

#include "gantry/ops.h"
#include "graph/ops/elementwise.h"
#include "graph/passes/passes.h"

static bool overlaps_param(const gt_graph *g, const gt_result *r) {
    int64_t begin = (int64_t)r->offset, end = begin + gt_shape_size(&r->node->shape);
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        if (n->op != &gt_op_param) continue;
        const gt_param_attr *p = n->attr;
        if (p->slot == r->slot && p->offset < end && begin < p->offset + gt_shape_size(&n->shape)) return true;
    }
    return false;
}

/* The node that can write r where it belongs; NULL: none can. */
static const gt_node *writer_of(const gt_graph *g, const gt_result *r, const int *uses) {
    const gt_node *n = r->node;
    while (n->op->view && uses[n->id] == 1) n = n->in[0];
    bool own = n->rate == GT_RATE_SLICE && !gt_is_leaf(n) && !n->op->view && uses[n->id] == 1;
    return own && !overlaps_param(g, r) ? n : NULL;
}

static gt_node *copy_node(gt_graph *dst, const gt_result *r, gt_node *of) {
    gt_node *copy = gt_broadcast(dst, of, of->shape);
    if (!copy) return NULL;
    copy->rate = GT_RATE_SLICE; /* the place may be written anew before every run */
    gt_name_exactly(copy, r->name);
    return copy;
}

gt_graph *gt_pass_results(const gt_graph *src, gt_arena *arena) {
    gt_graph *dst = gt_graph_derived(src, arena);
    int *uses = gt_count_uses(src);
    gt_node **map = calloc((size_t)src->n_nodes + 1, sizeof *map), **from = calloc((size_t)src->n_results + 1, sizeof *from);
    if (!dst || !uses || !map || !from) {
        gt_fail(GT_NOMEM, "out of memory for graph '%s'", src->name);
        dst = NULL;
    }
    for (int id = 0; dst && id < src->n_nodes && !dst->status; id++) {
        const gt_node *n = src->nodes[id];
        gt_node *in[n->n_in + 1];
        for (int i = 0; i < n->n_in; i++) in[i] = map[n->in[i]->id];
        map[id] = gt_node_clone(dst, n, in);
        for (int i = 0; i < src->n_results && !dst->status; i++) {
            const gt_result *r = &src->results[i];
            const gt_node *writer = r->placed ? writer_of(src, r, uses) : r->node;
            if (writer == n)
                from[i] = map[id];
            else if (!writer && r->node == n && !overlaps_param(src, r))
                from[i] = copy_node(dst, r, map[id]);
        }
    }
    for (int i = 0; dst && i < src->n_results && !dst->status; i++) {
        gt_result r = src->results[i];
        r.node = from[i] ? from[i] : copy_node(dst, &r, map[r.node->id]);
        if (r.node) gt_result_add(dst, &r);
    }
    if (dst && gt_graph_status(dst)) dst = NULL;
    free(uses);
    free(map);
    free(from);
    return dst;
}
