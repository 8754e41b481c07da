/* SPDX-License-Identifier: Apache-2.0
 * Placed results: each gets a node that writes it where it belongs. The node that computes it does so itself if
 * nobody else reads it (be it as a view under another shape) and writing early harms nobody; otherwise a copy does. A
 * result that goes where a parameter lies is copied at the very end of the run, after the parameter's last reader. */
#include "graph/door/ops.h"
#include "graph/ops/joined.h"
#include "graph/door/passes.h"

static bool overlaps_param(const gt_graph *g, const gt_result *r) {
    for (int id = 0; id < g->n_nodes; id++)
        if (g->nodes[id]->op == &gt_op_param && gt_overlaps_param(r, g->nodes[id])) return true;
    return false;
}

typedef struct delivery {  /* how a result gets to its place */
    const gt_node *writer; /* in the source: writes it itself; NULL: a copy does */
    bool late;             /* the copy comes at the end */
    gt_node *made;         /* in the new graph */
} delivery;

static delivery deliver(const gt_graph *g, const gt_result *r, const int *uses) {
    const gt_node *n = r->node;
    if (!r->placed) return (delivery){.writer = n};
    while (n->op->view && n->op != &gt_op_slice_view && uses[n->id] == 1) n = n->in[0];
    bool late = overlaps_param(g, r),
         own = n->rate == GT_RATE_SLICE && !gt_is_leaf(n) && !n->op->view && uses[n->id] == 1;
    return (delivery){.writer = own && !late ? n : NULL, .late = late};
}

static gt_node *copy_node(gt_graph *dst, const gt_result *r, gt_node *of) {
    gt_node *copy = gt_broadcast(dst, of, of->shape);
    if (!copy) return NULL;
    copy->rate = GT_RATE_SLICE; /* the place may be written anew before every run */
    gt_node_rename(copy, "%s", r->name);
    return copy;
}

/* n in the new graph, with the copies that come right after it. */
static gt_node *rebuild(gt_graph *dst, const gt_graph *src, const gt_node *n, gt_node **map, delivery *deliveries) {
    gt_node *made = gt_node_rebuilt(dst, n, map);
    for (int i = 0; i < src->n_results && made; i++) {
        delivery *d = &deliveries[i];
        if (d->writer == n) d->made = made;
        if (!d->writer && !d->late && src->results[i].node == n) d->made = copy_node(dst, &src->results[i], made);
    }
    return made;
}

const gt_graph *gt_pass_results(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    gt_graph *dst = gt_graph_derived(src, arena);
    int *uses = gt_count_uses(src, arena);
    gt_node **map = gt_by_node(src, arena, sizeof *map);
    delivery *deliveries = gt_arena_array(arena, (size_t)src->n_results + 1, sizeof *deliveries);
    if (gt_arena_failed(arena)) return NULL;
    for (int i = 0; i < src->n_results; i++) deliveries[i] = deliver(src, &src->results[i], uses);
    for (int id = 0; id < src->n_nodes && !dst->status; id++)
        map[id] = rebuild(dst, src, src->nodes[id], map, deliveries);
    for (int i = 0; i < src->n_results && !dst->status; i++) {
        gt_result r = src->results[i];
        r.node = deliveries[i].made ? deliveries[i].made : copy_node(dst, &r, map[r.node->id]);
        if (r.node) gt_result_add(dst, &r);
    }
    return gt_graph_status(dst) ? NULL : dst;
}
