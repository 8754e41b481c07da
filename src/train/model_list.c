/* SPDX-License-Identifier: Apache-2.0
 * From a job to its model. */
#include "train/model_list.h"

#include "gantry/train.h"
#include "kernels/conv.h"

typedef struct row {
    const char *name;
    gt_model *(*make)(const gt_job *job);
    int (*group)(const gt_job *job);
} row;

static const row *find(const gt_job *job) {
    static const row rows[] = {
#define ROW(name, make, group) {name, make, group},
        GT_MODEL_LIST(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (gt_is(job->model, rows[i].name)) return &rows[i];
    gt_fail(GT_USAGE, "unknown model '%s'", job->model);
    return NULL;
}

gt_model *gt_model_new(const gt_job *job) {
    if (!gt_is(job->conv, "auto") && gt_conv_mode_set(job->conv)) return NULL; /* graphs are built for one mode */
    const row *r = find(job);
    return r ? r->make(job) : NULL;
}

int gt_model_group(const gt_job *job) {
    const row *r = find(job);
    return r && r->group ? r->group(job) : 0;
}
