/* SPDX-License-Identifier: Apache-2.0
 * The models that can be trained: a line each. A row is the job's key `model` and the function that makes the model of a resolved job. */
#ifndef GANTRY_TRAIN_MODEL_LIST_H
#define GANTRY_TRAIN_MODEL_LIST_H

#include "gantry/job.h"
#include "gantry/model.h"

#define GT_MODEL_LIST(row) \
    row("stylegan2", gt_stylegan2_of_job)

#define GT_MODEL_DECLARE(name, make) gt_model *make(const gt_job *job);
GT_MODEL_LIST(GT_MODEL_DECLARE)
#undef GT_MODEL_DECLARE

#endif
