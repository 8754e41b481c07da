/* SPDX-License-Identifier: Apache-2.0
 * KID: see kid.h. */
#include "metrics/kid.h"
#include "metrics/score_list.h"

enum { MOST_REALS = 1000000 };

static gt_status compute_all(const gt_score_input *in) {
    double kid;
    gt_status st = gt_kid_all(in->team, &in->fakes.rows, &in->reals.rows, &(gt_kid_options){.seed = in->seed}, &kid,
                              NULL);
    if (!st) in->put(in->arg, "", kid);
    return st;
}

#define KID                                                                                               \
    .count = 50000, .network = GT_SCORE_INCEPTION, .needs = GT_SCORE_REALS | GT_SCORE_ROWS, .keys = {""}, \
    .recipe = "100 subsets", .compute_all = compute_all

const gt_score gt_scores_of_kid[] = {
    {.name = "kid#_full",
     .plain = "kid_full",
     .most_reals = MOST_REALS,
     .full = true,
     .help = "Kernel distance of features, against all reals",
     KID},
    {.name = "kid#", .plain = "kid", .help = "Kernel distance of features, against as many reals", KID},
    {0},
};
