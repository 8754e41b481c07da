/* SPDX-License-Identifier: Apache-2.0
 * Arrays of HDF5 files for other languages: see gantry/flat.h. */
#include <string.h>

#include "files/h5/door/h5.h"
#include "gantry/flat.h"
#include "gantry/shape.h"

static gt_status open_set(gt_h5_file *f, gt_h5_set **set, const char *file, const char *name) {
    *set = NULL;
    gt_status st = gt_h5_open(f, file);
    if (!st) st = gt_h5_set_open(set, f, name);
    if (st) return st;
    if ((*set)->kind != GT_H5_INTEGER && (*set)->kind != GT_H5_FLOAT)
        return gt_fail(GT_FORMAT, "%s: '%s' has no numbers", file, name);
    return (*set)->n_dims > GT_MAX_DIMS ? gt_fail(GT_FORMAT, "%s: '%s' has too many dimensions", file, name) : GT_OK;
}

int gt_flat_array_shape(const char *file, const char *name, int64_t shape[GT_MAX_DIMS], int *dimensions) {
    gt_h5_file f = {0};
    gt_h5_set *set;
    gt_status st = open_set(&f, &set, file, name);
    if (!st) memcpy(shape, set->dims, (size_t)set->n_dims * sizeof *shape);
    if (!st) *dimensions = set->n_dims;
    gt_h5_close(&f);
    return st;
}

int gt_flat_array_read(const char *file, const char *name, size_t numbers, double *values) {
    gt_h5_file f = {0};
    gt_h5_set *set;
    gt_status st = open_set(&f, &set, file, name);
    if (!st && set->elements != numbers) st = gt_fail(GT_FORMAT, "%s: '%s' has changed meanwhile", file, name);
    if (!st) st = gt_h5_set_read(set, 0, set->rows, GT_NUMBER_DOUBLE, values);
    gt_h5_close(&f);
    return st;
}
