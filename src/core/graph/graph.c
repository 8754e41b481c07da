/* SPDX-License-Identifier: Apache-2.0
 * Graphs: nodes, their names, leaves, results, and the first fault. */
#include <stdarg.h>
#include <string.h>

#include "graph/door/internal.h"
#include "kernels/door/kernels.h"

/* ---- shapes ---- */

int64_t gt_shape_size(const gt_shape *s) {
    int64_t size = 1;
    for (int i = 0; i < s->n; i++) size *= s->d[i];
    return size;
}

bool gt_shape_equal(const gt_shape *a, const gt_shape *b) {
    if (a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (a->d[i] != b->d[i]) return false;
    return true;
}

void gt_shape_store(gt_shape *to, const gt_shape *from) {
    memset(to, 0, sizeof *to);
    to->n = from->n;
    for (int i = 0; i < from->n && i < GT_MAX_DIMS; i++) to->d[i] = from->d[i];
}

const char *gt_shape_text(const gt_shape *s, char buffer[96]) {
    if (s->n == 0) return strcpy(buffer, "scalar");
    int used = 0;
    for (int i = 0; i < s->n && used < 90; i++)
        used += snprintf(buffer + used, 96 - (size_t)used, "%s%lld", i ? "x" : "", (long long)s->d[i]);
    return buffer;
}

/* Dimensions of at least 1, at most GT_MAX_DIMS of them, and a size in bytes that fits comfortably. */
static gt_status check_shape(const gt_shape *s) {
    if (s->n < 0 || s->n > GT_MAX_DIMS)
        return gt_fail(GT_USAGE, "%d dimensions; at most %d are possible", s->n, GT_MAX_DIMS);
    int64_t bytes = sizeof(float);
    for (int i = 0; i < s->n; i++)
        if (s->d[i] < 1 || __builtin_mul_overflow(bytes, s->d[i], &bytes) || bytes > INT64_MAX / 64) {
            char text[96];
            return gt_fail(GT_USAGE, "impossible shape %s", gt_shape_text(s, text));
        }
    return GT_OK;
}

/* ---- graphs and faults ---- */

static gt_graph *graph_in(gt_arena *arena, const char *name, const gt_kernel_set *kernels) {
    gt_graph *g = gt_arena_alloc(arena, sizeof *g);
    if (!g) return NULL;
    g->arena = arena;
    g->kernels = kernels;
    g->name = gt_arena_printf(arena, "%s", name);
    return g->name ? g : NULL;
}

gt_graph *gt_graph_new(const char *name, const gt_kernel_set *kernels) {
    gt_arena *arena = gt_arena_new();
    if (!arena) return NULL;
    gt_graph *g = graph_in(arena, name ? name : "graph", kernels ? kernels : gt_kernel_set_best());
    if (!g) {
        gt_arena_free(arena);
        return NULL;
    }
    g->owns_arena = true;
    return g;
}

gt_graph *gt_graph_derived(const gt_graph *of, gt_arena *arena) {
    gt_graph *g = graph_in(arena, of->name, of->kernels);
    if (g) g->loop = of->loop;
    return g;
}

void gt_graph_repeat(gt_graph *g, const gt_loop *loop) { g->loop = *loop; }
const char *gt_graph_loop_words(const gt_graph *g) { return g->loop.turns ? g->loop.words : NULL; }

void gt_graph_free(gt_graph *g) {
    if (g && g->owns_arena) gt_arena_free(g->arena);
}

gt_arena *gt_graph_arena(gt_graph *g) { return g->arena; }

const gt_kernel_set *gt_node_kernels(const gt_node *n) { return n->graph->kernels; }

/* A graph whose arena could not grow lacks something, whether or not the one who asked has looked at the answer. */
gt_status gt_graph_status(const gt_graph *g) {
    if (gt_arena_failed(g->arena)) return gt_fail(GT_NOMEM, "graph '%s': out of memory", g->name);
    if (!g->status) return GT_OK;
    return gt_fail(g->status, "graph '%s': %s", g->name, g->fault);
}

static gt_node *keep_fault(gt_graph *g, gt_status status, const char *text) {
    if (g->status) return NULL;
    g->status = status;
    g->fault = text ? text : "out of memory";
    return NULL;
}

static gt_node *out_of_memory(gt_graph *g) { return keep_fault(g, GT_NOMEM, NULL); }

gt_status gt_graph_out_of_memory(gt_graph *g) {
    out_of_memory(g);
    return gt_graph_status(g);
}

gt_node *gt_graph_fault(gt_graph *g, const char *format, ...) {
    if (g->status) return NULL;
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return keep_fault(g, GT_USAGE, gt_arena_printf(g->arena, "%s", text));
}

/* ---- names ---- */

static const char *scope_of(const gt_graph *g) { return g->n_scopes ? g->scopes[g->n_scopes - 1] : ""; }

void gt_scope_push(gt_graph *g, const char *format, ...) {
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    const char *prefix = gt_arena_printf(g->arena, "%s%s.", scope_of(g), text);
    if (!prefix || !gt_arena_grow(g->arena, &g->scopes, g->n_scopes, &g->room_scopes, sizeof *g->scopes)) {
        out_of_memory(g);
        return;
    }
    g->scopes[g->n_scopes++] = prefix;
}

void gt_scope_pop(gt_graph *g) {
    if (g->n_scopes) g->n_scopes--;
}

void gt_node_rename(gt_node *n, const char *format, ...) {
    if (!n) return;
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    const char *name = gt_arena_printf(n->graph->arena, "%s", text);
    if (name) n->name = name;
}

const char *gt_node_name(const gt_node *n) { return n ? n->name : "(none)"; }
const gt_shape *gt_node_shape(const gt_node *n) { return &n->shape; }

int64_t gt_dim(const gt_node *n, int axis) {
    if (!n) return 0;
    if (axis < 0) axis += n->shape.n;
    return axis < 0 || axis >= n->shape.n ? 0 : n->shape.d[axis];
}

/* ---- nodes ---- */

/* A node with copies of everything it was given, not yet part of the graph. */
static gt_node *node_alloc(gt_graph *g, const gt_op *op, int n_in, gt_node *const *in, const void *attr,
                           size_t attr_bytes) {
    gt_node *n = gt_arena_alloc(g->arena, sizeof *n);
    if (!n) return NULL;
    *n = (gt_node){.op = op,
                   .graph = g,
                   .name = op->name,
                   .id = g->n_nodes,
                   .n_in = n_in,
                   .attr_bytes = attr_bytes,
                   .rate = GT_RATE_UPDATE};
    if (n_in) {
        n->in = gt_arena_array(g->arena, (size_t)n_in, sizeof *n->in);
        if (!n->in) return NULL;
        memcpy(n->in, in, (size_t)n_in * sizeof *n->in);
    }
    if (attr_bytes) {
        void *copy = gt_arena_alloc(g->arena, attr_bytes);
        if (!copy) return NULL;
        memcpy(copy, attr, attr_bytes);
        n->attr = copy;
    }
    for (int i = 0; i < n_in; i++)
        if (in[i]->rate > n->rate) n->rate = in[i]->rate;
    if (op->impure) n->rate = GT_RATE_SLICE;
    return n;
}

static gt_node *node_append(gt_graph *g, gt_node *n) {
    if (!gt_arena_grow(g->arena, &g->nodes, g->n_nodes, &g->room_nodes, sizeof *g->nodes)) return out_of_memory(g);
    g->nodes[g->n_nodes++] = n;
    return n;
}

gt_node *gt_node_new(gt_graph *g, const gt_op *op, int n_in, gt_node *const *in, const void *attr, size_t attr_bytes) {
    if (!g) return NULL;
    int most = op->max_in ? op->max_in : op->min_in;
    if (n_in < op->min_in || n_in > most)
        return gt_graph_fault(g, "node '%s%s': %d inputs; it takes %d to %d", scope_of(g), op->name, n_in, op->min_in,
                              most);
    for (int i = 0; i < n_in; i++) {
        if (!in[i]) return gt_graph_fault(g, "node '%s%s': its input %d is missing", scope_of(g), op->name, i);
        if (in[i]->graph != g)
            return gt_graph_fault(g, "node '%s%s': its input '%s' belongs to graph '%s'", scope_of(g), op->name,
                                  in[i]->name, in[i]->graph->name);
    }
    gt_node *n = node_alloc(g, op, n_in, in, attr, attr_bytes);
    if (!n) return out_of_memory(g);
    n->name = gt_arena_printf(g->arena, "%s%s#%d", scope_of(g), op->name, n->id);
    if (!n->name) return out_of_memory(g);
    if (op->shape(n) || check_shape(&n->shape)) return gt_graph_fault(g, "node '%s': %s", n->name, gt_message());
    return node_append(g, n);
}

gt_node *gt_node_clone(gt_graph *g, const gt_node *n, gt_node *const *in) {
    gt_node *copy = node_alloc(g, n->op, n->n_in, in, NULL, 0);
    if (!copy) return out_of_memory(g);
    copy->attr = n->attr;
    copy->attr_bytes = n->attr_bytes;
    copy->name = n->name;
    copy->shape = n->shape;
    copy->rate = n->rate;
    return node_append(g, copy);
}

/* ---- leaves ---- */

gt_status gt_same_shape(gt_node *n) {
    n->shape = n->in[0]->shape;
    return GT_OK;
}

gt_status gt_check_images(const gt_node *n) {
    int dimensions = n->in[0]->shape.n;
    if (dimensions == 4) return GT_OK;
    return gt_fail(GT_USAGE, "%s needs images [N,H,W,C], not %d dimensions", n->op->name, dimensions);
}

static gt_status leaf_shape(gt_node *n) {
    (void)n; /* set by whoever makes the leaf */
    return GT_OK;
}

const gt_op gt_op_param = {.name = "param", .shape = leaf_shape, .not_differentiable = true};
const gt_op gt_op_input = {.name = "input", .shape = leaf_shape, .not_differentiable = true};
const gt_op gt_op_update_input = {.name = "update_input", .shape = leaf_shape, .not_differentiable = true};
const gt_op gt_op_constant = {.name = "constant", .shape = leaf_shape, .not_differentiable = true};

/* The leaf of this name and kind; a new one if there is none. Leaf names are global: no scope's prefix. */
static gt_node *leaf(gt_graph *g, const gt_op *op, const char *name, gt_shape shape, const void *attr,
                     size_t attr_bytes) {
    for (int i = 0; i < g->n_leaves; i++) {
        gt_node *old = g->leaves[i];
        if (strcmp(old->name, name) != 0) continue;
        char was[96], now[96];
        if (old->op != op)
            return gt_graph_fault(g, "'%s' is already the name of a %s, not of a %s", name, old->op->name, op->name);
        if (!gt_shape_equal(&old->shape, &shape))
            return gt_graph_fault(g, "%s '%s' has shape %s; asked for again as %s", op->name, name,
                                  gt_shape_text(&old->shape, was), gt_shape_text(&shape, now));
        if (old->attr_bytes != attr_bytes || (attr_bytes && memcmp(old->attr, attr, attr_bytes) != 0))
            return gt_graph_fault(g, "%s '%s' is asked for again with another place or other values", op->name, name);
        return old;
    }
    if (check_shape(&shape)) return gt_graph_fault(g, "%s '%s': %s", op->name, name, gt_message());
    gt_node *n = node_alloc(g, op, 0, NULL, attr, attr_bytes);
    if (!n || !gt_arena_grow(g->arena, &g->leaves, g->n_leaves, &g->room_leaves, sizeof *g->leaves))
        return out_of_memory(g);
    n->name = gt_arena_printf(g->arena, "%s", name);
    if (!n->name) return out_of_memory(g);
    n->shape = shape;
    if (op == &gt_op_input) n->rate = GT_RATE_SLICE;
    g->leaves[g->n_leaves++] = n;
    return node_append(g, n);
}

gt_node *gt_param(gt_graph *g, const char *name, gt_shape shape, int slot, size_t offset) {
    if (slot < 0 || slot >= GT_MAX_SLOTS)
        return gt_graph_fault(g, "param '%s': slot %d; there are %d", name, slot, GT_MAX_SLOTS);
    gt_param_attr attr = {slot, (int64_t)offset};
    return leaf(g, &gt_op_param, name, shape, &attr, sizeof attr);
}

gt_node *gt_input(gt_graph *g, const char *name, gt_shape shape) { return leaf(g, &gt_op_input, name, shape, NULL, 0); }
gt_node *gt_update_input(gt_graph *g, const char *name, gt_shape shape) {
    return leaf(g, &gt_op_update_input, name, shape, NULL, 0);
}

gt_node *gt_constant(gt_graph *g, const char *name, gt_shape shape, const float *values) {
    if (check_shape(&shape)) return gt_graph_fault(g, "constant '%s': %s", name, gt_message());
    return leaf(g, &gt_op_constant, name, shape, values, (size_t)gt_shape_size(&shape) * sizeof(float));
}

gt_node *gt_scalar(gt_graph *g, float value) {
    char name[64];
    snprintf(name, sizeof name, "%.9g", (double)value); /* nine digits tell all floats apart */
    return gt_constant(g, name, GT_SCALAR, &value);
}

bool gt_is_constant_scalar(const gt_node *n, float *value) {
    if (n->op != &gt_op_constant || n->attr_bytes != sizeof *value) return false;
    memcpy(value, n->attr, sizeof *value);
    return true;
}

void gt_note_loss(gt_graph *g, gt_node *loss) {
    if (!loss) return;
    if (g->n_losses == GT_MAX_LOSSES) gt_graph_fault(g, "more than %d losses", GT_MAX_LOSSES);
    else g->losses[g->n_losses++] = loss;
}

/* ---- results ---- */

gt_status gt_result_add(gt_graph *g, const gt_result *r) {
    if (!gt_arena_grow(g->arena, &g->results, g->n_results, &g->room_results, sizeof *g->results))
        return gt_graph_out_of_memory(g);
    g->results[g->n_results++] = *r;
    return GT_OK;
}

bool gt_overlaps_param(const gt_result *r, const gt_node *param) {
    const gt_param_attr *p = param->attr;
    int64_t begin = (int64_t)r->offset, end = begin + gt_shape_size(&r->node->shape);
    return r->placed && p->slot == r->slot && p->offset < end && begin < p->offset + gt_shape_size(&param->shape);
}

static gt_status new_result(gt_graph *g, const char *name, gt_node *n, bool placed, int slot, size_t offset) {
    bool twice = false;
    for (int i = 0; i < g->n_results; i++) twice |= strcmp(g->results[i].name, name) == 0;
    if (!n || n->graph != g)
        gt_graph_fault(g, "output '%s': %s", name, n ? "its node belongs to another graph" : "it has no node");
    else if (slot < 0 || slot >= GT_MAX_SLOTS)
        gt_graph_fault(g, "output '%s': slot %d; there are %d", name, slot, GT_MAX_SLOTS);
    else if (twice) gt_graph_fault(g, "output '%s' occurs twice", name);
    if (g->status) return gt_graph_status(g);
    gt_result r = {gt_arena_printf(g->arena, "%s", name), n, placed, slot, offset};
    if (!r.name) return gt_graph_out_of_memory(g);
    return gt_result_add(g, &r);
}

gt_status gt_output(gt_graph *g, const char *name, gt_node *n) { return new_result(g, name, n, false, 0, 0); }

const gt_node *gt_graph_output(const gt_graph *g, int i, const char **name) {
    if (i >= g->n_results) return NULL;
    if (name) *name = g->results[i].name;
    return g->results[i].node;
}
gt_status gt_output_to(gt_graph *g, const char *name, gt_node *n, int slot, size_t offset) {
    return new_result(g, name, n, true, slot, offset);
}
