/* SPDX-License-Identifier: Apache-2.0
 * Datasets and configuration of a golden file. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"

void gold_fail(gold *f, const char *format, ...) {
    if (f->failed) return; /* the first fault is the one to print */
    f->failed = true;
    va_list ap;
    va_start(ap, format);
    vsnprintf(f->failure, sizeof f->failure, format, ap);
    va_end(ap);
}

const char *gold_path(gold *f, const char *format, ...) {
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return gt_arena_printf(f->arena, "%s", text);
}

char *gold_text_attribute(gold *f, hid_t object, const char *name) {
    if (H5Aexists(object, name) <= 0) return NULL;
    hid_t a = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(a);
    char *text = NULL;
    if (H5Tis_variable_str(type) > 0) {
        char *value = NULL;
        if (H5Aread(a, type, &value) >= 0 && value) {
            text = gt_arena_printf(f->arena, "%s", value);
            H5free_memory(value);
        }
    } else {
        text = gt_arena_alloc(f->arena, H5Tget_size(type) + 1);
        if (text && H5Aread(a, type, text) < 0) text = NULL;
    }
    H5Tclose(type);
    H5Aclose(a);
    return text;
}

gt_status gold_open(gold *f, const char *path) {
    *f = (gold){.path = path, .file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), .arena = gt_arena_new()};
    if (f->file < 0) return gt_fail(GT_FORMAT, "not an HDF5 file that can be opened");
    if (!f->arena) return GT_NOMEM;
    const char *kind = gold_text_attribute(f, f->file, "file"), *config = gold_text_attribute(f, f->file, "config");
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *pickle = gt_arena_printf(f->arena, "%.*s.pkl", (int)(strlen(path) - strlen(".h5")), path);
    if (!kind && pickle && !access(pickle, F_OK)) kind = "pkl";
    snprintf(f->kind, sizeof f->kind, "%s", kind ? kind : base);
    f->config = config ? json_loads(config, 0, NULL) : NULL;
    return GT_OK;
}

void gold_close(gold *f) {
    if (f->config) json_decref(f->config);
    if (f->file >= 0) H5Fclose(f->file);
    gt_arena_free(f->arena);
    free(f->checked);
}

double gold_attribute(gold *f, const char *path, const char *name) {
    double value = 0;
    hid_t a = H5Aopen_by_name(f->file, *path ? path : "/", name, H5P_DEFAULT, H5P_DEFAULT);
    if (a < 0 || H5Aread(a, H5T_NATIVE_DOUBLE, &value) < 0)
        gold_fail(f, "attribute %s of %s is missing", name, *path ? path : "the file");
    if (a >= 0) H5Aclose(a);
    return value;
}

bool gold_has(gold *f, const char *path) {
    /* H5Lexists wants every link on the way to exist. */
    char part[512];
    for (const char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", slash ? (int)(slash - path) : (int)strlen(path), path);
        if (H5Lexists(f->file, part, H5P_DEFAULT) <= 0) return false;
        if (!slash) return true;
    }
}

/* Position i of memory's dimensions is dimension order[i] of the file. */
static const int *permutation(gold_order order, int n) {
    static const int image[] = {0, 2, 3, 1}, weight[] = {2, 3, 1, 0}, chw[] = {1, 2, 0};
    static const int images[] = {0, 1, 3, 4, 2};
    if (order == GOLD_IMAGE && n == 4) return image;
    if (order == GOLD_IMAGE && n == 5) return images;
    if (order == GOLD_WEIGHT && n == 4) return weight;
    if (order == GOLD_CHW && n == 3) return chw;
    return NULL;
}

/* Values of `size` bytes. */
static void permute(const char *in, const gt_shape *file, const int *order, char *out, const gt_shape *memory,
                    size_t size) {
    size_t stride[GT_MAX_DIMS], index[GT_MAX_DIMS] = {0}, n = (size_t)gt_shape_size(file);
    for (int i = 0; i < memory->n; i++) {
        stride[i] = 1;
        for (int k = order[i] + 1; k < file->n; k++) stride[i] *= (size_t)file->d[k];
    }
    for (size_t at = 0; at < n; at++) {
        size_t from = 0;
        for (int i = 0; i < memory->n; i++) from += index[i] * stride[i];
        memcpy(out + at * size, in + from * size, size);
        for (int i = memory->n - 1; i >= 0 && ++index[i] == (size_t)memory->d[i]; i--) index[i] = 0;
    }
}

/* As float or double. */
static void *read_values(gold *f, const char *path, gold_order order, gt_shape *shape, hid_t type, size_t size) {
    if (!gold_has(f, path)) {
        gold_fail(f, "dataset %s is missing", path);
        return NULL;
    }
    hid_t d = H5Dopen2(f->file, path, H5P_DEFAULT), space = H5Dget_space(d);
    hsize_t dims[32];
    gt_shape file = {H5Sget_simple_extent_ndims(space), {0}};
    void *values = NULL, *out = NULL;
    if (file.n >= 0 && file.n <= GT_MAX_DIMS) {
        H5Sget_simple_extent_dims(space, dims, NULL);
        for (int i = 0; i < file.n; i++) file.d[i] = (int64_t)dims[i];
        values = out = gt_arena_array(f->arena, (size_t)gt_shape_size(&file), size);
    }
    if (!values || H5Dread(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        gold_fail(f, "dataset %s cannot be read", path);
        out = NULL;
    }
    gt_shape memory = file;
    const int *map = permutation(order, file.n);
    if (out && map) {
        for (int i = 0; i < file.n; i++) memory.d[i] = file.d[map[i]];
        out = gt_arena_array(f->arena, (size_t)gt_shape_size(&file), size);
        if (out) permute(values, &file, map, out, &memory, size);
    }
    H5Sclose(space);
    H5Dclose(d);
    if (shape) *shape = memory;
    return out;
}

float *gold_read(gold *f, const char *path, gold_order order, gt_shape *shape) {
    return read_values(f, path, order, shape, H5T_NATIVE_FLOAT, sizeof(float));
}

double *gold_read_doubles(gold *f, const char *path, gold_order order, gt_shape *shape) {
    return read_values(f, path, order, shape, H5T_NATIVE_DOUBLE, sizeof(double));
}

void gold_each(gold *f, const char *group, void (*visit)(gold *f, const char *name, void *arg), void *arg) {
    hid_t g = H5Gopen2(f->file, *group ? group : "/", H5P_DEFAULT);
    H5G_info_t info;
    if (g < 0 || H5Gget_info(g, &info) < 0) {
        gold_fail(f, "group %s is missing", group);
        return;
    }
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char name[256];
        H5Lget_name_by_idx(g, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
        visit(f, name, arg);
    }
    H5Gclose(g);
}

json_t *gold_get(json_t *object, const char *key) {
    json_t *j = object ? json_object_get(object, key) : NULL;
    return j && !json_is_null(j) ? j : NULL;
}

int gold_int(json_t *object, const char *key, int otherwise) {
    json_t *j = gold_get(object, key);
    return j ? (int)json_integer_value(j) : otherwise;
}

double gold_number(json_t *object, const char *key, double otherwise) {
    json_t *j = gold_get(object, key);
    return j ? json_number_value(j) : otherwise;
}

const char *gold_text(json_t *object, const char *key, const char *otherwise) {
    json_t *j = gold_get(object, key);
    return j ? json_string_value(j) : otherwise;
}
