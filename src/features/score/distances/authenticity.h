/* SPDX-License-Identifier: Apache-2.0
 * Does a generator copy? Authenticity: Alaa et al., "How Faithful is your Synthetic Data?", section 2. For each fake g
 * the nearest training picture x is looked for. The fake is authentic where it is farther from x than x is from its
 * nearest other training picture:
 *
 *     x(g) = argmin over t in T of |g - t|,   gap(x) = min over t in T without x of |x - t|
 *     authenticity = share of g with |g - x(g)| > gap(x(g))
 *
 * The value alone says little: pure noise lies far from everything and has 1, pictures that no network ever saw have
 * 0.6 to 0.7. So it stands beside its base rate, the authenticity of pictures that were held out, or of the training
 * pictures themselves, left out one at a time: each of n training pictures r is judged as a fake against T without r,
 * in x(r) as in gap(x). With mirror images, T is without the mirror image of r in both, and without that of x in
 * gap(x). */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_AUTHENTICITY_H
#define GANTRY_FEATURES_SCORE_DISTANCES_AUTHENTICITY_H

#include "features/score/distances/nearest.h"

typedef struct gt_likeness { /* of a fake */
    int64_t fake, nearest;   /* rows */
    double distance;         /* to the nearest row */
    double gap;              /* of the nearest row to its nearest other row */
} gt_likeness;

/* Is the fake farther from its nearest row than the gap? */
static inline bool gt_is_authentic(const gt_likeness *l) { return l->distance > l->gap; }

/* *share: of fakes that are authentic. all[fakes->count] in the order of fakes. Both on all ranks. `mirrored`: the
 * second half of the training rows are the mirror images of the first half. Fakes that are rows picked of the training
 * rows (gt_rows_pick_all) are left out of these, each for itself. GT_USAGE: fewer than two training pictures, or than
 * three where one is left out; an odd number of rows of mirrored ones. */
gt_status gt_authenticity_all(const gt_team *team, const gt_rows *train, const gt_rows *fakes, bool mirrored,
                              double *share, gt_likeness *all);

/* How many pictures of a training set of `count` rows are left out, for a base rate beside so many fakes: as many, or
 * all there are, which are not mirror images. Number i of these is row floor(i N / n) of the N that there are. */
int64_t gt_left_out_count(int64_t count, bool mirrored, int64_t fakes);
/* The authenticity of these. On all ranks; errors as above. */
gt_status gt_authenticity_of_left_out_all(const gt_team *team, const gt_rows *train, bool mirrored, int64_t n,
                                          double *share);

/* By rising distance / gap: the likeliest copies first. Of equal ones the smaller fake first. */
void gt_sort_by_likeness(gt_likeness *all, int64_t n);

#endif
