/* SPDX-License-Identifier: Apache-2.0
 * Sums gradients between ranks by direct exchange (reduce-scatter). Of each bucket every rank sends to every other rank
 * the finished nodes of the part that the other rank owns; the owner adds the nodes from left to right by the tree. All
 * messages are persistent requests, so that a step allocates nothing. A block that is owned in parts moves as one MPI
 * type for each rank. */
#include <stdlib.h>

#include "dist/reducer.h"
#include "gantry/clock.h"
#include "gantry/memory.h"

enum { TAG_BLOCK = 0, TAG_BUCKET = 1, TAGS_OF_BUCKET = 32 /* nodes of one rank: 2 log2(MOST_SLICES) at most */ };

static int nodes_of(const gt_reducer *r, int rank, gt_tree_node *nodes) {
    return gt_tree_nodes_of(r->slices, r->comm->ranks, rank, nodes);
}

/* How the owner joins all ranks' nodes: the same stack machine over them. */
static gt_status plan_additions(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    gt_tree_node nodes[GT_TREE_DEPTH], stack[GT_TREE_DEPTH];
    int ranks = r->comm->ranks;
    for (int rank = 0; rank < ranks; rank++) {
        if (rank == r->comm->rank) x->first_own = x->n_all;
        x->n_all += nodes_of(r, rank, nodes);
    }
    x->additions = calloc((size_t)x->n_all, sizeof *x->additions);
    if (!x->additions) return gt_fail(GT_NOMEM, "out of memory for the sum over ranks");
    int depth = 0, next = 0;
    for (int rank = 0; rank < ranks; rank++) {
        int n = nodes_of(r, rank, nodes);
        for (int i = 0; i < n; i++) x->additions[next++] = gt_tree_push(stack, &depth, nodes[i], r->slices);
    }
    return GT_OK;
}

gt_status gt_exchange_init(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    size_t ranks = (size_t)r->comm->ranks, buckets = (size_t)r->buckets;
    if (ranks == 1) return GT_OK;
    gt_status st = plan_additions(r);
    if (st) return st;
    x->parts = calloc(ranks, sizeof *x->parts);
    x->gather = calloc(2 * ranks, sizeof *x->gather);
    x->n_receive = r->plain ? 1 : x->n_all - r->n_nodes;
    x->n_send = r->plain ? 0 : r->n_nodes * (r->comm->ranks - 1);
    x->receive = calloc(buckets * (size_t)x->n_receive + 1, sizeof *x->receive);
    x->send = calloc(buckets * (size_t)x->n_send + 1, sizeof *x->send);
    if (!r->plain) {
        size_t own = 0;
        for (int b = 0; b < r->buckets; b++) own += r->owned[b].size;
        x->inbox_floats = own * (size_t)x->n_receive;
        x->inbox = gt_block_alloc(x->inbox_floats * sizeof *x->inbox, "gradients from other ranks");
        if (!x->inbox) return GT_NOMEM;
    }
    if (!x->parts || !x->gather || !x->receive || !x->send)
        return gt_fail(GT_NOMEM, "out of memory for the messages between ranks");
    return GT_OK;
}

/* The pieces of a bucket lie side by side in the inbox, in tree order without the own nodes. Only the last bucket may
 * be shorter than the others. */
static float *inbox_piece(const gt_reducer *r, int bucket, int i) {
    size_t before = (size_t)bucket * (size_t)r->exchange.n_receive * r->owned[0].size;
    return r->exchange.inbox + before + (size_t)i * r->owned[bucket].size;
}

static int tag_of(int bucket, int node) { return TAG_BUCKET + bucket * TAGS_OF_BUCKET + node; }

static void connect_bucket(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    int ranks = r->comm->ranks, self = r->comm->rank, received = 0, sent = 0;
    gt_tree_node nodes[GT_TREE_DEPTH];
    for (int rank = 0; rank < ranks; rank++) {
        if (rank == self) continue;
        int n = nodes_of(r, rank, nodes);
        for (int i = 0; i < n; i++, received++)
            MPI_Recv_init(inbox_piece(r, bucket, received), (int)r->owned[bucket].size, MPI_FLOAT, rank,
                          tag_of(bucket, i), x->world,
                          &x->receive[(size_t)bucket * (size_t)x->n_receive + (size_t)received]);
    }
    for (int step = 1; step < ranks; step++) { /* each rank begins with another receiver */
        int rank = (self + step) % ranks;
        gt_span part = gt_reducer_owned_of(r, bucket, rank);
        for (int i = 0; i < r->n_nodes; i++, sent++)
            MPI_Send_init(gt_reducer_node(r, i) + part.offset, (int)part.size, MPI_FLOAT, rank, tag_of(bucket, i),
                          x->world, &x->send[(size_t)bucket * (size_t)x->n_send + (size_t)sent]);
    }
}

static MPI_Datatype type_of_parts(const gt_reducer *r, int rank) {
    int sizes[r->buckets], offsets[r->buckets];
    for (int b = 0; b < r->buckets; b++) {
        gt_span part = gt_reducer_owned_of(r, b, rank);
        sizes[b] = (int)part.size;
        offsets[b] = (int)part.offset;
    }
    MPI_Datatype type;
    MPI_Type_indexed(r->buckets, sizes, offsets, MPI_FLOAT, &type);
    MPI_Type_commit(&type);
    return type;
}

void gt_exchange_connect_all(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (r->comm->ranks == 1) return;
    gt_heartbeat_link(r->comm);
    MPI_Comm_dup(gt_inside(r->comm)->world, &x->world);
    for (int b = 0; b < r->buckets && r->plain; b++) x->receive[b] = MPI_REQUEST_NULL;
    for (int b = 0; b < r->buckets && !r->plain; b++) connect_bucket(r, b);
    for (int rank = 0; rank < r->comm->ranks; rank++) x->parts[rank] = type_of_parts(r, rank);
}

static void free_requests(MPI_Request *requests, size_t n) {
    for (size_t i = 0; i < n; i++) MPI_Request_free(&requests[i]);
}

void gt_exchange_free_all(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (x->world) { /* connected */
        if (!r->plain) free_requests(x->receive, (size_t)r->buckets * (size_t)x->n_receive);
        free_requests(x->send, (size_t)r->buckets * (size_t)x->n_send);
        for (int rank = 0; rank < r->comm->ranks; rank++) MPI_Type_free(&x->parts[rank]);
        MPI_Comm_free(&x->world);
    }
    gt_block_free(x->inbox, x->inbox_floats * sizeof *x->inbox);
    free(x->additions);
    free(x->receive);
    free(x->send);
    free(x->parts);
    free(x->gather);
}

void gt_exchange_begin(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (x->n_receive > 0 && !r->plain) MPI_Startall(r->buckets * x->n_receive, x->receive);
}

void gt_exchange_launch(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    if (r->comm->ranks == 1) return;
    if (!r->plain) {
        MPI_Startall(x->n_send, x->send + (size_t)bucket * (size_t)x->n_send);
        return;
    }
    size_t start = (size_t)bucket * r->bucket_floats, size = gt_bucket_size(r, bucket);
    for (int i = 1; i < r->n_nodes; i++) gt_add_to(r->pool, r->buffers + start, gt_reducer_node(r, i) + start, size);
    MPI_Iallreduce(MPI_IN_PLACE, r->buffers + start, (int)size, MPI_FLOAT, MPI_SUM, x->world, &x->receive[bucket]);
}

bool gt_exchange_arrived(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    int done = 1;
    if (r->comm->ranks > 1)
        MPI_Testall(x->n_receive, x->receive + (size_t)bucket * (size_t)x->n_receive, &done, MPI_STATUSES_IGNORE);
    return done;
}

float *gt_exchange_complete(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    gt_span part = r->owned[bucket];
    if (r->comm->ranks == 1 || r->plain) return r->buffers + part.offset;
    float *stack[GT_TREE_DEPTH];
    int depth = 0, received = 0;
    for (int node = 0; node < x->n_all; node++) {
        int own = node - x->first_own;
        bool is_own = own >= 0 && own < r->n_nodes;
        stack[depth++] = is_own ? gt_reducer_node(r, own) + part.offset : inbox_piece(r, bucket, received++);
        for (int i = 0; i < x->additions[node]; i++, depth--)
            gt_add_to(r->pool, stack[depth - 2], stack[depth - 1], part.size);
    }
    return stack[0];
}

void gt_exchange_end(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (x->n_send > 0) gt_comm_wait(r->comm, r->buckets * x->n_send, x->send);
}

/* ---- blocks owned in parts ---- */

/* The parts that rank `whose` owns move between this rank and `other`. */
static void queue(gt_reducer *r, float *block, bool sending, int whose, int other, int *n) {
    gt_exchange *x = &r->exchange;
    MPI_Request *request = &x->gather[(*n)++];
    if (sending) MPI_Isend(block, 1, x->parts[whose], other, TAG_BLOCK, x->world, request);
    else MPI_Irecv(block, 1, x->parts[whose], other, TAG_BLOCK, x->world, request);
}

void gt_reducer_gather_all(gt_reducer *r, float *block) {
    int n = 0, ranks = r->comm->ranks, self = r->comm->rank;
    double start = gt_clock();
    for (int step = 1; step < ranks; step++) queue(r, block, false, (self + step) % ranks, (self + step) % ranks, &n);
    for (int step = 1; step < ranks; step++) queue(r, block, true, self, (self + ranks - step) % ranks, &n);
    gt_comm_wait(r->comm, n, r->exchange.gather);
    if (ranks == 1) return;
    double seconds = gt_clock() - start;
    r->traffic.seconds += seconds;
    r->traffic.waited += seconds;
}

/* Between rank 0 and each other rank moves that rank's part; rank 0 sends or receives. */
static void with_rank_0(gt_reducer *r, float *block, bool rank_0_sends) {
    int n = 0, self = r->comm->rank;
    if (self != 0) queue(r, block, !rank_0_sends, self, 0, &n);
    for (int rank = 1; self == 0 && rank < r->comm->ranks; rank++) queue(r, block, rank_0_sends, rank, rank, &n);
    gt_comm_wait(r->comm, n, r->exchange.gather);
}

void gt_reducer_collect_all(gt_reducer *r, float *block) { with_rank_0(r, block, false); }
void gt_reducer_deal_all(gt_reducer *r, float *block) { with_rank_0(r, block, true); }
