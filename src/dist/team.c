/* SPDX-License-Identifier: Apache-2.0
 * Teams: ranks of a host whose buffers lie in memory that all of them read. A rank reads a mate's buffer when the
 * mate's board says that what is wanted is there, and waits as for a message. Nobody writes over what a mate may still
 * read: a reduction ends with a sum over all ranks, before which each has read what it needs; who has taken all of a
 * gathering says so, and the next one begins after that. */
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "dist/reducer.h"
#include "gantry/log.h"
#include "gantry/memory.h"

enum { PAGE = 4096, BOARDS = 4 /* of a reducer and its borrowers */ };

static int place_in_team(const gt_reducer *r, int rank) { return rank - gt_own_team(r).first; }

int gt_team_of(const gt_reducer *r, int rank) {
    int team = 0;
    while (rank >= r->teams.all[team].first + r->teams.all[team].count) team++;
    return team;
}

int gt_deputy_of(const gt_reducer *r, int team, int rank) {
    gt_team t = r->teams.all[team];
    return t.first + (rank - r->teams.all[gt_team_of(r, rank)].first) % t.count;
}

/* ---- memory ---- */

/* A part of the memory begins with the boards, then come the buffers. */
static size_t board_bytes(const gt_reducer *r) {
    size_t marks = (size_t)gt_mark_ward(r, r->comm->ranks);
    return (size_t)gt_round_up((int64_t)(sizeof(gt_board) + marks * sizeof(uint64_t)), PAGE);
}

/* Where a host's ranks cannot share memory, they do without: that takes longer, but fails nothing. */
static void share_all(gt_reducer *r) {
    if (r->plain || r->comm->ranks == 1) return;
    gt_status st = gt_comm_agree_all(r->comm, gt_shared_open_all(r->comm, r->teams.bytes, &r->teams.shared));
    if (st && r->comm->rank == 0)
        gt_log_once(GT_WARNING, "%s. They send each other messages instead, which takes longer", gt_message());
}

static gt_status allocate(gt_teams *t, const gt_comm *c) {
    size_t mates = t->shared.base ? (size_t)c->local_ranks : 1;
    if (!t->shared.base) t->alone = gt_block_alloc(t->bytes, "gradients");
    if (!t->shared.base && !t->alone) return GT_NOMEM;
    t->all = calloc((size_t)c->ranks, sizeof *t->all);
    t->boards = calloc(mates, sizeof *t->boards);
    t->buffers = calloc(mates, sizeof *t->buffers);
    if (!t->all || !t->boards || !t->buffers) return gt_fail(GT_NOMEM, "out of memory for the ranks of a host");
    for (int i = 0; i < (int)mates; i++) t->boards[i] = t->shared.base ? gt_shared_part(&t->shared, i) : t->alone;
    return GT_OK;
}

/* Ranks are numbered host by host: a team begins where a host does, and with each rank that shares nothing. */
static void find_teams_all(gt_reducer *r) {
    gt_teams *t = &r->teams;
    gt_comm *c = r->comm;
    int begins[c->ranks], first[c->ranks + 1];
    for (int rank = 0; rank <= c->ranks; rank++) first[rank] = rank;
    begins[c->rank] = !t->shared.base || c->local_rank == 0;
    gt_comm_rows_all(c, first, 1, MPI_INT, begins);
    for (int rank = 0; rank < c->ranks; rank++) {
        if (begins[rank]) t->all[t->n++] = (gt_team){rank, 0};
        t->all[t->n - 1].count++;
        if (rank == c->rank) t->own = t->n - 1;
    }
}

static gt_board *own_board(const gt_reducer *r) { return r->teams.boards[place_in_team(r, r->comm->rank)]; }

static void tell_nodes_all(gt_reducer *r) {
    r->buffers = r->teams.buffers[place_in_team(r, r->comm->rank)];
    memcpy(own_board(r)->node_place, r->node_place, sizeof r->node_place);
    gt_comm_barrier_all(r->comm); /* the boards are written */
}

/* The same teams, with other boards. */
static gt_status borrow(gt_teams *t, gt_reducer *lender, int mates, size_t board, int n_buffers) {
    const gt_teams *from = &lender->teams;
    if (lender->boards == BOARDS || n_buffers > lender->n_buffers)
        return gt_fail(GT_FAILED, "gradients of other slices: no room in the reducer that lends");
    *t = (gt_teams){.n = from->n, .own = from->own};
    t->all = calloc((size_t)lender->comm->ranks, sizeof *t->all);
    t->boards = calloc((size_t)mates, sizeof *t->boards);
    t->buffers = calloc((size_t)mates, sizeof *t->buffers);
    if (!t->all || !t->boards || !t->buffers) return gt_fail(GT_NOMEM, "out of memory for the ranks of a host");
    memcpy(t->all, from->all, (size_t)t->n * sizeof *t->all);
    memcpy(t->buffers, from->buffers, (size_t)mates * sizeof *t->buffers);
    for (int i = 0; i < mates; i++)
        t->boards[i] = (gt_board *)((char *)from->boards[i] + (size_t)lender->boards * board);
    lender->boards++;
    return GT_OK;
}

gt_status gt_teams_open_all(gt_reducer *r) {
    gt_teams *t = &r->teams;
    gt_status st;
    if (r->lender) {
        st = gt_comm_agree_all(r->comm,
                               borrow(t, r->lender, gt_own_team(r->lender).count, board_bytes(r), r->n_buffers));
        if (!st) tell_nodes_all(r);
        return st;
    }
    t->bytes = BOARDS * board_bytes(r) + (size_t)r->n_buffers * r->stride * sizeof(float);
    share_all(r);
    st = gt_comm_agree_all(r->comm, allocate(t, r->comm));
    if (st) return st;
    find_teams_all(r);
    for (int i = 0; i < gt_own_team(r).count; i++)
        t->buffers[i] = (float *)((char *)t->boards[i] + BOARDS * board_bytes(r));
    r->boards = 1;
    tell_nodes_all(r);
    return GT_OK;
}

void gt_teams_close(gt_reducer *r) {
    gt_teams *t = &r->teams;
    gt_shared_close(&t->shared);
    gt_block_free(t->alone, t->bytes);
    free(t->all);
    free(t->boards);
    free(t->buffers);
}

float *gt_mate_node(const gt_reducer *r, int rank, int i) {
    int place = place_in_team(r, rank);
    return r->teams.buffers[place] + (size_t)r->teams.boards[place]->node_place[i] * r->stride;
}

/* ---- what mates tell each other ---- */

void gt_team_tell(gt_reducer *r, int mark, uint64_t number) {
    atomic_store_explicit(&own_board(r)->marks[mark], number, memory_order_release);
}

bool gt_mate_told(const gt_reducer *r, int rank, int mark, uint64_t number) {
    const gt_board *board = r->teams.boards[place_in_team(r, rank)];
    return atomic_load_explicit(&board->marks[mark], memory_order_acquire) >= number;
}

bool gt_mates_told(const gt_reducer *r, int mark, uint64_t number) {
    gt_team team = gt_own_team(r);
    for (int i = 0; i < team.count; i++)
        if (!gt_mate_told(r, team.first + i, mark, number)) return false;
    return true;
}

void gt_teams_await_takers(gt_reducer *r) {
    double since = 0;
    while (!gt_mates_told(r, GT_MARK_TAKEN, r->teams.gatherings)) gt_comm_idle(r->comm, &since);
}
