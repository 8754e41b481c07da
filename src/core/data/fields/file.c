/* SPDX-License-Identifier: Apache-2.0
 * Ensembles as a NetCDF-4 file. */
#include "data/door/fields_file.h"

#include <stdlib.h>
#include <string.h>

#include "data/fields/netcdf.h"
#include "files/codec/door/notes.h"

enum { AXES = 4, TIME = 0, MEMBER, ROWS, COLUMNS };

struct gt_fields_file {
    const gt_fields_file_of *of;
    gt_netcdf out;
    int axis[AXES];
    int64_t *set;  /* [targets] */
    float *planes; /* of a sample's variable */
};

static gt_status told(gt_fields_file *f, gt_status st) {
    const gt_fields_file_of *of = f->of;
    return gt_netcdf_told(&f->out, st, (size_t)of->members * (size_t)of->height * (size_t)of->width * sizeof(float));
}

static gt_status put_time(gt_fields_file *f) {
    const gt_fields_file_of *of = f->of;
    gt_netcdf *o = &f->out;
    int *id = &f->axis[TIME];
    gt_status st = gt_netcdf_axis(o, of->time ? "time" : "sample", of->samples, GT_NUMBER_DOUBLE, of->time, id);
    if (st || !of->time) return st;
    st = gt_netcdf_text(o, o->axis[*id], "units", of->place->time_units);
    if (!st) st = gt_netcdf_text(o, o->axis[*id], "calendar", of->place->calendar);
    if (!st) st = gt_netcdf_text(o, o->axis[*id], "standard_name", "time");
    return st ? st : gt_netcdf_text(o, o->axis[*id], "axis", "T");
}

static gt_status put_members(gt_fields_file *f) {
    GT_FREED int32_t *number = calloc((size_t)f->of->members, sizeof *number);
    gt_netcdf *o = &f->out;
    int *id = &f->axis[MEMBER];
    if (!number) return gt_fail(GT_NOMEM, "out of memory for the numbers of the members");
    for (int64_t i = 0; i < f->of->members; i++) number[i] = (int32_t)i;
    gt_status st = gt_netcdf_axis(o, "realization", f->of->members, GT_NUMBER_INT32, number, id);
    if (!st) st = gt_netcdf_text(o, o->axis[*id], "standard_name", "realization");
    if (!st) st = gt_netcdf_text(o, o->axis[*id], "units", "1");
    return st ? st : gt_netcdf_text(o, o->axis[*id], "axis", "E");
}

static gt_status put_target(gt_fields_file *f, int k, const char *coordinates, const char *mapping) {
    const gt_channel_scale *t = &f->of->target[k];
    gt_netcdf *o = &f->out;
    gt_status st = gt_netcdf_fields(o, t->name, AXES, f->axis, NULL, &f->set[k]);
    if (!st) st = gt_netcdf_text(o, t->name, "units", t->units);
    if (!st) st = gt_netcdf_text(o, t->name, "standard_name", t->standard_name);
    if (!st && !(t->standard_name && *t->standard_name)) st = gt_netcdf_text(o, t->name, "long_name", t->name);
    if (!st) st = gt_netcdf_text(o, t->name, "coordinates", coordinates);
    return st ? st : gt_netcdf_text(o, t->name, "grid_mapping", mapping);
}

/* Axes that a target is called like have another name. */
static gt_status take_names(gt_fields_file *f) {
    const gt_fields_file_of *of = f->of;
    for (int k = 0; k < of->targets; k++) {
        const char *name = gt_netcdf_name(&f->out, of->target[k].name);
        if (!name) return GT_NOMEM;
        if (strcmp(name, of->target[k].name))
            return gt_fail(GT_USAGE, "two targets are called '%s'", of->target[k].name);
    }
    return GT_OK;
}

static gt_status write_head(gt_fields_file *f) {
    static const gt_fields_place nowhere;
    const gt_fields_file_of *of = f->of;
    const gt_fields_place *p = of->place ? of->place : &nowhere;
    const char *coordinates = "", *mapping = "";
    gt_netcdf *o = &f->out;
    gt_status st = take_names(f);
    if (!st) st = gt_netcdf_text(o, "/", "Conventions", "CF-1.8");
    if (!st) st = gt_netcdf_text(o, "/", "source", of->source);
    if (!st) st = gt_netcdf_text(o, "/", GT_NOTES_KEY, of->record);
    if (!st) st = put_time(f);
    if (!st) st = put_members(f);
    if (!st) st = gt_netcdf_axis_of(o, &p->y, "y", of->height, "Y", &f->axis[ROWS]);
    if (!st) st = gt_netcdf_axis_of(o, &p->x, "x", of->width, "X", &f->axis[COLUMNS]);
    if (!st) st = gt_netcdf_grid(o, p->cells, f->axis[ROWS], f->axis[COLUMNS], &coordinates);
    if (!st) st = gt_netcdf_mapping(o, p->mapping, &p->mapping_notes, &mapping);
    for (int k = 0; k < of->targets && !st; k++) st = put_target(f, k, coordinates, mapping);
    return st ? st : gt_netcdf_attach(o);
}

gt_status gt_fields_file_open(gt_fields_file **out, const gt_fields_file_of *of) {
    *out = NULL;
    gt_fields_file *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    f->of = of;
    f->set = calloc((size_t)of->targets, sizeof *f->set);
    f->planes = calloc((size_t)of->members * (size_t)of->height, (size_t)of->width * sizeof *f->planes);
    gt_status st = f->set && f->planes ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    if (!st) st = gt_netcdf_open(&f->out, of->path);
    if (!st) st = told(f, write_head(f));
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

gt_status gt_fields_file_finish(gt_fields_file *f) { return gt_netcdf_finish(&f->out, NULL, NULL); }

void gt_fields_file_close(gt_fields_file *f) {
    if (!f) return;
    gt_netcdf_close(&f->out);
    free(f->set);
    free(f->planes);
    free(f);
}
