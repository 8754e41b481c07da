/* SPDX-License-Identifier: Apache-2.0
 * Lifetimes: which values and workspaces a graph whose order is final keeps in the arena, and from when to when. Time
 * is the node's id. Views lie in their input's buffer; an op that may work in place takes over the buffer of an input
 * that nobody reads later. */
#include <string.h>

#include "graph/door/passes.h"

/* Buffers lie side by side. Were large ones whole pages long, values of the same place in several of them would share
 * few sets of the caches and few banks of memory, which an op that reads them together then waits for. */
enum { ALIGN = 64, PAGE = 4096, LARGE = 256 * PAGE, STAGGER = 17 * ALIGN };

typedef struct life {
    int buffer_of;   /* id of the node whose buffer this node's values lie in */
    int first, last; /* of that buffer, kept at its owner */
} life;

size_t gt_buffer_bytes(size_t bytes) {
    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    return bytes >= LARGE && bytes % PAGE == 0 ? bytes + STAGGER : bytes;
}

static void extend(life *l, int buffer, int to) {
    if (l[buffer].last < to) l[buffer].last = to;
}

/* Who reads what until when; views resolved, nothing in place yet. */
static void find_readers(const gt_graph *g, life *l) {
    int end = g->n_nodes;
    for (int id = 0; id < end; id++) {
        const gt_node *n = g->nodes[id];
        /* written by the caller at any time between runs */
        bool kept = n->op == &gt_op_input || n->op == &gt_op_update_input;
        l[id] = (life){n->op->view ? l[n->in[0]->id].buffer_of : id, kept ? 0 : id, kept ? end : id};
        for (int i = 0; i < n->n_in; i++) {
            if (!gt_reads(n, i)) continue;
            int from = l[n->in[i]->id].buffer_of;
            bool hoisted = n->in[i]->rate == GT_RATE_UPDATE && n->rate == GT_RATE_SLICE;
            extend(l, from, hoisted ? end : id);
        }
    }
    for (int i = 0; i < g->n_results; i++)
        if (!g->results[i].placed) extend(l, l[g->results[i].node->id].buffer_of, end);
}

/* May n write its result over its input number i? */
static bool reusable(const gt_graph *g, const gt_node *n, int i, const life *l, const gt_place *places) {
    const gt_node *x = n->in[i];
    int buffer = l[x->id].buffer_of;
    const gt_node *owner = g->nodes[buffer];
    if (places[buffer].kind != GT_PLACE_ARENA || gt_is_leaf(owner) || l[buffer].last != n->id) return false;
    if (!gt_shape_equal(&x->shape, &n->shape) || gt_node_bytes(owner) != gt_node_bytes(n)) return false;
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] != x && l[n->in[k]->id].buffer_of == buffer) return false;
    return true;
}

static void share_in_place(const gt_graph *g, life *l, const gt_place *places) {
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        if (n->op->view) l[id].buffer_of = l[n->in[0]->id].buffer_of; /* its input may have moved */
        if (!n->op->inplace || (n->op->inplace_if && !n->op->inplace_if(n)) || places[id].kind != GT_PLACE_ARENA)
            continue;
        int candidates = n->op->elementwise ? n->n_in : 1;
        for (int i = 0; i < candidates; i++)
            if (reusable(g, n, i, l, places)) {
                int buffer = l[n->in[i]->id].buffer_of;
                extend(l, buffer, l[id].last);
                l[id].buffer_of = buffer;
                break;
            }
    }
}

static void set_kinds(const gt_graph *g, gt_place *places) {
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        const gt_param_attr *p = n->attr;
        if (n->op == &gt_op_param)
            places[id] = (gt_place){GT_PLACE_SLOT, (int)p->slot, (size_t)p->offset * sizeof(float)};
        else places[id] = (gt_place){n->op == &gt_op_constant ? GT_PLACE_CONSTANT : GT_PLACE_ARENA, 0, 0};
    }
    for (int i = 0; i < g->n_results; i++) {
        const gt_result *r = &g->results[i];
        if (r->placed && !gt_is_leaf(r->node))
            places[r->node->id] = (gt_place){GT_PLACE_SLOT, r->slot, r->offset * sizeof(float)};
    }
}

static int add_buffer(gt_memory_plan *plan, const gt_interval *b) {
    plan->buffers[plan->n_buffers] = *b;
    return plan->n_buffers++;
}

static void make_buffers(const gt_graph *g, int threads, const life *l, gt_memory_plan *plan) {
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        int owner = l[id].buffer_of;
        if (owner != id) {
            plan->places[id] = plan->places[owner];
            plan->values_in[id] = plan->values_in[owner];
        } else if (plan->places[id].kind == GT_PLACE_ARENA) {
            plan->values_in[id] = add_buffer(plan, &(gt_interval){.bytes = gt_buffer_bytes(gt_node_bytes(n)),
                                                                  .first = l[id].first,
                                                                  .last = l[id].last,
                                                                  .node = id});
        } else {
            plan->values_in[id] = -1;
        }
        size_t scratch = n->op->workspace ? n->op->workspace(n, threads) : 0;
        plan->scratch_in[id] = scratch ? add_buffer(plan, &(gt_interval){.bytes = gt_buffer_bytes(scratch),
                                                                         .first = id,
                                                                         .last = id,
                                                                         .node = id,
                                                                         .scratch = true})
                                       : -1;
    }
}

static void add_up(gt_memory_plan *plan, int n_nodes) {
    for (int i = 0; i < plan->n_buffers; i++) {
        const gt_interval *b = &plan->buffers[i];
        plan->in_use[b->first] += b->bytes;
        plan->in_use[b->last + 1] -= b->bytes; /* unsigned: the sums below are right */
    }
    for (int t = 0; t <= n_nodes; t++) {
        if (t) plan->in_use[t] += plan->in_use[t - 1];
        if (plan->in_use[t] > plan->least) plan->least = plan->in_use[t], plan->peak = t;
    }
}

gt_status gt_find_lifetimes(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan) {
    memset(plan, 0, sizeof *plan);
    size_t n = (size_t)g->n_nodes;
    plan->places = gt_by_node(g, arena, sizeof *plan->places);
    plan->values_in = gt_by_node(g, arena, sizeof *plan->values_in);
    plan->scratch_in = gt_by_node(g, arena, sizeof *plan->scratch_in);
    plan->buffers = gt_arena_array(arena, 2 * n + 1, sizeof *plan->buffers);
    plan->in_use = gt_arena_array(arena, n + 2, sizeof *plan->in_use);
    life *l = gt_by_node(g, arena, sizeof *l);
    if (gt_arena_failed(arena)) return GT_NOMEM;
    set_kinds(g, plan->places);
    find_readers(g, l);
    share_in_place(g, l, plan->places);
    make_buffers(g, threads, l, plan);
    add_up(plan, g->n_nodes);
    return GT_OK;
}
