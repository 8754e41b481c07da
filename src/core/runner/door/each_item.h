/* SPDX-License-Identifier: Apache-2.0
 * A record of fixed size for each of many items, made by all ranks: batches of items are dealt to the ranks in turn,
 * and the records are put back in the order of the items.
 *
 *     void *records;
 *     gt_each_item each = {
 *         .comm = c, .count = n, .batch = 8, .bytes = sizeof(float), .doing = "encoding", .make = make};
 *     gt_status st = gt_each_item_all(&each, &records); */
#ifndef GANTRY_RUNNER_DOOR_EACH_ITEM_H
#define GANTRY_RUNNER_DOOR_EACH_ITEM_H

#include "gantry/dataset.h"
#include "gantry/dist.h"

typedef struct gt_each_item {
    gt_comm *comm;
    int64_t count;     /* items */
    int batch;         /* items at a time: a fixed number, so that no record depends on the ranks */
    size_t bytes;      /* of a record; 0: no records are kept, and `records` is NULL */
    const char *doing; /* "encoding": for messages, and for the line that tells how far the work is */
    gt_dataset *data;  /* the items are the first images of this dataset; NULL: the items are none of a dataset */
    /* Makes the records of the n <= batch items `first` and so on. `images`: with `data` [batch,H,W,C] in [-1,1], of
     * which those from n on have no meaning; else NULL. */
    gt_status (*make)(void *arg, int64_t first, int n, const float *images, void *records);
    void *arg;
} gt_each_item;

/* All ranks return the same status. *all: on rank 0 the records of all items, which the caller frees; NULL on other
 * ranks, after an error, and where no records are kept. */
gt_status gt_each_item_all(const gt_each_item *each, void **all);

#endif
