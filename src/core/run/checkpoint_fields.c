/* SPDX-License-Identifier: Apache-2.0
 * The channels of fields that networks were trained on (gantry/fields.h): /data/fields. Nothing that is read is
 * trusted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/fields.h"
#include "run/door/checkpoint_internal.h"

enum {
    CHANNELS_MOST = 1024,
    SIDE_MOST = 1 << 16,
    TEXT_MOST = 1 << 23,
    COLUMNS = 5,
    ABOUT = 4,
    NOTE = 3,
    CELLS_MOST = 1 << 26
};

#define FIELDS "/data/fields/"

static void put_texts(gt_checkpoint *c, const char *path, const char *const *text, int n) {
    GT_FREED char *json = gt_class_names_to_text(text, n);
    if (json) gt_checkpoint_text(c, path, json);
    else checkpoint_stick(c, gt_fail(GT_NOMEM, "out of memory for the names of channels"));
}

static void put_axis(gt_checkpoint *c, const char *path, const char *about, const gt_fields_axis *a) {
    if (!a->values || a->n < 1) return;
    gt_checkpoint_doubles(c, path, &GT_SHAPE((int)a->n), a->values);
    put_texts(c, about, (const char *const[ABOUT]){a->name, a->units, a->standard_name, a->long_name}, ABOUT);
}

static const char *const cells[2][2] = {{FIELDS "cells_0", FIELDS "cells_0_about"},
                                        {FIELDS "cells_1", FIELDS "cells_1_about"}};

/* The name; then name, kind and text of each attribute. */
static void put_mapping(gt_checkpoint *c, const gt_fields_place *p) {
    const gt_fields_notes *notes = &p->mapping_notes;
    if (!p->mapping || !*p->mapping) return;
    GT_FREED const char **text = calloc((size_t)notes->n * NOTE + 1, sizeof *text);
    if (!text) {
        checkpoint_stick(c, gt_fail(GT_NOMEM, "out of memory for the mapping of the grid"));
        return;
    }
    text[0] = p->mapping;
    for (int i = 0; i < notes->n; i++) {
        const gt_fields_note *note = &notes->note[i];
        memcpy(text + 1 + i * NOTE, (const char *[NOTE]){note->name, note->numbers ? "numbers" : "text", note->text},
               NOTE * sizeof *text);
    }
    put_texts(c, FIELDS "mapping", text, 1 + notes->n * NOTE);
}

void checkpoint_put_fields(gt_checkpoint *c, const gt_checkpoint_data *d) {
    int n = d->scales;
    if (!d->scale || n < 1) return;
    GT_FREED double *table = calloc((size_t)n * COLUMNS, sizeof *table);
    GT_FREED const char **texts = calloc((size_t)n * 3, sizeof *texts);
    if (!table || !texts) {
        checkpoint_stick(c, gt_fail(GT_NOMEM, "out of memory for the channels"));
        return;
    }
    for (int i = 0; i < n; i++) {
        const gt_channel_scale *s = &d->scale[i];
        texts[i] = s->name, texts[n + i] = s->units, texts[2 * n + i] = s->standard_name ? s->standard_name : "";
        memcpy(table + i * COLUMNS, (double[COLUMNS]){s->mean, s->deviation, s->transform, s->height, s->width},
               COLUMNS * sizeof *table);
    }
    put_texts(c, FIELDS "names", texts, n);
    put_texts(c, FIELDS "units", texts + n, n);
    put_texts(c, FIELDS "standard_names", texts + 2 * n, n);
    gt_checkpoint_doubles(c, FIELDS "scale", &GT_SHAPE(n, COLUMNS), table);
    gt_checkpoint_int(c, FIELDS "conditions", d->conditions);
    if (!d->place) return;
    put_axis(c, FIELDS "y", FIELDS "y_about", &d->place->y);
    put_axis(c, FIELDS "x", FIELDS "x_about", &d->place->x);
    for (int k = 0; k < 2; k++) put_axis(c, cells[k][0], cells[k][1], &d->place->cells[k]);
    put_axis(c, FIELDS "seen", FIELDS "seen_about", &d->place->seen);
    put_mapping(c, d->place);
}

/* ---- reading ---- */

static gt_status wrong(const gt_checkpoint_file *f, const char *path) {
    return gt_fail(GT_FORMAT, "'%s': '%s' is damaged", gt_checkpoint_path(f), path);
}

static gt_status get_texts(const gt_checkpoint_file *f, const char *path, gt_arena *a, const char *const **text,
                           int *n) {
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    if (!e || e->size > TEXT_MOST) return wrong(f, path);
    char *json = gt_arena_alloc(a, e->size + 1);
    gt_status st = json ? gt_checkpoint_get_text(f, path, json, e->size + 1) : GT_NOMEM;
    return st ? st : gt_class_names_from_text(json, a, text, n);
}

static gt_status get_axis(const gt_checkpoint_file *f, const char *path, const char *about, size_t most, gt_arena *a,
                          gt_fields_axis *out) {
    const gt_checkpoint_entry *e = gt_checkpoint_find(f, path);
    const char *const *text;
    int texts;
    if (!e) return GT_OK;
    if (e->size < 1 || e->size > most) return wrong(f, path);
    double *values = gt_arena_array(a, e->size, sizeof *values);
    gt_status st = values ? gt_checkpoint_read_doubles(f, path, values, e->size) : GT_NOMEM;
    if (!st) st = get_texts(f, about, a, &text, &texts);
    if (!st && texts != ABOUT) st = wrong(f, about);
    if (st) return st;
    *out = (gt_fields_axis){.n = (int64_t)e->size, .values = values};
    snprintf(out->name, sizeof out->name, "%s", text[0]);
    snprintf(out->units, sizeof out->units, "%s", text[1]);
    snprintf(out->standard_name, sizeof out->standard_name, "%s", text[2]);
    snprintf(out->long_name, sizeof out->long_name, "%s", text[3]);
    return GT_OK;
}

static gt_status get_mapping(const gt_checkpoint_file *f, gt_arena *a, gt_fields_place *out) {
    const char *const *text;
    int n;
    if (!gt_checkpoint_find(f, FIELDS "mapping")) return GT_OK;
    gt_status st = get_texts(f, FIELDS "mapping", a, &text, &n);
    if (!st && (n < 1 || (n - 1) % NOTE)) st = wrong(f, FIELDS "mapping");
    if (st) return st;
    gt_fields_note *note = gt_arena_array(a, (size_t)n, sizeof *note);
    if (!note) return GT_NOMEM;
    for (int i = 1; i < n; i += NOTE)
        note[i / NOTE] = (gt_fields_note){text[i], text[i + 2], !strcmp(text[i + 1], "numbers")};
    out->mapping = text[0];
    out->mapping_notes = (gt_fields_notes){(n - 1) / NOTE, note};
    return GT_OK;
}

static bool read_row(const double *row, gt_channel_scale *s) {
    if (!isfinite(row[0]) || !isfinite(row[1]) || !(row[1] > 0)) return false;
    for (int k = 2; k < COLUMNS; k++)
        if (!(row[k] >= 0 && row[k] <= SIDE_MOST && row[k] == floor(row[k]))) return false;
    s->mean = row[0], s->deviation = row[1];
    s->height = (int)row[3], s->width = (int)row[4];
    if (row[2] > GT_VALUES_SQRT) return false;
    s->transform = (gt_value_transform)row[2];
    return true;
}

gt_status checkpoint_get_fields(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out) {
    const char *const *name, *const *units, *const *standard_name;
    int n, of_units, of_names;
    int64_t conditions;
    if (!gt_checkpoint_find(f, FIELDS "scale")) return GT_OK;
    gt_status st = get_texts(f, FIELDS "names", a, &name, &n);
    if (!st) st = get_texts(f, FIELDS "units", a, &units, &of_units);
    if (!st) st = get_texts(f, FIELDS "standard_names", a, &standard_name, &of_names);
    if (!st) st = gt_checkpoint_get_int(f, FIELDS "conditions", &conditions);
    if (!st && (n < 1 || n > CHANNELS_MOST || of_units != n || of_names != n || conditions < 0 || conditions > n))
        st = wrong(f, FIELDS "names");
    if (st) return st;
    double *table = gt_arena_array(a, (size_t)n * COLUMNS, sizeof *table);
    gt_channel_scale *scale = gt_arena_array(a, (size_t)n, sizeof *scale);
    gt_fields_place *place = gt_arena_alloc(a, sizeof *place);
    st = table && scale && place ? gt_checkpoint_read_doubles(f, FIELDS "scale", table, (size_t)n * COLUMNS) : GT_NOMEM;
    for (int i = 0; i < n && !st; i++) {
        scale[i] = (gt_channel_scale){.name = name[i], .units = units[i], .standard_name = standard_name[i]};
        if (!read_row(table + i * COLUMNS, &scale[i])) st = wrong(f, FIELDS "scale");
    }
    if (!st) st = get_axis(f, FIELDS "y", FIELDS "y_about", SIDE_MOST, a, &place->y);
    if (!st) st = get_axis(f, FIELDS "x", FIELDS "x_about", SIDE_MOST, a, &place->x);
    for (int k = 0; k < 2 && !st; k++) st = get_axis(f, cells[k][0], cells[k][1], CELLS_MOST, a, &place->cells[k]);
    if (!st) st = get_axis(f, FIELDS "seen", FIELDS "seen_about", CELLS_MOST, a, &place->seen);
    if (!st) st = get_mapping(f, a, place);
    out->scale = st ? NULL : scale;
    out->scales = n;
    out->conditions = (int)conditions;
    out->place = place;
    return st;
}
