/* SPDX-License-Identifier: Apache-2.0
 * Judging models by losses of their own: see model_losses.h. */
#include "use/apply/model_losses.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/items.h"
#include "use/runner/each_item.h"
#include "use/runner/trained.h"

enum { BATCH = 32 };

struct gt_judging {
    gt_trained trained;
    uint64_t seed;
    int values;
    gt_dataset *data; /* that is judged at the moment */
};

gt_judging *gt_judging_new(gt_model *m, const float *params, uint64_t seed, gt_pool *pool, size_t *room) {
    gt_judging *j = calloc(1, sizeof *j);
    if (!j) {
        gt_fail(GT_NOMEM, "out of memory for losses of the test images");
        return NULL;
    }
    *j = (gt_judging){.trained = {.model = m, .params = params}, .seed = seed};
    while (j->values < GT_JUDGED_BY_MOST && m->judged_by[j->values]) j->values++;
    if (!gt_trained_build_beside(&j->trained, m->build_judge(m, BATCH), pool, room)) return j;
    gt_judging_close(j);
    return NULL;
}

void gt_judging_use_arena(gt_judging *j, void *memory) {
    if (j) gt_exec_use_arena(j->trained.exec, memory);
}

void gt_judging_close(gt_judging *j) {
    if (j) gt_trained_close(&j->trained);
    free(j);
}

gt_status gt_judging_prepare(gt_judging *j) {
    return j ? gt_exec_prepare(j->trained.exec, &(gt_exec_env){.seed = j->seed}) : GT_OK;
}

static gt_status judge_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    const gt_judging *j = arg;
    const gt_model *m = j->trained.model;
    gt_exec *x = j->trained.exec;
    float *c = gt_exec_input(x, "c"), *to = records;
    memcpy(gt_exec_input(x, "images"), images, BATCH * gt_model_floats(m) * sizeof *images);
    for (int i = 0; i < n && c; i++) gt_model_label(m, j->data, first + i, c + (size_t)i * (size_t)m->label_dim);
    gt_status st = gt_exec_run(x, &(gt_exec_env){.seed = j->seed, .sample0 = (uint32_t)first});
    for (int k = 0; k < j->values && !st; k++) {
        const float *value = gt_exec_output(x, m->judged_by[k]);
        for (int i = 0; i < n; i++) to[i * j->values + k] = value[i];
    }
    return st;
}

gt_status gt_judge_dataset_all(gt_comm *c, gt_judging *j, gt_dataset *ds, double mean[GT_JUDGED_BY_MOST]) {
    int64_t count = gt_dataset_get_info(ds)->count;
    gt_each_item each = {.comm = c,
                         .data = ds,
                         .count = count,
                         .batch = BATCH,
                         .bytes = (size_t)j->values * sizeof(float),
                         .doing = "judging",
                         .make = judge_batch,
                         .arg = j};
    void *records = NULL;
    j->data = ds;
    gt_status st = gt_each_item_all(&each, &records);
    const float *all = records;
    for (int k = 0; k < j->values && all; k++) {
        double sum = 0;
        for (int64_t i = 0; i < count; i++) sum += (double)all[i * j->values + k];
        mean[k] = sum / (double)count;
    }
    free(records);
    return st;
}
