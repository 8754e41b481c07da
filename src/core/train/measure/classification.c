/* SPDX-License-Identifier: Apache-2.0
 * What a classifier in training reaches on pictures that it is not trained on, at each tick: loss, accuracy, and a
 * confusion matrix as a picture. A second row does the same for the baseline beside a model (gt_model.baseline). */
#include <stdlib.h>

#include "gantry/classify.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "train/measure/eval_data.h"
#include "runner/door/runner.h"

typedef struct classification {
    gt_runner *network;
    gt_confusion confusion;
} classification;

static bool is_wanted(const gt_engine *e) {
    return gt_eval_data_any(e) && !e->model->masks && !gt_model_role(e->model, GT_ROLE_LOSSES);
}

static bool baseline_is_wanted(const gt_engine *e) { return e->model->baseline && gt_eval_data_any(e); }

static gt_status open_classifier_all(gt_engine *e, void *own, const float *params) {
    classification *c = own;
    c->network = gt_runner_new(e->model, params, &(gt_runner_options){.role = GT_ROLE_CLASSIFIER, .pool = e->pool},
                               &e->arena_bytes);
    return gt_comm_agree_all(e->comm, c->network ? GT_OK : GT_FAILED);
}

static gt_status open_all(gt_engine *e, void *own) { return open_classifier_all(e, own, gt_eval_params(e)); }

static gt_status open_baseline_all(gt_engine *e, void *own) {
    return open_classifier_all(e, own, e->model->blocks[e->model->baseline]);
}

static void use_arena(void *own, void *arena) { gt_runner_use_arena(((classification *)own)->network, arena); }

static void close_classifier(void *own) {
    classification *c = own;
    gt_runner_close(c->network);
    gt_confusion_free(&c->confusion);
}

/* ---- values ---- */

enum { LOSS, ACCURACY, TOP5, SERIES };
static const gt_eval_series network_series[SERIES] = {
    {"Loss", "", false}, {"Accuracy", "", false}, {"Accuracy", "_top5", false}};
static const gt_eval_series baseline_series[TOP5] = {{"Loss", "_baseline", false}, {"Accuracy", "_baseline", false}};

static bool series(const gt_engine *e, const void *own, int i, gt_text *name) {
    (void)own;
    return gt_eval_series_at(e, network_series, SERIES, i, name);
}

static bool series_of_baseline(const gt_engine *e, const void *own, int i, gt_text *name) {
    (void)own;
    return gt_eval_series_at(e, baseline_series, TOP5, i, name);
}

/* The caller takes scores->confusion over; the other ranks get zeros. */
static gt_status score_set_all(gt_engine *e, gt_runner *network, gt_dataset *ds, gt_scores *scores) {
    GT_FREED gt_classified *all = NULL;
    *scores = (gt_scores){0};
    gt_status st = gt_classify_dataset_all(e->comm, network, ds, &all, NULL);
    if (!st && all) st = gt_classify_score(all, gt_dataset_get_info(ds)->count, e->model->label_dim, scores);
    return gt_comm_agree_all(e->comm, st);
}

static void put_network(gt_values *values, int set, const gt_scores *s) {
    gt_eval_put(values, set, network_series[LOSS], "loss", s->loss);
    gt_eval_put(values, set, network_series[ACCURACY], "accuracy", s->accuracy);
    gt_eval_put(values, set, network_series[TOP5], NULL, s->top);
}

static void put_baseline(gt_values *values, int set, const gt_scores *s) {
    gt_eval_put(values, set, baseline_series[LOSS], NULL, s->loss);
    gt_eval_put(values, set, baseline_series[ACCURACY], "baseline", s->accuracy);
}

static gt_status measure_sets_all(gt_engine *e, classification *c, gt_values *values,
                                  void (*put)(gt_values *values, int set, const gt_scores *s)) {
    gt_status st = gt_comm_agree_all(e->comm, gt_runner_prepare(c->network));
    for (int set = 0; set < GT_EVAL_SETS && !st; set++) {
        gt_scores scores;
        if (!e->eval_data[set]) continue;
        st = score_set_all(e, c->network, e->eval_data[set], &scores);
        if (!st && !e->comm->rank) put(values, set, &scores);
        gt_confusion_take(&c->confusion, scores.confusion);
    }
    return st;
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    gt_engine_gather_average_all(e);
    return measure_sets_all(e, own, values, put_network);
}

static gt_status measure_baseline_all(gt_engine *e, void *own, gt_values *values) {
    return measure_sets_all(e, own, values, put_baseline);
}

static void draw_confusion(const gt_engine *e, gt_journal *j, void *own) {
    const gt_dataset_info *i = e->info;
    gt_confusion_draw(&((classification *)own)->confusion, e, j,
                      i->class_names >= e->model->label_dim ? i->class_name : NULL);
}

const gt_measurer gt_measurer_classification = {
    .name = "the evaluation of a classifier",
    .own_bytes = sizeof(classification),
    .is_wanted = is_wanted,
    .open_all = open_all,
    .use_arena = use_arena,
    .close = close_classifier,
    .series = series,
    .measure_all = measure_all,
    .draw = draw_confusion,
};

const gt_measurer gt_measurer_baseline = {
    .name = "the evaluation of a baseline",
    .own_bytes = sizeof(classification),
    .is_wanted = baseline_is_wanted,
    .open_all = open_baseline_all,
    .use_arena = use_arena,
    .close = close_classifier,
    .series = series_of_baseline,
    .measure_all = measure_baseline_all,
};
