/* SPDX-License-Identifier: Apache-2.0
 * Makes sets, groups and attributes in new files. */
#include <stdlib.h>
#include <string.h>

#include "files/h5/door/h5.h"
#include "files/h5/h5_room.h"

static int dims_of(const gt_array *a) { return a->n_dims - (a->type == GT_NUMBER_TEXT || a->type == GT_NUMBER_WORDS); }

/* Some programs read texts of fixed length only where they are declared as ASCII (Octave 7). */
static bool is_ascii(const gt_array *a) {
    const unsigned char *bytes = a->data;
    int64_t n = a->type == GT_NUMBER_TEXT && bytes ? 1 : 0, others = 0;
    for (int i = 0; i < a->n_dims; i++) n *= a->dims[i];
    for (int64_t i = 0; i < n; i++) others |= bytes[i] & 0x80;
    return n && !others;
}

static hid_t type_of(const gt_array *a, bool in_file) {
    int n = dims_of(a);
    hid_t type = h5_type(a->type, n < a->n_dims ? (size_t)a->dims[n] : 0, in_file);
    if (is_ascii(a)) H5Tset_cset(type, H5T_CSET_ASCII);
    return type;
}

static hid_t space_of(const gt_array *a, bool grows) {
    hsize_t dims[GT_ARRAY_MAX_DIMS], most[GT_ARRAY_MAX_DIMS];
    int n = dims_of(a);
    for (int i = 0; i < n; i++) dims[i] = most[i] = (hsize_t)a->dims[i];
    most[0] = H5S_UNLIMITED;
    return n ? H5Screate_simple(n, dims, grows ? most : NULL) : H5Screate(H5S_SCALAR);
}

gt_status gt_h5_group(gt_h5_file *f, const char *path) {
    htri_t there = H5Lexists(f->id, path, H5P_DEFAULT);
    if (there > 0) return GT_OK;
    hid_t list = h5_untimed(H5P_GROUP_CREATE, !f->unordered),
          group = there < 0 ? -1 : H5Gcreate2(f->id, path, H5P_DEFAULT, list, H5P_DEFAULT);
    gt_status st = group < 0 ? gt_h5_fail(GT_FAILED, "the group '%s' cannot be made", path) : GT_OK;
    H5Pclose(list);
    if (group >= 0) H5Gclose(group);
    return st;
}

/* Makes the groups above an object. */
static gt_status make_groups(gt_h5_file *f, const char *path) {
    GT_FREED char *copy = strdup(path);
    gt_status st = copy ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an HDF5 file");
    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash && !st; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        st = gt_h5_group(f, copy);
        *slash = '/';
    }
    return st;
}

static hid_t storage_list(const gt_array *a, const gt_h5_storage *how) {
    hid_t list = h5_untimed(H5P_DATASET_CREATE, false);
    hsize_t chunk[GT_ARRAY_MAX_DIMS];
    for (int i = 0; i < a->n_dims; i++) chunk[i] = (hsize_t)(i ? a->dims[i] : how->chunk);
    if (how->chunk) H5Pset_chunk(list, dims_of(a), chunk);
    if (how->shuffled) H5Pset_shuffle(list);
    if (how->level) H5Pset_deflate(list, (unsigned)how->level);
    return list;
}

gt_status gt_h5_write_stored(gt_h5_file *f, const gt_array *a, const gt_h5_storage *how, int64_t *set) {
    *set = -1;
    gt_status st = make_groups(f, a->name);
    if (st) return st;
    hid_t stored = type_of(a, true), given = type_of(a, false), space = space_of(a, how->grows),
          list = storage_list(a, how);
    *set = H5Dcreate2(f->id, a->name, stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (*set < 0 || (a->data && H5Dwrite(*set, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, a->data) < 0))
        st = gt_h5_fail(GT_FAILED, "'%s' cannot be written", a->name);
    h5_release(list, space, given);
    h5_release(stored, -1, -1);
    return st;
}

gt_status gt_h5_write(gt_h5_file *f, const gt_array *a) {
    int64_t set;
    gt_status st = gt_h5_write_stored(f, a, &(gt_h5_storage){0}, &set);
    if (set >= 0 && H5Dclose(set) < 0 && !st) st = gt_h5_fail(GT_FAILED, "'%s' cannot be written", a->name);
    return st;
}

gt_status gt_h5_write_chunk(int64_t set, int64_t row, const void *bytes, size_t n) {
    hsize_t at[GT_H5_MOST_DIMS] = {(hsize_t)row};
    bool fine = H5Dwrite_chunk(set, H5P_DEFAULT, 0, at, n, bytes) >= 0;
    return fine ? GT_OK : gt_h5_fail(GT_FAILED, "row %lld cannot be written", (long long)row);
}

gt_status gt_h5_write_rows(int64_t set, int64_t first, int64_t n, gt_number type, const void *rows) {
    hsize_t from[GT_H5_MOST_DIMS] = {(hsize_t)first}, count[GT_H5_MOST_DIMS];
    hid_t space = H5Dget_space(set);
    int dims = space < 0 ? -1 : H5Sget_simple_extent_dims(space, count, NULL);
    count[0] = (hsize_t)n;
    hid_t part = dims < 1 ? -1 : H5Screate_simple(dims, count, NULL), given = h5_type(type, 0, false);
    bool fine = part >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, count, NULL) >= 0 &&
                H5Dwrite(set, given, part, space, H5P_DEFAULT, rows) >= 0;
    gt_status st = fine ? GT_OK : gt_h5_fail(GT_FAILED, "row %lld cannot be written", (long long)first);
    h5_release(space, part, given);
    return st;
}

gt_status gt_h5_append(int64_t set, int64_t rows, gt_number type, const void *row) {
    hsize_t all = (hsize_t)rows + 1, at = (hsize_t)rows, one = 1;
    hid_t space = H5Dset_extent(set, &all) < 0 ? -1 : H5Dget_space(set), single = H5Screate_simple(1, &one, NULL),
          given = h5_type(type, 0, false);
    bool fine = space >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, &at, NULL, &one, NULL) >= 0 &&
                H5Dwrite(set, given, single, space, H5P_DEFAULT, row) >= 0 && H5Dflush(set) >= 0;
    gt_status st = fine ? GT_OK : gt_h5_fail(GT_FAILED, "a row cannot be written");
    h5_release(space, single, given);
    return st;
}

gt_status gt_h5_attribute(gt_h5_file *f, const char *of, const gt_array *a) {
    hid_t stored = type_of(a, true), given = type_of(a, false), space = space_of(a, false);
    hid_t attribute = H5Acreate_by_name(f->id, of, a->name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool fine = attribute >= 0 && H5Awrite(attribute, given, a->data) >= 0;
    gt_status st = fine ? GT_OK : gt_h5_fail(GT_FAILED, "the attribute '%s' cannot be written", a->name);
    h5_release(attribute, stored, given);
    h5_release(space, -1, -1);
    return st;
}

gt_status gt_h5_attribute_text(gt_h5_file *f, const char *of, const char *name, const char *text) {
    return gt_h5_attribute(f, of, &(gt_array){name, GT_NUMBER_TEXT, 1, {(int64_t)strlen(text) + 1}, text});
}
