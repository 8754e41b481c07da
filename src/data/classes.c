/* SPDX-License-Identifier: Apache-2.0
 * Classes without images. Labels are numbers from 0 to the largest one, so a set with the classes 0, 1000 and 2000 has
 * 2001 of them. */
#include <stdio.h>
#include <stdlib.h>

#include "gantry/dataset.h"
#include "gantry/log.h"

bool gt_classes_empty(const int64_t *images, int n, char *text, size_t room) {
    int empty = 0, first = -1;
    for (int i = 0; i < n; i++) {
        if (images[i]) continue;
        if (!empty++) first = i;
    }
    if (empty) snprintf(text, room, "%d of %d classes have no image, such as class %d", empty, n, first);
    return empty > 0;
}

gt_status gt_dataset_warn_classes(const gt_dataset *ds, const char *spec) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    if (info->label_kind != GT_LABELS_CLASSES || !info->label_width) return GT_OK;
    int64_t *images = calloc((size_t)info->label_width, sizeof *images);
    if (!images) return gt_fail(GT_NOMEM, "out of memory for %d classes", info->label_width);
    for (int64_t i = 0; i < info->count; i++) images[gt_dataset_class(ds, i)]++;
    char text[128];
    if (gt_classes_empty(images, info->label_width, text, sizeof text))
        gt_warn("'%s': %s: the networks have all of them, since classes are counted from 0 to the largest label; "
                "number them without gaps",
                spec, text);
    free(images);
    return GT_OK;
}
