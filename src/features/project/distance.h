/* SPDX-License-Identifier: Apache-2.0
 * The distance of images that projection makes small. An image becomes maps, and the distance of two images is the
 * squared Euclidean distance of their maps, summed. So the maps of a target are computed once.
 *
 * LPIPS (networks/nets/door/lpips.h), of images that are larger than 256 pixels as means over squares
 * (docs/mathematics/projection.md#distance), where the user has its weights. Else our own, which needs no other network
 * than those of the checkpoint: the sum of the mean squared error (over pixels and channels in -1..1) of each level of
 * a pyramid: the image, the image smoothed (1 3 3 1) and halved, and so on down to 4 pixels a side. Low levels pull
 * from far away; for each block of D, the mean squared difference of what the block returns, each pixel's channels
 * scaled to a mean square of 1 (as LPIPS scales them). */
#ifndef GANTRY_FEATURES_PROJECT_DISTANCE_H
#define GANTRY_FEATURES_PROJECT_DISTANCE_H

#include "networks/nets/door/lpips.h"
#include "gantry/model.h"

enum { GT_DISTANCE_MOST_MAPS = 32 };

typedef struct gt_distance {
    gt_model *model;       /* that makes the images */
    const gt_lpips *lpips; /* NULL: our own distance */
    float *critic;         /* our own distance: the parameters of D; NULL: the pyramid alone */
} gt_distance;

/* GT_USAGE: LPIPS cannot see such images. */
gt_status gt_distance_check(const gt_distance *d);
/* Appends the maps of images [N,H,W,C] in [-1,1]; returns how many. The parameters of D lie in slot 1, those of LPIPS
 * in slot 2: gt_distance_bind(). */
int gt_distance_maps(const gt_distance *d, gt_graph *g, gt_node *images, gt_node *maps[GT_DISTANCE_MOST_MAPS]);
void gt_distance_bind(const gt_distance *d, gt_exec *e);

#endif
