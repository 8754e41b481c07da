/* SPDX-License-Identifier: Apache-2.0
 * Labels in an array, a row for each item: one rule for .npy, .npz, HDF5 and the label files of TFRecords. Their type
 * tells what they are: texts are names of classes; whole numbers are classes, rows of them where they are one-hot;
 * floats are classes where they stand alone and all are whole. The rest are vectors. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "data/door/source.h"
#include "base/door/text.h"

gt_status gt_labels_head(gt_npy *a, const void *bytes, size_t n) {
    gt_npy any;
    char why[256];
    gt_status st = gt_npy_head(a, bytes, n);
    if (!st) return GT_OK;
    snprintf(why, sizeof why, "%s", gt_message());
    if (gt_npy_any_head(&any, bytes, n) || !strchr("US", any.type)) return gt_fail(st, "%s", why);
    *a = any;
    return GT_OK;
}

/* The place of the only 1 among zeros in a row; -1: it is another row. */
static int64_t hot(const gt_npy *a, const void *data, size_t row, size_t width) {
    int64_t place = -1;
    for (size_t k = 0; k < width; k++) {
        double v = gt_npy_number(a, data, row * width + k);
        if (v == 0) continue;
        if (v != 1 || place >= 0) return -1;
        place = (int64_t)k;
    }
    return place;
}

static bool are_one_hot(const gt_npy *a, const void *data, size_t count, size_t width) {
    bool all = width > 1;
    for (size_t i = 0; all && i < count; i++) all = hot(a, data, i, width) >= 0;
    return all;
}

static gt_status take_one_hot(gt_source_info *n, const gt_npy *a, const void *data, size_t count, size_t width) {
    gt_status st = gt_notes_new_classes(n, (int64_t)count);
    for (size_t i = 0; i < count && !st; i++) n->classes[i] = (int32_t)hot(a, data, i, width);
    return st ? st
              : gt_notes_say(n, "the labels are one-hot, rows of %zu numbers with a single 1: they are read as classes",
                             width);
}

static gt_status take_vectors(gt_source_info *n, const gt_npy *a, const void *data, size_t count, size_t width) {
    gt_status st = gt_notes_new_vectors(n, (int64_t)count, width);
    for (size_t i = 0; i < count * width && !st; i++) {
        n->vectors[i] = gt_npy_number(a, data, i);
        if (!isfinite((float)n->vectors[i]))
            st = gt_fail(GT_FORMAT, "label %zu: number %zu (%g) is not finite in 32 bits", i / width, i % width,
                         n->vectors[i]);
    }
    return st;
}

static gt_status take_classes(gt_source_info *n, const gt_npy *a, const void *data, size_t count) {
    gt_status st = gt_notes_new_classes(n, (int64_t)count);
    for (size_t i = 0; i < count && !st; i++) {
        double v = gt_npy_number(a, data, i);
        if (!gt_is_class(v))
            st = gt_fail(GT_FORMAT, "label %zu is %.17g; classes are integers 0 .. %d", i, v, GT_CLASS_MAX);
        else n->classes[i] = (int32_t)v;
    }
    return st;
}

static bool are_classes(const gt_npy *a, const void *data, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!gt_is_class(gt_npy_number(a, data, i))) return false;
    return true;
}

/* ---- texts ---- */

/* Text i in UTF-8, to be freed: of type U it has four bytes for each character. */
static gt_status text_of(const gt_npy *a, const void *data, size_t i, char **out) {
    const char *at = (const char *)data + i * (size_t)a->size, *from;
    size_t n = a->type == 'S' ? strnlen(at, (size_t)a->size) : (size_t)a->size / 4;
    if (a->type == 'S') return gt_text_to_utf8(at, n, out, &n, &from);
    char *to = *out = malloc(4 * n + 1);
    if (!to) return gt_fail(GT_NOMEM, "out of memory for a label");
    for (size_t k = 0; k < n; k++) {
        uint32_t code = gt_le32((const uint8_t *)at + 4 * k);
        if (!code) break;
        to = gt_text_put_code(to, code <= 0x10ffff ? code : 0xfffd);
    }
    *to = 0;
    return GT_OK;
}

static bool is_blank(const char *text) { return !text[strspn(text, " \t\r\n")]; }

static bool is_class_number(const char *text, double *v) {
    char *end;
    *v = strtod(text, &end);
    return end != text && is_blank(end) && gt_is_class(*v);
}

gt_status gt_labels_of_texts(gt_source_info *n, int64_t count, gt_text_of_label *text_at, const void *arg) {
    double v = 0;
    char *text;
    bool numbers = true;
    int64_t nones = 0;
    char none[48] = "";
    gt_status st = gt_notes_new_classes(n, count);
    for (int64_t i = 0; i < count && !st; i++) {
        if ((st = text_at(arg, i, &text))) break;
        if (gt_label_is_none(text) && !nones++) snprintf(none, sizeof none, "%.40s", text);
        numbers = numbers && (is_blank(text) || gt_label_is_none(text) || is_class_number(text, &v));
        if (!is_blank(text)) st = gt_notes_sort_in_class(n, text, strlen(text));
        free(text);
    }
    numbers = numbers && nones < count;
    for (int64_t i = 0; i < count && !st; i++) {
        if ((st = text_at(arg, i, &text))) break;
        if (!is_blank(text) && !(numbers && gt_label_is_none(text)))
            n->classes[i] = numbers && is_class_number(text, &v) ? (int32_t)v
                                                                 : gt_notes_find_class(n, text, strlen(text));
        free(text);
    }
    if (numbers && nones && !st) st = gt_notes_say_none(n, nones, none);
    for (int i = 0; i < n->class_names && numbers && !st; i++) free(n->class_name[i]);
    if (numbers && !st) n->class_names = 0;
    return st;
}

typedef struct texts {
    const gt_npy *a;
    const void *data;
} texts;

static gt_status text_of_array(const void *arg, int64_t i, char **text) {
    const texts *t = arg;
    return text_of(t->a, t->data, (size_t)i, text);
}

/* ---- arrays ---- */

gt_status gt_labels_of_array(gt_source_info *n, int64_t count, const gt_npy *a, const void *data, bool float_classes) {
    size_t rows = (size_t)count, width = a->dimensions == 2 ? a->shape[1] : 1;
    if (a->dimensions < 1 || a->dimensions > 2 || a->shape[0] != rows)
        return gt_fail(GT_FORMAT, "labels must be [%" PRId64 "] or [%" PRId64 ",L]", count, count);
    if (strchr("US", a->type)) {
        if (width != 1) return gt_fail(GT_FORMAT, "texts are names of classes: [%" PRId64 "] is needed", count);
        return gt_labels_of_texts(n, count, text_of_array, &(texts){a, data});
    }
    bool floats = a->type == 'f';
    if (floats ? a->dimensions == 1 && are_classes(a, data, rows) : width == 1) return take_classes(n, a, data, rows);
    if ((!floats || float_classes) && are_one_hot(a, data, rows, width)) return take_one_hot(n, a, data, rows, width);
    return take_vectors(n, a, data, rows, width);
}
