/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/dist: the reducer, its schedules, and the exchange between ranks (exchange.c). */
#ifndef GANTRY_DIST_REDUCER_H
#define GANTRY_DIST_REDUCER_H

#include "dist/comm.h"
#include "dist/tree.h"

struct gt_reducer_schedule {
    gt_reducer_schedule *next; /* of the same reducer */
    int *order;                /* [buckets] in the order in which an execution finishes them */
    int *ready;                /* [buckets] how many outputs must be done for bucket b */
    gt_span *gaps;             /* ranges that no output writes */
    int n_gaps;
};

/* Messages between ranks, all set up once. Every rank has finished nodes of the tree. Of each bucket a rank sends to
 * each owner this owner's part of each of its nodes, and receives its own part of each node of the other ranks. */
typedef struct gt_exchange {
    MPI_Comm world;
    int n_all, first_own;        /* nodes of all ranks from left to right; the place of this rank's first */
    int *additions;              /* [n_all] as gt_tree_push says */
    int n_receive, n_send;       /* messages per bucket */
    MPI_Request *receive, *send; /* [buckets][n_...], persistent; plain: receive [buckets] for MPI_Iallreduce */
    float *inbox;                /* the other ranks' nodes: n_receive pieces per bucket */
    size_t inbox_floats;
    MPI_Datatype *parts; /* [ranks] a rank's parts of a block, as one MPI type */
    MPI_Request *gather; /* [2 ranks] */
} gt_exchange;

struct gt_reducer {
    gt_comm *comm;
    gt_pool *pool;
    bool plain;
    int slices, n_groups;
    gt_tree_node *groups; /* the groups of this rank, as nodes of the tree */
    bool abreast;
    int *place;            /* [groups] the buffer a group is written to */
    size_t floats, stride; /* of the block; from one buffer to the next */
    size_t bucket_floats;
    int buckets;
    int n_buffers, n_nodes; /* partial sums held at most; and when the last group is done */
    int last_additions;     /* of the last group, done bucket by bucket */
    gt_tree_node nodes[GT_TREE_DEPTH];
    int node_place[GT_TREE_DEPTH];
    float *buffers;
    gt_span *owned; /* [buckets] this rank's */
    gt_exchange exchange;
    gt_reducer_schedule *schedules;

    /* of the reduction that is going on */
    const gt_reducer_schedule *schedule;
    gt_tree_node stack[GT_TREE_DEPTH];
    int stack_place[GT_TREE_DEPTH]; /* the buffers of the stack's values */
    int depth, begun, group;        /* groups begun; ended */
    int launched, finished;         /* buckets, counted along schedule->order */
    gt_nonfinite bad;
    double launched_at; /* the first bucket */
    gt_traffic traffic;
};

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

gt_status gt_exchange_init(gt_reducer *r);   /* not collective */
void gt_exchange_connect_all(gt_reducer *r); /* collective: the communicator and its messages */
void gt_exchange_free_all(gt_reducer *r);
void gt_exchange_begin(gt_reducer *r);
void gt_exchange_launch(gt_reducer *r, int bucket);  /* this rank's nodes are complete in this bucket */
bool gt_exchange_arrived(gt_reducer *r, int bucket); /* has this rank's part of the bucket come from all? */
/* The tree's root in this rank's part of an arrived bucket; the pointer is to the part's first float. */
float *gt_exchange_complete(gt_reducer *r, int bucket);
void gt_exchange_end(gt_reducer *r);

/* Element-wise work of all threads of the pool. */
void gt_add_to(gt_pool *pool, float *sum, const float *x, size_t n);
/* y = x / divisor. Counts the numbers of y that are not finite, and gives the index of the first. x and y may be the
 * same. */
gt_nonfinite gt_divide(gt_pool *pool, float *y, const float *x, size_t n, int divisor);

#endif
