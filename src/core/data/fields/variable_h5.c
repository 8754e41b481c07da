/* SPDX-License-Identifier: Apache-2.0
 * Variables of HDF5 and NetCDF-4 files: which axis is which, times, packed numbers, missing values. libhdf5 is for the
 * main thread alone.
 *
 * Attributes follow the NetCDF user's guide, appendix A, and the CF conventions 1.11, section 2.5.1: fill values and
 * valid ranges are packed numbers, before scale_factor and add_offset. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/array.h"
#include "data/fields/variable.h"
#include "files/codec/door/codec.h"

enum { FILLS_MOST = 32, BESIDE = 2 /* the last axes are rows and columns */ };

typedef struct gt_h5_variable {
    gt_h5_file file;
    gt_h5_set *set;
    const char *path;  /* of the set */
    bool floats, last; /* the channels are the last axis */
    double fill[2 * FILLS_MOST + 1];
    int fills;
    double scale, offset, low, high, wrap; /* wrap: what negative numbers lack that stand for unsigned ones, or 0 */
    double *row;                           /* of one sample */
    size_t row_elements;
} gt_h5_variable;

void gt_variable_close_h5(gt_variable *v) {
    if (!v->h5) return;
    gt_h5_set_close(v->h5->set);
    gt_h5_close(&v->h5->file);
    free(v->h5->row);
    v->h5 = NULL;
}

/* ---- which variables there are ---- */

/* Latitudes or longitudes of cells. */
static bool are_coordinates(const gt_h5_file *f, const char *path) {
    GT_ARENA gt_arena *a = gt_arena_new();
    char *name, *units;
    if (!a || gt_h5_text(a, f, path, "standard_name", &name) || gt_h5_text(a, f, path, "units", &units)) return false;
    bool named = name && (!strcmp(name, "latitude") || !strcmp(name, "longitude"));
    return named || (units && (!strcasecmp(units, "degrees_north") || !strcasecmp(units, "degrees_east")));
}

static bool may_be_field(const gt_h5_file *f, const char *path) {
    gt_h5_set *set;
    if (gt_h5_is_scale(f, path) || are_coordinates(f, path) || gt_h5_set_open(&set, f, path)) return false;
    size_t n = strlen(path);
    bool bounds = (n > 5 && !strcmp(path + n - 5, "_bnds")) || (n > 7 && !strcmp(path + n - 7, "_bounds"));
    bool is = !bounds && (set->kind == GT_H5_FLOAT || set->kind == GT_H5_INTEGER || set->kind == GT_H5_BOOL) &&
              set->n_dims >= BESIDE && set->dims[set->n_dims - 1] > 1 && set->elements > 0;
    gt_h5_set_close(set);
    return is;
}

typedef struct visit {
    const gt_h5_file *file;
    gt_variable_visit *visit;
    void *arg;
} visit;

static gt_status visit_field(void *arg, const char *path) {
    const visit *x = arg;
    return may_be_field(x->file, path) ? x->visit(x->arg, path + 1) : GT_OK;
}

gt_status gt_variables_each(const gt_h5_file *f, gt_variable_visit *fn, void *arg) {
    return gt_h5_each(f, true, visit_field, &(visit){f, fn, arg});
}

static gt_status add_name(void *list, const char *name) { return gt_names_add(list, name, strlen(name)); }

/* The only field there is, or a failure that lists them. */
static gt_status choose(gt_arena *a, const gt_h5_file *f, const char *wanted, const char **name) {
    enum { LISTED = 40 };
    gt_name_list l = {0};
    gt_buffer text = {0};
    gt_status st = gt_variables_each(f, add_name, &l);
    if (!st && !*wanted && l.count == 1) {
        *name = gt_arena_printf(a, "%s", gt_names_at(&l, 0));
        st = *name ? GT_OK : GT_NOMEM;
    } else if (!st) {
        GT_FREED const char **names = calloc(l.count + 1, sizeof *names);
        for (size_t i = 0; names && i < l.count; i++) {
            names[i] = gt_names_at(&l, i);
            if (i < LISTED) gt_buffer_printf(&text, "%s%s", i ? ", " : "", names[i]);
        }
        if (l.count > LISTED) gt_buffer_printf(&text, ", ...");
        gt_buffer_add(&text, "", 1);
        const char *near = names && *wanted
                               ? gt_class_nearest(&(gt_class_names){.name = names, .names = (int)l.count}, wanted)
                               : NULL;
        const char *all = text.failed || !l.count ? "none" : (const char *)text.data;
        st = !*wanted ? gt_fail(GT_USAGE, "holds %s; name them, as in FILE:NAME,NAME: %s",
                                l.count ? "several variables" : "no fields", all)
             : near   ? gt_fail(GT_USAGE, "has no variable '%s'; did you mean '%s'? There are %s", wanted, near, all)
                      : gt_fail(GT_USAGE, "has no variable '%s'; there are %s", wanted, all);
    }
    gt_buffer_free(&text);
    gt_names_free(&l);
    return st;
}

/* ---- attributes ---- */

/* "" where there is none, or the attribute is not text; Latin-1 becomes UTF-8. */
static gt_status text_of(gt_arena *a, const gt_h5_file *f, const char *of, const char *name, const char **out) {
    GT_FREED char **list = NULL;
    GT_FREED char *text = NULL;
    int count = 0;
    *out = "";
    gt_status st = gt_h5_texts(f, of, name, 1, &list, &count);
    if (st == GT_FORMAT) st = GT_OK; /* an attribute that nobody needs may be of any kind */
    if (!st && count && !gt_h5_label_text(list, 0, &text) && text) *out = gt_arena_printf(a, "%s", text);
    if (count) free(*list);
    return !st && !*out ? GT_NOMEM : st;
}

static gt_status number_of(const gt_h5_file *f, const char *of, const char *name, double *value) {
    double found;
    int n;
    gt_status st = gt_h5_numbers(f, of, name, 1, &found, &n);
    if (!st && n) *value = found;
    return st;
}

/* What NetCDF has in place of integers that nobody wrote; 0: there is no such number. */
static double unwritten_integer(const gt_h5_variable *h) {
    const gt_h5_set *s = h->set;
    if (s->kind != GT_H5_INTEGER || !s->is_signed || h->wrap > 0) return 0;
    return s->bytes == 2 ? -32767 : s->bytes == 4 ? -2147483647 : 0;
}

static double unsigned_of(const gt_h5_variable *h, double x) { return x < 0 ? x + h->wrap : x; }

static gt_status read_attributes(gt_arena *a, gt_h5_variable *h, const char *path, gt_variable *v) {
    static const char *const fills[] = {"_FillValue", "missing_value"};
    const double unwritten = 9.9692099683868690e+36; /* what NetCDF has in place of floats that nobody wrote */
    gt_status st = text_of(a, &h->file, path, "units", &v->units);
    double range[2] = {-INFINITY, INFINITY};
    const char *sign = "";
    int ends = 0;
    if (!st) st = text_of(a, &h->file, path, "standard_name", &v->standard_name);
    if (!st) st = text_of(a, &h->file, path, "long_name", &v->long_name);
    if (!st && h->set->kind == GT_H5_INTEGER) st = text_of(a, &h->file, path, "_Unsigned", &sign);
    if (!strcasecmp(sign, "true")) h->wrap = ldexp(1, 8 * (int)h->set->bytes);
    for (int i = 0, n; i < 2 && !st; i++, h->fills += n) {
        st = gt_h5_numbers(&h->file, path, fills[i], FILLS_MOST, h->fill + h->fills, &n);
        if (!i && !n && unwritten_integer(h) < 0) h->fill[n++] = unwritten_integer(h);
    }
    for (int i = 0; i < h->fills; i++) h->fill[i] = unsigned_of(h, h->fill[i]);
    if (h->floats) h->fill[h->fills++] = unwritten;
    for (int i = 0; i < h->fills && h->set->bytes == 4 && h->floats; i++) h->fill[i] = (double)(float)h->fill[i];
    h->scale = 1, h->offset = 0;
    if (!st) st = number_of(&h->file, path, "scale_factor", &h->scale);
    if (!st) st = number_of(&h->file, path, "add_offset", &h->offset);
    if (!st) st = number_of(&h->file, path, "valid_min", &range[0]);
    if (!st) st = number_of(&h->file, path, "valid_max", &range[1]);
    if (!st) st = gt_h5_numbers(&h->file, path, "valid_range", 2, range, &ends);
    if (!st && ends == 1) st = gt_fail(GT_FORMAT, "attribute valid_range: must be 2 numbers");
    if (!st && (!isfinite(h->scale) || !isfinite(h->offset) || h->scale == 0))
        st = gt_fail(GT_FORMAT, "scale_factor %g and add_offset %g", h->scale, h->offset);
    h->low = unsigned_of(h, range[0]), h->high = unsigned_of(h, range[1]);
    return st;
}

/* ---- axes ---- */

typedef struct axes {
    const char *scale[GT_H5_MOST_DIMS]; /* paths */
    bool named;                         /* the axes have scales */
    int time;                           /* -1: there is none */
} axes;

static bool is_time(const gt_h5_file *f, const char *path) {
    GT_ARENA gt_arena *a = gt_arena_new();
    const char *units = "", *axis = "", *name = "", *slash = strrchr(path, '/');
    if (!a || text_of(a, f, path, "units", &units) || text_of(a, f, path, "axis", &axis) ||
        text_of(a, f, path, "standard_name", &name))
        return false;
    return strstr(units, " since ") || !strcmp(axis, "T") || !strcmp(name, "time") ||
           !strcmp(slash ? slash + 1 : path, "time");
}

/* What is called so in the group of the variable. */
static const char *beside(gt_arena *a, const char *path, size_t n, const char *name) {
    const char *slash = strrchr(path, '/');
    return gt_arena_printf(a, "%.*s/%.*s", (int)(slash ? slash - path : 0), path, (int)n, name);
}

/* A set of one dimension and this length beside the variable, by one of the names that such axes have. */
static const char *find_beside(gt_arena *a, const gt_h5_file *f, const char *path, int64_t length,
                               const char *const *names) {
    for (; *names; names++) {
        const char *at = beside(a, path, strlen(*names), *names);
        gt_h5_set *set;
        if (!at || !gt_h5_has(f, at) || gt_h5_set_open(&set, f, at)) continue;
        bool fits = set->n_dims == 1 && set->dims[0] == length &&
                    (set->kind == GT_H5_FLOAT || set->kind == GT_H5_INTEGER);
        gt_h5_set_close(set);
        if (fits) return at;
    }
    return NULL;
}

static gt_status find_scales(gt_arena *a, const gt_h5_variable *h, const char *path, axes *x) {
    static const char *const time[] = {"time", NULL}, *const rows[] = {"lat", "latitude", "rlat", "y", NULL},
                             *const columns[] = {"lon", "longitude", "rlon", "x", NULL};
    const gt_h5_set *s = h->set;
    int n = s->n_dims;
    gt_status st = gt_h5_scales(a, &h->file, path, n, x->scale);
    x->time = -1;
    x->named = false;
    for (int i = 0; i < n; i++) x->named |= x->scale[i] != NULL;
    if (!st && !x->named && n >= BESIDE) {
        if (n > BESIDE) x->scale[0] = find_beside(a, &h->file, path, s->dims[0], time);
        x->scale[n - 2] = find_beside(a, &h->file, path, s->dims[n - 2], rows);
        x->scale[n - 1] = find_beside(a, &h->file, path, s->dims[n - 1], columns);
    }
    for (int i = 0; i < n && !st; i++)
        if (x->scale[i] && is_time(&h->file, x->scale[i])) {
            if (x->time >= 0) return gt_fail(GT_FORMAT, "%s: has two axes of time", path);
            x->time = i;
        }
    return st;
}

/* The numbers of a scale: NULL, and no failure, where it holds none. */
static gt_status read_scale(gt_arena *a, const gt_h5_file *f, const char *path, int64_t length, const double **out) {
    gt_h5_set *set;
    *out = NULL;
    gt_status st = gt_h5_set_open(&set, f, path);
    if (st) return st;
    bool numbers = set->kind == GT_H5_FLOAT || set->kind == GT_H5_INTEGER,
         fits = set->n_dims == 1 && set->dims[0] == length;
    double *values = numbers && fits ? gt_arena_array(a, (size_t)length, sizeof *values) : NULL;
    if (numbers && fits && !values) st = GT_NOMEM;
    if (values) st = gt_h5_set_read(set, 0, length, GT_NUMBER_DOUBLE, values);
    gt_h5_set_close(set);
    *out = values;
    return st ? gt_wrap(st, "%s", path) : GT_OK;
}

/* A dimension without coordinates is a scale, too, whose name says so. */
static bool has_coordinates(gt_arena *a, const gt_h5_file *f, const char *path) {
    const char *name;
    return !text_of(a, f, path, "NAME", &name) &&
           strncmp(name, "This is a netCDF dimension but not a netCDF variable", 52);
}

static gt_status read_about(gt_arena *a, const gt_h5_file *f, const char *path, gt_fields_axis *out) {
    const char *text, *slash = strrchr(path, '/');
    snprintf(out->name, sizeof out->name, "%s", slash ? slash + 1 : path);
    gt_status st = text_of(a, f, path, "units", &text);
    if (!st) snprintf(out->units, sizeof out->units, "%s", text);
    if (!st) st = text_of(a, f, path, "standard_name", &text);
    if (!st) snprintf(out->standard_name, sizeof out->standard_name, "%s", text);
    if (!st) st = text_of(a, f, path, "long_name", &text);
    if (!st) snprintf(out->long_name, sizeof out->long_name, "%s", text);
    return st;
}

static gt_status read_axis(gt_arena *a, const gt_h5_file *f, const char *path, int64_t length, gt_fields_axis *out) {
    *out = (gt_fields_axis){.n = length};
    if (!path) return GT_OK;
    gt_status st = read_about(a, f, path, out);
    if (st || !has_coordinates(a, f, path)) return st ? st : gt_arena_failed(a) ? GT_NOMEM : GT_OK;
    return read_scale(a, f, path, length, &out->values);
}

/* ---- latitudes and longitudes of cells, and the mapping of the grid ---- */

/* Is it a set [height,width] of numbers? Then one of out->cells is read. */
static gt_status read_cells(gt_arena *a, const gt_h5_file *f, const char *path, const gt_variable *v,
                            gt_fields_axis *out) {
    gt_h5_set *set;
    if (!gt_h5_has(f, path) || gt_h5_set_open(&set, f, path)) return GT_OK; /* what nobody needs may be odd */
    bool fits = (set->kind == GT_H5_FLOAT || set->kind == GT_H5_INTEGER) && set->n_dims == 2 &&
                set->dims[0] == v->height && set->dims[1] == v->width;
    size_t n = fits ? (size_t)v->height * (size_t)v->width : 0;
    double *values = fits ? gt_arena_array(a, n, sizeof *values) : NULL;
    gt_status st = fits && !values ? GT_NOMEM : GT_OK;
    if (values) st = gt_h5_set_read(set, 0, v->height, GT_NUMBER_DOUBLE, values);
    gt_h5_set_close(set);
    if (st || !values) return st == GT_NOMEM ? st : GT_OK;
    *out = (gt_fields_axis){.n = (int64_t)n, .values = values};
    return read_about(a, f, path, out);
}

static gt_status read_grid(gt_arena *a, gt_variable *v) {
    const gt_h5_file *f = &v->h5->file;
    const char *path = v->h5->path, *list, *mapping;
    gt_status st = text_of(a, f, path, "coordinates", &list);
    if (!st) st = text_of(a, f, path, "grid_mapping", &mapping);
    if (!st && !*list) list = "lat lon latitude longitude";
    int found = 0;
    for (size_t n; !st && found < 2 && *(list += strspn(list, " ")); list += n) {
        n = strcspn(list, " ");
        const char *at = beside(a, path, n, list);
        st = at ? read_cells(a, f, at, v, &v->cells[found]) : GT_NOMEM;
        found += v->cells[found].n > 0;
    }
    size_t n = st ? 0 : strcspn(mapping, " :"); /* "crs: lat lon" */
    const char *at = n ? beside(a, path, n, mapping) : "";
    if (!st && at && *at && gt_h5_has(f, at)) {
        st = gt_variable_notes(a, f, at, &v->mapping_notes);
        if (!st) v->mapping = gt_arena_printf(a, "%.*s", (int)n, mapping);
    }
    return !st && (!at || !v->mapping) ? GT_NOMEM : st;
}

gt_status gt_variable_read_grid(gt_arena *a, gt_variable *v) {
    gt_status st = v->h5 ? read_grid(a, v) : GT_OK;
    return st ? gt_wrap(st, "'%s'", v->file) : GT_OK;
}

/* ---- all attributes ---- */

typedef struct noting {
    gt_arena *arena;
    const gt_h5_file *file;
    const char *of;
    gt_fields_note *note;
    int n, room;
} noting;

/* Those of storage, of packing, of NetCDF's own; those that name other variables, which may not come along; and those
 * that gt_variable has. */
static bool is_own(const char *name) {
    static const char *const own[] = {
        "CLASS",         "NAME",       "DIMENSION_LIST", "REFERENCE_LIST", "scale_factor",        "add_offset",
        "valid_min",     "valid_max",  "valid_range",    "missing_value",  "coordinates",         "grid_mapping",
        "bounds",        "units",      "standard_name",  "long_name",      "ancillary_variables", "cell_measures",
        "formula_terms", "Conventions"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(name, own[i])) return true;
    for (const char *c = name; *c; c++)
        if (*c < ' ' || *c > '~') return true;
    return *name == '_';
}

static gt_status add_note(void *arg, const char *name) {
    enum { NOTES_MOST = 64, BYTES_MOST = 16384 };
    noting *x = arg;
    double number[GT_FIELDS_NOTE_NUMBERS];
    const char *text;
    int n = 0;
    if (is_own(name) || x->n == NOTES_MOST) return GT_OK;
    gt_status st = text_of(x->arena, x->file, x->of, name, &text);
    if (!st && !*text && gt_h5_numbers(x->file, x->of, name, GT_FIELDS_NOTE_NUMBERS, number, &n)) n = 0;
    for (int i = 0; i < n && text; i++) text = gt_arena_printf(x->arena, "%s%s%.17g", text, i ? " " : "", number[i]);
    if (!text) return GT_NOMEM;
    if (st || !*text || strlen(text) > BYTES_MOST) return st;
    if (!gt_arena_grow(x->arena, &x->note, x->n, &x->room, sizeof *x->note)) return GT_NOMEM;
    x->note[x->n++] = (gt_fields_note){gt_arena_printf(x->arena, "%s", name), text, n > 0};
    return gt_arena_failed(x->arena) ? GT_NOMEM : GT_OK;
}

gt_status gt_variable_notes(gt_arena *a, const gt_h5_file *f, const char *of, gt_fields_notes *out) {
    noting x = {.arena = a, .file = f, .of = of};
    gt_status st = gt_h5_each_attribute(f, of, add_note, &x);
    *out = (gt_fields_notes){x.n, x.note};
    return st;
}

gt_status gt_variable_notes_h5(gt_arena *a, const gt_variable *v, gt_fields_notes *own, gt_fields_notes *of_file) {
    gt_status st = gt_variable_notes(a, &v->h5->file, v->h5->path, own);
    return st ? st : gt_variable_notes(a, &v->h5->file, "/", of_file);
}

/* ---- times ---- */

static gt_status read_times(gt_arena *a, const gt_h5_file *f, const char *path, gt_variable *v) {
    const char *calendar;
    gt_status st = text_of(a, f, path, "units", &v->time_units);
    if (!st) st = text_of(a, f, path, "calendar", &calendar);
    if (!st) st = gt_time_units_read(&v->when, v->time_units, calendar);
    if (!st) st = read_scale(a, f, path, v->count, &v->time);
    if (!st && !v->time) st = gt_fail(GT_FORMAT, "holds no %lld numbers", (long long)v->count);
    int64_t *moment = st ? NULL : gt_arena_array(a, (size_t)v->count, sizeof *moment);
    if (!st && !moment) st = GT_NOMEM;
    for (int64_t i = 0; i < v->count && !st; i++) st = gt_time_read(&v->when, v->time[i], &moment[i]);
    v->moment = moment;
    return st ? gt_wrap(st, "%s", path) : GT_OK;
}

static gt_status check_sizes(const gt_h5_variable *h, const char *path, const gt_axes *a) {
    int64_t most = GT_PNG_MAX_BYTES / 4;
    if (h->set->elements == 0) return gt_fail(GT_FORMAT, "%s: holds no samples", path);
    if (a->count > INT32_MAX || a->height > GT_PNG_MAX_SIDE || a->width > GT_PNG_MAX_SIDE ||
        a->channels > GT_PICTURE_MAX_CHANNELS || a->height * a->width > most / a->channels)
        return gt_fail(
            GT_FORMAT,
            "%s: %lld samples of %lld x %lld cells and %lld levels; at most %d cells per side, %d levels and "
            "%d MB per sample are read",
            path, (long long)a->count, (long long)a->width, (long long)a->height, (long long)a->channels,
            GT_PNG_MAX_SIDE, GT_PICTURE_MAX_CHANNELS, GT_PNG_MAX_BYTES >> 20);
    return GT_OK;
}

/* Samples, levels, rows, columns; arrays whose axes have no names are read as arrays of pictures are. */
static gt_status divide_axes(const gt_h5_variable *h, const char *path, const axes *x, gt_axes *out, bool *constant) {
    const gt_h5_set *s = h->set;
    int n = s->n_dims;
    if (n < BESIDE || x->time > n - BESIDE - 1 || x->time > 0)
        return gt_fail(GT_FORMAT, "%s: its axes must be samples (time), levels if there are any, rows and columns",
                       path);
    *constant = n == BESIDE;
    *out = (gt_axes){.count = *constant ? 1 : s->dims[0],
                     .height = s->dims[n - 2],
                     .width = s->dims[n - 1],
                     .channels = 1,
                     .planes = true};
    if (n == 4 && !x->named) {
        gt_source_info notes = {0};
        gt_status st = gt_axes_of_array(out, &notes, &(gt_source_options){0}, n, s->dims, GT_PICTURE_MAX_CHANNELS);
        gt_notes_free(&notes);
        return st ? gt_wrap(st, "%s", path) : check_sizes(h, path, out);
    }
    for (int i = 1; i < n - BESIDE; i++)
        if (__builtin_mul_overflow(out->channels, s->dims[i], &out->channels) || out->channels > INT32_MAX)
            return gt_fail(GT_FORMAT, "%s: has too many levels", path);
    return check_sizes(h, path, out);
}

/* ---- opening ---- */

static gt_status open_set(gt_arena *a, gt_h5_variable *h, const char *path, gt_variable *v) {
    axes x;
    gt_axes sizes;
    gt_status st = gt_h5_set_open(&h->set, &h->file, path);
    if (st) return st;
    h->path = path;
    h->floats = h->set->kind == GT_H5_FLOAT;
    if (!h->floats && h->set->kind != GT_H5_INTEGER && h->set->kind != GT_H5_BOOL)
        return gt_fail(GT_FORMAT, "%s: holds no numbers", path);
    if (!(st = read_attributes(a, h, path, v))) st = find_scales(a, h, path, &x);
    if (st) return gt_wrap(st, "%s", path);
    if ((st = divide_axes(h, path, &x, &sizes, &v->constant))) return st;
    v->count = sizes.count, v->height = (int)sizes.height, v->width = (int)sizes.width,
    v->channels = (int)sizes.channels;
    h->last = !sizes.planes;
    if (h->last && !x.named) x.scale[1] = x.scale[2] = x.scale[3] = NULL; /* looked for by lengths of other axes */
    h->row_elements = (size_t)(v->constant ? h->set->elements : h->set->row_elements);
    int n = h->set->n_dims - (h->last && v->channels > 1);
    if (x.time == 0 && has_coordinates(a, &h->file, x.scale[0])) st = read_times(a, &h->file, x.scale[0], v);
    if (!st) st = read_axis(a, &h->file, x.scale[n - 2], v->height, &v->y);
    if (!st) st = read_axis(a, &h->file, x.scale[n - 1], v->width, &v->x);
    if (!st && !v->constant) st = read_axis(a, &h->file, x.scale[0], v->count, &v->samples);
    v->levels = h->last || v->constant ? 0 : n - BESIDE - 1;
    if (!st && v->levels && !(v->level = gt_arena_array(a, (size_t)v->levels, sizeof *v->level))) st = GT_NOMEM;
    for (int i = 0; i < v->levels && !st; i++)
        st = read_axis(a, &h->file, x.scale[i + 1], h->set->dims[i + 1], &v->level[i]);
    if (!st && !(h->row = malloc(h->row_elements * sizeof *h->row)))
        st = gt_fail(GT_NOMEM, "out of memory for a field");
    return st;
}

gt_status gt_variable_open_h5(gt_arena *a, const char *name, gt_variable *v, bool *claimed) {
    while (*name == '/') name++;
    if (!(v->h5 = gt_arena_alloc(a, sizeof *v->h5))) return GT_NOMEM;
    gt_h5_file *f = &v->h5->file;
    const char *path = gt_arena_printf(a, "%s", name);
    gt_status st = path ? gt_h5_open(f, v->file) : GT_NOMEM;
    *claimed = st || *name || !gt_h5_has(f, "images");
    if (st) return st;
    if (!*claimed) {
        gt_variable_close_h5(v);
        return GT_OK;
    }
    if (!*name || !gt_h5_has(f, name)) st = choose(a, f, name, &path);
    v->name = path;
    v->main_thread_only = true;
    return st ? st : open_set(a, v->h5, path, v);
}

/* ---- reading ---- */

static float value_of(const gt_h5_variable *h, double x) {
    x = unsigned_of(h, x);
    bool missing = !(x >= h->low && x <= h->high); /* NaN, too */
    for (int i = 0; i < h->fills; i++) missing |= x == h->fill[i];
    float value = (float)(h->scale == 1 && h->offset == 0 ? x : x * h->scale + h->offset);
    return missing || !isfinite(value) ? NAN : value;
}

gt_status gt_variable_read_h5(const gt_variable *v, int64_t i, float *out) {
    const gt_h5_variable *h = v->h5;
    size_t n = h->row_elements, channels = (size_t)v->channels, pixels = n / channels;
    gt_status st = v->constant ? gt_h5_set_read(h->set, 0, h->set->rows, GT_NUMBER_DOUBLE, h->row)
                               : gt_h5_set_read(h->set, i, 1, GT_NUMBER_DOUBLE, h->row);
    for (size_t k = 0; k < n && !st; k++)
        out[h->last ? k % channels * pixels + k / channels : k] = value_of(h, h->row[k]);
    return st;
}
