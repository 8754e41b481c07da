/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/core/dist: the reducer, its schedules, the memory that ranks share (team.c), the reduce-scatter between
 * ranks (exchange.c, exchange_setup.c), and the all-gather of blocks whose shards are owned (gather.c). */
#ifndef GANTRY_DIST_REDUCER_H
#define GANTRY_DIST_REDUCER_H

#include <stdatomic.h>

#include "dist/comm.h"
#include "dist/door/dist.h"
#include "dist/shared.h"
#include "dist/tree.h"
#include "gantry/memory.h"
#include "gantry/pool.h"

struct gt_reducer_schedule {
    int *order;    /* [buckets] in the order in which an execution finishes them */
    int *ready;    /* [buckets] how many outputs must be done for bucket b */
    gt_span *gaps; /* ranges that no output writes */
    int n_gaps;
};

/* A team: ranks in a row that read each other's buffers (OpenSHMEM's word). The ranks of a host are a team; where
 * they can share no memory, each rank is one. The ranks of a team are peers. */
typedef struct gt_team_ranks {
    int first, count;
} gt_team_ranks;

/* The control block of a rank: what it posts to its peers, in the shared memory in front of its buffers. A flag holds
 * an epoch: the number of the last reduction, or of the last all-gather, for which the rank has posted it. So nobody
 * has to take a flag back before the next step, and no rank can mistake the last step's flag for this one's. */
typedef struct gt_control_block {
    int node_place[GT_TREE_DEPTH]; /* as in the reducer */
    _Atomic uint64_t flags[];      /* by gt_flag_nodes() and the like */
} gt_control_block;

/* The teams of a reducer, and this rank's. */
typedef struct gt_teams {
    int n, own;
    gt_team_ranks *all;
    int *of; /* [ranks] the number of a rank's team */
    gt_shared shared;
    size_t bytes;                        /* of this rank's control blocks and buffers; of a borrower 0 */
    void *alone;                         /* they, where nothing is shared */
    gt_control_block **controls;         /* [peers] by the place in the team */
    float **buffers;                     /* [peers] a peer's first buffer */
    uint64_t reduce_epoch, gather_epoch; /* reductions and all-gathers begun */
} gt_teams;

/* How adjacent nodes are added up: after term i is on the stack, additions[i] additions (gt_tree_push). */
typedef struct gt_fold {
    int n;
    int *additions;
} gt_fold;

/* Messages between teams, all set up once (exchange_setup.c). exchange.c says who sends what, with an example. A team
 * has a leader for each rank of another team: it adds for that rank, and exchanges messages with it. */
typedef struct gt_exchange {
    MPI_Comm world;
    int n_remotes;               /* ranks of other teams for which this rank is the leader */
    int *remotes;                /* [ranks] */
    gt_fold whole;               /* all nodes: the own team's rank by rank, another team's as they are sent */
    gt_fold team;                /* the own team's nodes, rank by rank */
    int team_begins;             /* the place of the own team's first node in `whole` */
    float **nodes;               /* [team.n] the own team's: whole buffers */
    int n_sums;                  /* what the own team's nodes add up to: so many nodes go to each remote */
    int sums[GT_TREE_DEPTH];     /* where in `nodes` the sums lie: each in its leftmost term */
    int n_receive, n_send;       /* messages per bucket */
    int n_arrived;               /* of the bucket that is completed next, in a row: no look goes through all of them */
    MPI_Request *receive, *send; /* [buckets][n_...], persistent; plain: receive [buckets] for MPI_Iallreduce */
    float *inbox;                /* the other teams' nodes of the own shards: n_receive slots per bucket */
    size_t inbox_floats;
    MPI_Datatype *shard_types; /* [ranks] all shards of a rank in a block, as one MPI type */
    MPI_Request *gather;       /* [2 ranks] */
} gt_exchange;

struct gt_reducer {
    gt_arena *arena; /* all arrays of the reducer, its teams, exchange and schedules */
    gt_comm *comm;
    gt_pool *pool;
    bool plain;
    int slices, n_groups;
    gt_tree_node *groups;  /* the groups of this rank, as nodes of the tree, in the order in which they run */
    bool descends;         /* from right to left */
    int *abreast;          /* [groups] of the first of a unit: how many it has; of others 0 */
    gt_reducer *lender;    /* whose buffers these are; NULL: this one's own */
    int n_controls;        /* control blocks handed out: the own one and those of borrowers */
    int *place;            /* [groups] the buffer a group is written to */
    size_t floats, stride; /* of the block; from one buffer to the next */
    size_t bucket_floats;
    int buckets;
    int n_buffers, n_nodes; /* partial sums held at most; and when the last group is done */
    int last_additions;     /* of the last group, done bucket by bucket */
    gt_tree_node nodes[GT_TREE_DEPTH];
    int node_place[GT_TREE_DEPTH];
    float *buffers; /* this rank's, in the memory of its team */
    gt_span *owned; /* [buckets] this rank's shards */
    gt_teams teams;
    gt_exchange exchange;
    const gt_neighbours *neighbours; /* NULL: blocks are this rank's own */

    /* of the reduction that is going on */
    const gt_reducer_schedule *schedule;
    gt_tree_node stack[GT_TREE_DEPTH];
    int stack_place[GT_TREE_DEPTH]; /* the buffers of the stack's values */
    int depth, begun, group;        /* groups begun; ended */
    /* Buckets, counted along schedule->order: this rank's nodes are posted; all peers' are, and what other teams need
     * of them is sent; this rank's shard is the mean. */
    int launched, sent, finished;
    gt_nonfinite bad;
    double launched_at; /* the first bucket */
    gt_traffic traffic;
};

/* The reducer whose memory this one uses: it hands out parameters, and counts the traffic of both. */
static inline gt_reducer *gt_owner(gt_reducer *r) { return r->lender ? r->lender : r; }
/* The shard of a bucket that a rank owns: equal shards, cut at cache lines, so that two ranks never write one line. */
gt_span gt_shard_of(const gt_reducer *r, int bucket, int rank);
static inline float *gt_reducer_buffer(const gt_reducer *r, int i) { return r->buffers + (size_t)i * r->stride; }
static inline float *gt_reducer_node(const gt_reducer *r, int i) {
    return gt_reducer_buffer(r, r->node_place[i]);
} /* a finished one */
static inline size_t gt_bucket_size(const gt_reducer *r, int bucket) {
    size_t start = (size_t)bucket * r->bucket_floats;
    return r->floats - start < r->bucket_floats ? r->floats - start : r->bucket_floats;
}

/* ---- team.c: memory that peers share, and the flags in it ---- */

/* Allocates the buffers, in memory that the ranks of a host share where there is such memory; else each rank is a team
 * by itself, and rank 0 logs why. A borrower gets a control block in the lender's memory, and the lender's buffers. */
gt_status gt_teams_open_all(gt_reducer *r);
void gt_teams_close(gt_reducer *r);
static inline gt_team_ranks gt_own_team(const gt_reducer *r) { return r->teams.all[r->teams.own]; }
int gt_team_of(const gt_reducer *r, int rank); /* the number of a rank's team */
/* The leader of `team` for `rank`, which is of another team: ranks of a team lead for other ranks in turn, so that
 * they add and send about equally much. */
int gt_leader_for(const gt_reducer *r, int team, int rank);

float *gt_peer_node(const gt_reducer *r, int rank, int i); /* a finished node of a peer, as in gt_reducer_node() */

/* The flags of a control block, with the number of the reduction (nodes) or of the all-gather (all others) as epoch:
 *     has read   this rank has read all of an all-gather, and needs nobody's buffers any more
 *     nodes      its nodes are complete in a bucket
 *     shard      its own shard of a bucket lies where peers read it; of a block in place, with bucket 0, all of them
 *     remote     so do the shards of one of its remotes */
enum { GT_FLAG_HAS_READ, GT_FLAG_NODES };
static inline int gt_flag_nodes(int bucket) { return GT_FLAG_NODES + bucket; }
static inline int gt_flag_shard(const gt_reducer *r, int bucket) { return GT_FLAG_NODES + r->buckets + bucket; }
static inline int gt_flag_remote(const gt_reducer *r, int rank) { return GT_FLAG_NODES + 2 * r->buckets + rank; }
/* This rank posts the flag: what was written before is there for a peer that has seen the epoch. */
void gt_flag_post(gt_reducer *r, int flag, uint64_t epoch);
/* Has this peer (or have all peers) posted the flag for this epoch? */
bool gt_flag_is_posted(const gt_reducer *r, int rank, int flag, uint64_t epoch);
bool gt_flag_is_posted_by_all(const gt_reducer *r, int flag, uint64_t epoch);
/* Waits until no peer reads this rank's buffers any more for an all-gather. */
void gt_teams_await_readers(gt_reducer *r);

/* ---- exchange_setup.c ---- */

gt_status gt_exchange_init(gt_reducer *r);   /* not collective */
void gt_exchange_connect_all(gt_reducer *r); /* collective: the communicator and its messages */
void gt_exchange_free_all(gt_reducer *r);

/* ---- exchange.c: a reduction ---- */

void gt_exchange_begin(gt_reducer *r);
void gt_exchange_launch(gt_reducer *r, int bucket); /* this rank's nodes are complete in this bucket: posts them */
/* Once all peers' nodes are complete in this launched bucket: sends what other teams need of them. False: not yet. */
bool gt_exchange_send(gt_reducer *r, int bucket);
bool gt_exchange_arrived(gt_reducer *r, int bucket); /* have all other teams' nodes of the own shard come? */
/* This rank's shard of an arrived bucket becomes the tree's root / slices. */
gt_nonfinite gt_exchange_complete(gt_reducer *r, int bucket);
void gt_exchange_end(gt_reducer *r);
/* The slots of a bucket lie side by side in the inbox, in tree order. Only the last bucket may be shorter than the
 * others. */
static inline float *gt_inbox_slot(const gt_reducer *r, int bucket, int i) {
    size_t before = (size_t)bucket * (size_t)r->exchange.n_receive * r->owned[0].size;
    return r->exchange.inbox + before + (size_t)i * r->owned[bucket].size;
}
/* The requests of a bucket among `requests`, n for each. */
static inline MPI_Request *gt_requests_of_bucket(MPI_Request *requests, int n, int bucket) {
    return requests + (size_t)bucket * (size_t)n;
}

/* ---- elements.c: loops over vectors, on all threads of the pool ---- */

void gt_add_to(gt_pool *pool, float *sum, const float *x, size_t n);
/* y = the folded terms / divisor; a fold that leaves one node. Counts the numbers of y that are not finite, and gives
 * the index of the first. y may be one of the terms. */
gt_nonfinite gt_mean_of(gt_pool *pool, float *y, const float *const *terms, gt_fold fold, size_t n, int divisor);
/* y = x. `large`: of so much that no cache would keep it. */
void gt_copy_to(gt_pool *pool, float *y, const float *x, size_t n, bool large);

#endif
