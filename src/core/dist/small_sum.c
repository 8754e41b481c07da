/* SPDX-License-Identifier: Apache-2.0
 * Small values summed over slices by the tree, the root on all ranks. A rank adds up its own slices. Of the nodes that
 * are left, one with its sibling on the right waits for it, and one with its sibling on the left goes to the rank that
 * has the sibling's first slice: at most one vector for each level of the tree comes to a rank, and one leaves it.
 *
 *     rank 0: slice 0          rank 1: slices 1, 2          rank 2: slices 3, 4
 *                              1  --> rank 0                3  --> rank 1
 *     0-1 is 0 + 1             2-3 is 2 + 3                 4  --> rank 0
 *     0-3 is 0-1 + 2-3         2-3  --> rank 0
 *     0-4 is 0-3 + 4
 *
 * The root arises where slice 0 is, and goes to rank 0, from there to the first ranks of the hosts, and from each of
 * them to its host's other ranks, both times by a binomial tree. All receives are posted in the beginning; what they
 * bring is added, and passed on, whenever a rank waits for anything (gt_comm_idle). */
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "dist/door/dist.h"
#include "dist/tree.h"
#include "base/door/memory.h"

enum { TAG_ROOT = 3, TAG_NODE = 4, LEVELS = 32 /* fewer than 2^31 slices */, MOST_SENT = 3 * LEVELS + 2 };

struct gt_small_sum {
    int slices;
    size_t n;
    double *rows; /* [rows_of()][n]: the nodes of the stack; one for each awaited node; the root */
    size_t bytes;
    gt_tree_node stack[GT_TREE_DEPTH];
    double *values[GT_TREE_DEPTH];
    int depth;
    gt_tree_node awaited[LEVELS];
    int n_awaited, arrived;
    MPI_Request receive[LEVELS], receive_root, send[MOST_SENT];
    int n_sent;
    const double *root; /* NULL: it is not here */
    bool active;
};

static size_t levels_of(int slices) {
    size_t levels = 0;
    while (1ll << levels < slices) levels++;
    return levels;
}

/* A stack holds for each level at most one node that goes left and one that waits, and the slice that is added. */
static size_t stack_rows(int slices) { return 2 * levels_of(slices) + 2; }
static size_t rows_of(int slices) { return stack_rows(slices) + levels_of(slices) + 1; }

/* The rank that has a node's first slice. */
static int owner_of(const gt_small_sum *s, const gt_comm *c, int level, int index) {
    return gt_slice_owner(c, s->slices, index << level);
}

static void send(gt_comm *c, gt_small_sum *s, const double *values, int rank, int tag) {
    gt_heartbeat_link(c, rank);
    MPI_Isend(values, (int)s->n, MPI_DOUBLE, rank, tag, gt_inside(c)->world, &s->send[s->n_sent++]);
}

static void receive(gt_comm *c, const gt_small_sum *s, double *values, int rank, int tag, MPI_Request *request) {
    gt_heartbeat_link(c, rank);
    MPI_Irecv(values, (int)s->n, MPI_DOUBLE, rank, tag, gt_inside(c)->world, request);
}

/* ---- up ---- */

/* Which siblings this rank waits for: its last node's, then that of their sum, and so on. */
static void await_siblings(gt_comm *c, gt_small_sum *s) {
    gt_tree_node nodes[GT_TREE_DEPTH];
    int depth = gt_tree_nodes_of(c, s->slices, c->rank, nodes);
    s->n_awaited = s->arrived = 0;
    while (depth && nodes[depth - 1].index % 2 == 0 && gt_tree_width(s->slices, nodes[depth - 1].level) > 1) {
        gt_tree_node sibling = {nodes[depth - 1].level, nodes[depth - 1].index + 1};
        double *row = s->rows + (stack_rows(s->slices) + (size_t)s->n_awaited) * s->n;
        receive(c, s, row, owner_of(s, c, sibling.level, sibling.index), TAG_NODE + sibling.level,
                &s->receive[s->n_awaited]);
        s->awaited[s->n_awaited++] = sibling;
        gt_tree_push(nodes, &depth, sibling, s->slices);
    }
}

static void put(gt_small_sum *s, gt_tree_node node, double *values) {
    int top = s->depth;
    s->values[top] = values;
    for (int additions = gt_tree_push(s->stack, &s->depth, node, s->slices); additions > 0; additions--, top--)
        for (size_t i = 0; i < s->n; i++) s->values[top - 1][i] += s->values[top][i];
}

/* The node at this place of the stack is complete; it goes left, or it is the root. */
static void hand_on(gt_comm *c, gt_small_sum *s, int place) {
    gt_tree_node node = s->stack[place];
    if (gt_tree_width(s->slices, node.level) > 1)
        send(c, s, s->values[place], owner_of(s, c, node.level, node.index - 1), TAG_NODE + node.level);
    else if (c->rank) send(c, s, s->values[place], 0, TAG_ROOT);
    else s->root = s->values[place];
}

/* ---- down ---- */

/* Of `count` in a row the one at `place` has it from the place without its lowest bit, and gives it to those that have
 * theirs from it. The one at place i is rank ranks[i]; ranks NULL: rank first + i. */
static void spread(gt_comm *c, gt_small_sum *s, int place, int count, const int *ranks, int first) {
    int step = 1;
    while (place ? !(place & step) : step < count) step *= 2;
    for (step /= 2; step > 0; step /= 2)
        if (place + step < count) send(c, s, s->root, ranks ? ranks[place + step] : first + place + step, TAG_ROOT);
}

static int without_lowest_bit(int i) { return i & (i - 1); }

static void await_root(gt_comm *c, gt_small_sum *s) {
    const int *hosts = c->host_first;
    double *row = s->rows + (rows_of(s->slices) - 1) * s->n;
    int from = c->rank == 0    ? owner_of(s, c, 0, 0)
               : c->local_rank ? c->rank - c->local_rank + without_lowest_bit(c->local_rank)
                               : hosts[without_lowest_bit(c->host_index)];
    s->root = NULL;
    s->receive_root = MPI_REQUEST_NULL;
    if (from != c->rank) receive(c, s, row, from, TAG_ROOT, &s->receive_root);
}

static void spread_root(gt_comm *c, gt_small_sum *s) {
    if (!s->root) s->root = s->rows + (rows_of(s->slices) - 1) * s->n;
    if (!c->local_rank) spread(c, s, c->host_index, c->hosts, c->host_first, 0);
    spread(c, s, c->local_rank, c->local_ranks, NULL, c->rank - c->local_rank);
    s->active = false;
}

/* ---- a sum ---- */

static bool has_come(MPI_Request *request) {
    int done;
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    return done;
}

void gt_small_sum_advance(gt_comm *c) {
    gt_small_sum *s = gt_inside(c)->small_sum;
    if (!s || !s->active) return;
    while (s->arrived < s->n_awaited) {
        if (!has_come(&s->receive[s->arrived])) return;
        put(s, s->awaited[s->arrived], s->rows + (stack_rows(s->slices) + (size_t)s->arrived) * s->n);
        if (++s->arrived == s->n_awaited) hand_on(c, s, s->depth - 1);
    }
    if (s->root || has_come(&s->receive_root)) spread_root(c, s);
}

/* Grows as needed: for fewer slices never. */
static gt_status make_room(gt_comm_inside *in, int slices, size_t n) {
    size_t bytes;
    if (n > INT32_MAX || gt_mul_overflows(rows_of(slices), n * sizeof(double), &bytes))
        return gt_fail(GT_FAILED, "vectors of %zu numbers are too long to sum over slices", n);
    if (!in->small_sum) in->small_sum = calloc(1, sizeof *in->small_sum);
    gt_small_sum *s = in->small_sum;
    if (s && (bytes > s->bytes || !s->rows)) {
        free(s->rows);
        s->rows = malloc(bytes + 1);
        s->bytes = s->rows ? bytes : 0;
    }
    return s && s->rows ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %zu bytes to sum over slices", bytes);
}

gt_status gt_small_sum_begin_all(gt_comm *c, int slices, size_t n, gt_small_fill *fill, void *arg) {
    gt_comm_inside *in = gt_inside(c);
    if (in->small_sum && in->small_sum->active)
        return gt_comm_abort(c, gt_fail(GT_FAILED, "a sum over slices begins within another"));
    gt_status st = make_room(in, slices, n);
    if (st) return gt_comm_abort(c, st);
    gt_small_sum *s = in->small_sum;
    s->slices = slices;
    s->n = n;
    s->depth = s->n_sent = 0;
    await_siblings(c, s);
    await_root(c, s);
    int first, count;
    gt_slice_range(c, slices, c->rank, &first, &count);
    for (int i = 0; i < count; i++) {
        double *row = s->rows + (size_t)s->depth * n;
        fill(arg, i, row);
        put(s, (gt_tree_node){0, first + i}, row);
    }
    /* those with an awaited sibling lie on top of the others */
    for (int i = 0; i < s->depth && (!s->n_awaited || s->stack[i].index % 2); i++) hand_on(c, s, i);
    s->active = true;
    gt_small_sum_advance(c);
    return GT_OK;
}

const double *gt_small_sum_end_all(gt_comm *c) {
    gt_small_sum *s = gt_inside(c)->small_sum;
    double since = 0;
    for (gt_small_sum_advance(c); s->active; gt_small_sum_advance(c)) gt_comm_idle(c, &since);
    gt_comm_wait(c, s->n_sent, s->send);
    return s->root;
}

void gt_small_sum_free(gt_comm_inside *in) {
    if (in->small_sum) free(in->small_sum->rows);
    free(in->small_sum);
}

/* ---- in one go ---- */

typedef struct vectors {
    size_t n;
    const double *of; /* [own slices][n] */
} vectors;

static void fill_values(void *arg, int own, double *vector) {
    const vectors *v = arg;
    memcpy(vector, v->of + (size_t)own * v->n, v->n * sizeof *vector);
}

gt_status gt_comm_tree_sum_all(gt_comm *c, int slices, size_t n, const double *mine, double *out) {
    gt_status st = gt_small_sum_begin_all(c, slices, n, fill_values, &(vectors){n, mine});
    if (!st) memcpy(out, gt_small_sum_end_all(c), n * sizeof *out);
    return st;
}
