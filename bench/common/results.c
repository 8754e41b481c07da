/* SPDX-License-Identifier: Apache-2.0
 * Results of benchmarks as text and as JSON: see results.h. */
#include "common/results.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_WIDTH = 10, TEXT_WIDTH = 24 };

gt_results *gt_results_new(const char *bench) {
    gt_arena *a = gt_arena_new();
    gt_results *r = a ? gt_arena_alloc(a, sizeof *r) : NULL;
    if (!r) {
        gt_arena_free(a);
        gt_fail(GT_NOMEM, "out of memory for results");
        return NULL;
    }
    r->arena = a;
    r->bench = gt_arena_printf(a, "%s", bench);
    return r;
}

void gt_results_free(gt_results *r) {
    if (r) gt_arena_free(r->arena);
}

/* ---- as text ---- */

static int width_of(const gt_column *c) {
    int title = (int)strlen(c->title), least = c->digits < 0 ? TEXT_WIDTH : NUMBER_WIDTH;
    return title > least ? title : least;
}

static void print_head(const gt_table *t, FILE *f) {
    fprintf(f, "\n%s\n", t->name);
    for (int c = 0; c < t->n_columns; c++)
        fprintf(f, "%s%*s", c ? "  " : "",
                t->columns[c].digits < 0 ? -width_of(&t->columns[c]) : width_of(&t->columns[c]), t->columns[c].title);
    fputc('\n', f);
}

static void print_row(const gt_table *t, int row, FILE *f) {
    const gt_cell *cell = t->cells + row * t->n_columns;
    for (int c = 0; c < t->n_columns; c++, cell++) {
        int width = width_of(&t->columns[c]), digits = t->columns[c].digits;
        if (c) fputs("  ", f);
        if (digits < 0) fprintf(f, "%-*s", width, cell->text);
        else if (isnan(cell->number)) fprintf(f, "%*s", width, "-");
        else fprintf(f, "%*.*f", width, digits, cell->number);
    }
    fputc('\n', f);
    fflush(f);
}

static void print_condition(const gt_results *r, int i, FILE *f) { fprintf(f, "%s: %s\n", r->what[i], r->said[i]); }

void gt_results_print(const gt_results *r, FILE *f) {
    fprintf(f, "== %s\n", r->bench);
    for (int i = 0; i < r->n_conditions; i++) print_condition(r, i, f);
    for (int i = 0; i < r->n_tables; i++) {
        print_head(&r->tables[i], f);
        for (int row = 0; row < r->tables[i].n_rows; row++) print_row(&r->tables[i], row, f);
    }
    fputc('\n', f);
}

/* ---- adding ---- */

void gt_results_say(gt_results *r, const char *what, const char *format, ...) {
    if (r->n_conditions == GT_RESULTS_CONDITIONS) return;
    char text[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    const char *first = gt_arena_printf(r->arena, "%s", what), *second = gt_arena_printf(r->arena, "%s", text);
    if (!first || !second) return;
    r->what[r->n_conditions] = first;
    r->said[r->n_conditions++] = second;
    if (r->live) print_condition(r, r->n_conditions - 1, r->live);
}

static gt_table *add_table(gt_results *r, const char *name, const gt_column *columns, int n) {
    if (r->n_tables == GT_RESULTS_TABLES || n < 1 || n > GT_RESULTS_COLUMNS) return NULL;
    gt_table *t = &r->tables[r->n_tables];
    *t = (gt_table){.name = gt_arena_printf(r->arena, "%s", name), .n_columns = n, .results = r};
    for (int i = 0; i < n; i++) {
        t->columns[i] = (gt_column){gt_arena_printf(r->arena, "%s", columns[i].key),
                                    gt_arena_printf(r->arena, "%s", columns[i].title), columns[i].digits};
        if (!t->columns[i].key || !t->columns[i].title) return NULL;
    }
    if (!t->name) return NULL;
    r->n_tables++;
    if (r->live) print_head(t, r->live);
    return t;
}

gt_table *gt_results_table(gt_results *r, const char *name, const gt_column *columns, int n) {
    gt_table *t = add_table(r, name, columns, n);
    if (!t && !r->lost) r->lost = gt_arena_printf(r->arena, "%s", name);
    if (!t && !r->lost) r->lost = "?";
    return t;
}

void gt_table_cells(gt_table *t, const gt_cell *cells) {
    if (!t) return;
    gt_arena *a = t->results->arena;
    if (t->n_rows == t->room) { /* the old cells stay in the arena: tables are small */
        int room = t->room ? 2 * t->room : 16;
        gt_cell *more = gt_arena_array(a, (size_t)room * (size_t)t->n_columns, sizeof *more);
        if (!more) return;
        if (t->n_rows) memcpy(more, t->cells, (size_t)t->n_rows * (size_t)t->n_columns * sizeof *more);
        t->cells = more;
        t->room = room;
    }
    gt_cell *row = t->cells + t->n_rows * t->n_columns;
    for (int c = 0; c < t->n_columns; c++) {
        row[c] = cells[c];
        if (t->columns[c].digits < 0 && !(row[c].text = gt_arena_printf(a, "%s", cells[c].text ? cells[c].text : "")))
            return;
    }
    t->n_rows++;
    if (t->results->live) print_row(t, t->n_rows - 1, t->results->live);
}

void gt_table_row(gt_table *t, ...) {
    if (!t) return;
    gt_cell cells[GT_RESULTS_COLUMNS];
    va_list ap;
    va_start(ap, t);
    for (int c = 0; c < t->n_columns; c++) {
        if (t->columns[c].digits < 0) cells[c].text = va_arg(ap, const char *);
        else cells[c].number = va_arg(ap, double);
    }
    va_end(ap);
    gt_table_cells(t, cells);
}

const gt_table *gt_results_find(const gt_results *r, const char *table) {
    for (int i = 0; i < r->n_tables; i++)
        if (!strcmp(r->tables[i].name, table)) return &r->tables[i];
    return NULL;
}

double gt_table_number(const gt_table *t, int row, const char *key) {
    for (int c = 0; c < t->n_columns; c++)
        if (!strcmp(t->columns[c].key, key) && t->columns[c].digits >= 0)
            return t->cells[row * t->n_columns + c].number;
    return NAN;
}

const char *gt_table_text(const gt_table *t, int row, const char *key) {
    for (int c = 0; c < t->n_columns; c++)
        if (!strcmp(t->columns[c].key, key) && t->columns[c].digits < 0) {
            const char *text = t->cells[row * t->n_columns + c].text;
            return text ? text : "";
        }
    return "";
}

/* ---- as JSON ---- */

static json_t *table_json(const gt_table *t) {
    json_t *columns = json_array(), *rows = json_array();
    for (int c = 0; c < t->n_columns; c++)
        json_array_append_new(columns, json_pack("{s:s, s:s, s:i}", "key", t->columns[c].key, "title",
                                                 t->columns[c].title, "digits", t->columns[c].digits));
    for (int r = 0; r < t->n_rows; r++) {
        json_t *row = json_object();
        for (int c = 0; c < t->n_columns; c++) {
            const gt_cell *cell = &t->cells[r * t->n_columns + c];
            bool text = t->columns[c].digits < 0;
            json_object_set_new(row, t->columns[c].key,
                                text                     ? json_string(cell->text)
                                : isfinite(cell->number) ? json_real(cell->number)
                                                         : json_null());
        }
        json_array_append_new(rows, row);
    }
    return json_pack("{s:s, s:o, s:o}", "name", t->name, "columns", columns, "rows", rows);
}

char *gt_results_json(const gt_results *r) {
    json_t *conditions = json_array(), *tables = json_array();
    for (int i = 0; i < r->n_conditions; i++)
        json_array_append_new(conditions, json_pack("[s, s]", r->what[i], r->said[i]));
    for (int i = 0; i < r->n_tables; i++) json_array_append_new(tables, table_json(&r->tables[i]));
    json_t *all = json_pack("{s:s, s:o, s:o}", "bench", r->bench, "conditions", conditions, "tables", tables);
    char *text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
    json_decref(all);
    return text;
}

static bool read_table(gt_results *r, json_t *json) {
    gt_column columns[GT_RESULTS_COLUMNS];
    json_t *list = json_object_get(json, "columns"), *rows = json_object_get(json, "rows");
    const char *name = json_string_value(json_object_get(json, "name"));
    size_t n = json_array_size(list);
    if (!name || !n || n > GT_RESULTS_COLUMNS || !json_is_array(rows)) return false;
    for (size_t c = 0; c < n; c++) {
        int digits;
        if (json_unpack(json_array_get(list, c), "{s:s, s:s, s:i}", "key", &columns[c].key, "title", &columns[c].title,
                        "digits", &digits))
            return false;
        columns[c].digits = digits < 0 ? GT_COLUMN_TEXT : digits > 9 ? 9 : digits;
    }
    gt_table *t = gt_results_table(r, name, columns, (int)n);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        gt_cell cells[GT_RESULTS_COLUMNS];
        for (size_t c = 0; c < n; c++) {
            json_t *value = json_object_get(json_array_get(rows, i), columns[c].key);
            if (columns[c].digits < 0) cells[c].text = json_string_value(value);
            else cells[c].number = json_is_number(value) ? json_number_value(value) : NAN;
        }
        gt_table_cells(t, cells);
    }
    return t != NULL;
}

gt_results *gt_results_read_json(const char *text, const char *name) {
    json_error_t error;
    json_t *all = json_loads(text, JSON_DISABLE_EOF_CHECK, &error);
    const char *bench = json_string_value(json_object_get(all, "bench"));
    gt_results *r = NULL;
    if (!all) gt_fail(GT_FORMAT, "%s: line %d: %s", name, error.line, error.text);
    else if (!bench) gt_fail(GT_FORMAT, "%s: not the results of a benchmark (no \"bench\")", name);
    else r = gt_results_new(bench);
    size_t i;
    json_t *item;
    if (r) {
        json_array_foreach(json_object_get(all, "conditions"), i, item) {
            const char *what, *said;
            if (!json_unpack(item, "[s, s]", &what, &said)) gt_results_say(r, what, "%s", said);
        }
        json_array_foreach(json_object_get(all, "tables"), i, item) if (r && !read_table(r, item)) {
            gt_fail(GT_FORMAT, "%s: table %zu is damaged", name, i);
            gt_results_free(r);
            r = NULL;
        }
    }
    json_decref(all);
    return r;
}
