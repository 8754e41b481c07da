/* SPDX-License-Identifier: Apache-2.0
 * Points from CSV: each line has the numbers of a point. A first line that holds something else is a heading. The whole
 * file is read once when it is opened, to count the lines and their numbers. */
#include <stdlib.h>

#include "data/csv.h"
#include "mixture/cloud.h"

typedef struct table {
    const char *path;
    gt_csv csv;
    bool heading;
    int64_t d;
    int64_t next; /* point on the line to be read next */
} table;

static bool parse(const char *field, double *value) {
    char *end;
    *value = strtod(field, &end);
    while (*end == ' ' || *end == '\t') end++;
    return end != field && !*end;
}

static bool all_numbers(const gt_csv *csv) {
    double value;
    for (size_t i = 0; i < csv->fields; i++)
        if (!parse(csv->field[i], &value)) return false;
    return true;
}

static gt_status count_lines(table *t, gt_cloud_info *info) {
    gt_status st;
    int64_t lines = 0;
    size_t width = 0;
    while (!(st = gt_csv_next(&t->csv)) && t->csv.fields) {
        if (lines++ == 0) {
            width = t->csv.fields;
            t->heading = !all_numbers(&t->csv);
        }
        if (t->csv.fields != width)
            return gt_fail(GT_FORMAT, "line %lld has %zu numbers, the first line %zu", (long long)t->csv.line,
                           t->csv.fields, width);
    }
    info->count = lines - t->heading;
    info->d = (int)width;
    t->d = (int64_t)width;
    t->next = lines; /* at the end */
    return st;
}

static gt_status next_point(table *t, double *point) {
    gt_status st = gt_csv_next(&t->csv);
    if (st) return st;
    if ((int64_t)t->csv.fields != t->d)
        return gt_fail(GT_FORMAT, "line %lld: the file has changed", (long long)t->csv.line);
    for (int64_t i = 0; i < t->d && point; i++)
        if (!parse(t->csv.field[i], &point[i]))
            return gt_fail(GT_FORMAT, "line %lld: '%.40s' is no number", (long long)t->csv.line, t->csv.field[i]);
    t->next++;
    return GT_OK;
}

static gt_status go_to(table *t, int64_t first) {
    gt_status st = GT_OK;
    if (first < t->next) {
        gt_csv_rewind(&t->csv);
        t->next = t->heading ? -1 : 0;
    }
    while (t->next < first && !st) st = next_point(t, NULL);
    return st;
}

static gt_status read_points(void *state, int64_t first, int64_t n, double *points) {
    table *t = state;
    gt_status st = go_to(t, first);
    for (int64_t i = 0; i < n && !st; i++) st = next_point(t, points + i * t->d);
    return st ? gt_wrap(st, "%s", t->path) : GT_OK;
}

static void close_table(void *state) {
    table *t = state;
    gt_csv_close(&t->csv);
    free(t);
}

gt_status gt_cloud_csv(gt_cloud *c, const char *path) {
    table *t = calloc(1, sizeof *t);
    if (!t) return gt_fail(GT_NOMEM, "out of memory for %s", path);
    t->path = c->spec;
    c->state = t;
    c->read = read_points;
    c->close = close_table;
    gt_status st = gt_csv_open(&t->csv, path);
    if (!st) st = count_lines(t, &c->info);
    return st ? gt_wrap(st, "%s", path) : GT_OK;
}
