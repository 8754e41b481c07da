/* SPDX-License-Identifier: Apache-2.0
 * HDF5 datasets of foreign origin. libhdf5 may crash on them: what is searched for is a file that the checking process
 * lets pass and this one then cannot read. A crash of that process is not a finding. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_use.h"

enum { N = 6, H = 4, W = 4, C = 3 };

static hid_t add(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims, const hsize_t *chunk,
                 const void *data) {
    hid_t space = H5Screate_simple(rank, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk) {
        H5Pset_chunk(plist, rank, chunk);
        H5Pset_deflate(plist, 6);
    }
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    fuzz_check(set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Pclose(plist);
    H5Sclose(space);
    return set;
}

static void add_attribute(hid_t set, const char *name, hid_t type, hsize_t n, const void *data) {
    hid_t space = H5Screate_simple(1, &n, NULL),
          attribute = H5Acreate2(set, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    fuzz_check(attribute >= 0 && H5Awrite(attribute, type, data) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

enum { CHUNKED = 1, LATEST = 2, CLASSES = 4, VECTORS = 8, ATTRIBUTES = 16, MASKS = 32 };

static void seed(fuzz_put *put, void *arg, int kind) {
    static const hsize_t dims[] = {N, H, W, C}, chunk[] = {2, H, W, C}, vectors[] = {N, 2};
    const char *path = fuzz_scratch();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (kind & LATEST) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    fuzz_check(file >= 0);
    uint8_t pixels[N * H * W * C];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(7 * i);
    hid_t images = add(file, "images", H5T_NATIVE_UINT8, 4, dims, kind & CHUNKED ? chunk : NULL, pixels);
    if (kind & CLASSES) H5Dclose(add(file, "labels", H5T_NATIVE_INT64, 1, dims, NULL, (int64_t[N]){0, 1, 2, 0, 1, 2}));
    if (kind & VECTORS) H5Dclose(add(file, "labels", H5T_NATIVE_FLOAT, 2, vectors, NULL, (float[2 * N]){0.5f, -1}));
    if (kind & MASKS) H5Dclose(add(file, "masks", H5T_NATIVE_UINT8, 3, dims, kind & CHUNKED ? chunk : NULL, pixels));
    if (kind & ATTRIBUTES) {
        hid_t variable = H5Tcopy(H5T_C_S1);
        H5Tset_size(variable, H5T_VARIABLE);
        add_attribute(images, "range", H5T_NATIVE_DOUBLE, 2, (double[]){0, 100});
        add_attribute(images, "class_names", variable, 3, (const char *[]){"ant", "bee", "cat"});
        H5Tclose(variable);
    }
    H5Dclose(images);
    H5Fclose(file);
    H5Pclose(access);
    fuzz_check(fuzz_hdf5_passes(path));
    fuzz_put_scratch(put, arg, path);
}

static void seeds(fuzz_put *put, void *arg) {
    static const int kinds[] = {
        0,     CHUNKED | CLASSES, LATEST | CHUNKED | VECTORS, ATTRIBUTES | CLASSES, LATEST | ATTRIBUTES,
        MASKS, CHUNKED | MASKS};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) seed(put, arg, kinds[i]);
}

static void run(const uint8_t *bytes, size_t n) {
    const char *path = fuzz_file(bytes, n);
    if (fuzz_hdf5_passes(path)) fuzz_use_dataset(path);
}

const fuzz_target target = {.variants = 12, .seeds = seeds, .run = run};
