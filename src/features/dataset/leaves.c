/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * The hash of each sample (data/door/parts.h) is written beside the samples, so that a training need not compute it. A
 * thread makes the hash with the image. DEST.progress does not keep it: of images that an earlier run made, and of
 * those whose labels are known at the end alone, the hash is computed at the end, from what was written. */
#include <stdlib.h>

#include "base/door/progress.h"
#include "data/door/parts.h"
#include "features/dataset/tool.h"

gt_status gt_item_leaf(const gt_items *items, int64_t item, const gt_picture *image, const gt_picture *mask,
                       gt_sha256 *out) {
    return gt_sample_leaf(&(gt_sample_parts){.picture = image,
                                             .mask = mask,
                                             .class = gt_items_class(items, item),
                                             .vector = gt_items_vector(items, item),
                                             .label_width = items->info.label_width},
                          out);
}

/* The image that an earlier run wrote, and its mask. */
static gt_status read_back(gt_dest *d, gt_entry *e, uint64_t *at) {
    size_t n = (size_t)e->size + e->mask_size;
    gt_picture image = {0}, mask = {0};
    GT_FREED char *bytes = malloc(n);
    gt_status st = bytes ? d->kind->read_back(d, e, at, bytes) : gt_fail(GT_NOMEM, "out of memory for an image");
    if (!st) st = d->kind->decode(d, bytes, e->size, false, &image);
    if (!st && e->mask_size) st = d->kind->decode(d, bytes + e->size, e->mask_size, true, &mask);
    if (!st) st = gt_item_leaf(d->items, e->item, &image, &mask, &e->leaf);
    e->hashed = !st;
    gt_picture_free(&image);
    gt_picture_free(&mask);
    return st ? gt_wrap(st, "'%s': image %u as it was written (gantry dataset --restart makes all images again)",
                        d->part, e->item)
              : GT_OK;
}

gt_status gt_dest_leaves(gt_dest *d, gt_buffer *out) {
    gt_status st = GT_OK;
    uint64_t at = 0; /* all entries of an earlier run come first */
    for (size_t i = 0; i < d->n && !st; i++) {
        if (!d->entries[i].hashed) st = read_back(d, &d->entries[i], &at);
        gt_buffer_add(out, d->entries[i].leaf.byte, sizeof d->entries[i].leaf);
        gt_progress();
    }
    return !st && out->failed ? gt_fail(GT_NOMEM, "out of memory for the hashes of %zu images", d->n) : st;
}
