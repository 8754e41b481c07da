/* SPDX-License-Identifier: Apache-2.0
 * What the files of src/core/graph share: the graph itself, its leaves, and the plan of an execution. */
#ifndef GANTRY_GRAPH_DOOR_INTERNAL_H
#define GANTRY_GRAPH_DOOR_INTERNAL_H

#include "graph/door/op.h"

/* ---- graph.c ---- */

typedef struct gt_result { /* what gt_output and gt_output_to asked for */
    const char *name;
    gt_node *node;
    bool placed; /* written at slot + offset (floats); otherwise kept in the arena */
    int slot;
    size_t offset;
} gt_result;

struct gt_graph {
    const char *name;
    const gt_kernel_set *kernels;
    gt_arena *arena;
    bool owns_arena;
    int n_nodes, room_nodes;
    gt_node **nodes; /* nodes[i]->id == i; inputs come before their users */
    int n_leaves, room_leaves;
    gt_node **leaves; /* those with a name of their own: found again by it */
    int n_results, room_results;
    gt_result *results;
    int n_losses;
    gt_node *losses[GT_MAX_LOSSES]; /* noted */
    int n_scopes, room_scopes;
    const char **scopes; /* each is the whole prefix, with its final dot */
    gt_loop loop;        /* turns 0: there is none */
    gt_status status;
    const char *fault;
};

/* Leaves. They have no `run`: the executor knows where their values lie. */
extern const gt_op gt_op_param, gt_op_input, gt_op_update_input, gt_op_constant;

typedef struct gt_param_attr {
    int64_t slot, offset; /* offset in floats */
} gt_param_attr;

static inline bool gt_is_leaf(const gt_node *n) {
    return n->op == &gt_op_param || n->op == &gt_op_input || n->op == &gt_op_update_input || n->op == &gt_op_constant;
}

/* Where a view's values begin in those of its input, in bytes. */
size_t gt_view_offset(const gt_node *n);

/* Does running n read the values of its input number i? */
static inline bool gt_reads(const gt_node *n, int i) { return !n->op->unread || !(n->op->unread(n) >> i & 1); }

static inline size_t gt_node_bytes(const gt_node *n) { return (size_t)gt_shape_size(&n->shape) * sizeof(float); }

/* Does the place of a result overlap the place of a parameter? */
bool gt_overlaps_param(const gt_result *r, const gt_node *param);

/* The same number everywhere. */
gt_node *gt_filled(gt_graph *g, float value, const gt_shape *shape);

/* If n is a constant of one element (of whatever shape): true and its value. */
bool gt_is_constant_scalar(const gt_node *n, float *value);

/* An empty graph in someone else's arena: what passes write to. */
gt_graph *gt_graph_derived(const gt_graph *of, gt_arena *arena);
/* n over other inputs of the same shapes: same op, attributes, name and rate. NULL: out of memory. */
gt_node *gt_node_clone(gt_graph *g, const gt_node *n, gt_node *const *in);
gt_status gt_result_add(gt_graph *g, const gt_result *r);
/* For memory that was not asked of the graph's arena: the graph has this fault from now on. */
gt_status gt_graph_out_of_memory(gt_graph *g);
/* The node's name without a scope's prefix; nothing is done to NULL. */
void gt_node_rename(gt_node *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- cost.c ---- */

void gt_node_cost(const gt_node *n, double *flops, double *bytes); /* as its op says, or what it must read and write */
double gt_node_work(const gt_node *n); /* both in one number, for passes to weigh: float operations */
/* Is it worth sharing out among so many threads? One thread computes the same bits. */
bool gt_node_is_shared(const gt_node *n, int threads);

/* ---- exec.c, passes/ ---- */

typedef enum gt_place_kind {
    GT_PLACE_ARENA,    /* offset in bytes */
    GT_PLACE_SLOT,     /* offset in bytes from the slot's base */
    GT_PLACE_CONSTANT, /* the node's own attributes */
} gt_place_kind;

typedef struct gt_place { /* where a node's values lie */
    gt_place_kind kind;
    int slot;
    size_t offset;
} gt_place;

#endif
