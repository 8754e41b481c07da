/* SPDX-License-Identifier: Apache-2.0
 * Labels, classes and names of the items of a dataset. */
#include <stdio.h>
#include <string.h>

#include "data/dataset_internal.h"
#include "data/door/dataset.h"

void gt_dataset_label(const gt_dataset *ds, int64_t item, float *label) {
    bool mirrored;
    size_t width = (size_t)ds->info.label_width;
    if (width == 0) return;
    int64_t stored = gt_dataset_stored(ds, item, &mirrored);
    const gt_source_info *n = &ds->source->info;
    if (n->label_kind == GT_LABELS_VECTORS) {
        for (size_t k = 0; k < width; k++) label[k] = (float)n->vectors[(size_t)stored * width + k];
    } else {
        memset(label, 0, width * sizeof *label);
        if (n->classes[stored] >= 0) label[n->classes[stored]] = 1;
    }
}

const char *gt_label_name(const gt_dataset_info *info, int k, char name[64]) {
    const char *at = info->label_names ? info->label_names : "";
    for (int i = 0; i < k && *at; i++) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    size_t n = strcspn(at, ",");
    snprintf(name, 64, "%.*s", n < 63 ? (int)n : 63, at);
    return *name ? name : info->label_kind == GT_LABELS_CLASSES ? "class" : "label";
}

int gt_dataset_class_stored(const gt_dataset *ds, int64_t stored) { return gt_source_class(ds->source, stored); }

int gt_dataset_class(const gt_dataset *ds, int64_t item) {
    bool mirrored;
    return gt_source_class(ds->source, gt_dataset_stored(ds, item, &mirrored));
}

const char *gt_dataset_name(const gt_dataset *ds, int64_t item, char buffer[GT_ITEM_NAME_BYTES]) {
    bool mirrored;
    return gt_source_name(ds->source, gt_dataset_stored(ds, item, &mirrored), buffer);
}

int gt_class_names_differ(const char *const *a, int n_a, const char *const *b, int n_b) {
    for (int k = 0; k < n_a && k < n_b; k++)
        if (strcmp(a[k], b[k])) return k;
    return -1;
}
