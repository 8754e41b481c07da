/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files in memory: see h5_image.h. */
#include "h5/h5_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5/h5.h"

enum { INCREMENT = 1 << 16 }; /* each is zeroed, needed or not; the buffer itself grows by half */

static void *image_realloc(void *old, size_t size, H5FD_file_image_op_t op, void *arg) {
    h5_image *m = arg;
    (void)old, (void)op; /* there is one buffer only */
    if (size > m->capacity) {
        size_t capacity = m->capacity + m->capacity / 2;
        if (capacity < size) capacity = size;
        void *data = realloc(m->data, capacity);
        if (!data) {
            m->failed = true;
            return NULL;
        }
        m->data = data;
        m->capacity = capacity;
    }
    return m->data;
}

static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *arg) { return image_realloc(NULL, size, op, arg); }

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *arg) {
    (void)op, (void)arg;
    return to == from ? to : memcpy(to, from, size);
}

static herr_t image_keep(void *data, H5FD_file_image_op_t op, void *arg) {
    (void)data, (void)op, (void)arg;
    return 0;
}

static void *arg_keep(void *arg) { return arg; }

static herr_t arg_free(void *arg) {
    (void)arg;
    return 0;
}

static hid_t access_list(h5_image *image) {
    H5FD_file_image_callbacks_t callbacks = {
        .image_malloc = image_malloc, .image_memcpy = image_copy, .image_realloc = image_realloc, .image_free = image_keep,
        .udata_copy = arg_keep, .udata_free = arg_free, .udata = image,
    };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && (H5Pset_fapl_core(access, INCREMENT, 0) < 0 || H5Pset_file_image_callbacks(access, &callbacks) < 0 ||
                        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0)) {
        H5Pclose(access);
        access = -1;
    }
    return access;
}

/* No file has this name; HDF5 tells files in memory apart by it. */
static void print_name(char name[64], const h5_image *image) { snprintf(name, 64, "/in memory/%p", (const void *)image); }

hid_t gt_h5_image_create(h5_image *image) {
    char name[64];
    print_name(name, image);
    hid_t access = access_list(image), create = gt_h5_untimed(H5P_FILE_CREATE);
    hid_t file = access < 0 || create < 0 ? -1 : H5Fcreate(name, H5F_ACC_TRUNC, create, access);
    if (create >= 0) H5Pclose(create);
    if (access >= 0) H5Pclose(access);
    return file;
}

hid_t gt_h5_image_open(h5_image *image) {
    char name[64];
    print_name(name, image);
    hid_t access = access_list(image), file = -1;
    if (access >= 0 && H5Pset_file_image(access, image->data, image->capacity) >= 0) file = H5Fopen(name, H5F_ACC_RDONLY, access);
    if (access >= 0) H5Pclose(access);
    return file;
}
