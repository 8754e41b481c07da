/* SPDX-License-Identifier: Apache-2.0
 * Variables as a file of their own. Axes, coordinates of cells and mappings that several variables have in common are
 * written once. */
#include "data/door/fields_pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/progress.h"
#include "data/door/fields_look.h"
#include "data/fields/fields.h"
#include "data/fields/netcdf.h"

typedef struct packed_axis {
    gt_fields_axis of;
    const char *called; /* in the file, where `of` has no name */
    int id;
} packed_axis;

typedef struct packed_grid { /* what the variables on it have as attributes */
    const gt_variable *of;
    int y, x;
    const char *coordinates, *mapping;
} packed_grid;

typedef struct packing {
    gt_fields fields;
    gt_netcdf out;
    packed_axis *axis;
    packed_grid *grid;
    int64_t *set; /* [fields] */
    int axes, grids, axis_room, grid_room;
} packing;

bool gt_fields_are_packable(const char *list) {
    gt_named_array part = {0};
    gt_status st = GT_OK;
    bool all = true, any = false;
    while (all && gt_named_array_next(&list, &part, &st)) any = true, all = !st && gt_fields_here(part.file);
    return all && any;
}

/* ---- axes ---- */

static bool same_values(const gt_fields_axis *a, const gt_fields_axis *b) {
    return a->n == b->n && !a->values == !b->values &&
           (!a->values || !memcmp(a->values, b->values, (size_t)a->n * sizeof *a->values));
}

static bool same_axis(const gt_fields_axis *a, const gt_fields_axis *b) {
    return !strcmp(a->name, b->name) && !strcmp(a->units, b->units) && same_values(a, b);
}

static gt_status put_axis(packing *p, const gt_fields_axis *a, const char *otherwise, const char *direction, int *id) {
    for (int i = 0; i < p->axes; i++)
        if (same_axis(&p->axis[i].of, a) && (*a->name || !strcmp(p->axis[i].called, otherwise))) {
            *id = p->axis[i].id;
            return GT_OK;
        }
    if (!gt_arena_grow(p->fields.arena, &p->axis, p->axes, &p->axis_room, sizeof *p->axis)) return GT_NOMEM;
    gt_status st = gt_netcdf_axis_of(&p->out, a, otherwise, a->n, direction, id);
    if (!st) p->axis[p->axes++] = (packed_axis){*a, otherwise, *id};
    return st;
}

/* Of all pieces, in the units of the first. */
static gt_status put_samples(packing *p, const gt_field *x, int *id) {
    const gt_variable *v = gt_field_like(x);
    gt_fields_axis axis = v->samples;
    int before = p->axes;
    if (x->pieces > 1) {
        double *values = gt_arena_array(p->fields.arena, (size_t)x->count, sizeof *values);
        if (!values) return GT_NOMEM;
        for (int64_t i = 0; i < x->count; i++)
            values[i] = i < v->count ? v->time[i] : gt_time_of(&v->when, x->moment[i]);
        axis.values = values;
        axis.n = x->count;
    }
    gt_status st = put_axis(p, &axis, "sample", v->moment ? "T" : NULL, id);
    if (st || before == p->axes || !v->moment) return st;
    return gt_netcdf_text(&p->out, p->out.axis[*id], "calendar", gt_calendar_name(v->when.calendar));
}

/* Levels that are one axis for Gantry, of arrays whose axes have no names. */
static gt_status put_levels(packing *p, const gt_variable *v, int *axis, int *n) {
    int64_t all = 1;
    gt_status st = GT_OK;
    for (int i = 0; i < v->levels; i++) all *= v->level[i].n;
    if (all == v->channels) {
        for (int i = 0; i < v->levels && !st; i++) st = put_axis(p, &v->level[i], "level", NULL, &axis[(*n)++]);
        return st;
    }
    return put_axis(p, &(gt_fields_axis){.n = v->channels}, "level", NULL, &axis[(*n)++]);
}

static bool same_grid(const packed_grid *g, const gt_variable *v, int y, int x) {
    const gt_fields_notes *a = &g->of->mapping_notes, *b = &v->mapping_notes;
    bool same = g->y == y && g->x == x && same_axis(&g->of->cells[0], &v->cells[0]) &&
                same_axis(&g->of->cells[1], &v->cells[1]) && !strcmp(g->of->mapping, v->mapping) && a->n == b->n;
    for (int i = 0; i < a->n && same; i++)
        same = !strcmp(a->note[i].name, b->note[i].name) && !strcmp(a->note[i].text, b->note[i].text);
    return same;
}

static gt_status put_grid(packing *p, const gt_variable *v, int y, int x, const packed_grid **out) {
    for (int i = 0; i < p->grids; i++)
        if (same_grid(&p->grid[i], v, y, x)) {
            *out = &p->grid[i];
            return GT_OK;
        }
    if (!gt_arena_grow(p->fields.arena, &p->grid, p->grids, &p->grid_room, sizeof *p->grid)) return GT_NOMEM;
    packed_grid *g = &p->grid[p->grids];
    *g = (packed_grid){.of = v, .y = y, .x = x};
    gt_status st = gt_netcdf_grid(&p->out, v->cells, y, x, &g->coordinates);
    if (!st) st = gt_netcdf_mapping(&p->out, v->mapping, &v->mapping_notes, &g->mapping);
    if (!st) p->grids++;
    *out = g;
    return st;
}

/* ---- variables ---- */

static gt_status put_field(packing *p, int k, bool compress) {
    enum { LEVEL = 4 };
    const gt_field *x = &p->fields.field[k];
    const gt_variable *v = gt_field_like(x);
    gt_netcdf *o = &p->out;
    const packed_grid *grid;
    gt_fields_notes own, of_file;
    int axis[GT_H5_MOST_DIMS], n = 0;
    gt_status st = v->constant ? GT_OK : put_samples(p, x, &axis[n++]);
    if (!st) st = put_levels(p, v, axis, &n);
    if (!st) st = put_axis(p, &v->y, "y", "Y", &axis[n++]);
    if (!st) st = put_axis(p, &v->x, "x", "X", &axis[n++]);
    if (!st) st = put_grid(p, v, axis[n - 2], axis[n - 1], &grid);
    if (!st) st = gt_variable_notes_h5(p->fields.arena, v, &own, &of_file);
    const gt_h5_storage chunks = {.chunk = 1, .shuffled = true, .level = LEVEL};
    if (!st) st = gt_netcdf_fields(o, v->name, n, axis, compress && !v->constant ? &chunks : NULL, &p->set[k]);
    if (!st) st = gt_netcdf_text(o, v->name, "units", v->units);
    if (!st) st = gt_netcdf_text(o, v->name, "standard_name", v->standard_name);
    if (!st) st = gt_netcdf_text(o, v->name, "long_name", v->long_name);
    if (!st) st = gt_netcdf_text(o, v->name, "coordinates", grid->coordinates);
    if (!st) st = gt_netcdf_text(o, v->name, "grid_mapping", grid->mapping);
    if (!st) st = gt_netcdf_notes(o, v->name, &own);
    return st || k ? st : gt_netcdf_notes(o, "/", &of_file);
}

static size_t floats_of(const gt_variable *v) { return (size_t)v->channels * (size_t)v->height * (size_t)v->width; }

static gt_status put_values(packing *p, int k) {
    const gt_field *x = &p->fields.field[k];
    const gt_variable *like = gt_field_like(x);
    GT_FREED float *values = malloc(floats_of(like) * sizeof *values);
    gt_status st = values ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a field");
    for (int i = 0; i < x->pieces && !st; i++)
        for (int64_t s = 0; s < x->piece[i]->count && !st; s++) {
            int64_t rows = like->constant ? like->height : 1; /* of the first axis */
            gt_progress();
            st = gt_variable_read(x->piece[i], s, values);
            if (!st) st = gt_h5_write_rows(p->set[k], x->first[i] + s, rows, GT_NUMBER_FLOAT, values);
        }
    return gt_netcdf_told(&p->out, st, floats_of(like) * sizeof *values);
}

static gt_status check_names(packing *p) {
    for (int k = 0; k < p->fields.fields; k++) {
        const gt_variable *v = gt_field_like(&p->fields.field[k]);
        if (!v->h5) return gt_fail(GT_USAGE, "'%s' is not a NetCDF-4 or HDF5 file of fields", v->file);
        if (!gt_netcdf_name(&p->out, v->name)) return GT_NOMEM;
    }
    return GT_OK;
}

static gt_status write_file(packing *p, bool compress, gt_fields_packed *out) {
    gt_netcdf *o = &p->out;
    gt_status st = check_names(p);
    if (!st) st = gt_netcdf_text(o, "/", "Conventions", "CF-1.8");
    for (int k = 0; k < p->fields.fields && !st; k++) st = put_field(p, k, compress);
    if (!st) st = gt_netcdf_attach(o);
    st = gt_netcdf_told(o, st, 0);
    for (int k = 0; k < p->fields.fields && !st; k++) {
        int64_t n = p->fields.field[k].count;
        st = put_values(p, k);
        out->samples = n > out->samples ? n : out->samples;
    }
    return st;
}

static bool is_source(const char *list, const char *path) {
    GT_FREED char *place = realpath(path, NULL);
    gt_named_array part = {0};
    gt_status st = GT_OK;
    bool is = false;
    while (place && !is && !st && gt_named_array_next(&list, &part, &st)) {
        GT_FREED char *source = realpath(part.file, NULL);
        is = source && !strcmp(source, place);
    }
    return is;
}

gt_status gt_fields_pack(const char *list, const char *path, bool compress, bool replace, gt_fields_packed *out) {
    packing p = {0};
    gt_fields *f = &p.fields;
    *out = (gt_fields_packed){0};
    if (is_source(list, path))
        return gt_fail(GT_USAGE, "the destination '%s' is a source: choose another destination", path);
    f->arena = gt_arena_new();
    gt_status st = f->arena ? gt_fields_add(f, GT_FIELD_TARGET, list) : GT_NOMEM;
    for (int k = 0; k < f->fields && !st; k++) st = gt_field_join(f->arena, &f->field[k]);
    if (!st && !(p.set = gt_arena_array(f->arena, (size_t)f->fields, sizeof *p.set))) st = GT_NOMEM;
    if (!st) st = gt_netcdf_open(&p.out, path);
    if (!st) st = write_file(&p, compress, out);
    if (!st) st = gt_netcdf_finish(&p.out, replace ? NULL : &out->there, &out->same);
    out->variables = f->fields;
    gt_netcdf_close(&p.out);
    for (int k = 0; k < f->fields; k++)
        for (int i = 0; i < f->field[k].pieces; i++) gt_variable_close(f->field[k].piece[i]);
    gt_arena_free(f->arena);
    return st;
}
