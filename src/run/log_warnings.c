/* SPDX-License-Identifier: Apache-2.0
 * Reads warnings out of log.txt (log_warnings.h). */
#include "gantry/rundir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lines.h"

/* "2026-11-22 20:06:43 warning: ..." */
static void take_line(const char *line, gt_log_warning *warning, void *arg) {
    char day[12], hour[10], when[32];
    int n = 0;
    if (sscanf(line, "%11s %9s %n", day, hour, &n) != 2 || !n) return;
    const char *text = line + n;
    bool is_warning = !strncmp(text, "warning: ", 9), is_error = !strncmp(text, "error: ", 7);
    if (!is_warning && !is_error) return;
    snprintf(when, sizeof when, "%s %s", day, hour);
    warning(arg, when, text + (is_warning ? 9 : 0));
}

void gt_log_warnings_each(const char *dir, gt_log_warning *warning, void *arg) {
    char *path = gt_path_join(dir, "log.txt");
    gt_lines in;
    if (!path) return;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) take_line(in.text, warning, arg);
    gt_lines_close(&in, st);
    free(path);
}
