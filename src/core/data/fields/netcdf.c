/* SPDX-License-Identifier: Apache-2.0
 * NetCDF-4 is HDF5 with dimension scales: each scale has the number of its dimension (_Netcdf4Dimid), and a scale
 * without numbers a name that says so (NetCDF user's guide, "NetCDF-4 file format specification"). */
#include "data/fields/netcdf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/sha256.h"

gt_status gt_netcdf_open(gt_netcdf *f, const char *path) {
    *f = (gt_netcdf){.path = path, .file = {.fd = -1}, .arena = gt_arena_new()};
    gt_status st = f->arena ? gt_growing_open(&f->file, path) : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st) st = gt_netcdf_told(f, gt_h5_create(&f->h5, f->file.part, false), 0);
    if (st) gt_netcdf_close(f);
    return st;
}

void gt_netcdf_close(gt_netcdf *f) {
    if (!f->path) return;
    gt_h5_close(&f->h5);
    gt_growing_close(&f->file);
    gt_arena_free(f->arena);
    *f = (gt_netcdf){0};
}

/* libhdf5 does not say what the disk said. */
gt_status gt_netcdf_told(gt_netcdf *f, gt_status st, size_t bytes) {
    int error = f->h5.error;
    if (!st && !error) return GT_OK;
    gt_h5_close(&f->h5);
    gt_growing_close(&f->file); /* makes room for whoever reads the message */
    return error ? gt_file_write_failed(f->path, error, bytes) : gt_wrap(st, "'%s'", f->path);
}

/* ---- names and attributes ---- */

static bool is_taken(const gt_netcdf *f, const char *name) {
    for (int i = 0; i < f->names; i++)
        if (!strcmp(f->taken[i], name)) return true;
    return false;
}

const char *gt_netcdf_name(gt_netcdf *f, const char *wanted) {
    const char *name = gt_arena_printf(f->arena, "%s", wanted);
    for (int more = 2; name && is_taken(f, name); more++) name = gt_arena_printf(f->arena, "%s_%d", wanted, more);
    if (!name || !gt_arena_grow(f->arena, &f->taken, f->names, &f->name_room, sizeof *f->taken)) return NULL;
    return f->taken[f->names++] = name;
}

gt_status gt_netcdf_text(gt_netcdf *f, const char *of, const char *name, const char *text) {
    return text && *text ? gt_h5_attribute_text(&f->h5, of, name, text) : GT_OK;
}

gt_status gt_netcdf_notes(gt_netcdf *f, const char *of, const gt_fields_notes *notes) {
    gt_status st = GT_OK;
    for (int i = 0; i < notes->n && !st; i++) {
        const gt_fields_note *note = &notes->note[i];
        double number[GT_FIELDS_NOTE_NUMBERS];
        int n = 0;
        for (char *at = (char *)note->text, *end = NULL; note->numbers && n < GT_FIELDS_NOTE_NUMBERS; at = end, n++) {
            number[n] = strtod(at, &end);
            if (end == at) break;
        }
        st = note->numbers && n ? gt_h5_attribute(&f->h5, of, &(gt_array){note->name, GT_NUMBER_DOUBLE, 1, {n}, number})
                                : gt_netcdf_text(f, of, note->name, note->text);
    }
    return st;
}

/* ---- axes ---- */

gt_status gt_netcdf_axis(gt_netcdf *f, const char *wanted, int64_t n, gt_number type, const void *values, int *id) {
    const char *name = gt_netcdf_name(f, wanted);
    char marked[96];
    int32_t number = *id = f->axes;
    int64_t set;
    if (!name || !gt_arena_grow(f->arena, &f->axis, f->axes, &f->room, sizeof *f->axis) ||
        !gt_arena_grow(f->arena, &f->length, f->axes, &f->length_room, sizeof *f->length))
        return GT_NOMEM;
    f->length[f->axes] = n;
    f->axis[f->axes++] = name;
    const gt_array a = {name, values ? type : GT_NUMBER_FLOAT, 1, {n}, values};
    gt_status st = gt_h5_write_stored(&f->h5, &a, &(gt_h5_storage){0}, &set);
    snprintf(marked, sizeof marked, "This is a netCDF dimension but not a netCDF variable.%10lld", (long long)n);
    if (!st) st = gt_h5_attribute_text(&f->h5, name, "CLASS", "DIMENSION_SCALE");
    if (!st) st = gt_h5_attribute_text(&f->h5, name, "NAME", values ? name : marked);
    return st ? st : gt_h5_attribute(&f->h5, name, &(gt_array){"_Netcdf4Dimid", GT_NUMBER_INT32, 0, {0}, &number});
}

static gt_status put_about(gt_netcdf *f, const char *of, const gt_fields_axis *a) {
    gt_status st = gt_netcdf_text(f, of, "units", a->units);
    if (!st) st = gt_netcdf_text(f, of, "standard_name", a->standard_name);
    return st ? st : gt_netcdf_text(f, of, "long_name", a->long_name);
}

gt_status gt_netcdf_axis_of(gt_netcdf *f, const gt_fields_axis *a, const char *wanted, int64_t n, const char *direction,
                            int *id) {
    bool known = a->values && a->n == n;
    gt_status st = gt_netcdf_axis(f, *a->name ? a->name : wanted, n, GT_NUMBER_DOUBLE, known ? a->values : NULL, id);
    if (st || !known) return st;
    st = put_about(f, f->axis[*id], a);
    return st ? st : gt_netcdf_text(f, f->axis[*id], "axis", direction);
}

/* ---- variables ---- */

gt_status gt_netcdf_set(gt_netcdf *f, const char *name, gt_number type, int n, const int *axis,
                        const gt_h5_storage *how, int64_t *set) {
    int32_t id[GT_H5_MOST_DIMS];
    gt_array a = {name, type, n, {0}, NULL};
    if (!gt_arena_grow(f->arena, &f->set, f->sets, &f->set_room, sizeof *f->set)) return GT_NOMEM;
    gt_h5_axes *of = &f->set[f->sets];
    *of = (gt_h5_axes){.set = name, .n = n};
    for (int i = 0; i < n; i++) a.dims[i] = f->length[axis[i]], of->scale[i] = id[i] = axis[i];
    f->sets += n > 0;
    gt_status st = gt_h5_write_stored(&f->h5, &a, how ? how : &(gt_h5_storage){0}, set);
    if (st || !n) return st;
    return gt_h5_attribute(&f->h5, name, &(gt_array){"_Netcdf4Coordinates", GT_NUMBER_INT32, 1, {n}, id});
}

gt_status gt_netcdf_fields(gt_netcdf *f, const char *name, int n, const int *axis, const gt_h5_storage *how,
                           int64_t *set) {
    static const float missing = NAN;
    gt_status st = gt_netcdf_set(f, name, GT_NUMBER_FLOAT, n, axis, how, set);
    return st ? st : gt_h5_attribute(&f->h5, name, &(gt_array){"_FillValue", GT_NUMBER_FLOAT, 1, {1}, &missing});
}

gt_status gt_netcdf_grid(gt_netcdf *f, const gt_fields_axis cells[2], int y, int x, const char **coordinates) {
    gt_status st = GT_OK;
    *coordinates = "";
    for (int k = 0; k < 2 && !st; k++) {
        const gt_fields_axis *c = &cells[k];
        int64_t set;
        if (!c->values || c->n != f->length[y] * f->length[x]) continue;
        const char *name = gt_netcdf_name(f, *c->name ? c->name : k ? "lon" : "lat");
        st = name ? gt_netcdf_set(f, name, GT_NUMBER_DOUBLE, 2, (int[]){y, x}, NULL, &set) : GT_NOMEM;
        if (!st) st = gt_h5_write_rows(set, 0, f->length[y], GT_NUMBER_DOUBLE, c->values);
        if (!st) st = put_about(f, name, c);
        *coordinates = st ? "" : gt_arena_printf(f->arena, "%s%s%s", *coordinates, **coordinates ? " " : "", name);
        if (!*coordinates) return GT_NOMEM;
    }
    return st;
}

gt_status gt_netcdf_mapping(gt_netcdf *f, const char *wanted, const gt_fields_notes *notes, const char **mapping) {
    int64_t set;
    *mapping = "";
    if (!wanted || !*wanted) return GT_OK;
    const char *name = gt_netcdf_name(f, wanted);
    gt_status st = name ? gt_netcdf_set(f, name, GT_NUMBER_INT32, 0, NULL, NULL, &set) : GT_NOMEM;
    if (!st) st = gt_netcdf_notes(f, name, notes);
    if (!st) *mapping = name;
    return st;
}

/* ---- the end ---- */

gt_status gt_netcdf_attach(gt_netcdf *f) { return gt_h5_attach(&f->h5, f->axes, f->axis, f->sets, f->set); }

static gt_status compare(const char *a, const char *b, bool *same) {
    gt_sha256 one, two;
    gt_status st = gt_sha256_of_file(a, &one);
    if (!st) st = gt_sha256_of_file(b, &two);
    *same = !st && gt_sha256_equal(&one, &two);
    return st;
}

gt_status gt_netcdf_finish(gt_netcdf *f, bool *there, bool *same) {
    gt_status st = gt_netcdf_told(f, gt_h5_finish(&f->h5), 0);
    if (st) return st;
    if (there) *there = !access(f->path, F_OK);
    return there && *there ? compare(f->file.part, f->path, same) : gt_growing_finish(&f->file);
}
