/* SPDX-License-Identifier: Apache-2.0
 * gantry bench: the benchmark programs, each a program of its own beside this one (build/bench) or installed (libexec/gantry); and
 * their results as tables, one HDF5 file, and plots. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/program.h"
#include "cli/cli.h"
#include "report/results.h"
#include "gantry/dataset.h"

static const struct {
    const char *name, *help;
} programs[] = {
    {"peak", "FMA peak by instruction set, and memory bandwidth, of one core"},
    {"conv", "convolution layers of the recipes: each direction, each kernel"},
    {"conv_onednn", "the same beside oneDNN, with errors (built where libdnnl-dev is)"},
    {"step", "phases of training: images/s, sec/kimg, share of each family of ops"},
    {"memory", "memory of training steps: planned, touched, held"},
    {"dataset", "the dataset tool beside a loop in Python with Pillow"},
    {"loader", "decoded images/s and core; waiting in training"},
    {"reduce", "sums over ranks, the exact tree against MPI_Allreduce (mpirun)"},
    {"generate", "generated images/s"},
    {"gmm", "iterations of Gaussian mixtures beside scikit-learn"},
    {"scaling", "training on more ranks and threads; --model: up to 1024 ranks"},
    {"report", "FILE ...: saved results (.json, .h5) as tables; --h5=FILE, --svg=FILE"},
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static void list_programs(FILE *f) {
    fputs("usage: gantry bench NAME [--json] [--long] [--key=value ...]\nWhat this machine does, one program per question; each takes --help\n", f);
    for (int i = 0; i < PROGRAMS; i++) fprintf(f, "  %-12s %s\n", programs[i].name, programs[i].help);
}

/* Becomes the program; returns only when it cannot. */
static gt_status become(const char *name, char **argv) {
    static const char *const places[] = {"bench", "../libexec/gantry"};
    char folder[GT_PROGRAM_PATH_BYTES], path[GT_PROGRAM_PATH_BYTES + 256];
    gt_program_folder(folder);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", folder, places[i], name);
        if (!access(path, X_OK)) execv(path, argv);
    }
    return gt_fail(GT_FAILED, "'%s' is not installed: no such program in %s/bench or %s/../libexec/gantry (make bench-programs builds them%s)", name, folder, folder,
                   strcmp(name, "conv_onednn") ? "" : "; this one needs libdnnl-dev");
}

/* ---- report ---- */

typedef struct report_fields {
    const char *h5, *svg;
} report_fields;

enum { MOST_RESULTS = 1024 };
static const size_t most_json = (size_t)64 << 20;

static const gt_option report_rows[] = {
    {.key = "h5", .type = GT_OPTION_TEXT, .path = true, .class = GT_COMMAND, .offset = offsetof(report_fields, h5), .group = "bench", .standard = "", .common = true,
     .help = "With report: write all results to this HDF5 file"},
    {.key = "svg", .type = GT_OPTION_TEXT, .path = true, .class = GT_COMMAND, .offset = offsetof(report_fields, svg), .group = "bench", .standard = "", .common = true,
     .help = "With report: plot images/s over ranks to this file"},
};

const gt_option *cli_bench_options(int *n) {
    *n = sizeof report_rows / sizeof *report_rows;
    return report_rows;
}

static gt_status read_results(const char *path, gt_results **list, int *n) {
    size_t length = strlen(path), bytes;
    if (*n == MOST_RESULTS) return gt_fail(GT_USAGE, "more than %d results", MOST_RESULTS);
    if (length > 3 && !strcmp(path + length - 3, ".h5")) {
        gt_status st = gt_dataset_check_foreign(path, NULL);
        if (st) return st;
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

/* Images per second over ranks: a line for each recipe and kind of scaling with one thread a rank, from all `scaling` results; for a model's
 * table one for each network. */
static gt_status plot(gt_results *const *list, int n, const char *path) {
    enum { MOST_LINES = 12, MOST_POINTS = 64 };
    static double x[MOST_LINES][MOST_POINTS], y[MOST_LINES][MOST_POINTS];
    static char labels[MOST_LINES][96];
    gt_plot_line lines[MOST_LINES];
    int n_lines = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < list[i]->n_tables; k++) {
            const gt_table *t = &list[i]->tables[k];
            for (int r = 0; r < t->n_rows && t->n_columns > 1; r++) {
                double ranks = gt_table_number(t, r, "ranks"), rate = gt_table_number(t, r, "rate"), threads = gt_table_number(t, r, "threads");
                bool words = t->columns[0].digits < 0 && t->columns[1].digits < 0;
                if (!words || !(ranks >= 1) || !(rate > 0) || threads > 1) continue;
                const gt_cell *cells = t->cells + r * t->n_columns;
                char label[96];
                snprintf(label, sizeof label, "%.40s, %.40s", cells[0].text, cells[1].text);
                int l = 0;
                while (l < n_lines && strcmp(labels[l], label)) l++;
                if (l == MOST_LINES) continue;
                if (l == n_lines) {
                    snprintf(labels[l], sizeof labels[l], "%s", label);
                    lines[n_lines++] = (gt_plot_line){.label = labels[l], .x = x[l], .y = y[l]};
                }
                if (lines[l].n == MOST_POINTS) continue;
                x[l][lines[l].n] = ranks;
                y[l][lines[l].n++] = rate;
            }
        }
    if (!n_lines) return gt_fail(GT_USAGE, "--svg: these results have no images/s over ranks (gantry bench scaling)");
    return gt_plot_write(path, "gantry: images per second over ranks, one thread each", "ranks", "images per second", lines, n_lines);
}

static int report(int argc, char **argv) {
    report_fields fields;
    cli_session s;
    int status, n = 0;
    gt_results **list = calloc(MOST_RESULTS, sizeof *list);
    if (!list) return cli_exit("bench", gt_fail(GT_NOMEM, "out of memory"));
    if (cli_begin(&s, "bench", argc, argv, &fields, &status)) {
        gt_status st = s.arguments.n_words ? GT_OK : gt_fail(GT_USAGE, "report: files of results are needed (.json from --json, or .h5)");
        for (int i = 0; i < s.arguments.n_words && !st; i++) st = read_results(s.arguments.words[i], list, &n);
        for (int i = 0; i < n && !st; i++) gt_results_print(list[i], stdout);
        if (!st && *fields.h5) st = gt_results_write_h5(list, n, fields.h5);
        if (!st && *fields.svg) st = plot(list, n, fields.svg);
        status = cli_exit("bench", st);
        cli_end(&s);
    }
    for (int i = 0; i < n; i++) gt_results_free(list[i]);
    free(list);
    return status;
}

int cli_bench(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "--help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        list_programs(stdout);
        return CLI_DONE;
    }
    if (!strcmp(name, "report")) return report(argc - 1, argv + 1);
    for (int i = 0; i < PROGRAMS; i++)
        if (!strcmp(name, programs[i].name)) return cli_exit("bench", become(name, argv + 1));
    return cli_exit("bench", gt_fail(GT_USAGE, "there is no benchmark '%.40s'", name));
}
