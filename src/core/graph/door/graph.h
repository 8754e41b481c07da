/* SPDX-License-Identifier: Apache-2.0
 * A static graph of float32 tensors that differentiates itself.
 *
 * A network is a function in C that appends nodes to a graph; gt_grad() appends the nodes that compute derivatives;
 * every op's derivative is made of ops, so gt_grad() of a gt_grad() just works. A gt_exec is the graph made ready
 * to run: passes applied, memory planned, order fixed. Running it allocates nothing.
 *
 *     gt_graph *g = gt_graph_new("example", NULL);
 *     gt_node *x = gt_input(g, "x", GT_SHAPE(4, 8));
 *     gt_node *w = gt_param(g, "w", GT_SHAPE(3, 8), GT_SLOT(0), 0);      // 24 floats at offset 0 of slot 0
 *     gt_node *y = gt_matmul(g, x, w, .transpose_b = true);                // [4,3]
 *     gt_node *loss = gt_mean(g, gt_square(g, y), GT_ALL_AXES);
 *     gt_node *dw;
 *     gt_grad(g, 1, &loss, NULL, 1, &w, &dw);
 *     gt_output(g, "loss", loss);
 *     gt_output_to(g, "grad of w", dw, GT_SLOT(1), 0);                     // written to offset 0 of slot 1
 *     // NULL: gt_message() names the node at fault
 *     gt_exec *e = gt_exec_new(g, &(gt_exec_options){.pool = pool});
 *     gt_exec_bind(e, 0, params); gt_exec_bind(e, 1, grads);
 *     memcpy(gt_exec_input(e, "x"), data, 4 * 8 * sizeof(float));
 *     gt_exec_env env = {.seed = 1};
 *     // after the parameters changed: hoisted nodes
 *     gt_exec_prepare(e, &env);
 *     gt_exec_run(e, &env);
 *     float value = *gt_exec_output(e, "loss");
 *
 * Errors: a builder that finds a fault returns NULL, and the graph remembers the first fault with the node's name;
 * every builder given a NULL node returns NULL. So network code needs no checks: gt_exec_new() (or gt_graph_status())
 * reports it.
 *
 * Layout: row-major; activations are channels-last (N,H,W,C). Convolution weights are [kh,kw,I,O] here ([O,I,kh,kw] in
 * files: nets.h). */
#ifndef GANTRY_GRAPH_DOOR_GRAPH_H
#define GANTRY_GRAPH_DOOR_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/kernels.h"
#include "gantry/memory.h"
#include "gantry/pool.h"
#include "gantry/shape.h"
#include "gantry/status.h"

#define GT_SCALAR ((gt_shape){0, {0}})
#define GT_SLOT(i) (i)

bool gt_shape_equal(const gt_shape *a, const gt_shape *b);

typedef struct gt_node gt_node;
typedef struct gt_op gt_op; /* graph/door/op.h: what an op file fills in */

/* How often a node's value can change. A node has the highest rate of its inputs; nodes of the lower
 * rate are hoisted. */
typedef enum gt_rate {
    GT_RATE_UPDATE, /* parameters, update inputs and what depends on them alone: computed by gt_exec_prepare() */
    GT_RATE_SLICE,  /* everything else: computed by each gt_exec_run() */
} gt_rate;

/* ---- building ---- */

/* Every product of the graph is computed with `kernels` (NULL: the best of this CPU). */
gt_graph *gt_graph_new(const char *name, const gt_kernel_set *kernels);
void gt_graph_free(gt_graph *g);
gt_status gt_graph_status(const gt_graph *g); /* GT_OK, or the first fault, which gt_message() then names */
gt_arena *gt_graph_arena(gt_graph *g);        /* holds the whole graph */

/* Names of nodes made from now on get this prefix ("D.b16"): for messages, tables and profiles. */
void gt_scope_push(gt_graph *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gt_scope_pop(gt_graph *g);

/* Leaves. A name that was given before gives the same leaf again; the shapes must agree. */

/* The floats of slot `slot` from `offset` (in floats) on. */
gt_node *gt_param(gt_graph *g, const char *name, gt_shape shape, int slot, size_t offset);
/* The caller writes the values before every gt_exec_run. */
gt_node *gt_input(gt_graph *g, const char *name, gt_shape shape);
/* The caller writes the values before gt_exec_prepare (w_avg, pl_mean, p ...). */
gt_node *gt_update_input(gt_graph *g, const char *name, gt_shape shape);
/* The values are copied. */
gt_node *gt_constant(gt_graph *g, const char *name, gt_shape shape, const float *values);
gt_node *gt_scalar(gt_graph *g, float value); /* constant of shape () */

/* Outputs: the values that the caller reads after a run. A node that no output needs is removed. */

/* The value stays in the arena of the execution; gt_exec_output reads it there. */
gt_status gt_output(gt_graph *g, const char *name, gt_node *n);
/* The value is written to slot `slot` from `offset` (in floats) on. */
gt_status gt_output_to(gt_graph *g, const char *name, gt_node *n, int slot, size_t offset);
/* Output number i, in the order in which they were asked for; NULL: there are no more. *name (may be NULL): its name.
 */
const gt_node *gt_graph_output(const gt_graph *g, int i, const char **name);

struct gt_exec_env;
typedef struct gt_loop {
    int turns;
    size_t state_bytes; /* of each execution; zeros at first */
    void (*step)(const struct gt_loop *loop, gt_exec *e, const struct gt_exec_env *env, int turn, void *state);
    const void *own;   /* these live as long as the graph */
    const char *words; /* for recipes of scores: "19 evaluations by heun" */
} gt_loop;
void gt_graph_repeat(gt_graph *g, const gt_loop *loop);
const char *gt_graph_loop_words(const gt_graph *g); /* NULL: the graph has no loop */

const gt_shape *gt_node_shape(const gt_node *n);
int64_t gt_dim(const gt_node *n, int axis); /* axis < 0 counts from the end */
const char *gt_node_name(const gt_node *n);

/* ---- derivatives ---- */

/* d(sum_i <y[i], dy[i]>) / d wrt[j] -> out[j], all differentiable again. dy NULL, or dy[i] NULL: ones.
 * A wrt that no y depends on gets zeros (a constant node). Generated nodes are named "grad of NAME". */
gt_status gt_grad(gt_graph *g, int n_y, gt_node *const *y, gt_node *const *dy, int n_wrt, gt_node *const *wrt,
                  gt_node **out);
gt_node *gt_stop_gradient(gt_graph *g, gt_node *x);
/* Notes that the graph's results are derivatives of this scalar; of several: of their sum. For checks of derivatives
 * (features/gradcheck/gradcheck.h), nothing else. At most GT_MAX_LOSSES. */
enum { GT_MAX_LOSSES = 4 };
void gt_note_loss(gt_graph *g, gt_node *loss);

/* ---- running ---- */

typedef struct gt_prepared gt_prepared; /* below */

typedef struct gt_exec_options {
    gt_pool *pool; /* NULL: one thread */
    /* How many calls of gt_exec_run follow each gt_exec_prepare; 0: any number. Where they are few, values that could
     * be kept from one run to the next are computed again, which saves memory. */
    int runs;
    double recompute; /* up to this fraction of a run's work is done twice to save memory; no bit changes */
    size_t enough;    /* bytes that are not worth that: an arena may take so many */
    int no_fusion;    /* for tests: element-wise nodes are not joined */
    /* The graph, made for one slice, is run for so many slices at once (0: one). Inputs and outputs hold the slices one
     * after the other (gt_exec_at); results of gt_output_to are the sum over the slices by the tree of dist.h. Each
     * slice has the bits that it has alone. */
    int slices;
    /* NULL, or the table of what is prepared elsewhere. It knows this execution by the number `use`, which executions
     * that run in the same phase share. */
    gt_prepared *prepared;
    int use;
    /* gt_sum_over_slices goes over so many slices in a row (dist.h). An execution of whole stretches makes these sums
     * itself; any other stops at them (gt_exec_run_to_sum). 0: all that there are, of which these may be a part. */
    int stretch;
} gt_exec_options;

typedef struct gt_exec_env {
    uint64_t seed;
    uint32_t step;          /* of random nodes */
    uint32_t sample0;       /* index within the step of the first sample of the (first) slice */
    uint32_t slice_samples; /* several slices: from the first sample of a slice to that of the next */
    /* Not NULL, for one slice alone: by which numbers samples draw, in place of sample0 + i: [layers,samples], of
     * gt_random_normal_in(). */
    const uint32_t *numbers;
    /* Called between nodes when not NULL: progress of communication. `done` counts the gt_output_to outputs
     * finished so far, in the order of gt_exec_output_order(). */
    void (*between)(void *arg, int done);
    void *between_arg;
} gt_exec_env;

/* By which sample i of a slice of n draws its random numbers in a layer. */
static inline uint32_t gt_draw_number(const gt_exec_env *env, uint32_t layer, uint32_t n, uint32_t i) {
    return env->numbers ? env->numbers[layer * n + i] : env->sample0 + i;
}

/* The graph must live as long as the execution. NULL: gt_message() says why. */
gt_exec *gt_exec_new(gt_graph *g, const gt_exec_options *options);
void gt_exec_free(gt_exec *e);
int64_t gt_execs_made(void); /* by this process so far */

/* As if these had been the options `prepared` and `use`. Before anything else is done with the execution; after a
 * failure nothing can be. */
gt_status gt_exec_share(gt_exec *e, gt_prepared *prepared, int use);

size_t gt_exec_arena_bytes(const gt_exec *e);
/* Plans again for an arena of at most `bytes`, so that less is computed twice. Values that were written to inputs are
 * lost, and the arena must be given again before the next run. */
gt_status gt_exec_relax(gt_exec *e, size_t bytes);
/* `memory`: gt_exec_arena_bytes(), 64-byte aligned; executions that take turns may share an arena. An execution without
 * an arena allocates one in its first gt_exec_prepare or gt_exec_run. */
void gt_exec_use_arena(gt_exec *e, void *memory);
/* Parameters of this slot are read from `base`, and outputs of gt_output_to are written to it. */
void gt_exec_bind(gt_exec *e, int slot, void *base);
/* Chooses the slice whose inputs and outputs gt_exec_input and gt_exec_output return from now on; at first slice 0. */
void gt_exec_at(gt_exec *e, int slice);
/* Does the graph read such an input? Allocates no arena, which gt_exec_input() does where none was given. */
bool gt_exec_has_input(const gt_exec *e, const char *name);
/* Where the caller writes an input of either kind; NULL: there is no such input, or nothing depends on the input. */
float *gt_exec_input(gt_exec *e, const char *name);
const float *gt_exec_output(gt_exec *e, const char *name);      /* valid after a run; NULL: there is no such output */
size_t gt_exec_output_size(const gt_exec *e, const char *name); /* floats; 0: there is no such output */

/* Computes the nodes of GT_RATE_UPDATE. Needed after parameters or update inputs have changed, and after another
 * execution has used the arena. */
gt_status gt_exec_prepare(gt_exec *e, const gt_exec_env *env);
gt_status gt_exec_run(gt_exec *e, const gt_exec_env *env);
/* A run that is broken off, to measure what a whole one takes: a node, and more while go_on(arg) says so, not beyond
 * the last. *part: of a run's work, by what nodes are said to cost, 0 to 1. The results have no meaning. Sums over
 * slices are passed over as gt_exec_run() does. */
gt_status gt_exec_run_while(gt_exec *e, const gt_exec_env *env, bool (*go_on)(void *arg), void *arg, double *part);

/* An execution of a part of a stretch stops at each sum over slices (gt_sum_over_slices), until all executions of the
 * stretch, on whatever rank, have come as far. Each then has its summand of sum k in `own`; the sum of all summands, by
 * the tree over the stretch's slices, must be written to every `total` before the executions run on (gt_meetings_sum in
 * dist.h). The executions of one stretch each have an arena of their own.
 *
 *     for (int k = 0; k <= gt_exec_slice_sums(e[0]); k++) {
 *         for (int i = 0; i < executions; i++) gt_exec_run_to_sum(e[i], &env[i], k);
 *         if (k == gt_exec_slice_sums(e[0])) break;
 *         // the sum of gt_exec_slice_sum(e[i], k).own over all executions of the stretch -> the `total` of each
 *     }
 *
 * Graphs of slices of different sizes have the same sums. gt_exec_run() runs to the end as if there were no other
 * slices than this execution's. */
typedef struct gt_slice_sum {
    const char *name; /* "over slices: NAME", or "... and 3 more"; lives as long as the execution */
    size_t floats;
    const float *own; /* of several slices at once: their sum; NULL before a run */
    float *total;
} gt_slice_sum;
int gt_exec_slice_sums(const gt_exec *e);
gt_slice_sum gt_exec_slice_sum(const gt_exec *e, int i);
/* Runs on from sum k - 1 to sum k, or to the end if there are only k sums. */
gt_status gt_exec_run_to_sum(gt_exec *e, const gt_exec_env *env, int k);

/* ---- prepared values ---- */

/* What follows from parameters alone, packed weights first of all, computed once for several executions and by several
 * ranks: each does a part of it and writes it to memory that all of them read. What is little work each execution does
 * for itself. No bit changes.
 *
 *     gt_prepared *p = gt_prepared_new(SLOT);
 *     // executions with .prepared = p, .use = PHASE (0 to GT_PREPARED_USES - 1); then, equal on all ranks that share:
 *     gt_prepared_key(p), gt_prepared_bytes(p);
 *     gt_prepared_divide(p, ranks, rank, pool);       // no execution may be made with it any more
 *     // `memory`: those bytes, 64-byte aligned; each execution: gt_exec_bind(e, SLOT, memory)
 *     gt_prepared_bind(p, SLOT, memory); gt_prepared_bind(p, 0, params); gt_prepared_use_arena(p, arena);
 *     each phase, on all ranks that share:
 *         if (gt_prepared_due(p, PHASE)) gt_prepared_run(p, PHASE, env); // and wait until all ranks have done so
 *         // runs of executions; then new parameters, all ranks' parts of them:
 *         gt_prepared_changed(p, 0);
 *
 * Nobody may still read the values of a slot that has changed when a rank prepares them anew. */
enum { GT_PREPARED_USES = 32 };
gt_prepared *gt_prepared_new(int slot);         /* where executions will find the values; NULL: see gt_message() */
void gt_prepared_free(gt_prepared *p);          /* before the graphs of the executions; NULL is fine */
size_t gt_prepared_bytes(const gt_prepared *p); /* 0: nothing is worth it */
/* Of all that is prepared, in which order, and by which kernels: where two processes have the same key they need the
 * same values at the same places. */
uint64_t gt_prepared_key(const gt_prepared *p);
/* This is rank `rank` of so many: the parts are of about the same work. pool: NULL, or its threads. */
gt_status gt_prepared_divide(gt_prepared *p, int ranks, int rank, gt_pool *pool);
size_t gt_prepared_arena_bytes(const gt_prepared *p); /* for what is only needed meanwhile */
void gt_prepared_use_arena(gt_prepared *p, void *memory);
void gt_prepared_bind(gt_prepared *p, int slot, void *base);
void gt_prepared_changed(gt_prepared *p, int slot);  /* parameters of this slot; at first all are new */
bool gt_prepared_due(const gt_prepared *p, int use); /* is something to be prepared before these executions run? */
gt_status gt_prepared_run(gt_prepared *p, int use, const gt_exec_env *env); /* this rank's part of that */

/* The gt_output_to outputs in the order in which a run finishes them. */
typedef struct gt_output_place {
    const char *name;
    int slot;
    size_t offset, size; /* floats */
} gt_output_place;
int gt_exec_output_order(const gt_exec *e, const gt_output_place **places);

typedef struct gt_exec_totals {
    double flops, bytes; /* of one run (of all its slices), without hoisted nodes */
    double hoisted_flops, hoisted_bytes;
    int nodes, hoisted_nodes;
    size_t arena_bytes;
} gt_exec_totals;
gt_exec_totals gt_exec_cost(const gt_exec *e);
/* About how many seconds a run takes on so many threads of a core of the present, without hoisted nodes: what a node
 * has to do, and what it costs to share it out. For decisions, not for people. */
double gt_exec_estimate(const gt_exec *e, int threads);
/* What a run of the graph has to do, as it stands, without any pass: a number in the measure of the plans (cost.c), in
 * which moving memory counts like so much arithmetic. For estimates, at a small part of what gt_exec_new() takes. */
double gt_graph_work(const gt_graph *g);
/* Prints a table: node, shape, kernel, Mflop, MB, ms (measured once `profile` runs were made), and its totals. */
void gt_exec_print(const gt_exec *e, FILE *f);
/* Time each node from now on (averages), without what asking for the time takes: by processor time where one thread
 * computes. */
void gt_exec_profile(gt_exec *e, bool on);

/* ---- layers ---- */

/* The layers of a network, found in the graph of its forward pass: for tables, and for values in the middle.
 *
 * A layer is what the tensors of one name do: conv1.weight and conv1.bias make the layer "conv1". The element-wise
 * nodes that follow (activation) belong to it; so does what prepares its input or weights. Poolings, global means,
 * concatenations, sums of two branches and resampling have no tensors and are layers of their own: "max_pool.1",
 * "mean.1", "inception3a.concat", "layer1.0.sum". */
typedef struct gt_graph_layer {
    const char *name;
    gt_node *main;       /* of those that read its tensors, or else of all, the node that has most to do */
    gt_node *output;     /* the last value; of convolutions after the activation, where no other layer lies between */
    double flops;        /* of one run of the graph, without what depends on parameters alone */
    double most;         /* flops of `main` */
    const char *with;    /* of a sum: the layer that is added to what stands before; NULL: no layer */
    const char *through; /* the pooling or filter after which the layer's bias and activation come; NULL: none */
    gt_node **nodes;     /* [n_nodes], in their order */
    int n_nodes;
} gt_graph_layer;

typedef struct gt_layer_list {
    int n;
    gt_graph_layer *layers; /* in the order of their main nodes */
} gt_layer_list;

/* The layers of the graph, whose parameters are leaves "NET.TENSOR". The list lies in the graph's arena. */
gt_status gt_layer_list_make(gt_graph *g, gt_layer_list *out);

/* The value of the layer `name`, or of the block whose layers are called NAME.something: the last of these. NULL, with
 * a message that lists the names: there is neither. */
gt_node *gt_layer_list_find(const gt_layer_list *list, const char *name);

/* "C.conv1.weight" -> "conv1", of `bytes` bytes with its 0; of the name of a tensor alone (`of_net` false) likewise. */
void gt_layer_name(const char *leaf, bool of_net, char *name, size_t bytes);

#endif
