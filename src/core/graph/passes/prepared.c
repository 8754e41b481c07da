/* SPDX-License-Identifier: Apache-2.0
 * Prepared values: what follows from parameters alone, and is much work, is read where the table of prepared values
 * (graph.h) keeps it: a leaf stands in place of its node. A leaf that is never read stands in place of what a value was
 * made from, where a node has both as inputs (plain weights beside packed ones). */
#include <stdio.h>

#include "graph/door/passes.h"

/* As gt_node_work() counts: packing of 32 KB, some ten microseconds. Below, knowing of a value costs what it saves. */
static const double least_work = 1 << 20;

typedef struct marks { /* by id */
    bool *alone;       /* parameters and constants are all that the node follows from */
    bool *wanted;      /* and a node reads it that follows from more */
    bool *kept;        /* and it is in the table, */
    size_t *offset;    /* there */
    int slot;
} marks;

static gt_node *leaf_of(const marks *m, gt_graph *g, const gt_node *n, size_t offset) {
    char name[64]; /* of its place: names of nodes need not be all different */
    snprintf(name, sizeof name, "prepared value at %zu, node %d", offset, n->id);
    gt_node *leaf = gt_param(g, name, n->shape, m->slot, offset / sizeof(float));
    if (leaf) leaf->name = n->name;
    return leaf;
}

/* Is x there only as what another input was made from, which is in the table? A node may do without an input that is
 * made ready (op->ahead), and then reads x. */
static bool is_beside(const marks *m, const gt_node *n, int i) {
    const gt_node *x = n->in[i];
    bool made = false;
    for (int k = 0; k < n->n_in; k++) made |= m->kept[n->in[k]->id] && n->in[k]->n_in && n->in[k]->in[0] == x;
    return made && !gt_reads(n, i) && !gt_is_leaf(x) && !m->kept[x->id];
}

static gt_node *replace(void *arg, gt_graph *g, const gt_node *n, gt_node **in) {
    const marks *m = arg;
    if (m->kept[n->id]) return leaf_of(m, g, n, m->offset[n->id]);
    for (int i = 0; i < n->n_in; i++)
        if (is_beside(m, n, i)) in[i] = leaf_of(m, g, n->in[i], 0);
    return NULL;
}

static void mark(const gt_graph *g, marks *m, double *work) {
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        m->alone[id] = n->op != &gt_op_input && n->op != &gt_op_update_input && !n->op->impure;
        work[id] = gt_node_work(n);
        for (int i = 0; i < n->n_in; i++) {
            m->alone[id] &= m->alone[n->in[i]->id];
            work[id] += work[n->in[i]->id];
        }
    }
    for (int id = g->n_nodes - 1; id >= 0; id--) {
        const gt_node *n = g->nodes[id];
        for (int i = 0; i < n->n_in; i++)
            if (gt_reads(n, i) && (!m->alone[id] || (n->op->view && m->wanted[id]))) m->wanted[n->in[i]->id] = true;
    }
}

const gt_graph *gt_pass_prepared(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    gt_prepared *p = options->prepared;
    if (!p || !gt_prepared_takes(p, src)) return src;
    marks m = {.alone = gt_by_node(src, arena, sizeof *m.alone),
               .wanted = gt_by_node(src, arena, sizeof *m.wanted),
               .kept = gt_by_node(src, arena, sizeof *m.kept),
               .offset = gt_by_node(src, arena, sizeof *m.offset),
               .slot = gt_prepared_slot(p)};
    double *work = gt_by_node(src, arena, sizeof *work);
    const gt_node **known = gt_by_node(src, arena, sizeof *known);
    if (gt_arena_failed(arena)) return NULL;
    mark(src, &m, work);
    bool any = false;
    for (int id = 0; id < src->n_nodes; id++) {
        const gt_node *n = src->nodes[id];
        m.kept[id] = m.alone[id] && m.wanted[id] && !gt_is_leaf(n) && !n->op->view && work[id] >= least_work;
        if (!m.kept[id]) continue;
        any = true;
        const gt_node *same = gt_prepared_import(p, n, known);
        if (!same || gt_prepared_add(p, same, work[id], options->use, &m.offset[id])) return NULL;
    }
    return any ? gt_rewrite(src, arena, replace, &m) : src;
}
