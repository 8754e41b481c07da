/* SPDX-License-Identifier: Apache-2.0 */
#include "train/measure/eval_data.h"
#include "train/journal/journal.h"

#include "data/door/dataset.h"
#include "runner/door/items.h"

enum { TRAINED_ON = 256 }; /* so many of the pictures that are trained on are segmented, as they are stored */

static const char *const set_name[GT_EVAL_SETS] = {"train_set", "train", "validation", "test"};

static bool is_wanted(const gt_engine *e, int set) {
    const gt_job *j = e->job;
    const char *evaluates = gt_job_value(j, "evaluate-train");
    const bool wanted[GT_EVAL_SETS] = {
        [GT_EVAL_TRAIN_SET] = evaluates && gt_is(evaluates, "1"),
        [GT_EVAL_TRAIN] = e->model->masks,
        [GT_EVAL_VALIDATION] = j->validation > 0,
        [GT_EVAL_TEST] = *j->test_data,
    };
    return wanted[set];
}

static gt_dataset_options options_of(const gt_engine *e, int set) {
    const gt_job *j = e->job;
    gt_dataset_options o = {.use_labels = !e->model->masks && e->model->label_dim > 0,
                            .use_masks = e->model->masks,
                            .classes = j->classes,
                            .recorded_classes = j->goes_on,
                            .class_names = j->class_names,
                            .skip_damaged = j->on_error == GT_ON_ERROR_SKIP,
                            .subset_seed = (uint32_t)j->seed};
    if (set != GT_EVAL_TEST) o.held_out = j->validation, o.subset = j->subset;
    if (set == GT_EVAL_TRAIN) o.most = TRAINED_ON;
    o.held_out_only = set == GT_EVAL_VALIDATION;
    return o;
}

/* Do the pictures of a set fit the model and the training data? */
static gt_status check_set(const gt_engine *e, int set, const char *path) {
    gt_dataset *ds = e->eval_data[set];
    const gt_dataset_info *i = gt_dataset_get_info(ds);
    int classes = e->model->label_dim;
    if (e->model->masks)
        return i->mask_classes <= classes
                   ? GT_OK
                   : gt_fail(GT_USAGE, "'%s' has masks with %d classes, the training data have %d", path,
                             i->mask_classes, classes);
    if (!i->label_width && classes) return gt_fail(GT_USAGE, "--test-data: '%s' has no labels", path);
    if (i->label_width > classes)
        return gt_fail(GT_USAGE, "--test-data: '%s' has %d classes, the training data have %d", path, i->label_width,
                       classes);
    gt_status st = gt_model_takes(e->model, ds);
    if (st) return gt_wrap(st, "--test-data: '%s'", path);
    int k = gt_class_names_differ(i->class_name, i->class_names, e->info->class_name, e->info->class_names);
    if (k < 0) return GT_OK;
    return gt_fail(GT_USAGE, "--test-data: class %d of '%s' is '%s', but '%s' in the training data", k, path,
                   i->class_name[k], e->info->class_name[k]);
}

static gt_status open_set(gt_engine *e, int set) {
    const gt_dataset_options o = options_of(e, set);
    const char *path = set == GT_EVAL_TEST ? e->job->test_data : e->job->data;
    gt_status st = gt_dataset_open(&e->eval_data[set], path, &o);
    if (st || set == GT_EVAL_TRAIN) return st;
    if (set == GT_EVAL_TEST) gt_dataset_tell_classes(e->eval_data[set], path);
    return check_set(e, set, path);
}

gt_status gt_eval_data_open_all(gt_engine *e) {
    gt_status st = GT_OK;
    if (gt_model_classifier(e->model) < 0 && !e->model->masks && !gt_model_role(e->model, GT_ROLE_LOSSES)) return GT_OK;
    for (int set = 0; set < GT_EVAL_SETS && !st; set++)
        if (is_wanted(e, set)) st = open_set(e, set);
    st = gt_comm_agree_all(e->comm, st);
    for (int set = 0; set < GT_EVAL_SETS && !st; set++)
        if (e->eval_data[set]) st = gt_same_data_all(e->comm, e->eval_data[set], set_name[set]);
    return st;
}

void gt_eval_data_close(gt_engine *e) {
    for (int set = 0; set < GT_EVAL_SETS; set++) gt_dataset_close(e->eval_data[set]);
}

bool gt_eval_data_any(const gt_engine *e) {
    bool any = false;
    for (int set = 0; set < GT_EVAL_SETS; set++) any |= e->eval_data[set] != NULL;
    return any;
}

const float *gt_eval_params(const gt_engine *e) {
    int classifier = gt_model_classifier(e->model), net = classifier < 0 ? 0 : classifier;
    return e->model->ema_of == net ? e->model->ema_block : e->model->blocks[net];
}

/* ---- series ---- */

static bool is_series_of(int set, gt_eval_series s) { return !s.held_out || set != GT_EVAL_TRAIN; }

static gt_text name_of(int set, gt_eval_series s) { return gt_text_of("%s/%s%s", s.group, set_name[set], s.suffix); }

bool gt_eval_series_at(const gt_engine *e, const gt_eval_series *rows, int n, int i, gt_text *name) {
    for (int set = 0; set < GT_EVAL_SETS; set++)
        for (int k = 0; k < n && e->eval_data[set]; k++) {
            if (!is_series_of(set, rows[k]) || i-- > 0) continue;
            *name = name_of(set, rows[k]);
            return true;
        }
    return false;
}

void gt_eval_put(gt_values *values, int set, gt_eval_series series, const char *label, double value) {
    if (!is_series_of(set, series)) return;
    gt_text shown = gt_text_of("%s %s", set_name[set], label ? label : "");
    gt_values_put_stat(values, (gt_stat_value){name_of(set, series).s, 1, value, 0},
                       &(gt_value_note){.label = label ? shown.s : NULL});
}
