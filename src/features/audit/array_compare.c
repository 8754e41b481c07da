/* SPDX-License-Identifier: Apache-2.0
 * Compares the arrays of a file with those that were made again: see pictures.h. All of them: what lies beside the
 * pictures is a claim, too; so are links, groups and attributes. An archive can hold more than arrays, so its bytes
 * count. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/audit/pictures.h"
#include "base/door/file.h"
#include "base/door/sha256.h"
#include "files/codec/door/notes.h"
#include "files/codec/door/weights.h"
#include "files/h5/door/h5.h"

typedef struct arrays {
    gt_h5_file h5;
    gt_arena *arena;
    const char **name;
    int n, room;
} arrays;

static gt_status add_name(void *arg, const char *path) {
    arrays *a = arg;
    if (!gt_arena_grow(a->arena, &a->name, a->n, &a->room, sizeof *a->name)) return GT_NOMEM;
    return (a->name[a->n++] = gt_arena_printf(a->arena, "%s", path)) ? GT_OK : GT_NOMEM;
}

static gt_status open_arrays(const char *path, arrays *a) {
    a->arena = gt_arena_new();
    gt_status st = a->arena ? gt_h5_open(&a->h5, path) : gt_fail(GT_NOMEM, "out of memory for a comparison");
    return st ? st : gt_h5_each(&a->h5, true, add_name, a);
}

static void close_arrays(arrays *a) {
    gt_h5_close(&a->h5);
    gt_arena_free(a->arena);
}

static bool same_shape(const gt_h5_set *a, const gt_h5_set *b) {
    return a->kind == b->kind && a->is_signed == b->is_signed && a->bytes == b->bytes && a->n_dims == b->n_dims &&
           !memcmp(a->dims, b->dims, (size_t)a->n_dims * sizeof *a->dims);
}

/* Row by row. */
static gt_status compare_rows(const char *name, gt_h5_set *a, gt_h5_set *b, audit_pixels *out) {
    gt_number type = a->kind == GT_H5_INTEGER ? GT_NUMBER_INT64
                     : a->kind == GT_H5_FLOAT ? GT_NUMBER_DOUBLE
                                              : GT_NUMBER_TEXT;
    size_t row = (size_t)a->row_elements * (type == GT_NUMBER_TEXT ? a->bytes : sizeof(double));
    GT_FREED char *x = malloc(row + 1), *y = malloc(row + 1);
    gt_status st = x && y ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a comparison");
    for (int64_t i = 0; i < a->rows && !st && !*out->words; i++) {
        st = gt_h5_set_read(a, i, 1, type, x);
        if (!st) st = gt_h5_set_read(b, i, 1, type, y);
        if (!st && memcmp(x, y, row))
            snprintf(out->words, sizeof out->words, "row %" PRId64 " of %.200s differs", i, name);
    }
    return st;
}

/* A dimension of NetCDF may have no numbers, in the file that is made as well: *empty, and no sets. */
static gt_status open_sets(const char *name, const gt_h5_file *a, const gt_h5_file *b, gt_h5_set *set[2], bool *empty) {
    char why[512];
    gt_status st = gt_h5_set_open(&set[0], a, name);
    snprintf(why, sizeof why, "%s", st ? gt_message() : "");
    gt_status made = st && st != GT_FORMAT ? st : gt_h5_set_open(&set[1], b, name);
    *empty = st == GT_FORMAT && made == GT_FORMAT;
    if (*empty) return GT_OK;
    return st ? gt_fail(st, "%s", why) : made;
}

static gt_status compare_set(const char *name, const gt_h5_file *a, const gt_h5_file *b, bool *empty,
                             audit_pixels *out) {
    gt_h5_set *set[2] = {NULL, NULL};
    gt_status st = open_sets(name, a, b, set, empty);
    if (*empty) return st;
    gt_h5_set *x = set[0], *y = set[1];
    bool read = !st && (x->kind == GT_H5_INTEGER || x->kind == GT_H5_FLOAT || x->kind == GT_H5_TEXT);
    if (!st && (!read || !same_shape(x, y)))
        snprintf(out->words, sizeof out->words, "%.200s has another shape or type", name);
    else if (!st) st = compare_rows(name, x, y, out);
    gt_h5_set_close(x);
    gt_h5_set_close(y);
    return st;
}

/* What NetCDF says of its variables (units, scales, axes) is in attributes that refer to each other. */
static gt_status compare_whole(const char *path, const char *made) {
    gt_sha256 a, b;
    gt_status st = gt_sha256_of_file(path, &a);
    if (!st) st = gt_sha256_of_file(made, &b);
    return st || gt_sha256_equal(&a, &b)
               ? st
               : gt_fail(GT_UNDECIDED, "its arrays are equal, and other bytes are not: attributes, or Gantry or HDF5 "
                                       "of another version wrote it");
}

gt_status audit_arrays_compare(const char *path, const char *made, audit_pixels *out) {
    arrays a = {0}, b = {0};
    gt_status st = open_arrays(path, &a);
    if (!st) st = open_arrays(made, &b);
    for (int i = 0; !st && !*out->words && (i < a.n || i < b.n); i++) {
        bool same = i < a.n && i < b.n && !strcmp(a.name[i], b.name[i]), empty = false;
        if (same) st = compare_set(a.name[i], &a.h5, &b.h5, &empty, out);
        else
            snprintf(out->words, sizeof out->words, "its arrays are not those that are made: %.200s",
                     i < a.n ? a.name[i] : b.name[i]);
    }
    if (!st && !*out->words)
        st = gt_ends_with(made, ".nc") ? compare_whole(path, made) : gt_h5_only(&a.h5, &b.h5, GT_NOTES_KEY);
    close_arrays(&a);
    close_arrays(&b);
    return st;
}

/* ---- .npz ---- */

/* `most`: a small archive may unpack to gigabytes; more values than these are counted, and not read. */
static gt_status read_styles(const char *path, size_t most, float **values, size_t *n) {
    gt_status st;
    size_t at;
    gt_weights *w = gt_weights_open(path, &st);
    const gt_weight *styles = w ? gt_weights_find(w, "w", &at) : NULL;
    if (!st && (!styles || styles->type != GT_WEIGHT_F32)) st = gt_fail(GT_FORMAT, "it has no styles (w)");
    if (!st && (*n = styles->size) <= most) {
        *values = malloc(*n * sizeof **values + 1);
        st = *values ? gt_weights_read(w, at, *values) : gt_fail(GT_NOMEM, "out of memory for a comparison");
    }
    gt_weights_close(w);
    return st;
}

static gt_status same_bytes(const char *path, const char *made, bool *same) {
    enum { MOST = 1 << 30 };
    GT_FREED void *a = NULL, *b = NULL;
    size_t n = 0, m = 0;
    gt_status st = gt_file_read(path, MOST, &a, &n);
    if (!st) st = gt_file_read(made, MOST, &b, &m);
    *same = !st && n == m && !memcmp(a, b, n);
    return st;
}

gt_status audit_npz_compare(const char *path, const char *made, audit_pixels *out) {
    GT_FREED float *a = NULL, *b = NULL;
    size_t n = 0, m = 0;
    gt_status st = same_bytes(path, made, &out->bytes);
    if (st || out->bytes) return st;
    st = read_styles(made, SIZE_MAX, &b, &m);
    if (!st) st = read_styles(path, m, &a, &n);
    if (!st && (n != m || memcmp(a, b, n * sizeof *a))) snprintf(out->words, sizeof out->words, "its styles differ");
    return st || *out->words ? st : gt_fail(GT_UNDECIDED, "it has the styles, and more than Gantry writes");
}
