/* SPDX-License-Identifier: Apache-2.0
 * Reverse-mode differentiation of the graph into itself: the derivatives are nodes like any others, so they can be
 * differentiated again. */
#include "graph/door/ops.h"
#include "graph/door/internal.h"

gt_node gt_zero_derivative;

static gt_node *accumulate(gt_graph *g, gt_node *sum, gt_node *term) { return sum ? gt_add(g, sum, term) : term; }

/* Nodes that depend on a wrt through differentiable ops: derivatives are needed for these alone. */
static void mark_dependent(const gt_graph *g, int n_nodes, int n_wrt, gt_node *const *wrt, bool *dependent) {
    for (int i = 0; i < n_wrt; i++) dependent[wrt[i]->id] = true;
    for (int id = 0; id < n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        if (n->op->not_differentiable) continue;
        for (int i = 0; i < n->n_in; i++)
            if (dependent[n->in[i]->id]) dependent[id] = true;
    }
}

/* Add y's contributions to the derivatives of its inputs. */
static void propagate(gt_graph *g, gt_node *y, gt_node *dy, const bool *dependent, gt_node **grads) {
    bool need[y->n_in];
    gt_node *dx[y->n_in];
    for (int i = 0; i < y->n_in; i++) {
        need[i] = dependent[y->in[i]->id];
        dx[i] = NULL;
    }
    int before = g->n_nodes;
    gt_scope_push(g, "grad of %s", y->name);
    y->op->vjp(g, y, dy, need, dx);
    for (int i = 0; i < y->n_in; i++) {
        if (!need[i] || dx[i] == &gt_zero_derivative) continue;
        gt_node *x = y->in[i];
        if (!dx[i]) {
            gt_graph_fault(g, "'%s' depends on its input '%s', in which op '%s' has no derivative", y->name, x->name,
                           y->op->name);
            continue;
        }
        if (!gt_shape_equal(&dx[i]->shape, &x->shape)) {
            char a[96], b[96];
            gt_graph_fault(g, "the derivative that op '%s' gives for its input '%s' has shape %s instead of %s",
                           y->op->name, x->name, gt_shape_text(&dx[i]->shape, a), gt_shape_text(&x->shape, b));
            continue;
        }
        grads[x->id] = accumulate(g, grads[x->id], dx[i]);
        gt_node *sum = grads[x->id];
        if (sum && sum->id >= before && !gt_is_leaf(sum)) gt_node_rename(sum, "grad of %s", x->name);
    }
    gt_scope_pop(g);
}

/* The derivative that comes in at y[i]: given, or ones. */
static gt_node *seed(gt_graph *g, gt_node *y, gt_node *dy) {
    if (!dy) return gt_filled(g, 1, &y->shape);
    if (dy->graph == g && gt_shape_equal(&y->shape, &dy->shape)) return dy;
    char a[96], b[96];
    return gt_graph_fault(g, "gt_grad: '%s' has shape %s; its incoming derivative '%s' has shape %s", y->name,
                          gt_shape_text(&y->shape, a), dy->name, gt_shape_text(&dy->shape, b));
}

gt_status gt_grad(gt_graph *g, int n_y, gt_node *const *y, gt_node *const *dy, int n_wrt, gt_node *const *wrt,
                  gt_node **out) {
    for (int i = 0; i < n_wrt; i++) out[i] = NULL;
    for (int i = 0; i < n_y + n_wrt; i++) {
        const gt_node *n = i < n_y ? y[i] : wrt[i - n_y];
        if (!n || n->graph != g) {
            gt_graph_fault(g, "gt_grad: %s %d is %s", i < n_y ? "y" : "wrt", i < n_y ? i : i - n_y,
                           n ? "of another graph" : "missing");
            return gt_graph_status(g);
        }
    }
    int n_nodes = g->n_nodes;
    bool *dependent = gt_arena_array(g->arena, (size_t)n_nodes + 1, sizeof *dependent);
    /* by id, of the nodes that were there at the call */
    gt_node **grads = gt_arena_array(g->arena, (size_t)n_nodes + 1, sizeof *grads);
    if (!dependent || !grads) return gt_graph_out_of_memory(g);
    mark_dependent(g, n_nodes, n_wrt, wrt, dependent);
    for (int i = 0; i < n_y; i++)
        if (dependent[y[i]->id]) grads[y[i]->id] = accumulate(g, grads[y[i]->id], seed(g, y[i], dy ? dy[i] : NULL));
    for (int id = n_nodes - 1; id >= 0 && !g->status; id--) {
        gt_node *n = g->nodes[id];
        if (!grads[id] || n->op->not_differentiable) continue;
        bool on_path = false;
        for (int i = 0; i < n->n_in; i++) on_path |= dependent[n->in[i]->id];
        if (on_path) propagate(g, n, grads[id], dependent, grads);
    }
    for (int i = 0; i < n_wrt && !g->status; i++) {
        gt_node *d = grads[wrt[i]->id];
        out[i] = d ? d : gt_filled(g, 0, &wrt[i]->shape);
    }
    return gt_graph_status(g);
}
