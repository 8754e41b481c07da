/* SPDX-License-Identifier: Apache-2.0
 * What a detector without a network learns from the reals, before it is of use: the components of their pixels. */
#include "features/score/distances/gaussian.h"
#include "features/score/pixel_features.h"
#include "features/score/scoring.h"

#include "gantry/log.h"
#include "gantry/progress.h"
#include "metrics/door/metric.h"

gt_status gt_lane_gaussian_all(gt_scoring *s, gt_picture_set *set, int lane, int64_t count, gt_gaussian *out) {
    gt_collected c = {.set = set};
    gt_metric_set seen;
    *out = (gt_gaussian){0};
    gt_collected_want(&c, lane, GT_METRIC_GAUSSIAN, count);
    gt_status st = gt_collect_all(s, &c);
    if (!st && c.lane[lane].failed) st = gt_fail(GT_NONFINITE, "features of the %s are NaN or infinite", set->name);
    if (!st) st = gt_metric_set_of_all(s, &c, lane, GT_METRIC_GAUSSIAN, count, &seen);
    for (int i = 0; i < c.n_gaussians && !st; i++) { /* there is one */
        *out = c.gaussian[i].g;
        c.gaussian[i].g = (gt_gaussian){0};
    }
    gt_collected_free(&c);
    return st;
}

/* From bytes to numbers of -1 .. 1. */
static void scale_mean(gt_components *c) {
    for (int64_t k = 0; k < c->d; k++) c->mean[k] = c->mean[k] / 127.5 - 1;
}

static gt_status fit_all(gt_scoring *s, gt_extractor *d, gt_picture_set *reals) {
    gt_comm *comm = s->team.comm;
    gt_gaussian g;
    gt_components c = {0};
    int64_t count = gt_pixel_reals(reals->unmirrored, gt_set_pixels(reals));
    gt_status st = gt_lane_gaussian_all(s, reals, GT_LANE_PIXELS, count, &g);
    if (st) return st;
    gt_tell_start("components of pixels", NULL, 0);
    if (!comm->rank) st = gt_components_of(&g, (int)gt_extractor_features(d), &c);
    scale_mean(&c);
    st = gt_comm_agree_all(comm, st);
    gt_tell_end();
    if (!st) st = gt_components_share_all(comm, &c);
    gt_gaussian_free(&g);
    if (st) return gt_wrap(st, "--detector=%s: the components of the %s", s->o.detector, reals->name);
    if (c.n < gt_extractor_features(d))
        gt_info("--detector=%s: the %lld reals differ in %d directions only, so the features are these %d coordinates, "
                "not %lld",
                s->o.detector, (long long)count, c.n, c.n, (long long)gt_extractor_features(d));
    gt_extractor_fit(d, &c, count);
    return gt_comm_agree_all(comm, gt_extractor_takes(d, reals->height, reals->width, reals->channels));
}

gt_status gt_scoring_fit_all(gt_scoring *s, gt_picture_set *reals) {
    gt_extractor *d = s->extractor[GT_LANE_OWN];
    if (!d || !gt_extractor_wants_fit(d)) return GT_OK;
    if (!reals || reals->statistics)
        return gt_fail(GT_USAGE,
                       "--detector=%s: the components are computed from real pictures, which are needed (--data)",
                       s->o.detector);
    return fit_all(s, d, reals);
}
