/* SPDX-License-Identifier: Apache-2.0
 * Precision and recall, with features and radii of float16 as in StyleGAN2-ADA: see precision_recall.h. */
#include "metrics/precision_recall.h"
#include "metrics/score_list.h"

enum { MOST_REALS = 200000 };

static void round_rows(const gt_rows *r) { gt_round_half((float *)r->x, (size_t)(r->own * r->d)); }

static gt_status compute_all(const gt_score_input *in) {
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

#define PR                                                                                                         \
    .count = 50000, .more_is_better = true, .network = GT_SCORE_VGG16,                                             \
    .needs = GT_SCORE_REALS | GT_SCORE_ROWS | GT_SCORE_HALVES, .keys = {"_precision", "_recall"}, .recipe = "k 3", \
    .compute_all = compute_all

const gt_score gt_scores_of_pr[] = {
    {.name = "pr#3_full",
     .plain = "pr_full",
     .most_reals = MOST_REALS,
     .full = true,
     .help = "Precision and recall, k = 3, against all reals",
     PR},
    {.name = "pr#3", .plain = "pr", .help = "Precision and recall, k = 3, against as many reals", PR},
    {0},
};
