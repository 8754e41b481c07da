/* SPDX-License-Identifier: Apache-2.0
 * Work on many items by all ranks, whose results come to rank 0 in the order of the items, a few at a time: files of
 * any length are written while they are made. Batches of items are dealt to the ranks in turn.
 *
 *     st = gt_in_order_all(&(gt_in_order){.comm = c, .count = frames, .batch = 4, .doing = "walking", .of = "frames",
 *                                         .make = make, .take = take, .arg = &film}); */
#ifndef GANTRY_RUNNER_DOOR_IN_ORDER_H
#define GANTRY_RUNNER_DOOR_IN_ORDER_H

#include "base/door/file.h"
#include "gantry/dist.h"

typedef struct gt_in_order {
    gt_comm *comm;
    int64_t count;          /* items */
    int batch;              /* items at a time: a fixed number, so that no result depends on the ranks */
    const char *doing, *of; /* "walking", "frames": for the line that tells how far the work is */
    /* Any rank: adds the results of the n <= batch items `first` and so on to `out`. */
    gt_status (*make)(void *arg, int64_t first, int n, gt_buffer *out);
    /* Rank 0: gets what `make` has made, first item first. NULL: `make` keeps its results itself. */
    gt_status (*take)(void *arg, int64_t first, int n, const char *bytes, size_t size);
    int (*stop)(void); /* not 0: the work ends with GT_STOPPED before the next batch; NULL: never */
    void *arg;
} gt_in_order;

/* All ranks return the same status. On a terminal a live line tells how far the work is, how fast, and how long the
 * rest takes; elsewhere a line of the log does now and then. */
gt_status gt_in_order_all(const gt_in_order *work);

#endif
