/* SPDX-License-Identifier: Apache-2.0
 * Order: nodes as early or late as keeps little memory alive. Of two orders - as the nodes were made; and greedy,
 * always the node that is ready and adds least to what is alive - the one with the lower peak is taken. Greedy runs the
 * backward pass of one loss term before the forward pass of the next, as that frees memory and the other needs it.
 * In both, what needs nothing but parameters (packed weights) or nothing at all (random numbers) waits for its first
 * reader. */

#include "graph/door/passes.h"

typedef struct schedule {
    const gt_graph *g;
    int *owner;              /* by id: the node whose memory a view shows, itself for others */
    int64_t *bytes;          /* by id: of the node's own memory that is not there always */
    int *readers;            /* by owner: readers to come; -1: alive to the end */
    int *missing;            /* by id: inputs not there yet */
    int *user_begin, *users; /* by id: who reads it, in users[user_begin[id] .. user_begin[id+1]) */
    int *ready;
    bool *waits;  /* for its first reader */
    bool *placed; /* in the order */
    int *order, n_order;
} schedule;

static void find_waiting(schedule *s) {
    for (int id = 0; id < s->g->n_nodes; id++) {
        const gt_node *n = s->g->nodes[id];
        s->waits[id] = !gt_is_leaf(n);
        for (int i = 0; i < n->n_in; i++) {
            const gt_node *x = n->in[i];
            s->waits[id] &= !x->op->impure && (gt_is_leaf(x) ? x->op != &gt_op_input : s->waits[x->id]);
        }
    }
    /* What nobody reads does not wait. */
    bool *read = s->placed;
    for (int id = 0; id < s->g->n_nodes; id++)
        for (int i = 0; i < s->g->nodes[id]->n_in; i++) read[s->g->nodes[id]->in[i]->id] = true;
    for (int id = 0; id < s->g->n_nodes; id++) {
        s->waits[id] &= read[id];
        read[id] = false;
    }
}

static void find_owners(schedule *s) {
    const gt_graph *g = s->g;
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        bool here = !n->op->view && !gt_is_leaf(n) && n->rate == GT_RATE_SLICE;
        s->owner[id] = n->op->view ? s->owner[n->in[0]->id] : id;
        s->bytes[id] = here ? gt_shape_size(&n->shape) * (int64_t)sizeof(float) : 0;
        for (int i = 0; i < n->n_in; i++) {
            s->user_begin[n->in[i]->id + 1]++;
            if (!n->op->view && gt_reads(n, i)) s->readers[s->owner[n->in[i]->id]]++;
        }
    }
    for (int i = 0; i < g->n_results; i++) {
        const gt_result *r = &g->results[i];
        if (r->placed) s->bytes[s->owner[r->node->id]] = 0;
        else s->readers[s->owner[r->node->id]] = -1;
    }
    for (int id = 0; id < g->n_nodes; id++) s->user_begin[id + 1] += s->user_begin[id];
    for (int id = g->n_nodes - 1; id >= 0; id--)
        for (int i = 0; i < g->nodes[id]->n_in; i++) {
            int from = g->nodes[id]->in[i]->id;
            s->users[s->user_begin[from] + s->missing[from]++] = id; /* `missing` counts what is filled so far */
        }
}

/* What running n adds to the memory alive, less what it frees. */
static int64_t growth(const schedule *s, const gt_node *n) {
    int64_t grows = s->bytes[n->id];
    if (n->op->view) return grows;
    for (int i = 0; i < n->n_in; i++) {
        int x = s->owner[n->in[i]->id], times = 0;
        bool seen = !gt_reads(n, i);
        for (int k = 0; k < n->n_in; k++) {
            bool it = s->owner[n->in[k]->id] == x && gt_reads(n, k);
            times += it;
            seen |= it && k < i;
        }
        if (!seen && !s->waits[x] && s->readers[x] == times) grows -= s->bytes[x];
    }
    return grows;
}

/* Appends a node, and before it those among its inputs that wait. */
static void place(schedule *s, const gt_node *n) {
    if (s->placed[n->id]) return;
    s->placed[n->id] = true;
    for (int i = 0; i < n->n_in; i++)
        if (s->waits[n->in[i]->id]) place(s, n->in[i]);
    s->order[s->n_order++] = n->id;
    for (int i = 0; i < n->n_in && !n->op->view; i++) {
        int x = s->owner[n->in[i]->id];
        if (s->readers[x] > 0 && gt_reads(n, i)) s->readers[x]--;
    }
}

static void as_made(schedule *s) {
    for (int id = 0; id < s->g->n_nodes; id++)
        if (!s->waits[id]) place(s, s->g->nodes[id]);
}

static int make_ready(schedule *s, int id, int n_ready) {
    for (int k = s->user_begin[id]; k < s->user_begin[id + 1]; k++)
        if (--s->missing[s->users[k]] == 0 && !s->waits[s->users[k]]) s->ready[n_ready++] = s->users[k];
    return n_ready;
}

/* Of all nodes whose inputs are there, always the one that adds least to the memory alive; of equals the one made
 * first. */
static void greedy(schedule *s) {
    const gt_graph *g = s->g;
    int n_ready = 0;
    for (int id = 0; id < g->n_nodes; id++) {
        const gt_node *n = g->nodes[id];
        s->missing[id] = 0;
        for (int i = 0; i < n->n_in; i++) s->missing[id] += !s->waits[n->in[i]->id];
        if (!s->missing[id] && !s->waits[id]) s->ready[n_ready++] = id;
    }
    while (n_ready) {
        int best = 0;
        int64_t least = INT64_MAX;
        for (int k = 0; k < n_ready; k++) {
            int64_t grows = growth(s, g->nodes[s->ready[k]]);
            if (grows < least || (grows == least && s->ready[k] < s->ready[best])) {
                least = grows;
                best = k;
            }
        }
        int id = s->ready[best];
        s->ready[best] = s->ready[--n_ready];
        place(s, g->nodes[id]);
        n_ready = make_ready(s, id, n_ready);
    }
}

/* The order must be the same on all ranks, as buckets of gradients leave in it; their threads may differ. */
enum { ANY_THREADS = 1 };

typedef void order_fn(schedule *s);

/* The graph in one of the orders, in `arena`; *order: the ids of its nodes in src; *peak: its memory. */
static gt_graph *try(const gt_graph *src, order_fn *fn, gt_arena *arena, int **order, size_t *peak) {
    size_t n = (size_t)src->n_nodes + 1, edges = 1;
    for (int id = 0; id < src->n_nodes; id++) edges += (size_t)src->nodes[id]->n_in;
    int *ints = gt_arena_array(arena, 6 * n + edges, sizeof *ints);
    int64_t *bytes = gt_arena_array(arena, n, sizeof *bytes);
    bool *flags = gt_arena_array(arena, 2 * n, sizeof *flags);
    if (gt_arena_failed(arena)) return NULL;
    schedule s = {.g = src,
                  .owner = ints,
                  .bytes = bytes,
                  .readers = ints + n,
                  .missing = ints + 2 * n,
                  .user_begin = ints + 3 * n,
                  .order = ints + 4 * n,
                  .ready = ints + 5 * n,
                  .users = ints + 6 * n,
                  .waits = flags,
                  .placed = flags + n};
    find_waiting(&s);
    find_owners(&s);
    fn(&s);
    gt_graph *dst = gt_reorder(src, arena, s.order);
    gt_memory_plan plan;
    if (!dst || gt_find_lifetimes(dst, ANY_THREADS, arena, &plan)) return NULL;
    *peak = plan.least;
    *order = s.order;
    return dst;
}

static gt_graph *best(const gt_graph *src, gt_arena *arena, int **order) {
    size_t peak_made, peak_greedy;
    int *order_made, *order_greedy;
    gt_graph *made = try(src, as_made, arena, &order_made, &peak_made),
             *picked = try(src, greedy, arena, &order_greedy, &peak_greedy);
    if (!made || !picked) return NULL;
    *order = peak_greedy < peak_made ? order_greedy : order_made;
    return peak_greedy < peak_made ? picked : made;
}

const gt_graph *gt_pass_order(const gt_graph *src, gt_arena *arena, const gt_exec_options *options) {
    (void)options;
    int *order;
    return best(src, arena, &order);
}

int *gt_find_order(const gt_graph *g, gt_arena *arena) {
    int *order, *place = gt_by_node(g, arena, sizeof *place);
    const gt_graph *in_order = best(g, arena, &order);
    if (!place || !in_order) return NULL;
    for (int k = 0; k < in_order->n_nodes; k++) place[order[k]] = k;
    return place;
}
