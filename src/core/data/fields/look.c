/* SPDX-License-Identifier: Apache-2.0
 * What a file of fields holds: its axes, and the ends of some of its values. */
#include "data/door/fields_look.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/progress.h"
#include "data/fields/variable.h"

enum { LOOKS = 64 };

typedef struct looking {
    const char *path;
    gt_fields_visit *visit;
    void *arg;
} looking;

static gt_status look_at_values(const gt_variable *v, gt_fields_seen *seen) {
    size_t n = (size_t)v->channels * (size_t)v->height * (size_t)v->width;
    GT_FREED float *values = malloc(n * sizeof *values);
    gt_status st = values ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a field");
    seen->looked = v->count < LOOKS ? v->count : LOOKS;
    seen->least = INFINITY, seen->most = -INFINITY;
    for (int64_t k = 0; k < seen->looked && !st; k++) {
        gt_progress();
        st = gt_variable_read(v, k * v->count / seen->looked, values);
        for (size_t i = 0; i < n && !st; i++) {
            seen->values++;
            seen->missing += isnan(values[i]);
            if (values[i] < seen->least) seen->least = values[i];
            if (values[i] > seen->most) seen->most = values[i];
        }
    }
    return st;
}

static void tell_times(const gt_variable *v, gt_fields_seen *seen, char from[GT_MOMENT_BYTES],
                       char to[GT_MOMENT_BYTES]) {
    int64_t first = v->moment[0], last = first;
    for (int64_t i = 0; i < v->count; i++) {
        first = v->moment[i] < first ? v->moment[i] : first;
        last = v->moment[i] > last ? v->moment[i] : last;
    }
    seen->time_units = v->time_units;
    seen->calendar = gt_calendar_name(v->when.calendar);
    seen->from = gt_moment_text(v->when.calendar, first, from);
    seen->to = gt_moment_text(v->when.calendar, last, to);
}

static gt_status look_at(void *arg, const char *name) {
    const looking *l = arg;
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_named_array part = {0};
    gt_variable v = {0};
    char odd[512], from[GT_MOMENT_BYTES], to[GT_MOMENT_BYTES];
    if (!a) return GT_NOMEM;
    snprintf(part.file, sizeof part.file, "%s", l->path);
    snprintf(part.name, sizeof part.name, "%s", name);
    gt_fields_seen seen = {.name = name, .units = "", .long_name = ""};
    gt_status st = gt_variable_open(a, &part, &v);
    if (!st) {
        seen = (gt_fields_seen){.name = name,
                                .units = v.units,
                                .long_name = v.long_name,
                                .samples = v.constant ? 0 : v.count,
                                .levels = v.channels,
                                .height = v.height,
                                .width = v.width,
                                .y = &v.y,
                                .x = &v.x};
        if (v.moment) tell_times(&v, &seen, from, to);
        st = look_at_values(&v, &seen);
    }
    if (st && st != GT_NOMEM) {
        snprintf(odd, sizeof odd, "%s", gt_message());
        seen.odd = odd;
        st = GT_OK;
    }
    if (!st) st = l->visit(l->arg, &seen);
    gt_variable_close(&v);
    return st;
}

typedef struct search {
    const gt_h5_file *file;
    bool found;
} search;

static bool has_units(gt_arena *a, const gt_h5_file *f, const char *path) {
    char *text;
    return !gt_h5_text(a, f, path, "units", &text) && text;
}

/* Arrays of pictures may have scales, too, but no units. */
static gt_status find_scaled(void *arg, const char *name) {
    search *s = arg;
    GT_ARENA gt_arena *a = gt_arena_new();
    const char *scale[GT_H5_MOST_DIMS];
    gt_h5_set *set;
    if (s->found || !a || gt_h5_set_open(&set, s->file, name)) return GT_OK;
    int n = set->n_dims;
    gt_h5_set_close(set);
    if (gt_h5_scales(a, s->file, name, n, scale)) return GT_OK;
    for (int i = 0; i < n; i++)
        s->found |= scale[i] && (has_units(a, s->file, name) || has_units(a, s->file, scale[i]));
    return GT_OK;
}

bool gt_fields_here(const char *path) {
    gt_h5_file f;
    if (!gt_h5_is(path) || gt_h5_open(&f, path)) return false;
    search s = {.file = &f};
    bool fine = !gt_h5_has(&f, "images") && !gt_variables_each(&f, find_scaled, &s);
    gt_h5_close(&f);
    return fine && s.found;
}

static gt_status add_name(void *list, const char *name) { return gt_names_add(list, name, strlen(name)); }

gt_status gt_fields_look(const char *path, gt_fields_visit *visit, void *arg) {
    gt_h5_file f;
    gt_name_list names = {0};
    gt_status st = gt_h5_open(&f, path);
    if (!st) st = gt_variables_each(&f, add_name, &names);
    gt_h5_close(&f);
    looking l = {path, visit, arg};
    for (size_t i = 0; i < names.count && !st; i++) st = look_at(&l, gt_names_at(&names, i));
    gt_names_free(&names);
    return st;
}
