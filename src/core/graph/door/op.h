/* SPDX-License-Identifier: Apache-2.0
 * What an op is. Each family of ops is a file of ops/ that fills in descriptors. An element-wise op is a row of
 * graph/door/elementwise_ops.h and a case in tests/unit/test_ops.c. Any other new op needs: its file with a descriptor
 * and a builder, a line of op_list.h, the builder's prototype in graph/door/ops.h and a case in tests/unit/test_ops.c.
 * It must set `name`, `min_in`, `shape`, `run` (unless it is a view), either `vjp` or `not_differentiable`, and
 * `impure` where `run` reads the environment. The other hooks save time or memory, or describe the node in tables; they
 * change no bit.
 */
#ifndef GANTRY_GRAPH_DOOR_OP_H
#define GANTRY_GRAPH_DOOR_OP_H

#include "graph/door/graph.h"

struct gt_node {
    const gt_op *op;
    gt_graph *graph;
    const char *name;
    int id; /* position in the graph: inputs have smaller ids */
    int n_in;
    gt_node **in;
    /* the op's own struct, in the graph's arena; compared bytewise for common subexpressions: zero the padding */
    const void *attr;
    size_t attr_bytes;
    gt_shape shape;
    gt_rate rate;
};

/* What a kernel gets: bare pointers, everything was checked when the node was made. */
typedef struct gt_run {
    const gt_node *node;
    const float *const *in; /* one pointer per input */
    float *out;             /* never overlaps an input, except where the op says `inplace` */
    void *workspace;        /* as many bytes as op->workspace said, 64-byte aligned */
    gt_pool *pool;
    const gt_exec_env *env;
} gt_run;

struct gt_op {
    const char *name;
    int min_in, max_in; /* how many inputs it takes; max_in 0: min_in */
    /* Check inputs and attributes and set n->shape. A fault: return gt_fail(GT_USAGE, ...); the caller adds the node's
     * name. */
    gt_status (*shape)(gt_node *n);
    /* Append nodes for d<dy,y>/d in[i] to dx[i], for those i where need[i]. An input that y is piecewise constant in
     * gets gt_zero_derivative; one that stays NULL has no derivative, and asking for it is a fault. NULL only with
     * not_differentiable. */
    void (*vjp)(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx);
    bool not_differentiable; /* explicit: gt_grad treats the result as a constant (random, masks, stop_gradient) */
    void (*run)(const gt_run *r);
    size_t (*workspace)(const gt_node *n, int threads); /* NULL: none */
    /* Of one run. *flops is 0 at first, *bytes all inputs read and the output written once: sets what is different. */
    void (*cost)(const gt_node *n, double *flops, double *bytes);
    const char *(*kernel)(const gt_node *n); /* name of the kernel chosen, for tables; NULL: the op's name */
    /* Bit i: `run` does not read the values of in[i] for this node, only their shape was of use. The memory plan lets
     * such values end before the node. NULL: all inputs are read. */
    unsigned (*unread)(const gt_node *n);
    /* The number of an input that another one, made ready for many runs, is: run does the same without this input. 0:
     * there is none. It must be the last, and it may be missing. */
    int ahead;
    /* How one node computes several slices (passes/slices.c, ops/joined.h). Bit i of rows: row r of the result's first
     * dimension needs row r of in[i] alone; inputs without a bit must be the same for all slices. joined: a rule of the
     * op's own, which is asked first. It makes the node whose values are the results of the slices one after the other;
     * its inputs hold the slices one after the other or, where shared[i], have the shape of in[i]. NULL without a
     * fault: there is no such node. With neither rule (rows 0, joined NULL) each slice gets a node of its own. */
    unsigned rows;
    gt_node *(*joined)(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared);
    /* The node that computes the sum over slices of n, by the tree of dist.h; in[] and shared[] as of `joined`. NULL
     * without a fault: there is no such node; each slice gets a node, and additions follow. */
    gt_node *(*summed)(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared);
    /* no run: the result is the input's memory under another shape, or a piece of that memory (slice_view) */
    bool view;
    bool inplace;                         /* run may be called with out == in[0] when shapes agree, */
    bool (*inplace_if)(const gt_node *n); /* and, unless NULL, when this says so */
    /* depends on the environment (random numbers, other slices): never hoisted, merged only with an equal node */
    bool impure;
    bool elementwise; /* a member of the fusion family: see graph/door/elementwise.h */
};

const gt_kernel_set *gt_node_kernels(const gt_node *n); /* its graph's */

/* Make a node: copies inputs and attributes, calls op->shape, sets the rate. NULL when an input is NULL or a check
 * fails. */
gt_node *gt_node_new(gt_graph *g, const gt_op *op, int n_in, gt_node *const *in, const void *attr, size_t attr_bytes);

/* What several ops have in common. `shape`: that of in[0]; an error unless in[0] holds images [N,H,W,C]. `cost`: none.
 */
gt_status gt_same_shape(gt_node *n);
gt_status gt_check_images(const gt_node *n);
void gt_no_cost(const gt_node *n, double *flops, double *bytes);

/* What a vjp says instead of a node of zeros, so that nothing is computed from it. Not part of any graph. */
extern gt_node gt_zero_derivative;

/* A shape as a part of attributes: zeros past its dimensions and between its fields. */
void gt_shape_store(gt_shape *to, const gt_shape *from);

/* Record a fault (the first is kept) and return NULL. */
gt_node *gt_graph_fault(gt_graph *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
