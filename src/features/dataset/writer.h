/* SPDX-License-Identifier: Apache-2.0
 * What rank 0 does with the made items, in order: remarks, duplicates, the destination, progress on disk. */
#ifndef GANTRY_DATA_TOOL_WRITER_H
#define GANTRY_DATA_TOOL_WRITER_H

#include "features/dataset/tool.h"

typedef struct gt_equals { /* items by their hashes */
    gt_hash128 *hash;      /* [items.count]; zero: unknown */
    uint32_t *seen;        /* hash table of 1 + item, 0: free */
    size_t slots;          /* of the table: a power of 2 */
} gt_equals;

typedef struct gt_writer {
    const gt_convert_request *request;
    const gt_items *items;
    gt_remarks *remarks;
    gt_dest dest;
    int64_t done;   /* items taken so far */
    int64_t begun;  /* items that an earlier run took */
    bool checking;  /* no images are made any more */
    gt_hash128 key; /* of what is made */
    struct {
        bool looked;        /* low and high are set */
        float low, high;    /* the smallest and the largest sample of kept pictures */
    } ends[GT_F32 + 1];     /* of each kind of sample */
    gt_equals read, made;   /* pictures as they were read, and the images made of them */
    int64_t uniform, alike; /* kept images of one colour; those that equal an earlier one, of another picture */
    int64_t first_uniform, first_alike, alike_to; /* items */
    double next_sync;
} gt_writer;

/* Opens the destination: resumes where an earlier run with the same key ended, or begins to compare what is there. The
 * caller calls gt_writer_close in any case. */
gt_status gt_writer_open(gt_writer *l, const gt_convert_request *r, const gt_items *items, gt_remarks *remarks,
                         const gt_picture *shape, gt_hash128 key);
/* Takes what a rank made (gt_worker_run): the items after l->done. */
gt_status gt_writer_take(void *writer, const void *made, size_t bytes);
gt_status gt_writer_finish(gt_writer *l); /* the result appears */
void gt_writer_close(gt_writer *l, bool finished);

#endif
