/* SPDX-License-Identifier: Apache-2.0
 * Writes and reads files of named arrays. */
#include "files/h5/door/arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "files/h5/door/h5.h"

enum { NAME_BYTES = 256, LIST_BYTES = 512 };

gt_status gt_arrays_write(const char *path, const gt_array *arrays, int n) {
    return gt_arrays_write_noted(path, arrays, n, NULL, NULL);
}

gt_status gt_arrays_write_noted(const char *path, const gt_array *arrays, int n, const char *key, const char *note) {
    gt_h5_file f;
    gt_status st = gt_h5_create_memory(&f);
    for (int i = 0; i < n && !st; i++) st = gt_h5_write(&f, &arrays[i]);
    if (!st && note) st = gt_h5_attribute_text(&f, "/", key, note);
    st = st ? gt_wrap(st, "%s", path) : gt_h5_save(&f, path);
    gt_h5_close(&f);
    return st;
}

/* ---- reading ---- */

struct gt_array_file {
    char *path;
    char name[NAME_BYTES];
    gt_h5_file file;
    gt_h5_set *set;
};

void gt_array_close(gt_array_file *f) {
    if (!f) return;
    gt_h5_set_close(f->set);
    gt_h5_close(&f->file);
    free(f->path);
    free(f);
}

int gt_array_axes(const char *path, const char *name) {
    gt_h5_file f;
    gt_h5_set *set = NULL;
    int axes = -1;
    if (!gt_h5_open(&f, path) && gt_h5_has(&f, name)) axes = gt_h5_set_open(&set, &f, name) ? 0 : set->n_dims;
    gt_h5_set_close(set);
    gt_h5_close(&f);
    return axes;
}

static bool is_array(const gt_h5_set *s) {
    return (s->kind == GT_H5_FLOAT || s->kind == GT_H5_INTEGER) && s->n_dims > 0;
}

/* The arrays of a file. */
typedef struct listing {
    const gt_h5_file *file;
    int n;
    char names[LIST_BYTES], last[NAME_BYTES], chosen[NAME_BYTES];
} listing;

static gt_status list_array(void *arg, const char *path) {
    listing *l = arg;
    const char *name = path + 1;
    gt_h5_set *s = NULL;
    if (strchr(name, '/') || strlen(name) >= NAME_BYTES) return GT_OK;
    gt_status st = gt_h5_set_open(&s, l->file, name);
    bool is = st || is_array(s); /* a damaged array counts, too: opening the array says what is wrong */
    gt_h5_set_close(s);
    if (!is || st == GT_NOMEM) return st;
    l->n++;
    strcpy(l->last, name);
    size_t used = strlen(l->names);
    if (used + strlen(name) + 3 < sizeof l->names)
        snprintf(l->names + used, sizeof l->names - used, "%s%s", used ? ", " : "", name);
    if (!strcmp(name, "latent") || !strcmp(name, "points")) strcpy(l->chosen, name);
    return GT_OK;
}

/* Chooses the array where the caller names none. */
static gt_status choose(gt_array_file *f) {
    listing l = {.file = &f->file};
    gt_status st = gt_h5_each(&f->file, true, list_array, &l);
    if (st) return gt_wrap(st, "%s", f->path);
    strcpy(f->name, l.n == 1 ? l.last : l.chosen);
    if (*f->name) return GT_OK;
    return l.n ? gt_fail(GT_FORMAT, "%s has several arrays; choose one with --array=NAME: %s", f->path, l.names)
               : gt_fail(GT_FORMAT, "%s has no array of numbers", f->path);
}

static gt_status no_array(const gt_array_file *f) {
    listing l = {.file = &f->file};
    bool others = !gt_h5_each(&f->file, true, list_array, &l) && l.n;
    return gt_fail(GT_FORMAT, "%s has no array of numbers '%s'%s%s", f->path, f->name, others ? ", but " : "", l.names);
}

static gt_status open_array(gt_array_file *f) {
    size_t bytes;
    gt_status st = *f->name ? GT_OK : choose(f);
    if (st) return st;
    bool there = gt_h5_has(&f->file, f->name);
    if (there && (st = gt_h5_set_open(&f->set, &f->file, f->name))) return gt_wrap(st, "%s", f->path);
    if (!there || !is_array(f->set)) return no_array(f);
    if (!f->set->elements || f->set->row_elements > INT64_MAX ||
        gt_mul_overflows(f->set->row_elements, sizeof(double), &bytes))
        return gt_fail(GT_FORMAT, "%s: '%s' has an impossible size", f->path, f->name);
    return GT_OK;
}

gt_status gt_array_open(gt_array_file **out, const char *path, const char *name, int64_t *rows, int64_t *columns) {
    *out = NULL;
    if (strlen(name) >= NAME_BYTES)
        return gt_fail(GT_USAGE, "%s: no array has a name as long as '%.40s...'", path, name);
    gt_array_file *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for %s", path);
    f->path = strdup(path);
    strcpy(f->name, name);
    gt_status st = f->path ? gt_h5_open(&f->file, path) : gt_fail(GT_NOMEM, "out of memory for %s", path);
    if (!st) st = open_array(f);
    if (st) {
        gt_array_close(f);
        return st;
    }
    *rows = f->set->rows;
    *columns = (int64_t)f->set->row_elements;
    *out = f;
    return GT_OK;
}

gt_status gt_array_rows(gt_array_file *f, int64_t first, int64_t n, double *out) {
    gt_status st = gt_h5_set_read(f->set, first, n, GT_NUMBER_DOUBLE, out);
    return st ? gt_wrap(st, "%s: rows %lld to %lld of '%s'", f->path, (long long)first, (long long)(first + n - 1),
                        f->name)
              : GT_OK;
}
