/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: points, and what is said of them, as CSV. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "cli/gmm.h"
#include "gantry/checkpoint.h"

enum { MOST_NAMES = 4096 };

char *gmm_columns_of(const gt_cloud *c, int d) {
    const char *name[MOST_NAMES];
    if (d > MOST_NAMES || !gt_cloud_name(c, 0)) return NULL;
    for (int i = 0; i < d; i++) name[i] = gt_cloud_name(c, i);
    return gt_class_names_to_text(name, d);
}

static void add_name(gt_buffer *b, const char *name) {
    if (!strpbrk(name, ",;\t\"")) {
        gt_buffer_add(b, name, strlen(name));
        return;
    }
    gt_buffer_add(b, "\"", 1);
    for (; *name; name++) gt_buffer_add(b, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    gt_buffer_add(b, "\"", 1);
}

static gt_status add_heading(gt_buffer *b, const char *names, int d, const gmm_column *columns, int n) {
    gt_arena *a = gt_arena_new();
    const char *const *name = NULL;
    int named = 0;
    gt_status st = a ? GT_OK : GT_NOMEM;
    if (!st && names) st = gt_class_names_from_text(names, a, &name, &named);
    for (int i = 0; i < d && !st; i++) {
        if (i) gt_buffer_add(b, ",", 1);
        if (i < named) add_name(b, name[i]);
        else gt_buffer_printf(b, "x%d", i);
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < columns[i].width || j == 0; j++)
            if (columns[i].width > 1) gt_buffer_printf(b, ",%s%d", columns[i].name, j);
            else gt_buffer_printf(b, ",%s", columns[i].name);
    gt_buffer_add(b, "\n", 1);
    gt_arena_free(a);
    return st;
}

static void add_number(gt_buffer *b, double x, const char *end) {
    char text[32];
    gt_buffer_printf(b, "%s%s", gt_real_text(x, text), end);
}

static void add_columns(gt_buffer *b, int64_t line, const gmm_column *columns, int n) {
    for (int i = 0; i < n; i++) {
        const gmm_column *c = &columns[i];
        int64_t width = c->width ? c->width : 1;
        for (int64_t at = line * width; at < (line + 1) * width; at++)
            if (c->integers) gt_buffer_printf(b, ",%d", c->integers[at]);
            else if (c->doubles) gt_buffer_add(b, ",", 1), add_number(b, c->doubles[at], "");
            else gt_buffer_printf(b, ",%.9g", (double)c->floats[at]);
    }
    gt_buffer_add(b, "\n", 1);
}

gt_status gmm_write_csv(const char *path, gt_cloud *cloud, const char *names, const double *points, int64_t n, int d,
                        const gmm_column *columns, int n_columns) {
    gt_buffer b = {0};
    double *row = points ? NULL : malloc((size_t)d * sizeof *row);
    gt_status st = path && (points || row) ? add_heading(&b, names, d, columns, n_columns)
                                           : gt_fail(GT_NOMEM, "out of memory for a table of points");
    for (int64_t i = 0; i < n && !st; i++) {
        gt_progress();
        if (!points) st = gt_cloud_read(cloud, i, 1, row);
        const double *x = points ? points + i * d : row;
        for (int j = 0; j < d && !st; j++) add_number(&b, x[j], j + 1 < d ? "," : "");
        if (!st) add_columns(&b, i, columns, n_columns);
    }
    free(row);
    if (!st) return gt_buffer_write(&b, path);
    gt_buffer_free(&b);
    return st;
}
