/* SPDX-License-Identifier: Apache-2.0
 * Labels in HDF5 files: those beside the images, and those that --labels=FILE.h5:NAME names. Main thread only. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/door/text.h"
#include "data/array.h"

#define LABEL_BYTES_MOST ((size_t)1 << 30)
enum { TEXT_MOST = 1024 }; /* bytes of a label that is a text */

/* ---- reading ---- */

gt_status gt_h5_label_text(const void *arg, int64_t i, char **text) {
    size_t n;
    const char *from, *at = ((char *const *)arg)[i];
    return gt_text_to_utf8(at, strlen(at), text, &n, &from);
}

static gt_status read_texts(gt_h5_set *s, gt_source_info *notes) {
    size_t n = (size_t)s->elements;
    GT_FREED char **text = calloc(n + 1, sizeof *text);
    gt_status st = text ? gt_h5_set_texts(s, TEXT_MOST, text) : gt_fail(GT_NOMEM, "out of memory for %zu labels", n);
    if (!st) st = gt_labels_of_texts(notes, s->rows, gt_h5_label_text, text);
    for (size_t i = 0; i < n && text; i++) free(text[i]);
    return st;
}

/* As an array of the widest numbers of their kind: what is beyond them is beyond classes, too. Vectors have the
 * precision of float32. */
static gt_status read_numbers(gt_h5_set *s, gt_source_info *notes) {
    gt_npy a;
    bool floats = s->kind == GT_H5_FLOAT;
    GT_FREED void *all = malloc((size_t)s->elements * sizeof(double) + 1);
    gt_status st = all ? gt_h5_set_read(s, 0, s->rows, floats ? GT_NUMBER_DOUBLE : GT_NUMBER_INT64, all)
                       : gt_fail(GT_NOMEM, "out of memory for %llu labels", (unsigned long long)s->elements);
    gt_npy_set_type(&a, floats ? "f8" : "i8");
    for (int k = 0; k < s->n_dims && k < 2 && !st; k++) st = gt_npy_add_dimension(&a, (size_t)s->dims[k]);
    if (!st) st = gt_labels_of_array(notes, s->rows, &a, all, false);
    for (size_t i = 0; i < s->elements && !st && notes->vectors; i++)
        notes->vectors[i] = (double)(float)notes->vectors[i];
    return st;
}

/* [N], [N,L], or [N,L,1,1]. */
static bool has_label_axes(const gt_h5_set *s) {
    return s->n_dims == 1 || (s->n_dims >= 2 && s->row_elements == (uint64_t)s->dims[1]);
}

static gt_status read_set(gt_h5_set *s, int64_t rows, gt_source_info *notes) {
    int64_t width = (int64_t)s->row_elements;
    bool texts = s->kind == GT_H5_TEXT || s->varies, floats = s->kind == GT_H5_FLOAT,
         whole = s->kind == GT_H5_INTEGER || s->kind == GT_H5_BOOL;
    if ((!texts && !floats && !whole) || !has_label_axes(s) || (texts && width != 1))
        return gt_fail(GT_FORMAT, "must be [N] integers or texts (classes), or [N,L] numbers");
    if (s->rows != rows) return gt_fail(GT_FORMAT, "%lld labels for %lld images", (long long)s->rows, (long long)rows);
    if (width == 0 || width > GT_VECTOR_MAX || s->elements > LABEL_BYTES_MOST / sizeof(float))
        return gt_fail(GT_FORMAT, "%lld numbers per image; 1 to %d and at most %zu MB in all are possible",
                       (long long)width, GT_VECTOR_MAX, LABEL_BYTES_MOST >> 20);
    gt_status st = texts ? read_texts(s, notes) : read_numbers(s, notes);
    return st ? st : gt_notes_check(notes, rows, !texts);
}

gt_status gt_h5_read_labels(const gt_h5_file *f, const char *name, int64_t rows, gt_source_info *notes) {
    gt_h5_set *set;
    gt_status st = gt_h5_set_open(&set, f, name);
    if (!st && gt_h5_is_scale(f, name))
        st = gt_fail(GT_FORMAT, "%s: coordinates of an axis (a dimension scale), not labels", name);
    else if (!st && (st = read_set(set, rows, notes))) st = gt_wrap(st, "%s", name);
    gt_h5_set_close(set);
    return st;
}

/* ---- which set ---- */

typedef struct search {
    const gt_h5_file *file;
    const char *images;
    int64_t rows;
    char *name;
    int n;
} search;

static gt_status look_at_set(void *arg, const char *path) {
    search *l = arg;
    gt_h5_set *set;
    const char *name = path + 1;
    if (!strcmp(name, GT_LEAVES_FILE) || !strcmp(name, l->images) || gt_h5_is_scale(l->file, path)) return GT_OK;
    if (gt_h5_set_open(&set, l->file, path)) return GT_OK;
    if (set->rows == l->rows && has_label_axes(set) && !l->n++) snprintf(l->name, GT_ARRAY_NAME_BYTES, "%s", name);
    gt_h5_set_close(set);
    return GT_OK;
}

gt_status gt_h5_find_labels(const gt_h5_file *f, const char *images, int64_t rows, char name[GT_ARRAY_NAME_BYTES],
                            int *n) {
    search l = {.file = f, .images = images, .rows = rows, .name = name};
    gt_status st = gt_h5_each(f, true, look_at_set, &l);
    *n = l.n;
    return st;
}

/* ---- labels of another file ---- */

static bool ends_as_hdf5(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot && (!strcasecmp(dot, ".h5") || !strcasecmp(dot, ".hdf5"));
}

/* The name of the set behind the file's; "": none. */
static const char *cut_name(char *path) {
    char *colon = ends_as_hdf5(path) ? NULL : strrchr(path, ':');
    if (!colon) return "";
    *colon = 0;
    return colon + 1;
}

bool gt_are_h5_labels(const char *spec) {
    GT_FREED char *path = strdup(spec);
    return path && (cut_name(path), ends_as_hdf5(path));
}

static gt_status choose_set(const gt_h5_file *f, int64_t rows, char name[GT_ARRAY_NAME_BYTES]) {
    int n = 1;
    if (*name) return GT_OK;
    strcpy(name, "labels");
    gt_status st = gt_h5_has(f, name) ? GT_OK : gt_h5_find_labels(f, "images", rows, name, &n);
    if (st || n == 1) return st;
    return n ? gt_fail(GT_USAGE,
                       "%d arrays have a row for each of the %lld images: name one, as in --labels=FILE.h5:%s", n,
                       (long long)rows, name)
             : gt_fail(GT_FORMAT, "no array has a row for each of the %lld images", (long long)rows);
}

gt_status gt_labels_of_h5(gt_source *s, const char *spec) {
    gt_h5_file f = {0};
    char name[GT_ARRAY_NAME_BYTES] = "", *path = strdup(spec);
    if (!path) return gt_fail(GT_NOMEM, "out of memory for a name");
    const char *set = cut_name(path);
    gt_status st = strlen(set) < sizeof name ? GT_OK : gt_fail(GT_USAGE, "the name of the array is too long");
    if (!st) strcpy(name, set);
    if (!st) st = gt_h5_open(&f, path);
    if (!st) st = choose_set(&f, s->count, name);
    if (!st) st = gt_h5_read_labels(&f, name, s->count, &s->info);
    gt_h5_close(&f);
    free(path);
    return st;
}
