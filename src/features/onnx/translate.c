/* SPDX-License-Identifier: Apache-2.0
 * A graph as an ONNX model: see onnx.h. */
#include <string.h>

#include "graph/door/elementwise.h"
#include "graph/door/op_list.h"
#include "graph/door/nodes.h"
#include "graph/door/passes.h"
#include "features/onnx/forms.h"
#include "features/onnx/onnx.h"

/* Two batch sizes that no other size of a network is a multiple of. */
enum { BATCH = 1009, OTHER_BATCH = 1013 };

static void nothing(gt_translation *t, const gt_node *n) { (void)t, (void)n; } /* made when somebody asks */

static const struct {
    const gt_op *op;
    void (*translate)(gt_translation *t, const gt_node *n);
} translators[] = {
    {&gt_op_conv, gt_onnx_conv},
    {&gt_op_conv_input_grad, gt_onnx_conv},
    {&gt_op_upfirdn, gt_onnx_upfirdn},
    {&gt_op_matmul, gt_onnx_matmul},
    {&gt_op_sum, gt_onnx_sum},
    {&gt_op_concat, gt_onnx_concat},
    {&gt_op_pad, gt_onnx_pad},
    {&gt_op_permute, gt_onnx_permute},
    {&gt_op_reshape, nothing},
    {&gt_op_max_pool_pick, gt_onnx_max_pool},
    {&gt_op_one_hot_max, gt_onnx_one_hot_max},
};

/* ---- the graph for one batch size ---- */

static const gt_graph *only_outputs(gt_graph *g, const char *const *outputs, gt_arena *arena) {
    gt_graph *some = gt_arena_alloc(arena, sizeof *some);
    if (!some) return NULL;
    *some = *g;
    some->results = gt_arena_array(arena, (size_t)g->n_results + 1, sizeof *some->results);
    some->n_results = 0;
    for (int i = 0; i < g->n_results && some->results; i++)
        for (const char *const *name = outputs; *name; name++)
            if (!strcmp(g->results[i].name, *name)) some->results[some->n_results++] = g->results[i];
    return some->results ? some : NULL;
}

static const gt_graph *simplified(const gt_graph *g, gt_arena *arena) {
    static gt_pass *const before[] = {gt_pass_dead, gt_pass_common, gt_pass_algebra, gt_pass_common, gt_pass_algebra},
                          *const after[] = {gt_pass_algebra, gt_pass_dead, gt_pass_common};
    const gt_exec_options none = {0};
    for (size_t i = 0; g && i < sizeof before / sizeof *before; i++) g = before[i](g, arena, &none);
    if (g) g = gt_onnx_fold(g, arena);
    for (size_t i = 0; g && i < sizeof after / sizeof *after; i++) g = after[i](g, arena, &none);
    return g;
}

/* The same but for sizes? Numbers that depend on the batch would be those of one batch. */
static bool same_attributes(const gt_node *a, const gt_node *b) {
    const gt_map_attr *x = a->attr, *y = b->attr;
    if (a->op != b->op || a->shape.n != b->shape.n) return false;
    if (a->op->elementwise) return !memcmp(x->c, y->c, sizeof x->c);
    return a->op == &gt_op_reshape || a->op->impure ||
           (a->attr_bytes == b->attr_bytes && (!a->attr_bytes || !memcmp(a->attr, b->attr, a->attr_bytes)));
}

/* Sizes that grow with the batch: those that differ between the graphs for BATCH and for OTHER_BATCH samples. */
static gt_status find_dims(gt_translation *t, const gt_graph *other) {
    const gt_graph *g = t->graph;
    bool same = g->n_nodes == other->n_nodes;
    for (int id = 0; id < g->n_nodes && same; id++) {
        const gt_node *a = g->nodes[id], *b = other->nodes[id];
        gt_onnx_dims *d = &t->dims[id];
        same = same_attributes(a, b);
        d->n = a->shape.n;
        for (int k = 0; k < d->n && same; k++) {
            d->d[k] = a->shape.d[k];
            d->batch[k] = a->shape.d[k] != b->shape.d[k];
            if (!d->batch[k]) continue;
            same = a->shape.d[k] % BATCH == 0 && a->shape.d[k] / BATCH * OTHER_BATCH == b->shape.d[k];
            d->d[k] /= BATCH;
        }
    }
    return same ? GT_OK : gt_fail(GT_USAGE, "ONNX: the results of this network depend on the number of samples");
}

/* ---- constants ---- */

/* The kernel's own form of weights, which other inputs hold, too. */
static bool is_packed(const gt_node *n) { return n->op == &gt_op_conv_pack || n->op == &gt_op_matmul_pack; }

static bool grows(const gt_onnx_dims *d) {
    bool any = false;
    for (int k = 0; k < d->n; k++) any |= d->batch[k];
    return any;
}

static void find_constants(gt_translation *t) {
    for (int id = 0; id < t->graph->n_nodes; id++) {
        const gt_node *n = t->graph->nodes[id];
        bool constant = n->rate == GT_RATE_UPDATE && !grows(&t->dims[id]);
        for (int i = 0; i < n->n_in; i++) constant &= t->constant[n->in[i]->id];
        t->constant[id] = constant;
    }
}

/* Computes those that the nodes of the model read. */
static gt_status compute_constants(gt_translation *t, const float *params) {
    const gt_graph *g = t->graph;
    bool *read = gt_by_node(g, t->arena, sizeof *read);
    gt_graph *some = gt_arena_alloc(t->arena, sizeof *some);
    if (!read || !some) return GT_NOMEM;
    for (int id = 0; id < g->n_nodes; id++)
        for (int i = 0; i < g->nodes[id]->n_in && !t->constant[id]; i++)
            read[g->nodes[id]->in[i]->id] |= !is_packed(g->nodes[id]->in[i]);
    for (int i = 0; i < g->n_results; i++) read[g->results[i].node->id] = true;
    *some = *g;
    some->results = NULL;
    some->n_results = some->room_results = 0;
    for (int id = 0; id < g->n_nodes; id++) {
        gt_result r = {.name = gt_arena_printf(t->arena, "%d", id), .node = g->nodes[id]};
        if (read[id] && t->constant[id] && gt_result_add(some, &r)) return GT_NOMEM;
    }
    t->values = gt_exec_new(some, NULL);
    if (!t->values) return GT_FAILED;
    gt_exec_bind(t->values, 0, (void *)params);
    gt_status st = gt_exec_prepare(t->values, &(gt_exec_env){0});
    return st ? st : gt_exec_run(t->values, &(gt_exec_env){0});
}

/* ---- biases ---- */

/* A convolution or product, read once, to which n adds a constant of each channel. */
static const gt_node *biased(const gt_translation *t, const gt_node *n, const int *uses, const gt_node **bias) {
    for (int i = 0; i < 2; i++) {
        const gt_node *y = n->in[i], *b = n->in[1 - i];
        bool product = y->op == &gt_op_matmul && y->n_in >= 2 && y->shape.n == 2,
             conv = y->op == &gt_op_conv || y->op == &gt_op_conv_input_grad;
        int64_t size = gt_shape_size(&b->shape);
        *bias = b;
        if ((product || conv) && uses[y->id] == 1 && !t->constant[y->id] && t->constant[b->id] &&
            gt_shape_equal(&y->shape, &n->shape) && b->shape.n && b->shape.d[b->shape.n - 1] == size &&
            size == y->shape.d[y->shape.n - 1])
            return y;
    }
    return NULL;
}

static gt_status find_biases(gt_translation *t) {
    const int *uses = gt_count_uses(t->graph, t->arena);
    if (!uses) return GT_NOMEM;
    for (int id = 0; id < t->graph->n_nodes; id++) {
        const gt_node *n = t->graph->nodes[id], *bias, *y = NULL;
        if (n->op == &gt_op_elementwise[GT_MAP_add]) y = biased(t, n, uses, &bias);
        if (!y) continue;
        t->bias[y->id] = bias;
        t->absorbed[id] = y;
    }
    return GT_OK;
}

/* ---- the model ---- */

static void translate_input(gt_translation *t, const gt_node *n) {
    gt_onnx_dims dims = {.n = n->shape.n};
    const int *order = gt_usual_order(n);
    for (int k = 0; k < n->shape.n; k++) {
        dims.d[k] = t->dims[n->id].d[order[k]];
        dims.batch[k] = t->dims[n->id].batch[order[k]];
    }
    if (!dims.n) dims = (gt_onnx_dims){.n = 1, .d = {1}};
    gt_onnx_value *x = gt_onnx_input(t->model, n->name, &dims);
    if (dims.batch[0] && !t->first) t->first = x;
    gt_form_add(t, n, order, x);
}

static void translate_node(gt_translation *t, const gt_node *n) {
    if (t->constant[n->id]) return;
    if (n->op == &gt_op_input) return translate_input(t, n);
    const gt_node *y = t->absorbed[n->id];
    if (y) return gt_form_add(t, n, gt_form_order(t, y), gt_form_in(t, y, y->shape.n, gt_form_order(t, y)));
    if (n->op->elementwise) return gt_onnx_elementwise(t, n);
    for (size_t i = 0; i < sizeof translators / sizeof *translators; i++)
        if (translators[i].op == n->op) return translators[i].translate(t, n);
    gt_untranslatable(t, n, "Gantry has no ONNX form of this operation");
}

static void translate_output(gt_translation *t, const gt_result *r) {
    const int *order = gt_usual_order(r->node);
    gt_onnx_dims dims = {.n = r->node->shape.n};
    for (int k = 0; k < dims.n; k++) {
        dims.d[k] = t->dims[r->node->id].d[order[k]];
        dims.batch[k] = t->dims[r->node->id].batch[order[k]];
    }
    gt_onnx_output(t->model, r->name, gt_form_in(t, r->node, dims.n, order), &dims);
}

static gt_status translate_all(gt_translation *t, const gt_onnx_source *s, const gt_graph *other) {
    const gt_graph *g = t->graph;
    t->model = gt_onnx_new(t->arena, g->name);
    t->dims = gt_by_node(g, t->arena, sizeof *t->dims);
    t->constant = gt_by_node(g, t->arena, sizeof *t->constant);
    t->forms = gt_by_node(g, t->arena, sizeof(gt_form *));
    t->bias = gt_by_node(g, t->arena, sizeof(gt_node *));
    t->absorbed = gt_by_node(g, t->arena, sizeof(gt_node *));
    gt_status st = gt_arena_failed(t->arena) ? GT_NOMEM : find_dims(t, other);
    if (st) return st;
    find_constants(t);
    st = compute_constants(t, s->params);
    if (!st) st = find_biases(t);
    for (int i = 0; i < s->n_about && !st; i++) gt_onnx_about(t->model, s->about[i].name, s->about[i].text);
    for (int id = 0; id < g->n_nodes && !st && !t->status; id++) translate_node(t, g->nodes[id]);
    for (int i = 0; i < g->n_results && !st && !t->status; i++) translate_output(t, &g->results[i]);
    return st ? st : t->status;
}

static gt_status export_graph(const gt_onnx_source *s, gt_graph *const raw[2], gt_arena *arena, const char *path) {
    const gt_graph *g[2];
    for (int i = 0; i < 2; i++) {
        if (!raw[i] || gt_graph_status(raw[i])) return GT_FAILED;
        g[i] = only_outputs(raw[i], s->outputs, arena);
        g[i] = g[i] ? simplified(g[i], arena) : NULL;
        if (!g[i]) return GT_FAILED;
    }
    gt_translation t = {.arena = arena, .graph = g[0]};
    gt_status st = translate_all(&t, s, g[1]);
    if (!st)
        st = gt_arena_failed(arena) ? gt_fail(GT_NOMEM, "out of memory for '%s'", path) : gt_onnx_write(t.model, path);
    gt_exec_free(t.values);
    return st;
}

gt_status gt_onnx_export(const gt_onnx_source *source, const char *path) {
    GT_ARENA gt_arena *arena = gt_arena_new();
    gt_graph *raw[2] = {source->build(source->arg, BATCH), source->build(source->arg, OTHER_BATCH)};
    gt_status st = arena ? export_graph(source, raw, arena, path) : GT_NOMEM;
    for (int i = 0; i < 2; i++) gt_graph_free(raw[i]);
    return st;
}
