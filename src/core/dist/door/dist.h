/* SPDX-License-Identifier: Apache-2.0
 * Ranks: who owns which slice, sums over slices that are the same bits on any number of ranks, updates shared out over
 * ranks, and errors that end all ranks with one message.
 *
 * The tree over slices: node(0, i) is slice i, node(level, i) = node(level-1, 2i) + node(level-1, 2i+1), and a missing
 * sibling passes through. Every sum over slices here, of gradients, states or statistics, is this tree's root.
 *
 *     gt_status st;
 *     gt_comm *c = gt_comm_start_all(0, &st);
 *     st = gt_comm_agree_all(c, gt_slices_check_ranks(batch, slices, c->ranks)); // every rank returns the same
 *     gt_slice_range(c, slices, c->rank, &first, &count);
 *     gt_reducer *r = gt_reducer_new_all(c, pool, &(gt_reducer_options){.slices = slices, .floats = block_floats});
 *     gt_reducer_schedule *schedule = gt_reducer_schedule_new(r, n, outputs);     // one per phase
 *     each phase:
 *         gt_reducer_begin_all(r, schedule);
 *         for each of this rank's groups of slices:                  // gt_work.units: each line for all of a unit
 *             gt_exec_bind(e, GT_SLOT_GRAD, gt_reducer_begin_group(r));
 *             gt_exec_run(e, &(gt_exec_env){.between = gt_reducer_progress, .between_arg = r, ...});
 *             gt_reducer_end_group(r);
 *         gt_nonfinite bad = gt_reducer_finish_all(r);
 *         ... each part of gt_reducer_owned(r, &n): optimiser on gradient + offset, params + offset, moments + offset
 *         gt_reducer_gather_all(r, params);
 *
 * Words that say how work is cut. A slice is some consecutive samples of a batch, often one, and a leaf of the tree. A
 * group is some slices of one rank that run at once, and a node of the tree. An execution (gt_exec) computes one group.
 *
 * A function whose name ends with _all is collective: all ranks call it, in the same order, from their main thread; the
 * others are not. An error inside MPI ends all ranks (MPI's own error handler). A rank whose launcher is gone ends. */
#ifndef GANTRY_DIST_DOOR_DIST_H
#define GANTRY_DIST_DOOR_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/pool.h"
#include "gantry/status.h"

/* ---- ranks ---- */

/* One rank for work that the calling rank does by itself, whoever the others are; ended by gt_comm_stop_all(). NULL:
 * out of memory. */
gt_comm *gt_comm_alone(void);

/* This rank cannot go on while others wait for it. Logs gt_message() as an error with rank and host and
 * ends all ranks within seconds (exit status 2 for GT_USAGE, else 1); does not return. Alone: returns st, to be handled
 * in the ordinary way. */
gt_status gt_comm_abort(gt_comm *c, gt_status st);
/* What this rank still writes where it ends all ranks: gt_message() says why. NULL: nothing. It has 5 seconds. */
void gt_comm_at_abort(void (*write)(void *arg), void *arg);

/* Beside gt_comm_heartbeat(): what this rank does from now on. gt_comm_busy(): likewise, and it may take long without a
 * word (sums by one rank): ten times the limit holds until the next gt_comm_doing(). Neither waits. `what` must stay
 * valid. */
void gt_comm_doing(gt_comm *c, uint32_t step, const char *what);
void gt_comm_busy(gt_comm *c, const char *what);
/* While one rank works and the others wait for it, they give up their cores sooner. Each wait may take an eighth
 * longer, which steps would feel. At first no rank is patient. */
void gt_comm_patient(gt_comm *c, bool patient);

void gt_comm_barrier_all(gt_comm *c);
/* Are these few bytes the same as those of rank 0? */
bool gt_comm_as_first_all(gt_comm *c, const void *mine, size_t bytes);
/* Brings the bytes of all ranks into `all` on rank 0, one after the other, in rank order. Other ranks ignore `all`. */
void gt_comm_gather_all(gt_comm *c, const void *mine, size_t bytes, void *all);
/* The same without room for all bytes at once: rank 0 calls `take` with the bytes of each rank, in rank order, its own
 * bytes included, until `take` fails. Rank 0 returns the status of `take`; other ranks return GT_OK. */
gt_status gt_comm_funnel_all(gt_comm *c, const void *mine, size_t bytes,
                             gt_status (*take)(void *arg, const void *data, size_t bytes), void *arg);
/* The largest value of all ranks, or the smallest. */
int64_t gt_comm_max_all(gt_comm *c, int64_t value);
int64_t gt_comm_min_all(gt_comm *c, int64_t value);
double gt_comm_max_double_all(gt_comm *c, double value); /* of numbers, not NaN */
int64_t gt_comm_sum_all(gt_comm *c, int64_t value);

/* ---- before MPI: the library, and what a launcher tells a process ---- */

/* The components of the library that carry messages: "pml ob1, btl self tcp vader". False: unknown. To be called after
 * MPI_Init. */
bool gt_mpi_transport(char *out, size_t bytes);
/* GT_FAILED: the limit of file sizes (ulimit -f) is below what several ranks of Open MPI need before they meet; a
 * signal would end them without a word. */
gt_status gt_mpi_check_limits(void);

typedef struct gt_mpi_launch {
    int ranks;      /* that a launcher says it has started; 1: none says so */
    const char *by; /* the variable that says so: "PMI_SIZE"; "" */
    bool hydra;     /* by MPICH's launcher: its processes never become ranks of Open MPI */
} gt_mpi_launch;
gt_mpi_launch gt_mpi_launch_look(void); /* before MPI_Init, which sets such variables itself */
/* GT_USAGE: MPI has joined (`joined` true) or will join one rank alone of several: the launcher is one of another MPI.
 */
gt_status gt_mpi_check_launcher(gt_mpi_launch before, bool joined, int ranks);

/* Raises the limit of open files (ulimit -n) as far as this process may, up to what any rank needs. MPI opens a
 * connection to each rank on another host. GT_FAILED: the limit is too low for so many of them. */
gt_status gt_mpi_open_files(int elsewhere);

bool gt_cores_came_free(void); /* gt_cores_held() says some, and no run has locked one of these now */

/* ---- slices ---- */

/* GT_USAGE: a batch cannot be cut into so many slices, or there are more ranks than slices; the message says what can
 * be done about it. */

/* The usual number of slices of so many images each, where fewer would be too little work to pay for the sum over
 * slices: but eight at least, or one for each image. */
int gt_slices_of(int64_t batch, int64_t images);
/* gt_slices_check_ranks() for any number of ranks. */
gt_status gt_slices_check(int batch, int slices);

/* A batch cut into slices of consecutive samples, which differ by one sample at most, the larger ones first. In sums
 * over slices each weighs by its samples, relative to the mean slice: 1 exactly where all are equal. */
typedef struct gt_slices {
    int samples, count; /* count <= samples */
} gt_slices;
int gt_slices_samples(gt_slices c, int slice);   /* how many samples the slice has */
int gt_slices_first(gt_slices c, int slice);     /* the first sample of the slice */
double gt_slices_weight(gt_slices c, int slice); /* samples of the slice x count / samples */
/* The last `rest` samples of an epoch, when full batches are cut like `full`: slices of the size of a full batch's
 * slices (of its larger ones, else of its smaller ones) where that size divides the rest; else as many slices as the
 * full batch has, or as there are samples. */
gt_slices gt_slices_of_rest(gt_slices full, int rest);

/* The contiguous range of slices of a rank: at most slices / ranks, rounded up, and at least one; the ranges of a host
 * differ by one slice at most. Hosts have whole parts of the tree of sums as far as that leaves them room. With more
 * ranks than slices some get none. Of `c` only ranks, hosts and host_first are read. */
void gt_slice_range(const gt_comm *c, int slices, int rank, int *first, int *count);
int gt_slice_owner(const gt_comm *c, int slices, int slice); /* which rank has it */

/* Slices that run at once, in one execution (gt_exec_options.slices): of equal size, and a node of the tree. */
typedef struct gt_group {
    int first, count;
} gt_group;
enum { GT_MOST_AT_ONCE = 64 };

/* A stretch is so many slices in a row over which executions sum in their middle (gt_sum_over_slices): what a
 * normalisation or a stddev group takes together. A batch consists of whole stretches; 1: nothing is summed. A stretch
 * has a tree of its own, in which its slices are numbered from 0; a group is a node of both trees, and holds whole
 * stretches or lies within one. The groups of a stretch that is not one group run abreast, from sum to sum. */

/* The largest group of at most `most` slices that begins with slice `first` and ends before slice `end`. */
gt_group gt_group_from(gt_slices slices, int stretch, int first, int end, int most);

/* What a rank computes of a batch: groups in the order in which they run, and how many of them run abreast. The order
 * is ascending or descending, so that ranks meet in the stretches that they share: of these, each second one comes
 * first on all of its ranks, and the others last; so no rank waits for another's other work, and none for ever. */
typedef struct gt_work {
    int n_groups, n_units;
    gt_group *groups; /* [n_groups] */
    int *units;       /* [n_units] groups of each, all of one stretch where they are several */
} gt_work;
/* Room for as many groups and units as the rank has slices, and one, is the caller's. */
void gt_work_plan(const gt_comm *c, gt_slices slices, int stretch, int rank, int most, gt_work *work);

/* Small values, one vector of n numbers per slice, summed in float64 by the tree. mine: [this rank's slices][n]; out:
 * [n], on all ranks. */
gt_status gt_comm_tree_sum_all(gt_comm *c, int slices, size_t n, const double *mine, double *out);
/* The same in two parts, between which the ranks do other things: the sum goes on wherever they wait. fill() writes the
 * vector [n] of the own slice number `own`. A rank sends and receives some log2(ranks) vectors; no second sum may begin
 * before the end. GT_OK, or the ranks end. The result is [n], on all ranks, until the next sum begins. */
typedef void gt_small_fill(void *arg, int own, double *vector);
gt_status gt_small_sum_begin_all(gt_comm *c, int slices, size_t n, gt_small_fill *fill, void *arg);
const double *gt_small_sum_end_all(gt_comm *c);

/* Sums over the slices of a stretch in the middle of executions (gt_slice_sum in graph.h): n float32 numbers each.
 * groups[n_groups] are those that this rank has of one stretch; own[i] is the tree's sum over group i; the root of the
 * stretch's tree goes to every total[i]. Where other ranks have slices of the stretch, they make the same call, and
 * nobody else does. */
typedef struct gt_meetings gt_meetings;
gt_meetings *gt_meetings_new_all(gt_comm *c, int slices, int stretch); /* NULL: see gt_message() */
void gt_meetings_free_all(gt_meetings *m);                             /* NULL is fine */
gt_status gt_meetings_sum(gt_meetings *m, int n_groups, const gt_group *groups, size_t n, const float *const *own,
                          float *const *total);

/* Long vectors: [n] per slice, of which a rank holds a few at a time:
 *     gt_tree_sum *s = gt_tree_sum_new(c, slices, n);     // memory: some 4 log2(slices) vectors at most
 *     for each of this rank's slices in order: gt_tree_sum_add(s, vector);
 *     gt_tree_sum_finish_all(s, out);                     // out [n] on rank 0: the tree's root; s is as new again */
typedef struct gt_tree_sum gt_tree_sum;
gt_tree_sum *gt_tree_sum_new(gt_comm *c, int slices, size_t n); /* NULL: see gt_message() */
void gt_tree_sum_add(gt_tree_sum *s, const double *vector);
gt_status gt_tree_sum_finish_all(gt_tree_sum *s, double *out);
void gt_tree_sum_free(gt_tree_sum *s); /* NULL is fine */

/* ---- memory in common ---- */

/* Neighbours: ranks of a host that keep one copy of what is the same for all of them. They are on the same NUMA node, a
 * copy on another one would be far away, and have the same key: who needs other values has other neighbours. Each does
 * a part of what is to be written there, posts that, and waits until all have posted:
 *
 *     gt_neighbours_post(neighbours);      // this rank's part is written
 *     gt_neighbours_await(neighbours);     // all parts are
 *
 * Nobody may write again before the neighbours have read: a reduction, or an all-gather, lies between. */
typedef struct gt_neighbours { /* read only */
    int count, place;          /* so many ranks, and this rank's place among them */
    void *memory;              /* one for all of them, zeros at first; begins at a page */
    size_t bytes;
} gt_neighbours;

/* How many ranks of this host and NUMA node bring this key, this rank included. */
int gt_neighbours_count_all(gt_comm *c, uint64_t key);
/* Ranks with one key bring one size; 0: the rank wants nothing. All memory of a host is there, or none: then, and on a
 * host with one rank, the result is NULL, and rank 0 logs why the memory is missing. */
gt_neighbours *gt_neighbours_open_all(gt_comm *c, uint64_t key, size_t bytes);
void gt_neighbours_close(gt_neighbours *n); /* NULL is fine */
void gt_neighbours_post(gt_neighbours *n);
void gt_neighbours_await(gt_neighbours *n);

/* ---- gradients ---- */

typedef struct gt_reducer gt_reducer;
typedef struct gt_reducer_schedule gt_reducer_schedule;

typedef struct gt_reducer_options {
    int slices;
    const gt_work *work;  /* of this rank; NULL: each slice is a group, in order. Changes no bit */
    size_t floats;        /* of the block: gradients, and the parameters they belong to */
    size_t bucket_floats; /* 0: chosen from the size of the block. Changes no bit */
    /* A reducer of the same block, not for slices of its own, whose memory this one uses too: they take turns, and the
     * lender is freed last. */
    gt_reducer *lender;
    int spare_buffers; /* at least so many buffers, for borrowers (gt_reducer_buffers) */
    /* between ranks MPI_Iallreduce in place of the tree: for comparison, bits may depend on ranks */
    bool plain;
} gt_reducer_options;

typedef struct gt_span {
    size_t offset, size; /* floats of the block */
} gt_span;

typedef struct gt_nonfinite {
    uint64_t count;
    size_t first; /* offset in the block of the first one; meaningless for count 0 */
} gt_nonfinite;

/* The ranks of a host read each other's gradients in memory that they share; where they cannot share any, rank 0 logs
 * why, and they exchange messages as hosts do. pool may be NULL; NULL: see gt_message() */
gt_reducer *gt_reducer_new_all(gt_comm *c, gt_pool *pool, const gt_reducer_options *o);
/* Gradients that this rank holds at a time at most. */
int gt_reducer_buffers(const gt_comm *c, const gt_reducer_options *o);
void gt_reducer_free_all(gt_reducer *r);      /* frees the schedules too */
size_t gt_reducer_bytes(const gt_reducer *r); /* memory of the reducer on this rank */
bool gt_reducer_shares(const gt_reducer *r);  /* this rank reads gradients of others in memory that they share */

/* What a phase writes into the gradient, in the order in which the execution of the last group finishes it
 * (gt_exec_output_order). The rest of the block is zeros. All ranks have the same outputs, in whatever order. NULL: see
 * gt_message(). The reducer frees it. */
gt_reducer_schedule *gt_reducer_schedule_new(gt_reducer *r, int n, const gt_span *outputs);

void gt_reducer_begin_all(gt_reducer *r, const gt_reducer_schedule *schedule);
/* Where the next group's gradient, the tree's sum over its slices, is to be written: a block of `floats`, zero wherever
 * the schedule has no output. */
float *gt_reducer_begin_group(gt_reducer *r);
/* The first `done` outputs of this group are written (the executor's `between` hook, arg = the reducer).
 * In the last group (not of several abreast) finished buckets leave for their owners; otherwise it lets communication
 * move on. */
void gt_reducer_progress(void *reducer, int done);
void gt_reducer_end_group(gt_reducer *r);
/* All gradients are in, and the reduce-scatter is over: this rank's shards of gt_reducer_gradient() are the tree sum /
 * slices. Non-finite numbers are counted over all ranks. */
gt_nonfinite gt_reducer_finish_all(gt_reducer *r);
float *gt_reducer_gradient(gt_reducer *r);

/* How long this rank's gradients and parameters were on their way since the last call of this function, from the first
 * bucket that left to the last that arrived, and how long of that it had nothing else to do: the rest was hidden behind
 * the backward pass. Alone: zeros. */
typedef struct gt_traffic {
    double seconds, waited;
} gt_traffic;
gt_traffic gt_reducer_traffic(gt_reducer *r);

/* The shards of the block that this rank owns, ascending; fixed for the reducer's life. Alone: all of it. */
const gt_span *gt_reducer_owned(const gt_reducer *r, int *n);

/* The all-gather: of a block of `floats` each rank has the shards that it owns, and all ranks get all shards. The
 * gradient is gone. After gt_reducer_use_neighbours(), blocks that lie in the neighbours' memory are there for all of
 * them: each rank writes its own shards in place, and may write them again once it knows that the neighbours have read
 * them, as after the next reduction. */
void gt_reducer_gather_all(gt_reducer *r, float *block);
void gt_reducer_use_neighbours(gt_reducer *r, const gt_neighbours *n); /* NULL: nothing */
/* The same, but rank 0 alone gets all shards (of the state of optimisers, for a checkpoint). */
void gt_reducer_collect_all(gt_reducer *r, float *block);
void gt_reducer_deal_all(gt_reducer *r, float *block); /* from rank 0's whole block each rank gets its shards */

#endif
