/* SPDX-License-Identifier: Apache-2.0
 * Named arrays of numbers in HDF5 files: latents, responsibilities, points. */
#ifndef GANTRY_ARRAYS_H
#define GANTRY_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef enum gt_number { GT_NUMBER_FLOAT, GT_NUMBER_DOUBLE, GT_NUMBER_INT32 } gt_number;

enum { GT_ARRAY_MAX_DIMS = 4 };

typedef struct gt_array {
    const char *name;
    gt_number type;
    int n_dims;
    int64_t dims[GT_ARRAY_MAX_DIMS];
    const void *data;
} gt_array;

/* All of them into a new file that replaces an old one whole. Equal arrays make equal files. The message names the path. */
gt_status gt_arrays_write(const char *path, const gt_array *arrays, int n);

/* Array `name` of a file, of any number type, as float32, row by row: [dims[0], rest]. *data is malloc'ed. GT_FORMAT: damaged, no such
 * array, no rows. The file is trusted as far as gt_dataset_check_foreign() says. */
gt_status gt_array_read(const char *path, const char *name, float **data, int64_t *rows, int64_t *columns);

#endif
