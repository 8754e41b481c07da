/* SPDX-License-Identifier: Apache-2.0
 * Runs of other benchmark programs: see points.h. */
#include "common/points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "gantry/program.h"

enum { MOST_RUNS = 64 };

static void add_launcher(gt_buffer *line, const char *launch, int nodes, int ranks, int threads) {
    for (const char *c = launch; *c; c++) {
        bool number = c[0] == '%' && c[1] && strchr("nrt", c[1]);
        if (number) c++;
        if (number) gt_buffer_printf(line, "%d", *c == 'n' ? nodes : *c == 'r' ? ranks : threads);
        else gt_buffer_add(line, c, 1);
    }
    gt_buffer_printf(line, " ");
}

/* Programs lie beside each other; the path is quoted for the shell. */
static bool add_program(gt_buffer *line, const char *program) {
    char folder[GT_PROGRAM_PATH_BYTES];
    gt_program_folder(folder);
    if (!*folder || strchr(folder, '\'')) return false;
    gt_buffer_printf(line, "'%s/%s' --json ", folder, program);
    return true;
}

static FILE *start(const char *launch, int nodes, int ranks, int threads, const char *program, const char *arguments) {
    gt_buffer line = {0};
    if (ranks > 1) add_launcher(&line, launch, nodes, ranks, threads);
    bool fine = add_program(&line, program);
    gt_buffer_printf(&line, "%s", arguments);
    gt_buffer_add(&line, "", 1);
    FILE *f = fine && !line.failed ? popen(line.data, "re") : NULL;
    if (!f) gt_fail(GT_FAILED, "'%s' cannot be started", program);
    gt_buffer_free(&line);
    return f;
}

static gt_results *finish(FILE *f, const char *program) {
    gt_buffer text = {0};
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) gt_buffer_add(&text, piece, n);
    gt_buffer_add(&text, "", 1);
    int status = pclose(f);
    gt_results *r = NULL;
    if (status || text.failed) gt_fail(GT_FAILED, "'%s' ended with status %d (what it said is above)", program, status);
    else r = gt_results_read_json(text.data, program);
    gt_buffer_free(&text);
    return r;
}

gt_results *bench_point(const char *launch, int nodes, int ranks, int threads, const char *program,
                        const char *arguments) {
    FILE *f = start(launch, nodes, ranks, threads, program, arguments);
    return f ? finish(f, program) : NULL;
}

gt_status bench_independent(int n, const char *program, const char *arguments, gt_results **list) {
    FILE *files[MOST_RUNS];
    int started = 0, read = 0;
    if (n > MOST_RUNS) return gt_fail(GT_USAGE, "%d independent runs are too many", n);
    while (started < n && (files[started] = start("", 1, 1, 1, program, arguments))) started++;
    for (int i = 0; i < started; i++)
        if ((list[read] = finish(files[i], program))) read++;
    if (read == n) return GT_OK;
    while (read > 0) gt_results_free(list[--read]);
    return GT_FAILED;
}
