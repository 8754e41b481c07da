/* SPDX-License-Identifier: Apache-2.0
 * Which checkpoints of a run stay and which go. */
#include <math.h>

#include "run/door/checkpoint_internal.h"

static bool is_best(const checkpoint_place *p, const int64_t best[2]) {
    return p->images == best[0] || p->images == best[1];
}

/* Stays for a reason of its own: new, the first of its span, the best. The others are spare. Returns the bytes of those
 * that stay. */
static double sort_out(checkpoint_place *list, int n, const gt_keep *keep, const int64_t best[2]) {
    double bytes = 0;
    for (int i = 0; i < n; i++) {
        checkpoint_place *p = &list[i];
        bool among_newest = i < (keep->newest < 1 ? 1 : keep->newest);
        /* the first of its interval: the next older one belongs to another */
        bool milestone = keep->every > 0 && (i + 1 == n || p->images / keep->every != p[1].images / keep->every);
        p->goes = false;
        p->spare = !among_newest && !milestone && !is_best(p, best);
        if (!p->spare) bytes += p->bytes;
    }
    return bytes;
}

/* The spare one whose neighbours are nearest to each other; the newest of all is never spare. NULL: none is left. */
static checkpoint_place *least_missed(checkpoint_place *list, int n) {
    checkpoint_place *found = NULL, *newer = NULL, *middle = NULL;
    int64_t nearest = 0;
    for (int i = 0; i < n; i++) {
        checkpoint_place *older = &list[i];
        if (older->goes) continue;
        if (newer && middle->spare && (!found || newer->images - older->images <= nearest)) {
            nearest = newer->images - older->images;
            found = middle;
        }
        newer = middle;
        middle = older;
    }
    return found ? found : middle && middle->spare ? middle : NULL; /* the oldest of all has no older neighbour */
}

/* Removes spare ones until at most so many bytes of them are left. */
static void thin_out(checkpoint_place *list, int n, double most) {
    double bytes = 0;
    for (int i = 0; i < n; i++) bytes += list[i].spare ? list[i].bytes : 0;
    for (checkpoint_place *p; (bytes > most || most <= 0) && (p = least_missed(list, n)); bytes -= p->bytes)
        p->goes = true;
}

void checkpoint_choose_removed(checkpoint_place *list, int n, const gt_keep *keep, int64_t images,
                               const int64_t best[2]) {
    for (; n && list->images > images; n--) list++;
    double bytes = sort_out(list, n, keep, best), room = keep->bytes > 0 ? fmax(0, keep->bytes - bytes) : INFINITY;
    thin_out(list, n, fmin(keep->audit, room));
    for (int i = n - 1; i > 1 && keep->bytes > 0 && bytes > keep->bytes; i--) {
        if (list[i].spare || is_best(&list[i], best)) continue;
        list[i].goes = true;
        bytes -= list[i].bytes;
    }
}
