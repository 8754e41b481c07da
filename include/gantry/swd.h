/* SPDX-License-Identifier: Apache-2.0
 * Sliced Wasserstein distance: how far the patches of one set of images are from those of another, at several scales. Karras et al., "Progressive
 * Growing of GANs for Improved Quality, Stability, and Variation", section 5. It needs no classifier, and tells sharpness, textures, colours and
 * variety apart, but not what is shown.
 *
 * Images become Laplacian pyramids, down to 16 pixels or an odd side. Of each level of each image 32 patches of 7x7 pixels are taken; each channel is
 * normalised over all patches of the set; both sets are projected on 128 directions and sorted. The distance is the mean difference, times 1000, over
 * directions and levels. It shrinks with the number of images: only sets of one size compare.
 *
 *     gt_swd *reals = gt_swd_new(n, height, width, channels, images), *fakes = gt_swd_new(...);
 *     double distance = gt_swd_distance(reals, fakes);
 */
#ifndef GANTRY_SWD_H
#define GANTRY_SWD_H

enum { GT_SWD_PATCH = 7 }; /* pixels: images must be at least so large */

typedef struct gt_swd gt_swd; /* a set of images, as far as the distance needs it */

/* images [n,H,W,C]; of more than 256 (or 2^24 pixels) so many, evenly. Patches and directions are the same for all sets of a shape. NULL: images too small, or out of
 * memory; see gt_message(). */
gt_swd *gt_swd_new(int n, int height, int width, int channels, const float *images);
void gt_swd_free(gt_swd *s); /* NULL is fine */
/* Both of one shape and number; else NaN. */
double gt_swd_distance(const gt_swd *a, const gt_swd *b);

#endif
