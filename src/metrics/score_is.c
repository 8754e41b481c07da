/* SPDX-License-Identifier: Apache-2.0
 * Inception Score: see inception_score.h. With another detector the classes are those of that detector. */
#include <stdlib.h>

#include "metrics/inception_score.h"
#include "metrics/score_list.h"
#include "metrics/shuffle.h"

/* A split of pictures in the order of their classes would show few classes: the splits are of shuffled pictures. */
static gt_status compute_all(const gt_score_input *in) {
    double mean, std;
    gt_rows shuffled = in->fakes.probabilities;
    float *x = malloc((size_t)shuffled.own * (size_t)shuffled.d * sizeof *x + 1);
    gt_status st = x ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows", (long long)shuffled.own);
    st = gt_comm_agree_all(in->team->comm, st);
    if (!st) st = gt_rows_shuffle_all(in->team, &in->fakes.probabilities, x);
    shuffled.x = x;
    if (!st) st = gt_inception_score_all(in->team, &shuffled, GT_SCORE_SPLITS, &mean, &std, NULL);
    free(x);
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
     .recipe = "10 splits of shuffled pictures",
     .help = "Inception Score: how clear and how varied classes are",
     .compute_all = compute_all},
    {0},
};
