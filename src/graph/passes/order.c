/* SPDX-License-Identifier: Apache-2.0
 * Order: nodes as early or late as keeps little memory alive. Of two orders - as the nodes were made; and greedy, always
 * the node that is ready and adds least to what is alive - the one with the lower peak is taken. Greedy runs the
 * backward pass of one loss term before the forward pass of the next, as that frees memory and the other needs it. */
#include <stdlib.h>

#include "graph/passes/passes.h"

typedef struct schedule {
    const gt_graph *g;
    int *owner;       /* by id: the node whose memory a view shows, itself for others */
    int64_t *bytes;   /* by id: of the node's own memory that is not there always */
    int *readers;     /* by owner: readers to come; -1: alive to the end */
    int *missing;     /* by id: inputs not there yet */
    int *user_begin, *users; /* by id: who reads it, in users[user_begin[id] .. user_begin[id+1]) */
    int *order, *ready;
    int *left;        /* readers, counted down */
} schedule;

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
        if (r->placed)
            s->bytes[s->owner[r->node->id]] = 0;
        else
            s->readers[s->owner[r->node->id]] = -1;
    }
    for (int id = 0; id < g->n_nodes; id++) s->user_begin[id + 1] += s->user_begin[id];
    for (int id = g->n_nodes - 1; id >= 0; id--)
        for (int i = 0; i < g->nodes[id]->n_in; i++) {
            int from = g->nodes[id]->in[i]->id;
            s->users[s->user_begin[from] + s->missing[from]++] = id; /* `missing` counts what is filled so far */
        }
}

/* What running n adds to and takes from the memory alive. */
static void change(const schedule *s, const gt_node *n, int64_t *added, int64_t *freed) {
    *added = s->bytes[n->id];
    *freed = 0;
    if (n->op->view) return;
    for (int i = 0; i < n->n_in; i++) {
        int x = s->owner[n->in[i]->id], times = 0;
        bool seen = !gt_reads(n, i);
        for (int k = 0; k < n->n_in; k++) {
            bool it = s->owner[n->in[k]->id] == x && gt_reads(n, k);
            times += it;
            seen |= it && k < i;
        }
        if (!seen && s->left[x] == times) *freed += s->bytes[x];
    }
}

static void count_down(schedule *s, const gt_node *n) {
    if (n->op->view) return;
    for (int i = 0; i < n->n_in; i++) {
        int x = s->owner[n->in[i]->id];
        if (s->left[x] > 0 && gt_reads(n, i)) s->left[x]--;
    }
}

/* The peak of an order. */
static int64_t peak_of(schedule *s, const int *order) {
    int64_t alive = 0, peak = 0, added, freed;
    for (int id = 0; id < s->g->n_nodes; id++) s->left[id] = s->readers[id];
    for (int k = 0; k < s->g->n_nodes; k++) {
        const gt_node *n = s->g->nodes[order[k]];
        change(s, n, &added, &freed);
        alive += added;
        if (alive > peak) peak = alive;
        alive -= freed;
        count_down(s, n);
    }
    return peak;
}

static int make_ready(schedule *s, int id, int n_ready) {
    for (int k = s->user_begin[id]; k < s->user_begin[id + 1]; k++)
        if (--s->missing[s->users[k]] == 0) s->ready[n_ready++] = s->users[k];
    return n_ready;
}

static void greedy(schedule *s, int *order) {
    const gt_graph *g = s->g;
    int n_ready = 0;
    for (int id = 0; id < g->n_nodes; id++) {
        s->left[id] = s->readers[id];
        s->missing[id] = g->nodes[id]->n_in;
        if (!s->missing[id]) s->ready[n_ready++] = id;
    }
    for (int done = 0; done < g->n_nodes; done++) {
        int best = 0;
        int64_t least = INT64_MAX;
        for (int k = 0; k < n_ready; k++) {
            int64_t added, freed;
            change(s, g->nodes[s->ready[k]], &added, &freed);
            if (added - freed < least || (added - freed == least && s->ready[k] < s->ready[best])) {
                least = added - freed;
                best = k;
            }
        }
        int id = s->ready[best];
        s->ready[best] = s->ready[--n_ready];
        order[done] = id;
        count_down(s, g->nodes[id]);
        n_ready = make_ready(s, id, n_ready);
    }
}

gt_graph *gt_pass_order(const gt_graph *src, gt_arena *arena) {
    size_t n = (size_t)src->n_nodes + 1, edges = 1;
    for (int id = 0; id < src->n_nodes; id++) edges += (size_t)src->nodes[id]->n_in;
    int *ints = calloc(8 * n + edges, sizeof *ints);
    int64_t *bytes = calloc(n, sizeof *bytes);
    gt_graph *dst = NULL;
    if (ints && bytes) {
        schedule s = {.g = src, .owner = ints, .bytes = bytes, .readers = ints + n, .missing = ints + 2 * n, .user_begin = ints + 3 * n,
                      .order = ints + 4 * n, .ready = ints + 5 * n, .left = ints + 6 * n, .users = ints + 8 * n};
        int *made = ints + 7 * n;
        for (int id = 0; id < src->n_nodes; id++) made[id] = id;
        find_owners(&s);
        greedy(&s, s.order);
        dst = gt_reorder(src, arena, peak_of(&s, s.order) < peak_of(&s, made) ? s.order : made);
    } else {
        gt_fail(GT_NOMEM, "out of memory for graph '%s'", src->name);
    }
    free(ints);
    free(bytes);
    return dst;
}
