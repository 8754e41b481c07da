/* SPDX-License-Identifier: Apache-2.0
 * Statistics of reals that are kept from run to run (statistics_cache.h), for scores. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "metrics/door/metric.h"
#include "features/score/scoring.h"
#include "features/score/statistics_cache.h"

enum { KEY_BYTES = 512 };

/* Pixels are not kept: they are as quick to read as their copies. */
static bool is_kept(const gt_scoring *s, const gt_collected *c, int lane) {
    return !s->o.no_cache && s->extractor[lane] && !gt_extractor_is_pixels(s->extractor[lane]) &&
           (c->set->identity.high || c->set->identity.low);
}

static void key_of(const gt_scoring *s, const gt_collected *c, int lane, const char *what, int64_t count,
                   char key[KEY_BYTES]) {
    const gt_extractor *d = s->extractor[lane];
    char pictures[33], detector[33], numbers[80];
    gt_hash_hex(c->set->identity, pictures);
    gt_hash_hex(gt_extractor_hash(d), detector);
    int n = snprintf(key, KEY_BYTES, "%s 1\npictures %s\n%dx%dx%d\ndetector %s\nkernels %s\ncount %lld\n", what,
                     pictures, c->set->width, c->set->height, c->set->channels, detector, gt_extractor_kernels(d),
                     (long long)count);
    if (*gt_picture_set_numbers(c->set, numbers)) snprintf(key + n, (size_t)(KEY_BYTES - n), "numbers %s\n", numbers);
}

/* Rank 0 reads, and all ranks take their rows. *found: all rows were read. */
static gt_status read_rows_all(const gt_team *team, gt_cached_rows *from, gt_lane *l, bool *found) {
    gt_comm *comm = team->comm;
    gt_rows share = gt_rows_share(l->count, l->d, comm);
    size_t d = (size_t)l->d;
    GT_FREED float *panel = malloc(GT_ROWS_AT_ONCE * d * sizeof *panel);
    l->features = malloc((size_t)share.own * d * sizeof *l->features + 1);
    gt_status st = panel && l->features ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows", (long long)l->count);
    st = gt_comm_agree_all(comm, st);
    *found = !st;
    for (int64_t first = 0, n = 0; first < l->count && *found; first += n) {
        if (!comm->rank) *found = !gt_cached_rows_next(from, &n, panel);
        gt_comm_broadcast_all(comm, found, sizeof *found, 0);
        gt_comm_broadcast_all(comm, &n, sizeof n, 0);
        if (!*found) break;
        gt_comm_broadcast_all(comm, panel, (size_t)n * d * sizeof *panel, 0);
        int64_t begin = gt_largest(first, share.first), end = gt_smallest(first + n, share.first + share.own);
        if (begin < end)
            memcpy(l->features + (size_t)(begin - share.first) * d, panel + (size_t)(begin - first) * d,
                   (size_t)(end - begin) * d * sizeof *panel);
    }
    if (*found) return GT_OK;
    free(l->features);
    l->features = NULL;
    return st;
}

static gt_status recall_rows_all(gt_scoring *s, gt_collected *c, int lane) {
    gt_comm *comm = s->team.comm;
    gt_lane *l = &c->lane[lane];
    char key[KEY_BYTES];
    key_of(s, c, lane, "features", l->count, key);
    gt_cached_rows *from = comm->rank ? NULL : gt_cached_rows_open(key, l->count, l->d);
    bool found = from != NULL;
    gt_comm_broadcast_all(comm, &found, sizeof found, 0);
    gt_status st = found ? read_rows_all(&s->team, from, l, &l->from_cache) : GT_OK;
    gt_cached_rows_close(from);
    return st;
}

static gt_status recall_gaussian_all(gt_scoring *s, gt_collected *c, int lane) {
    gt_comm *comm = s->team.comm;
    gt_lane *l = &c->lane[lane];
    gt_kept_gaussian *k = &c->gaussian[c->n_gaussians];
    char key[KEY_BYTES];
    key_of(s, c, lane, "gaussian", l->count, key);
    bool found = false;
    gt_status st = comm->rank ? GT_OK : gt_statistics_cache_get(key, &found, &k->g);
    st = gt_comm_agree_all(comm, st);
    gt_comm_broadcast_all(comm, &found, sizeof found, 0);
    if (st || !found) return st;
    k->lane = lane;
    k->count = l->count;
    c->n_gaussians++;
    l->from_cache = true;
    return GT_OK;
}

gt_status gt_collected_recall_all(gt_scoring *s, gt_collected *c) {
    gt_status st = GT_OK;
    for (int lane = 0; lane < GT_LANES && !st; lane++) {
        int needs = c->lane[lane].needs;
        if (!needs || !is_kept(s, c, lane)) continue;
        if (needs == GT_METRIC_GAUSSIAN) st = recall_gaussian_all(s, c, lane);
        else if (!(needs & ~(GT_METRIC_GAUSSIAN | GT_METRIC_ROWS))) st = recall_rows_all(s, c, lane);
    }
    return st;
}

typedef struct keeping {
    gt_cached_rows *to; /* rank 0's */
    gt_status status;
} keeping;

static void keep_panel(void *arg, int64_t first, int64_t n, const float *x) {
    keeping *k = arg;
    (void)first;
    if (k->to && !k->status) k->status = gt_cached_rows_append(k->to, n, x);
}

gt_status gt_collected_keep_rows_all(gt_scoring *s, gt_collected *c, int lane) {
    const gt_lane *l = &c->lane[lane];
    char key[KEY_BYTES];
    if (!is_kept(s, c, lane)) return GT_OK;
    key_of(s, c, lane, "features", l->count, key);
    keeping k = {.to = s->team.comm->rank ? NULL : gt_cached_rows_create(key, l->count, l->d)};
    gt_rows rows = gt_rows_share(l->count, l->d, s->team.comm);
    rows.x = l->features;
    gt_status st = gt_rows_each_all(&s->team, &rows, keep_panel, &k);
    gt_cached_rows_close(k.to);
    return st;
}

void gt_collected_keep_gaussian(gt_scoring *s, const gt_collected *c, const gt_kept_gaussian *k) {
    char key[KEY_BYTES];
    if (s->team.comm->rank || !is_kept(s, c, k->lane)) return;
    key_of(s, c, k->lane, "gaussian", k->count, key);
    gt_statistics_cache_put(key, &k->g);
}
