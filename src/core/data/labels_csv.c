/* SPDX-License-Identifier: Apache-2.0
 * Labels in files with a line for each picture. The kind of the labels shows only at the end of the file, so the file
 * is read twice: first to find out what the columns hold, then to take the labels. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/door/file.h"
#include "data/label_file.h"
#include "data/naming.h"
#include "gantry/memory.h"
#include "gantry/text.h"

/* What stands in front of the labels of a line. */
typedef enum link { BY_LINE, BY_NAME, BY_NUMBER } link;

typedef struct columns {
    gt_source *source;
    gt_label_file *table;
    gt_csv *csv;
    gt_naming *naming; /* BY_NAME */
    link by;
    bool heading;
    size_t name; /* the field with the name or the number, where `keyed` */
    bool keyed;
    size_t *at, width;       /* the fields with labels */
    size_t fields;           /* of a line */
    bool whole, real;        /* all are integers; all are numbers; of lines that have a label */
    bool signs;              /* all are -1 or 1 */
    int64_t lines, labelled; /* of data; of these with a label */
    int64_t strangers;       /* lines whose name no picture has */
    char *stranger;          /* the first of them */
    int64_t nones;           /* lines whose label says that there is none */
    char none[48];           /* such a label */
    bool numbers;            /* the others are numbers: these have none */
} columns;

/* Finite as datasets store it: in 32 bits. Where no commas separate fields, a comma may be a decimal point. */
static bool to_number(const columns *k, char *text, double *v) {
    char *end, *comma = k->csv->separator == ',' ? NULL : strchr(text, ',');
    if (comma) *comma = '.';
    *v = strtod(text, &end);
    if (comma) *comma = ',';
    bool number = end != text; /* blanks alone are not a number */
    while (*end == ' ') end++;
    return number && *end == 0 && isfinite((float)*v);
}

/* 1.0 is the class 1. */
static bool to_class(const columns *k, char *text, double *v) { return to_number(k, text, v) && gt_is_class(*v); }

static char *label_of(const columns *k, size_t i) { return k->csv->field[k->at[i]]; }

/* A line with nothing but blanks where its label should stand has none: that is not a class of the name "". */
static bool has_label(const columns *k) {
    if (k->numbers && gt_label_is_none(label_of(k, 0))) return false;
    for (size_t i = 0; i < k->width; i++)
        if (label_of(k, i)[strspn(label_of(k, i), " \t")]) return true;
    return false;
}

static int64_t item_of(const columns *k, int64_t row) {
    double number;
    if (k->by == BY_LINE || !k->keyed) return row < k->source->count ? row : -1;
    char *text = k->csv->field[k->name];
    if (k->by == BY_NAME) return gt_naming_find(k->naming, text);
    return to_number(k, text, &number) && number >= 0 && number < (double)k->source->count && number == floor(number)
               ? (int64_t)number
               : -1;
}

/* ---- which columns ---- */

static gt_status begin_lines(const columns *k) { return gt_label_file_rewind(k->table, k->heading); }

/* Reads the next line of data; c->fields == 0: there is none. */
static gt_status next_line(const columns *k) {
    gt_status st = gt_csv_next(k->csv);
    if (st || !k->csv->fields) return st;
    if (k->csv->fields != k->fields)
        return gt_fail(GT_FORMAT, "line %" PRId64 ": %zu fields, other lines have %zu", k->csv->line, k->csv->fields,
                       k->fields);
    return GT_OK;
}

static gt_status count_lines(const columns *k, int64_t *lines) {
    gt_status st = gt_label_file_rewind(k->table, 0);
    for (*lines = 0; !st && !(st = gt_csv_next(k->csv)) && k->csv->fields;) ++*lines;
    return st;
}

/* A file whose first column holds names, whatever the heading calls it, is read like that. */
static gt_status find_name_column(columns *k) {
    k->name = k->table->name;
    k->keyed = k->by != BY_NUMBER || k->fields > 1;
    if (k->by == BY_NUMBER) k->name = 0;
    if (k->by == BY_LINE && k->name && gt_picture_is_name(gt_names_at(&k->table->head, 0))) k->name = 0;
    if (k->by != BY_NAME || !k->name) return GT_OK;
    gt_status st = gt_label_file_rewind(k->table, 1);
    if (!st) st = gt_csv_next(k->csv);
    if (!st && k->csv->fields && gt_naming_find(k->naming, k->csv->field[0]) >= 0) k->name = 0;
    return st;
}

static gt_status name_of_line(const columns *k, gt_name_list *names) {
    if (k->csv->fields <= k->name) return GT_OK; /* the survey says what is wrong with it */
    return gt_names_add(names, k->csv->field[k->name], strlen(k->csv->field[k->name]));
}

/* Where some pictures have no line as the names stand, the names are read in other ways, too. The first line counts if
 * it can be no heading. */
static gt_status fit_names(columns *k) {
    gt_name_list names = {0};
    const char *slash = strrchr(k->table->path, '/');
    bool heading = k->table->heading || !gt_picture_is_name(gt_names_at(&k->table->head, k->name));
    int64_t known = 0;
    gt_status st = gt_label_file_rewind(k->table, heading);
    while (!st && !(st = gt_csv_next(k->csv)) && k->csv->fields) {
        known += k->csv->fields > k->name && gt_naming_find(k->naming, k->csv->field[k->name]) >= 0;
        st = name_of_line(k, &names);
    }
    if (!st && known < (int64_t)names.count)
        st = gt_naming_fit(k->naming, &names, slash ? slash + 1 : k->table->path, &k->source->info);
    gt_names_free(&names);
    return st;
}

/* `lines`: how many there are; of lines of a label alone there is one for each item. */
static bool is_heading(const columns *k, int64_t lines) {
    const char *first = gt_names_at(&k->table->head, k->name);
    char number[64];
    double v;
    if (k->table->heading) return true;
    if (!k->keyed) return lines == k->source->count + 1;
    if (k->by == BY_NUMBER) {
        snprintf(number, sizeof number, "%s", first);
        return !to_number(k, number, &v);
    }
    return !gt_picture_is_name(first) && (k->by == BY_LINE || gt_naming_find(k->naming, first) < 0);
}

/* "a, b and 3 more": the columns that there are. */
static void list_columns(const columns *k, gt_buffer *b) {
    enum { SHOWN = 12 };
    size_t n = k->table->head.count;
    for (size_t i = 0; i < n && i < SHOWN; i++)
        gt_buffer_printf(b, "%s%.40s", i ? ", " : "", gt_names_at(&k->table->head, i));
    if (n > SHOWN) gt_buffer_printf(b, " and %zu more", n - SHOWN);
    gt_buffer_add(b, "", 1);
}

static gt_status no_column(const columns *k, const char *name, size_t n) {
    GT_BUFFER gt_buffer list = {0};
    list_columns(k, &list);
    gt_status st = gt_fail(GT_USAGE, "there is no column '%.*s'; the columns are %s", (int)(n < 80 ? n : 80), name,
                           list.failed ? "others" : (const char *)list.data);
    return st;
}

/* Several columns may have one name: a list in lines of JSON. */
static size_t take_column(columns *k, bool *taken, const char *name, size_t n) {
    size_t before = k->width;
    for (int exact = 1; exact >= 0 && k->width == before; exact--)
        for (size_t i = 0; i < k->table->head.count && i < k->fields; i++) {
            const char *head = gt_names_at(&k->table->head, i);
            if (taken[i] || strlen(head) != n || (exact ? strncmp(head, name, n) : strncasecmp(head, name, n)))
                continue;
            k->at[k->width++] = i;
            taken[i] = true;
        }
    return k->width - before;
}

/* The numbers of the lines, as pandas writes them: a column of which the heading says nothing, while it names others.
 */
static bool is_index(const columns *k, size_t i) {
    const char *name = k->heading && i < k->table->head.count ? gt_names_at(&k->table->head, i) : "x";
    return !k->table->unnamed && k->fields > 1 + (size_t)k->keyed && (!*name || !strncmp(name, "Unnamed: ", 9));
}

/* The columns that are asked for, or else all but that of the names. */
static gt_status choose_columns(columns *k) {
    const char *asked = k->table->columns;
    gt_status st = GT_OK;
    k->at = calloc(k->fields + 1, sizeof *k->at);
    GT_FREED bool *taken = calloc(k->fields + 1, sizeof *taken);
    if (!k->at || !taken) st = gt_fail(GT_NOMEM, "out of memory for %zu columns", k->fields);
    for (size_t i = 0; i < k->fields && !st && !*asked; i++)
        if (!k->keyed || i != k->name) {
            if (!is_index(k, i)) k->at[k->width++] = i;
            else
                st = gt_notes_say(&k->source->info, "column %zu of '%.200s' is not read: it has no name", i + 1,
                                  k->table->path);
        }
    for (size_t n; *asked && !st; asked += n + (asked[n] == ',')) {
        n = strcspn(asked, ",");
        if (!take_column(k, taken, asked, n)) st = no_column(k, asked, n);
    }
    /* the label of each line, whatever stands beside it */
    if (!st && k->by == BY_NUMBER && taken[k->name]) k->keyed = false;
    return st;
}

/* All that the first lines say of the others. */
static gt_status find_columns(columns *k) {
    int64_t lines = 0;
    k->fields = k->table->head.count;
    gt_status st = find_name_column(k);
    if (!st && !k->keyed) st = count_lines(k, &lines);
    if (!st && k->by == BY_NAME) st = fit_names(k);
    if (st) return st;
    k->heading = is_heading(k, lines);
    st = begin_lines(k);
    if (!st) st = gt_csv_next(k->csv);
    if (!st && k->csv->fields) k->fields = k->csv->fields;
    if (!st && k->name >= k->fields)
        st = gt_fail(GT_FORMAT, "line %" PRId64 ": not the name of a picture", k->csv->line);
    return st ? st : choose_columns(k);
}

/* ---- what the columns hold ---- */

static gt_status refuse_text(const columns *k) {
    GT_BUFFER gt_buffer list = {0};
    if (k->heading) list_columns(k, &list);
    gt_status st = gt_fail(GT_FORMAT,
                           "line %" PRId64 ": if there are several labels, each must be a finite number of 32 bits%s%s",
                           k->csv->line, list.n ? "; choose one with FILE:COLUMN: " : "",
                           list.n && !list.failed ? (const char *)list.data : "");
    return st;
}

static gt_status survey_line(columns *k) {
    bool known = k->by != BY_NAME || gt_naming_find(k->naming, k->csv->field[k->name]) >= 0;
    k->lines++;
    if (!known && !k->strangers++ && !(k->stranger = strdup(k->csv->field[k->name])))
        return gt_fail(GT_NOMEM, "out of memory for labels");
    if (!has_label(k)) return GT_OK;
    k->labelled++;
    if (k->width == 1 && gt_label_is_none(label_of(k, 0))) {
        if (!k->nones++) snprintf(k->none, sizeof k->none, "%.40s", label_of(k, 0));
        return GT_OK;
    }
    for (size_t i = 0; i < k->width; i++) {
        double v = 0;
        k->whole = k->whole && to_class(k, label_of(k, i), &v);
        k->real = k->real && to_number(k, label_of(k, i), &v);
        k->signs = k->signs && k->real && (v == 1 || v == -1);
    }
    return k->width > 1 && !k->real ? refuse_text(k) : GT_OK;
}

static gt_status survey_columns(columns *k) {
    k->whole = k->real = k->signs = true;
    gt_status st = begin_lines(k);
    while (!st && !(st = next_line(k)) && k->csv->fields) st = survey_line(k);
    k->numbers = k->nones && k->real && k->nones < k->labelled;
    if (k->nones && !k->numbers) k->whole = k->real = k->signs = false; /* "none" may be the name of a class */
    if (k->numbers) k->labelled -= k->nones;
    if (!st && k->numbers) st = gt_notes_say_none(&k->source->info, k->nones, k->none);
    /* "no", "yes" of an attribute that is asked for */
    k->signs = k->signs && !k->whole && k->width == 1 && *k->table->columns;
    return st;
}

/* Each different label once, then sorted. */
static gt_status collect_names(columns *k) {
    gt_source_info *n = &k->source->info;
    gt_status st = begin_lines(k);
    while (!st && !(st = next_line(k)) && k->csv->fields) {
        if (has_label(k)) st = gt_notes_sort_in_class(n, label_of(k, 0), strlen(label_of(k, 0)));
        if (st) return gt_wrap(st, "line %" PRId64, k->csv->line);
    }
    return st;
}

static gt_status name_signs(columns *k) {
    const char *name = gt_names_at(&k->table->head, k->at[0]);
    char other[300];
    int n = snprintf(other, sizeof other, "not %.250s", name);
    gt_status st = gt_notes_add_class_name(&k->source->info, other, (size_t)n);
    if (!st) st = gt_notes_add_class_name(&k->source->info, name, strlen(name));
    return st ? st : gt_notes_say(&k->source->info, "'%.100s' has -1 and 1, which become the classes 0 and 1", name);
}

/* ---- filling in ---- */

/* False: another label was there before. */
static bool put_label(const columns *k, int64_t item) {
    gt_source_info *n = &k->source->info;
    bool again = gt_notes_labelled(n, item), same = true;
    double v = 0;
    if (n->label_kind == GT_LABELS_VECTORS) {
        for (size_t i = 0; i < k->width; i++) {
            double *to = &n->vectors[(size_t)item * k->width + i];
            to_number(k, label_of(k, i), &v);
            same = same && *to == v;
            *to = v;
        }
        return same || !again;
    }
    if (k->real) to_number(k, label_of(k, 0), &v);
    int32_t class = k->signs   ? v > 0
                    : k->whole ? (int32_t)v
                               : gt_notes_find_class(n, label_of(k, 0), strlen(label_of(k, 0)));
    same = n->classes[item] == class;
    n->classes[item] = class;
    return same || !again;
}

static gt_status fill_in(columns *k, int64_t *met) {
    gt_source_info *n = &k->source->info;
    bool vectors = k->width > 1 || (k->real && !k->whole && !k->signs);
    gt_status st = vectors ? gt_notes_new_vectors(n, k->source->count, k->width)
                           : gt_notes_new_classes(n, k->source->count);
    if (!st && !vectors && !k->real) st = collect_names(k);
    if (!st && k->signs) st = name_signs(k);
    if (!st) st = begin_lines(k);
    for (int64_t row = 0; !st && !(st = next_line(k)) && k->csv->fields; row++) {
        int64_t i = item_of(k, row);
        if (i < 0) continue;
        if (has_label(k) && !put_label(k, i))
            return gt_fail(GT_FORMAT, "line %" PRId64 ": '%.200s' occurs twice, with different labels", k->csv->line,
                           k->csv->field[k->name]);
        ++*met;
    }
    return st;
}

/* None of the names is that of a picture. */
static gt_status no_names(const columns *k) {
    char buffer[GT_ITEM_NAME_BYTES];
    if (!k->source->count || !k->stranger) return gt_fail(GT_FORMAT, "none of its names is a picture's name");
    return gt_fail(GT_FORMAT, "none of its names is a picture's name: it has '%.200s', a picture is called '%.200s'",
                   k->stranger, gt_source_name(k->source, 0, buffer));
}

/* The heading's names of the columns with labels, between commas; a comma in a name becomes a blank. */
static gt_status read_label_names(const columns *k) {
    gt_source_info *n = &k->source->info;
    gt_buffer names = {0};
    for (size_t i = 0; i < k->width; i++) {
        const char *name = k->at[i] < k->table->head.count ? gt_names_at(&k->table->head, k->at[i]) : "";
        gt_buffer_add(&names, ",", i > 0);
        for (char c; (c = *name); name++) gt_buffer_add(&names, c == ',' ? " " : &c, 1);
    }
    gt_buffer_add(&names, "", 1);
    if (names.failed) {
        gt_buffer_free(&names);
        return gt_fail(GT_NOMEM, "out of memory for names of labels");
    }
    free(n->label_names);
    n->label_names = names.data;
    return GT_OK;
}

static gt_status read_lines(columns *k) {
    gt_source_info *n = &k->source->info;
    const gt_label_file *t = k->table;
    int64_t met = 0;
    gt_status st = find_columns(k);
    if (!st) st = survey_columns(k);
    if (!st && !k->keyed && k->lines != k->source->count)
        return gt_fail(GT_FORMAT, "%" PRId64 " lines of a label alone for %" PRId64 " images", k->lines,
                       k->source->count);
    if (!st && k->heading) st = read_label_names(k);
    if (!st && t->from) st = gt_notes_say(n, "'%.200s' is read as %s, since it is not UTF-8", t->path, t->from);
    if (!st && k->labelled) st = fill_in(k, &met);
    if (!st && met && k->strangers)
        st = gt_notes_say(n, "'%.200s' has lines for %" PRId64 " name%s without a picture, such as '%.200s'", t->path,
                          k->strangers, gt_plural(k->strangers), k->stranger);
    if (st || k->by == BY_LINE || met) return st;
    if (k->by == BY_NUMBER)
        return gt_fail(GT_FORMAT, "none of its lines is for an image: the images have no names, so NUMBER,LABEL (from "
                                  "0) or one label per line for all images is needed");
    return k->labelled || (k->heading && !k->width)
               ? no_names(k)
               : gt_fail(GT_FORMAT, "its lines hold no labels: NAME,LABEL[,LABEL...] is needed");
}

gt_status gt_labels_of_csv(gt_source *s, const char *path, bool by_name) {
    gt_label_file t;
    link by = !by_name ? BY_LINE : gt_source_is_nameless(s) ? BY_NUMBER : BY_NAME;
    gt_status st = gt_label_file_open(&t, path, by != BY_NUMBER);
    if (st) return st;
    columns k = {.source = s, .table = &t, .csv = &t.csv, .by = by};
    if (by == BY_NAME) st = gt_naming_new(&k.naming, s);
    if (!st) st = read_lines(&k);
    gt_naming_free(k.naming);
    free(k.at);
    free(k.stranger);
    gt_label_file_close(&t);
    return st;
}
