/* SPDX-License-Identifier: Apache-2.0
 * Points from CSV: each line has the numbers of a point, and perhaps a label. A first line that holds something else is
 * a heading. The whole file is read once when it is opened, to count the lines and their numbers, and for the labels.
 */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "data/door/csv.h"
#include "base/door/text.h"
#include "features/gmm/cloud.h"

typedef struct table {
    const char *path;
    gt_csv csv;
    bool heading;
    int64_t d;
    int64_t next;   /* point on the line to be read next */
    int64_t labels; /* the column of labels; -1: there is none */
} table;

static bool parse_number(const char *field, double *value) {
    char *end;
    *value = strtod(field, &end);
    while (*end == ' ' || *end == '\t') end++;
    return end != field && !*end;
}

static char *trimmed(char *field) {
    size_t n = strlen(field);
    while (n && (field[n - 1] == ' ' || field[n - 1] == '\t')) field[--n] = 0;
    return field + strspn(field, " \t");
}

static bool is_point(const table *t) {
    double value;
    for (size_t i = 0; i < t->csv.fields; i++)
        if ((int64_t)i != t->labels && !parse_number(t->csv.field[i], &value)) return false;
    return true;
}

/* The column of labels, by its number, or by its name in the first line. */
static gt_status find_labels(table *t, const char *labels) {
    char *end;
    long number = strtol(labels, &end, 10);
    if (end == labels || *end) {
        for (size_t i = 0; i < t->csv.fields && t->labels < 0; i++)
            if (!strcmp(trimmed(t->csv.field[i]), labels)) t->labels = (int64_t)i;
        t->heading = true;
    } else if (number >= 0 && (size_t)number < t->csv.fields) {
        t->labels = number;
        t->heading = !is_point(t);
    }
    if (t->labels >= 0) return GT_OK;
    GT_BUFFER gt_buffer names = {0};
    for (size_t i = 0; i < t->csv.fields && i < 12; i++)
        gt_buffer_printf(&names, "%s'%s'", i ? ", " : "", trimmed(t->csv.field[i]));
    gt_status st = gt_fail(GT_USAGE, "no column '%.80s' of labels; the columns are 0 to %zu%s%.400s", labels,
                           t->csv.fields - 1, is_point(t) ? "" : ": ", is_point(t) || names.failed ? "" : names.data);
    return st;
}

static gt_status read_first_line(table *t, gt_cloud *c, const char *labels) {
    t->heading = !is_point(t);
    gt_status st = *labels ? find_labels(t, labels) : GT_OK;
    for (size_t i = 0; i < t->csv.fields && t->heading && !st; i++) {
        char *name = trimmed(t->csv.field[i]);
        gt_utf8_clean(name);
        if ((int64_t)i != t->labels) st = gt_names_add(&c->names, name, strlen(name));
    }
    return st;
}

static gt_status add_label(const table *t, gt_cloud *c, int64_t point) {
    char *label = trimmed(t->csv.field[t->labels]);
    gt_utf8_clean(label);
    return gt_cloud_add_label(c, point, label);
}

static gt_status count_lines(table *t, gt_cloud *c, const char *labels) {
    gt_status st;
    int64_t lines = 0;
    size_t width = 0;
    while (!(st = gt_csv_next(&t->csv)) && t->csv.fields) {
        if (lines++ == 0) {
            width = t->csv.fields;
            if ((st = read_first_line(t, c, labels))) return st;
        }
        if (t->csv.fields != width)
            return gt_fail(GT_FORMAT, "line %lld has %zu number%s, the first line %zu", (long long)t->csv.line,
                           t->csv.fields, t->csv.fields == 1 ? "" : "s", width);
        if (t->labels >= 0 && lines > t->heading) st = add_label(t, c, lines - 1 - t->heading);
        if (st) return gt_wrap(st, "column '%s'", labels);
    }
    t->d = (int64_t)width - (t->labels >= 0);
    c->info.count = lines - t->heading;
    c->info.d = (int)t->d;
    t->next = lines; /* at the end */
    if (!st && lines && t->d < 1) return gt_fail(GT_FORMAT, "there is no column besides the labels");
    return st || t->labels < 0 ? st : gt_cloud_end_labels(c, true);
}

/* What a field that is not a number may mean. */
static const char *hint_at(const table *t, const char *field) {
    if (t->csv.separator != ',' && strchr(field, ',')) return ": decimal points are needed, not commas";
    if (t->labels < 0 && t->csv.line <= 2 && *field) return ": if it is a column of labels, name it with --labels";
    return "";
}

static gt_status read_next_point(table *t, double *point) {
    gt_status st = gt_csv_next(&t->csv);
    if (st) return st;
    if ((int64_t)t->csv.fields != t->d + (t->labels >= 0))
        return gt_fail(GT_FORMAT, "line %lld: the file has changed", (long long)t->csv.line);
    for (int64_t i = 0, j = 0; i < (int64_t)t->csv.fields && point; i++) {
        if (i == t->labels) continue;
        if (!parse_number(t->csv.field[i], &point[j++]))
            return gt_fail(GT_FORMAT, "line %lld: '%.40s' is not a number%s", (long long)t->csv.line, t->csv.field[i],
                           hint_at(t, t->csv.field[i]));
    }
    t->next++;
    return GT_OK;
}

static gt_status go_to(table *t, int64_t first) {
    gt_status st = GT_OK;
    if (first < t->next) {
        gt_csv_rewind(&t->csv);
        t->next = t->heading ? -1 : 0;
    }
    while (t->next < first && !st) st = read_next_point(t, NULL);
    return st;
}

static gt_status read_points(void *state, int64_t first, int64_t n, double *points) {
    table *t = state;
    gt_status st = go_to(t, first);
    for (int64_t i = 0; i < n && !st; i++) st = read_next_point(t, points + i * t->d);
    return st ? gt_wrap(st, "%s", t->path) : GT_OK;
}

static void close_table(void *state) {
    table *t = state;
    gt_csv_close(&t->csv);
}

gt_status gt_cloud_csv(gt_cloud *c, const char *path, const char *labels) {
    table *t = gt_arena_array(c->arena, 1, sizeof *t);
    if (!t) return GT_NOMEM;
    t->path = c->spec;
    t->labels = -1;
    c->csv = true;
    c->state = t;
    c->read = read_points;
    c->close = close_table;
    gt_status st = gt_csv_open(&t->csv, path);
    bool blanks;
    if (!st) st = gt_csv_take_blanks(&t->csv, &blanks);
    if (!st && !blanks) gt_csv_detect(&t->csv);
    if (!st) st = count_lines(t, c, labels);
    return st ? gt_wrap(st, "%s", path) : GT_OK;
}
