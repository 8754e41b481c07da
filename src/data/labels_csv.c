/* SPDX-License-Identifier: Apache-2.0
 * Labels in CSV files. The kind of the labels shows only at the end of the file, so the file is read twice: first to
 * find out what the columns hold, then to take the labels. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/source.h"

typedef struct columns {
    bool header;
    size_t first;            /* the field of the first label: 1 behind a name, 0 in lines of a label alone */
    size_t width;            /* labels in a line */
    bool whole, real;        /* all are integers; all are numbers; of lines that have a label */
    int64_t lines, labelled; /* of data; of these with a label */
} columns;

/* Finite as datasets store it: in 32 bits. */
static bool to_number(const char *text, double *v) {
    char *end;
    *v = strtod(text, &end);
    bool number = end != text; /* blanks alone are not a number */
    while (*end == ' ') end++;
    return number && *end == 0 && isfinite((float)*v);
}

/* 1.0 is the class 1. */
static bool to_class(const char *text, double *v) { return to_number(text, v) && gt_is_class(*v); }

/* A line with nothing but blanks where its label should stand has none: that is not a class of the name "". */
static bool has_label(const gt_csv *c, const columns *k) {
    for (size_t i = k->first; i < c->fields; i++)
        if (c->field[i][strspn(c->field[i], " \t")]) return true;
    return false;
}

/* The next line of data; c->fields == 0: there is none. */
static gt_status next_line(gt_csv *c, bool header) {
    gt_status st = gt_csv_next(c);
    if (!st && header && c->line == 1) st = gt_csv_next(c);
    return st;
}

/* What stands in front of the labels of a line. */
typedef enum naming { BY_LINE, BY_NAME, BY_NUMBER } naming;

static int64_t item_of(const gt_source *s, const gt_csv *c, const columns *k, naming by, const uint32_t *index,
                       int64_t row) {
    double number;
    if (by == BY_LINE || !k->first) return row;
    if (by == BY_NAME) return gt_item_find(s, index, c->field[0]);
    return to_number(c->field[0], &number) && number >= 0 && number < (double)s->count && number == floor(number)
               ? (int64_t)number
               : -1;
}

/* Is the first line a heading? `lines`: how many there are; of lines of a label alone there is one for each item. */
static bool is_heading(const gt_source *s, const gt_csv *c, const columns *k, naming by, const uint32_t *index,
                       int64_t lines) {
    double number;
    if (!k->first) return lines == s->count + 1;
    if (by == BY_LINE) return !gt_picture_is_name(c->field[0]);
    return by == BY_NAME ? gt_item_find(s, index, c->field[0]) < 0 : !to_number(c->field[0], &number);
}

static gt_status count_lines(gt_csv *c, int64_t *lines) {
    gt_status st = gt_csv_next(c);
    for (*lines = 0; !st && c->fields; st = gt_csv_next(c)) ++*lines;
    gt_csv_rewind(c);
    return st;
}

static gt_status survey_columns(const gt_source *s, gt_csv *c, columns *k, naming by, const uint32_t *index) {
    *k = (columns){.first = 1, .whole = true, .real = true};
    int64_t lines = 0;
    gt_status st = by == BY_NUMBER ? count_lines(c, &lines) : GT_OK;
    if (!st) st = gt_csv_next(c);
    if (!st && by == BY_NUMBER && c->fields == 1) k->first = 0;
    if (!st && c->line == 1 && c->fields && is_heading(s, c, k, by, index, lines)) {
        k->header = true;
        st = gt_csv_next(c);
    }
    if (!st && c->fields) k->width = c->fields - k->first;
    for (; !st && c->fields; st = gt_csv_next(c)) {
        if (c->fields - k->first != k->width)
            return gt_fail(GT_FORMAT, "line %" PRId64 ": %zu fields, others have %zu", c->line, c->fields,
                           k->width + k->first);
        k->lines++;
        if (!has_label(c, k)) continue;
        k->labelled++;
        for (size_t i = k->first; i < c->fields; i++) {
            double v;
            k->whole = k->whole && to_class(c->field[i], &v);
            k->real = k->real && to_number(c->field[i], &v);
        }
        if (k->width > 1 && !k->real)
            return gt_fail(GT_FORMAT, "line %" PRId64 ": of several labels each must be a finite number of 32 bits",
                           c->line);
    }
    return st;
}

/* Each different label once, then sorted. */
static gt_status collect_names(gt_csv *c, const columns *k, gt_source_info *n) {
    gt_status st = next_line(c, k->header);
    while (!st && c->fields) {
        if (has_label(c, k)) st = gt_notes_sort_in_class(n, c->field[k->first], strlen(c->field[k->first]));
        st = st ? gt_wrap(st, "line %" PRId64, c->line) : next_line(c, k->header);
    }
    return st;
}

/* ---- filling in ---- */

static void put_label(gt_source_info *n, const columns *k, int64_t item, const gt_csv *c) {
    char **label = c->field + k->first;
    if (n->label_kind == GT_LABELS_VECTORS) {
        for (size_t i = 0; i < k->width; i++) to_number(label[i], &n->vectors[(size_t)item * k->width + i]);
    } else if (k->whole) {
        double v = 0;
        to_class(*label, &v);
        n->classes[item] = (int32_t)v;
    } else {
        n->classes[item] = gt_notes_find_class(n, *label, strlen(*label));
    }
}

static gt_status fill_in(gt_source *s, gt_csv *c, const columns *k, naming by, const uint32_t *index, int64_t *met) {
    bool vectors = k->width > 1 || (k->real && !k->whole);
    gt_status st = vectors ? gt_notes_new_vectors(&s->info, s->count, k->width)
                           : gt_notes_new_classes(&s->info, s->count);
    if (!st && s->info.label_kind == GT_LABELS_CLASSES && !k->whole) {
        st = collect_names(c, k, &s->info);
        gt_csv_rewind(c);
    }
    if (!st) st = next_line(c, k->header);
    for (int64_t row = 0; !st && c->fields; row++, st = next_line(c, k->header)) {
        int64_t i = item_of(s, c, k, by, index, row);
        if (i < 0 || i >= s->count) continue;
        if (has_label(c, k)) put_label(&s->info, k, i, c);
        ++*met;
    }
    return st;
}

/* None of the names is that of a picture; the first line shows why. */
static gt_status no_names(const gt_source *s, gt_csv *c) {
    char buffer[GT_ITEM_NAME_BYTES];
    gt_csv_rewind(c);
    if (!s->count || gt_csv_next(c) || !c->fields) return gt_fail(GT_FORMAT, "none of its names is that of a picture");
    bool semicolons = c->fields == 1 && strchr(c->field[0], ';');
    return gt_fail(GT_FORMAT,
                   "none of its names is that of a picture: line %" PRId64 " has '%.200s', a picture is '%.200s'%s",
                   c->line, c->field[0], gt_source_name(s, 0, buffer),
                   semicolons ? " (fields end with commas, not with ';')" : "");
}

/* The header's names of the columns with labels, between commas; a comma in a name becomes a blank. */
static gt_status read_header(gt_csv *c, size_t first, gt_source_info *n) {
    size_t room = 1;
    gt_status st = gt_csv_next(c);
    for (size_t i = first; i < c->fields && !st; i++) room += strlen(c->field[i]) + 1;
    char *names = st ? NULL : calloc(room, 1), *to = names;
    if (!st && !names) st = gt_fail(GT_NOMEM, "out of memory for names of labels");
    for (size_t i = first; i < c->fields && !st; i++) {
        if (i > first) *to++ = ',';
        for (const char *from = c->field[i]; *from; from++) *to++ = *from == ',' ? ' ' : *from;
    }
    free(n->label_names);
    n->label_names = names;
    gt_csv_rewind(c);
    return st;
}

static gt_status read_lines(gt_source *s, gt_csv *c, naming by, const uint32_t *index) {
    columns k;
    int64_t met = 0;
    gt_status st = survey_columns(s, c, &k, by, index);
    gt_csv_rewind(c);
    if (!st && !k.first && k.lines != s->count)
        return gt_fail(GT_FORMAT, "%" PRId64 " lines of a label alone for %" PRId64 " images", k.lines, s->count);
    if (!st && k.header) st = read_header(c, k.first, &s->info);
    if (!st && k.labelled) st = fill_in(s, c, &k, by, index, &met);
    if (st || by == BY_LINE || met) return st;
    if (by == BY_NUMBER)
        return gt_fail(
            GT_FORMAT,
            "none of its lines is of an image: the images have no names, and NUMBER,LABEL (from 0) or a line "
            "of a label for each image is needed");
    return k.labelled || (k.header && !k.width)
               ? no_names(s, c)
               : gt_fail(GT_FORMAT, "its lines hold no labels: NAME,LABEL[,LABEL...] is needed");
}

gt_status gt_labels_of_csv(gt_source *s, const char *path, bool by_name) {
    gt_csv c;
    naming by = !by_name ? BY_LINE : gt_source_is_nameless(s) ? BY_NUMBER : BY_NAME;
    uint32_t *index = by == BY_NAME ? gt_item_index(s) : NULL;
    gt_status st = by == BY_NAME && !index ? gt_fail(GT_NOMEM, "out of memory for labels") : gt_csv_open(&c, path);
    if (!st) {
        st = read_lines(s, &c, by, index);
        gt_csv_close(&c);
    }
    free(index);
    return st;
}
