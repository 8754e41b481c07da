/* SPDX-License-Identifier: Apache-2.0
 * Sums over slices that do not depend on each other become one sum, of their values one after the other: at each sum an
 * execution stops until all slices have come as far. Joined sum k is made of the sums with k - 1 others on the longest
 * way to them. It needs a result of joined sum k - 1, so the order of the joined sums is a matter of the graph's
 * dependencies, and the same on all ranks whatever other passes do. The pass comes early for that: nothing depends on
 * the number of samples or of slices yet. */
#include "graph/door/ops.h"
#include "graph/door/op_list.h"
#include "graph/door/passes.h"

bool gt_is_slice_sum(const gt_node *n) { return n->op == &gt_op_sum_over_slices; }

typedef struct work {
    gt_graph *dst;
    /* by id in the source: joined sums before the node; of a sum: the number of its joined sum, from 1 */
    int *level;
    const gt_node **sums; /* of the level at hand */
    int n_sums;
    gt_node **map;
} work;

static int find_levels(const gt_graph *g, int *level) {
    int most = 0;
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        for (int i = 0; i < n->n_in; i++)
            if (level[n->in[i]->id] > level[id]) level[id] = level[n->in[i]->id];
        level[id] += gt_is_slice_sum(n);
        if (level[id] > most) most = level[id];
    }
    return most;
}

static void find_sums(work *m, const gt_graph *src, int level) {
    m->n_sums = 0;
    for (int id = 0; id < src->n_nodes; id++)
        if (m->level[id] == level && gt_is_slice_sum(src->nodes[id])) m->sums[m->n_sums++] = src->nodes[id];
}

/* All sums of a level become one; each gets its piece of the result. */
static void join_sums(work *m) {
    gt_node *flat[m->n_sums], *own, *all;
    for (int i = 0; i < m->n_sums; i++) flat[i] = gt_reshape(m->dst, m->map[m->sums[i]->in[0]->id], GT_SHAPE(-1));
    own = m->n_sums > 1 ? gt_concat(m->dst, m->n_sums, flat, 0) : flat[0];
    all = gt_sum_over_slices(m->dst, own);
    if (!all) return;
    const char *first = m->sums[0]->name;
    gt_node_rename(all, "over slices: %s", first);
    if (m->n_sums > 1) {
        gt_node_rename(all, "over slices: %s and %d more", first, m->n_sums - 1);
        own->name = all->name;
    }
    int64_t begin = 0;
    for (int i = 0; i < m->n_sums; i++) {
        int64_t end = begin + gt_shape_size(&m->sums[i]->shape);
        gt_node *piece = m->n_sums > 1 ? gt_slice(m->dst, all, 0, begin, end) : all;
        if (m->n_sums > 1) gt_node_rename(piece, "%s", m->sums[i]->name);
        m->map[m->sums[i]->id] = gt_reshape(m->dst, piece, m->sums[i]->shape);
        begin = end;
    }
}

/* The other nodes of a level: those after its sum. */
static void rebuild(work *m, const gt_graph *src, int level) {
    for (int id = 0; id < src->n_nodes && !m->dst->status; id++) {
        const gt_node *n = src->nodes[id];
        if (m->level[id] != level || gt_is_slice_sum(n)) continue;
        m->map[id] = gt_node_rebuilt(m->dst, n, m->map);
    }
}

const gt_graph *gt_pass_slice_sums(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    work m = {.dst = gt_graph_derived(src, arena),
              .level = gt_by_node(src, arena, sizeof *m.level),
              .sums = gt_by_node(src, arena, sizeof *m.sums),
              .map = gt_by_node(src, arena, sizeof *m.map)};
    if (gt_arena_failed(arena)) return NULL;
    int most = find_levels(src, m.level);
    for (int level = 0; level <= most && !m.dst->status; level++) {
        find_sums(&m, src, level);
        if (m.n_sums) join_sums(&m);
        rebuild(&m, src, level);
    }
    return gt_rebuilt(m.dst, src, m.map);
}
