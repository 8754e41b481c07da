/* SPDX-License-Identifier: Apache-2.0
 * What an op is. One file per family in ops/ fills in descriptors; adding an op touches that file and one line of
 * op_list.h, nothing else. */
#ifndef GANTRY_GRAPH_OP_H
#define GANTRY_GRAPH_OP_H

#include "gantry/graph.h"

struct gt_node {
    const gt_op *op;
    gt_graph *graph;
    const char *name;
    int id;           /* position in the graph: inputs have smaller ids */
    int n_in;
    gt_node **in;
    const void *attr; /* the op's own struct, in the graph's arena; compared bytewise for common subexpressions: zero the padding */
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
    int min_in, max_in;
    /* Check inputs and attributes and set n->shape. A fault: return gt_fail(GT_USAGE, ...); the caller adds the node's name. */
    gt_status (*shape)(gt_node *n);
    /* Append nodes for d<dy,y>/d in[i] to dx[i], for those i where need[i]. An input that y is piecewise constant in gets
     * gt_zero_derivative; one that stays NULL has no derivative, and asking for it is a fault. NULL only with not_differentiable. */
    void (*vjp)(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx);
    bool not_differentiable; /* explicit: gt_grad treats the result as a constant (random, masks, stop_gradient) */
    void (*run)(const gt_run *r);
    size_t (*workspace)(const gt_node *n, int threads); /* NULL: none */
    void (*cost)(const gt_node *n, double *flops, double *bytes); /* NULL: 0 flops, inputs read and output written once */
    const char *(*kernel)(const gt_node *n); /* name of the kernel chosen, for tables; NULL: the op's name */
    /* Inputs (bit i: in[i]) whose values `run` does not read for this node, only their shapes were of use: the memory plan
     * lets them end before it. NULL: all are read. */
    unsigned (*unread)(const gt_node *n);
    /* Several slices by one node (passes/slices.c, ops/joined.h). rows: bit i: row r of the result's first dimension needs but row r
     * of in[i]; inputs without a bit must be the same for all slices. 0: no such rule. Or a rule of the op's own: the node whose values
     * are the slices' results one after the other, from inputs that hold the slices one after the other or, where shared[i], have in[i]'s
     * own shape; NULL without a fault: it cannot be. Without a rule each slice has a node of its own. */
    unsigned rows;
    gt_node *(*joined)(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared);
    bool view;       /* output is the input's memory under another shape: no run (reshape, stop_gradient), or a part of it (part) */
    bool inplace;    /* run may be called with out == in[0] when shapes agree */
    bool impure;     /* depends on the environment (random): never hoisted; merged only with an equal node of the same stream */
    bool elementwise; /* a member of the fusion family: see ops/elementwise.h */
};

const gt_kernel_set *gt_node_kernels(const gt_node *n); /* its graph's */

/* Make a node: copies inputs and attributes, calls op->shape, sets the rate. NULL when an input is NULL or a check fails. */
gt_node *gt_node_new(gt_graph *g, const gt_op *op, int n_in, gt_node *const *in, const void *attr, size_t attr_bytes);

/* What a vjp says instead of a node of zeros, so that nothing is computed from it. Not part of any graph. */
extern gt_node gt_zero_derivative;

/* Record a fault (the first is kept) and return NULL. */
gt_node *gt_graph_fault(gt_graph *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
