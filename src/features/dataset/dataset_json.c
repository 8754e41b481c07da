/* SPDX-License-Identifier: Apache-2.0
 * Names of entries and the text of dataset.json, spaced as the reference tool spaces it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/option.h"
#include "features/dataset/tool.h"

void gt_entry_mask_name(uint32_t item, char name[GT_ENTRY_NAME_BYTES]) {
    char picture[GT_ENTRY_NAME_BYTES];
    gt_entry_name(item, picture);
    snprintf(name, GT_ENTRY_NAME_BYTES, "masks/%.25s", picture);
}

const char *gt_dest_channels(const gt_dest *d) {
    const gt_source_info *info = &d->items->info;
    if (info->channel_names && !d->transform->channels && d->transform->alpha == GT_ALPHA_KEEP)
        return info->channel_names;
    if (!d->shape.alpha) return NULL;
    return d->shape.channels == 4 ? "R,G,B,A" : d->shape.channels == 2 ? "grey,A" : NULL;
}

bool gt_dest_range(const gt_dest *d, double range[2]) {
    const gt_source_info *info = &d->items->info;
    const gt_transform *t = d->transform;
    bool floats = d->shape.type == GT_F32, said = info->has_range || (info->says_range && floats);
    if (t->depth || !(t->of_floats ? floats : said)) return false; /* a depth that is asked for has its usual range */
    memcpy(range, t->of_floats ? t->range : info->range, 2 * sizeof *range);
    return true;
}

static void add_label(const gt_dest *d, gt_buffer *text, uint32_t item) {
    const double *vector = gt_items_vector(d->items, item);
    char number[32];
    if (!vector) {
        gt_buffer_printf(text, "%d", gt_items_class(d->items, item));
        return;
    }
    for (int k = 0; k < d->items->info.label_width; k++)
        gt_buffer_printf(text, "%s%s", k ? ", " : "[", gt_real_text(vector[k], number));
    gt_buffer_printf(text, "]");
}

bool gt_dest_labelled(const gt_dest *d) { return d->items->info.label_kind != GT_LABELS_NONE; }

gt_status gt_dest_json(const gt_dest *d, gt_buffer *text) {
    const gt_source_info *info = &d->items->info;
    bool labelled = gt_dest_labelled(d);
    gt_buffer_printf(text, "{\"labels\": %s", labelled ? "[" : "null");
    for (size_t i = 0; i < d->n && labelled; i++) {
        char name[GT_ENTRY_NAME_BYTES];
        gt_entry_name(d->entries[i].item, name);
        gt_buffer_printf(text, "%s[\"%s\", ", i ? ", " : "", name);
        add_label(d, text, d->entries[i].item);
        gt_buffer_printf(text, "]");
    }
    if (labelled) gt_buffer_printf(text, "]");
    double range[2];
    if (gt_dest_range(d, range)) gt_dest_json_range(text, range);
    if (gt_dest_channels(d)) gt_dest_json_text(text, "channels", gt_dest_channels(d));
    gt_status st = GT_OK;
    if (labelled && info->class_names)
        st = gt_dest_json_names(text, "class_names", (const char *const *)info->class_name, info->class_names);
    if (!st && info->masks && info->mask_classes)
        st = gt_dest_json_names(text, "mask_classes", (const char *const *)info->mask_name, info->mask_classes);
    gt_buffer_printf(text, "}");
    if (st) return st;
    return text->failed ? gt_fail(GT_NOMEM, "out of memory for dataset.json") : GT_OK;
}
