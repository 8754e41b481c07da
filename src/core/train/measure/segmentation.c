/* SPDX-License-Identifier: Apache-2.0
 * What a network that segments is worth, at each tick: loss, part of the pixels that are right, and mean IoU, on
 * pictures that it is trained on and on those that it is not. */
#include "gantry/segment.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"
#include "train/measure/eval_data.h"
#include "runner/door/runner.h"

typedef struct segmentation {
    gt_runner *network;
    gt_confusion confusion;
} segmentation;

static bool is_wanted(const gt_engine *e) { return e->model->masks && gt_eval_data_any(e); }

static gt_status open_all(gt_engine *e, void *own) {
    segmentation *s = own;
    s->network = gt_runner_new(e->model, gt_eval_params(e),
                               &(gt_runner_options){.role = GT_ROLE_SEGMENTER, .pool = e->pool}, &e->arena_bytes);
    return gt_comm_agree_all(e->comm, s->network ? GT_OK : GT_FAILED);
}

static void use_arena(void *own, void *arena) { gt_runner_use_arena(((segmentation *)own)->network, arena); }

static void close_segmentation(void *own) {
    segmentation *s = own;
    gt_runner_close(s->network);
    gt_confusion_free(&s->confusion);
}

enum { IOU, LOSS, ACCURACY, SERIES };
static const gt_eval_series all_series[SERIES] = {{"IoU", "", false}, {"Loss", "", true}, {"Accuracy", "", true}};

static bool series(const gt_engine *e, const void *own, int i, gt_text *name) {
    (void)own;
    return gt_eval_series_at(e, all_series, SERIES, i, name);
}

static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    segmentation *s = own;
    gt_engine_gather_average_all(e);
    gt_status st = gt_comm_agree_all(e->comm, gt_runner_prepare(s->network));
    for (int set = 0; set < GT_EVAL_SETS && !st; set++) {
        gt_segment_scores scores;
        if (!e->eval_data[set]) continue;
        st = gt_segment_dataset_all(e->comm, s->network, e->eval_data[set], &scores, NULL);
        if (st || e->comm->rank) continue;
        gt_eval_put(values, set, all_series[IOU], "IoU", scores.mean_iou);
        gt_eval_put(values, set, all_series[LOSS], "loss", scores.loss);
        gt_eval_put(values, set, all_series[ACCURACY], "accuracy", scores.accuracy);
        if (set != GT_EVAL_TRAIN) {
            gt_confusion_take(&s->confusion, scores.confusion);
            scores.confusion = NULL;
        }
        gt_segment_free(&scores);
    }
    return st;
}

static void draw_confusion(const gt_engine *e, gt_journal *j, void *own) {
    gt_confusion_draw(&((segmentation *)own)->confusion, e, j, e->info->mask_name);
}

const gt_measurer gt_measurer_segmentation = {
    .name = "the evaluation of a segmentation",
    .own_bytes = sizeof(segmentation),
    .is_wanted = is_wanted,
    .open_all = open_all,
    .use_arena = use_arena,
    .close = close_segmentation,
    .series = series,
    .measure_all = measure_all,
    .draw = draw_confusion,
};
