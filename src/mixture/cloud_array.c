/* SPDX-License-Identifier: Apache-2.0
 * Points from an array of an HDF5 file: its first dimension counts them. */
#include <limits.h>

#include "gantry/arrays.h"
#include "mixture/cloud.h"

static gt_status read_points(void *state, int64_t first, int64_t n, double *points) {
    return gt_array_rows(state, first, n, points);
}
static void close_array(void *state) { gt_array_close(state); }

gt_status gt_cloud_array(gt_cloud *c, const char *path, const char *array) {
    gt_array_file *f;
    int64_t columns;
    gt_status st = gt_array_open(&f, path, array, &c->info.count, &columns);
    if (st) return st;
    c->state = f;
    c->read = read_points;
    c->close = close_array;
    c->info.d = columns < INT_MAX ? (int)columns : INT_MAX;
    return GT_OK;
}
