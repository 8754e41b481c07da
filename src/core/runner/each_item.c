/* SPDX-License-Identifier: Apache-2.0
 * A record for each of many items: see each_item.h. */
#include "runner/door/each_item.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/door/sample.h"
#include "dist/door/dist.h"
#include "runner/door/items.h"
#include "base/door/memory.h"
#include "base/door/progress.h"

static int64_t rounds_of(const gt_each_item *w) { /* batches of the rank that has most */
    int64_t batches = (w->count + w->batch - 1) / w->batch;
    return (batches + w->comm->ranks - 1) / w->comm->ranks;
}

/* Room for the records of so many batches; NULL: out of memory. */
static char *room_for(const gt_each_item *w, int64_t batches) {
    size_t bytes;
    char *room = gt_mul_overflows((size_t)batches * (size_t)w->batch, w->bytes, &bytes) ? NULL : calloc(bytes + 1, 1);
    if (!room) gt_fail(GT_NOMEM, "out of memory for %s %lld images", w->doing, (long long)w->count);
    return room;
}

/* Room for a batch of the dataset's images; *images NULL: there is no dataset. */
static gt_status images_for(const gt_each_item *w, float **images) {
    const gt_dataset_info *info = w->data ? gt_dataset_get_info(w->data) : NULL;
    *images = info ? calloc((size_t)w->batch, info->image_bytes / gt_sample_bytes(info->type) * sizeof **images) : NULL;
    return *images || !info ? GT_OK
                            : gt_fail(GT_NOMEM, "out of memory for %s %lld images", w->doing, (long long)w->count);
}

static gt_status read_images(const gt_each_item *w, int64_t first, int n, float *images) {
    int64_t items[n];
    for (int i = 0; i < n; i++) items[i] = first + i;
    return gt_read_images(w->data, n, items, images);
}

static gt_status make_batch(const gt_each_item *w, int64_t round, float *images, char *mine) {
    int64_t first = (round * w->comm->ranks + w->comm->rank) * w->batch,
            n = w->count - first < w->batch ? w->count - first : w->batch;
    gt_progress();
    if (n <= 0) return GT_OK;
    gt_status st = images ? read_images(w, first, (int)n, images) : GT_OK;
    if (!st)
        st = w->make(w->arg, first, (int)n, images, w->bytes ? mine + (size_t)(round * w->batch) * w->bytes : NULL);
    if (!st) gt_tell(gt_smallest((round + 1) * w->comm->ranks * w->batch, w->count));
    return st;
}

/* From the order of ranks to that of items. */
static void put_in_order(const gt_each_item *w, const char *dealt, char *all) {
    int64_t rounds = rounds_of(w);
    for (int64_t first = 0, batch = 0; first < w->count; first += w->batch, batch++) {
        int64_t n = w->count - first < w->batch ? w->count - first : w->batch;
        const char *from = dealt +
                           (size_t)((batch % w->comm->ranks * rounds + batch / w->comm->ranks) * w->batch) * w->bytes;
        memcpy(all + (size_t)first * w->bytes, from, (size_t)n * w->bytes);
    }
}

/* Rank 0 gets *all. One rank has made the records in their order. */
static gt_status collect_all(const gt_each_item *w, char **mine, void **all) {
    int64_t rounds = rounds_of(w);
    char *dealt = NULL, *ordered = NULL;
    if (w->comm->ranks == 1) {
        *all = *mine;
        *mine = NULL;
        return GT_OK;
    }
    bool first = w->comm->rank == 0;
    if (first) dealt = room_for(w, rounds * w->comm->ranks);
    if (first && dealt) ordered = room_for(w, rounds * w->comm->ranks);
    gt_status st = gt_comm_agree_all(w->comm, first && !ordered ? GT_NOMEM : GT_OK);
    if (!st) gt_comm_gather_all(w->comm, *mine, (size_t)(rounds * w->batch) * w->bytes, dealt);
    if (!st && first) put_in_order(w, dealt, ordered);
    free(dealt);
    if (st) free(ordered);
    else *all = ordered;
    return st;
}

gt_status gt_each_item_all(const gt_each_item *w, void **all) {
    int64_t rounds = rounds_of(w);
    float *images;
    GT_FREED char *mine = room_for(w, rounds);
    *all = NULL;
    gt_status st = images_for(w, &images);
    st = gt_comm_agree_all(w->comm, mine ? st : GT_NOMEM);
    gt_tell_start(w->doing, "images", w->count);
    for (int64_t round = 0; round < rounds && !st; round++) st = make_batch(w, round, images, mine);
    gt_tell_end();
    st = gt_comm_agree_all(w->comm, st);
    free(images);
    if (!st && w->bytes) st = collect_all(w, &mine, all);
    return st;
}
