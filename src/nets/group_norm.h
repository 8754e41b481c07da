/* SPDX-License-Identifier: Apache-2.0
 * Group normalisation: Wu and He, "Group Normalization", eqs. 1 to 6. The channels of each sample are cut into groups
 * of consecutive channels, and each group is normalised by its own mean and variance over pixels and channels; then
 * each channel is scaled and shifted: tensors NAME.weight and NAME.bias. One group is layer normalisation (Ba et al.,
 * "Layer Normalization"). No samples meet, so training and use are the same function, and slices do not matter. */
#ifndef GANTRY_NETS_GROUP_NORM_H
#define GANTRY_NETS_GROUP_NORM_H

#include "nets/layers.h"

void gt_group_norm_declare(gt_declarer *d, const char *name, int channels);
/* x [N,H,W,C]; groups: a divisor of C. */
gt_node *gt_group_norm(gt_bound_net b, const char *name, gt_node *x, int groups, float epsilon);
/* The largest number up to `most` that divides the channels. */
int gt_group_norm_groups(int channels, int most);

#endif
