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
    float *label = malloc(((size_t)info->label_width + 1) * sizeof *label);
    fuzz_check(label && (huge || image));
    for (int64_t i = 0; i < info->count && i < 256; i++) {
        if (image) st = gt_dataset_read(ds, i, image);
        gt_dataset_label(ds, i, label);
    }
    free(image);
    free(label);
    gt_dataset_close(ds);
}

#endif
