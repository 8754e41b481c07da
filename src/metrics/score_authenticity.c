/* SPDX-License-Identifier: Apache-2.0
 * Does the generator copy? See authenticity.h. */
#include <stdlib.h>

#include "metrics/authenticity.h"
#include "metrics/score_list.h"

static gt_status compute_all(const gt_score_input *in) {
    gt_likeness *all = malloc((size_t)in->fakes.count * sizeof *all);
    double share;
    gt_status st = gt_comm_agree_all(
        in->team->comm, all ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld pairs", (long long)in->fakes.count));
    if (!st) st = gt_authenticity_all(in->team, &in->reals.rows, &in->fakes.rows, in->reals.mirrored, &share, all);
    if (!st) in->put(in->arg, "", share);
    free(all);
    return st;
}

const gt_score gt_scores_of_authenticity[] = {
    {.name = "authenticity#",
     .plain = "authenticity",
     .count = 10000,
     .most_reals = GT_SCORE_ALL,
     .more_is_better = true,
     .network = GT_SCORE_OR_PIXELS,
     .needs = GT_SCORE_REALS | GT_SCORE_ROWS,
     .keys = {""},
     .help = "Share of fakes that are no near copies of a real",
     .compute_all = compute_all},
    {0},
};
