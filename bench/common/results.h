/* SPDX-License-Identifier: Apache-2.0
 * Results of benchmarks: tables of numbers and words with the conditions under which they were measured. Printed as
 * text, written as JSON (one document per program run) and, many documents together, as HDF5.
 *
 *     gt_results *r = gt_results_new("loader");
 *     gt_results_say(r, "machine", "%s", text);
 *     static const gt_column columns[] = {{"size", "pixels", 0}, {"rate", "images/s", 1}};
 *     gt_table *t = gt_results_table(r, "decoding", columns, 2);
 *     gt_table_row(t, 32.0, 51234.5);
 *     char *json = gt_results_json(r);
 *
 * In JSON: {"bench", "conditions": [[WHAT, TEXT] ...], "tables": [{"name", "columns": [{"key", "title", "digits"} ...],
 * "rows": [{KEY: VALUE} ...]} ...]}. In HDF5: /NNN-BENCH with attributes bench and conditionNN, /NNN-BENCH/tableNN with
 * attribute name and one dataset per column, whose attributes are title and digits. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdio.h>

#include "gantry/memory.h"
#include "gantry/status.h"

enum { GT_COLUMN_TEXT = -1, GT_RESULTS_COLUMNS = 32, GT_RESULTS_TABLES = 16, GT_RESULTS_CONDITIONS = 64 };

typedef struct gt_column {
    const char *key, *title;
    int digits; /* after the point; GT_COLUMN_TEXT: words */
} gt_column;

typedef union gt_cell {
    double number; /* NAN: not measured */
    const char *text;
} gt_cell;

typedef struct gt_table {
    const char *name;
    int n_columns, n_rows, room;
    gt_column columns[GT_RESULTS_COLUMNS];
    gt_cell *cells; /* [n_rows][n_columns] */
    struct gt_results *results;
} gt_table;

typedef struct gt_results {
    gt_arena *arena;
    const char *bench;
    int n_conditions, n_tables;
    const char *what[GT_RESULTS_CONDITIONS], *said[GT_RESULTS_CONDITIONS];
    gt_table tables[GT_RESULTS_TABLES];
    const char *lost; /* the first table for which there was no room; a benchmark fails with it. NULL: none */
    FILE *live;       /* what is added is printed there at once; NULL: not */
} gt_results;

gt_results *gt_results_new(const char *bench); /* NULL: see gt_message() */
void gt_results_free(gt_results *r);           /* NULL is fine */

void gt_results_say(gt_results *r, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* NULL when there is no more room (r->lost); the functions below do nothing then. Columns are copied, their texts too.
 */
gt_table *gt_results_table(gt_results *r, const char *name, const gt_column *columns, int n);
void gt_table_row(gt_table *t, ...); /* for each column a double or a const char * */
void gt_table_cells(gt_table *t, const gt_cell *cells);

const gt_table *gt_results_find(const gt_results *r, const char *table);
double gt_table_number(const gt_table *t, int row, const char *key);    /* NAN: no such column, or words */
const char *gt_table_text(const gt_table *t, int row, const char *key); /* "": no such column, or numbers */

void gt_results_print(const gt_results *r, FILE *f);
char *gt_results_json(const gt_results *r); /* free() it; NULL: out of memory */

/* One document. `name` is for messages. NULL: see gt_message(). */
gt_results *gt_results_read_json(const char *text, const char *name);

/* ---- results_h5.c ---- */
gt_status gt_results_write_h5(gt_results *const *list, int n, const char *path);
/* At most `room` documents into list; returns how many, -1: see gt_message(). */
int gt_results_read_h5(const char *path, gt_results **list, int room);

#endif
