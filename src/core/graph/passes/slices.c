/* SPDX-License-Identifier: Apache-2.0
 * Several slices at once: the graph of one slice becomes that of `slices`, with the same bits for each.
 *
 * What is the same for all slices (parameters, sums over all slices, and what follows from these alone) stays as it
 * is. Of the rest, a node computes all slices together where its op has a rule for that: everything that goes sample by
 * sample, and small sums. Elsewhere each slice gets a node of its own, which reads its part of joined values: weight
 * gradients, matrix products that sum over samples, and what follows from these. A placed result is the sum over
 * slices, by the same tree as in dist.h, of slices that are each complete; other results hold the slices one after the
 * other. The gradient of a weight is one node for all slices (ops/gradient.h). */
#include "graph/door/ops.h"
#include "graph/ops/joined.h"
#include "graph/door/nodes.h"
#include "graph/door/passes.h"

/* A node of the source in the new graph: in one or two of these forms. */
typedef struct value {
    bool shared;
    gt_node *joined; /* or, shared, the one for all */
    gt_node **apart; /* one for each slice, or NULL */
} value;

typedef struct several {
    gt_graph *dst;
    int slices, stretch;
    value *values;     /* by id */
    gt_node **results; /* in the source's order */
} several;

static gt_node *joined(several *s, const gt_node *n) {
    value *v = &s->values[n->id];
    if (v->shared || v->joined || !v->apart) return v->joined;
    gt_node *rows[s->slices];
    for (int k = 0; k < s->slices; k++)
        rows[k] = n->shape.n ? v->apart[k] : gt_reshape(s->dst, v->apart[k], GT_SHAPE(1));
    return v->joined = gt_concat(s->dst, s->slices, rows, 0);
}

static gt_node *slice_of(several *s, const gt_node *n, int slice) {
    value *v = &s->values[n->id];
    if (v->shared) return v->joined;
    if (!v->apart) {
        v->apart = gt_arena_array(s->dst->arena, (size_t)s->slices, sizeof *v->apart);
        if (!v->apart) return gt_graph_fault(s->dst, "out of memory for slices");
    }
    if (!v->apart[slice]) v->apart[slice] = gt_slice_view(s->dst, v->joined, &n->shape, slice);
    return v->apart[slice];
}

static bool only_apart(const several *s, const gt_node *n) {
    const value *v = &s->values[n->id];
    return !v->shared && !v->joined;
}

/* One node for all slices; NULL: there is no such node. */
static gt_node *compute_joined(several *s, const gt_node *n) {
    if (!n->op->joined && !n->op->rows) return NULL;
    gt_node *in[n->n_in + 1];
    bool shared[n->n_in + 1];
    for (int i = 0; i < n->n_in; i++) {
        if (only_apart(s, n->in[i])) return NULL;
        in[i] = s->values[n->in[i]->id].joined;
        shared[i] = s->values[n->in[i]->id].shared;
    }
    gt_node *made = n->op->joined ? n->op->joined(s->dst, n, s->slices, in, shared)
                                  : gt_slices_by_rows(s->dst, n, s->slices, in, shared, n->op->rows);
    gt_shape shape = gt_joined_shape(&n->shape, s->slices);
    return made ? gt_reshape(s->dst, made, shape) : NULL;
}

static void compute_apart(several *s, const gt_node *n) {
    value *v = &s->values[n->id];
    v->apart = gt_arena_array(s->dst->arena, (size_t)s->slices, sizeof *v->apart);
    for (int k = 0; v->apart && k < s->slices && !s->dst->status; k++) {
        gt_node *in[n->n_in + 1];
        for (int i = 0; i < n->n_in; i++) in[i] = slice_of(s, n->in[i], k);
        if (s->dst->status) return;
        v->apart[k] = gt_node_clone(s->dst, n, in);
        gt_node_rename(v->apart[k], "%s, slice %d", n->name, k);
    }
}

/* By one node, if the op has such a node. What moves elements moves the sum. */
static gt_node *sum_by_op(several *s, const gt_node *n) {
    if (n->op == &gt_op_reshape || n->op == &gt_op_permute) {
        gt_node *in = s->values[n->in[0]->id].shared ? NULL : sum_by_op(s, n->in[0]);
        return in ? gt_node_clone(s->dst, n, &in) : NULL;
    }
    if (!n->op->summed) return NULL;
    gt_node *in[n->n_in + 1];
    bool shared[n->n_in + 1];
    for (int i = 0; i < n->n_in; i++) {
        in[i] = joined(s, n->in[i]);
        shared[i] = s->values[n->in[i]->id].shared;
    }
    return n->op->summed(s->dst, n, s->slices, in, shared);
}

/* By the tree: node(level, i) = node(level - 1, 2 i) + node(level - 1, 2 i + 1). */
static gt_node *tree_of(several *s, gt_node **sum, int n) {
    for (int width = 1; width < n; width *= 2)
        for (int left = 0; left + width < n; left += 2 * width)
            sum[left] = gt_add(s->dst, sum[left], sum[left + width]);
    return sum[0];
}

static gt_node *sum_of(several *s, const gt_node *n) {
    gt_node *one = sum_by_op(s, n);
    if (one || s->dst->status) return one;
    gt_node *sum[s->slices];
    for (int k = 0; k < s->slices; k++) sum[k] = slice_of(s, n, k);
    return tree_of(s, sum, s->slices);
}

/* Sums over stretches: all slices are one, or a part of one; or each stretch has its own, which is that of each of its
 * slices. */
static void sum_stretches(several *s, const gt_node *n) {
    value *v = &s->values[n->id];
    int width = s->stretch;
    bool whole = width > 0 && s->slices % width == 0;
    if (!whole || s->slices == width) {
        gt_node *own = sum_of(s, n->in[0]);
        *v = (value){.shared = true, .joined = whole ? own : gt_node_clone(s->dst, n, &own)};
        return;
    }
    gt_node *part[s->slices], *rows[s->slices];
    int stretches = s->slices / width;
    for (int k = 0; k < s->slices; k++) part[k] = slice_of(s, n->in[0], k);
    for (int i = 0; i < stretches; i++) rows[i] = gt_slices_repeat(s->dst, tree_of(s, part + i * width, width), width);
    v->joined = gt_concat(s->dst, stretches, rows, 0);
}

static bool same_for_all(const several *s, const gt_node *n) {
    if (n->rate == GT_RATE_UPDATE) return true;
    for (int i = 0; i < n->n_in; i++)
        if (!s->values[n->in[i]->id].shared) return false;
    return n->n_in > 0 && !n->op->impure;
}

static void compute(several *s, const gt_node *n) {
    value *v = &s->values[n->id];
    if (gt_is_slice_sum(n)) {
        sum_stretches(s, n);
    } else if (same_for_all(s, n)) {
        gt_node *in[n->n_in + 1];
        for (int i = 0; i < n->n_in; i++) in[i] = s->values[n->in[i]->id].joined;
        *v = (value){.shared = true, .joined = gt_node_clone(s->dst, n, in)};
    } else if (n->op == &gt_op_input) {
        v->joined = gt_input(s->dst, n->name, gt_joined_shape(&n->shape, s->slices));
    } else {
        int before = s->dst->n_nodes;
        v->joined = compute_joined(s, n);
        if (v->joined && v->joined->id >= before) v->joined->name = n->name;
        if (!v->joined && !s->dst->status) compute_apart(s, n);
    }
}

/* Makes the results of which n is the node. It is called right after n is made: nodes run in the order in which they
 * are made, or in a better one. */
static void make_results(several *s, const gt_graph *src, const gt_node *n) {
    for (int i = 0; i < src->n_results; i++) {
        const gt_result *r = &src->results[i];
        const value *v = &s->values[n->id];
        if (r->node != n || s->dst->status) continue;
        if (r->placed) s->results[i] = sum_of(s, n);
        else s->results[i] = v->shared ? gt_slices_repeat(s->dst, v->joined, s->slices) : joined(s, n);
        if (r->placed) gt_node_rename(s->results[i], "%s", r->name);
    }
}

const gt_graph *gt_pass_slices(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    if (options->slices <= 1) return src;
    several s = {.dst = gt_graph_derived(src, arena),
                 .slices = options->slices,
                 .stretch = options->stretch,
                 .values = gt_by_node(src, arena, sizeof *s.values),
                 .results = gt_arena_array(arena, (size_t)src->n_results + 1, sizeof *s.results)};
    if (gt_arena_failed(arena)) return NULL;
    for (int id = 0; id < src->n_nodes && !s.dst->status; id++) {
        compute(&s, src->nodes[id]);
        make_results(&s, src, src->nodes[id]);
    }
    for (int i = 0; i < src->n_results && !s.dst->status; i++) {
        gt_result r = src->results[i];
        r.node = s.results[i];
        gt_result_add(s.dst, &r);
    }
    return gt_graph_status(s.dst) ? NULL : s.dst;
}
