/* SPDX-License-Identifier: Apache-2.0
 * Masks: the class of every pixel, beside the pictures. What all sources of masks share. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "files/codec/door/codec.h"
#include "base/door/memory.h"

gt_status gt_masks_add_name(gt_source_info *n, const char *name) {
    if (n->mask_classes == GT_MASK_CLASSES_MAX)
        return gt_fail(GT_FORMAT, "mask_classes: more than %d names", GT_MASK_CLASSES_MAX);
    gt_status st = gt_grow(&n->mask_name, &n->mask_room, (size_t)n->mask_classes + 1, sizeof *n->mask_name,
                           "names of the masks' classes");
    if (st) return st;
    char *copy = strdup(name);
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for names of the masks' classes");
    n->mask_name[n->mask_classes++] = copy;
    return GT_OK;
}

void gt_masks_free_names(gt_source_info *n) {
    for (int i = 0; i < n->mask_classes; i++) free(n->mask_name[i]);
    free(n->mask_name);
    n->mask_name = NULL;
    n->mask_classes = 0;
    n->mask_room = 0;
}

bool gt_mask_is_name(const char *name) { return !strncmp(name, GT_MASK_FOLDER, sizeof GT_MASK_FOLDER - 1); }

const char *gt_mask_name(const char *picture, char buffer[GT_ITEM_NAME_BYTES]) {
    const char *slash = strrchr(picture, '/'), *dot = strrchr(slash ? slash : picture, '.');
    snprintf(buffer, GT_ITEM_NAME_BYTES, "%s%.*s.png", GT_MASK_FOLDER,
             dot ? (int)(dot - picture) : (int)strlen(picture), picture);
    return buffer;
}

gt_status gt_mask_decode(const void *bytes, size_t n, gt_picture *out) {
    gt_png_info head;
    *out = (gt_picture){0};
    gt_status st = gt_png_head(bytes, n, &head);
    if (!st && (head.palette || head.channels != 1 || head.bits != 8))
        st = gt_fail(GT_FORMAT,
                     "a PNG of %d-bit %s; a mask must be an 8-bit grey PNG with classes as values (%d: ignore)",
                     head.bits,
                     head.palette         ? "palette"
                     : head.channels == 1 ? "grey"
                     : head.channels == 2 ? "grey with alpha"
                     : head.channels == 3 ? "RGB"
                                          : "RGBA",
                     GT_MASK_IGNORE);
    if (!st) st = gt_picture_decode(out, bytes, n, 0);
    if (!st && (out->channels != 1 || out->type != GT_U8)) {
        gt_picture_free(out);
        st = gt_fail(GT_FORMAT, "a mask must be an 8-bit grey PNG");
    }
    return st;
}

/* Are the entries of the folder of masks really masks? They are if one of them is named as the mask of a picture. */
gt_status gt_masks_sort_out(gt_source *s, int64_t entries, gt_masks_entry *name_of, gt_masks_find *find, void *arg,
                            bool *masks) {
    char buffer[GT_ITEM_NAME_BYTES];
    int64_t missing = 0, pictures = 0;
    const char *first = NULL;
    *masks = false;
    bool any = false;
    for (int64_t i = 0; i < entries && !any; i++) any = gt_mask_is_name(name_of(s, i, arg));
    for (int64_t i = 0; i < entries && any; i++) {
        const char *name = name_of(s, i, arg);
        if (gt_mask_is_name(name)) continue;
        bool found = find(s, gt_mask_name(name, buffer), arg);
        *masks |= found;
        pictures++;
        if (!found && !missing++) first = name;
    }
    if (!*masks || !missing) return GT_OK;
    return gt_fail(GT_FORMAT, "%" PRId64 " of %" PRId64 " pictures have no mask, the first is '%s': '%s' is missing",
                   missing, pictures, first, gt_mask_name(first, buffer));
}

gt_status gt_mask_read(const gt_source *s, int64_t i, const gt_picture *shape, gt_picture *out) {
    *out = (gt_picture){0};
    gt_status st = s->mask(s, i, out);
    if (!st && (out->height != shape->height || out->width != shape->width))
        st = gt_fail(GT_FORMAT, "%d x %d pixels, but its picture has %d x %d", out->width, out->height, shape->width,
                     shape->height);
    const uint8_t *class = out->samples;
    int classes = s->info.mask_classes;
    for (int64_t k = 0; classes && !st && k < (int64_t)shape->height * shape->width; k++)
        if (class[k] >= classes && class[k] != GT_MASK_IGNORE)
            st = gt_fail(GT_FORMAT, "pixel (%" PRId64 ", %" PRId64 ") has the class %d; there are %d, and %d (ignore)",
                         k % shape->width, k / shape->width, class[k], classes, GT_MASK_IGNORE);
    if (st) gt_picture_free(out);
    return st;
}

gt_status gt_mask_wrap(const gt_source *s, int64_t i, gt_status st) {
    char buffer[GT_ITEM_NAME_BYTES];
    if (!st) return GT_OK;
    st = s->names.count || s->name
             ? gt_wrap(st, "'%s'", gt_mask_name(gt_source_name(s, i, buffer), (char[GT_ITEM_NAME_BYTES]){0}))
             : gt_wrap(st, "mask %" PRId64, i);
    return gt_wrap(st, "'%s'", s->spec);
}
