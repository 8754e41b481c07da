/* SPDX-License-Identifier: Apache-2.0
 * What training does with a dataset once it is open: everything is read. */
#ifndef TESTS_FUZZ_DATASET_USE_H
#define TESTS_FUZZ_DATASET_USE_H

#include <stdlib.h>

#include "fuzz.h"
#include "gantry/dataset.h"

enum { FUZZ_MOST_BYTES = 4 << 20 };

static inline void fuzz_use_dataset(const char *path) {
    gt_dataset *ds;
    if (gt_dataset_open(&ds, path, NULL)) return;
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_hash128 hash;
    gt_status st = gt_dataset_fingerprint(ds, &hash);
    (void)st;
    fuzz_check(info->count > 0 && info->height > 0 && info->width > 0 && info->channels > 0 && info->label_width >= 0);
    fuzz_check(info->image_bytes > 0);
    bool huge = info->image_bytes > FUZZ_MOST_BYTES;
    void *image = huge ? NULL : malloc(info->image_bytes);
    uint8_t *mask = huge || !info->masks ? NULL : malloc(gt_mask_bytes(info));
    float *label = malloc(((size_t)info->label_width + 1) * sizeof *label);
    fuzz_check(label && (huge || image));
    for (int64_t i = 0; i < info->count && i < 256; i++) {
        if (image) st = gt_dataset_read(ds, i, image);
        gt_dataset_label(ds, i, label);
        if (mask && !gt_dataset_mask(ds, i, mask) && info->mask_classes)
            for (size_t k = 0; k < gt_mask_bytes(info); k++)
                fuzz_check(mask[k] < info->mask_classes || mask[k] == GT_MASK_IGNORE);
    }
    free(mask);
    free(image);
    free(label);
    gt_dataset_close(ds);
}

#endif
