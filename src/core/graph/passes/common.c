/* SPDX-License-Identifier: Apache-2.0
 * Common subexpressions: nodes of the same op, attributes and inputs become one. A random node is a function of its
 * stream, which is an attribute, so it may be merged like the others; only inputs and parameters stay what they are. */
#include <string.h>

#include "graph/door/passes.h"

typedef struct table {
    gt_node **slot;
    size_t room; /* a power of two, at least twice the nodes */
} table;

static uint64_t mix(uint64_t h, uint64_t word) {
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t hash(const gt_op *op, int n_in, gt_node *const *in, const void *attr, size_t bytes) {
    uint64_t h = mix(bytes, (uintptr_t)op), word;
    for (int i = 0; i < n_in; i++) h = mix(h, (uint64_t)in[i]->id + 1);
    for (size_t at = 0; at < bytes; at += sizeof word) {
        word = 0;
        memcpy(&word, (const char *)attr + at, bytes - at < sizeof word ? bytes - at : sizeof word);
        h = mix(h, word);
    }
    return h;
}

static bool same(const gt_node *a, const gt_node *n, gt_node *const *in) {
    if (a->op != n->op || a->n_in != n->n_in || a->attr_bytes != n->attr_bytes || a->rate != n->rate) return false;
    for (int i = 0; i < a->n_in; i++)
        if (a->in[i] != in[i]) return false;
    return gt_shape_equal(&a->shape, &n->shape) && (!n->attr_bytes || memcmp(a->attr, n->attr, n->attr_bytes) == 0);
}

static gt_node *merge(void *arg, gt_graph *dst, const gt_node *n, gt_node **in) {
    table *t = arg;
    if (gt_is_leaf(n) && n->op != &gt_op_constant) return NULL;
    size_t at = hash(n->op, n->n_in, in, n->attr, n->attr_bytes) & (t->room - 1);
    while (t->slot[at] && !same(t->slot[at], n, in)) at = (at + 1) & (t->room - 1);
    if (!t->slot[at]) t->slot[at] = gt_node_clone(dst, n, in);
    return t->slot[at];
}

const gt_graph *gt_pass_common(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    table t = {.room = 64};
    while (t.room < 2 * (size_t)src->n_nodes) t.room *= 2;
    t.slot = gt_arena_array(arena, t.room, sizeof *t.slot);
    return t.slot ? gt_rewrite(src, arena, merge, &t) : NULL;
}
