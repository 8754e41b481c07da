/* SPDX-License-Identifier: Apache-2.0
 * Long vectors of float64 summed over slices by the tree. A rank adds its slices up as they come and keeps the finished
 * nodes, at most two for each level. Then every rank finishes the tree for its shard of the vector, of which it gets
 * all ranks' nodes (a reduce-scatter), and rank 0 collects the shards: so no rank receives much more than it holds
 * anyway, as rank 0 would if it got the nodes of all ranks. */
#include <stdlib.h>
#include <string.h>

#include "dist/comm.h"
#include "dist/door/dist.h"
#include "dist/tree.h"
#include "base/door/memory.h"

enum { TAG = 2 };

struct gt_tree_sum {
    gt_comm *comm;
    int slices, first, own; /* this rank's slices */
    int added;              /* of them */
    size_t n;
    double *values; /* [nodes on the stack][n] */
    size_t bytes;
    gt_tree_node stack[GT_TREE_DEPTH];
    int depth;
    double *inbox; /* the other ranks' nodes of this rank's shard, in their order */
    size_t inbox_bytes;
    MPI_Request *requests; /* [2 ranks] */
};

/* The shard of the vector that a rank finishes begins here and ends where the next one's begins. */
static size_t shard_begin(const gt_tree_sum *s, int rank) {
    size_t ranks = (size_t)s->comm->ranks, r = (size_t)rank;
    return s->n / ranks * r + s->n % ranks * r / ranks;
}
static size_t shard_size(const gt_tree_sum *s, int rank) { return shard_begin(s, rank + 1) - shard_begin(s, rank); }

static size_t nodes_of_others(const gt_tree_sum *s) {
    gt_tree_node nodes[GT_TREE_DEPTH];
    size_t sum = 0;
    for (int rank = 0; rank < s->comm->ranks; rank++)
        if (rank != s->comm->rank) sum += (size_t)gt_tree_nodes_of(s->comm, s->slices, rank, nodes);
    return sum;
}

static gt_status allocate(gt_tree_sum *s) {
    size_t levels = 0;
    while (1ll << levels < s->slices) levels++;
    bool too_long = s->n > INT32_MAX || shard_size(s, s->comm->rank) > INT32_MAX / (2 * levels + 2) ||
                    gt_mul_overflows(2 * levels + 2, s->n * sizeof *s->values, &s->bytes) ||
                    gt_mul_overflows(nodes_of_others(s), shard_size(s, s->comm->rank) * sizeof *s->inbox,
                                     &s->inbox_bytes);
    if (too_long) return gt_fail(GT_NOMEM, "vectors of %zu numbers are too long to be summed over slices", s->n);
    s->values = gt_block_alloc(s->bytes, "sums over slices"); /* untouched pages cost nothing */
    s->inbox = gt_block_alloc(s->inbox_bytes + 1, "sums over slices");
    s->requests = calloc(2 * (size_t)s->comm->ranks, sizeof *s->requests);
    if (!s->requests) gt_fail(GT_NOMEM, "out of memory for sums over slices");
    return s->values && s->inbox && s->requests ? GT_OK : GT_NOMEM;
}

gt_tree_sum *gt_tree_sum_new(gt_comm *c, int slices, size_t n) {
    gt_tree_sum *s = calloc(1, sizeof *s);
    if (!s) {
        gt_fail(GT_NOMEM, "out of memory for sums over slices");
        return NULL;
    }
    *s = (gt_tree_sum){.comm = c, .slices = slices, .n = n};
    gt_slice_range(c, slices, c->rank, &s->first, &s->own);
    if (!allocate(s)) return s;
    gt_tree_sum_free(s);
    return NULL;
}

void gt_tree_sum_free(gt_tree_sum *s) {
    if (!s) return;
    if (s->values) gt_block_free(s->values, s->bytes);
    if (s->inbox) gt_block_free(s->inbox, s->inbox_bytes + 1);
    free(s->requests);
    free(s);
}

static void add_to(double *a, const double *b, size_t n) {
    for (size_t i = 0; i < n; i++) a[i] += b[i];
}

void gt_tree_sum_add(gt_tree_sum *s, const double *values) {
    gt_heartbeat_poll(s->comm, 0); /* slices may take long, and the others wait */
    double *top = s->values + (size_t)s->depth * s->n;
    memcpy(top, values, s->n * sizeof *values);
    int additions = gt_tree_push(s->stack, &s->depth, (gt_tree_node){0, s->first + s->added++}, s->slices);
    for (; additions > 0; additions--, top -= s->n) add_to(top - s->n, top, s->n);
}

/* Every rank's nodes of every shard go to the shard's owner. */
static void send_nodes(gt_tree_sum *s) {
    gt_comm *c = s->comm;
    MPI_Comm world = gt_inside(c)->world;
    double *next = s->inbox;
    size_t mine = shard_size(s, c->rank);
    int n = 0;
    for (int rank = 0; rank < c->ranks; rank++) {
        gt_tree_node nodes[GT_TREE_DEPTH];
        int theirs = gt_tree_nodes_of(c, s->slices, rank, nodes);
        if (rank == c->rank) continue;
        if (theirs && mine)
            MPI_Irecv(next, (int)((size_t)theirs * mine), MPI_DOUBLE, rank, TAG, world, &s->requests[n++]);
        next += (size_t)theirs * mine;
    }
    for (int step = 1; step < c->ranks && s->depth; step++) { /* each rank begins with another receiver */
        int rank = (c->rank + step) % c->ranks;
        MPI_Datatype shard;
        if (!shard_size(s, rank)) continue;
        MPI_Type_vector(s->depth, (int)shard_size(s, rank), (int)s->n, MPI_DOUBLE, &shard);
        MPI_Type_commit(&shard);
        MPI_Isend(s->values + shard_begin(s, rank), 1, shard, rank, TAG, world, &s->requests[n++]);
        MPI_Type_free(&shard); /* once it is sent */
    }
    gt_comm_wait(c, n, s->requests);
}

/* This rank's shard of the root; it lies in the inbox or among the own values. */
static double *finish_shard(gt_tree_sum *s) {
    gt_comm *c = s->comm;
    size_t mine = shard_size(s, c->rank);
    double *stack[GT_TREE_DEPTH], *next = s->inbox;
    gt_tree_node heights[GT_TREE_DEPTH];
    int depth = 0;
    for (int rank = 0; rank < c->ranks; rank++) {
        gt_tree_node nodes[GT_TREE_DEPTH];
        int n = gt_tree_nodes_of(c, s->slices, rank, nodes);
        for (int i = 0; i < n; i++) {
            bool own = rank == c->rank;
            int top = depth;
            stack[top] = own ? s->values + (size_t)i * s->n + shard_begin(s, rank) : next;
            if (!own) next += mine;
            int additions = gt_tree_push(heights, &depth, nodes[i], s->slices);
            for (; additions > 0; additions--, top--) add_to(stack[top - 1], stack[top], mine);
        }
    }
    return stack[0];
}

static void collect(gt_tree_sum *s, double *shard, double *out) {
    gt_comm *c = s->comm;
    MPI_Comm world = gt_inside(c)->world;
    int n = 0;
    size_t mine = shard_size(s, c->rank);
    if (c->rank && mine) MPI_Isend(shard, (int)mine, MPI_DOUBLE, 0, TAG, world, &s->requests[n++]);
    if (!c->rank) memcpy(out, shard, mine * sizeof *out);
    for (int rank = 1; rank < c->ranks && !c->rank; rank++)
        if (shard_size(s, rank))
            MPI_Irecv(out + shard_begin(s, rank), (int)shard_size(s, rank), MPI_DOUBLE, rank, TAG, world,
                      &s->requests[n++]);
    gt_comm_wait(c, n, s->requests);
}

gt_status gt_tree_sum_finish_all(gt_tree_sum *s, double *out) {
    if (s->added != s->own)
        return gt_comm_abort(s->comm, gt_fail(GT_FAILED, "%d of %d slices were summed", s->added, s->own));
    if (s->comm->ranks > 1) {
        send_nodes(s);
        collect(s, finish_shard(s), out);
    } else {
        memcpy(out, s->values, s->n * sizeof *out);
    }
    s->depth = s->added = 0;
    return GT_OK;
}
