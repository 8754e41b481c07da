/* SPDX-License-Identifier: Apache-2.0
 * What a dataset gives to a model: do they fit, and images in the range that networks take. */
#ifndef GANTRY_RUNNER_DOOR_ITEMS_H
#define GANTRY_RUNNER_DOOR_ITEMS_H

#include "gantry/dataset.h"
#include "gantry/model.h"
#include "gantry/runner.h"

/* Reads n items of a dataset as images [n,H,W,C] in [-1,1]. Items become those that were read (gt_dataset_take). */
gt_status gt_read_images(gt_dataset *ds, int64_t n, int64_t *items, float *images);

/* Have the dataset's images the shape that the model was trained on, and, for an autoencoder that sees labels, labels
 * that it knows? GT_USAGE: no. */
gt_status gt_model_takes(const gt_model *m, gt_dataset *ds);
/* Has the dataset labels that the model, which sees some, knows? GT_USAGE: no. */
gt_status gt_model_takes_labels(const gt_model *m, gt_dataset *ds);
/* The label of an item as an autoencoder sees it, label_dim floats: a class that the data do not have is 0. */
void gt_model_label(const gt_model *m, gt_dataset *ds, int64_t item, float *label);

#endif
