/* SPDX-License-Identifier: Apache-2.0
 * Normalisation of channels. */
#ifndef GANTRY_NETWORKS_NETS_DOOR_NORM_H
#define GANTRY_NETWORKS_NETS_DOOR_NORM_H

#include "networks/nets/door/layers.h"

/* Batch normalisation: Ioffe and Szegedy, "Batch Normalization", algorithm 1. Each channel of images [N,H,W,C] is
 * normalised by its mean and variance (+ epsilon, as a rule 1e-5) over samples and pixels, then scaled and shifted:
 * tensors NAME.weight, begun as N(1, weight_std^2), and NAME.bias.
 *
 * The samples are those of a slice, or of all slices of the batch. A network with running statistics has the buffers
 * NAME.running_mean and NAME.running_var. A pass that normalises by the samples' own statistics computes new running
 * statistics, 0.9 of the old ones and 0.1 of the samples' (with the divisor N H W - 1 of the variance, as in PyTorch).
 * The new values are outputs under the buffers' names; a phase declares the outputs as states, and the mean over slices
 * is kept. */

typedef enum gt_norm_by {
    GT_NORM_SLICE,   /* statistics of the slice's samples; renews running statistics if there are any */
    GT_NORM_BATCH,   /* the same with the samples of all slices (gt_sum_over_slices) */
    GT_NORM_RUNNING, /* running statistics */
    /* Either of these may be added to one of the above. */
    GT_NORM_KEEPS = 4,  /* running statistics stay as they are */
    GT_NORM_OF_NET = 8, /* the outputs' names begin with that of the network: "D.norm.running_mean" */
} gt_norm_by;

/* running: the network has running statistics. */
void gt_batch_norm_declare(gt_declarer *d, const char *name, int channels, bool running, float weight_std);
gt_node *gt_batch_norm(gt_bound_net b, const char *name, gt_node *x, gt_norm_by by, float epsilon);

/* Group normalisation: Wu and He, "Group Normalization", eqs. 1 to 6. The channels of each sample are cut into groups
 * of consecutive channels, and each group is normalised by its own mean and variance over pixels and channels; then
 * each channel is scaled and shifted: tensors NAME.weight and NAME.bias. One group is layer normalisation (Ba et al.,
 * "Layer Normalization"). No samples meet, so training and use are the same function, and slices do not matter. */

void gt_group_norm_declare(gt_declarer *d, const char *name, int channels);
/* x [N,H,W,C]; groups: a divisor of C. */
gt_node *gt_group_norm(gt_bound_net b, const char *name, gt_node *x, int groups, float epsilon);
/* The largest number up to `most` that divides the channels. */
int gt_group_norm_groups(int channels, int most);

#endif
