/* SPDX-License-Identifier: Apache-2.0
 * Writing and reading arrays in HDF5 files, beside the check of gantry/arrays.h. */
#ifndef GANTRY_FILES_H5_DOOR_ARRAYS_H
#define GANTRY_FILES_H5_DOOR_ARRAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/arrays.h"
#include "gantry/status.h"

enum { GT_ARRAY_MAX_DIMS = 8 };

typedef struct gt_array {
    const char *name;
    gt_number type;
    int n_dims;
    int64_t dims[GT_ARRAY_MAX_DIMS];
    const void *data;
} gt_array;

/* Writes n arrays into a new file, which replaces an old one whole. Equal arrays make equal files. The message names
 * the path. */
gt_status gt_arrays_write(const char *path, const gt_array *arrays, int n);
/* The same with a text, if `note` is not NULL, as an attribute of the file. */
gt_status gt_arrays_write_noted(const char *path, const gt_array *arrays, int n, const char *key, const char *note);

/* ---- reading ---- */

typedef struct gt_array_file gt_array_file;

/* Opens the array `name` of a file; "": its only array of numbers, or the array called `latent` or `points`. *rows: its
 * first dimension; *columns: the product of the others. GT_FORMAT: damaged, no such array, no rows, or several arrays,
 * which the message names. On failure *out is NULL. The caller has called gt_h5_check() for the file. This function and
 * those that follow are for the main thread only. */
gt_status gt_array_open(gt_array_file **out, const char *path, const char *name, int64_t *rows, int64_t *columns);
/* Rows first .. first + n - 1 into out[n, columns], of any type of number in the file. */
gt_status gt_array_rows(gt_array_file *f, int64_t first, int64_t n, double *out);
void gt_array_close(gt_array_file *f); /* NULL is fine */
/* How many axes the array has; -1: there is none of this name, or the file cannot be opened; 0: the array cannot be
 * read. */
int gt_array_axes(const char *path, const char *name);

/* ---- HDF5 files from elsewhere ---- */

/* Whether the file begins like an HDF5 file, behind a user block or not. */
bool gt_h5_is(const char *path);

#endif
