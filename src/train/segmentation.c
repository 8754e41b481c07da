/* SPDX-License-Identifier: Apache-2.0
 * What a network that segments is worth, at each tick: loss, part of the pixels that are right, and mean IoU, on
 * pictures that it is trained on and on those that it is not. */
#include "train/journal.h"

enum { TRAINED_ON = 256 }; /* so many of the pictures that are trained on are judged, as they are stored */

gt_status gt_engine_open_shown(gt_engine *e) {
    const gt_job *j = e->job;
    gt_dataset_options o = {.use_masks = true,
                            .classes = j->classes,
                            .subset = j->subset,
                            .most = TRAINED_ON,
                            .held_out = j->validation,
                            .subset_seed = (uint32_t)j->seed};
    return gt_dataset_open(&e->judged[GT_JUDGED_TRAIN], j->data, &o);
}

gt_status gt_engine_judges_masks(const gt_engine *e, const gt_dataset_info *info, const char *path) {
    if (info->mask_classes <= e->model->label_dim) return GT_OK;
    return gt_fail(GT_USAGE, "'%s' has masks of %d classes, the training data have %d", path, info->mask_classes,
                   e->model->label_dim);
}

gt_status gt_engine_open_segmenting(gt_engine *e, const float *params) {
    e->segmenting = gt_segmenting_new(e->model, params, e->pool, &e->arena_bytes);
    return e->segmenting ? GT_OK : GT_FAILED;
}

gt_status gt_evaluate_masks_all(gt_engine *e, gt_journal *j) {
    gt_status st = gt_comm_agree_all(e->comm, gt_segmenting_prepare(e->segmenting));
    for (int part = 0; part < GT_JUDGED && !st; part++) {
        gt_segment_scores s;
        if (!e->judged[part]) continue;
        st = gt_segment_dataset_all(e->comm, e->segmenting, e->judged[part], &s, NULL);
        if (st || e->comm->rank) continue;
        gt_journal_put_evaluated(j, part, "IoU/%s", "IoU", s.mean_iou);
        if (part != GT_JUDGED_TRAIN) { /* of those trained on the steps tell */
            gt_journal_put_evaluated(j, part, "Loss/%s", "loss", s.loss);
            gt_journal_put_evaluated(j, part, "Accuracy/%s", "accuracy", s.accuracy);
            gt_journal_take_confusion(j, part, s.confusion);
            s.confusion = NULL;
        }
        gt_segment_free(&s);
    }
    return st;
}
