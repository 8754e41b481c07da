/* SPDX-License-Identifier: Apache-2.0
 * A detector without a network, --detector=pixels: the principal components of the pixels of the real pictures, 50
 * unless said (pixels:20). Its features see pictures of 8 bits, as numbers of -1 .. 1. They are of use when the
 * components of the reals are known: gt_scoring_fit_all() in scoring.h. */
#ifndef GANTRY_FEATURES_SCORE_PIXEL_FEATURES_H
#define GANTRY_FEATURES_SCORE_PIXEL_FEATURES_H

#include "gantry/pool.h"
#include "gantry/score.h"
#include "features/score/distances/gaussian.h"

enum { GT_PIXEL_COMPONENTS = 50 };

/* Of a detector that gt_is_pixels(). GT_USAGE: no number of components. */
gt_status gt_pixel_components(const char *detector, int *n);
/* Of how many of `count` real pictures the components are: the first ones, all of them as long as pictures are small.
 */
int64_t gt_pixel_reals(int64_t count, size_t pixels);
/* Features [n,c->n] of images [n,H,W,C]. GT_NOMEM. */
gt_status gt_pixel_features(const gt_components *c, gt_pool *pool, int n, const float *images, float *features);

#endif
