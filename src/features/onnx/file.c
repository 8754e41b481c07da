/* SPDX-License-Identifier: Apache-2.0
 * ONNX models as files: see file.h. Numbers of fields and types are those of onnx.proto. */
#include "features/onnx/file.h"

#include <string.h>

#include "gantry/version.h"

enum { IR_VERSION = 8, OPSET = 17, FLOAT = 1, INT64 = 7 };

typedef struct node {
    const char *op;
    int n_in;
    gt_onnx_value **in, *out;
    const gt_onnx_attr *attrs;
} node;

typedef struct tensor {
    gt_onnx_value value;
    int type; /* FLOAT, INT64 */
    gt_onnx_dims dims;
    const void *data;
    size_t bytes;
} tensor;

typedef struct port { /* an input or output of the model */
    gt_onnx_value *value;
    gt_onnx_dims dims;
} port;

struct gt_onnx {
    gt_arena *arena;
    const char *name;
    int n_nodes, room_nodes, n_tensors, room_tensors, n_inputs, room_inputs, n_outputs, room_outputs, n_about,
        room_about;
    node *nodes;
    tensor **tensors;
    port *inputs, *outputs;
    const char *(*about)[2];
};

gt_onnx *gt_onnx_new(gt_arena *arena, const char *name) {
    gt_onnx *m = gt_arena_alloc(arena, sizeof *m);
    if (m) *m = (gt_onnx){.arena = arena, .name = name};
    return m;
}

static const gt_onnx_attr *copied(gt_arena *arena, const gt_onnx_attr *attrs) {
    int n = 0;
    while (attrs && attrs[n].kind) n++;
    gt_onnx_attr *copy = gt_arena_array(arena, (size_t)n + 1, sizeof *copy);
    if (copy && n) memcpy(copy, attrs, (size_t)n * sizeof *copy);
    return copy;
}

gt_onnx_value *gt_onnx_node(gt_onnx *m, const char *name, const char *op, int n_in, gt_onnx_value *const *in,
                            const gt_onnx_attr *attrs) {
    while (n_in && !in[n_in - 1]) n_in--;
    node n = {op, n_in, gt_arena_array(m->arena, (size_t)n_in + 1, sizeof *n.in),
              gt_arena_alloc(m->arena, sizeof *n.out), copied(m->arena, attrs)};
    if (gt_arena_failed(m->arena) || !gt_arena_grow(m->arena, &m->nodes, m->n_nodes, &m->room_nodes, sizeof n))
        return NULL;
    memcpy(n.in, in, (size_t)n_in * sizeof *in);
    n.out->name = gt_arena_printf(m->arena, "%s:%d", name, m->n_nodes);
    m->nodes[m->n_nodes++] = n;
    return n.out;
}

static gt_onnx_value *constant(gt_onnx *m, tensor t) {
    for (int i = 0; i < m->n_tensors; i++)
        if (t.value.name && !strcmp(m->tensors[i]->value.name, t.value.name)) return &m->tensors[i]->value;
    tensor *copy = gt_arena_alloc(m->arena, sizeof *copy);
    if (!copy || !t.value.name ||
        !gt_arena_grow(m->arena, &m->tensors, m->n_tensors, &m->room_tensors, sizeof *m->tensors))
        return NULL;
    *copy = t;
    m->tensors[m->n_tensors++] = copy;
    return &copy->value;
}

gt_onnx_value *gt_onnx_floats(gt_onnx *m, const char *name, const gt_onnx_dims *dims, const float *values) {
    size_t bytes = sizeof *values;
    for (int i = 0; i < dims->n; i++) bytes *= (size_t)dims->d[i];
    return constant(m, (tensor){{gt_arena_printf(m->arena, "%s", name)}, FLOAT, *dims, values, bytes});
}

static void *kept(gt_onnx *m, const void *data, size_t bytes) {
    void *copy = gt_arena_alloc(m->arena, bytes);
    return copy ? memcpy(copy, data, bytes) : NULL;
}

gt_onnx_value *gt_onnx_number(gt_onnx *m, float value) {
    return gt_onnx_floats(m, gt_arena_printf(m->arena, "number %.9g", (double)value), &(gt_onnx_dims){0},
                          kept(m, &value, sizeof value));
}

static gt_onnx_value *integers(gt_onnx *m, const char *kind, int dimensions, int n, const int64_t *values) {
    const char *name = kind;
    for (int i = 0; i < n && name; i++) name = gt_arena_printf(m->arena, "%s %lld", name, (long long)values[i]);
    size_t bytes = (size_t)n * sizeof *values;
    return constant(m, (tensor){{name}, INT64, {.n = dimensions, .d = {n}}, kept(m, values, bytes), bytes});
}

gt_onnx_value *gt_onnx_integers(gt_onnx *m, int n, const int64_t *values) {
    return integers(m, "integers", 1, n, values);
}
gt_onnx_value *gt_onnx_integer(gt_onnx *m, int64_t value) { return integers(m, "integer", 0, 1, &value); }

gt_onnx_value *gt_onnx_input(gt_onnx *m, const char *name, const gt_onnx_dims *dims) {
    port p = {gt_arena_alloc(m->arena, sizeof *p.value), *dims};
    if (!p.value || !gt_arena_grow(m->arena, &m->inputs, m->n_inputs, &m->room_inputs, sizeof p)) return NULL;
    p.value->name = gt_arena_printf(m->arena, "%s", name);
    m->inputs[m->n_inputs++] = p;
    return p.value;
}

void gt_onnx_output(gt_onnx *m, const char *name, gt_onnx_value *value, const gt_onnx_dims *dims) {
    bool made = false; /* inputs, constants and results of another name keep their names */
    for (int i = 0; i < m->n_nodes; i++) made |= m->nodes[i].out == value;
    for (int i = 0; i < m->n_outputs; i++) made &= m->outputs[i].value != value;
    if (value && !made) value = gt_onnx_node(m, name, "Identity", 1, &value, NULL);
    if (!value || !gt_arena_grow(m->arena, &m->outputs, m->n_outputs, &m->room_outputs, sizeof *m->outputs)) return;
    value->name = gt_arena_printf(m->arena, "%s", name);
    m->outputs[m->n_outputs++] = (port){value, *dims};
}

void gt_onnx_about(gt_onnx *m, const char *key, const char *text) {
    if (!gt_arena_grow(m->arena, &m->about, m->n_about, &m->room_about, sizeof *m->about)) return;
    m->about[m->n_about][0] = gt_arena_printf(m->arena, "%s", key);
    m->about[m->n_about++][1] = gt_arena_printf(m->arena, "%s", text);
}

/* ---- the file ---- */

static void add_attr(gt_buffer *b, const gt_onnx_attr *a) {
    static const int types[] = {[GT_ONNX_FLOAT] = 1, [GT_ONNX_INT] = 2, [GT_ONNX_TEXT] = 3, [GT_ONNX_INTS] = 7};
    gt_buffer inner = {0};
    gt_proto_text(&inner, 1, a->name);
    if (a->kind == GT_ONNX_FLOAT) gt_proto_float(&inner, 2, a->number);
    if (a->kind == GT_ONNX_INT) gt_proto_number(&inner, 3, a->ints[0]);
    if (a->kind == GT_ONNX_TEXT) gt_proto_text(&inner, 4, a->text);
    for (int i = 0; a->kind == GT_ONNX_INTS && i < a->n; i++) gt_proto_number(&inner, 8, a->ints[i]);
    gt_proto_number(&inner, 20, types[a->kind]);
    gt_proto_message(b, 5, &inner);
}

static void add_node(gt_buffer *b, const node *n) {
    gt_buffer inner = {0};
    for (int i = 0; i < n->n_in; i++) gt_proto_text(&inner, 1, n->in[i]->name);
    gt_proto_text(&inner, 2, n->out->name);
    gt_proto_text(&inner, 3, n->out->name);
    gt_proto_text(&inner, 4, n->op);
    for (const gt_onnx_attr *a = n->attrs; a->kind; a++) add_attr(&inner, a);
    gt_proto_message(b, 1, &inner);
}

/* A number, or a name for what depends on the number of samples: "N", "16N". */
static void add_dim(gt_buffer *b, int64_t d, bool batch) {
    gt_buffer dim = {0}, name = {0};
    if (batch) {
        if (d > 1) gt_buffer_printf(&name, "%lld", (long long)d);
        gt_buffer_add(&name, "N", 1);
        gt_proto_message(&dim, 2, &name);
    } else {
        gt_proto_number(&dim, 1, d);
    }
    gt_proto_message(b, 1, &dim);
}

static void add_port(gt_buffer *b, int field, const port *p) {
    gt_buffer shape = {0}, type = {0}, any = {0}, info = {0};
    for (int i = 0; i < p->dims.n; i++) add_dim(&shape, p->dims.d[i], p->dims.batch[i]);
    gt_proto_number(&type, 1, FLOAT);
    gt_proto_message(&type, 2, &shape);
    gt_proto_message(&any, 1, &type);
    gt_proto_text(&info, 1, p->value->name);
    gt_proto_message(&info, 2, &any);
    gt_proto_message(b, field, &info);
}

/* All of a constant but its numbers, which come next in the file. */
static void add_tensor_head(gt_buffer *b, const tensor *t) {
    GT_BUFFER gt_buffer head = {0};
    for (int i = 0; i < t->dims.n; i++) gt_proto_number(&head, 1, t->dims.d[i]);
    gt_proto_number(&head, 2, t->type);
    gt_proto_text(&head, 8, t->value.name);
    gt_proto_head(&head, 9, t->bytes);
    gt_proto_head(b, 5, head.n + t->bytes);
    gt_buffer_add(b, head.data, head.n);
    b->failed |= head.failed;
}

static void add_about(gt_buffer *b, const char *const about[2]) {
    gt_buffer entry = {0};
    gt_proto_text(&entry, 1, about[0]);
    gt_proto_text(&entry, 2, about[1]);
    gt_proto_message(b, 14, &entry);
}

/* What stands before the graph. */
static void add_head(gt_buffer *b, const gt_onnx *m) {
    gt_buffer opset = {0};
    gt_proto_number(b, 1, IR_VERSION);
    gt_proto_text(b, 2, "gantry");
    gt_proto_text(b, 3, GT_VERSION);
    gt_proto_text(&opset, 1, "");
    gt_proto_number(&opset, 2, OPSET);
    gt_proto_message(b, 8, &opset);
    for (int i = 0; i < m->n_about; i++) add_about(b, m->about[i]);
}

gt_status gt_onnx_write(gt_onnx *m, const char *path) {
    GT_BUFFER gt_buffer head = {0}, graph = {0};
    size_t bytes = 0;
    struct iovec *parts = gt_arena_array(m->arena, 2 * (size_t)m->n_tensors + 2, sizeof *parts);
    gt_buffer *heads = gt_arena_array(m->arena, (size_t)m->n_tensors + 1, sizeof *heads);
    if (gt_arena_failed(m->arena)) return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    for (int i = 0; i < m->n_nodes; i++) add_node(&graph, &m->nodes[i]);
    gt_proto_text(&graph, 2, m->name);
    for (int i = 0; i < m->n_inputs; i++) add_port(&graph, 11, &m->inputs[i]);
    for (int i = 0; i < m->n_outputs; i++) add_port(&graph, 12, &m->outputs[i]);
    bool failed = false;
    for (int i = 0; i < m->n_tensors; i++) {
        const tensor *t = m->tensors[i];
        add_tensor_head(&heads[i], t);
        bytes += heads[i].n + t->bytes;
        failed |= heads[i].failed;
        parts[2 + 2 * i] = (struct iovec){heads[i].data, heads[i].n};
        parts[3 + 2 * i] = (struct iovec){(void *)t->data, t->bytes};
    }
    add_head(&head, m);
    gt_proto_head(&head, 7, graph.n + bytes);
    parts[0] = (struct iovec){head.data, head.n};
    parts[1] = (struct iovec){graph.data, graph.n};
    gt_status st;
    if (failed || head.failed || graph.failed) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    else if (head.n + graph.n + bytes > INT32_MAX)
        st = gt_fail(GT_USAGE,
                     "'%s' would have %.1f GB, but an ONNX file holds at most 2 GiB; .safetensors has no limit", path,
                     (double)bytes / 1e9);
    else st = gt_file_replace(path, parts, 2 + 2 * m->n_tensors);
    for (int i = 0; i < m->n_tensors; i++) gt_buffer_free(&heads[i]);
    return st;
}
