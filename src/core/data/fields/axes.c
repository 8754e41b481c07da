/* SPDX-License-Identifier: Apache-2.0
 * Whether the cells of two variables lie at the same places, as far as their axes say where they lie. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "data/fields/fields.h"

int gt_axis_direction(const gt_fields_axis *a) {
    if (!a->values || a->n < 2) return 0;
    return a->values[a->n - 1] > a->values[0] ? 1 : -1;
}

static const char *name_of(const gt_fields_axis *a) { return *a->name ? a->name : "?"; }

/* ---- files of one variable ---- */

static gt_status check_axis(const gt_variable *v, const gt_fields_axis *a, const gt_variable *first,
                            const gt_fields_axis *b, const char *which) {
    if (!a->values || !b->values || a->n != b->n || a->n < 1) return GT_OK;
    double near = 1e-6 * fmax(fabs(b->values[0]), fabs(b->values[b->n - 1])); /* float32 beside float64 */
    bool same = true, turned = true;
    for (int64_t i = 0; i < a->n; i++) {
        same &= fabs(a->values[i] - b->values[i]) <= near;
        turned &= fabs(a->values[a->n - 1 - i] - b->values[i]) <= near;
    }
    if (same) return GT_OK;
    if (turned)
        return gt_fail(GT_FORMAT, "'%s': '%s' has its %s (%s) in the other order than in '%s'", v->file, v->name, which,
                       name_of(a), first->file);
    return gt_fail(GT_FORMAT, "'%s': '%s' has its %s (%s) from %g to %g, but from %g to %g in '%s'", v->file, v->name,
                   which, name_of(a), a->values[0], a->values[a->n - 1], b->values[0], b->values[b->n - 1],
                   first->file);
}

gt_status gt_axes_alike(const gt_variable *v, const gt_variable *first) {
    gt_status st = check_axis(v, &v->y, first, &first->y, "rows");
    return st ? st : check_axis(v, &v->x, first, &first->x, "columns");
}

/* ---- beside the targets ---- */

static bool are_degrees(const gt_fields_axis *a) { return !strncasecmp(a->units, "degree", 6); }

/* 'N' of latitudes, 'E' of longitudes, 0: of others. */
static char kind_of(const gt_fields_axis *a) {
    const char *to = are_degrees(a) ? strchr(a->units, '_') : NULL; /* degrees_north, degree_E */
    if (to && (to[1] == 'n' || to[1] == 'N')) return 'N';
    if (to && (to[1] == 'e' || to[1] == 'E')) return 'E';
    if (!strncasecmp(a->name, "lat", 3)) return 'N';
    return !strncasecmp(a->name, "lon", 3) ? 'E' : 0;
}

/* Degrees of a pole that was turned, or lengths on a map, which latitudes and longitudes do not compare with. */
static bool is_mapped(const gt_fields_axis *a) {
    return !strncmp(a->standard_name, "grid_l", 6) || !strncmp(a->standard_name, "projection_", 11) ||
           !strncmp(a->name, "rl", 2);
}

/* 0, 1, 2, ... without units: numbers of cells, not coordinates. */
static bool counts_cells(const gt_fields_axis *a) {
    return !*a->units && (a->values[0] == 0 || a->values[0] == 1) &&
           a->values[a->n - 1] - a->values[0] == (double)(a->n - 1);
}

static bool has_coordinates(const gt_fields_axis *a) { return a->values && a->n > 1 && !counts_cells(a); }

static double half_cell(const gt_fields_axis *a) {
    return fabs(a->values[a->n - 1] - a->values[0]) / (double)(a->n - 1) / 2;
}

/* Grids that share their ends differ by half a cell where the one has its cells between the other's. */
static gt_status covers(const gt_variable *v, const gt_fields_axis *a, const gt_fields_axis *b, const char *of,
                        gt_source_info *notes) {
    bool units = !*a->units || !*b->units || !strcmp(a->units, b->units) || (are_degrees(a) && are_degrees(b));
    if (!has_coordinates(a) || !has_coordinates(b) || !units) return GT_OK;
    double half = half_cell(a), other = half_cell(b);
    double low = fmin(a->values[0], a->values[a->n - 1]) - half, high = low + 2 * half * (double)a->n;
    double from = fmin(b->values[0], b->values[b->n - 1]) - other, to = from + 2 * other * (double)b->n;
    double slack = fmax(half, other) + 1e-6 * fmax(fabs(from), fabs(to));
    bool larger = from - slack > low || high > to + slack;
    if (low - slack <= from && to <= high + slack) {
        if (!larger || !notes) return GT_OK;
        return gt_notes_say(notes,
                            "'%s' reaches from %g to %g on the axis %s, and %s from %g to %g: the whole "
                            "region is brought to the targets' grid; cut it to the region of the targets",
                            v->name, low, high, name_of(a), of, from, to);
    }
    return gt_fail(GT_FORMAT,
                   "'%s': '%s' has cells from %g to %g on the axis %s, which do not cover %s from %g to %g on the axis "
                   "%s: give the same region, with the same origin of longitudes",
                   v->file, v->name, low, high, name_of(a), of, from, to, name_of(b));
}

static gt_status tell_mapped(const gt_variable *v, const gt_fields_place *p, const char *of, gt_source_info *notes) {
    if (!notes) return GT_OK;
    return gt_notes_say(
        notes,
        "'%s' has the axes %s, %s, and %s the axes %s, %s of another map: its rows and columns are laid "
        "over those of the targets as they are; regrid it to the targets' map for exact places",
        v->name, name_of(&v->y), name_of(&v->x), of, name_of(&p->y), name_of(&p->x));
}

gt_status gt_axes_fit(const gt_variable *v, const gt_fields_place *p, const char *of, gt_source_info *notes) {
    if (has_coordinates(&v->y) && has_coordinates(&p->y) && is_mapped(&v->y) != is_mapped(&p->y))
        return tell_mapped(v, p, of, notes);
    char rows = kind_of(&v->y), columns = kind_of(&v->x);
    if ((rows && rows == kind_of(&p->x)) || (columns && columns == kind_of(&p->y)))
        return gt_fail(GT_FORMAT,
                       "'%s': '%s' has its last axes in the order %s, %s, and %s in the order %s, %s: rows and columns "
                       "must be in one order",
                       v->file, v->name, name_of(&v->y), name_of(&v->x), of, name_of(&p->y), name_of(&p->x));
    gt_status st = covers(v, &v->y, &p->y, of, notes);
    return st ? st : covers(v, &v->x, &p->x, of, notes);
}
