/* SPDX-License-Identifier: Apache-2.0
 * How the exchange between ranks (exchange.c) is set up: who adds what, and the messages, which are persistent
 * requests, so that a step allocates nothing. */
#include <stdlib.h>

#include "dist/reducer.h"
#include "gantry/memory.h"

enum { TAG_BUCKET = 1, TAGS_OF_BUCKET = 32 /* nodes of slices in a row: 2 log2(MOST_SLICES) at most */ };

static int nodes_of_rank(const gt_reducer *r, int rank, gt_tree_node *nodes) {
    return gt_tree_nodes_of(r->slices, r->comm->ranks, rank, nodes);
}

static int nodes_of_team(const gt_reducer *r, int team, gt_tree_node *nodes) {
    int first, end, none, ranks = r->comm->ranks;
    gt_team t = r->teams.all[team];
    gt_slice_range(r->slices, ranks, t.first, &first, &none);
    if (t.first + t.count < ranks) gt_slice_range(r->slices, ranks, t.first + t.count, &end, &none);
    else end = r->slices;
    return gt_tree_nodes_between(r->slices, first, end, nodes);
}

/* ---- who adds what ---- */

/* The stack machine without values: joins nodes[n] and, unless NULL, says where each node that remains begins. */
static gt_status plan_joining(const gt_reducer *r, int n, const gt_tree_node *nodes, gt_joining *plan, int *begins) {
    gt_tree_node stack[GT_TREE_DEPTH];
    int depth = 0;
    *plan = (gt_joining){.n = n, .additions = calloc((size_t)n + 1, sizeof *plan->additions)};
    if (!plan->additions) return gt_fail(GT_NOMEM, "out of memory for the sum over ranks");
    for (int i = 0; i < n; i++) {
        if (begins) begins[depth] = i;
        plan->additions[i] = gt_tree_push(stack, &depth, nodes[i], r->slices);
    }
    return GT_OK;
}

/* The nodes from which this rank completes the tree: those of each mate, and those of the other teams. */
static gt_status plan_additions(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    gt_team own = gt_own_team(r);
    gt_tree_node *nodes = calloc((size_t)r->comm->ranks * GT_TREE_DEPTH, sizeof *nodes);
    if (!nodes) return gt_fail(GT_NOMEM, "out of memory for the sum over ranks");
    int n = 0, end = 0;
    for (int team = 0; team < r->teams.n; team++) {
        if (team != r->teams.own) {
            n += nodes_of_team(r, team, nodes + n);
            continue;
        }
        x->team_begins = n;
        for (int i = 0; i < own.count; i++) n += nodes_of_rank(r, own.first + i, nodes + n);
        end = n;
    }
    gt_tree_node left[GT_TREE_DEPTH];
    x->n_results = nodes_of_team(r, r->teams.own, left);
    gt_status st = plan_joining(r, n, nodes, &x->whole, NULL);
    if (!st) st = plan_joining(r, end - x->team_begins, nodes + x->team_begins, &x->team, x->results);
    free(nodes);
    return st;
}

static gt_status find_nodes_of_mates(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    gt_team own = gt_own_team(r);
    gt_tree_node nodes[GT_TREE_DEPTH];
    x->nodes = calloc((size_t)x->team.n + 1, sizeof *x->nodes);
    if (!x->nodes) return gt_fail(GT_NOMEM, "out of memory for the sum over ranks");
    for (int i = 0, next = 0; i < own.count; i++) {
        int n = nodes_of_rank(r, own.first + i, nodes);
        for (int k = 0; k < n; k++) x->nodes[next++] = gt_mate_node(r, own.first + i, k);
    }
    return GT_OK;
}

static gt_status find_wards(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    int ranks = r->comm->ranks, self = r->comm->rank;
    x->wards = calloc((size_t)ranks, sizeof *x->wards);
    if (!x->wards) return gt_fail(GT_NOMEM, "out of memory for the messages between ranks");
    for (int step = 1; step < ranks; step++) { /* each rank begins with another receiver */
        int rank = (self + step) % ranks;
        if (gt_team_of(r, rank) != r->teams.own && gt_deputy_of(r, r->teams.own, rank) == self)
            x->wards[x->n_wards++] = rank;
    }
    return GT_OK;
}

static gt_status allocate(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    size_t ranks = (size_t)r->comm->ranks, buckets = (size_t)r->buckets, own = 0;
    x->n_receive = r->plain ? 1 : x->whole.n - x->team.n;
    x->n_send = r->plain ? 0 : x->n_wards * x->n_results;
    x->parts = calloc(ranks, sizeof *x->parts);
    x->gather = calloc(2 * ranks, sizeof *x->gather);
    x->receive = calloc(buckets * (size_t)x->n_receive + 1, sizeof *x->receive);
    x->send = calloc(buckets * (size_t)x->n_send + 1, sizeof *x->send);
    if (!x->parts || !x->gather || !x->receive || !x->send)
        return gt_fail(GT_NOMEM, "out of memory for the messages between ranks");
    for (int b = 0; b < r->buckets && !r->plain; b++) own += r->owned[b].size;
    x->inbox_floats = own * (size_t)x->n_receive;
    if (x->inbox_floats) x->inbox = gt_block_alloc(x->inbox_floats * sizeof *x->inbox, "gradients from other ranks");
    return x->inbox || !x->inbox_floats ? GT_OK : GT_NOMEM;
}

gt_status gt_exchange_init(gt_reducer *r) {
    gt_status st = plan_additions(r);
    if (!st) st = find_nodes_of_mates(r);
    if (!st) st = find_wards(r);
    return st ? st : allocate(r);
}

/* ---- messages ---- */

static int tag_of(int bucket, int node) { return TAG_BUCKET + bucket * TAGS_OF_BUCKET + node; }

static void connect_receivers(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    gt_tree_node nodes[GT_TREE_DEPTH];
    int next = 0;
    for (int team = 0; team < r->teams.n; team++) {
        if (team == r->teams.own) continue;
        int n = nodes_of_team(r, team, nodes), deputy = gt_deputy_of(r, team, r->comm->rank);
        for (int i = 0; i < n; i++, next++)
            MPI_Recv_init(gt_inbox_piece(r, bucket, next), (int)r->owned[bucket].size, MPI_FLOAT, deputy,
                          tag_of(bucket, i), x->world, gt_requests_of_bucket(x->receive, x->n_receive, bucket) + next);
    }
}

static void connect_senders(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    int next = 0;
    for (int w = 0; w < x->n_wards; w++) {
        gt_span part = gt_reducer_owned_of(r, bucket, x->wards[w]);
        for (int i = 0; i < x->n_results; i++, next++)
            MPI_Send_init(x->nodes[x->results[i]] + part.offset, (int)part.size, MPI_FLOAT, x->wards[w],
                          tag_of(bucket, i), x->world, gt_requests_of_bucket(x->send, x->n_send, bucket) + next);
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

/* Ranks that read each other's memory, and those that send each other messages: one is the other's deputy. */
static bool meets(const gt_reducer *r, int rank) {
    int team = gt_team_of(r, rank), own = r->teams.own, self = r->comm->rank;
    return team == own || gt_deputy_of(r, own, rank) == self || gt_deputy_of(r, team, self) == rank;
}

void gt_exchange_connect_all(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (r->comm->ranks == 1) return;
    for (int rank = 0; rank < r->comm->ranks; rank++)
        if (r->plain || meets(r, rank)) gt_heartbeat_link(r->comm, rank);
    MPI_Comm_dup(gt_inside(r->comm)->world, &x->world);
    for (int b = 0; b < r->buckets && r->plain; b++) x->receive[b] = MPI_REQUEST_NULL;
    for (int b = 0; b < r->buckets && !r->plain; b++) {
        connect_receivers(r, b);
        connect_senders(r, b);
    }
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
    free(x->whole.additions);
    free(x->team.additions);
    free(x->nodes);
    free(x->wards);
    free(x->receive);
    free(x->send);
    free(x->parts);
    free(x->gather);
}
