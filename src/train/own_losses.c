/* SPDX-License-Identifier: Apache-2.0
 * What a model is worth by losses of its own (gt_model.build_judge) on pictures that it is not trained on, at each
 * tick: "Loss/test_reconstruction". */
#include "train/eval_data.h"
#include "train/measurer.h"
#include "use/apply/model_losses.h"

typedef struct own_losses {
    gt_judging *network;
} own_losses;

static bool is_wanted(const gt_engine *e) { return e->model->build_judge && !e->model->masks && gt_eval_data_any(e); }

static gt_status open_all(gt_engine *e, void *own) {
    own_losses *l = own;
    l->network = gt_judging_new(e->model, gt_eval_params(e), (uint64_t)e->job->seed, e->pool, &e->arena_bytes);
    return gt_comm_agree_all(e->comm, l->network ? GT_OK : GT_FAILED);
}

static void use_arena(void *own, void *arena) { gt_judging_use_arena(((own_losses *)own)->network, arena); }

static void close_losses(void *own) { gt_judging_close(((own_losses *)own)->network); }

static int count_losses(const gt_model *m) {
    int n = 0;
    while (n < GT_JUDGED_BY_MOST && m->judged_by[n]) n++;
    return n;
}

static gt_eval_series series_of(const gt_model *m, int k, gt_text *suffix) {
    *suffix = gt_text_of("_%s", m->judged_by[k]);
    return (gt_eval_series){"Loss", suffix->s, false};
}

static bool series(const gt_engine *e, const void *own, int i, gt_text *name) {
    int n = count_losses(e->model);
    gt_text suffixes[GT_JUDGED_BY_MOST];
    gt_eval_series rows[GT_JUDGED_BY_MOST];
    (void)own;
    for (int k = 0; k < n; k++) rows[k] = series_of(e->model, k, &suffixes[k]);
    return gt_eval_series_at(e, rows, n, i, name);
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    own_losses *l = own;
    gt_status st = gt_comm_agree_all(e->comm, gt_judging_prepare(l->network));
    for (int set = 0; set < GT_EVAL_SETS && !st; set++) {
        double mean[GT_JUDGED_BY_MOST];
        gt_text suffix;
        if (!e->eval_data[set]) continue;
        st = gt_judge_dataset_all(e->comm, l->network, e->eval_data[set], mean);
        for (int k = 0; k < count_losses(e->model) && !st && !e->comm->rank; k++)
            gt_eval_put(values, set, series_of(e->model, k, &suffix), e->model->judged_by[k], mean[k]);
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
