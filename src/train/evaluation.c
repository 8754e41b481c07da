/* SPDX-License-Identifier: Apache-2.0
 * What a classifier in training is worth: its loss and accuracy on pictures that it is not trained on, at each tick. */
#include <stdio.h>
#include <stdlib.h>

#include "gantry/encode.h"
#include "gantry/figure.h"
#include "gantry/log.h"
#include "train/journal.h"

static const char *const part_name[GT_JUDGED] = {"train_set", "train", "validation", "test"};

const char *gt_judged_name(int part) { return part_name[part]; }

static gt_status open_part(gt_engine *e, int part) {
    const gt_job *j = e->job;
    const bool wanted[GT_JUDGED] = {
        [GT_JUDGED_TRAIN_SET] = j->evaluate_train,
        [GT_JUDGED_VALIDATION] = j->validation > 0,
        [GT_JUDGED_TEST] = *j->test_data,
    };
    if (part == GT_JUDGED_TRAIN) return e->model->masks ? gt_engine_open_shown(e) : GT_OK;
    gt_dataset_options o = {.use_labels = !e->model->masks && e->model->label_dim > 0,
                            .use_masks = e->model->masks,
                            .classes = j->classes,
                            .class_names = j->class_names,
                            .subset_seed = (uint32_t)j->seed};
    if (!wanted[part]) return GT_OK;
    if (part != GT_JUDGED_TEST) o.held_out = j->validation, o.subset = j->subset;
    o.held_out_only = part == GT_JUDGED_VALIDATION;
    const char *path = part == GT_JUDGED_TEST ? j->test_data : j->data;
    gt_status st = gt_dataset_open(&e->judged[part], path, &o);
    if (st) return st;
    const gt_dataset_info *i = gt_dataset_get_info(e->judged[part]);
    if (part == GT_JUDGED_TEST) gt_dataset_tell_classes(e->judged[part], path);
    if (e->model->masks) return gt_engine_judges_masks(e, i, path);
    if (!i->label_width && e->model->label_dim) return gt_fail(GT_USAGE, "--test-data: '%s' has no labels", path);
    if (i->label_width > e->model->label_dim)
        return gt_fail(GT_USAGE, "--test-data: '%s' has %d classes, the training data have %d", path, i->label_width,
                       e->model->label_dim);
    if ((st = gt_model_takes(e->model, e->judged[part]))) return gt_wrap(st, "--test-data: '%s'", path);
    int k = gt_class_names_differ(i->class_name, i->class_names, e->info->class_name, e->info->class_names);
    if (k < 0) return GT_OK;
    return gt_fail(GT_USAGE, "--test-data: class %d of '%s' is '%s', that of the training data is '%s'", k, path,
                   i->class_name[k], e->info->class_name[k]);
}

gt_status gt_engine_open_judged_all(gt_engine *e) {
    gt_status st = GT_OK;
    bool any = false;
    int net = gt_model_classifier(e->model);
    if (net < 0 && !e->model->masks && !e->model->build_judge) return GT_OK;
    for (int part = 0; part < GT_JUDGED && !st; part++) {
        st = open_part(e, part);
        any |= e->judged[part] != NULL;
    }
    if (net < 0) net = 0;
    const float *params = e->model->ema_of == net ? e->model->ema_block : e->model->blocks[net];
    if (!st && any && e->model->masks) st = gt_engine_open_segmenting(e, params);
    else if (!st && any && e->model->build_judge)
        st = (e->judging = gt_judging_new(e->model, params, (uint64_t)e->job->seed, e->pool, &e->arena_bytes))
                 ? GT_OK
                 : GT_FAILED;
    else if (!st && any)
        st = (e->classifying = gt_classifying_new(e->model, params, e->pool, &e->arena_bytes)) ? GT_OK : GT_FAILED;
    params = e->model->blocks[e->model->baseline];
    if (!st && any && e->model->baseline)
        st = (e->baseline = gt_classifying_new(e->model, params, e->pool, &e->arena_bytes)) ? GT_OK : GT_FAILED;
    st = gt_comm_agree_all(e->comm, st);
    for (int part = 0; part < GT_JUDGED && !st; part++)
        if (e->judged[part]) st = gt_same_data_all(e->comm, e->judged[part], part_name[part]);
    return st;
}

void gt_engine_close_judged(gt_engine *e) {
    gt_classifying_close(e->classifying);
    gt_classifying_close(e->baseline);
    gt_segmenting_close(e->segmenting);
    gt_judging_close(e->judging);
    for (int part = 0; part < GT_JUDGED; part++) gt_dataset_close(e->judged[part]);
}

void gt_journal_put_evaluated(gt_journal *j, int part, const char *format, const char *label, double value) {
    gt_evaluated *v = &j->evaluated[j->n_evaluated++];
    snprintf(v->series, sizeof v->series, format, part_name[part]);
    snprintf(v->label, sizeof v->label, "%s%s%s", *label ? part_name[part] : "", *label ? " " : "", label);
    v->value = value;
}

void gt_journal_take_confusion(gt_journal *j, int part, int64_t *confusion) {
    free(j->confusion);
    j->confusion = confusion;
    j->confusing = part_name[part];
}

void gt_journal_confusion(const gt_engine *e, gt_journal *j) {
    char path[4200];
    if (!j->confusion) return;
    snprintf(path, sizeof path, "%s/confusion.png", j->dir);
    const gt_dataset_info *i = e->info;
    const char *const *names = i->class_names >= e->model->label_dim ? i->class_name : NULL;
    if (e->model->masks) names = i->mask_name;
    gt_status st = gt_confusion_write(path, j->confusion, e->model->label_dim, names);
    gt_log_outcome(&j->pictures_failing, st != GT_OK, "pictures");
}

/* By the losses of the model itself: "Loss/test_reconstruction". */
static gt_status judge_losses_all(gt_engine *e, gt_journal *j) {
    gt_status st = gt_comm_agree_all(e->comm, gt_judging_prepare(e->judging));
    for (int part = 0; part < GT_JUDGED && !st; part++) {
        double mean[GT_JUDGED_BY_MOST];
        if (!e->judged[part]) continue;
        st = gt_judge_dataset_all(e->comm, e->judging, e->judged[part], mean);
        for (int k = 0; k < GT_JUDGED_BY_MOST && e->model->judged_by[k] && !st && !e->comm->rank; k++) {
            char format[40];
            snprintf(format, sizeof format, "Loss/%%s_%s", e->model->judged_by[k]);
            gt_journal_put_evaluated(j, part, format, e->model->judged_by[k], mean[k]);
        }
    }
    return st;
}

/* Without `with` there is nothing to do. */
static gt_status judge_parts_all(gt_engine *e, gt_journal *j, gt_classifying *with) {
    bool baseline = with && with == e->baseline;
    gt_status st = with ? gt_comm_agree_all(e->comm, gt_classifying_prepare(with)) : GT_OK;
    for (int part = 0; with && part < GT_JUDGED && !st; part++) {
        gt_classified *all = NULL;
        gt_scores scores = {0};
        if (!e->judged[part]) continue;
        st = gt_classify_dataset_all(e->comm, with, e->judged[part], &all, NULL);
        if (!st && all)
            st = gt_classify_score(all, gt_dataset_get_info(e->judged[part])->count, e->model->label_dim, &scores);
        st = gt_comm_agree_all(e->comm, st);
        if (!st && all && baseline) {
            gt_journal_put_evaluated(j, part, "Loss/%s_baseline", "", scores.loss);
            gt_journal_put_evaluated(j, part, "Accuracy/%s_baseline", "baseline", scores.accuracy);
        } else if (!st && all) {
            gt_journal_put_evaluated(j, part, "Loss/%s", "loss", scores.loss);
            gt_journal_put_evaluated(j, part, "Accuracy/%s", "accuracy", scores.accuracy);
            gt_journal_take_confusion(j, part, scores.confusion);
            scores.confusion = NULL;
            gt_journal_put_evaluated(j, part, "Accuracy/%s_top5", "", scores.top);
        }
        free(all);
        free(scores.confusion);
    }
    return st;
}

gt_status gt_evaluate_all(gt_engine *e, gt_journal *j) {
    j->n_evaluated = 0;
    bool judges = e->classifying || e->segmenting;
    if (judges && e->model->ema_of >= 0)
        gt_reducer_gather_all(e->learners[e->model->ema_of].reducer, e->model->ema_block);
    gt_status st = gt_comm_agree_all(e->comm, gt_dead_units_measure(e->dead_units, e->data));
    if (st || e->segmenting) return st ? st : gt_evaluate_masks_all(e, j);
    if (e->judging) return judge_losses_all(e, j);
    st = judge_parts_all(e, j, e->classifying);
    return st ? st : judge_parts_all(e, j, e->baseline);
}
