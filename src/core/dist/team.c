/* SPDX-License-Identifier: Apache-2.0
 * Teams: ranks of a host whose buffers lie in memory that all of them read, as if each peer had sent its gradients to
 * each other one, without the copies.
 *
 * A rank reads a peer's buffer once the peer has posted the flag that says so in its control block, for the epoch in
 * question: a store with release semantics after the data, a load with acquire semantics before. It waits for a flag as
 * it waits for a message, in gt_comm_idle(), so that a lost peer is noticed.
 *
 * Nobody writes over what a peer may still read. A reduction ends with a sum over all ranks, before which each has read
 * what it needs (exchange.c). An all-gather has no such end: who has read all of it posts that, and what comes next,
 * a reduction or an all-gather, begins after all have. */
#include <string.h>

#include "base/door/numbers.h"
#include "dist/reducer.h"
#include "base/door/log.h"
#include "base/door/memory.h"

/* Control blocks lie at the same places in the memory of all peers: one for a reducer, the others for borrowers. */
enum { PAGE = 4096, MOST_CONTROLS = 4 };

static int place_in_team(const gt_reducer *r, int rank) { return rank - gt_own_team(r).first; }

int gt_team_of(const gt_reducer *r, int rank) { return r->teams.of[rank]; }

int gt_leader_for(const gt_reducer *r, int team, int rank) {
    gt_team_ranks t = r->teams.all[team];
    return t.first + (rank - r->teams.all[gt_team_of(r, rank)].first) % t.count;
}

/* ---- memory ---- */

/* A rank's part of the memory begins with its control blocks, rounded up so that the buffers behind them begin at a
 * page. */
static size_t control_bytes(const gt_reducer *r) {
    size_t flags = (size_t)gt_flag_remote(r, r->comm->ranks);
    return (size_t)gt_round_up((int64_t)(sizeof(gt_control_block) + flags * sizeof(uint64_t)), PAGE);
}

/* Where a host's ranks cannot share memory, they do without: that takes longer, but fails nothing. */
static void share_all(gt_reducer *r) {
    if (r->plain || r->comm->ranks == 1) return;
    gt_status st = gt_comm_agree_all(r->comm, gt_shared_open_all(r->comm, r->teams.bytes, &r->teams.shared));
    if (st && r->comm->rank == 0)
        gt_log_once(GT_WARNING, "%s. They send messages instead, which takes longer", gt_message());
}

/* The arrays of `peers` ranks. */
static gt_status make_arrays(gt_reducer *r, size_t peers) {
    gt_teams *t = &r->teams;
    size_t ranks = (size_t)r->comm->ranks;
    t->all = gt_arena_array(r->arena, ranks, sizeof *t->all);
    t->of = gt_arena_array(r->arena, ranks, sizeof *t->of);
    t->controls = gt_arena_array(r->arena, peers, sizeof *t->controls);
    t->buffers = gt_arena_array(r->arena, peers, sizeof *t->buffers);
    return gt_arena_failed(r->arena) ? GT_NOMEM : GT_OK;
}

static gt_status allocate(gt_reducer *r) {
    gt_teams *t = &r->teams;
    size_t peers = t->shared.base ? (size_t)r->comm->local_ranks : 1;
    if (!t->shared.base) t->alone = gt_block_alloc(t->bytes, "gradients");
    if (!t->shared.base && !t->alone) return GT_NOMEM;
    if (make_arrays(r, peers)) return GT_NOMEM;
    for (int i = 0; i < (int)peers; i++) t->controls[i] = t->shared.base ? gt_shared_part(&t->shared, i) : t->alone;
    return GT_OK;
}

/* Ranks are numbered host by host: a team begins where a host does, and with each rank that shares nothing. */
static void find_teams_all(gt_reducer *r) {
    gt_teams *t = &r->teams;
    gt_comm *c = r->comm;
    int begins[c->ranks];
    memset(begins, 0, sizeof begins);
    begins[c->rank] = !t->shared.base || c->local_rank == 0;
    if (c->ranks > 1) {
        MPI_Request request;
        MPI_Iallreduce(MPI_IN_PLACE, begins, c->ranks, MPI_INT, MPI_MAX, gt_inside(c)->world, &request);
        gt_comm_wait(c, 1, &request);
    }
    for (int rank = 0; rank < c->ranks; rank++) {
        if (begins[rank]) t->all[t->n++] = (gt_team_ranks){rank, 0};
        t->all[t->n - 1].count++;
        t->of[rank] = t->n - 1;
        if (rank == c->rank) t->own = t->n - 1;
    }
}

static gt_control_block *own_control(const gt_reducer *r) { return r->teams.controls[place_in_team(r, r->comm->rank)]; }

/* Where the finished nodes will lie in this rank's buffers: the same in all steps. */
static void post_node_places_all(gt_reducer *r) {
    r->buffers = r->teams.buffers[place_in_team(r, r->comm->rank)];
    memcpy(own_control(r)->node_place, r->node_place, sizeof r->node_place);
    gt_comm_barrier_all(r->comm); /* the control blocks are written */
}

/* The same teams, with other control blocks. */
static gt_status borrow(gt_reducer *r) {
    gt_reducer *lender = r->lender;
    gt_teams *t = &r->teams;
    const gt_teams *from = &lender->teams;
    int peers = gt_own_team(lender).count;
    if (lender->n_controls == MOST_CONTROLS || r->n_buffers > lender->n_buffers)
        return gt_fail(GT_FAILED, "gradients of other slices: no room in the reducer that lends");
    *t = (gt_teams){.n = from->n, .own = from->own};
    if (make_arrays(r, (size_t)peers)) return GT_NOMEM;
    memcpy(t->all, from->all, (size_t)t->n * sizeof *t->all);
    memcpy(t->of, from->of, (size_t)lender->comm->ranks * sizeof *t->of);
    memcpy(t->buffers, from->buffers, (size_t)peers * sizeof *t->buffers);
    for (int i = 0; i < peers; i++)
        t->controls[i] = (gt_control_block *)((char *)from->controls[i] +
                                              (size_t)lender->n_controls * control_bytes(r));
    lender->n_controls++;
    return GT_OK;
}

gt_status gt_teams_open_all(gt_reducer *r) {
    gt_teams *t = &r->teams;
    gt_status st;
    if (r->lender) {
        st = gt_comm_agree_all(r->comm, borrow(r));
        if (!st) post_node_places_all(r);
        return st;
    }
    t->bytes = MOST_CONTROLS * control_bytes(r) + (size_t)r->n_buffers * r->stride * sizeof(float);
    share_all(r);
    st = gt_comm_agree_all(r->comm, allocate(r));
    if (st) return st;
    find_teams_all(r);
    for (int i = 0; i < gt_own_team(r).count; i++)
        t->buffers[i] = (float *)((char *)t->controls[i] + MOST_CONTROLS * control_bytes(r));
    r->n_controls = 1;
    post_node_places_all(r);
    return GT_OK;
}

void gt_teams_close(gt_reducer *r) {
    gt_teams *t = &r->teams;
    gt_shared_close(&t->shared);
    gt_block_free(t->alone, t->bytes);
}

float *gt_peer_node(const gt_reducer *r, int rank, int i) {
    int place = place_in_team(r, rank);
    return r->teams.buffers[place] + (size_t)r->teams.controls[place]->node_place[i] * r->stride;
}

/* ---- flags ---- */

void gt_flag_post(gt_reducer *r, int flag, uint64_t epoch) {
    atomic_store_explicit(&own_control(r)->flags[flag], epoch, memory_order_release);
}

bool gt_flag_is_posted(const gt_reducer *r, int rank, int flag, uint64_t epoch) {
    const gt_control_block *control = r->teams.controls[place_in_team(r, rank)];
    return atomic_load_explicit(&control->flags[flag], memory_order_acquire) >= epoch;
}

bool gt_flag_is_posted_by_all(const gt_reducer *r, int flag, uint64_t epoch) {
    gt_team_ranks team = gt_own_team(r);
    for (int i = 0; i < team.count; i++)
        if (!gt_flag_is_posted(r, team.first + i, flag, epoch)) return false;
    return true;
}

void gt_teams_await_readers(gt_reducer *r) {
    double since = 0;
    while (!gt_flag_is_posted_by_all(r, GT_FLAG_HAS_READ, r->teams.gather_epoch)) gt_comm_idle(r->comm, &since);
}
