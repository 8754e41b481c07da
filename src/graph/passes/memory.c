/* SPDX-License-Identifier: Apache-2.0
 * The memory plan: every buffer a fixed offset in one arena, so that two share bytes only if they are never alive at
 * the same time. Time is the node's id. Views lie in their input's buffer; an op that may work in place takes over the
 * buffer of an input that nobody reads later. Buffers are placed from the largest down, each into the smallest gap
 * between those alive with it. */
#include <stdlib.h>
#include <string.h>

#include "graph/passes/passes.h"

enum { ALIGN = 64 };

typedef struct life {
    int buffer_of;   /* id of the node whose buffer this node's values lie in */
    int first, last; /* of that buffer, kept at its owner */
} life;

static size_t bytes_of(const gt_node *n) { return (size_t)gt_shape_size(&n->shape) * sizeof(float); }
static size_t aligned(size_t bytes) { return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

static void extend(life *l, int buffer, int to) {
    if (l[buffer].last < to) l[buffer].last = to;
}

/* Who reads what until when; views resolved, nothing in place yet. */
static void find_lives(const gt_graph *g, life *l) {
    int end = g->n_nodes;
    for (int id = 0; id < end; id++) {
        const gt_node *n = g->nodes[id];
        bool kept = n->op == &gt_op_input || n->op == &gt_op_update_input; /* written by the caller at any time between runs */
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
    if (!gt_shape_equal(&x->shape, &n->shape) || bytes_of(owner) != bytes_of(n)) return false;
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] != x && l[n->in[k]->id].buffer_of == buffer) return false;
    return true;
}

static void share_in_place(const gt_graph *g, life *l, const gt_place *places) {
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        if (n->op->view) l[id].buffer_of = l[n->in[0]->id].buffer_of; /* its input may have moved */
        if (!n->op->inplace || places[id].kind != GT_PLACE_ARENA) continue;
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

/* ---- packing ---- */

static int by_size(const void *a, const void *b) {
    const gt_buffer *x = *(const gt_buffer *const *)a, *y = *(const gt_buffer *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

/* The offset of the smallest gap, among buffers placed already (sorted by offset), that holds b. */
static size_t best_gap(gt_buffer *const *placed, int n, const gt_buffer *b) {
    size_t top = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
    for (int i = 0; i < n; i++) {
        const gt_buffer *p = placed[i];
        if (p->last < b->first || b->last < p->first) continue;
        if (p->offset > top && p->offset - top >= b->bytes && p->offset - top < best_gap) {
            best = top;
            best_gap = p->offset - top;
        }
        if (p->offset + p->bytes > top) top = p->offset + p->bytes;
    }
    return best != SIZE_MAX ? best : top;
}

static gt_status pack(gt_memory_plan *plan) {
    int n = plan->n_buffers;
    gt_buffer **order = calloc((size_t)n + 1, sizeof *order), **placed = calloc((size_t)n + 1, sizeof *placed);
    if (!order || !placed) {
        free(order);
        free(placed);
        return gt_fail(GT_NOMEM, "out of memory for a memory plan");
    }
    for (int i = 0; i < n; i++) order[i] = &plan->buffers[i];
    qsort(order, (size_t)n, sizeof *order, by_size);
    for (int i = 0; i < n; i++) {
        gt_buffer *b = order[i];
        b->offset = best_gap(placed, i, b);
        int at = i;
        while (at > 0 && placed[at - 1]->offset > b->offset) at--;
        memmove(placed + at + 1, placed + at, (size_t)(i - at) * sizeof *placed);
        placed[at] = b;
        if (b->offset + b->bytes > plan->bytes) plan->bytes = b->offset + b->bytes;
    }
    free(order);
    free(placed);
    return GT_OK;
}

static void find_least(gt_memory_plan *plan, int n_nodes) {
    for (int t = 0; t <= n_nodes; t++) {
        size_t sum = 0;
        for (int i = 0; i < plan->n_buffers; i++)
            if (plan->buffers[i].first <= t && t <= plan->buffers[i].last) sum += plan->buffers[i].bytes;
        if (sum > plan->least) plan->least = sum;
    }
}

/* ---- the plan ---- */

static void set_kinds(const gt_graph *g, gt_place *places) {
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        const gt_param_attr *p = n->attr;
        if (n->op == &gt_op_param)
            places[id] = (gt_place){GT_PLACE_SLOT, (int)p->slot, (size_t)p->offset * sizeof(float)};
        else
            places[id] = (gt_place){n->op == &gt_op_constant ? GT_PLACE_CONSTANT : GT_PLACE_ARENA, 0, 0};
    }
    for (int i = 0; i < g->n_results; i++) {
        const gt_result *r = &g->results[i];
        if (r->placed) places[r->node->id] = (gt_place){GT_PLACE_SLOT, r->slot, r->offset * sizeof(float)};
    }
}

gt_status gt_plan_memory(const gt_graph *g, int threads, gt_arena *arena, gt_memory_plan *plan) {
    memset(plan, 0, sizeof *plan);
    size_t n = (size_t)g->n_nodes;
    plan->places = gt_arena_array(arena, n + 1, sizeof *plan->places);
    plan->workspace = gt_arena_array(arena, n + 1, sizeof *plan->workspace);
    plan->buffers = gt_arena_array(arena, 2 * n + 1, sizeof *plan->buffers);
    int *buffer_at = calloc(n + 1, sizeof *buffer_at), *workspace_at = calloc(n + 1, sizeof *workspace_at); /* indices + 1 */
    life *l = calloc(n + 1, sizeof *l);
    gt_status status = plan->places && plan->workspace && plan->buffers && l && buffer_at && workspace_at
                           ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the memory plan of graph '%s'", g->name);
    if (!status) {
        set_kinds(g, plan->places);
        find_lives(g, l);
        share_in_place(g, l, plan->places);
        for (int id = 0; id < g->n_nodes; id++) {
            const gt_node *node = g->nodes[id];
            if (l[id].buffer_of == id && plan->places[id].kind == GT_PLACE_ARENA) {
                plan->buffers[plan->n_buffers++] = (gt_buffer){0, aligned(bytes_of(node)), l[id].first, l[id].last};
                buffer_at[id] = plan->n_buffers;
            }
            size_t scratch = node->op->workspace ? node->op->workspace(node, threads) : 0;
            if (scratch) {
                plan->buffers[plan->n_buffers++] = (gt_buffer){0, aligned(scratch), id, id};
                workspace_at[id] = plan->n_buffers;
            }
        }
        status = pack(plan);
    }
    if (!status) {
        find_least(plan, g->n_nodes);
        for (int id = 0; id < g->n_nodes; id++) {
            int owner = l[id].buffer_of;
            if (owner != id) plan->places[id] = plan->places[owner];
            if (buffer_at[owner]) plan->places[id].offset = plan->buffers[buffer_at[owner] - 1].offset;
            for (const gt_node *v = g->nodes[id]; v->op->view; v = v->in[0]) plan->places[id].offset += gt_view_offset(v);
            if (workspace_at[id]) plan->workspace[id] = plan->buffers[workspace_at[id] - 1].offset;
        }
    }
    free(l);
    free(buffer_at);
    free(workspace_at);
    return status;
}
