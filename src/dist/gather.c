/* SPDX-License-Identifier: Apache-2.0
 * Blocks owned in parts. Mates hand out their parts through their first buffers, which hold no gradient any more; to
 * another team a rank sends its parts once, to its deputy there, whose buffer they reach. A block that is owned in
 * parts moves as one MPI type for each rank.
 *
 * Where neighbours have one copy of a block, their parts are in place already, and those of other teams arrive in
 * place. Mates on another NUMA node have a copy of their own, from which each of the neighbours takes some of the
 * parts. */
#include "dist/reducer.h"
#include "gantry/clock.h"

enum { TAG_BLOCK = 0 };
/* Floats of a block that no cache keeps until mates have taken their parts, and until the block is used. */
static const size_t too_large_to_take = (size_t)8 << 20, too_large_to_use = (size_t)2 << 20;

/* The parts that rank `whose` owns move between this rank and `other`. */
static void queue(gt_reducer *r, float *block, bool sending, int whose, int other, int *n) {
    gt_exchange *x = &r->exchange;
    MPI_Request *request = &x->gather[(*n)++];
    if (sending) MPI_Isend(block, 1, x->parts[whose], other, TAG_BLOCK, x->world, request);
    else MPI_Irecv(block, 1, x->parts[whose], other, TAG_BLOCK, x->world, request);
}

static void copy_part(gt_reducer *r, float *to, const float *from, int bucket, int owner) {
    gt_span part = gt_reducer_owned_of(r, bucket, owner);
    bool large = r->floats >= (to == r->buffers ? too_large_to_take : too_large_to_use);
    gt_copy_to(r->pool, to + part.offset, from + part.offset, part.size, large);
}

static void hand_out(gt_reducer *r, const float *block) {
    for (int b = 0; b < r->buckets; b++) {
        copy_part(r, r->buffers, block, b, r->comm->rank);
        gt_team_tell(r, gt_mark_part(r, b), r->teams.gatherings);
    }
}

/* Mates wait for what has come for this rank's wards. */
static void tell_landed(gt_reducer *r) {
    gt_exchange *x = &r->exchange;
    for (int w = 0; w < x->n_wards; w++) {
        int landed = 0;
        if (x->gather[w] != MPI_REQUEST_NULL) MPI_Test(&x->gather[w], &landed, MPI_STATUS_IGNORE);
        if (landed) gt_team_tell(r, gt_mark_ward(r, x->wards[w]), r->teams.gatherings);
    }
}

static void await(gt_reducer *r, int mate, int mark) {
    double since = 0;
    tell_landed(r);
    while (!gt_mate_told(r, mate, mark, r->teams.gatherings)) {
        gt_comm_idle(r->comm, &since);
        tell_landed(r);
    }
}

static void take_from_mates(gt_reducer *r, float *block) {
    gt_team own = gt_own_team(r);
    int self = r->comm->rank - own.first;
    for (int b = 0; b < r->buckets; b++)
        for (int step = 1; step < own.count; step++) { /* each rank begins with another mate */
            int place = (self + step) % own.count;
            await(r, own.first + place, gt_mark_part(r, b));
            copy_part(r, block, r->teams.buffers[place], b, own.first + place);
        }
}

static void take_from_deputies(gt_reducer *r, float *block) {
    for (int rank = 0; rank < r->comm->ranks; rank++) {
        if (gt_team_of(r, rank) == r->teams.own) continue;
        int deputy = gt_deputy_of(r, r->teams.own, rank);
        await(r, deputy, gt_mark_ward(r, rank));
        for (int b = 0; b < r->buckets; b++)
            copy_part(r, block, r->teams.buffers[deputy - gt_own_team(r).first], b, rank);
    }
}

/* A gathering begins: the wards' parts will reach `to`, this rank's leave. The first n_wards messages are the wards';
 * returns how many there are. */
static int begin_messages(gt_reducer *r, float *block, float *to) {
    gt_exchange *x = &r->exchange;
    int n = 0;
    gt_teams_await_takers(r);
    r->teams.gatherings++;
    for (int w = 0; w < x->n_wards; w++) queue(r, to, false, x->wards[w], x->wards[w], &n);
    for (int step = 1; step < r->teams.n; step++) { /* each team begins with another receiver */
        int team = (r->teams.own + r->teams.n - step) % r->teams.n;
        queue(r, block, true, r->comm->rank, gt_deputy_of(r, team, r->comm->rank), &n);
    }
    return n;
}

static void gather(gt_reducer *r, float *block) {
    gt_exchange *x = &r->exchange;
    bool alone = gt_own_team(r).count == 1;
    int n = begin_messages(r, block, alone ? block : r->buffers), sent = x->n_wards;
    if (!alone) {
        hand_out(r, block);
        take_from_mates(r, block);
        take_from_deputies(r, block);
    } else {
        gt_comm_wait(r->comm, sent, x->gather);
    }
    gt_comm_wait(r->comm, n - sent, x->gather + sent);
    gt_team_tell(r, GT_MARK_TAKEN, r->teams.gatherings);
}

/* ---- one copy for the neighbours ---- */

static const float *copy_of_mate(const gt_reducer *r, int rank, const float *block) {
    return gt_neighbours_copy(r->neighbours, rank - gt_own_team(r).first, block);
}

/* All mates have the block in some copy, and this rank has it in the one of its neighbours. */
static bool is_in_place(const gt_reducer *r, const float *block) {
    gt_team own = gt_own_team(r);
    bool all = own.count == r->comm->local_ranks && gt_neighbours_hold(r->neighbours, block, r->floats * sizeof *block);
    for (int i = 0; all && i < own.count; i++) all = copy_of_mate(r, own.first + i, block) != NULL;
    return all;
}

/* The parts of a rank, from the copy of a mate in which they are once it has told so. */
static void take_parts(gt_reducer *r, float *block, int owner, int mate, int mark) {
    await(r, mate, mark);
    for (int b = 0; b < r->buckets; b++) copy_part(r, block, copy_of_mate(r, mate, block), b, owner);
}

/* What is in other copies alone; every so many-th rank's parts are this rank's to take. */
static void take_from_copies(gt_reducer *r, float *block) {
    int next = 0;
    for (int rank = 0; rank < r->comm->ranks; rank++) {
        bool of_mate = gt_team_of(r, rank) == r->teams.own;
        int mate = of_mate ? rank : gt_deputy_of(r, r->teams.own, rank);
        if (copy_of_mate(r, mate, block) == block || next++ % r->neighbours->count != r->neighbours->place) continue;
        take_parts(r, block, rank, mate, of_mate ? gt_mark_part(r, 0) : gt_mark_ward(r, rank));
    }
}

static void gather_in_place(gt_reducer *r, float *block) {
    gt_exchange *x = &r->exchange;
    gt_team own = gt_own_team(r);
    int n = begin_messages(r, block, block);
    gt_team_tell(r, gt_mark_part(r, 0), r->teams.gatherings);
    take_from_copies(r, block);
    gt_comm_wait(r->comm, n, x->gather);
    for (int w = 0; w < x->n_wards; w++) gt_team_tell(r, gt_mark_ward(r, x->wards[w]), r->teams.gatherings);
    gt_team_tell(r, GT_MARK_TAKEN, r->teams.gatherings);
    for (int i = 0; i < own.count; i++)
        if (copy_of_mate(r, own.first + i, block) == block) await(r, own.first + i, GT_MARK_TAKEN);
}

void gt_reducer_use_neighbours(gt_reducer *r, const gt_neighbours *n) { r->neighbours = n; }

void gt_reducer_gather_all(gt_reducer *r, float *block) {
    r = gt_owner(r);
    if (r->comm->ranks == 1) return;
    double start = gt_clock();
    if (is_in_place(r, block)) gather_in_place(r, block);
    else gather(r, block);
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
