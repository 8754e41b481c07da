/* SPDX-License-Identifier: Apache-2.0
 * Does a generator copy? Authenticity: Alaa et al., "How Faithful is your Synthetic Data?", section 2. For each fake g
 * the nearest training picture x is looked for. The fake is authentic where it is farther from x than x is from its
 * nearest other training picture. There is no value that is right by itself: pictures that were held out, taken as
 * fakes, say what to expect. */
#ifndef GANTRY_METRICS_AUTHENTICITY_H
#define GANTRY_METRICS_AUTHENTICITY_H

#include "metrics/nearest.h"

typedef struct gt_likeness { /* of a fake */
    int64_t fake, nearest;   /* rows */
    double distance;         /* to the nearest row */
    double gap;              /* of the nearest row to its nearest other row */
} gt_likeness;

/* Is the fake farther from its nearest row than the gap? */
static inline bool gt_is_authentic(const gt_likeness *l) { return l->distance > l->gap; }

/* *share: of fakes that are authentic. all[fakes->count] in the order of fakes. Both on all ranks. `mirrored`: the
 * second half of the training rows are the mirror images of the first half. GT_USAGE: fewer than two training
 * pictures, or an odd number of rows of mirrored ones. */
gt_status gt_authenticity_all(const gt_team *team, const gt_rows *train, const gt_rows *fakes, bool mirrored,
                              double *share, gt_likeness *all);

/* By rising distance / gap: the likeliest copies first. Of equal ones the smaller fake first. */
void gt_sort_by_likeness(gt_likeness *all, int64_t n);

#endif
