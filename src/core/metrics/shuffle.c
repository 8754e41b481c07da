/* SPDX-License-Identifier: Apache-2.0
 * Rows in another order: see rows.h. */
#include "metrics/door/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/random.h"

/* place[i]: where row i comes to stand (Fisher and Yates). */
static void draw_places(int64_t n, uint32_t *place) {
    for (int64_t i = 0; i < n; i++) place[i] = (uint32_t)i;
    for (int64_t i = n - 1; i > 0; i--) {
        gt_key key = {.stream = gt_stream("metrics/order"), .sample = (uint32_t)i};
        uint32_t k = gt_random_below(key, 0, (uint32_t)i + 1), swap = place[i];
        place[i] = place[k];
        place[k] = swap;
    }
}

typedef struct placing {
    const gt_rows *rows;
    uint32_t *place;
    float *out;
} placing;

static void place_rows(void *arg, int64_t first, int64_t n, const float *x) {
    const placing *p = arg;
    size_t d = (size_t)p->rows->d;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = (int64_t)p->place[first + i] - p->rows->first;
        if (at >= 0 && at < p->rows->own) memcpy(p->out + (size_t)at * d, x + (size_t)i * d, d * sizeof *x);
    }
}

gt_status gt_rows_shuffle_all(const gt_team *team, const gt_rows *rows, float *out) {
    placing p = {rows, malloc((size_t)rows->count * sizeof *p.place + 1), out};
    gt_status st = p.place ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows", (long long)rows->count);
    st = gt_comm_agree_all(team->comm, st);
    if (!st) draw_places(rows->count, p.place);
    if (!st) st = gt_rows_each_all(team, rows, place_rows, &p);
    free(p.place);
    return st;
}
