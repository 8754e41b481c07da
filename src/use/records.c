/* SPDX-License-Identifier: Apache-2.0
 * A record for every image of a dataset. */
#include "use/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "gantry/encode.h"
#include "gantry/log.h"

typedef struct pass {
    const gt_records *r;
    int64_t count, rounds;
    size_t pixels;       /* floats of an image */
    void *samples;
    float *images;
    char *mine, *dealt;  /* [rounds][batch] records of this rank; of all ranks, one after the other: rank 0 */
} pass;

static gt_status prepare(pass *p) {
    const gt_records *r = p->r;
    const gt_dataset_info *info = gt_dataset_get_info(r->ds);
    int64_t batches = (info->count + r->batch - 1) / r->batch;
    p->count = info->count;
    p->rounds = (batches + r->comm->ranks - 1) / r->comm->ranks;
    p->pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    p->samples = malloc(info->image_bytes);
    p->images = calloc((size_t)r->batch * p->pixels, sizeof *p->images);
    p->mine = calloc((size_t)p->rounds * (size_t)r->batch, r->bytes);
    p->dealt = r->comm->rank ? NULL : calloc((size_t)p->rounds * (size_t)r->comm->ranks * (size_t)r->batch, r->bytes);
    bool got = p->samples && p->images && p->mine && (r->comm->rank || p->dealt);
    return got ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %s %lld images", r->doing, (long long)p->count);
}

static gt_status make_batch(pass *p, int64_t round) {
    const gt_records *r = p->r;
    int64_t first = (round * r->comm->ranks + r->comm->rank) * r->batch, n = p->count - first < r->batch ? p->count - first : r->batch;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < n && !st; i++) st = gt_read_image(r->ds, first + i, p->samples, p->images + (size_t)i * p->pixels);
    return st || n <= 0 ? st : r->make(r->arg, first, (int)n, p->images, p->mine + (size_t)(round * r->batch) * r->bytes);
}

/* From the order of ranks to that of items. */
static gt_status put_in_order(const pass *p, void **all) {
    const gt_records *r = p->r;
    char *out = *all = malloc((size_t)p->count * r->bytes);
    if (!out) return gt_fail(GT_NOMEM, "out of memory for %s %lld images", r->doing, (long long)p->count);
    for (int64_t first = 0; first < p->count; first += r->batch) {
        int64_t batch = first / r->batch, n = p->count - first < r->batch ? p->count - first : r->batch;
        const char *from = p->dealt + (size_t)((batch % r->comm->ranks * p->rounds + batch / r->comm->ranks) * r->batch) * r->bytes;
        memcpy(out + (size_t)first * r->bytes, from, (size_t)n * r->bytes);
    }
    return GT_OK;
}

gt_status gt_records_make_all(const gt_records *r, void **all) {
    pass p = {.r = r};
    *all = NULL;
    gt_status st = gt_comm_agree_all(r->comm, prepare(&p));
    for (int64_t round = 0; round < p.rounds && !st; round++) {
        gt_progress();
        st = make_batch(&p, round);
        char line[64];
        snprintf(line, sizeof line, "%s: %.0f %%", r->doing, 100.0 * (double)(round + 1) / (double)p.rounds);
        gt_log_live(line);
    }
    gt_log_live(NULL);
    if (!(st = gt_comm_agree_all(r->comm, st))) {
        gt_comm_gather_all(r->comm, p.mine, (size_t)p.rounds * (size_t)r->batch * r->bytes, p.dealt);
        st = gt_comm_agree_all(r->comm, r->comm->rank ? GT_OK : put_in_order(&p, all));
    }
    free(p.samples);
    free(p.images);
    free(p.mine);
    free(p.dealt);
    return st;
}
