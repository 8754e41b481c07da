/* SPDX-License-Identifier: Apache-2.0
 * Points, and what is said of them, as tables: CSV and arrays of HDF5. */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/h5/door/arrays.h"
#include "features/gmm/mixture.h"
#include "run/door/checkpoint.h"
#include "gantry/memory.h"
#include "features/gmm/mixture_view.h"
#include "gantry/option.h"
#include "base/door/progress.h"

/* ---- names of columns ---- */

gt_status gt_cloud_columns(const gt_cloud *c, gt_arena *a, const char **columns) {
    enum { MAX_NAMES = 4096 };
    const char *name[MAX_NAMES];
    int d = gt_cloud_get_info(c).d;
    *columns = NULL;
    if (d > MAX_NAMES || !gt_cloud_name(c, 0)) return GT_OK;
    for (int i = 0; i < d; i++) name[i] = gt_cloud_name(c, i);
    GT_FREED char *text = gt_class_names_to_text(name, d);
    *columns = text ? gt_arena_printf(a, "%s", text) : NULL;
    return *columns ? GT_OK : GT_NOMEM;
}

static gt_status add_heading(gt_buffer *b, gt_arena *a, const char *names, int d, const gt_point_column *columns,
                             int n) {
    const char *const *name = NULL;
    int named = 0;
    gt_status st = names ? gt_class_names_from_text(names, a, &name, &named) : GT_OK;
    for (int i = 0; i < d && !st; i++) {
        if (i) gt_buffer_add(b, ",", 1);
        if (i < named) gt_buffer_csv(b, name[i]);
        else gt_buffer_printf(b, "x%d", i);
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < columns[i].width || j == 0; j++)
            if (columns[i].width > 1) gt_buffer_printf(b, ",%s%d", columns[i].name, j);
            else gt_buffer_printf(b, ",%s", columns[i].name);
    gt_buffer_add(b, "\n", 1);
    return st;
}

/* ---- CSV ---- */

static void add_number(gt_buffer *b, double x, const char *end) {
    char text[32];
    gt_buffer_printf(b, "%s%s", gt_real_text(x, text), end);
}

static void add_columns(gt_buffer *b, int64_t line, const gt_point_column *columns, int n) {
    for (int i = 0; i < n; i++) {
        const gt_point_column *c = &columns[i];
        int64_t width = c->width ? c->width : 1;
        for (int64_t at = line * width; at < (line + 1) * width; at++)
            if (c->integers) gt_buffer_printf(b, ",%d", c->integers[at]);
            else if (c->doubles) gt_buffer_add(b, ",", 1), add_number(b, c->doubles[at], "");
            else gt_buffer_printf(b, ",%.9g", (double)c->floats[at]);
    }
    gt_buffer_add(b, "\n", 1);
}

gt_status gt_points_write_csv(const char *path, gt_cloud *cloud, const char *names, const double *points, int64_t n,
                              int d, const gt_point_column *columns, int n_columns) {
    gt_buffer b = {0};
    gt_arena *a = gt_arena_new();
    double *row = a ? gt_arena_array(a, (size_t)d, sizeof *row) : NULL;
    gt_status st = row ? add_heading(&b, a, names, d, columns, n_columns) : GT_NOMEM;
    for (int64_t i = 0; i < n && !st; i++) {
        gt_progress();
        if (!points) st = gt_cloud_read(cloud, i, 1, row);
        const double *x = points ? points + i * d : row;
        for (int j = 0; j < d && !st; j++) add_number(&b, x[j], j + 1 < d ? "," : "");
        if (!st) add_columns(&b, i, columns, n_columns);
    }
    gt_arena_free(a);
    if (!st) return gt_buffer_write(&b, path);
    gt_buffer_free(&b);
    return st;
}

/* ---- predictions and samples ---- */

gt_status gt_prediction_write(const gt_prediction *of, int64_t n, int k, const char *path) {
    return gt_arrays_write(path,
                           (gt_array[]){{"responsibilities", GT_NUMBER_FLOAT, 2, {n, k}, of->responsibilities},
                                        {"labels", GT_NUMBER_INT32, 1, {n}, of->labels},
                                        {"log_likelihood", GT_NUMBER_DOUBLE, 1, {n}, of->log_likelihoods}},
                           3);
}

gt_status gt_prediction_write_csv(const gt_prediction *of, const gt_mixture_points *p, int k, const char *path) {
    const gt_point_column columns[] = {{.name = "component", .integers = of->labels},
                                       {.name = "log_likelihood", .doubles = of->log_likelihoods},
                                       {.name = "p", .width = k, .floats = of->responsibilities}};
    bool all = of->responsibilities != NULL;
    GT_ARENA gt_arena *a = gt_arena_new();
    const char *names = NULL;
    gt_status st = a ? gt_cloud_columns(p->cloud, a, &names) : GT_NOMEM;
    if (!st)
        st = gt_points_write_csv(path, p->cloud, names, NULL, p->info.count, p->info.d, all ? columns : &columns[1],
                                 all ? 3 : 1);
    return st;
}

gt_status gt_samples_write(const double *points, const int32_t *components, int64_t n, int d, const char *path) {
    return gt_arrays_write(path,
                           (gt_array[]){{"points", GT_NUMBER_DOUBLE, 2, {n, d}, points},
                                        {"component", GT_NUMBER_INT32, 1, {n}, components}},
                           2);
}
