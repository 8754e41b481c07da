/* SPDX-License-Identifier: Apache-2.0
 * Sinking: nodes of rate UPDATE that are not worth their memory get rate SLICE. The memory of a hoisted node is held
 * from the first run to the last; a node that is computed where its value is needed shares memory with others.
 * Computing in every run costs nothing where there is one run, and little where the nodes that read the value are much
 * more work: large images, long slices. What is made ready for a single reader in each run (a packed matrix) vanishes,
 * if the reader can do without: it packs a piece at a time. */
#include <math.h>

#include "graph/door/passes.h"

enum { LITTLE = 32 };

typedef struct sinking {
    bool *sunk; /* by id */
    int *uses;
} sinking;

static bool does_without(const sinking *s, const gt_node *n) {
    int last = n->n_in - 1;
    return n->op->ahead && n->op->ahead == last && s->sunk[n->in[last]->id] && s->uses[n->in[last]->id] == 1;
}

static gt_node *sink(void *arg, gt_graph *dst, const gt_node *n, gt_node **in) {
    const sinking *s = arg;
    gt_node with = *n;
    if (does_without(s, n)) with.n_in--;
    else if (!s->sunk[n->id]) return NULL;
    gt_node *copy = gt_node_clone(dst, &with, in);
    if (copy && s->sunk[n->id]) copy->rate = GT_RATE_SLICE;
    return copy;
}

const gt_graph *gt_pass_sink(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    int runs = options->runs;
    bool *sunk = gt_by_node(src, arena, sizeof *sunk);
    int *uses = gt_count_uses(src, arena);
    double *read_by = gt_by_node(src, arena, sizeof *read_by); /* the work of the nodes that read it in every run */
    if (!sunk || !uses || !read_by) return NULL;
    for (int id = src->n_nodes - 1; id >= 0; id--) {
        const gt_node *n = src->nodes[id];
        double work = gt_node_work(n);
        bool often = n->rate == GT_RATE_SLICE;
        sunk[id] = !often && !gt_is_leaf(n) && (runs == 1 || (runs > 1 && LITTLE * work < read_by[id]));
        /* a node that stays holds what it is made from */
        double share = sunk[id] || (often && n->op->view) ? read_by[id] : often ? work : -INFINITY;
        for (int i = 0; i < n->n_in; i++)
            if (!often || gt_reads(n, i)) read_by[n->in[i]->id] += share;
    }
    return gt_rewrite(src, arena, sink, &(sinking){sunk, uses});
}
