/* SPDX-License-Identifier: Apache-2.0
 * Datasets as HDF5: see dataset_h5.h. */
#include "data/dataset_h5.h"

#include <stdlib.h>
#include <string.h>

#include "h5/h5.h"

static gt_status write_images(gt_h5_file *f, const gt_h5_dataset *d) {
    static const gt_number types[] = {
        [GT_U8] = GT_NUMBER_UINT8, [GT_U16] = GT_NUMBER_UINT16, [GT_F32] = GT_NUMBER_FLOAT};
    const gt_array images = {"images", types[d->type], 4, {(int64_t)d->count, d->height, d->width, d->channels}, NULL};
    const gt_h5_storage how = {
        .chunk = 1, .shuffled = d->deflated && d->type != GT_U8, .level = d->deflated ? d->level : 0};
    int64_t set;
    gt_status st = gt_h5_write_stored(f, &images, &how, &set);
    for (size_t i = 0; i < d->count && !st; i++) {
        const void *data;
        size_t n;
        st = d->next(d->arg, i, &data, &n);
        if (!st && (st = gt_h5_write_chunk(set, (int64_t)i, data, n))) st = gt_wrap(st, "images");
        if (!st) st = gt_h5_written(f);
    }
    return st;
}

/* Texts of one fixed length: no pieces of a heap whose order could vary. */
static gt_status write_names(gt_h5_file *f, const gt_h5_dataset *d) {
    size_t length = 1, n = (size_t)d->class_names;
    for (size_t i = 0; i < n; i++)
        if (strlen(d->class_name[i]) + 1 > length) length = strlen(d->class_name[i]) + 1;
    char *all = calloc(n, length);
    for (size_t i = 0; i < n && all; i++) strcpy(all + i * length, d->class_name[i]);
    gt_status st = all ? gt_h5_attribute(
                             f, "images",
                             &(gt_array){"class_names", GT_NUMBER_TEXT, 2, {(int64_t)n, (int64_t)length}, all})
                       : gt_fail(GT_NOMEM, "out of memory for 'class_names'");
    free(all);
    return st;
}

/* In this order, as the file's bytes follow from it. */
static gt_status write_rest(gt_h5_file *f, const gt_h5_dataset *d) {
    const int64_t n = (int64_t)d->count;
    gt_status st = d->range ? gt_h5_attribute(f, "images", &(gt_array){"range", GT_NUMBER_DOUBLE, 1, {2}, d->range})
                            : GT_OK;
    if (!st && d->channel_names) st = gt_h5_attribute_text(f, "images", "channels", d->channel_names);
    if (!st && d->class_names) st = write_names(f, d);
    if (!st && d->classes) st = gt_h5_write(f, &(gt_array){"labels", GT_NUMBER_INT32, 1, {n}, d->classes});
    else if (!st && d->vectors)
        st = gt_h5_write(f, &(gt_array){"labels", GT_NUMBER_FLOAT, 2, {n, d->label_width}, d->vectors});
    return st;
}

gt_status gt_h5_dataset_write(const char *path, const gt_h5_dataset *d) {
    gt_h5_file f;
    gt_status st = gt_h5_create(&f, path, false);
    if (!st) st = write_images(&f, d);
    if (!st) st = write_rest(&f, d);
    if (!st) st = gt_h5_finish(&f);
    gt_h5_close(&f);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}
