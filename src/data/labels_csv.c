/* SPDX-License-Identifier: Apache-2.0
 * Labels in CSV files. The kind of the labels shows only at the end of the file, so the file is read twice: first to
 * find out what the columns hold, then to take the labels. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/source.h"

typedef struct columns {
    bool header;
    size_t width;     /* labels in a line */
    bool whole, real; /* all are integers; all are numbers; of lines that have a label */
    int64_t labelled; /* lines that have one */
} columns;

/* Finite as datasets store it: in 32 bits. */
static bool to_number(const char *text, double *v) {
    char *end;
    *v = strtod(text, &end);
    bool number = end != text; /* blanks alone are none */
    while (*end == ' ') end++;
    return number && *end == 0 && isfinite((float)*v);
}

static bool to_class(const char *text, long *v) {
    char *end;
    errno = 0;
    *v = strtol(text, &end, 10);
    bool number = end != text;
    while (*end == ' ') end++;
    return number && *end == 0 && !errno && *v >= 0 && *v <= GT_CLASS_MOST;
}

/* A line with nothing but blanks where its label should stand has none: that is no class of the name "". */
static bool has_label(const gt_csv *c) {
    for (size_t i = 1; i < c->fields; i++)
        if (c->field[i][strspn(c->field[i], " \t")]) return true;
    return false;
}

/* The next line of data; c->fields == 0: there is none. */
static gt_status next_line(gt_csv *c, bool header) {
    gt_status st = gt_csv_next(c);
    if (!st && header && c->line == 1) st = gt_csv_next(c);
    return st;
}

static gt_status survey(const gt_source *s, gt_csv *c, columns *k, const uint32_t *index) {
    *k = (columns){.whole = true, .real = true};
    gt_status st = gt_csv_next(c);
    if (!st && c->line == 1 && c->fields &&
        (index ? gt_item_find(s, index, c->field[0]) < 0 : !gt_picture_is_name(c->field[0]))) {
        k->header = true;
        st = gt_csv_next(c);
    }
    if (!st && c->fields) k->width = c->fields - 1;
    for (; !st && c->fields; st = gt_csv_next(c)) {
        if (c->fields - 1 != k->width)
            return gt_fail(GT_FORMAT, "line %" PRId64 ": %zu fields, others have %zu", c->line, c->fields,
                           k->width + 1);
        if (!has_label(c)) continue;
        k->labelled++;
        for (size_t i = 1; i < c->fields; i++) {
            double v;
            long n;
            k->whole = k->whole && to_class(c->field[i], &n);
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
        if (has_label(c)) st = gt_notes_sort_in_class(n, c->field[1], strlen(c->field[1]));
        st = st ? gt_wrap(st, "line %" PRId64, c->line) : next_line(c, k->header);
    }
    return st;
}

/* ---- filling in ---- */

static void put_label(gt_source_info *n, const columns *k, int64_t item, const gt_csv *c) {
    if (n->label_kind == GT_LABELS_VECTORS) {
        for (size_t i = 0; i < k->width; i++) to_number(c->field[1 + i], &n->vectors[(size_t)item * k->width + i]);
    } else if (k->whole) {
        long v = 0;
        to_class(c->field[1], &v);
        n->classes[item] = (int32_t)v;
    } else {
        n->classes[item] = gt_notes_find_class(n, c->field[1], strlen(c->field[1]));
    }
}

static gt_status fill_in(gt_source *s, gt_csv *c, const columns *k, const uint32_t *index, int64_t *met) {
    bool vectors = k->width > 1 || (k->real && !k->whole);
    gt_status st = vectors ? gt_notes_new_vectors(&s->info, s->count, k->width)
                           : gt_notes_new_classes(&s->info, s->count);
    if (!st && s->info.label_kind == GT_LABELS_CLASSES && !k->whole) {
        st = collect_names(c, k, &s->info);
        gt_csv_rewind(c);
    }
    if (!st) st = next_line(c, k->header);
    for (int64_t row = 0; !st && c->fields; row++, st = next_line(c, k->header)) {
        int64_t i = index ? gt_item_find(s, index, c->field[0]) : row;
        if (i < 0 || i >= s->count) continue;
        if (has_label(c)) put_label(&s->info, k, i, c);
        ++*met;
    }
    return st;
}

static gt_status read_lines(gt_source *s, gt_csv *c, const uint32_t *index) {
    columns k;
    int64_t met = 0;
    gt_status st = survey(s, c, &k, index);
    gt_csv_rewind(c);
    if (!st && k.labelled) st = fill_in(s, c, &k, index, &met);
    if (st || !index || met) return st;
    return k.labelled || (k.header && !k.width)
               ? gt_fail(GT_FORMAT, "none of its names is that of a picture")
               : gt_fail(GT_FORMAT, "its lines hold no labels: NAME,LABEL[,LABEL...] is needed");
}

gt_status gt_labels_of_csv(gt_source *s, const char *path, bool by_name) {
    gt_csv c;
    uint32_t *index = by_name ? gt_item_index(s) : NULL;
    gt_status st = by_name && !index ? gt_fail(GT_NOMEM, "out of memory for labels") : gt_csv_open(&c, path);
    if (!st) {
        st = read_lines(s, &c, index);
        gt_csv_close(&c);
    }
    free(index);
    return st;
}
