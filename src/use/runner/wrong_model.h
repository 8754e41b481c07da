/* SPDX-License-Identifier: Apache-2.0
 * The message where a command is given a network that cannot do what is asked. */
#ifndef GANTRY_USE_RUNNER_WRONG_MODEL_H
#define GANTRY_USE_RUNNER_WRONG_MODEL_H

#include "gantry/model.h"
#include "gantry/status.h"

/* GT_USAGE: "model 'deep-conv' WHAT: a classifier is for ...". `what` says in the third person what the model lacks. */
gt_status gt_wrong_model(const gt_model *m, const char *what);

#endif
