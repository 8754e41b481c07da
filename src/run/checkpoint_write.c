/* SPDX-License-Identifier: Apache-2.0
 * Building a checkpoint in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "run/checkpoint_block.h"
#include "run/checkpoint_internal.h"
#include "h5/h5.h"
#include "h5/h5_image.h"

struct gt_checkpoint {
    hid_t file, group_list, dataset_list;
    h5_image image;
    size_t bytes;        /* of HDF5 data, once finished */
    gt_status status;    /* the first error; its message: */
    char message[1024];
};

/* ---- content ---- */

static gt_status stick(gt_checkpoint *c, gt_status st) {
    if (st && !c->status) {
        c->status = st;
        snprintf(c->message, sizeof c->message, "%s", gt_message());
    }
    return c->status ? gt_fail(c->status, "%s", c->message) : GT_OK;
}

static gt_status make_groups(gt_checkpoint *c, const char *path) {
    char *copy = strdup(path);
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for a checkpoint");
    gt_status st = GT_OK;
    for (char *slash = strchr(copy + 1, '/'); slash && !st; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        htri_t there = H5Lexists(c->file, copy, H5P_DEFAULT);
        hid_t group = there == 0 ? H5Gcreate2(c->file, copy, H5P_DEFAULT, c->group_list, H5P_DEFAULT) : -1;
        if (there < 0 || (there == 0 && group < 0)) st = gt_h5_fail(GT_FAILED, "cannot make the group '%s' of a checkpoint", copy);
        if (group >= 0) H5Gclose(group);
        *slash = '/';
    }
    free(copy);
    return st;
}

static gt_status put(gt_checkpoint *c, const char *path, hid_t file_type, hid_t memory_type, int n_dims, const int64_t *dims, const void *data) {
    if (c->status) return stick(c, c->status);
    if (c->file < 0) return stick(c, gt_fail(GT_FAILED, "'%s' came after the end of a checkpoint", path));
    if (path[0] != '/' || !path[1]) return stick(c, gt_fail(GT_FAILED, "a checkpoint's path begins with a slash: '%s' does not", path));
    gt_status st = make_groups(c, path);
    if (st) return stick(c, st);
    hsize_t extent[GT_MAX_DIMS];
    for (int i = 0; i < n_dims; i++) extent[i] = (hsize_t)dims[i];
    hid_t space = n_dims ? H5Screate_simple(n_dims, extent, NULL) : H5Screate(H5S_SCALAR);
    hid_t set = space < 0 ? -1 : H5Dcreate2(c->file, path, file_type, space, H5P_DEFAULT, c->dataset_list, H5P_DEFAULT);
    if (set < 0 || H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        st = gt_h5_fail(GT_FAILED, "cannot put '%s' into a checkpoint", path);
    if (set >= 0 && H5Dclose(set) < 0 && !st) st = gt_h5_fail(GT_FAILED, "cannot put '%s' into a checkpoint", path);
    if (space >= 0) H5Sclose(space);
    return stick(c, st);
}

gt_status gt_checkpoint_tensor(gt_checkpoint *c, const char *path, const gt_shape *shape, const float *data) {
    return put(c, path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, shape->n, shape->d, data);
}

gt_status gt_checkpoint_doubles(gt_checkpoint *c, const char *path, const gt_shape *shape, const double *data) {
    return put(c, path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, shape->n, shape->d, data);
}

gt_status gt_checkpoint_int(gt_checkpoint *c, const char *path, int64_t value) {
    return put(c, path, H5T_STD_I64LE, H5T_NATIVE_INT64, 0, NULL, &value);
}

gt_status gt_checkpoint_double(gt_checkpoint *c, const char *path, double value) {
    return put(c, path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, NULL, &value);
}

/* Fixed length, its final 0 included: readers need no heap, and "" has a size. */
static hid_t text_type(const char *value) {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, strlen(value) + 1) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        type = -1;
    }
    return type;
}

gt_status gt_checkpoint_text(gt_checkpoint *c, const char *path, const char *value) {
    hid_t type = text_type(value);
    gt_status st = put(c, path, type, type, 0, NULL, value);
    if (type >= 0) H5Tclose(type);
    return st;
}

static gt_status put_attribute(gt_checkpoint *c, const char *name, hid_t file_type, hid_t memory_type, const void *value) {
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = space < 0 || file_type < 0 ? -1 : H5Acreate2(c->file, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    gt_status st = GT_OK;
    if (attribute < 0 || H5Awrite(attribute, memory_type, value) < 0)
        st = gt_h5_fail(GT_FAILED, "cannot put the attribute '%s' into a checkpoint", name);
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    return stick(c, st);
}

static void put_about(gt_checkpoint *c, const gt_checkpoint_about *about) {
    const struct {
        const char *name, *value;
    } texts[] = {{"model", about->model}, {"kernel_set", about->kernel_set}, {"dataset", about->dataset}};
    int format = GT_CHECKPOINT_FORMAT;
    put_attribute(c, "format_version", H5T_STD_I32LE, H5T_NATIVE_INT, &format);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = texts[i].value ? texts[i].value : "";
        hid_t type = text_type(value);
        put_attribute(c, texts[i].name, type, type, value);
        if (type >= 0) H5Tclose(type);
    }
    gt_checkpoint_text(c, "/recipe", about->recipe ? about->recipe : "");
}

/* ---- begin and end ---- */

gt_checkpoint *gt_checkpoint_begin(const gt_checkpoint_about *about) {
    gt_h5_quiet();
    gt_checkpoint *c = calloc(1, sizeof *c);
    if (!c) {
        gt_fail(GT_NOMEM, "out of memory for a checkpoint");
        return NULL;
    }
    c->group_list = gt_h5_untimed(H5P_GROUP_CREATE);
    c->dataset_list = gt_h5_untimed(H5P_DATASET_CREATE);
    c->file = gt_h5_image_create(&c->image);
    if (c->file < 0 || c->group_list < 0 || c->dataset_list < 0) {
        gt_h5_fail(GT_NOMEM, "cannot begin a checkpoint in memory");
        gt_checkpoint_free(c);
        return NULL;
    }
    put_about(c, about);
    return c;
}

static void close_lists(gt_checkpoint *c) {
    if (c->group_list >= 0) H5Pclose(c->group_list);
    if (c->dataset_list >= 0) H5Pclose(c->dataset_list);
    c->group_list = c->dataset_list = -1;
}

gt_status gt_checkpoint_finish(gt_checkpoint *c) {
    if (c->file < 0) return stick(c, c->status);
    ssize_t bytes = H5Fflush(c->file, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(c->file, NULL, 0);
    close_lists(c);
    herr_t closed = H5Fclose(c->file);
    c->file = -1;
    if (closed < 0 || bytes <= 0 || (size_t)bytes > c->image.capacity)
        return stick(c, gt_h5_fail(GT_NOMEM, "cannot finish a checkpoint in memory (%.1f MB so far)", (double)c->image.capacity / 1e6));
    c->bytes = (size_t)bytes;
    return stick(c, GT_OK);
}

size_t gt_checkpoint_bytes(const gt_checkpoint *c) { return CHECKPOINT_BLOCK + c->bytes; }

void *checkpoint_take_data(gt_checkpoint *c, size_t *bytes) {
    void *data = c->image.data;
    *bytes = c->bytes;
    c->image = (h5_image){0};
    return data;
}

gt_status checkpoint_store(const char *path, const void *data, size_t bytes) {
    char block[CHECKPOINT_BLOCK];
    gt_status st = checkpoint_block_make(block, GT_CHECKPOINT_FORMAT, data, bytes);
    if (st) return st;
    const struct iovec parts[] = {{block, sizeof block}, {(void *)data, bytes}};
    return gt_file_replace(path, parts, 2);
}

gt_status gt_checkpoint_write(gt_checkpoint *c, const char *path) {
    gt_status st = gt_checkpoint_finish(c);
    return st ? st : checkpoint_store(path, c->image.data, c->bytes);
}

void gt_checkpoint_free(gt_checkpoint *c) {
    if (!c) return;
    close_lists(c);
    if (c->file >= 0) H5Fclose(c->file);
    free(c->image.data);
    free(c);
}
