/* SPDX-License-Identifier: Apache-2.0
 * A graph made ready to run, as the executor and its table see it. */
#ifndef GANTRY_GRAPH_EXEC_H
#define GANTRY_GRAPH_EXEC_H

#include "graph/door/passes.h"

typedef struct gt_step { /* a node that computes something */
    gt_run run;
    const gt_node *node;
    int done;       /* placed results finished when this step has run */
    double seconds; /* profiled, all runs together */
    int64_t times;
} gt_step;

/* The kernel's name; of a fused node its steps, in `text`. */
const char *gt_node_kernel_text(const gt_node *n, char text[], size_t room);
double gt_step_seconds(const gt_step *s); /* of one run, on average over the profiled ones; 0 without any */

struct gt_exec {
    gt_arena *meta; /* everything here but the numbers */
    gt_exec_options options;
    const gt_graph *unprepared; /* before the pass gt_pass_prepared, */
    int prepares;               /* which has this number */
    const gt_graph *ordered;    /* after all passes but recomputation */
    const gt_graph *graph;      /* what is run */
    gt_memory_plan plan;
    gt_step *steps;
    int at;                        /* the slice whose inputs and outputs are asked for */
    int n_steps, n_hoisted;        /* the first n_hoisted are gt_exec_prepare()'s */
    int *slice_sums, n_slice_sums; /* the steps that are sums over slices */
    gt_output_place *order;
    int n_order;
    void *memory;
    void *loop_state; /* of graphs that are loops */
    bool owns_memory, resolved, prepared, profiled;
    double clock; /* seconds that asking for the time takes, which profiled nodes do not count */
    char *slots[GT_MAX_SLOTS];
    gt_exec_env env; /* steps point at it */
};

#endif
