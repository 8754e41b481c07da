/* SPDX-License-Identifier: Apache-2.0
 * A graph's loss in terms, with decisions held: see gradcheck.h. */
#include "features/gradcheck/gradcheck.h"

#include <math.h>
#include <string.h>

#include "graph/door/nodes.h"
#include "graph/door/ops.h"
#include "graph/door/internal.h"
#include "graph/door/elementwise.h"
#include "graph/door/op_list.h"

/* Ops that are linear, or constant, but for the inputs that decide: bit i of `inputs`. */
static const struct {
    const char *op;
    unsigned inputs;
} decisions[] = {{"stop_gradient", 1}, {"one_hot_max", 1}, {"sign", 1},          {"greater", 1},
                 {"select", 1},        {"ramp_gate", 1},   {"max_pool_pick", 1}, {"max_pool_spread", 1}};

typedef struct holding {
    gt_graph *from, *to;
    gt_loss_terms *out;
    const char *const *ones;
    bool *live, *held; /* of each node of `from` */
    gt_node **made;    /* what a node of `from` is in `to` */
    gt_node **leaf;    /* the held value of a node of `from`, in `to` */
} holding;

static bool is(const gt_node *n, gt_map_code code) { return n->op == &gt_op_elementwise[code]; }

static unsigned deciding(const gt_node *n) {
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++)
        if (!strcmp(n->op->name, decisions[i].op)) return decisions[i].inputs;
    return 0;
}

/* ---- which values are held ---- */

static void mark(holding *h) {
    for (int i = 0; i < h->from->n_losses; i++) h->live[h->from->losses[i]->id] = true;
    for (int i = h->from->n_nodes - 1; i >= 0; i--) {
        const gt_node *n = h->from->nodes[i];
        if (!h->live[i]) continue;
        unsigned inputs = deciding(n);
        bool both = is(n, GT_MAP_max) || is(n, GT_MAP_abs) || is(n, GT_MAP_ramp);
        for (int k = 0; k < n->n_in; k++) {
            h->live[n->in[k]->id] = true;
            if (both || inputs >> k & 1) h->held[n->in[k]->id] = true;
        }
        if (is(n, GT_MAP_ramp)) h->held[i] = true;
    }
}

static gt_status show(holding *h, gt_graph *g) {
    gt_status st = GT_OK;
    h->out->held = gt_arena_array(g->arena, (size_t)g->n_nodes + 1, sizeof *h->out->held);
    if (!h->out->held) return gt_graph_out_of_memory(g);
    for (int i = 0; i < h->from->n_nodes && !st; i++) {
        if (!h->held[i]) continue;
        const char *name = gt_arena_printf(g->arena, "held %d", i);
        if (!name) return gt_graph_out_of_memory(g);
        h->out->held[h->out->n_held++] = name;
        st = gt_output(g, name, g->nodes[i]);
    }
    return st;
}

/* ---- the graph of the loss ---- */

static gt_node *value_of(holding *h, const gt_node *n) {
    if (!h->leaf[n->id]) {
        char name[32];
        snprintf(name, sizeof name, "held %d", n->id);
        h->leaf[n->id] = n->rate == GT_RATE_UPDATE ? gt_update_input(h->to, name, n->shape)
                                                   : gt_input(h->to, name, n->shape);
    }
    return h->leaf[n->id];
}

/* gate(y0) x, and where the ramp is cut off its constant: the piece of the ramp that y0 lies on. */
static gt_node *held_ramp(holding *h, const gt_node *n, gt_node *x) {
    gt_node *y0 = value_of(h, n), *x0 = value_of(h, n->in[0]);
    const gt_op *gate = &gt_op_elementwise[GT_MAP_ramp_gate];
    gt_node *piece = gt_node_new(h->to, gate, 2, (gt_node *[]){y0, x}, n->attr, n->attr_bytes);
    if (isinf(((const gt_map_attr *)n->attr)->c[2])) return piece;
    gt_node *at_base = gt_node_new(h->to, gate, 2, (gt_node *[]){y0, x0}, n->attr, n->attr_bytes);
    return gt_add(h->to, piece, gt_sub(h->to, y0, at_base));
}

static gt_node *copy(holding *h, const gt_node *n) {
    gt_node *in[n->n_in + 1];
    unsigned inputs = deciding(n);
    for (int k = 0; k < n->n_in; k++) in[k] = inputs >> k & 1 ? value_of(h, n->in[k]) : h->made[n->in[k]->id];
    if (is(n, GT_MAP_ramp)) return held_ramp(h, n, in[0]);
    if (is(n, GT_MAP_abs)) return gt_mul(h->to, gt_sign(h->to, value_of(h, n->in[0])), in[0]);
    if (is(n, GT_MAP_max))
        return gt_select(h->to, gt_sub(h->to, value_of(h, n->in[0]), value_of(h, n->in[1])), in[0], in[1]);
    return gt_node_clone(h->to, n, in);
}

/* ---- terms ---- */

static bool is_one(const holding *h, const gt_node *n) {
    for (int i = 0; h->ones[i]; i++)
        if (n->op == &gt_op_input && !strcmp(n->name, h->ones[i])) return true;
    return false;
}

/* factor times the sum of n's elements, as far back as it is linear in sums */
static gt_status cut(holding *h, gt_node *n, double factor) {
    bool same = n->n_in == 2 && gt_shape_equal(&n->in[0]->shape, &n->in[1]->shape);
    if (n->op == &gt_op_sum || n->op == &gt_op_reshape) return cut(h, n->in[0], factor);
    if (is(n, GT_MAP_neg)) return cut(h, n->in[0], -factor);
    if (is(n, GT_MAP_scale)) return cut(h, n->in[0], factor * (double)((const gt_map_attr *)n->attr)->c[0]);
    if (same && (is(n, GT_MAP_add) || is(n, GT_MAP_sub))) {
        gt_status st = cut(h, n->in[0], factor);
        return st ? st : cut(h, n->in[1], is(n, GT_MAP_sub) ? -factor : factor);
    }
    if (is(n, GT_MAP_mul) && is_one(h, n->in[1])) return cut(h, n->in[0], factor);
    if (gt_is_leaf(n)) return GT_OK; /* constant in the parameters */
    gt_loss_terms *t = h->out;
    if (t->n == GT_LOSS_TERMS) return gt_fail(GT_USAGE, "the loss has more than %d terms", t->n);
    t->output[t->n] = gt_arena_printf(h->to->arena, "term %d", t->n);
    t->factor[t->n] = factor;
    return t->output[t->n] ? gt_output(h->to, t->output[t->n++], n) : gt_graph_out_of_memory(h->to);
}

static gt_status make(holding *h) {
    for (int i = 0; i < h->from->n_nodes; i++)
        if (h->live[i] && !(h->made[i] = copy(h, h->from->nodes[i]))) return gt_graph_status(h->to);
    gt_status st = GT_OK;
    for (int i = 0; i < h->from->n_losses && !st; i++) st = cut(h, h->made[h->from->losses[i]->id], 1);
    if (!st && !h->out->n) st = gt_fail(GT_USAGE, "graph '%s' has no loss that depends on parameters", h->from->name);
    return st;
}

gt_status gt_loss_alone(gt_graph *g, gt_graph *from, const char *const *ones, gt_loss_terms *out) {
    size_t n = (size_t)from->n_nodes + 1;
    *out = (gt_loss_terms){.graph = gt_graph_derived(from, from->arena)};
    holding h = {.from = from,
                 .to = out->graph,
                 .out = out,
                 .ones = ones,
                 .live = gt_arena_array(from->arena, n, sizeof *h.live),
                 .held = gt_arena_array(from->arena, n, sizeof *h.held),
                 .made = gt_arena_array(from->arena, n, sizeof *h.made),
                 .leaf = gt_arena_array(from->arena, n, sizeof *h.leaf)};
    if (gt_arena_failed(from->arena) || !h.to) return gt_graph_out_of_memory(from);
    if (g->n_nodes != from->n_nodes) return gt_fail(GT_USAGE, "graph '%s' is not built alike twice", g->name);
    mark(&h);
    gt_status st = show(&h, g);
    return st ? st : make(&h);
}
