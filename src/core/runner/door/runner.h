/* SPDX-License-Identifier: Apache-2.0
 * Runners of models in memory, beside gantry/runner.h. */
#ifndef GANTRY_RUNNER_DOOR_RUNNER_H
#define GANTRY_RUNNER_DOOR_RUNNER_H

#include "gantry/model.h"
#include "gantry/runner.h"

/* Of a model in memory, with these parameters of the network; both must outlive the runner. room NULL: ready to run.
 * Else the runner takes its turn in an arena of *room bytes beside other executions: *room becomes what it needs, if
 * that is more; before the first run gt_runner_use_arena() and gt_runner_prepare() are to be called. */
gt_runner *gt_runner_new(gt_model *m, const float *params, const gt_runner_options *o, size_t *room);
void gt_runner_use_arena(gt_runner *r, void *memory); /* NULL is fine, here and in the next two */
gt_status gt_runner_prepare(gt_runner *r);            /* after the parameters changed, or others used the arena */

const gt_graph *gt_runner_graph(const gt_runner *r);
const char *gt_runner_recipe(const gt_runner *r); /* as the file has it; "": it has none */
size_t gt_runner_bytes(const gt_runner *r);       /* of memory, without the parameters */

#endif
