/* SPDX-License-Identifier: Apache-2.0
 * Moments of the channels of a dataset, and probabilities of classes, beside gantry/classify.h. */
#ifndef GANTRY_RUNNER_APPLY_DOOR_CLASSIFY_H
#define GANTRY_RUNNER_APPLY_DOOR_CLASSIFY_H

#include "gantry/classify.h"

/* Mean and standard deviation of each channel over all pixels of all images of `ds`, black being 0 and white 1: info's
 * `channels` numbers each, the same on all ranks. */
gt_status gt_channel_moments_all(gt_comm *comm, gt_dataset *ds, double *mean, double *std);

/* The probabilities [classes] that gt_classify_dataset_all() makes of the logits of a picture. */
void gt_class_probabilities(const float *logits, int classes, float *out);

#endif
