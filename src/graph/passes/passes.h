/* SPDX-License-Identifier: Apache-2.0
 * Passes: each takes a graph and gives a new one in `arena` (attributes and names may be shared with the old one), or
 * NULL when memory is short or a fault was found (see gt_message()). None changes the graph it is given. */
#ifndef GANTRY_GRAPH_PASSES_H
#define GANTRY_GRAPH_PASSES_H

#include "graph/internal.h"

/* Is n a sum over slices, where a run stops for the other slices? */
bool gt_is_slice_sum(const gt_node *n);

/* rewrite.c: the frame of most passes. Nodes that no result needs are dropped; for each other node, in order, fn gives
 * its replacement in dst, over inputs already replaced: NULL means a plain copy. */
typedef gt_node *gt_rewrite_fn(void *arg, gt_graph *dst, const gt_node *n, gt_node **in);
gt_graph *gt_rewrite(const gt_graph *src, gt_arena *arena, gt_rewrite_fn *fn, void *arg);
/* dst, every node of src rebuilt in it as map[id] says (dropped ones: NULL), with src's results; NULL: dst has a fault. */
gt_graph *gt_rebuilt(gt_graph *dst, const gt_graph *src, gt_node *const *map);
/* The same nodes in another order: order[k] is the id of the k-th. */
gt_graph *gt_reorder(const gt_graph *src, gt_arena *arena, const int *order);
/* How many nodes and results use each node (by id); NULL: out of memory. Free it. */
int *gt_count_uses(const gt_graph *g);

gt_graph *gt_pass_dead(const gt_graph *src, gt_arena *arena);    /* drop what no result needs */
gt_graph *gt_pass_slice_sums(const gt_graph *src, gt_arena *arena); /* sums over slices that can be one become one */
gt_graph *gt_pass_common(const gt_graph *src, gt_arena *arena);  /* equal nodes become one */
gt_graph *gt_pass_algebra(const gt_graph *src, gt_arena *arena); /* x * 1, flip of flip, sum of broadcast ... */
gt_graph *gt_pass_scales(const gt_graph *src, gt_arena *arena); /* products that convolutions can read as scales */
gt_graph *gt_pass_slices(const gt_graph *src, gt_arena *arena, int slices); /* of one slice: of several at once */
gt_graph *gt_pass_fuse(const gt_graph *src, gt_arena *arena);    /* element-wise chains become one node */
/* Nodes of rate UPDATE that are not worth their memory get rate SLICE, for `runs` runs per update (0: no end of them, all are). */
gt_graph *gt_pass_sink(const gt_graph *src, gt_arena *arena, int runs);
gt_graph *gt_pass_order(const gt_graph *src, gt_arena *arena);   /* so that little is alive at one time */
gt_graph *gt_pass_results(const gt_graph *src, gt_arena *arena); /* a node of its own for every placed result */
gt_graph *gt_pass_hoist(const gt_graph *src, gt_arena *arena);   /* nodes of rate UPDATE come first */
/* Values computed again instead of being held, as far as `share` of the graph's work goes, until `enough` bytes would do. The order is final. */
gt_graph *gt_pass_recompute(const gt_graph *src, gt_arena *arena, int threads, double share, size_t enough);

/* ---- lifetimes.c, memory.c: a place for every node of a graph whose order is final. Time is the node's id ---- */

typedef struct gt_interval {
    size_t offset, bytes;
    int first, last; /* ids of the nodes between which it holds something; the number of nodes: to the end */
    int node;        /* whose values it held first, or whose workspace it is */
    bool scratch;    /* a workspace */
} gt_interval;

typedef struct gt_memory_plan {
    gt_place *places;             /* of each node */
    int *values_in, *scratch_in;  /* by node: the index of the buffer that holds its values, its workspace; -1: none in the arena */
    gt_interval *buffers;
    int n_buffers;
    size_t *in_use;     /* [nodes + 1] bytes at each time */
    size_t least;      /* the most of these: no plan needs less */
    int peak;          /* when that is */
    size_t bytes;      /* of the arena */
} gt_memory_plan;

gt_status gt_find_lifetimes(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan); /* everything but offsets and `bytes` */
gt_status gt_plan_memory(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan);

#endif
