/* SPDX-License-Identifier: Apache-2.0
 * Authenticity. */
#include "metrics/authenticity.h"

#include <math.h>
#include <stdlib.h>

/* The distance of each training row to its nearest other row, on all ranks. */
static gt_status find_gaps(const gt_team *team, const gt_rows *train, bool mirrored, double *gap) {
    gt_neighbour *near = malloc((size_t)train->own * sizeof *near + 1);
    double *own = malloc((size_t)train->own * sizeof *own + 1);
    gt_status st = near && own ? GT_OK : gt_fail(GT_NOMEM, "out of memory for nearest pictures");
    st = gt_comm_agree_all(team->comm, st);
    if (!st)
        st = gt_nearest_all(team, train, train, 1, mirrored ? GT_NEAREST_BUT_MIRRORED : GT_NEAREST_BUT_ITSELF, near);
    for (int64_t i = 0; i < train->own && !st; i++) own[i] = near[i].distance;
    if (!st) gt_rows_gather_all(team, train, own, sizeof *own, gap);
    free(near);
    free(own);
    return st;
}

gt_status gt_authenticity_all(const gt_team *team, const gt_rows *train, const gt_rows *fakes, bool mirrored,
                              double *share, gt_likeness *all) {
    if (train->count < (mirrored ? 4 : 2) || (mirrored && train->count % 2))
        return gt_fail(GT_USAGE, "authenticity of %lld training pictures%s: a picture must have another one",
                       (long long)train->count, mirrored ? ", mirror images included" : "");
    double *gap = malloc((size_t)train->count * sizeof *gap);
    gt_neighbour *near = malloc((size_t)fakes->own * sizeof *near + 1);
    gt_likeness *own = malloc((size_t)fakes->own * sizeof *own + 1);
    gt_status st = gap && near && own ? GT_OK : gt_fail(GT_NOMEM, "out of memory for nearest pictures");
    st = gt_comm_agree_all(team->comm, st);
    if (!st) st = find_gaps(team, train, mirrored, gap);
    if (!st) st = gt_nearest_all(team, fakes, train, 1, GT_NEAREST_ALL, near);
    int64_t authentic = 0;
    for (int64_t i = 0; i < fakes->own && !st; i++) {
        own[i] = (gt_likeness){fakes->first + i, near[i].index, near[i].distance, gap[near[i].index]};
        authentic += gt_is_authentic(&own[i]);
    }
    if (!st) {
        gt_rows_gather_all(team, fakes, own, sizeof *own, all);
        *share = (double)gt_comm_sum_all(team->comm, authentic) / (double)fakes->count;
    }
    free(gap);
    free(near);
    free(own);
    return st;
}

static double ratio_of(const gt_likeness *l) {
    return l->gap > 0 ? l->distance / l->gap : l->distance > 0 ? INFINITY : 0;
}

static int by_likeness(const void *a, const void *b) {
    const gt_likeness *x = a, *y = b;
    double left = ratio_of(x), right = ratio_of(y);
    if (left != right) return left < right ? -1 : 1;
    return (x->fake > y->fake) - (x->fake < y->fake);
}

void gt_sort_by_likeness(gt_likeness *all, int64_t n) { qsort(all, (size_t)n, sizeof *all, by_likeness); }
