/* SPDX-License-Identifier: Apache-2.0
 * What is a dataset already: HDF5 files and the built-in synth: sets. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/import_source.h"

static bool claims(const gt_spec *spec) {
    return gt_stored_synth.claims(spec) || gt_stored_hdf5.claims(spec);
}

static gt_picture shape_of(gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    return (gt_picture){.height = info->height, .width = info->width, .channels = info->channels, .type = info->type, .alpha = gt_dataset_alpha(info)};
}

static gt_status read_item(void *state, int64_t i, gt_picture *out) {
    gt_picture shape = shape_of(state);
    gt_status st = gt_picture_new(out, shape.height, shape.width, shape.channels, shape.type);
    out->alpha = shape.alpha;
    if (!st && (st = gt_dataset_read(state, i, out->samples))) gt_picture_free(out);
    return st;
}

static gt_status head_item(void *state, int64_t i, gt_picture_info *out) {
    (void)i;
    gt_picture shape = shape_of(state);
    gt_source_array_head(out, gt_dataset_get_info(state)->source, &shape);
    return GT_OK;
}

static const char *name_item(const void *state, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    (void)state;
    snprintf(buffer, GT_ITEM_NAME_BYTES, "%08" PRId64, i);
    return buffer;
}

static void close_dataset(void *state) {
    gt_dataset_close(state);
}

static gt_status copy_vectors(gt_reader *s, gt_dataset *ds, size_t width) {
    float *row = malloc(width * sizeof *row);
    gt_status st = row ? gt_source_new_vectors(s, width) : gt_fail(GT_NOMEM, "out of memory for labels");
    for (int64_t i = 0; !st && i < s->count; i++) {
        gt_dataset_label(ds, i, row);
        for (size_t k = 0; k < width; k++) s->notes.vectors[(size_t)i * width + k] = (double)row[k];
    }
    free(row);
    return st;
}

static gt_status copy_labels(gt_reader *s, gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    if (info->label_kind == GT_LABELS_NONE) return GT_OK;
    if (info->label_kind == GT_LABELS_VECTORS) return copy_vectors(s, ds, (size_t)info->label_width);
    gt_status st = gt_source_new_classes(s);
    for (int64_t i = 0; !st && i < s->count; i++) s->notes.classes[i] = gt_dataset_class(ds, i);
    return st ? st : gt_source_copy_class_names(&s->notes, info->class_name, info->class_names);
}

static gt_status copy_meaning(gt_reader_notes *n, const gt_dataset_info *info) {
    if (info->channel_names && !(n->channel_names = strdup(info->channel_names)))
        return gt_fail(GT_NOMEM, "out of memory for channel names");
    n->has_range = info->range[0] != gt_sample_low(info->type) || info->range[1] != gt_sample_high(info->type);
    memcpy(n->range, info->range, sizeof n->range);
    return GT_OK;
}

static gt_status open_dataset(gt_reader *s, const char *spec, const gt_source_options *options) {
    gt_dataset *ds;
    gt_hash128 identity = gt_source_file_stamp(spec); /* before it is read */
    gt_status st = gt_dataset_open(&ds, spec, NULL);
    if (st) return st;
    if (gt_stored_synth.claims(&(gt_spec){.text = spec})) st = gt_dataset_fingerprint(ds, &identity);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    *s = (gt_reader){.state = ds, .count = info->count, .main_thread_only = info->main_thread_only, .read = read_item,
                            .head = head_item, .identity = identity, .name = name_item, .close = close_dataset};
    if (!st) st = copy_meaning(&s->notes, info);
    if (!st && options->labels == GT_SOURCE_LABELS_OWN && !options->labels_csv) st = copy_labels(s, ds);
    return st;
}

const gt_reader_kind gt_reader_dataset = {.name = "dataset", .claims = claims, .open = open_dataset};
