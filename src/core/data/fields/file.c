/* SPDX-License-Identifier: Apache-2.0
 * NetCDF-4 is HDF5 with dimension scales: each scale has the number of its dimension (_Netcdf4Dimid), and a scale
 * without numbers a name that says so (NetCDF user's guide, "NetCDF-4 file format specification"). */
#include "data/door/fields_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/h5/door/h5.h"
#include "gantry/memory.h"

enum { AXES = 4, TIME = 0, MEMBER, ROWS, COLUMNS };

struct gt_fields_file {
    const gt_fields_file_of *of;
    gt_growing_file file;
    gt_h5_file h5;
    char axis[AXES][64];
    int64_t *set;  /* [targets] */
    float *planes; /* of a sample's variable */
};

/* libhdf5 does not say what the disk said. */
static gt_status told(gt_fields_file *f, gt_status st) {
    const gt_fields_file_of *of = f->of;
    int error = f->h5.error;
    if (!st && !error) return GT_OK;
    gt_h5_close(&f->h5);
    gt_growing_close(&f->file); /* makes room for whoever reads the message */
    if (!error) return gt_wrap(st, "'%s'", of->path);
    return gt_file_write_failed(of->path, error,
                                (size_t)of->members * (size_t)of->height * (size_t)of->width * sizeof(float));
}

static gt_status put_text(gt_fields_file *f, const char *of, const char *name, const char *text) {
    return text && *text ? gt_h5_attribute_text(&f->h5, of, name, text) : GT_OK;
}

/* A scale; `values` NULL: a dimension without coordinates. */
static gt_status put_scale(gt_fields_file *f, int k, int64_t n, gt_number type, const void *values) {
    const char *name = f->axis[k];
    char marked[96];
    int32_t id = k;
    int64_t set;
    const gt_array a = {name, values ? type : GT_NUMBER_FLOAT, 1, {n}, values};
    gt_status st = gt_h5_write_stored(&f->h5, &a, &(gt_h5_storage){0}, &set);
    snprintf(marked, sizeof marked, "This is a netCDF dimension but not a netCDF variable.%10lld", (long long)n);
    if (!st) st = gt_h5_attribute_text(&f->h5, name, "CLASS", "DIMENSION_SCALE");
    if (!st) st = gt_h5_attribute_text(&f->h5, name, "NAME", values ? name : marked);
    return st ? st : gt_h5_attribute(&f->h5, name, &(gt_array){"_Netcdf4Dimid", GT_NUMBER_INT32, 0, {0}, &id});
}

static gt_status put_time(gt_fields_file *f) {
    const gt_fields_file_of *of = f->of;
    const char *name = f->axis[TIME];
    gt_status st = put_scale(f, TIME, of->samples, GT_NUMBER_DOUBLE, of->time);
    if (st || !of->time) return st;
    st = put_text(f, name, "units", of->place->time_units);
    if (!st) st = put_text(f, name, "calendar", of->place->calendar);
    if (!st) st = put_text(f, name, "standard_name", "time");
    return st ? st : put_text(f, name, "axis", "T");
}

static gt_status put_members(gt_fields_file *f) {
    GT_FREED int32_t *number = calloc((size_t)f->of->members, sizeof *number);
    if (!number) return gt_fail(GT_NOMEM, "out of memory for the numbers of the members");
    for (int64_t i = 0; i < f->of->members; i++) number[i] = (int32_t)i;
    gt_status st = put_scale(f, MEMBER, f->of->members, GT_NUMBER_INT32, number);
    if (!st) st = put_text(f, f->axis[MEMBER], "standard_name", "realization");
    if (!st) st = put_text(f, f->axis[MEMBER], "units", "1");
    return st ? st : put_text(f, f->axis[MEMBER], "axis", "E");
}

static gt_status put_axis(gt_fields_file *f, int k, int64_t n, const gt_fields_axis *a, const char *direction) {
    const char *name = f->axis[k];
    bool known = a && a->values && a->n == n;
    gt_status st = put_scale(f, k, n, GT_NUMBER_DOUBLE, known ? a->values : NULL);
    if (st || !known) return st;
    st = put_text(f, name, "units", a->units);
    if (!st) st = put_text(f, name, "standard_name", a->standard_name);
    if (!st) st = put_text(f, name, "long_name", a->long_name);
    return st ? st : put_text(f, name, "axis", direction);
}

static gt_status put_variable(gt_fields_file *f, int k) {
    static const int32_t axes[AXES] = {TIME, MEMBER, ROWS, COLUMNS};
    static const float missing = NAN;
    const gt_fields_file_of *of = f->of;
    const gt_channel_scale *t = &of->target[k];
    const gt_array a = {t->name, GT_NUMBER_FLOAT, AXES, {of->samples, of->members, of->height, of->width}, NULL};
    gt_status st = gt_h5_write_stored(&f->h5, &a, &(gt_h5_storage){0}, &f->set[k]);
    if (!st) st = put_text(f, t->name, "units", t->units);
    if (!st) st = put_text(f, t->name, "standard_name", t->standard_name);
    if (!st && !(t->standard_name && *t->standard_name)) st = put_text(f, t->name, "long_name", t->name);
    if (!st) st = gt_h5_attribute(&f->h5, t->name, &(gt_array){"_FillValue", GT_NUMBER_FLOAT, 1, {1}, &missing});
    return st ? st
              : gt_h5_attribute(&f->h5, t->name, &(gt_array){"_Netcdf4Coordinates", GT_NUMBER_INT32, 1, {AXES}, axes});
}

static gt_status attach(gt_fields_file *f) {
    const char *scale[AXES];
    GT_FREED const char **set = calloc((size_t)f->of->targets, sizeof *set);
    if (!set) return gt_fail(GT_NOMEM, "out of memory for the axes");
    for (int i = 0; i < AXES; i++) scale[i] = f->axis[i];
    for (int k = 0; k < f->of->targets; k++) set[k] = f->of->target[k].name;
    return gt_h5_attach(&f->h5, AXES, scale, f->of->targets, set);
}

/* Among the axes before `axis` and the targets before `target`. */
static bool is_taken(const gt_fields_file *f, const char *name, int axis, int target) {
    bool taken = false;
    for (int i = 0; i < axis; i++) taken |= !strcmp(f->axis[i], name);
    for (int k = 0; k < target; k++) taken |= !strcmp(f->of->target[k].name, name);
    return taken;
}

/* Files of fields without names of axes have y and x. An axis that a target is called like has another name. */
static gt_status name_axes(gt_fields_file *f) {
    const gt_fields_file_of *of = f->of;
    const gt_fields_place *p = of->place;
    const char *names[AXES] = {of->time ? "time" : "sample", "realization", p && *p->y.name ? p->y.name : "y",
                               p && *p->x.name ? p->x.name : "x"};
    for (int k = 0; k < of->targets; k++)
        if (is_taken(f, of->target[k].name, 0, k))
            return gt_fail(GT_USAGE, "two targets are called '%s'", of->target[k].name);
    for (int i = 0; i < AXES; i++) {
        int n = snprintf(f->axis[i], sizeof f->axis[i], "%s", names[i]);
        for (int more = 2; is_taken(f, f->axis[i], i, of->targets) && more < 100; more++)
            snprintf(f->axis[i], sizeof f->axis[i], "%.*s_%d", n < 60 ? n : 60, names[i], more);
    }
    return GT_OK;
}

static gt_status write_head(gt_fields_file *f) {
    const gt_fields_file_of *of = f->of;
    gt_status st = put_text(f, "/", "Conventions", "CF-1.8");
    if (!st) st = put_text(f, "/", "source", of->source);
    if (!st) st = put_time(f);
    if (!st) st = put_members(f);
    if (!st) st = put_axis(f, ROWS, of->height, of->place ? &of->place->y : NULL, "Y");
    if (!st) st = put_axis(f, COLUMNS, of->width, of->place ? &of->place->x : NULL, "X");
    for (int k = 0; k < of->targets && !st; k++) st = put_variable(f, k);
    return st ? st : attach(f);
}

gt_status gt_fields_file_open(gt_fields_file **out, const gt_fields_file_of *of) {
    *out = NULL;
    gt_fields_file *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    f->of = of;
    f->file.fd = -1;
    f->set = calloc((size_t)of->targets, sizeof *f->set);
    f->planes = calloc((size_t)of->members * (size_t)of->height, (size_t)of->width * sizeof *f->planes);
    gt_status st = f->set && f->planes ? name_axes(f) : gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    if (!st) st = gt_growing_open(&f->file, of->path);
    if (!st) {
        st = gt_h5_create(&f->h5, f->file.part, false);
        st = told(f, st ? st : write_head(f));
    }
    if (st) gt_fields_file_close(f);
    else *out = f;
    return st;
}

gt_status gt_fields_file_put(gt_fields_file *f, int64_t sample, const float *values) {
    const gt_fields_file_of *of = f->of;
    size_t n = (size_t)of->members * (size_t)of->height * (size_t)of->width, targets = (size_t)of->targets;
    gt_status st = GT_OK;
    for (size_t k = 0; k < targets && !st; k++) {
        for (size_t i = 0; i < n; i++) f->planes[i] = values[i * targets + k];
        st = gt_h5_write_rows(f->set[k], sample, 1, GT_NUMBER_FLOAT, f->planes);
    }
    return told(f, st);
}

gt_status gt_fields_file_finish(gt_fields_file *f) {
    gt_status st = told(f, gt_h5_finish(&f->h5));
    return st ? st : gt_growing_finish(&f->file);
}

void gt_fields_file_close(gt_fields_file *f) {
    if (!f) return;
    gt_h5_close(&f->h5);
    gt_growing_close(&f->file);
    free(f->set);
    free(f->planes);
    free(f);
}
