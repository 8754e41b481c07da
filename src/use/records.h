/* SPDX-License-Identifier: Apache-2.0
 * A record of fixed size for every image of a dataset, made by all ranks. */
#ifndef GANTRY_TRAIN_RECORDS_H
#define GANTRY_TRAIN_RECORDS_H

#include "gantry/dataset.h"
#include "gantry/dist.h"

typedef struct gt_records {
    gt_comm *comm;
    gt_dataset *ds;
    int batch;          /* images at a time: a fixed number, so that no record depends on the ranks */
    size_t bytes;       /* of a record */
    const char *doing;  /* "encoding": for the live line and messages */
    /* The records of n <= batch images, items `first` and so on. images [batch,H,W,C] in [-1,1]; those from n on have no meaning. */
    gt_status (*make)(void *arg, int64_t first, int n, const float *images, void *records);
    void *arg;
} gt_records;

/* Collective; all ranks return the same. Batches are dealt to the ranks in turn. On rank 0 *all becomes the records of all items in their order, to be
 * freed; elsewhere NULL. */
gt_status gt_records_make_all(const gt_records *r, void **all);

#endif
