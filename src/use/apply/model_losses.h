/* SPDX-License-Identifier: Apache-2.0
 * How good a model is by losses of its own (gt_model.build_judge) on the images of a dataset: what an autoencoder in
 * training is worth on images that it is not trained on. Random numbers are functions of the seed and the item, so that
 * the same parameters have the same losses at any tick and on any number of ranks. */
#ifndef GANTRY_USE_APPLY_MODEL_LOSSES_H
#define GANTRY_USE_APPLY_MODEL_LOSSES_H

#include "gantry/dataset.h"
#include "gantry/dist.h"
#include "gantry/model.h"

typedef struct gt_judging gt_judging;

/* With these parameters of network 0; model and parameters must outlive it. `room` as in gt_trained_build_beside()
 * (trained.h): the arena is to be given before gt_judging_prepare(). NULL: see gt_message(). */
gt_judging *gt_judging_new(gt_model *m, const float *params, uint64_t seed, gt_pool *pool, size_t *room);
void gt_judging_use_arena(gt_judging *j, void *memory); /* NULL is fine, here and below */
void gt_judging_close(gt_judging *j);
gt_status gt_judging_prepare(gt_judging *j); /* after the parameters have changed */

/* The means over all items of a dataset, with the same bits on any number of ranks: mean[i] of what judged_by[i] of the
 * model names, on rank 0. All ranks return the same status. */
gt_status gt_judge_dataset_all(gt_comm *c, gt_judging *j, gt_dataset *ds, double mean[GT_JUDGED_BY_MOST]);

#endif
