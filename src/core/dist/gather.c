/* SPDX-License-Identifier: Apache-2.0
 * The all-gather: each rank has its own shards of a block, and all ranks get all shards. To another team a rank sends
 * its shards once, to its leader there. In the example of exchange.c, with the shards q0 to q3:
 *
 *     host A                                 host B
 *     rank 0    --- q0 -->   <-- q2 ---      rank 2
 *     rank 1    --- q1 -->   <-- q3 ---      rank 3
 *
 * q0 reaches the first buffer of rank 2, which then posts the flag "remote" of rank 0, and rank 3 reads q0 there. Ranks
 * of a host also read each other's own shards in the first buffers, which hold no gradient any more. All shards of a
 * rank move as one MPI type.
 *
 * Where neighbours have one copy of a block (neighbours.c), it is gathered in place: their shards are there already,
 * and those of other teams arrive there. Peers on another NUMA node have a copy of their own, into which each of the
 * neighbours copies some of the shards. */
#include "dist/reducer.h"
#include "base/door/clock.h"

enum { TAG_BLOCK = 0 };
/* Floats of a block that no cache keeps until peers have read the shards, and until the block is used: such are written
 * past the caches. */
static const size_t too_large_to_read = (size_t)8 << 20, too_large_to_use = (size_t)2 << 20;

/* The shards that rank `whose` owns move between this rank and `other`. */
static void queue(gt_reducer *r, float *block, bool sending, int whose, int other, int *n) {
    gt_exchange *x = &r->exchange;
    MPI_Request *request = &x->gather[(*n)++];
    if (sending) MPI_Isend(block, 1, x->shard_types[whose], other, TAG_BLOCK, x->world, request);
    else MPI_Irecv(block, 1, x->shard_types[whose], other, TAG_BLOCK, x->world, request);
}

static void copy_shard(gt_reducer *r, float *to, const float *from, int bucket, int owner) {
    gt_span shard = gt_shard_of(r, bucket, owner);
    bool large = r->floats >= (to == r->buffers ? too_large_to_read : too_large_to_use);
    gt_copy_to(r->pool, to + shard.offset, from + shard.offset, shard.size, large);
}

static void post_own_shards(gt_reducer *r, const float *block) {
    for (int b = 0; b < r->buckets; b++) {
        copy_shard(r, r->buffers, block, b, r->comm->rank);
        gt_flag_post(r, gt_flag_shard(r, b), r->teams.gather_epoch);
    }
}

/* Peers wait for what comes from this rank's remotes, and only this rank can see that it is there: so it looks in all
 * of its own waits for flags. */
static void post_arrived(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    for (int i = 0; i < x->n_remotes; i++) {
        int arrived = 0;
        if (x->gather[i] != MPI_REQUEST_NULL) MPI_Test(&x->gather[i], &arrived, MPI_STATUS_IGNORE);
        if (arrived) gt_flag_post(r, gt_flag_remote(r, x->remotes[i]), r->teams.gather_epoch);
    }
}

static void await(gt_reducer *r, int peer, int flag) {
    double since = 0;
    post_arrived(r);
    while (!gt_flag_is_posted(r, peer, flag, r->teams.gather_epoch)) {
        gt_comm_idle(r->comm, &since);
        post_arrived(r);
    }
}

static void read_from_peers(gt_reducer *r, float *block) {
    gt_team_ranks own = gt_own_team(r);
    int self = r->comm->rank - own.first;
    for (int b = 0; b < r->buckets; b++)
        for (int step = 1; step < own.count; step++) { /* or all ranks would read the memory of one first */
            int place = (self + step) % own.count;
            await(r, own.first + place, gt_flag_shard(r, b));
            copy_shard(r, block, r->teams.buffers[place], b, own.first + place);
        }
}

static void read_from_leaders(gt_reducer *r, float *block) {
    for (int rank = 0; rank < r->comm->ranks; rank++) {
        if (gt_team_of(r, rank) == r->teams.own) continue;
        int leader = gt_leader_for(r, r->teams.own, rank);
        await(r, leader, gt_flag_remote(r, rank));
        for (int b = 0; b < r->buckets; b++)
            copy_shard(r, block, r->teams.buffers[leader - gt_own_team(r).first], b, rank);
    }
}

/* An all-gather begins: the remotes' shards will reach `to`, this rank's leave. The first n_remotes messages are those
 * of the remotes. Returns the number of messages. */
static int begin_messages(gt_reducer *r, float *block, float *to) {
    gt_exchange *x = &r->exchange;
    int n = 0;
    gt_teams_await_readers(r);
    r->teams.gather_epoch++;
    for (int i = 0; i < x->n_remotes; i++) queue(r, to, false, x->remotes[i], x->remotes[i], &n);
    for (int step = 1; step < r->teams.n; step++) { /* or all teams would send to team 0 first */
        int team = (r->teams.own + r->teams.n - step) % r->teams.n;
        queue(r, block, true, r->comm->rank, gt_leader_for(r, team, r->comm->rank), &n);
    }
    return n;
}

/* Without peers the messages reach the block itself. */
static void gather_through_buffers(gt_reducer *r, float *block) {
    gt_exchange *x = &r->exchange;
    bool alone = gt_own_team(r).count == 1;
    int n = begin_messages(r, block, alone ? block : r->buffers), received = x->n_remotes;
    if (!alone) {
        post_own_shards(r, block);
        read_from_peers(r, block);
        read_from_leaders(r, block);
    } else {
        gt_comm_wait(r->comm, received, x->gather);
    }
    gt_comm_wait(r->comm, n - received, x->gather + received);
    gt_flag_post(r, GT_FLAG_HAS_READ, r->teams.gather_epoch);
}

/* ---- one copy for the neighbours ---- */

static const float *copy_of_peer(const gt_reducer *r, int rank, const float *block) {
    return gt_neighbours_copy(r->neighbours, rank - gt_own_team(r).first, block);
}

/* All peers have the block in some copy, and this rank has it in the one of its neighbours. */
static bool is_in_place(const gt_reducer *r, const float *block) {
    gt_team_ranks own = gt_own_team(r);
    bool all = own.count == r->comm->local_ranks && gt_neighbours_hold(r->neighbours, block, r->floats * sizeof *block);
    for (int i = 0; all && i < own.count; i++) all = copy_of_peer(r, own.first + i, block) != NULL;
    return all;
}

/* The shards of an owner, from the copy of a peer, in which they are once the peer has posted the flag. */
static void read_shards(gt_reducer *r, float *block, int owner, int peer, int flag) {
    await(r, peer, flag);
    for (int b = 0; b < r->buckets; b++) copy_shard(r, block, copy_of_peer(r, peer, block), b, owner);
}

/* The shards that are in other copies alone. The neighbours share them out: owner by owner in turn. */
static void read_from_copies(gt_reducer *r, float *block) {
    int next = 0;
    for (int rank = 0; rank < r->comm->ranks; rank++) {
        bool of_peer = gt_team_of(r, rank) == r->teams.own;
        int peer = of_peer ? rank : gt_leader_for(r, r->teams.own, rank);
        if (copy_of_peer(r, peer, block) == block || next++ % r->neighbours->count != r->neighbours->place) continue;
        read_shards(r, block, rank, peer, of_peer ? gt_flag_shard(r, 0) : gt_flag_remote(r, rank));
    }
}

static void gather_in_place(gt_reducer *r, float *block) {
    gt_exchange *x = &r->exchange;
    gt_team_ranks own = gt_own_team(r);
    int n = begin_messages(r, block, block);
    gt_flag_post(r, gt_flag_shard(r, 0), r->teams.gather_epoch);
    read_from_copies(r, block);
    gt_comm_wait(r->comm, n, x->gather);
    for (int i = 0; i < x->n_remotes; i++) gt_flag_post(r, gt_flag_remote(r, x->remotes[i]), r->teams.gather_epoch);
    gt_flag_post(r, GT_FLAG_HAS_READ, r->teams.gather_epoch);
    for (int i = 0; i < own.count; i++) /* the copy is whole when each neighbour has done its share */
        if (copy_of_peer(r, own.first + i, block) == block) await(r, own.first + i, GT_FLAG_HAS_READ);
}

void gt_reducer_use_neighbours(gt_reducer *r, const gt_neighbours *n) { r->neighbours = n; }

void gt_reducer_gather_all(gt_reducer *r, float *block) {
    r = gt_owner(r);
    if (r->comm->ranks == 1) return;
    double start = gt_clock();
    if (is_in_place(r, block)) gather_in_place(r, block);
    else gather_through_buffers(r, block);
    double seconds = gt_clock() - start;
    r->traffic.seconds += seconds;
    r->traffic.waited += seconds;
}

/* Between rank 0 and each other rank that rank's shards move; rank 0 sends or receives. */
static void with_rank_0(gt_reducer *r, float *block, bool rank_0_sends) {
    int n = 0, self = r->comm->rank;
    if (self != 0) queue(r, block, !rank_0_sends, self, 0, &n);
    for (int rank = 1; self == 0 && rank < r->comm->ranks; rank++) queue(r, block, rank_0_sends, rank, rank, &n);
    gt_comm_wait(r->comm, n, r->exchange.gather);
}

void gt_reducer_collect_all(gt_reducer *r, float *block) { with_rank_0(r, block, false); }
void gt_reducer_deal_all(gt_reducer *r, float *block) { with_rank_0(r, block, true); }
