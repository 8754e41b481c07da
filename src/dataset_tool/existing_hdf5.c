/* SPDX-License-Identifier: Apache-2.0
 * An HDF5 file that stands at the destination: its chunks as they are stored, and what it says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_tool/tool.h"
#include "gantry/dataset.h"
#include "h5/h5.h"

typedef struct comparing {
    gt_dataset *set; /* what it says of itself */
    gt_h5_file file;
    gt_h5_set *images;
    void *chunk; /* as large as the largest so far */
    size_t room;
} comparing;

void gt_existing_hdf5_close(gt_dest *d) {
    comparing *s = d->other;
    gt_h5_set_close(s->images);
    gt_h5_close(&s->file);
    gt_dataset_close(s->set);
    free(s->chunk);
    free(s);
    d->other = NULL;
}

gt_status gt_existing_hdf5_open(gt_dest *d) {
    comparing *s = calloc(1, sizeof *s);
    if (!s) return gt_fail(GT_NOMEM, "out of memory for '%s'", d->path);
    d->other = s;
    gt_status st = gt_dataset_open(&s->set, d->path, NULL);
    if (st && st != GT_FORMAT && st != GT_USAGE) return st; /* it is not known what it is */
    if (st) {
        char reason[512];
        snprintf(reason, sizeof reason, "'%s'", gt_message());
        return gt_dest_differs(d, reason);
    }
    const gt_dataset_info *info = gt_dataset_get_info(s->set);
    bool same = info->height == d->shape.height && info->width == d->shape.width &&
                info->channels == d->shape.channels && info->type == d->shape.type;
    if (!same) return gt_dest_differs(d, "the shape of its images");
    st = gt_h5_open(&s->file, d->path);
    return st ? st : gt_h5_set_open(&s->images, &s->file, "images");
}

gt_status gt_existing_hdf5_chunk(gt_dest *d, const void *bytes, size_t n) {
    comparing *s = d->other;
    if (d->n >= (size_t)gt_dataset_get_info(s->set)->count) return gt_dest_differs(d, "the number of its images");
    if (s->room < n) {
        free(s->chunk);
        s->room = 0;
        if (!(s->chunk = malloc(n))) return gt_fail(GT_NOMEM, "out of memory for an image of %zu bytes", n);
        s->room = n;
    }
    bool same = gt_h5_set_chunk(s->images, (int64_t)d->n, s->chunk, n) && !memcmp(s->chunk, bytes, n);
    return same ? GT_OK : gt_dest_differs(d, NULL);
}

static bool same_texts(int n, const char *const *a, int m, const char *const *b) {
    bool same = n == m;
    for (int i = 0; i < n && same; i++) same = !strcmp(a[i], b[i]);
    return same;
}

static bool same_labels(const gt_dest *d, gt_dataset *set, float *row) {
    const gt_dataset_info *info = gt_dataset_get_info(set);
    for (size_t i = 0; i < d->n; i++) {
        uint32_t item = d->entries[i].item;
        const double *vector = gt_items_vector(d->items, item);
        if (!vector && gt_dataset_class(set, (int64_t)i) != gt_items_class(d->items, item)) return false;
        if (vector) gt_dataset_label(set, (int64_t)i, row);
        for (int k = 0; vector && k < info->label_width; k++)
            if (row[k] != (float)vector[k]) return false;
    }
    return true;
}

static gt_status compare_labels(gt_dest *d, gt_dataset *set) {
    const gt_dataset_info *info = gt_dataset_get_info(set);
    const gt_source_info *made = &d->items->info;
    gt_label_kind kind = gt_dest_labelled(d) ? made->label_kind : GT_LABELS_NONE;
    if (info->label_kind != kind) return gt_dest_differs(d, "the kind of its labels");
    if (kind == GT_LABELS_NONE) return info->class_names ? gt_dest_differs(d, "class_names") : GT_OK;
    if (!same_texts(info->class_names, info->class_name, made->class_names, made->class_name))
        return gt_dest_differs(d, "class_names");
    if (kind == GT_LABELS_VECTORS && info->label_width != made->label_width)
        return gt_dest_differs(d, "the length of its labels");
    float *row = malloc(((size_t)info->label_width + 1) * sizeof *row);
    if (!row) return gt_fail(GT_NOMEM, "out of memory for a label");
    bool same = same_labels(d, set, row);
    free(row);
    return same ? GT_OK : gt_dest_differs(d, "labels");
}

gt_status gt_existing_hdf5_end(gt_dest *d) {
    gt_dataset *set = ((comparing *)d->other)->set;
    const gt_dataset_info *info = gt_dataset_get_info(set);
    const char *channels = gt_dest_channels(d);
    double range[2] = {gt_sample_low(info->type), gt_sample_high(info->type)};
    gt_dest_range(d, range);
    if ((size_t)info->count != d->n) return gt_dest_differs(d, "the number of its images");
    if (memcmp(range, info->range, sizeof range)) return gt_dest_differs(d, "range");
    if (strcmp(channels ? channels : "", info->channel_names ? info->channel_names : ""))
        return gt_dest_differs(d, "channels");
    return compare_labels(d, set);
}
