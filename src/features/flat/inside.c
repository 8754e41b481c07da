/* SPDX-License-Identifier: Apache-2.0
 * Inside trained networks, for other languages: parameters, values in the middle, derivatives. See gantry/flat.h. */
#include <stdlib.h>
#include <string.h>

#include "features/flat/network.h"
#include "graph/door/internal.h"
#include "networks/nets/door/nets.h"
#include "runner/door/roles.h"

/* ---- parameters ---- */

typedef struct place { /* of a parameter */
    gt_trained *of;
    const gt_net *net;
    const gt_tensor *tensor;
} place;

/* Parameter `index`, or the one of this name. */
static bool find(gt_flat_network *n, int index, const char *name, place *p) {
    const gt_model *m = n->trained.model;
    for (int k = 0; k < m->n_nets; k++) {
        size_t length = strlen(m->nets[k]->name);
        if (name && (strncmp(name, m->nets[k]->name, length) || name[length] != '.')) continue;
        gt_trained *t = gt_flat_trained(n, k);
        const gt_net *net = t ? t->model->nets[k] : NULL;
        for (int i = 0; net && i < net->n_tensors; i++) {
            if (name ? strcmp(name + length + 1, net->tensors[i].name) != 0 : index-- != 0) continue;
            *p = (place){t, net, &net->tensors[i]};
            return true;
        }
    }
    return false;
}

static gt_status need(gt_flat_network *n, const char *name, place *p) {
    return find(n, -1, name, p) ? GT_OK : gt_fail(GT_USAGE, "the network has no parameter '%.200s'", name);
}

int gt_flat_parameter_name(gt_flat_network *n, int i, char *name, size_t room) {
    place p;
    if (i < 0 || !find(n, i, NULL, &p)) return 0;
    return snprintf(name, room, "%s.%s", p.net->name, p.tensor->name);
}

static int give_shape(const gt_shape *s, int64_t *shape) {
    memcpy(shape, s->d, (size_t)s->n * sizeof *shape);
    return s->n;
}

int gt_flat_parameter_shape(gt_flat_network *n, const char *name, int64_t shape[GT_MAX_DIMS]) {
    place p;
    return need(n, name, &p) ? -1 : give_shape(&p.tensor->file_shape, shape);
}

int gt_flat_parameter_get(gt_flat_network *n, const char *name, float *values) {
    place p;
    gt_status st = need(n, name, &p);
    if (!st) gt_tensor_to_file(p.tensor, p.of->params + p.tensor->offset, values);
    return st;
}

const float *gt_flat_parameter_view(gt_flat_network *n, const char *name, int64_t steps[GT_MAX_DIMS]) {
    place p;
    if (need(n, name, &p)) return NULL;
    gt_tensor_steps(p.tensor, steps);
    return p.of->params + p.tensor->offset;
}

int gt_flat_parameter_set(gt_flat_network *n, const char *name, const float *values) {
    place p;
    gt_status st = need(n, name, &p);
    if (st) return st;
    gt_tensor_from_file(p.tensor, values, (float *)(uintptr_t)p.of->params + p.tensor->offset);
    gt_flat_forget(n);
    return GT_OK;
}

/* ---- traces ---- */

struct gt_flat_trace {
    gt_runner *runner;
    char *layers; /* while it is opened: a name in each line */
    const char *of, *by;
};

static gt_node *leaf(const gt_graph *g, const char *name) {
    for (int i = 0; i < g->n_leaves; i++)
        if (g->leaves[i]->op == &gt_op_input && !strcmp(g->leaves[i]->name, name)) return g->leaves[i];
    return NULL;
}

/* An output of the role by its name, a layer or a block, or any other node. */
static gt_node *node_of(const gt_graph *g, const gt_layer_list *list, const char *name) {
    for (int i = 0; i < g->n_results; i++)
        if (!strcmp(g->results[i].name, name)) return g->results[i].node;
    gt_node *of_layer = gt_layer_list_find(list, name);
    for (int i = 0; !of_layer && i < g->n_nodes; i++)
        if (!gt_is_leaf(g->nodes[i]) && !strcmp(g->nodes[i]->name, name)) return g->nodes[i];
    return of_layer;
}

static gt_status add_gradient(gt_graph *g, const gt_layer_list *list, const gt_flat_trace *t) {
    gt_node *x = leaf(g, t->by), *y = node_of(g, list, t->of), *slope;
    if (!y) return GT_USAGE;
    if (!x) return gt_fail(GT_USAGE, "the network has no input '%.100s'", t->by);
    gt_node *toward = gt_input(g, "toward", *gt_node_shape(y));
    gt_status st = gt_grad(g, 1, &y, &toward, 1, &x, &slope);
    return st ? st : gt_output(g, "gradient", slope);
}

static gt_status extend(void *own, gt_model *m, gt_graph *g) {
    const gt_flat_trace *t = own;
    gt_layer_list list;
    (void)m;
    gt_status st = gt_layer_list_make(g, &list);
    char *rest = t->layers, *name;
    while (!st && (name = strtok_r(rest, "\n", &rest))) {
        gt_node *node = node_of(g, &list, name);
        const char *value = gt_arena_printf(gt_graph_arena(g), "value/%s", name);
        st = !value ? GT_NOMEM : node ? gt_output(g, value, node) : GT_USAGE;
    }
    return st || !*t->of ? st : add_gradient(g, &list, t);
}

static gt_status open_trace(gt_flat_trace *t, gt_flat_network *n, const char *role, int count, const char *layers) {
    t->layers = strdup(layers);
    if (!t->layers) return gt_fail(GT_NOMEM, "out of memory for names");
    if (count < 1) return gt_fail(GT_USAGE, "at least one item is needed");
    gt_request request = gt_plain_request(count);
    t->runner = gt_flat_runner(n, role, (gt_runner_options){.request = request, .extend = extend, .own = t});
    free(t->layers);
    t->layers = NULL;
    return t->runner ? GT_OK : gt_failure();
}

gt_flat_trace *gt_flat_trace_open(gt_flat_network *n, const char *role, int count, const char *layers, const char *of,
                                  const char *by, int *status) {
    gt_flat_trace *t = calloc(1, sizeof *t);
    if (t) t->of = of, t->by = by;
    *status = (int)(t ? open_trace(t, n, role, count, layers) : gt_fail(GT_NOMEM, "out of memory for a trace"));
    if (!*status) return t;
    gt_flat_trace_close(t);
    return NULL;
}

void gt_flat_trace_close(gt_flat_trace *t) {
    if (!t) return;
    gt_runner_close(t->runner);
    free(t->layers);
    free(t);
}

const char *gt_flat_trace_input(const gt_flat_trace *t, int i) {
    const gt_graph *g = gt_runner_graph(t->runner);
    for (int k = 0; k < g->n_leaves; k++)
        if (g->leaves[k]->op == &gt_op_input && i-- == 0) return g->leaves[k]->name;
    return NULL;
}

const char *gt_flat_trace_output(const gt_flat_trace *t, int i) {
    const char *name;
    return gt_graph_output(gt_runner_graph(t->runner), i, &name) ? name : NULL;
}

int gt_flat_trace_shape(const gt_flat_trace *t, const char *name, int64_t shape[GT_MAX_DIMS]) {
    const gt_graph *g = gt_runner_graph(t->runner);
    const gt_node *node = leaf(g, name);
    for (int i = 0; !node && i < g->n_results; i++)
        if (!strcmp(g->results[i].name, name)) node = g->results[i].node;
    return node ? give_shape(gt_node_shape(node), shape) : -1;
}

static size_t floats_of(const gt_flat_trace *t, const char *name) {
    gt_shape s;
    s.n = gt_flat_trace_shape(t, name, s.d);
    return s.n < 0 ? 0 : (size_t)gt_shape_size(&s);
}

int gt_flat_trace_put(gt_flat_trace *t, const char *name, const float *values) {
    float *to = gt_runner_input(t->runner, name);
    if (!floats_of(t, name)) return gt_fail(GT_USAGE, "the network has no input '%.100s'", name);
    if (to) memcpy(to, values, floats_of(t, name) * sizeof *to); /* NULL: nothing depends on it */
    return GT_OK;
}

int gt_flat_trace_run(gt_flat_trace *t) {
    gt_status st = gt_runner_prepare(t->runner);
    return st ? st : gt_runner_run(t->runner, &(gt_run_batch){.n = gt_runner_batch(t->runner)});
}

int gt_flat_trace_get(const gt_flat_trace *t, const char *name, float *values) {
    const float *from = gt_runner_output(t->runner, name);
    if (!from) return gt_fail(GT_USAGE, "the trace has no output '%.100s'", name);
    memcpy(values, from, floats_of(t, name) * sizeof *values);
    return GT_OK;
}
