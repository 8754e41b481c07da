/* SPDX-License-Identifier: Apache-2.0
 * Does the generator copy? See authenticity.h. */
#include <math.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "metrics/authenticity.h"
#include "metrics/score_list.h"

static gt_status base_rate_all(const gt_score_input *in, gt_likeness *all, double *base) {
    const gt_rows *reals = &in->reals.rows;
    if (in->held_out.count)
        return gt_authenticity_all(in->team, reals, &in->held_out.rows, in->reals.mirrored, base, all);
    return gt_authenticity_of_left_out_all(in->team, reals, in->reals.mirrored,
                                           gt_left_out_count(reals->count, in->reals.mirrored, in->fakes.count), base);
}

static gt_status compute_all(const gt_score_input *in) {
    int64_t most = gt_largest(in->fakes.count, in->held_out.count);
    gt_likeness *all = malloc((size_t)most * sizeof *all);
    double share;
    gt_status st = gt_comm_agree_all(in->team->comm,
                                     all ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld pairs", (long long)most));
    if (!st) st = gt_authenticity_all(in->team, &in->reals.rows, &in->fakes.rows, in->reals.mirrored, &share, all);
    if (!st && isnan(*in->base)) st = base_rate_all(in, all, in->base);
    if (!st) in->put(in->arg, "", share);
    if (!st) in->put(in->arg, GT_SCORE_BASE_KEY, *in->base);
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
     .needs = GT_SCORE_REALS | GT_SCORE_ROWS | GT_SCORE_BASE,
     .keys = {""},
     .help = "Share of fakes that are farther from their nearest real than that real is from all others, beside its "
             "base rate",
     .compute_all = compute_all},
    {0},
};
