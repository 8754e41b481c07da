/* SPDX-License-Identifier: Apache-2.0
 * Results that other benchmark programs have written, as tables, as one HDF5 file, and as a plot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "common/machines.h"
#include "common/plot.h"
#include "common/program.h"
#include "figures/door/figure.h"

enum { MOST_RESULTS = 1024 };
static const size_t most_json = (size_t)64 << 20;

typedef struct report_options {
    bench_common common;
    const char *h5, *svg, *csv, *machines;
    bench_plot plot;
    bool overwrite;
} report_options;

static report_options options;

static const gt_option rows[] = {
    {BENCH_ROW(report_options, "h5", h5, "", "Write all results to this HDF5 file"),
     BENCH_WRITES("*.h5", GT_OUTFILE_DATASET)},
    {BENCH_ROW(report_options, "csv", csv, "", "Write the rows of all tables 'scaling' to this file"),
     BENCH_WRITES("*.csv", GT_OUTFILE_TABLE)},
    {BENCH_ROW(report_options, "svg", svg, "", "Plot images/s over nodes or cores, or --y over --x, to this file"),
     BENCH_WRITES("*.svg", GT_OUTFILE_PICTURE)},
    {BENCH_ROW(report_options, "machines", machines, "",
               "Instead of all tables print one with a row for each machine and recipe, and write it to this file"),
     BENCH_WRITES("*.json", GT_OUTFILE_TABLE)},
    BENCH_OVERWRITE(report_options),
    {BENCH_ROW(report_options, "x", plot.x, "", "Key of the column along")},
    {BENCH_ROW(report_options, "y", plot.y, "", "Key of the column upright")},
    {BENCH_ROW(report_options, "group", plot.group, "", "Column of words: a colour for each")},
    {BENCH_ROW(report_options, "line", plot.line, "", "Column of words: a curve for each, within a group")},
    {BENCH_ROW(report_options, "dots", plot.dots, "0", "Dots, and a line at the median of a group")},
    {BENCH_ROW(report_options, "log", plot.log, "0", "The upright axis is logarithmic")},
};

static gt_status read_results(const char *path, gt_results **list, int *n) {
    size_t length = strlen(path), bytes;
    if (*n == MOST_RESULTS) return gt_fail(GT_USAGE, "more than %d results", MOST_RESULTS);
    if (length > 3 && !strcmp(path + length - 3, ".h5")) {
        int more = gt_results_read_h5(path, list + *n, MOST_RESULTS - *n);
        *n += more > 0 ? more : 0;
        return more < 0 ? GT_FORMAT : GT_OK;
    }
    void *text;
    gt_status st = gt_file_read(path, most_json, &text, &bytes);
    if (st) return st;
    list[*n] = gt_results_read_json(text, path);
    free(text);
    return list[*n] ? (++*n, GT_OK) : GT_FORMAT;
}

/* Of all tables with this name, which have the columns of the first; words have no commas. GT_USAGE: there is none. */
static gt_status write_csv(gt_results *const *list, int n, const char *name, const char *path) {
    gt_buffer text = {0};
    bool begun = false;
    for (int i = 0; i < n; i++) {
        const gt_table *t = gt_results_find(list[i], name);
        for (int c = 0; t && !begun && c < t->n_columns; c++)
            gt_buffer_printf(&text, "%s%s", t->columns[c].key, c + 1 < t->n_columns ? "," : "\n");
        begun |= t != NULL;
        for (int r = 0; t && r < t->n_rows; r++)
            for (int c = 0; c < t->n_columns; c++) {
                const gt_cell *cell = t->cells + r * t->n_columns + c;
                if (t->columns[c].digits < 0) gt_buffer_printf(&text, "%s", cell->text);
                else if (!isnan(cell->number)) gt_buffer_printf(&text, "%.*f", t->columns[c].digits, cell->number);
                gt_buffer_printf(&text, c + 1 < t->n_columns ? "," : "\n");
            }
    }
    gt_status st = !begun        ? gt_fail(GT_USAGE, "--csv: these results have no table '%s'", name)
                   : text.failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", path)
                                 : gt_file_write(path, text.data, text.n);
    gt_buffer_free(&text);
    return st;
}

/* ---- the plot of scaling ---- */

enum { MOST_LINES = 12, MOST_POINTS = 64 };
typedef struct rates_plot {
    bool of_nodes; /* over nodes, else over cores */
    int n;
    double x[MOST_LINES][MOST_POINTS], y[MOST_LINES][MOST_POINTS];
    char labels[MOST_LINES][96];
    gt_curve lines[MOST_LINES];
} rates_plot;

static void add_rate(rates_plot *p, const char *label, double x, double y) {
    int l = 0;
    while (l < p->n && strcmp(p->labels[l], label)) l++;
    if (l == MOST_LINES) return;
    gt_curve *line = &p->lines[l];
    if (l == p->n) {
        snprintf(p->labels[l], sizeof p->labels[l], "%s", label);
        *line = (gt_curve){.label = p->labels[l], .x = p->x[l], .y = p->y[l]};
        p->n++;
    }
    if (line->n == MOST_POINTS) return;
    p->x[l][line->n] = x;
    p->y[l][line->n++] = y;
}

/* A line for each recipe, kind of scaling and number of threads a rank; for a model's table one for each network. Over
 * nodes, of each recipe's kinds: whatever the threads, with what one node does times the nodes. */
static void add_rates(rates_plot *p, const gt_table *t) {
    if (t->n_columns < 2 || t->columns[0].digits >= 0 || t->columns[1].digits >= 0) return;
    for (int r = 0; r < t->n_rows; r++) {
        double ranks = gt_table_number(t, r, "ranks"), rate = gt_table_number(t, r, "rate"),
               threads = gt_table_number(t, r, "threads"), nodes = gt_table_number(t, r, "nodes"),
               of_nodes = gt_table_number(t, r, "of_nodes");
        const gt_cell *cells = t->cells + r * t->n_columns;
        bool several = threads > 1 && !p->of_nodes;
        char label[96];
        if (!(ranks >= 1) || !(rate > 0) || p->of_nodes != (of_nodes > 0)) continue;
        snprintf(label, sizeof label, several ? "%.40s, %.30s, %.0f threads" : "%.40s, %.30s", cells[0].text,
                 cells[1].text, threads);
        add_rate(p, label, p->of_nodes ? nodes : several ? ranks * threads : ranks, rate);
        if (!p->of_nodes || strcmp(cells[1].text, "strong")) continue;
        snprintf(label, sizeof label, "%.40s, ideal", cells[0].text);
        add_rate(p, label, nodes, rate / of_nodes);
    }
}

static gt_status plot_rates(gt_results *const *list, int n, const char *path) {
    static rates_plot p;
    for (int over = 1; over >= 0 && !p.n; over--) {
        p.of_nodes = over;
        for (int i = 0; i < n; i++)
            for (int k = 0; k < list[i]->n_tables; k++) add_rates(&p, &list[i]->tables[k]);
    }
    if (!p.n) return gt_fail(GT_USAGE, "--svg: these results have no images/s over cores (gantry bench scaling)");
    return gt_figure_write_svg(
        path, &(gt_panel){.title = p.of_nodes ? "gantry: images per second over nodes"
                                              : "gantry: images per second over cores (ranks x threads)",
                          .x_label = p.of_nodes ? "nodes" : "cores",
                          .y_label = "images per second",
                          .x_scale = GT_LOG_2,
                          .y_scale = GT_LOG_10,
                          .n_curves = p.n,
                          .curves = p.lines});
}

static gt_status compare_machines(gt_results *const *list, const int *file, int n) {
    gt_results *all = NULL;
    gt_status st = bench_machines(list, file, n, &all);
    if (st) return st;
    gt_results_print(all, stdout);
    GT_FREED char *json = gt_results_json(all);
    st = json ? gt_file_write(options.machines, json, strlen(json)) : gt_fail(GT_NOMEM, "out of memory for a table");
    gt_results_free(all);
    return st;
}

static gt_status report(char **files, int n_files) {
    static gt_results *list[MOST_RESULTS];
    static int file[MOST_RESULTS];
    int n = 0;
    gt_status st = n_files ? GT_OK : gt_fail(GT_USAGE, "files of results are needed (.json from --json, or .h5)");
    for (int i = 0; i < n_files && !st; i++) {
        int first = n;
        st = read_results(files[i], list, &n);
        for (int k = first; k < n; k++) file[k] = i;
    }
    for (int i = 0; i < n && !st && !*options.machines; i++) gt_results_print(list[i], stdout);
    if (!st && *options.machines) st = compare_machines(list, file, n);
    if (!st && *options.h5) st = gt_results_write_h5(list, n, options.h5);
    if (!st && *options.csv) st = write_csv(list, n, "scaling", options.csv);
    bool columns = *options.plot.x || *options.plot.y;
    if (!st && *options.svg && !columns) st = plot_rates(list, n, options.svg);
    if (!st && *options.svg && columns) st = bench_plot_write(list, n, &options.plot, options.svg);
    for (int i = 0; i < n; i++) gt_results_free(list[i]);
    return st;
}

BENCH_MAIN(.name = "report", .help = "FILE ...: saved results (.json, .h5) as tables", .files = report)
