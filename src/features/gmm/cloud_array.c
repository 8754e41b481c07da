/* SPDX-License-Identifier: Apache-2.0
 * Points from an array of an HDF5 file: its first dimension counts them. */
#include <limits.h>
#include <stdio.h>

#include "files/h5/door/arrays.h"
#include "features/gmm/cloud.h"

static gt_status read_points(void *state, int64_t first, int64_t n, double *points) {
    return gt_array_rows(state, first, n, points);
}
static void close_array(void *state) { gt_array_close(state); }

static gt_status read_labels(gt_cloud *c, const char *path, const char *array) {
    gt_array_file *f;
    int64_t rows, columns;
    gt_status st = gt_array_open(&f, path, array, &rows, &columns);
    if (st) return st;
    if (rows != c->info.count || columns != 1)
        st = gt_fail(GT_FORMAT, "'%s': '%s' has %lld rows of %lld numbers; labels of %lld points are one number each",
                     path, array, (long long)rows, (long long)columns, (long long)c->info.count);
    for (int64_t i = 0; i < rows && !st; i++) {
        double value;
        char name[32];
        st = gt_array_rows(f, i, 1, &value);
        snprintf(name, sizeof name, "%.17g", value);
        if (!st && (st = gt_cloud_add_label(c, i, name))) st = gt_wrap(st, "'%s': '%s'", path, array);
    }
    gt_array_close(f);
    return st ? st : gt_cloud_end_labels(c, true);
}

gt_status gt_cloud_array(gt_cloud *c, const char *path, const char *array, const char *labels) {
    gt_array_file *f;
    int64_t columns;
    gt_status st = gt_array_open(&f, path, array, &c->info.count, &columns);
    if (st) return st;
    c->state = f;
    c->read = read_points;
    c->close = close_array;
    c->info.d = columns < INT_MAX ? (int)columns : INT_MAX;
    return *labels ? read_labels(c, path, labels) : GT_OK;
}
