/* SPDX-License-Identifier: Apache-2.0
 * Datasets as HDF5: see dataset_h5.h. */
#include "data/dataset_h5.h"

#include <stdlib.h>
#include <string.h>

#include "h5/h5.h"

static hid_t sample_type(gt_sample type) { return type == GT_U8 ? H5T_STD_U8LE : type == GT_U16 ? H5T_STD_U16LE : H5T_IEEE_F32LE; }

static hid_t create_images(hid_t file, const gt_h5_dataset *d) {
    hsize_t dims[4] = {d->count, (hsize_t)d->height, (hsize_t)d->width, (hsize_t)d->channels}, chunk[4] = {1, dims[1], dims[2], dims[3]};
    hid_t create = gt_h5_untimed(H5P_DATASET_CREATE), space = H5Screate_simple(4, dims, NULL);
    bool good = create >= 0 && space >= 0 && H5Pset_chunk(create, 4, chunk) >= 0;
    if (d->deflated && d->type != GT_U8) good = good && H5Pset_shuffle(create) >= 0;
    if (d->deflated) good = good && H5Pset_deflate(create, (unsigned)d->level) >= 0;
    hid_t images = good ? H5Dcreate2(file, "images", sample_type(d->type), space, H5P_DEFAULT, create, H5P_DEFAULT) : -1;
    if (space >= 0) H5Sclose(space);
    if (create >= 0) H5Pclose(create);
    return images;
}

static gt_status write_images(hid_t images, const gt_h5_dataset *d) {
    for (size_t i = 0; i < d->count; i++) {
        const void *data;
        size_t n;
        hsize_t at[4] = {i};
        gt_status st = d->next(d->arg, i, &data, &n);
        if (st) return st;
        if (H5Dwrite_chunk(images, H5P_DEFAULT, 0, at, n, data) < 0) return gt_h5_fail(GT_FAILED, "image %zu cannot be written", i);
    }
    return GT_OK;
}

/* A dataset of `file` when `images` is false, else an attribute of it. */
static gt_status write_array(hid_t parent, bool attribute, const char *name, int rank, const hsize_t *dims, hid_t stored, hid_t given, const void *data) {
    hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR), create = gt_h5_untimed(H5P_DATASET_CREATE), object = -1;
    bool good = false;
    if (space >= 0 && attribute) {
        object = H5Acreate2(parent, name, stored, space, H5P_DEFAULT, H5P_DEFAULT);
        good = object >= 0 && H5Awrite(object, given, data) >= 0;
        if (object >= 0) good = H5Aclose(object) >= 0 && good;
    } else if (space >= 0 && create >= 0) {
        object = H5Dcreate2(parent, name, stored, space, H5P_DEFAULT, create, H5P_DEFAULT);
        good = object >= 0 && H5Dwrite(object, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
        if (object >= 0) good = H5Dclose(object) >= 0 && good;
    }
    gt_status st = good ? GT_OK : gt_h5_fail(GT_FAILED, "'%s' cannot be written", name);
    if (create >= 0) H5Pclose(create);
    if (space >= 0) H5Sclose(space);
    return st;
}

static gt_status write_labels(hid_t file, const gt_h5_dataset *d) {
    hsize_t dims[2] = {d->count, (hsize_t)d->label_width};
    if (d->classes) return write_array(file, false, "labels", 1, dims, H5T_STD_I32LE, H5T_NATIVE_INT32, d->classes);
    if (d->vectors) return write_array(file, false, "labels", 2, dims, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, d->vectors);
    return GT_OK;
}

/* Texts of one fixed length: no pieces of a heap whose order could vary. */
static gt_status write_texts(hid_t images, const char *name, const char *const *text, size_t n, bool list) {
    size_t length = 1;
    for (size_t i = 0; i < n; i++)
        if (strlen(text[i]) + 1 > length) length = strlen(text[i]) + 1;
    char *all = calloc(n, length);
    hid_t type = H5Tcopy(H5T_C_S1);
    gt_status st = all && type >= 0 && H5Tset_size(type, length) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0 ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", name);
    for (size_t i = 0; i < n && !st; i++) memcpy(all + i * length, text[i], strlen(text[i]));
    hsize_t dims[1] = {n};
    if (!st) st = write_array(images, true, name, list ? 1 : 0, dims, type, type, all);
    if (type >= 0) H5Tclose(type);
    free(all);
    return st;
}

static gt_status write_attributes(hid_t images, const gt_h5_dataset *d) {
    gt_status st = GT_OK;
    hsize_t two[1] = {2};
    if (d->range) st = write_array(images, true, "range", 1, two, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, d->range);
    if (!st && d->channel_names) st = write_texts(images, "channels", &d->channel_names, 1, false);
    if (!st && d->class_names) st = write_texts(images, "class_names", d->class_name, (size_t)d->class_names, true);
    return st;
}

/* In the format of HDF5 1.8: older ones hold no attribute of more than 64 KB, and a thousand class names may be more. */
static hid_t create_file(const char *path) {
    hid_t create = gt_h5_untimed(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    if (create >= 0 && access >= 0 && H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    if (access >= 0) H5Pclose(access);
    if (create >= 0) H5Pclose(create);
    return file;
}

gt_status gt_h5_dataset_write(const char *path, const gt_h5_dataset *d) {
    gt_h5_quiet();
    hid_t file = create_file(path);
    hid_t images = file < 0 ? -1 : create_images(file, d);
    gt_status st = images < 0 ? gt_h5_fail(GT_FAILED, "cannot be created") : GT_OK;
    if (!st) st = write_images(images, d);
    if (!st) st = write_attributes(images, d);
    if (!st) st = write_labels(file, d);
    if (images >= 0 && H5Dclose(images) < 0 && !st) st = gt_h5_fail(GT_FAILED, "cannot be written");
    if (file >= 0 && H5Fclose(file) < 0 && !st) st = gt_h5_fail(GT_FAILED, "cannot be written");
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}
