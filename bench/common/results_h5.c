/* SPDX-License-Identifier: Apache-2.0
 * Results of many benchmark runs in one HDF5 file: see results.h. A document is a group, each of its tables a group in
 * that, a column a set. */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "common/results.h"
#include "files/h5/door/h5.h"

enum { MOST_ROWS = 1 << 16, MOST_TEXT = 1 << 16, PATH = 512 };

#define FORMAT "gantry benchmark results 1"

/* ---- writing ---- */

static gt_status write_text(gt_h5_file *f, const char *of, const char *name, const char *text) {
    return gt_h5_attribute(f, of, &(gt_array){name, GT_NUMBER_WORDS, 1, {(int64_t)strlen(text)}, text});
}

/* Words become fixed-size strings as long as the longest. */
static gt_status write_column(gt_h5_file *f, const char *table, const gt_table *t, int c) {
    const gt_column *column = &t->columns[c];
    bool words = column->digits < 0;
    size_t size = sizeof(double);
    char path[PATH], digits[16];
    for (int r = 0; words && r < t->n_rows; r++) {
        size_t n = strlen(t->cells[r * t->n_columns + c].text);
        if (n > size) size = n;
    }
    GT_FREED char *data = calloc((size_t)t->n_rows + 1, size);
    if (!data) return gt_fail(GT_NOMEM, "out of memory for a column");
    for (int r = 0; r < t->n_rows; r++) {
        const gt_cell *cell = &t->cells[r * t->n_columns + c];
        memcpy(data + (size_t)r * size, words ? (const void *)cell->text : &cell->number,
               words ? strlen(cell->text) : size);
    }
    snprintf(path, sizeof path, "%s/%s", table, column->key);
    snprintf(digits, sizeof digits, "%d", column->digits);
    gt_status st = gt_h5_write(
        f,
        &(gt_array){path, words ? GT_NUMBER_WORDS : GT_NUMBER_DOUBLE, words ? 2 : 1, {t->n_rows, (int64_t)size}, data});
    if (!st) st = write_text(f, path, "title", column->title);
    if (!st) st = write_text(f, path, "digits", digits);
    return st;
}

static gt_status write_document(gt_h5_file *f, const gt_results *r, int index) {
    char name[128], key[16], table[160];
    snprintf(name, sizeof name, "%03d-%s", index, r->bench);
    gt_status st = gt_h5_group(f, name);
    if (!st) st = write_text(f, name, "bench", r->bench);
    for (int i = 0; i < r->n_conditions && !st; i++) {
        gt_buffer line = {0};
        gt_buffer_printf(&line, "%s: %s", r->what[i], r->said[i]);
        snprintf(key, sizeof key, "condition%02d", i);
        gt_buffer_add(&line, "", 1);
        st = line.failed ? gt_fail(GT_NOMEM, "out of memory for a condition") : write_text(f, name, key, line.data);
        gt_buffer_free(&line);
    }
    for (int k = 0; k < r->n_tables && !st; k++) {
        snprintf(table, sizeof table, "%s/table%02d", name, k); /* its name is a sentence, and may hold a slash */
        st = gt_h5_group(f, table);
        if (!st) st = write_text(f, table, "name", r->tables[k].name);
        for (int c = 0; c < r->tables[k].n_columns && !st; c++) st = write_column(f, table, &r->tables[k], c);
    }
    return st;
}

gt_status gt_results_write_h5(gt_results *const *list, int n, const char *path) {
    gt_h5_file f;
    gt_status st = gt_h5_create_memory(&f);
    for (int i = 0; i < n && !st; i++) st = write_document(&f, list[i], i);
    if (!st) st = write_text(&f, "/", "format", FORMAT);
    st = st ? gt_wrap(st, "%s", path) : gt_h5_save(&f, path);
    gt_h5_close(&f);
    return st;
}

/* ---- reading ---- */

typedef struct reading {
    gt_h5_file file;
    gt_arena *arena;
    gt_results **list;
    int n, room;
    char document[PATH], table[PATH]; /* those that the columns are of; "": none yet */
    int n_columns;
    int64_t rows;
    gt_column about[GT_RESULTS_COLUMNS];
    size_t size[GT_RESULTS_COLUMNS]; /* bytes of a number or of words */
    char *data[GT_RESULTS_COLUMNS];
} reading;

static gt_status damaged(const char *path) { return gt_fail(GT_FORMAT, "'%s' is damaged", path); }

static gt_status end_table(reading *r) {
    int n = r->n_columns;
    r->n_columns = 0;
    if (!n) return GT_OK;
    gt_results *to = r->list[r->n - 1];
    char *title;
    gt_status st = gt_h5_text(to->arena, &r->file, r->table, "name", &title);
    if (st) return st;
    gt_table *t = title ? gt_results_table(to, title, r->about, n) : NULL;
    if (!t) return damaged(r->table);
    for (int64_t row = 0; row < r->rows; row++) {
        gt_cell cells[GT_RESULTS_COLUMNS];
        for (int c = 0; c < n; c++) {
            const char *at = r->data[c] + (size_t)row * r->size[c];
            if (r->about[c].digits < 0) cells[c].text = gt_arena_printf(to->arena, "%.*s", (int)r->size[c], at);
            else memcpy(&cells[c].number, at, sizeof(double));
        }
        gt_table_cells(t, cells);
    }
    return GT_OK;
}

static gt_status begin_document(reading *r) {
    char key[16];
    gt_results *to = r->list[r->n] = gt_results_new(r->document + 1);
    if (!to) return GT_NOMEM;
    r->n++;
    char *bench;
    gt_status st = gt_h5_text(to->arena, &r->file, r->document, "bench", &bench);
    if (bench) to->bench = bench;
    for (int i = 0; i < GT_RESULTS_CONDITIONS && !st; i++) {
        char *line;
        snprintf(key, sizeof key, "condition%02d", i);
        st = gt_h5_text(to->arena, &r->file, r->document, key, &line);
        char *colon = line ? strstr(line, ": ") : NULL;
        if (!colon) break;
        *colon = 0;
        gt_results_say(to, line, "%s", colon + 2);
    }
    return st;
}

static gt_status read_column(reading *r, const char *path, const char *key) {
    gt_h5_set *s;
    int c = r->n_columns;
    gt_status st = gt_h5_set_open(&s, &r->file, path);
    if (st) return gt_wrap(st, "damaged");
    bool words = s->kind == GT_H5_TEXT;
    r->size[c] = words ? s->bytes : sizeof(double);
    if (!c) r->rows = s->rows;
    if ((!words && s->kind != GT_H5_FLOAT) || s->n_dims != 1 || s->rows > MOST_ROWS || s->rows != r->rows ||
        s->bytes > MOST_TEXT)
        st = damaged(path);
    r->data[c] = st ? NULL : gt_arena_array(r->arena, (size_t)s->rows + 1, r->size[c]);
    if (!st)
        st = r->data[c] ? gt_h5_set_read(s, 0, s->rows, words ? GT_NUMBER_TEXT : GT_NUMBER_DOUBLE, r->data[c])
                        : GT_NOMEM;
    gt_h5_set_close(s);
    if (st) return st;
    const char *name = gt_arena_printf(r->arena, "%s", key);
    char *title, *digits = NULL;
    st = gt_h5_text(r->arena, &r->file, path, "title", &title);
    if (!st) st = gt_h5_text(r->arena, &r->file, path, "digits", &digits);
    if (st) return st;
    int d = digits ? atoi(digits) : 2;
    r->about[c] = (gt_column){name, title ? title : name, words ? GT_COLUMN_TEXT : d < 0 || d > 9 ? 2 : d};
    r->n_columns++;
    return name ? GT_OK : GT_NOMEM;
}

/* gt_h5_each(): /DOCUMENT/TABLE/KEY. */
static gt_status visit(void *arg, const char *path) {
    reading *r = arg;
    const char *end = strchr(path + 1, '/'), *key = strrchr(path, '/');
    if (!end || key == end || strchr(end + 1, '/') != key || key - path >= PATH) return damaged(path);
    size_t document = (size_t)(end - path), table = (size_t)(key - path);
    gt_status st = GT_OK;
    if (strncmp(path, r->table, table) || r->table[table]) {
        st = end_table(r);
        snprintf(r->table, sizeof r->table, "%.*s", (int)table, path);
    }
    if (!st && (strncmp(path, r->document, document) || r->document[document])) {
        if (r->n == r->room) return gt_fail(GT_FORMAT, "holds more than %d results", r->room);
        snprintf(r->document, sizeof r->document, "%.*s", (int)document, path);
        st = begin_document(r);
    }
    if (!st && r->n_columns == GT_RESULTS_COLUMNS) st = damaged(r->table);
    return st ? st : read_column(r, path, key + 1);
}

int gt_results_read_h5(const char *path, gt_results **list, int room) {
    reading *r = calloc(1, sizeof *r);
    gt_arena *a = gt_arena_new();
    if (!r || !a) {
        free(r);
        gt_arena_free(a);
        gt_fail(GT_NOMEM, "out of memory for results");
        return -1;
    }
    *r = (reading){.arena = a, .list = list, .room = room};
    gt_status st = gt_h5_open(&r->file, path);
    char *format = NULL;
    if (!st) st = gt_h5_text(a, &r->file, "/", "format", &format);
    if (!st && (!format || strcmp(format, FORMAT))) st = gt_fail(GT_FORMAT, "not a file of benchmark results");
    if (!st) st = gt_h5_each(&r->file, false, visit, r);
    if (!st) st = end_table(r);
    if (st) gt_wrap(st, "%s", path);
    while (st && r->n > 0) gt_results_free(list[--r->n]);
    int n = st ? -1 : r->n;
    gt_h5_close(&r->file);
    gt_arena_free(a);
    free(r);
    return n;
}
