/* SPDX-License-Identifier: Apache-2.0
 * Passes: a pass takes a graph and gives a new one in `arena`. The new graph may share attributes and names with the
 * old one, which stays as it is. A pass with nothing to do under these options gives the graph it got; NULL: memory is
 * short or a fault was found (gt_message()). What a pass needs for itself lies in the arena too. */
#ifndef GANTRY_GRAPH_DOOR_PASSES_H
#define GANTRY_GRAPH_DOOR_PASSES_H

#include "graph/door/internal.h"

/* Every pass, in the order in which they run: each is a file of this folder and a row here. Algebra makes nodes that
 * are equal to others, and merged nodes make new algebra: twice is where this ends in practice. */
#define GT_PASS_LIST(X)                                                             \
    X(dead)       /* drops what no result needs */                                  \
    X(slice_sums) /* sums over slices that can be one become one */                 \
    X(common)     /* equal nodes become one */                                      \
    X(algebra)    /* x * 1, flip of flip, sum of broadcast ... */                   \
    X(common)                                                                       \
    X(pools) /* max pooling goes before biases and rectifiers */                    \
    X(algebra)                                                                      \
    X(common)                                                                       \
    X(places)    /* where maxima are is held instead of what is pooled */           \
    X(scales)    /* products that convolutions can read as scales vanish */         \
    X(gradients) /* a weight's gradient becomes one node */                         \
    X(dead)                                                                         \
    X(slices) /* the graph of one slice becomes the graph of options->slices */     \
    X(common)                                                                       \
    X(prepared) /* what is prepared elsewhere is read there */                      \
    X(sink)     /* hoisted nodes that are not worth their memory are not hoisted */ \
    X(fuse)     /* element-wise chains become one node */                           \
    X(dead)                                                                         \
    X(order)   /* the order that needs least memory */                              \
    X(results) /* a node of its own for every placed result */                      \
    X(hoist)   /* nodes of rate UPDATE come first */

typedef const gt_graph *gt_pass(const gt_graph *src, gt_arena *arena, const gt_exec_options *options);

#define X(name) gt_pass gt_pass_##name;
GT_PASS_LIST(X)
#undef X

/* Is n a sum over slices, where a run stops for the other slices? */
bool gt_is_slice_sum(const gt_node *n);

/* rewrite.c: the frame of most passes. Nodes that no result needs are dropped; for each other node, in order, fn gives
 * its replacement in dst, over inputs already replaced: NULL means a plain copy. */
typedef gt_node *gt_rewrite_fn(void *arg, gt_graph *dst, const gt_node *n, gt_node **in);
gt_graph *gt_rewrite(const gt_graph *src, gt_arena *arena, gt_rewrite_fn *fn, void *arg);
/* n in g over what its inputs became: map[id] is the new node of input `id`. NULL: out of memory. */
gt_node *gt_node_rebuilt(gt_graph *g, const gt_node *n, gt_node *const *map);
/* dst, every node of src rebuilt in it as map[id] says (dropped ones: NULL), with src's results; NULL: dst has a fault.
 */
gt_graph *gt_rebuilt(gt_graph *dst, const gt_graph *src, gt_node *const *map);
/* The same nodes in another order: order[k] is the id of the k-th. */
gt_graph *gt_reorder(const gt_graph *src, gt_arena *arena, const int *order);
/* Zeros: an element of `size` bytes for each node, by id, and one more; NULL: out of memory. */
void *gt_by_node(const gt_graph *g, gt_arena *arena, size_t size);
/* How many nodes and results use each node (by id); NULL: out of memory. */
int *gt_count_uses(const gt_graph *g, gt_arena *arena);

/* The place of each node, by id, in the order that the pass `order` would choose. NULL: out of memory. */
int *gt_find_order(const gt_graph *g, gt_arena *arena);

/* The graph in which some values are computed twice instead of being held. The nodes added are at most `fraction` of
 * the graph's work; none are added once `enough` bytes suffice: src, where it needs no more. The order of the new graph
 * is final. */
const gt_graph *gt_pass_recompute(const gt_graph *src, gt_arena *arena, int threads, double fraction, size_t enough);

/* ---- ../prepared.c: the table of prepared values (graph.h), as the pass that fills it sees it ---- */

int gt_prepared_slot(const gt_prepared *p);
/* Is this one of the table's graphs? An empty table takes any. */
bool gt_prepared_takes(gt_prepared *p, const gt_graph *g);
/* n, which follows from parameters and constants alone, and all that leads to it, as a node of the table: equal ones
 * are one. known: by id of n's graph, zeros at first. NULL: out of memory. */
const gt_node *gt_prepared_import(gt_prepared *p, const gt_node *n, const gt_node **known);
/* This use reads the value of an imported node, which lies *offset bytes from the table's memory on. work: of it with
 * all that leads to it. */
gt_status gt_prepared_add(gt_prepared *p, const gt_node *n, double work, int use, size_t *offset);

/* ---- lifetimes.c, memory.c: a place for every node of a graph whose order is final. Time is the node's id ---- */

typedef struct gt_interval {
    size_t offset, bytes;
    int first, last; /* ids of the first and the last node that need the buffer; number of nodes: needed to the end */
    int node;        /* id of the node whose values the buffer held first, or whose workspace it is */
    bool scratch;    /* a workspace */
} gt_interval;

typedef struct gt_memory_plan {
    gt_place *places; /* of each node */
    /* By node: the index of the buffer of its values, and that of its workspace; -1: there is none in the arena. */
    int *values_in, *scratch_in;
    gt_interval *buffers;
    int n_buffers;
    size_t *in_use; /* [nodes + 1] bytes at each time */
    size_t least;   /* the largest of these: no plan needs less */
    int peak;       /* the time of the largest */
    size_t bytes;   /* of the arena */
} gt_memory_plan;

size_t gt_buffer_bytes(size_t bytes); /* so many bytes of values take so many of an arena */
/* Fills in the plan without offsets and without `bytes`. */
gt_status gt_find_lifetimes(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan);
/* The whole plan. */
gt_status gt_plan_memory(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan);

#endif
