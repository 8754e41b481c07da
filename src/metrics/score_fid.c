/* SPDX-License-Identifier: Apache-2.0
 * FID: see frechet.h. Both covariances have one divisor: n, as in StyleGAN2-ADA. Where a set is statistics of another
 * program, which do not say of how many pictures they are, their n - 1 stays, and the other set gets n - 1, too. */
#include "metrics/frechet.h"
#include "metrics/score_list.h"

static gt_status distance_of(const gt_gaussian *fakes, const gt_gaussian *reals, double *distance) {
    bool known = fakes->count && reals->count;
    return gt_frechet_distance(fakes, reals, known ? GT_DIVISOR_N : GT_DIVISOR_N_LESS, distance);
}

static gt_status compute_all(const gt_score_input *in) {
    gt_comm *c = in->team->comm;
    double distance = 0;
    gt_status st = c->rank ? GT_OK : distance_of(in->fakes.gaussian, in->reals.gaussian, &distance);
    st = gt_comm_agree_all(c, st);
    if (st) return st;
    gt_comm_broadcast_all(c, &distance, sizeof distance, 0);
    in->put(in->arg, "", distance);
    return GT_OK;
}

#define FID                                                                                                   \
    .count = 50000, .network = GT_SCORE_INCEPTION, .needs = GT_SCORE_REALS | GT_SCORE_GAUSSIAN, .keys = {""}, \
    .compute_all = compute_all

const gt_score gt_scores_of_fid[] = {
    {.name = "fid#_full",
     .plain = "fid_full",
     .most_reals = GT_SCORE_ALL,
     .full = true,
     .help = "Frechet distance of features, against all reals",
     FID},
    {.name = "fid#", .plain = "fid", .help = "Frechet distance of features, against as many reals", FID},
    {0},
};
