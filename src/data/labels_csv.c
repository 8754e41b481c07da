/* SPDX-License-Identifier: Apache-2.0
 * Labels in CSV files. The kind of the labels shows only at the end of the file, so it is gone through twice: once to find
 * out what the columns hold, once to fill in. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/import_source.h"
#include "data/name_list.h"

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

static gt_status survey(gt_csv *c, columns *k, gt_csv_item item, const void *state) {
    *k = (columns){.whole = true, .real = true};
    gt_status st = gt_csv_next(c);
    if (!st && c->line == 1 && c->fields && (item ? item(state, c->field[0]) < 0 : !gt_picture_is_name(c->field[0]))) {
        k->header = true;
        st = gt_csv_next(c);
    }
    if (!st && c->fields) k->width = c->fields - 1;
    for (; !st && c->fields; st = gt_csv_next(c)) {
        if (c->fields - 1 != k->width)
            return gt_fail(GT_FORMAT, "line %" PRId64 ": %zu fields, others have %zu", c->line, c->fields, k->width + 1);
        if (!has_label(c)) continue;
        k->labelled++;
        for (size_t i = 1; i < c->fields; i++) {
            double v;
            long n;
            k->whole = k->whole && to_class(c->field[i], &n);
            k->real = k->real && to_number(c->field[i], &v);
        }
        if (k->width > 1 && !k->real) return gt_fail(GT_FORMAT, "line %" PRId64 ": of several labels each must be a finite number of 32 bits", c->line);
    }
    return st;
}

/* ---- names of classes ---- */

typedef struct class_set {
    void *tree; /* of char *, by strcmp */
    gt_reader_notes *notes;
} class_set;

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

static int compare_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each different label once, then sorted. */
static gt_status collect_names(gt_csv *c, const columns *k, gt_reader_notes *n) {
    class_set set = {.notes = n};
    size_t room = 0;
    gt_status st = next_line(c, k->header);
    for (; !st && c->fields; st = next_line(c, k->header)) {
        if (!has_label(c) || tfind(c->field[1], &set.tree, compare)) continue;
        if (n->class_names > GT_CLASS_MOST) {
            st = gt_fail(GT_FORMAT, "line %" PRId64 ": more than %d different labels", c->line, GT_CLASS_MOST + 1);
            break;
        }
        if ((size_t)n->class_names == room) {
            room = 2 * room + 64;
            char **bigger = realloc(n->class_name, room * sizeof *bigger);
            if (bigger) n->class_name = bigger;
            else st = gt_fail(GT_NOMEM, "out of memory for class names");
        }
        char *name = st ? NULL : strdup(c->field[1]);
        if (!name || !tsearch(name, &set.tree, compare)) {
            free(name);
            st = gt_fail(GT_NOMEM, "out of memory for class names");
            break;
        }
        n->class_name[n->class_names++] = name;
    }
    for (int i = 0; i < n->class_names; i++) tdelete(n->class_name[i], &set.tree, compare);
    if (n->class_names) qsort(n->class_name, (size_t)n->class_names, sizeof *n->class_name, compare_text);
    return st;
}

/* ---- filling in ---- */

static void put_label(gt_reader_notes *n, const columns *k, int64_t item, const gt_csv *c) {
    if (n->kind == GT_LABELS_VECTORS) {
        for (size_t i = 0; i < k->width; i++) to_number(c->field[1 + i], &n->vectors[(size_t)item * k->width + i]);
    } else if (k->whole) {
        long v = 0;
        to_class(c->field[1], &v);
        n->classes[item] = (int32_t)v;
    } else {
        char *key = c->field[1];
        char **found = bsearch(&key, n->class_name, (size_t)n->class_names, sizeof *n->class_name, compare_text);
        if (found) n->classes[item] = (int32_t)(found - n->class_name);
    }
}

static gt_status fill_in(gt_reader *s, gt_csv *c, const columns *k, gt_csv_item item, const void *state, int64_t *met) {
    gt_status st = k->width > 1 || (k->real && !k->whole) ? gt_source_new_vectors(s, k->width) : gt_source_new_classes(s);
    if (!st && s->notes.kind == GT_LABELS_CLASSES && !k->whole) {
        st = collect_names(c, k, &s->notes);
        gt_csv_rewind(c);
    }
    if (!st) st = next_line(c, k->header);
    for (int64_t row = 0; !st && c->fields; row++, st = next_line(c, k->header)) {
        int64_t i = item ? item(state, c->field[0]) : row;
        if (i < 0 || i >= s->count) continue;
        if (has_label(c)) put_label(&s->notes, k, i, c);
        ++*met;
    }
    return st;
}

gt_status gt_source_csv_labels(gt_reader *s, const char *path, gt_csv_item item, const void *state) {
    gt_csv c;
    columns k;
    int64_t met = 0;
    gt_status st = gt_csv_open(&c, path);
    if (st) return st;
    st = survey(&c, &k, item, state);
    gt_csv_rewind(&c);
    if (!st && k.labelled) st = fill_in(s, &c, &k, item, state, &met);
    if (!st && item && met == 0)
        st = k.labelled || (k.header && !k.width) ? gt_fail(GT_FORMAT, "none of its names is that of a picture")
                                 : gt_fail(GT_FORMAT, "its lines hold no labels: NAME,LABEL[,LABEL...] is needed");
    gt_csv_close(&c);
    return st;
}

struct name_buffers { /* two names are compared at a time */
    char text[2][GT_ITEM_NAME_BYTES];
    int turn;
};

struct by_name {
    const gt_reader *source;
    struct name_buffers *buffers;
    uint32_t *index;
};

static const char *name_of(const void *state, int64_t i) {
    const struct by_name *b = state;
    return b->source->name(b->source->state, i, b->buffers->text[b->buffers->turn ^= 1]);
}

static int64_t find_item(const void *state, const char *name) {
    const struct by_name *b = state;
    return gt_names_find(b->index, name_of, b, b->source->count, name);
}

gt_status gt_source_csv_by_name(gt_reader *s, const char *path) {
    struct name_buffers buffers = {.turn = 0};
    struct by_name b = {.source = s, .buffers = &buffers};
    b.index = gt_names_index(name_of, &b, s->count);
    if (!b.index) return gt_fail(GT_NOMEM, "out of memory for labels");
    gt_status st = gt_source_csv_labels(s, path, find_item, &b);
    free(b.index);
    return st;
}
