/* SPDX-License-Identifier: Apache-2.0
 * Sliced Wasserstein distance in its published form: Karras et al., "Progressive Growing of GANs for Improved Quality,
 * Stability, and Variation", section 5. (The series Fakes/swd_avg of a run is this distance with fewer samples.)
 *
 *     for each level of the Laplacian pyramid, of each set:
 *         gt_patches *p = gt_patches_new(team, count, height, width, channels, level, 0, seed);
 *         while (...) gt_patches_add(p, pictures, n, NULL, NULL);   // this rank's pictures (gt_rows_share)
 *         st = gt_patches_finish_all(p, NULL, NULL);
 *     st = gt_sliced_distance_all(team, gt_patches_rows(a), gt_patches_rows(b), directions, n, each);
 *
 * 128 patches of 7x7 pixels of each picture; each channel is normalised over all patches of its set; the distance of a
 * level is the mean over 4 x 128 random directions of the mean difference of the sorted projections, and is reported
 * times 1000 ("SWDx1e3_64"), with the mean over levels. Published: 16384 pictures of each set. Places and directions
 * are functions of a seed, the level and the picture. */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_SLICED_H
#define GANTRY_FEATURES_SCORE_DISTANCES_SLICED_H

#include <stddef.h>

#include "metrics/door/rows.h"

enum { GT_PATCH = 7, GT_PATCHES_EACH = 128, GT_SLICES_REPEATS = 4, GT_SLICES_DIRECTIONS = 128 };

/* How many levels pictures of this size have: down to 16 pixels, or an odd side. Level l has 1/2^l of the resolution.
 */
int gt_patches_levels(int height, int width);

typedef struct gt_patches gt_patches;

/* `each`: patches of a picture; 0: GT_PATCHES_EACH. NULL: see gt_message(); pictures of less than 7 pixels have none.
 */
gt_patches *gt_patches_new(const gt_team *team, int64_t count, int height, int width, int channels, int level, int each,
                           uint64_t seed);
/* The next n of this rank's pictures [n,H,W,C], 0 .. 255. x, y [n,each]: the middles of the patches, at least 3 pixels
 * inside the level; NULL: drawn by formula. */
gt_status gt_patches_add(gt_patches *p, const uint8_t *pictures, int64_t n, const int32_t *x, const int32_t *y);
/* Each channel to mean 0 and standard deviation 1 over all patches of the set, a constant one to 0; what they were,
 * [channels], goes to mean and std (NULL: not wanted). GT_FAILED, on all ranks: all channels are constant. */
gt_status gt_patches_finish_all(gt_patches *p, double *mean, double *std);
/* Rows of channels x 7 x 7: index (channel 7 + x) 7 + y. */
const gt_rows *gt_patches_rows(const gt_patches *p);
void gt_patches_free(gt_patches *p); /* NULL is fine */

/* n directions [n,d] of length 1. */
void gt_sliced_directions(uint64_t seed, int level, int64_t n, int64_t d, float *directions);

/* each[n] on all ranks: for each direction the mean difference of the sorted projections. GT_USAGE: sets of different
 * sizes. Tells how many directions are done (gt_tell). */
gt_status gt_sliced_distance_all(const gt_team *team, const gt_rows *a, const gt_rows *b, const float *directions,
                                 int64_t n, double *each);

/* Floats in ascending order: for sliced distances, which sort much and small. */

/* x [n]; `other` [n] is room for the work. A NaN with its sign bit set comes first, one without it last. */
void gt_sort_floats(float *x, float *other, size_t n);

#endif
