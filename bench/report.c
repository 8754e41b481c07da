/* SPDX-License-Identifier: Apache-2.0
 * Results that other benchmark programs have written, as tables, as one HDF5 file, and as a plot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "common/plot.h"
#include "common/program.h"
#include "report/door/figure.h"

enum { MOST_RESULTS = 1024 };
static const size_t most_json = (size_t)64 << 20;

typedef struct report_options {
    bench_common common;
    const char *h5, *svg, *csv;
    bench_plot plot;
    bool overwrite;
} report_options;

static report_options options;

static const gt_option rows[] = {
    {BENCH_ROW(report_options, "h5", h5, "", "Write all results to this HDF5 file"),
     BENCH_WRITES("*.h5", GT_OUTFILE_DATASET)},
    {BENCH_ROW(report_options, "csv", csv, "", "Write the rows of all tables 'scaling' to this file"),
     BENCH_WRITES("*.csv", GT_OUTFILE_TABLE)},
    {BENCH_ROW(report_options, "svg", svg, "", "Plot images/s over cores, or --y over --x, to this file"),
     BENCH_WRITES("*.svg", GT_OUTFILE_PICTURE)},
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

/* Images per second over cores: a line for each recipe, kind of scaling and number of threads a rank, from all
 * `scaling` results; for a model's table one for each network. */
static gt_status plot_ranks(gt_results *const *list, int n, const char *path) {
    enum { MOST_LINES = 12, MOST_POINTS = 64 };
    static double x[MOST_LINES][MOST_POINTS], y[MOST_LINES][MOST_POINTS];
    static char labels[MOST_LINES][96];
    gt_curve lines[MOST_LINES];
    int n_lines = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < list[i]->n_tables; k++) {
            const gt_table *t = &list[i]->tables[k];
            for (int r = 0; r < t->n_rows && t->n_columns > 1; r++) {
                double ranks = gt_table_number(t, r, "ranks"), rate = gt_table_number(t, r, "rate"),
                       threads = gt_table_number(t, r, "threads");
                bool words = t->columns[0].digits < 0 && t->columns[1].digits < 0;
                if (!words || !(ranks >= 1) || !(rate > 0)) continue;
                const gt_cell *cells = t->cells + r * t->n_columns;
                char label[96];
                bool several = threads > 1;
                snprintf(label, sizeof label, several ? "%.40s, %.30s, %.0f threads" : "%.40s, %.30s", cells[0].text,
                         cells[1].text, threads);
                int l = 0;
                while (l < n_lines && strcmp(labels[l], label)) l++;
                if (l == MOST_LINES) continue;
                if (l == n_lines) {
                    snprintf(labels[l], sizeof labels[l], "%s", label);
                    lines[n_lines++] = (gt_curve){.label = labels[l], .x = x[l], .y = y[l]};
                }
                if (lines[l].n == MOST_POINTS) continue;
                x[l][lines[l].n] = several ? ranks * threads : ranks;
                y[l][lines[l].n++] = rate;
            }
        }
    if (!n_lines) return gt_fail(GT_USAGE, "--svg: these results have no images/s over cores (gantry bench scaling)");
    return gt_figure_write_svg(path, &(gt_panel){.title = "gantry: images per second over cores (ranks x threads)",
                                                 .x_label = "cores",
                                                 .y_label = "images per second",
                                                 .x_scale = GT_LOG_2,
                                                 .y_scale = GT_LOG_10,
                                                 .n_curves = n_lines,
                                                 .curves = lines});
}

static gt_status report(char **files, int n_files) {
    static gt_results *list[MOST_RESULTS];
    int n = 0;
    gt_status st = n_files ? GT_OK : gt_fail(GT_USAGE, "files of results are needed (.json from --json, or .h5)");
    for (int i = 0; i < n_files && !st; i++) st = read_results(files[i], list, &n);
    for (int i = 0; i < n && !st; i++) gt_results_print(list[i], stdout);
    if (!st && *options.h5) st = gt_results_write_h5(list, n, options.h5);
    if (!st && *options.csv) st = write_csv(list, n, "scaling", options.csv);
    bool columns = *options.plot.x || *options.plot.y;
    if (!st && *options.svg && !columns) st = plot_ranks(list, n, options.svg);
    if (!st && *options.svg && columns) st = bench_plot_write(list, n, &options.plot, options.svg);
    for (int i = 0; i < n; i++) gt_results_free(list[i]);
    return st;
}

int main(int argc, char **argv) {
    static const bench_program program = {.name = "report",
                                          .help = "FILE ...: saved results (.json, .h5) as tables",
                                          .rows = rows,
                                          .n_rows = sizeof rows / sizeof *rows,
                                          .fields = &options,
                                          .files = report};
    return bench_main(&program, argc, argv);
}
