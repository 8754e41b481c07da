/* SPDX-License-Identifier: Apache-2.0
 * Images and labels of a dataset's items, as models take them: see gantry/runner.h. */
#include "runner/door/items.h"
#include "runner/door/image_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/progress.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "dist/door/dist.h"
#include "networks/model/door/model.h"

gt_status gt_read_images(gt_dataset *ds, int64_t n, int64_t *items, float *images) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t floats = info->image_bytes / gt_sample_bytes(info->type);
    GT_FREED void *samples = malloc(info->image_bytes);
    gt_status st = samples ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an image of the data");
    gt_storage_begin("reading", "pictures");
    for (int64_t i = 0; i < n && !st; i++) {
        st = gt_dataset_take(ds, &items[i], samples, NULL);
        if (!st) gt_dataset_floats(info, samples, floats, images + (size_t)i * floats);
    }
    gt_storage_end();
    return st;
}

gt_status gt_model_takes(const gt_model *m, gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    if (info->height != m->height || info->width != m->width || info->channels != m->channels)
        return gt_fail(GT_USAGE, "the images are %dx%d with %d channels, but the model was trained on %dx%d with %d",
                       info->width, info->height, info->channels, m->width, m->height, m->channels);
    return gt_model_role(m, GT_ROLE_ENCODER) && m->label_dim ? gt_model_takes_labels(m, ds) : GT_OK;
}

gt_status gt_model_takes_labels(const gt_model *m, gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    if (!info->label_width) return gt_fail(GT_USAGE, "the model uses labels (--cond=1), but the data have none");
    if (info->label_width > m->label_dim ||
        (info->label_kind != GT_LABELS_CLASSES && info->label_width != m->label_dim))
        return gt_fail(GT_USAGE, "the labels of the data have %d numbers or classes, but the model's labels have %d",
                       info->label_width, m->label_dim);
    return GT_OK;
}

void gt_model_label(const gt_model *m, gt_dataset *ds, int64_t item, float *label) {
    memset(label, 0, (size_t)m->label_dim * sizeof *label);
    gt_dataset_label(ds, item, label);
}

gt_status gt_same_data_all(gt_comm *comm, gt_dataset *data, const char *spec) {
    gt_hash128 seen = {0};
    gt_status st = gt_comm_agree_all(comm, comm->ranks > 1 ? gt_dataset_quick_fingerprint(data, &seen) : GT_OK);
    if (st) return st;
    const gt_dataset_info *i = gt_dataset_get_info(data);
    if (!gt_comm_as_first_all(comm, &seen, sizeof seen))
        st = gt_fail(GT_FAILED,
                     "'%s' holds %lld images of %dx%d with %d channels here, unlike on rank 0: all hosts must see the "
                     "same data (is a copy old or incomplete?)",
                     spec, (long long)i->stored, i->width, i->height, i->channels);
    return gt_comm_agree_all(comm, st);
}

gt_status gt_image_set_read(gt_arena *a, gt_dataset *data, int64_t n, gt_image_set *out) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    if (n > info->count) n = info->count;
    size_t pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    *out = (gt_image_set){.data = data,
                          .n = n,
                          .items = gt_arena_array(a, (size_t)n, sizeof *out->items),
                          .images = gt_arena_array(a, (size_t)n, pixels * sizeof *out->images)};
    if (!out->items || !out->images) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) out->items[i] = i * info->count / n;
    return gt_read_images(data, n, out->items, out->images);
}
