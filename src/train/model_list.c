/* SPDX-License-Identifier: Apache-2.0
 * From a job to its model. */
#include "train/model_list.h"

#include "gantry/train.h"
#include "kernels/conv.h"

static const struct {
    const char *name;
    gt_model *(*make)(const gt_job *job);
} models[] = {
#define ROW(name, make) {name, make},
    GT_MODEL_LIST(ROW)
#undef ROW
};

gt_model *gt_model_new(const gt_job *job) {
    if (!gt_is(job->conv, "auto") && gt_conv_mode_set(job->conv)) return NULL; /* graphs are built for one mode */
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (gt_is(job->model, models[i].name)) return models[i].make(job);
    gt_fail(GT_USAGE, "unknown model '%s'", job->model);
    return NULL;
}
