/* SPDX-License-Identifier: Apache-2.0
 * The models that can be trained: a line each. A row is the job's key `model`, the function that makes the model of a resolved job,
 * and the one that says how many samples belong together, so that slices are equal and hold whole groups; NULL: none do, slices may differ
 * by one sample (model.h). */
#ifndef GANTRY_TRAIN_MODEL_LIST_H
#define GANTRY_TRAIN_MODEL_LIST_H

#include "gantry/job.h"
#include "gantry/model.h"

#define GT_MODEL_LIST(row) \
    row("stylegan2", gt_stylegan2_of_job, gt_stylegan2_group)

#define GT_MODEL_DECLARE(name, make, group) gt_model *make(const gt_job *job);
GT_MODEL_LIST(GT_MODEL_DECLARE)
#undef GT_MODEL_DECLARE

int gt_stylegan2_group(const gt_job *job);

#endif
