/* SPDX-License-Identifier: Apache-2.0
 * Arrays in HDF5 files, written as an image in memory first. */
#include "gantry/arrays.h"

#include <stdlib.h>

#include "base/file.h"
#include "files/h5.h"
#include "files/h5_image.h"
#include "gantry/memory.h"

static hid_t type_of(gt_number t) { return t == GT_NUMBER_FLOAT ? H5T_NATIVE_FLOAT : t == GT_NUMBER_DOUBLE ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT32; }

static bool write_array(hid_t file, const gt_array *a) {
    hsize_t dims[GT_ARRAY_MAX_DIMS];
    for (int i = 0; i < a->n_dims; i++) dims[i] = (hsize_t)a->dims[i];
    hid_t space = H5Screate_simple(a->n_dims, dims, NULL), list = gt_h5_untimed(H5P_DATASET_CREATE);
    hid_t set = H5Dcreate2(file, a->name, type_of(a->type), space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool fine = set >= 0 && H5Dwrite(set, type_of(a->type), H5S_ALL, H5S_ALL, H5P_DEFAULT, a->data) >= 0;
    if (set >= 0) H5Dclose(set);
    H5Pclose(list);
    H5Sclose(space);
    return fine;
}

gt_status gt_arrays_write(const char *path, const gt_array *arrays, int n) {
    gt_h5_quiet();
    h5_image image = {0};
    hid_t file = gt_h5_image_create(&image);
    bool fine = file >= 0;
    for (int i = 0; i < n && fine; i++) fine = write_array(file, &arrays[i]);
    fine = fine && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0;
    gt_status st = fine ? GT_OK : gt_h5_fail(GT_FAILED, "%s: cannot be put together", path);
    ssize_t bytes = fine ? H5Fget_file_image(file, NULL, 0) : 0;
    if (file >= 0) H5Fclose(file);
    if (!st) st = bytes > 0 ? gt_file_write(path, image.data, (size_t)bytes) : gt_h5_fail(GT_FAILED, "%s: cannot be put together", path);
    free(image.data);
    return st;
}

static gt_status read_set(hid_t set, const char *path, const char *name, float **data, int64_t *rows, int64_t *columns) {
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    hsize_t dims[H5S_MAX_RANK];
    int n = H5Sget_simple_extent_ndims(space);
    H5T_class_t class = H5Tget_class(type);
    gt_status st = GT_OK;
    size_t total = 1;
    if (n < 1 || H5Sget_simple_extent_dims(space, dims, NULL) < 0 || (class != H5T_FLOAT && class != H5T_INTEGER))
        st = gt_fail(GT_FORMAT, "%s: '%s' is no array of numbers with rows", path, name);
    for (int i = 0; i < n && !st; i++)
        if (!dims[i] || gt_mul_overflows(total, (size_t)dims[i], &total)) st = gt_fail(GT_FORMAT, "%s: '%s' has an impossible size", path, name);
    size_t bytes = 0;
    if (!st && gt_mul_overflows(total, sizeof **data, &bytes)) st = gt_fail(GT_FORMAT, "%s: '%s' has an impossible size", path, name);
    if (!st && !(*data = malloc(bytes))) st = gt_fail(GT_NOMEM, "out of memory for the %zu numbers of %s", total, path);
    if (!st && H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, *data) < 0) st = gt_h5_fail(GT_FORMAT, "%s: '%s' cannot be read", path, name);
    if (!st) {
        *rows = (int64_t)dims[0];
        *columns = (int64_t)(total / (size_t)dims[0]);
    }
    H5Tclose(type);
    H5Sclose(space);
    return st;
}

gt_status gt_array_read(const char *path, const char *name, float **data, int64_t *rows, int64_t *columns) {
    gt_h5_quiet();
    *data = NULL;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return gt_h5_fail(GT_FORMAT, "%s: cannot be opened as an HDF5 file", path);
    hid_t set = H5Lexists(file, name, H5P_DEFAULT) > 0 ? H5Dopen2(file, name, H5P_DEFAULT) : -1;
    gt_status st = set >= 0 ? read_set(set, path, name, data, rows, columns) : gt_fail(GT_FORMAT, "%s has no array '%s'", path, name);
    if (set >= 0) H5Dclose(set);
    H5Fclose(file);
    if (st) {
        free(*data);
        *data = NULL;
    }
    return st;
}
