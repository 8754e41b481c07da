/* SPDX-License-Identifier: Apache-2.0
 * What all datasets that Gantry writes have in common: see written.h. Spaces in dataset.json are as the reference tool
 * has them. */
#include "data/door/written.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "files/h5/door/h5.h"

void gt_entry_name(uint32_t item, char name[GT_ENTRY_NAME_BYTES]) {
    char digits[12];
    snprintf(digits, sizeof digits, "%08u", item);
    snprintf(name, GT_ENTRY_NAME_BYTES, "%.5s/img%s.png", digits, digits);
}

gt_status gt_png_check(const gt_picture *shape) {
    char is[GT_SHAPE_BYTES];
    if (shape->type != GT_F32 && shape->channels <= 4) return GT_OK;
    return gt_fail(GT_USAGE,
                   "%s: PNG holds 1 to 4 channels of 8 or 16 bits; choose a destination FILE.h5, or convert with "
                   "--depth=u8 and --channels",
                   gt_picture_shape(shape, is));
}

/* `, "KEY": VALUE`; takes `value`. */
static void add_value(gt_buffer *text, const char *key, json_t *value) {
    GT_FREED char *json = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    if (json) gt_buffer_printf(text, ", \"%s\": %s", key, json);
    else text->failed = true;
    json_decref(value);
}

void gt_dest_json_range(gt_buffer *text, const double range[2]) {
    add_value(text, "range", json_pack("[f,f]", range[0], range[1]));
}

void gt_dest_json_text(gt_buffer *text, const char *key, const char *value) {
    add_value(text, key, json_string(value));
}

/* Sources give names in UTF-8. */
gt_status gt_dest_json_names(gt_buffer *text, const char *key, const char *const *name, int n) {
    json_t *names = json_array();
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st; i++)
        if (json_array_append_new(names, json_string(name[i])))
            st = gt_fail(GT_FORMAT, "%s: the name of class %d, '%s', cannot be written: it is not UTF-8", key, i,
                         name[i]);
    if (!st) add_value(text, key, names);
    else json_decref(names);
    return st;
}

/* Texts of one fixed length: no pieces of a heap whose order could vary. */
gt_status gt_dest_h5_names(gt_h5_file *f, const char *set, const char *const *name, int names) {
    size_t length = 1, n = (size_t)names;
    for (size_t i = 0; i < n; i++)
        if (strlen(name[i]) + 1 > length) length = strlen(name[i]) + 1;
    GT_FREED char *all = calloc(n, length);
    for (size_t i = 0; i < n && all; i++) strcpy(all + i * length, name[i]);
    return all ? gt_h5_attribute(f, set,
                                 &(gt_array){"class_names", GT_NUMBER_TEXT, 2, {(int64_t)n, (int64_t)length}, all})
               : gt_fail(GT_NOMEM, "out of memory for 'class_names'");
}
