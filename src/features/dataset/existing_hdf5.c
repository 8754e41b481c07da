/* SPDX-License-Identifier: Apache-2.0
 * Compares an HDF5 file that is at the destination: the chunks as they are stored, then number, labels and attributes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/parts.h"
#include "data/door/source.h"
#include "files/codec/door/sample.h"
#include "features/dataset/tool.h"
#include "files/h5/door/h5.h"

typedef struct comparing {
    gt_source *set; /* what it says of itself */
    gt_h5_file file;
    gt_h5_set *images, *masks; /* masks: NULL, there are none */
    void *chunk;               /* as large as the largest so far */
    size_t room;
} comparing;

void gt_existing_hdf5_close(gt_dest *d) {
    comparing *s = d->other;
    gt_h5_set_close(s->images);
    gt_h5_set_close(s->masks);
    gt_h5_close(&s->file);
    gt_source_close(s->set);
    free(s->chunk);
    free(s);
    d->other = NULL;
}

static gt_status begin_comparing(gt_dest *d) {
    comparing *s = calloc(1, sizeof *s);
    if (!s) return gt_fail(GT_NOMEM, "out of memory for '%s'", d->path);
    d->other = s;
    gt_status st = gt_source_open(&s->set, d->path, NULL);
    if (st && st != GT_FORMAT && st != GT_USAGE) return st; /* it is not known what it is */
    if (st) {
        char reason[512];
        snprintf(reason, sizeof reason, "'%s'", gt_message());
        return gt_dest_differs(d, reason);
    }
    const gt_picture *p = &s->set->shape;
    bool same = p->height == d->shape.height && p->width == d->shape.width && p->channels == d->shape.channels &&
                p->type == d->shape.type;
    if (!same) return gt_dest_differs(d, "the shape of its images");
    if (!gt_items_same_mask_names(&s->set->info, &d->items->info)) return gt_dest_differs(d, "masks");
    st = gt_h5_open(&s->file, d->path);
    if (!st) st = gt_h5_set_open(&s->images, &s->file, "images");
    return st || !d->items->info.masks ? st : gt_h5_set_open(&s->masks, &s->file, "masks");
}

static gt_status compare_chunk(gt_dest *d, gt_h5_set *set, const void *bytes, size_t n) {
    comparing *s = d->other;
    if (s->room < n) {
        free(s->chunk);
        s->room = 0;
        if (!(s->chunk = malloc(n))) return gt_fail(GT_NOMEM, "out of memory for an image of %zu bytes", n);
        s->room = n;
    }
    bool same = gt_h5_set_chunk(set, (int64_t)d->n, s->chunk, n) && !memcmp(s->chunk, bytes, n);
    return same ? GT_OK : gt_dest_differs(d, NULL);
}

static gt_status compare_image(gt_dest *d, const gt_entry *e, const void *bytes) {
    comparing *s = d->other;
    if (d->n >= (size_t)s->set->count) return gt_dest_differs(d, "the number of its images");
    gt_status st = compare_chunk(d, s->images, bytes, e->size);
    return st || !s->masks ? st : compare_chunk(d, s->masks, (const char *)bytes + e->size, e->mask_size);
}

static bool same_labels(const gt_dest *d, const gt_source *set) {
    for (size_t i = 0; i < d->n; i++) {
        uint32_t item = d->entries[i].item;
        const double *stored = gt_source_vector(set, (int64_t)i), *made = gt_items_vector(d->items, item);
        if (gt_source_class(set, (int64_t)i) != gt_items_class(d->items, item) || !stored != !made) return false;
        for (int k = 0; made && k < set->info.label_width; k++)
            if ((float)stored[k] != (float)made[k]) return false;
    }
    return true;
}

static gt_status compare_labels(gt_dest *d, const gt_source *set) {
    const gt_source_info *info = &set->info, *made = &d->items->info;
    gt_label_kind kind = gt_dest_labelled(d) ? made->label_kind : GT_LABELS_NONE;
    if (info->label_kind != kind) return gt_dest_differs(d, "the kind of its labels");
    if (kind == GT_LABELS_NONE) return info->class_names ? gt_dest_differs(d, "class_names") : GT_OK;
    if (!gt_items_same_names(info, made)) return gt_dest_differs(d, "class_names");
    if (kind == GT_LABELS_VECTORS && info->label_width != made->label_width)
        return gt_dest_differs(d, "the length of its labels");
    return same_labels(d, set) ? GT_OK : gt_dest_differs(d, "labels");
}

/* Of a file that an earlier program made there are none. */
static gt_status compare_leaves(gt_dest *d, gt_source *set) {
    GT_FREED gt_sha256 *leaf = NULL;
    GT_BUFFER gt_buffer made = {0};
    gt_status st = gt_source_stored_leaves(set, &leaf);
    if (st == GT_FORMAT) return gt_dest_differs(d, GT_LEAVES_FILE);
    if (!st && leaf && !(st = gt_dest_leaves(d, &made)) && memcmp(leaf, made.data, made.n))
        st = gt_dest_differs(d, GT_LEAVES_FILE);
    return st;
}

static gt_status compare_rest(gt_dest *d) {
    gt_source *set = ((comparing *)d->other)->set;
    const gt_source_info *info = &set->info;
    const char *channels = gt_dest_channels(d);
    gt_sample type = set->shape.type;
    double range[2] = {gt_sample_low(type), gt_sample_high(type)}, stored[2] = {range[0], range[1]};
    gt_dest_range(d, range);
    if (info->has_range) memcpy(stored, info->range, sizeof stored);
    if ((size_t)set->count != d->n) return gt_dest_differs(d, "the number of its images");
    if (memcmp(range, stored, sizeof range)) return gt_dest_differs(d, "range");
    if (strcmp(channels ? channels : "", info->channel_names ? info->channel_names : ""))
        return gt_dest_differs(d, "channels");
    gt_status st = compare_labels(d, set);
    return st ? st : compare_leaves(d, set);
}

const gt_dest_kind gt_dest_compared_hdf5 = {
    .name = "hdf5", .begin = begin_comparing, .put = compare_image, .finish = compare_rest};
