/* SPDX-License-Identifier: Apache-2.0
 * What the roles of models (model.h) are called before people: the message where a command is given a network that
 * cannot do what is asked. */
#ifndef GANTRY_RUNNER_DOOR_ROLES_H
#define GANTRY_RUNNER_DOOR_ROLES_H

#include "networks/model/door/model.h"
#include "gantry/status.h"

/* The model's row for a role. NULL: GT_USAGE, "model 'deep-conv' has no encoder, ...: a classifier is for ...". */
const gt_role *gt_role_needed(const gt_model *m, const char *role);

#endif
