/* SPDX-License-Identifier: Apache-2.0
 * What a model is worth by losses of its own (the role "losses") on pictures that it is not trained on, at each tick:
 * "Loss/test_reconstruction". Random numbers are functions of the seed and the item, so that the same parameters have
 * the same losses at any tick and on any number of ranks. */
#include <stdlib.h>

#include "runner/door/runner.h"
#include "train/measure/eval_data.h"
#include "train/journal/journal.h"
#include "train/door/measurer.h"

typedef struct own_losses {
    gt_runner *network;
} own_losses;

static const gt_role *role_of(const gt_engine *e) { return gt_model_role(e->model, GT_ROLE_LOSSES); }

static bool is_wanted(const gt_engine *e) { return role_of(e) && !e->model->masks && gt_eval_data_any(e); }

static gt_status open_all(gt_engine *e, void *own) {
    own_losses *l = own;
    const gt_runner_options o = {.role = GT_ROLE_LOSSES, .seed = (uint64_t)e->job->seed, .pool = e->pool};
    l->network = gt_runner_new(e->model, gt_eval_params(e), &o, &e->arena_bytes);
    return gt_comm_agree_all(e->comm, l->network ? GT_OK : GT_FAILED);
}

static void use_arena(void *own, void *arena) { gt_runner_use_arena(((own_losses *)own)->network, arena); }

static void close_losses(void *own) { gt_runner_close(((own_losses *)own)->network); }

static int count_losses(const gt_role *role) {
    int n = 0;
    while (role->outputs[n]) n++;
    return n;
}

static gt_eval_series series_of(const gt_role *role, int k, gt_text *suffix) {
    *suffix = gt_text_of("_%s", role->outputs[k]);
    return (gt_eval_series){"Loss", suffix->s, false};
}

static bool series(const gt_engine *e, const void *own, int i, gt_text *name) {
    gt_text suffixes[GT_ROLE_ENDS];
    gt_eval_series rows[GT_ROLE_ENDS];
    int n = count_losses(role_of(e));
    (void)own;
    for (int k = 0; k < n; k++) rows[k] = series_of(role_of(e), k, &suffixes[k]);
    return gt_eval_series_at(e, rows, n, i, name);
}

/* ---- values ---- */

static gt_status record_losses(void *arg, gt_runner *r, const gt_run_batch *b, void *records) {
    const gt_role *role = arg;
    float *to = records;
    int losses = count_losses(role);
    for (int k = 0; k < losses; k++) {
        const float *value = gt_runner_output(r, role->outputs[k]);
        for (int i = 0; i < b->n; i++) to[i * losses + k] = value[i];
    }
    return GT_OK;
}

/* mean[k] of loss k over all items, on rank 0. */
static gt_status mean_losses_all(gt_engine *e, gt_runner *network, gt_dataset *ds, double mean[GT_ROLE_ENDS]) {
    const gt_role *role = role_of(e);
    int losses = count_losses(role);
    int64_t count = gt_dataset_get_info(ds)->count;
    const gt_runner_pass pass = {.data = ds,
                                 .bytes = (size_t)losses * sizeof(float),
                                 .doing = "evaluating",
                                 .record = record_losses,
                                 .arg = (void *)role};
    GT_FREED void *records = NULL;
    gt_status st = gt_runner_dataset_all(e->comm, network, &pass, &records);
    const float *all = records;
    for (int k = 0; k < losses && all; k++) {
        double sum = 0;
        for (int64_t i = 0; i < count; i++) sum += (double)all[i * losses + k];
        mean[k] = sum / (double)count;
    }
    return st;
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    own_losses *l = own;
    gt_status st = gt_comm_agree_all(e->comm, gt_runner_prepare(l->network));
    for (int set = 0; set < GT_EVAL_SETS && !st; set++) {
        double mean[GT_ROLE_ENDS];
        gt_text suffix;
        if (!e->eval_data[set]) continue;
        st = mean_losses_all(e, l->network, e->eval_data[set], mean);
        for (int k = 0; k < count_losses(role_of(e)) && !st && !e->comm->rank; k++)
            gt_eval_put(values, set, series_of(role_of(e), k, &suffix), role_of(e)->outputs[k], mean[k]);
    }
    return st;
}

const gt_measurer gt_measurer_own_losses = {
    .name = "the losses of held-out pictures",
    .own_bytes = sizeof(own_losses),
    .is_wanted = is_wanted,
    .open_all = open_all,
    .use_arena = use_arena,
    .close = close_losses,
    .series = series,
    .measure_all = measure_all,
};
