/* SPDX-License-Identifier: Apache-2.0
 * Samples of a job for gradient checks: see features/gradcheck/gradcheck.h. */
#include "features/gradcheck/gradcheck.h"
#include "job/door/job.h"
#include "networks/model/door/family.h"
#include "runner/door/items.h"

gt_status gt_gradcheck_samples_read(gt_arena *a, const gt_job *job, gt_model *m, gt_dataset *data, int n,
                                    gt_gradcheck_samples *out) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    size_t mask = gt_mask_bytes(info), labels = (size_t)m->label_dim;
    if (gt_model_mbstd(job)) n = m->stretch > m->slice_size ? m->stretch : m->slice_size; /* whole groups */
    else if (n > job->batch) n = (int)job->batch;
    *out = (gt_gradcheck_samples){.job = job, .model = m, .data = data, .n = n};
    int64_t *items = gt_arena_array(a, (size_t)n, sizeof *items);
    out->images = gt_arena_array(a, (size_t)n, gt_model_floats(m) * sizeof *out->images);
    out->labels = gt_arena_array(a, (size_t)n, labels * sizeof *out->labels);
    out->masks = m->masks ? gt_arena_array(a, (size_t)n, mask) : NULL;
    gt_status st = gt_arena_failed(a) ? GT_NOMEM : GT_OK;
    for (int i = 0; i < n && !st; i++) {
        items[i] = i * info->count / n;
        if (m->masks) st = gt_dataset_mask(data, items[i], out->masks + (size_t)i * mask);
        if (labels) gt_dataset_label(data, items[i], out->labels + (size_t)i * labels);
    }
    return st ? st : gt_read_images(data, n, items, out->images);
}
