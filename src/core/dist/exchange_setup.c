/* SPDX-License-Identifier: Apache-2.0
 * Sets up the reduce-scatter (exchange.c): who adds what, and the messages as persistent requests.
 *
 * Every rank works all of it out by itself, without a message: which slices a rank has follows from its number, and
 * which nodes slices add up to follows from the tree. So sender and receiver agree on number, size and tags. */
#include <stdlib.h>

#include "dist/reducer.h"
#include "base/door/memory.h"

/* Tag 0 is the all-gather's. Slices in a row add up to 2 log2(MOST_SLICES) nodes at most. With MOST_BUCKETS buckets the
 * tags stay below 2^15, which is all that MPI promises. */
enum { TAG_BUCKET = 1, TAGS_OF_BUCKET = 32 };

static int nodes_of_rank(const gt_reducer *r, int rank, gt_tree_node *nodes) {
    return gt_tree_nodes_of(r->comm, r->slices, rank, nodes);
}

/* Fewer than the nodes of its ranks together, since the tree adds some of those within the team. */
static int nodes_of_team(const gt_reducer *r, int team, gt_tree_node *nodes) {
    int first, end, none, ranks = r->comm->ranks;
    gt_team_ranks t = r->teams.all[team];
    gt_slice_range(r->comm, r->slices, t.first, &first, &none);
    if (t.first + t.count < ranks) gt_slice_range(r->comm, r->slices, t.first + t.count, &end, &none);
    else end = r->slices;
    return gt_tree_nodes_between(r->slices, first, end, nodes);
}

/* ---- who adds what ---- */

/* The stack machine without values, over nodes[n]: how many additions follow each node. begins, unless NULL: for each
 * node that remains its leftmost term, which is where additions in place leave the sum. */
static gt_status plan_fold(const gt_reducer *r, int n, const gt_tree_node *nodes, gt_fold *plan, int *begins) {
    gt_tree_node stack[GT_TREE_DEPTH];
    int depth = 0;
    *plan = (gt_fold){.n = n, .additions = gt_arena_array(r->arena, (size_t)n + 1, sizeof *plan->additions)};
    if (!plan->additions) return GT_NOMEM;
    for (int i = 0; i < n; i++) {
        if (begins) begins[depth] = i;
        plan->additions[i] = gt_tree_push(stack, &depth, nodes[i], r->slices);
    }
    return GT_OK;
}

/* The nodes from which this rank completes the tree: each peer's own, which it reads, and other teams' sums, which are
 * sent. Teams are ranks in a row and so are their slices, so the nodes are in tree order. */
static gt_status plan_additions(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    gt_team_ranks own = gt_own_team(r);
    GT_FREED gt_tree_node *nodes = calloc((size_t)r->comm->ranks * GT_TREE_DEPTH, sizeof *nodes);
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
    x->n_sums = nodes_of_team(r, r->teams.own, left);
    gt_status st = plan_fold(r, n, nodes, &x->whole, NULL);
    return st ? st : plan_fold(r, end - x->team_begins, nodes + x->team_begins, &x->team, x->sums);
}

static gt_status find_nodes_of_peers(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    gt_team_ranks own = gt_own_team(r);
    gt_tree_node nodes[GT_TREE_DEPTH];
    x->nodes = gt_arena_array(r->arena, (size_t)x->team.n + 1, sizeof *x->nodes);
    if (!x->nodes) return GT_NOMEM;
    for (int i = 0, next = 0; i < own.count; i++) {
        int n = nodes_of_rank(r, own.first + i, nodes);
        for (int k = 0; k < n; k++) x->nodes[next++] = gt_peer_node(r, own.first + i, k);
    }
    return GT_OK;
}

/* Each rank begins with another receiver: or all would send to rank 0 first. */
static gt_status find_remotes(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    int ranks = r->comm->ranks, self = r->comm->rank;
    x->remotes = gt_arena_array(r->arena, (size_t)ranks, sizeof *x->remotes);
    if (!x->remotes) return GT_NOMEM;
    for (int step = 1; step < ranks; step++) {
        int rank = (self + step) % ranks;
        if (gt_team_of(r, rank) != r->teams.own && gt_leader_for(r, r->teams.own, rank) == self)
            x->remotes[x->n_remotes++] = rank;
    }
    return GT_OK;
}

static gt_status allocate(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    size_t ranks = (size_t)r->comm->ranks, buckets = (size_t)r->buckets, own = 0;
    x->n_receive = r->plain ? 1 : x->whole.n - x->team.n;
    x->n_send = r->plain ? 0 : x->n_remotes * x->n_sums;
    x->shard_types = gt_arena_array(r->arena, ranks, sizeof *x->shard_types);
    x->gather = gt_arena_array(r->arena, 2 * ranks, sizeof *x->gather);
    x->receive = gt_arena_array(r->arena, buckets * (size_t)x->n_receive + 1, sizeof *x->receive);
    x->send = gt_arena_array(r->arena, buckets * (size_t)x->n_send + 1, sizeof *x->send);
    if (gt_arena_failed(r->arena)) return GT_NOMEM;
    for (int b = 0; b < r->buckets && !r->plain; b++) own += r->owned[b].size;
    x->inbox_floats = own * (size_t)x->n_receive;
    if (x->inbox_floats) x->inbox = gt_block_alloc(x->inbox_floats * sizeof *x->inbox, "gradients from other ranks");
    return x->inbox || !x->inbox_floats ? GT_OK : GT_NOMEM;
}

gt_status gt_exchange_init(gt_reducer *r) {
    gt_status st = plan_additions(r);
    if (!st) st = find_nodes_of_peers(r);
    if (!st) st = find_remotes(r);
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
        int n = nodes_of_team(r, team, nodes), leader = gt_leader_for(r, team, r->comm->rank);
        for (int i = 0; i < n; i++, next++)
            MPI_Recv_init(gt_inbox_slot(r, bucket, next), (int)r->owned[bucket].size, MPI_FLOAT, leader,
                          tag_of(bucket, i), x->world, gt_requests_of_bucket(x->receive, x->n_receive, bucket) + next);
    }
}

static void connect_senders(gt_reducer *r, int bucket) {
    gt_exchange *x = &r->exchange;
    int next = 0;
    for (int remote = 0; remote < x->n_remotes; remote++) {
        gt_span shard = gt_shard_of(r, bucket, x->remotes[remote]);
        for (int i = 0; i < x->n_sums; i++, next++)
            MPI_Send_init(x->nodes[x->sums[i]] + shard.offset, (int)shard.size, MPI_FLOAT, x->remotes[remote],
                          tag_of(bucket, i), x->world, gt_requests_of_bucket(x->send, x->n_send, bucket) + next);
    }
}

/* One message for all shards of a rank: an all-gather waits for the whole block anyway. */
static MPI_Datatype type_of_shards(const gt_reducer *r, int rank) {
    int sizes[r->buckets], offsets[r->buckets];
    for (int b = 0; b < r->buckets; b++) {
        gt_span shard = gt_shard_of(r, b, rank);
        sizes[b] = (int)shard.size;
        offsets[b] = (int)shard.offset;
    }
    MPI_Datatype type;
    MPI_Type_indexed(r->buckets, sizes, offsets, MPI_FLOAT, &type);
    MPI_Type_commit(&type);
    return type;
}

/* Ranks that read each other's memory, and those that send each other messages, listen to each other's heartbeats: who
 * waits for a rank must learn of its end. */
static bool exchanges_with(const gt_reducer *r, int rank) {
    int team = gt_team_of(r, rank), own = r->teams.own, self = r->comm->rank;
    return team == own || gt_leader_for(r, own, rank) == self || gt_leader_for(r, team, self) == rank;
}

void gt_exchange_connect_all(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (r->comm->ranks == 1) return;
    for (int rank = 0; rank < r->comm->ranks; rank++)
        if (r->plain || exchanges_with(r, rank)) gt_heartbeat_link(r->comm, rank);
    MPI_Comm_dup(gt_inside(r->comm)->world, &x->world);
    for (int b = 0; b < r->buckets && r->plain; b++) x->receive[b] = MPI_REQUEST_NULL;
    for (int b = 0; b < r->buckets && !r->plain; b++) {
        connect_receivers(r, b);
        connect_senders(r, b);
    }
    for (int rank = 0; rank < r->comm->ranks; rank++) x->shard_types[rank] = type_of_shards(r, rank);
}

static void free_requests(MPI_Request *requests, size_t n) {
    for (size_t i = 0; i < n; i++) MPI_Request_free(&requests[i]);
}

void gt_exchange_free_all(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    if (x->world) { /* connected */
        if (!r->plain) free_requests(x->receive, (size_t)r->buckets * (size_t)x->n_receive);
        free_requests(x->send, (size_t)r->buckets * (size_t)x->n_send);
        for (int rank = 0; rank < r->comm->ranks; rank++) MPI_Type_free(&x->shard_types[rank]);
        MPI_Comm_free(&x->world);
    }
    gt_block_free(x->inbox, x->inbox_floats * sizeof *x->inbox);
}
