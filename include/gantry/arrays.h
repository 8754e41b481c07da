/* SPDX-License-Identifier: Apache-2.0
 * Named arrays of numbers in HDF5 files: latents, responsibilities, points. */
#ifndef GANTRY_ARRAYS_H
#define GANTRY_ARRAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

typedef enum gt_number {
    GT_NUMBER_UINT8,
    GT_NUMBER_UINT16,
    GT_NUMBER_INT32,
    GT_NUMBER_INT64,
    GT_NUMBER_FLOAT,
    GT_NUMBER_DOUBLE,
    GT_NUMBER_TEXT,      /* UTF-8 that ends with a 0; the last dimension counts the bytes of each text */
    GT_NUMBER_WORDS,     /* the same, filled with zeros, of which there may be none */
    GT_NUMBER_STATISTIC, /* num, mean and std: three doubles */
} gt_number;

enum { GT_ARRAY_MAX_DIMS = 8 };

typedef struct gt_array {
    const char *name;
    gt_number type;
    int n_dims;
    int64_t dims[GT_ARRAY_MAX_DIMS];
    const void *data;
} gt_array;

/* All of them into a new file that replaces an old one whole. Equal arrays make equal files. The message names the
 * path. */
gt_status gt_arrays_write(const char *path, const gt_array *arrays, int n);

/* ---- reading ---- */

typedef struct gt_array_file gt_array_file;

/* Array `name` of a file; "": its only array of numbers, or the one called `latent` or `points`. Its rows are what its
 * first dimension counts. GT_FORMAT: damaged, no such array, no rows; names what there is. The file is trusted as far
 * as gt_h5_check() says. Main thread only, as all that follows. */
gt_status gt_array_open(gt_array_file **out, const char *path, const char *name, int64_t *rows, int64_t *columns);
/* [n, columns], whatever the numbers' type in the file */
gt_status gt_array_rows(gt_array_file *f, int64_t first, int64_t n, double *out);
void gt_array_close(gt_array_file *f); /* NULL is fine */
bool gt_array_exists(const char *path, const char *name);

#endif
