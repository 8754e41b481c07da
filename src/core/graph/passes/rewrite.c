/* SPDX-License-Identifier: Apache-2.0
 * The frame of the passes: a graph rebuilt node by node. What is rebuilt is always in a valid order. */
#include "graph/door/passes.h"

void *gt_by_node(const gt_graph *g, gt_arena *arena, size_t size) {
    return gt_arena_array(arena, (size_t)g->n_nodes + 1, size);
}

static void mark(const gt_graph *g, bool *needed) {
    for (int i = 0; i < g->n_results; i++) needed[g->results[i].node->id] = true;
    for (int id = g->n_nodes - 1; id >= 0; id--)
        for (int i = 0; needed[id] && i < g->nodes[id]->n_in; i++) needed[g->nodes[id]->in[i]->id] = true;
}

gt_node *gt_node_rebuilt(gt_graph *g, const gt_node *n, gt_node *const *map) {
    gt_node *in[n->n_in + 1];
    for (int i = 0; i < n->n_in; i++) in[i] = map[n->in[i]->id];
    return gt_node_clone(g, n, in);
}

static gt_node *replacement(gt_graph *dst, const gt_node *n, gt_node **map, gt_rewrite_fn *fn, void *arg) {
    gt_node *in[n->n_in + 1];
    for (int i = 0; i < n->n_in; i++) in[i] = map[n->in[i]->id];
    int before = dst->n_nodes;
    gt_node *r = fn(arg, dst, n, in);
    if (!r) return dst->status ? NULL : gt_node_clone(dst, n, in);
    if (r->id >= before) r->name = n->name;
    return r;
}

gt_graph *gt_rebuilt(gt_graph *dst, const gt_graph *src, gt_node *const *map) {
    for (int i = 0; i < src->n_results && !dst->status; i++) {
        gt_result r = src->results[i];
        r.node = map[r.node->id];
        gt_result_add(dst, &r);
    }
    return gt_graph_status(dst) ? NULL : dst;
}

gt_graph *gt_rewrite(const gt_graph *src, gt_arena *arena, gt_rewrite_fn *fn, void *arg) {
    gt_graph *dst = gt_graph_derived(src, arena);
    bool *needed = gt_by_node(src, arena, sizeof *needed);
    gt_node **map = gt_by_node(src, arena, sizeof *map);
    if (gt_arena_failed(arena)) return NULL;
    mark(src, needed);
    for (int id = 0; id < src->n_nodes && !dst->status; id++)
        if (needed[id])
            map[id] = fn ? replacement(dst, src->nodes[id], map, fn, arg) : gt_node_rebuilt(dst, src->nodes[id], map);
    return gt_rebuilt(dst, src, map);
}

gt_graph *gt_reorder(const gt_graph *src, gt_arena *arena, const int *order) {
    gt_graph *dst = gt_graph_derived(src, arena);
    gt_node **map = gt_by_node(src, arena, sizeof *map);
    if (gt_arena_failed(arena)) return NULL;
    for (int k = 0; k < src->n_nodes && !dst->status; k++)
        map[order[k]] = gt_node_rebuilt(dst, src->nodes[order[k]], map);
    return gt_rebuilt(dst, src, map);
}

int *gt_count_uses(const gt_graph *g, gt_arena *arena) {
    int *uses = gt_by_node(g, arena, sizeof *uses);
    if (!uses) return NULL;
    for (int id = 0; id < g->n_nodes; id++)
        for (int i = 0; i < g->nodes[id]->n_in; i++) uses[g->nodes[id]->in[i]->id]++;
    for (int i = 0; i < g->n_results; i++) uses[g->results[i].node->id]++;
    return uses;
}

const gt_graph *gt_pass_dead(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    return gt_rewrite(src, arena, NULL, NULL);
}
