/* SPDX-License-Identifier: Apache-2.0
 * Graphs whose inputs and expected outputs are datasets of a golden file. */
#include <string.h>

#include "golden.h"

enum { MAX_INPUTS = 64, MAX_OUTPUTS = 512 };

struct gold_graph {
    gold *f;
    gt_graph *nodes;
    gt_exec *exec;
    float *blocks[GT_MAX_SLOTS];
    void (*before)(gold *f, gt_exec *e, void *arg);
    void *before_arg;
    int n_inputs, n_outputs;
    struct {
        const char *path;
        const float *values;
        gt_node *node;
        size_t n;
    } input[MAX_INPUTS];
    struct {
        const char *path;
        gold_order order;
        size_t n;
    } output[MAX_OUTPUTS];
};

gold_graph *gold_graph_new(gold *f) {
    gold_graph *g = gt_arena_alloc(f->arena, sizeof *g);
    g->f = f;
    g->nodes = gt_graph_new(f->kind, asked_kernels());
    return g;
}

gt_graph *gold_nodes(gold_graph *g) { return g->nodes; }

gt_node *gold_in(gold_graph *g, const char *path, gold_order order) {
    for (int i = 0; i < g->n_inputs; i++)
        if (!strcmp(g->input[i].path, path)) return g->input[i].node;
    gt_shape shape;
    const float *values = gold_read(g->f, path, order, &shape);
    if (!values || g->n_inputs == MAX_INPUTS) return NULL;
    int i = g->n_inputs++;
    g->input[i].path = gold_path(g->f, "%s", path);
    g->input[i].values = values;
    g->input[i].n = (size_t)gt_shape_size(&shape);
    return g->input[i].node = gt_input(g->nodes, path, shape);
}

void gold_out(gold_graph *g, gt_node *n, const char *path, gold_order order) {
    if (!n || g->n_outputs == MAX_OUTPUTS) {
        gold_fail(g->f, "%s cannot be built: %s", path, gt_graph_status(g->nodes) ? gt_message() : "no node");
        return;
    }
    int i = g->n_outputs++;
    g->output[i].path = gold_path(g->f, "%s", path);
    g->output[i].order = order;
    g->output[i].n = (size_t)gt_shape_size(gt_node_shape(n));
    gt_output(g->nodes, path, n);
}

void gold_grad(gold_graph *g, gt_node *y, gt_node *dy, gt_node *wrt, const char *path, gold_order order) {
    gt_node *dx = NULL;
    if (y && wrt) gt_grad(g->nodes, 1, &y, dy ? &dy : NULL, 1, &wrt, &dx);
    gold_out(g, dx, path, order);
}

void gold_bind(gold_graph *g, int slot, float *block) { g->blocks[slot] = block; }

const float *gold_value(gold_graph *g, const char *path) { return g->exec ? gt_exec_output(g->exec, path) : NULL; }

void gold_before(gold_graph *g, void (*write)(gold *f, gt_exec *e, void *arg), void *arg) {
    g->before = write;
    g->before_arg = arg;
}

void gold_run(gold_graph *g) {
    g->exec = gt_exec_new(g->nodes, &(gt_exec_options){0});
    if (!g->exec) {
        gold_fail(g->f, "graph for %s: %s", g->n_outputs ? g->output[0].path : "nothing", gt_message());
        return;
    }
    gt_exec_env env = {.seed = 0};
    for (int i = 0; i < GT_MAX_SLOTS; i++)
        if (g->blocks[i]) gt_exec_bind(g->exec, i, g->blocks[i]);
    for (int i = 0; i < g->n_inputs; i++) {
        float *to = gt_exec_input(g->exec, g->input[i].path);
        if (to) memcpy(to, g->input[i].values, g->input[i].n * sizeof(float));
    }
    if (g->before) g->before(g->f, g->exec, g->before_arg);
    if (gt_exec_prepare(g->exec, &env) || gt_exec_run(g->exec, &env)) {
        gold_fail(g->f, "running: %s", gt_message());
        return;
    }
    for (int i = 0; i < g->n_outputs; i++)
        gold_check(g->f, g->output[i].path, g->output[i].order, gt_exec_output(g->exec, g->output[i].path),
                   g->output[i].n, 0);
}

void gold_graph_free(gold_graph *g) {
    gt_exec_free(g->exec);
    gt_graph_free(g->nodes);
}
