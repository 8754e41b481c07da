/* SPDX-License-Identifier: Apache-2.0
 * Inception Score: see inception_score.h. With another detector the classes are those of that detector. */
#include "metrics/inception_score.h"
#include "metrics/score_list.h"

static gt_status compute_all(const gt_score_input *in) {
    double mean, std;
    gt_status st = gt_inception_score_all(in->team, &in->fakes.probabilities, GT_SCORE_SPLITS, &mean, &std, NULL);
    if (st) return st;
    in->put(in->arg, "_mean", mean);
    in->put(in->arg, "_std", std);
    return GT_OK;
}

const gt_score gt_scores_of_is[] = {
    {.name = "is#",
     .plain = "is",
     .count = 50000,
     .more_is_better = true,
     .network = GT_SCORE_INCEPTION,
     .needs = GT_SCORE_PROBABILITIES,
     .keys = {"_mean", "_std"},
     .recipe = "10 splits",
     .help = "Inception Score: how clear and how varied classes are",
     .compute_all = compute_all},
    {0},
};
