/* SPDX-License-Identifier: Apache-2.0
 * Samples of a job for gradient checks: see gantry/gradcheck.h. */
#include "gantry/gradcheck.h"
#include "gantry/items.h"

static gt_status copy_sample(void *arg, uint32_t step, uint32_t sample, float *image, float *label) {
    const gt_gradcheck_samples *s = arg;
    (void)step;
    size_t pixels = gt_model_floats(s->model), numbers = (size_t)s->model->label_dim, at = sample % (uint32_t)s->n;
    for (size_t i = 0; i < pixels; i++) image[i] = s->images[at * pixels + i];
    for (size_t i = 0; i < numbers; i++) label[i] = s->labels[at * numbers + i];
    return GT_OK;
}

static void label_of(void *data, int64_t item, float *label) { gt_dataset_label(data, item, label); }

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

gt_slice_input gt_gradcheck_slice(gt_gradcheck_samples *s) {
    return (gt_slice_input){.n = s->n,
                            .seed = (uint64_t)s->job->seed,
                            .images = s->images,
                            .labels = s->model->label_dim ? s->labels : NULL,
                            .masks = s->masks,
                            .batch = s->n,
                            .augment_p = s->job->gan.augments ? 0.5f : 0,
                            .label_of = label_of,
                            .label_arg = s->data,
                            .items = gt_dataset_get_info(s->data)->count,
                            .sample_of = copy_sample,
                            .sample_arg = s};
}
