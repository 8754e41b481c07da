/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/dist: the reducer, its schedules, the memory that ranks share (team.c), the exchange between ranks
 * (exchange.c, exchange_setup.c), and blocks that are owned in parts (gather.c). */
#ifndef GANTRY_DIST_REDUCER_H
#define GANTRY_DIST_REDUCER_H

#include <stdatomic.h>

#include "dist/comm.h"
#include "dist/shared.h"
#include "dist/tree.h"

struct gt_reducer_schedule {
    gt_reducer_schedule *next; /* of the same reducer */
    int *order;                /* [buckets] in the order in which an execution finishes them */
    int *ready;                /* [buckets] how many outputs must be done for bucket b */
    gt_span *gaps;             /* ranges that no output writes */
    int n_gaps;
};

/* Ranks in a row that read each other's buffers: those of a host; or one rank alone. */
typedef struct gt_team {
    int first, count;
} gt_team;

/* What a rank tells its mates, beside its buffers. A mark is the number of the reduction, or of the gathering, for
 * which something is there. */
typedef struct gt_board {
    int node_place[GT_TREE_DEPTH]; /* as in the reducer */
    _Atomic uint64_t marks[];      /* see gt_mark_... */
} gt_board;

/* The teams of a reducer, and this rank's. */
typedef struct gt_teams {
    int n, own;
    gt_team *all;
    gt_shared shared;
    size_t bytes;                    /* of this rank's boards and buffers; of a borrower 0 */
    void *alone;                     /* they, where nothing is shared */
    gt_board **boards;               /* [mates] by the place in the team */
    float **buffers;                 /* [mates] a mate's first buffer */
    uint64_t reductions, gatherings; /* begun */
} gt_teams;

/* How nodes that lie side by side are joined: after term i as many additions as additions[i] says (gt_tree_push). */
typedef struct gt_joining {
    int n;
    int *additions;
} gt_joining;

/* Messages between teams, all set up once. Every rank has finished nodes of the tree. For each rank of another team one
 * rank of a team is the deputy: of each bucket it adds its mates' nodes of the part that the other owns, as far as the
 * tree goes, and sends the result; each rank receives its own part of each node of the other teams. */
typedef struct gt_exchange {
    MPI_Comm world;
    int n_wards;                 /* ranks of other teams whose deputy this rank is */
    int *wards;                  /* [ranks] */
    gt_joining whole, team;      /* the nodes of all: the own team's rank by rank, another's joined; the own team's */
    int team_begins;             /* the place of the own team's first node among those of all */
    float **nodes;               /* [team.n] the own team's: whole buffers */
    int n_results;               /* of the own team, when its nodes are joined */
    int results[GT_TREE_DEPTH];  /* where each of them lies: its leftmost node */
    int n_receive, n_send;       /* messages per bucket */
    MPI_Request *receive, *send; /* [buckets][n_...], persistent; plain: receive [buckets] for MPI_Iallreduce */
    float *inbox;                /* the other teams' nodes: n_receive pieces per bucket */
    size_t inbox_floats;
    MPI_Datatype *parts; /* [ranks] a rank's parts of a block, as one MPI type */
    MPI_Request *gather; /* [2 ranks] */
} gt_exchange;

struct gt_reducer {
    gt_comm *comm;
    gt_pool *pool;
    bool plain;
    int slices, n_groups;
    gt_tree_node *groups;  /* the groups of this rank, as nodes of the tree, in the order in which they run */
    bool descends;         /* from right to left */
    int *abreast;          /* [groups] of the first of a unit: how many it has; of others 0 */
    gt_reducer *lender;    /* whose buffers these are; NULL: this one's own */
    int boards;            /* lent by this one so far, its own included */
    int *place;            /* [groups] the buffer a group is written to */
    size_t floats, stride; /* of the block; from one buffer to the next */
    size_t bucket_floats;
    int buckets;
    int n_buffers, n_nodes; /* partial sums held at most; and when the last group is done */
    int last_additions;     /* of the last group, done bucket by bucket */
    gt_tree_node nodes[GT_TREE_DEPTH];
    int node_place[GT_TREE_DEPTH];
    float *buffers; /* this rank's, in the memory of its team */
    gt_span *owned; /* [buckets] this rank's */
    gt_teams teams;
    gt_exchange exchange;
    const gt_neighbours *neighbours; /* NULL: blocks are this rank's own */
    gt_reducer_schedule *schedules;

    /* of the reduction that is going on */
    const gt_reducer_schedule *schedule;
    gt_tree_node stack[GT_TREE_DEPTH];
    int stack_place[GT_TREE_DEPTH]; /* the buffers of the stack's values */
    int depth, begun, group;        /* groups begun; ended */
    int launched, joined, finished; /* buckets, counted along schedule->order */
    gt_nonfinite bad;
    double launched_at; /* the first bucket */
    gt_traffic traffic;
};

/* The reducer whose memory this one uses: it hands out parameters, and counts the traffic of both. */
static inline gt_reducer *gt_owner(gt_reducer *r) { return r->lender ? r->lender : r; }
/* The part of a bucket that a rank owns: equal parts, cut at cache lines. */
gt_span gt_reducer_owned_of(const gt_reducer *r, int bucket, int rank);
static inline float *gt_reducer_buffer(const gt_reducer *r, int i) { return r->buffers + (size_t)i * r->stride; }
static inline float *gt_reducer_node(const gt_reducer *r, int i) {
    return gt_reducer_buffer(r, r->node_place[i]);
} /* a finished one */
static inline size_t gt_bucket_size(const gt_reducer *r, int bucket) {
    size_t start = (size_t)bucket * r->bucket_floats;
    return r->floats - start < r->bucket_floats ? r->floats - start : r->bucket_floats;
}

/* Allocates the buffers, in memory that the ranks of a host share where there is such memory; else each rank is a team
 * by itself, and rank 0 logs why. A borrower gets a board in the lender's memory, and the lender's buffers. */
gt_status gt_teams_open_all(gt_reducer *r);
void gt_teams_close(gt_reducer *r);
static inline gt_team gt_own_team(const gt_reducer *r) { return r->teams.all[r->teams.own]; }
int gt_team_of(const gt_reducer *r, int rank);             /* the number of a rank's team */
int gt_deputy_of(const gt_reducer *r, int team, int rank); /* the rank of `team` for `rank`, which is of another team */

float *gt_mate_node(const gt_reducer *r, int rank, int i); /* a finished node of a mate, as in gt_reducer_node() */

/* The marks of a board: this rank has taken all of a gathering, and reads nobody's buffers; its nodes of a bucket are
 * complete; its part of the bucket lies in its buffer; the parts of one of its wards do. */
enum { GT_MARK_TAKEN, GT_MARK_NODES };
static inline int gt_mark_nodes(int bucket) { return GT_MARK_NODES + bucket; }
static inline int gt_mark_part(const gt_reducer *r, int bucket) { return GT_MARK_NODES + r->buckets + bucket; }
static inline int gt_mark_ward(const gt_reducer *r, int rank) { return GT_MARK_NODES + 2 * r->buckets + rank; }
void gt_team_tell(gt_reducer *r, int mark, uint64_t number);
/* Has this mate, or have all mates, told so? */
bool gt_mate_told(const gt_reducer *r, int rank, int mark, uint64_t number);
bool gt_mates_told(const gt_reducer *r, int mark, uint64_t number);
/* Waits until nobody reads this rank's buffers any more for a gathering. */
void gt_teams_await_takers(gt_reducer *r);

gt_status gt_exchange_init(gt_reducer *r);   /* not collective */
void gt_exchange_connect_all(gt_reducer *r); /* collective: the communicator and its messages */
void gt_exchange_free_all(gt_reducer *r);
void gt_exchange_begin(gt_reducer *r);
void gt_exchange_launch(gt_reducer *r, int bucket); /* this rank's nodes are complete in this bucket */
/* Are all mates' nodes complete in this launched bucket? Then the team's leave for other teams. */
bool gt_exchange_join(gt_reducer *r, int bucket);
bool gt_exchange_arrived(gt_reducer *r, int bucket); /* has this rank's part of a joined bucket come from all teams? */
/* This rank's part of an arrived bucket becomes the tree's root / slices. */
gt_nonfinite gt_exchange_complete(gt_reducer *r, int bucket);
void gt_exchange_end(gt_reducer *r);

/* The pieces of a bucket lie side by side in the inbox, in tree order. Only the last bucket may be shorter than the
 * others. */
static inline float *gt_inbox_piece(const gt_reducer *r, int bucket, int i) {
    size_t before = (size_t)bucket * (size_t)r->exchange.n_receive * r->owned[0].size;
    return r->exchange.inbox + before + (size_t)i * r->owned[bucket].size;
}
/* The requests of a bucket among `requests`, n for each. */
static inline MPI_Request *gt_requests_of_bucket(MPI_Request *requests, int n, int bucket) {
    return requests + (size_t)bucket * (size_t)n;
}

/* Element-wise work of all threads of the pool. */
void gt_add_to(gt_pool *pool, float *sum, const float *x, size_t n);
/* y = the joined terms / divisor, where one node remains. Counts the numbers of y that are not finite, and gives the
 * index of the first. y may be one of the terms. */
gt_nonfinite gt_mean_of(gt_pool *pool, float *y, const float *const *terms, gt_joining joining, size_t n, int divisor);
/* y = x. `large`: of so much that no cache would keep it. */
void gt_copy_to(gt_pool *pool, float *y, const float *x, size_t n, bool large);

#endif
