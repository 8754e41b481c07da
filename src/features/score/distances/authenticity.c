/* SPDX-License-Identifier: Apache-2.0
 * Authenticity. Gaps are looked for of those training rows alone that are nearest to a fake: with 60,000 training
 * pictures and 1,000 fakes, of 1,000 rows at most. */
#include "features/score/distances/authenticity.h"

#include <math.h>
#include <stdlib.h>

#include "base/door/numbers.h"
#include "gantry/memory.h"
#include "base/door/progress.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

/* Neighbours of a row, besides itself and its mirror image, of which two may be left out. */
enum { NEIGHBOURS = 3 };

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* number[0..n-1] in rising order, each once; returns how many there are. */
static int64_t sort_numbers(int64_t *number, int64_t n) {
    int64_t m = 0;
    qsort(number, (size_t)n, sizeof *number, by_number);
    for (int64_t i = 0; i < n; i++)
        if (!m || number[i] != number[m - 1]) number[m++] = number[i];
    return m;
}

/* The distance to the first of the neighbours that is neither row `left_out` (-1: none) nor its mirror image. */
static double gap_of(const gt_neighbour *near, int64_t left_out, int64_t count, bool mirrored) {
    for (int k = 0; k < NEIGHBOURS; k++)
        if (near[k].index != left_out && !(mirrored && near[k].index == gt_mirror_image(left_out, count)))
            return near[k].distance;
    return INFINITY;
}

/* all[].gap, on all ranks. */
static gt_status find_gaps(const gt_team *team, gt_arena *a, const gt_rows *train, const gt_rows *fakes, bool mirrored,
                           gt_likeness *all) {
    gt_nearest_but but = mirrored ? GT_NEAREST_BUT_MIRRORED : GT_NEAREST_BUT_ITSELF;
    gt_rows picked = {0};
    int64_t *row = gt_arena_array(a, (size_t)fakes->count, sizeof *row), n = 0;
    for (int64_t i = 0; i < fakes->count && row; i++) row[i] = all[i].nearest;
    if (row) n = sort_numbers(row, fakes->count);
    size_t own = (size_t)gt_rows_share(n, 1, team->comm).own;
    gt_neighbour *mine = gt_arena_array(a, own, NEIGHBOURS * sizeof *mine),
                 *near = gt_arena_array(a, (size_t)n, NEIGHBOURS * sizeof *near); /* of each row */
    gt_status st = gt_comm_agree_all(team->comm, gt_arena_failed(a) ? GT_NOMEM : GT_OK);
    if (!st) st = gt_rows_pick_all(team, train, row, n, &picked);
    if (!st) st = gt_nearest_all(team, &picked, train, NEIGHBOURS, but, mine);
    if (!st) gt_rows_gather_all(team, &picked, mine, NEIGHBOURS * sizeof *mine, near);
    for (int64_t i = 0; i < fakes->count && !st; i++) {
        const int64_t *at = bsearch(&all[i].nearest, row, (size_t)n, sizeof *row, by_number);
        all[i].gap = gap_of(near + (at - row) * NEIGHBOURS, fakes->number ? fakes->number[i] : -1, train->count,
                            mirrored && fakes->number);
    }
    free((void *)picked.x);
    return st;
}

/* all[].nearest and .distance, on all ranks. */
static gt_status find_nearest(const gt_team *team, gt_arena *a, const gt_rows *train, const gt_rows *fakes,
                              bool mirrored, gt_likeness *all) {
    gt_nearest_but but = !fakes->number ? GT_NEAREST_ALL : mirrored ? GT_NEAREST_BUT_MIRRORED : GT_NEAREST_BUT_ITSELF;
    gt_neighbour *near = gt_arena_array(a, (size_t)fakes->own, sizeof *near);
    gt_likeness *own = gt_arena_array(a, (size_t)fakes->own, sizeof *own);
    gt_status st = gt_comm_agree_all(team->comm, gt_arena_failed(a) ? GT_NOMEM : GT_OK);
    if (!st) st = gt_nearest_all(team, fakes, train, 1, but, near);
    for (int64_t i = 0; i < fakes->own && !st; i++)
        own[i] = (gt_likeness){.fake = fakes->first + i, .nearest = near[i].index, .distance = near[i].distance};
    if (!st) gt_rows_gather_all(team, fakes, own, sizeof *own, all);
    return st;
}

gt_status gt_authenticity_all(const gt_team *team, const gt_rows *train, const gt_rows *fakes, bool mirrored,
                              double *share, gt_likeness *all) {
    static const char *const parts[2][2] = {{"nearest", "gaps"}, {"base 1/2", "base 2/2"}};
    bool left_out = fakes->number;
    if (train->count < (mirrored ? 2 : 1) * (left_out ? 3 : 2) || (mirrored && train->count % 2))
        return gt_fail(GT_USAGE, "authenticity of %lld training pictures%s: a picture must have %s",
                       (long long)train->count, mirrored ? ", mirror images included" : "",
                       left_out ? "two others" : "another one");
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = gt_comm_agree_all(team->comm, a ? GT_OK : GT_NOMEM);
    gt_tell_part(parts[left_out][0], "reals", train->count);
    if (!st) st = find_nearest(team, a, train, fakes, mirrored, all);
    for (int64_t i = 0; i < fakes->count && !st; i++)
        if (all[i].nearest < 0)
            st = gt_fail(GT_NONFINITE, "row %lld has no nearest row: its numbers are too large", (long long)i);
    gt_tell_part(parts[left_out][1], "reals", train->count);
    if (!st) st = find_gaps(team, a, train, fakes, mirrored, all);
    int64_t authentic = 0;
    for (int64_t i = 0; i < fakes->count && !st; i++) authentic += gt_is_authentic(&all[i]);
    if (!st) *share = (double)authentic / (double)fakes->count;
    return st;
}

/* ---- the base rate ---- */

static int64_t unmirrored(int64_t count, bool mirrored) { return mirrored ? count / 2 : count; }

int64_t gt_left_out_count(int64_t count, bool mirrored, int64_t fakes) {
    return gt_smallest(unmirrored(count, mirrored), fakes);
}

gt_status gt_authenticity_of_left_out_all(const gt_team *team, const gt_rows *train, bool mirrored, int64_t n,
                                          double *share) {
    int64_t *number = malloc((size_t)n * sizeof *number), there = unmirrored(train->count, mirrored);
    GT_FREED gt_likeness *all = malloc((size_t)n * sizeof *all);
    gt_rows picked = {0};
    gt_status st = number && all ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld pairs", (long long)n);
    st = gt_comm_agree_all(team->comm, st);
    for (int64_t i = 0; i < n && !st; i++) number[i] = i * there / n;
    if (!st) st = gt_rows_pick_all(team, train, number, n, &picked);
    if (!st) st = gt_authenticity_all(team, train, &picked, mirrored, share, all);
    free((void *)picked.x);
    free(number);
    return st;
}

/* ---- order ---- */

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

/* ---- the metric ---- */

static gt_status base_rate_all(const gt_metric_input *in, gt_likeness *all, double *base) {
    const gt_rows *reals = &in->reals.rows;
    if (in->held_out.count)
        return gt_authenticity_all(in->team, reals, &in->held_out.rows, in->reals.mirrored, base, all);
    return gt_authenticity_of_left_out_all(in->team, reals, in->reals.mirrored,
                                           gt_left_out_count(reals->count, in->reals.mirrored, in->fakes.count), base);
}

static gt_status authenticity_all(const gt_metric_input *in) {
    int64_t most = gt_largest(in->fakes.count, in->held_out.count);
    GT_FREED gt_likeness *all = malloc((size_t)most * sizeof *all);
    double share;
    gt_status st = gt_comm_agree_all(in->team->comm,
                                     all ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld pairs", (long long)most));
    if (!st) st = gt_authenticity_all(in->team, &in->reals.rows, &in->fakes.rows, in->reals.mirrored, &share, all);
    if (!st && isnan(*in->base)) st = base_rate_all(in, all, in->base);
    if (!st) in->put(in->arg, "", share);
    if (!st) in->put(in->arg, GT_METRIC_BASE_KEY, *in->base);
    return st;
}

const gt_metric gt_metrics_of_authenticity[] = {
    {.name = "authenticity#",
     .plain = "authenticity",
     .count = 10000,
     .most_reals = GT_METRIC_ALL,
     .more_is_better = true,
     .network = GT_METRIC_OR_PIXELS,
     .needs = GT_METRIC_REALS | GT_METRIC_ROWS | GT_METRIC_BASE,
     .keys = {""},
     .help = "Share of fakes that are farther from their nearest real than this real is from all other reals, with its "
             "base rate",
     .compute_all = authenticity_all},
    {0},
};
