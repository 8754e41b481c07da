/* SPDX-License-Identifier: Apache-2.0
 * Rank 0's book of what became of each item, in order: findings, duplicates, the destination, progress on disk. */
#ifndef GANTRY_PACK_LEDGER_H
#define GANTRY_PACK_LEDGER_H

#include "dataset_tool/tool.h"

typedef struct gt_ledger {
    const gt_pack_request *request;
    const gt_items *items;
    gt_findings *findings;
    gt_dest dest;
    gt_journal *journal; /* NULL: a scan, nothing is made */
    int64_t done;        /* items that came by */
    int64_t begun;       /* of them, those of an earlier run */
    bool checking;       /* no images are made any more */
    gt_hash128 key;      /* of what is made */
    bool looked;         /* at samples of images that were kept: */
    float low, high;     /* the smallest and the largest */
    gt_hash128 *hash;    /* [items.count] of items read; zero: not read */
    uint32_t *seen;      /* hash table of 1 + item, 0: free */
    size_t slots;        /* of it: a power of 2 */
    double started, next_sync, spoken;
} gt_ledger;

/* Opens the destination, going on where an earlier run with the same key ended, or comparing with what stands there.
 * gt_ledger_close in any case. */
gt_status gt_ledger_open(gt_ledger *l, const gt_pack_request *r, const gt_items *items, gt_findings *findings, const gt_picture *shape, gt_hash128 key);
/* What a rank made (gt_worker_run): the items after l->done. */
gt_status gt_ledger_take(void *ledger, const void *made, size_t bytes);
gt_status gt_ledger_finish(gt_ledger *l); /* the result appears */
void gt_ledger_close(gt_ledger *l, bool finished);

#endif
