/* SPDX-License-Identifier: Apache-2.0
 * From a job to its model. */
#include "job/model_list.h"

#include "gantry/train.h"
#include "kernels/conv.h"

const gt_model_kind *gt_model_kind_of(const gt_job *job) {
    static const struct {
        const char *name;
        const gt_model_kind *kind;
    } rows[] = {
#define ROW(name, kind) {name, &kind},
        GT_MODEL_LIST(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (gt_is(job->model, rows[i].name)) return rows[i].kind;
    gt_fail(GT_USAGE, "unknown model '%s'", job->model);
    return NULL;
}

gt_model *gt_model_bare(const gt_job *job) {
    if (!gt_is(job->conv, "auto") && gt_conv_mode_set(job->conv)) return NULL; /* graphs are built for one mode */
    const gt_model_kind *kind = gt_model_kind_of(job);
    return kind ? kind->make(job) : NULL;
}

gt_model *gt_model_new(const gt_job *job) {
    gt_model *m = gt_model_bare(job);
    if (m) gt_model_init(m);
    return m;
}

int gt_model_mbstd(const gt_job *job) {
    const gt_model_kind *kind = gt_model_kind_of(job);
    return kind && kind->group ? kind->group(job) : 0;
}
