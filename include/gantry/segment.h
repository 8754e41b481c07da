/* SPDX-License-Identifier: Apache-2.0
 * Segmentation: the class of every pixel by a trained network (fcn8s, ...), and what the classes are worth beside the
 * masks of a dataset. The results do not depend on the number of ranks.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_SEGMENT_H
#define GANTRY_SEGMENT_H

#include "gantry/network.h"
#include "gantry/runner.h"

/* Is a checkpoint that of a network that segments? */
gt_status gt_is_segmenter(const char *checkpoint, const gt_network_options *o, bool *segments);

/* Of a dataset. A pixel counts where its mask has a class that the network knows. */
typedef struct gt_segment_scores {
    int classes;
    int64_t pixels;     /* that count */
    double loss;        /* mean over pictures of the mean cross-entropy of their pixels, as in training */
    double accuracy;    /* part of the pixels that have the class of the mask */
    double mean_iou;    /* mean over the classes that are in masks or predictions */
    double *iou;        /* [classes]: pixels of both over pixels of either; NaN: the class is in neither */
    int64_t *confusion; /* [classes,classes]: rows are the masks' */
} gt_segment_scores;

/* All pictures of `ds`, in its order. On rank 0 *scores (NULL: not wanted; else the masks are read) is filled in, for
 * gt_segment_free, and *classes (NULL: not wanted) gets the class of each pixel, [count,H,W], malloc'ed. */
gt_status gt_segment_dataset_all(gt_comm *comm, gt_runner *with, gt_dataset *ds, gt_segment_scores *scores,
                                 uint8_t **classes);
void gt_segment_free(gt_segment_scores *scores);

#endif
