/* SPDX-License-Identifier: Apache-2.0
 * Arrays in HDF5 files, written as an image in memory first. */
#include "gantry/arrays.h"

#include <stdlib.h>

#include "base/file.h"
#include "h5/h5.h"
#include "h5/h5_image.h"

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
    if (image.failed) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st) st = bytes > 0 ? gt_file_write(path, image.data, (size_t)bytes) : gt_h5_fail(GT_FAILED, "%s: cannot be put together", path);
    free(image.data);
    return st;
}
