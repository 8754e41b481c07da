/* SPDX-License-Identifier: Apache-2.0
 * Reading arrays of HDF5 files, rows at a time. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "h5/h5.h"
#include "gantry/arrays.h"
#include "gantry/memory.h"

enum { NAME_BYTES = 256, LIST_BYTES = 512 };

struct gt_array_file {
    char *path;
    char name[NAME_BYTES];
    hid_t file, set, space;
    int n_dims;
    hsize_t dims[H5S_MAX_RANK];
    int64_t columns;
};

void gt_array_close(gt_array_file *f) {
    if (!f) return;
    if (f->space >= 0) H5Sclose(f->space);
    if (f->set >= 0) H5Oclose(f->set);
    if (f->file >= 0) H5Fclose(f->file);
    free(f->path);
    free(f);
}

/* libhdf5 would wait for ever for a pipe. */
static gt_status open_file(const char *path, hid_t *file) {
    int fd;
    off_t bytes;
    gt_status st = gt_file_open_regular(path, &fd, &bytes);
    if (st) return st;
    close(fd);
    gt_h5_quiet();
    *file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return *file < 0 ? gt_h5_fail(GT_FORMAT, "%s: cannot be opened as an HDF5 file", path) : GT_OK;
}

bool gt_array_exists(const char *path, const char *name) {
    hid_t file;
    if (open_file(path, &file)) return false;
    bool exists = H5Lexists(file, name, H5P_DEFAULT) > 0;
    H5Fclose(file);
    return exists;
}

static bool is_array(hid_t file, const char *name) {
    hid_t object = gt_h5_open(file, name);
    bool is = object >= 0 && H5Iget_type(object) == H5I_DATASET;
    hid_t type = is ? H5Dget_type(object) : -1, space = is ? H5Dget_space(object) : -1;
    if (is) is = (H5Tget_class(type) == H5T_FLOAT || H5Tget_class(type) == H5T_INTEGER) && H5Sget_simple_extent_ndims(space) > 0;
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (object >= 0) H5Oclose(object);
    return is;
}

/* The arrays that there are. */
typedef struct listing {
    int n;
    char names[LIST_BYTES], last[NAME_BYTES], chosen[NAME_BYTES];
} listing;

/* H5Literate */
static herr_t next_link(hid_t file, const char *name, const H5L_info_t *link, void *arg) {
    listing *l = arg;
    (void)link;
    if (strlen(name) >= NAME_BYTES || !is_array(file, name)) return 0;
    l->n++;
    strcpy(l->last, name);
    size_t used = strlen(l->names);
    if (used + strlen(name) + 3 < sizeof l->names) snprintf(l->names + used, sizeof l->names - used, "%s%s", used ? ", " : "", name);
    if (!strcmp(name, "latent") || !strcmp(name, "points")) strcpy(l->chosen, name);
    return 0;
}

/* The array to take when none is named. */
static gt_status choose(gt_array_file *f) {
    listing l = {0};
    if (H5Literate(f->file, H5_INDEX_NAME, H5_ITER_INC, NULL, next_link, &l) < 0) return gt_h5_fail(GT_FORMAT, "%s: cannot be listed", f->path);
    strcpy(f->name, l.n == 1 ? l.last : l.chosen);
    if (*f->name) return GT_OK;
    return l.n ? gt_fail(GT_FORMAT, "%s has several arrays, which one is meant? %s", f->path, l.names) : gt_fail(GT_FORMAT, "%s has no array of numbers", f->path);
}

static gt_status open_array(gt_array_file *f) {
    if (!*f->name) {
        gt_status st = choose(f);
        if (st) return st;
    }
    if (!is_array(f->file, f->name)) return gt_fail(GT_FORMAT, "%s has no array of numbers '%s'", f->path, f->name);
    f->set = gt_h5_open(f->file, f->name);
    gt_status holds = gt_h5_holds(f->set);
    if (holds == GT_NOMEM) return gt_wrap(holds, "%s: '%s'", f->path, f->name);
    if (holds) return gt_fail(GT_FORMAT, "%s: '%s' does not hold as many numbers as it says", f->path, f->name);
    f->space = f->set < 0 ? -1 : H5Dget_space(f->set);
    f->n_dims = f->space < 0 ? -1 : H5Sget_simple_extent_ndims(f->space);
    if (f->n_dims < 1 || H5Sget_simple_extent_dims(f->space, f->dims, NULL) < 0) return gt_h5_fail(GT_FORMAT, "%s: '%s' cannot be opened", f->path, f->name);
    size_t columns = 1, bytes;
    for (int i = 0; i < f->n_dims; i++)
        if (!f->dims[i] || (i && gt_mul_overflows(columns, (size_t)f->dims[i], &columns))) return gt_fail(GT_FORMAT, "%s: '%s' has an impossible size", f->path, f->name);
    if (f->dims[0] > INT64_MAX || columns > INT64_MAX || gt_mul_overflows(columns, sizeof(double), &bytes))
        return gt_fail(GT_FORMAT, "%s: '%s' has an impossible size", f->path, f->name);
    f->columns = (int64_t)columns;
    return GT_OK;
}

gt_status gt_array_open(gt_array_file **out, const char *path, const char *name, int64_t *rows, int64_t *columns) {
    *out = NULL;
    if (strlen(name) >= NAME_BYTES) return gt_fail(GT_USAGE, "%s: no array has a name as long as '%.40s...'", path, name);
    gt_array_file *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for %s", path);
    *f = (gt_array_file){.path = strdup(path), .file = -1, .set = -1, .space = -1};
    strcpy(f->name, name);
    gt_status st = f->path ? open_file(path, &f->file) : gt_fail(GT_NOMEM, "out of memory for %s", path);
    if (!st) st = open_array(f);
    if (st) {
        gt_array_close(f);
        return st;
    }
    *rows = (int64_t)f->dims[0];
    *columns = f->columns;
    *out = f;
    return GT_OK;
}

gt_status gt_array_rows(gt_array_file *f, int64_t first, int64_t n, double *out) {
    hsize_t start[H5S_MAX_RANK] = {(hsize_t)first}, count[H5S_MAX_RANK];
    memcpy(count, f->dims, sizeof count);
    count[0] = (hsize_t)n;
    hid_t memory = H5Screate_simple(f->n_dims, count, NULL);
    bool fine = memory >= 0 && H5Sselect_hyperslab(f->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dread(f->set, H5T_NATIVE_DOUBLE, memory, f->space, H5P_DEFAULT, out) >= 0;
    if (memory >= 0) H5Sclose(memory);
    return fine ? GT_OK : gt_h5_fail(GT_FORMAT, "%s: rows %lld to %lld of '%s' cannot be read", f->path, (long long)first, (long long)(first + n - 1), f->name);
}
