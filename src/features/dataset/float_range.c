/* SPDX-License-Identifier: Apache-2.0
 * Looks through pictures of floats whose source does not say which samples are black and white: most come as -1 .. 1,
 * which the first picture shows, or as 0 .. 1, which only all of them show. */
#include <stdatomic.h>
#include <stdlib.h>

#include "data/door/source.h"
#include "files/codec/door/sample.h"
#include "base/door/pool.h"
#include "features/dataset/tool.h"
#include "base/door/progress.h"
#include "dist/door/dist.h"

enum { TILE = 16 };

typedef struct look { /* of one rank */
    const gt_items *items;
    int64_t first, end, ranks;
    atomic_bool *beyond, *positive; /* [sources] a sample lies beyond 0 .. 1; one is above 0 */
    _Atomic int64_t done;
} look;

/* Picture i of all sources. What cannot be read says nothing. */
static void look_at(look *l, int64_t i) {
    gt_picture_info head;
    gt_picture p;
    float least, most;
    int k = 0;
    while (i >= l->items->first[k + 1]) k++;
    gt_source *s = l->items->sources[k];
    if (gt_source_get_info(s)->says_range || atomic_load(&l->beyond[k])) return;
    int64_t number = i - l->items->first[k];
    gt_progress();
    if (gt_source_head(s, number, &head) || gt_sample_of_bits(head.bits) != GT_F32 || gt_source_read(s, number, &p))
        return;
    if (!gt_check_finite(s, &p)) {
        gt_sample_ends(p.type, p.samples, gt_picture_bytes(&p) / sizeof(float), &least, &most);
        if (least < 0 || most > 1) atomic_store(&l->beyond[k], true);
        if (most > 0) atomic_store(&l->positive[k], true);
    }
    gt_picture_free(&p);
}

static void look_at_tile(void *arg, int tile, int worker) {
    (void)worker;
    look *l = arg;
    int64_t from = l->first + (int64_t)tile * TILE, to = from + TILE < l->end ? from + TILE : l->end;
    for (int64_t i = from; i < to; i++) look_at(l, i);
    gt_tell((atomic_fetch_add(&l->done, to - from) + to - from) * l->ranks);
}

gt_status gt_floats_look_all(gt_comm *comm, gt_pool *pool, const gt_items *items, bool *unit, bool *others) {
    int64_t all = items->first[items->n];
    size_t n = (size_t)items->n;
    GT_FREED atomic_bool *seen = calloc(2 * n + 1, sizeof *seen);
    look l = {.items = items,
              .first = all * comm->rank / comm->ranks,
              .end = all * (comm->rank + 1) / comm->ranks,
              .ranks = comm->ranks,
              .beyond = seen,
              .positive = seen + n};
    *unit = *others = false;
    gt_status st = gt_comm_agree_all(comm, seen ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %zu sources", n));
    gt_tell_start("checking the range of", "pictures", all);
    if (!st)
        gt_pool_run(items->main_thread_only ? NULL : pool, (int)((l.end - l.first + TILE - 1) / TILE), look_at_tile,
                    &l);
    gt_tell_end();
    for (size_t k = 0; k < n && !st; k++) {
        int64_t beyond = gt_comm_max_all(comm, atomic_load(&l.beyond[k]));
        *unit |= gt_comm_max_all(comm, atomic_load(&l.positive[k])) && !beyond;
        *others |= beyond;
    }
    return st;
}
