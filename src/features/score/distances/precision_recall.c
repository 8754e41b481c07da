/* SPDX-License-Identifier: Apache-2.0
 * Precision and recall. */
#include "features/score/distances/distances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/progress.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"
#include "features/score/distances/nearest.h"

void gt_round_half(float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(x[i]);
        if (!(size < 65520)) {
            if (!isnan(x[i])) x[i] = copysignf(INFINITY, x[i]);
        } else if (size < 0x1p-14f) {
            x[i] = copysignf(size + 0.5f - 0.5f, x[i]); /* the last bit of 0.5 is 2^-24 */
        } else {
            uint32_t bits;
            memcpy(&bits, &x[i], sizeof bits);
            bits = (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
            memcpy(&x[i], &bits, sizeof bits);
        }
    }
}

gt_status gt_manifold_all(const gt_team *team, const gt_rows *rows, int k, double *radius) {
    if (rows->count <= k)
        return gt_fail(GT_USAGE, "the %d-th neighbour in a set of %lld pictures: there are too few", k,
                       (long long)rows->count);
    GT_FREED gt_neighbour *near = malloc((size_t)(rows->own * k) * sizeof *near + 1);
    GT_FREED double *own = malloc((size_t)rows->own * sizeof *own + 1);
    gt_status st = near && own ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the manifold of a set");
    st = gt_comm_agree_all(team->comm, st);
    if (!st) st = gt_nearest_all(team, rows, rows, k, GT_NEAREST_BUT_ITSELF, near);
    for (int64_t i = 0; i < rows->own && !st; i++) own[i] = near[i * k + k - 1].distance;
    if (!st) gt_rows_gather_all(team, rows, own, sizeof *own, radius);
    return st;
}

/* The share of `rows` that lie in the manifold of `of`; radii and rows are the parts of the work. */
static gt_status share_within(const gt_team *team, const gt_rows *rows, const gt_rows *of,
                              const gt_precision_recall_options *o, const char *const parts[2], double *share) {
    GT_FREED double *radius = malloc((size_t)of->count * sizeof *radius);
    GT_FREED uint8_t *inside = malloc((size_t)rows->own + 1);
    gt_status st = radius && inside ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the manifold of a set");
    st = gt_comm_agree_all(team->comm, st);
    if (!st) gt_tell_part(parts[0], "images", of->count);
    if (!st) st = gt_manifold_all(team, of, o->k ? o->k : GT_MANIFOLD_K, radius);
    for (int64_t i = 0; i < of->count && !st && o->half; i++) {
        float rounded = (float)radius[i];
        gt_round_half(&rounded, 1);
        radius[i] = (double)rounded;
    }
    if (!st) gt_tell_part(parts[1], "images", of->count);
    if (!st) st = gt_within_all(team, rows, of, radius, inside);
    int64_t n = 0;
    for (int64_t i = 0; i < rows->own && !st; i++) n += inside[i];
    if (!st) *share = (double)gt_comm_sum_all(team->comm, n) / (double)rows->count;
    return st;
}

gt_status gt_precision_recall_all(const gt_team *team, const gt_rows *reals, const gt_rows *fakes,
                                  const gt_precision_recall_options *o, double *precision, double *recall) {
    static const char *const parts[2][2] = {{"1/4", "2/4"}, {"3/4", "4/4"}};
    gt_status st = gt_rows_check_all(team, reals, "reals");
    if (!st) st = gt_rows_check_all(team, fakes, "fakes");
    if (!st) st = share_within(team, fakes, reals, o, parts[0], precision);
    return st ? st : share_within(team, reals, fakes, o, parts[1], recall);
}

/* ---- the metric ---- */

/* With features and radii of float16, as in StyleGAN2-ADA. */
enum { MOST_REALS = 200000 };

static void round_rows(const gt_rows *r) { gt_round_half((float *)r->x, (size_t)(r->own * r->d)); }

static gt_status precision_and_recall_all(const gt_metric_input *in) {
    double precision, recall;
    round_rows(&in->reals.rows);
    round_rows(&in->fakes.rows);
    gt_status st = gt_precision_recall_all(in->team, &in->reals.rows, &in->fakes.rows,
                                           &(gt_precision_recall_options){.half = true}, &precision, &recall);
    if (st) return st;
    in->put(in->arg, "_precision", precision);
    in->put(in->arg, "_recall", recall);
    return GT_OK;
}

#define PR                                                                                                            \
    .count = 50000, .more_is_better = true, .network = GT_METRIC_VGG16,                                               \
    .needs = GT_METRIC_REALS | GT_METRIC_ROWS | GT_METRIC_HALVES, .keys = {"_precision", "_recall"}, .recipe = "k 3", \
    .compute_all = precision_and_recall_all

const gt_metric gt_metrics_of_pr[] = {
    {.name = "pr#3_full",
     .plain = "pr_full",
     .most_reals = MOST_REALS,
     .full = true,
     .help = "Precision and recall, k = 3, against all reals",
     PR},
    {.name = "pr#3", .plain = "pr", .help = "Precision and recall, k = 3, against as many reals", PR},
    {0},
};
