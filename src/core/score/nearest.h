/* SPDX-License-Identifier: Apache-2.0
 * Beside the scores: the statistics of a set, and a picture of the fakes that are most like a real. */
#ifndef GANTRY_SCORE_NEAREST_H
#define GANTRY_SCORE_NEAREST_H

#include "score/door/score.h"
#include "metrics/door/gaussian.h"
#include "score/door/picture_set.h"

/* All ranks: mean and covariance of all of the set, by the detector of the first score that needs a Gaussian; *out on
 * rank 0 is the caller's. GT_USAGE: there is no such score. */
gt_status gt_scoring_gaussian_all(gt_scoring *s, gt_picture_set *set, gt_gaussian *out);

/* All ranks: the fakes that are most like a real, by rising distance / gap (metrics/door/authenticity.h), a row each,
 * and beside each its nearest reals with their distances. In the features of the user's detector, else in pixels. */
gt_status gt_nearest_picture_all(gt_scoring *s, gt_picture_set *reals, gt_picture_set *fakes, const char *path);

#endif
