/* SPDX-License-Identifier: Apache-2.0
 * What a metric is given of a collected set: its rows, or the first ones of them, and their Gaussian. */
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "metrics/door/metric.h"
#include "features/score/scoring.h"

/* ---- the first rows of a set, from the ranks that have them to those of the smaller set ---- */

typedef struct taking {
    int64_t first, own; /* of this rank, in the smaller set */
    size_t bytes;
    char *to;
} taking;

static void take_rows(void *arg, int64_t first, int64_t n, const void *rows) {
    const taking *t = arg;
    int64_t from = gt_largest(first, t->first), end = gt_smallest(first + n, t->first + t->own);
    if (from < end)
        memcpy(t->to + (size_t)(from - t->first) * t->bytes, (const char *)rows + (size_t)(from - first) * t->bytes,
               (size_t)(end - from) * t->bytes);
}

gt_status gt_first_rows_all(const gt_team *team, int64_t whole, int64_t count, size_t bytes, const void *mine,
                            void **part) {
    enum { AT_ONCE_BYTES = 1 << 24 };
    gt_rows share = gt_rows_share(count, 1, team->comm);
    *part = malloc((size_t)share.own * bytes + 1);
    gt_status st = *part ? GT_OK : gt_fail(GT_NOMEM, "out of memory for rows of %lld pictures", (long long)count);
    st = gt_comm_agree_all(team->comm, st);
    taking t = {.first = share.first, .own = share.own, .bytes = bytes, .to = *part};
    int64_t at_once = gt_largest(1, AT_ONCE_BYTES / (int64_t)bytes);
    return st ? st : gt_bytes_each_all(team, whole, bytes, at_once, mine, take_rows, &t);
}

/* ---- the set of a metric ---- */

/* The rows of the first `count`: those of the lane, or a copy of some. */
static gt_status rows_of_set_all(gt_scoring *s, const gt_lane *l, int64_t count, int64_t d, float *rows, gt_rows *out) {
    *out = gt_rows_share(count, d, s->team.comm);
    out->x = rows;
    if (!rows || count == l->count) return GT_OK;
    void *part;
    gt_status st = gt_first_rows_all(&s->team, l->count, count, (size_t)d * sizeof *rows, rows, &part);
    out->x = part;
    return st;
}

static const gt_kept_gaussian *find_gaussian(const gt_collected *c, int lane, int64_t count) {
    for (int i = 0; i < c->n_gaussians; i++)
        if (c->gaussian[i].lane == lane && c->gaussian[i].count == count) return &c->gaussian[i];
    return NULL;
}

static gt_status gaussian_of_set_all(gt_scoring *s, gt_collected *c, int lane, int64_t count, gt_metric_set *out) {
    const gt_kept_gaussian *k = find_gaussian(c, lane, count);
    if (c->set->statistics) {
        out->gaussian = c->set->statistics;
        return GT_OK;
    }
    if (!k) {
        gt_kept_gaussian *fresh = &c->gaussian[c->n_gaussians];
        *fresh = (gt_kept_gaussian){.lane = lane, .count = count};
        gt_status st = gt_gaussian_of_rows_all(&s->team, &out->rows, &fresh->g);
        if (st) return st;
        c->n_gaussians++;
        gt_collected_keep_gaussian(s, c, fresh);
        k = fresh;
    }
    out->gaussian = &k->g;
    return GT_OK;
}

gt_status gt_metric_set_of_all(gt_scoring *s, gt_collected *c, int lane, int needs, int64_t count, gt_metric_set *out) {
    gt_picture_set *set = c->set;
    *out = (gt_metric_set){.count = count,
                           .height = set->height,
                           .width = set->width,
                           .channels = set->channels,
                           .mirrored = set->unmirrored * 2 == set->count && count == set->count};
    gt_status st = GT_OK;
    if (lane != GT_LANE_NONE) {
        const gt_lane *l = &c->lane[lane];
        bool rows = needs & GT_METRIC_ROWS ||
                    (needs & GT_METRIC_GAUSSIAN && l->features && !find_gaussian(c, lane, count));
        if (rows) st = rows_of_set_all(s, l, count, l->d, l->features, &out->rows);
        if (!st && needs & GT_METRIC_PROBABILITIES)
            st = rows_of_set_all(s, l, count, l->classes, l->probabilities, &out->probabilities);
        if (!st && needs & GT_METRIC_CLASSES) st = rows_of_set_all(s, l, count, 2, l->asked, &out->classes);
        if (!st && needs & GT_METRIC_GAUSSIAN) st = gaussian_of_set_all(s, c, lane, count, out);
    }
    if (st || !(needs & GT_METRIC_PICTURES)) return st;
    void *part = c->pictures;
    if (count < c->picture_count)
        st = gt_first_rows_all(&s->team, c->picture_count, count, gt_set_pixels(set), c->pictures, &part);
    out->pictures = part;
    return st;
}

void gt_metric_set_free(const gt_collected *c, int lane, gt_metric_set *set) {
    const gt_lane *l = lane != GT_LANE_NONE ? &c->lane[lane] : &(gt_lane){0};
    if (set->rows.x != l->features) free((void *)set->rows.x);
    if (set->probabilities.x != l->probabilities) free((void *)set->probabilities.x);
    if (set->classes.x != l->asked) free((void *)set->classes.x);
    if (set->pictures != c->pictures) free((void *)set->pictures);
    *set = (gt_metric_set){0};
}
