/* SPDX-License-Identifier: Apache-2.0
 * Sets of rows of numbers (features, patches, probabilities), shared out over the ranks, and the loops over them that
 * the metrics are made of. A set is cut into blocks of consecutive rows, by the number of its rows alone; a rank has
 * the rows of consecutive blocks. So sums over blocks by the exact tree (dist.h) are the same on any number of ranks.
 *
 *     gt_rows fakes = gt_rows_share(50000, 2048, team->comm);
 *     float *x = ...;                                  // the features of items fakes.first .. + fakes.own - 1
 *     fakes.x = x;
 *     st = gt_rows_check_all(team, &fakes, "fakes");
 *
 * The rows that come out of networks are float32; sums of them are float64. */
#ifndef GANTRY_METRICS_DOOR_ROWS_H
#define GANTRY_METRICS_DOOR_ROWS_H

#include <stdint.h>

#include "dist/door/dist.h"
#include "gantry/kernels.h"
#include "gantry/pool.h"
#include "gantry/status.h"

/* Who computes: all ranks of `comm`, each with the threads of its pool. No result depends on either. Functions that
 * look at all rows or pictures may end with GT_STOPPED, on all ranks; how far they are goes to gt_tell(). */
typedef struct gt_team {
    gt_comm *comm;
    gt_pool *pool;                /* NULL: the calling thread alone */
    const gt_kernel_set *kernels; /* of products of matrices; NULL: the best of this CPU */
    int (*stop)(void); /* any thread: not 0, and from then on: this rank is to stop; NULL, on all ranks: never */
} gt_team;

/* Between two pieces of work that take a second or so. Any thread: is this rank to stop? The rest of the work is then
 * left out, up to the next look of all ranks. */
bool gt_team_stops(const gt_team *team);
/* GT_STOPPED on all ranks, if one of them is to stop. */
gt_status gt_team_look_all(const gt_team *team);

enum { GT_ROW_BLOCKS = 128 /* of a set, at most */, GT_ROWS_AT_ONCE = 2048 /* of a panel, at most */ };

typedef struct gt_rows {
    int64_t count;      /* rows of all ranks, 1 .. 2^31 - 1 */
    int64_t d;          /* numbers of a row */
    int64_t together;   /* so many consecutive rows stay on one rank and in one block: the patches of a picture; or 1 */
    int64_t first, own; /* this rank's rows are first .. first + own - 1 */
    const float *x;     /* [own,d] */
    /* [count]: the rows are these of a larger set (gt_rows_pick_all); NULL: they are a set. */
    const int64_t *number;
} gt_rows;

/* How many rows this rank has, and which; x is NULL. */
gt_rows gt_rows_share(int64_t count, int64_t d, const gt_comm *comm);
/* The same for `together` rows of each of `count` items, such as the patches of pictures. */
gt_rows gt_rows_share_of(int64_t count, int64_t together, int64_t d, const gt_comm *comm);
gt_slices gt_rows_blocks(int64_t count); /* of items */

/* GT_NONFINITE on all ranks, with the row and the set's name (`what`: "fakes"), where a number is NaN or infinite. */
gt_status gt_rows_check_all(const gt_team *team, const gt_rows *rows, const char *what);

/* Calls fn for panels of at most GT_ROWS_AT_ONCE rows: on every rank for all rows of all ranks, in ascending order, so
 * that each rank can do its part of what needs all of them. x lasts for the call. fn must not fail. After each panel
 * the ranks look whether they are to stop. */
typedef void gt_panel_of_rows_fn(void *arg, int64_t first, int64_t n, const float *x);
gt_status gt_rows_each_all(const gt_team *team, const gt_rows *rows, gt_panel_of_rows_fn *fn, void *arg);

/* The same for rows of `bytes` (the pixels of pictures), of which `mine` are this rank's part of `count` rows
 * (gt_rows_share); at most `at_once` rows a call. */
typedef void gt_panel_of_bytes_fn(void *arg, int64_t first, int64_t n, const void *rows);
gt_status gt_bytes_each_all(const gt_team *team, int64_t count, size_t bytes, int64_t at_once, const void *mine,
                            gt_panel_of_bytes_fn *fn, void *arg);

/* Sums of blocks: fn adds what n consecutive rows of one block contribute to sums[m]. out[m], on all ranks, is the
 * tree's sum over the blocks of all ranks. */
typedef void gt_add_rows_fn(void *arg, int64_t first, int64_t n, const float *x, double *sums);
gt_status gt_rows_sum_all(const gt_team *team, const gt_rows *rows, int64_t m, gt_add_rows_fn *fn, void *arg,
                          double *out);

/* *out: rows number[0] .. number[n-1] of `rows`, in rising order and the same on all ranks, shared out as
 * gt_rows_share(n); out->number is `number`, and out->x is to be freed, whatever the status. */
gt_status gt_rows_pick_all(const gt_team *team, const gt_rows *rows, const int64_t *number, int64_t n, gt_rows *out);

/* mean[d] over all rows, on all ranks. */
gt_status gt_rows_mean_all(const gt_team *team, const gt_rows *rows, double *mean);

/* A value of `bytes` for each of this rank's rows becomes all[count] on all ranks. */
void gt_rows_gather_all(const gt_team *team, const gt_rows *rows, const void *mine, size_t bytes, void *all);

/* Rows in another order, for metrics that look at parts of a set: a set may come class by class. The order is a formula
 * of the number of rows alone, so that the same set has the same value whoever computes it, with any seed. */

/* This rank's part of the shuffled rows into out [own,d]. All ranks. */
gt_status gt_rows_shuffle_all(const gt_team *team, const gt_rows *rows, float *out);

#endif
