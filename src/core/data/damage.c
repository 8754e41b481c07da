/* SPDX-License-Identifier: Apache-2.0 */
#include "data/door/damage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "dist/door/dist.h"

/* The place of a picture, or the place where it belongs. */
static size_t place_of(const gt_damage *d, int64_t picture) {
    size_t low = 0, high = d->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->picture[middle] < picture) low = middle + 1;
        else high = middle;
    }
    return low;
}

bool gt_damage_has(const gt_damage *d, int64_t picture) {
    size_t place = place_of(d, picture);
    return place < d->n && d->picture[place] == picture;
}

gt_status gt_damage_add(gt_damage *d, int64_t picture) {
    size_t place = place_of(d, picture);
    if (place < d->n && d->picture[place] == picture) return GT_OK;
    gt_status st = gt_grow(&d->picture, &d->room, d->n + 1, sizeof *d->picture, "a list of damaged pictures");
    if (st) return st;
    memmove(d->picture + place + 1, d->picture + place, (d->n - place) * sizeof *d->picture);
    d->picture[place] = picture;
    d->n++;
    return GT_OK;
}

/* A rank's own list to all others. */
static gt_status hand_out_all(gt_comm *comm, int from, const gt_damage *own, gt_damage *all) {
    uint64_t n = own->n;
    gt_comm_broadcast_all(comm, &n, sizeof n, from);
    GT_FREED int64_t *list = calloc(n + 1, sizeof *list);
    gt_status st = gt_comm_agree_all(comm, list ? GT_OK : gt_fail(GT_NOMEM, "out of memory for damaged pictures"));
    if (!st && n) {
        if (comm->rank == from) memcpy(list, own->picture, n * sizeof *list);
        gt_comm_broadcast_all(comm, list, n * sizeof *list, from);
    }
    for (uint64_t i = 0; i < n && !st; i++) st = gt_damage_add(all, list[i]);
    return gt_comm_agree_all(comm, st);
}

gt_status gt_damage_join_all(gt_comm *comm, gt_damage *d) {
    gt_damage all = {0};
    gt_status st = GT_OK;
    if (comm->ranks == 1 || !gt_comm_max_all(comm, d->n > 0)) return GT_OK;
    for (int r = 0; r < comm->ranks && !st; r++) st = hand_out_all(comm, r, d, &all);
    if (st) {
        gt_damage_free(&all);
        return st;
    }
    gt_damage_free(d);
    *d = all;
    return GT_OK;
}

void gt_damage_free(gt_damage *d) {
    free(d->picture);
    *d = (gt_damage){0};
}

gt_status gt_damage_too_many(const char *spec, int64_t damaged, int64_t pictures) {
    return gt_fail(GT_FORMAT,
                   "'%s': %" PRId64 " of %" PRId64
                   " pictures are damaged so far, more than the 1 %% that --on-error=skip allows; gantry dataset "
                   "verify lists them, gantry dataset SOURCE DEST --on-error=skip makes a set without them",
                   spec, damaged, pictures);
}
