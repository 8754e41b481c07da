/* SPDX-License-Identifier: Apache-2.0
 * A run on a terminal: state, main curves of characters, the newest sheet in half blocks, and what can be done next. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figures/door/preview.h"
#include "features/report/report.h"

enum { COLUMNS = 80 };

static void put_state(gt_buffer *out, const char *dir, const gt_starts *starts, const gt_stats *s) {
    const char *state = gt_starts_state(dir, starts);
    double images = s->ticks ? (double)s->images[s->ticks - 1] : 0;
    char young[REPORT_YOUNG];
    gt_buffer_format(out, "%s: %s", dir, *state ? state : "a run");
    if (starts->total > 0)
        gt_buffer_format(out, ", %.1f %% of %.6g kimg", 100 * fmin(1, images / (double)starts->total),
                         (double)starts->total / 1000);
    gt_buffer_format(out, "\n");
    if (*starts->message) gt_buffer_format(out, "%s\n", starts->message);
    if (report_is_young(s, starts, !strcmp(state, "finished"), young)) gt_buffer_format(out, "%s\n", young);
}

static gt_status put_newest(gt_buffer *out, const char *dir, const gt_terminal *t, bool draws) {
    GT_FREED char *path = report_newest_path(dir);
    gt_status st = GT_OK;
    if (!path) return GT_OK;
    gt_buffer_format(out, "\n%s\n", path);
    if (draws) st = preview_file(out, GT_PREVIEW_BLOCKS, t, path);
    if (st && st != GT_NOMEM) gt_buffer_format(out, "not shown: %s\n", gt_message());
    return st == GT_NOMEM ? st : GT_OK;
}

static void put_next(void *arg, const char *command, const char *what) {
    gt_buffer_format(arg, "  %-60s   %s\n", command, what);
}

gt_status gt_report_print(const char *dir) {
    report_run run = {.dir = dir, .name = dir};
    gt_starts *starts = NULL;
    GT_BUFFER gt_buffer out = {0};
    const bool terminal = isatty(STDOUT_FILENO);
    const gt_terminal t = terminal ? gt_terminal_look() : (gt_terminal){0};
    gt_status st = report_read(dir, &run.stats, &starts);
    if (!st) put_state(&out, dir, starts, run.stats);
    if (!st && run.stats->ticks) report_main_charts(&out, &run, t.columns > 1 ? t.columns - 1 : COLUMNS, t.coloured);
    if (!st) st = put_newest(&out, dir, &t, t.coloured);
    if (!st) gt_buffer_format(&out, "\nnext:\n");
    if (!st) out.failed |= !report_next_each(dir, starts, put_next, &out);
    if (!st && out.failed) st = gt_fail(GT_NOMEM, "out of memory for the report of '%s'", dir);
    if (!st) fwrite(out.data, 1, out.n, stdout);
    gt_stats_free(run.stats);
    gt_starts_free(starts);
    return st;
}
