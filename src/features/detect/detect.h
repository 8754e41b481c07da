/* SPDX-License-Identifier: Apache-2.0
 * Scores of boxes against the truth, beside gantry/detect.h. */
#ifndef GANTRY_FEATURES_DETECT_DETECT_H
#define GANTRY_FEATURES_DETECT_DETECT_H

#include "gantry/box.h"
#include "gantry/detect.h"

enum { GT_TRUTH_MAX = 4096 }; /* objects of a picture that are looked at */
/* Adds those of a picture; `found` has the likeliest first. */
void gt_detect_score(gt_detect_scores *s, const gt_detection *found, int64_t n, const gt_box *there, int n_there);

/* Leaves of n detections those that do not overlap a likelier one by more than `overlap`, the likeliest first; returns
 * their number. */
int64_t gt_detect_suppress(gt_detection *list, int64_t n, double overlap);

#endif
