/* SPDX-License-Identifier: Apache-2.0
 * What commands have written, for other languages: logs of runs, arrays of HDF5 files. See gantry/flat.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "figures/door/figure.h"
#include "files/h5/door/h5.h"
#include "gantry/flat.h"
#include "gantry/runlog.h"
#include "gantry/shape.h"
#include "gantry/status.h"
#include "gantry/text.h"
#include "run/door/rundir.h"

struct gt_flat_log {
    gt_stats *stats;
};

/* A run that has not reached its first tick has a job and no log. */
static gt_status look(const char *run) {
    static const char *const files[] = {"stats.jsonl", "job.ini", "starts.jsonl"};
    struct stat about;
    if (stat(run, &about)) return gt_fail(GT_FAILED, "'%.200s' is not there", run);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", run, files[i]) < (int)sizeof path && !access(path, R_OK)) return GT_OK;
    }
    return gt_fail(GT_FAILED, "'%.200s' is not a folder of a run: it has neither stats.jsonl nor job.ini", run);
}

static gt_status open_log(gt_flat_log *l, const char *run) {
    char path[4096];
    gt_status st = look(run);
    if (st) return st;
    snprintf(path, sizeof path, "%s/stats.jsonl", run);
    l->stats = gt_stats_read(path);
    return l->stats ? GT_OK : gt_failure();
}

gt_flat_log *gt_flat_log_open(const char *run, int *status) {
    gt_flat_log *l = calloc(1, sizeof *l);
    *status = l ? (int)open_log(l, run) : (int)gt_fail(GT_NOMEM, "out of memory for a log");
    if (!*status) return l;
    gt_flat_log_close(l);
    return NULL;
}

void gt_flat_log_close(gt_flat_log *l) {
    if (!l) return;
    gt_stats_free(l->stats);
    free(l);
}

int gt_flat_log_ticks(const gt_flat_log *l) { return l->stats->ticks; }

const char *gt_flat_log_name(const gt_flat_log *l, int i) {
    return i >= 0 && i < l->stats->n_series ? l->stats->series[i].name : NULL;
}

const char *gt_flat_log_unit(const char *series) {
    const gt_series *row = gt_series_of(series);
    return row ? row->unit : "";
}

int gt_flat_log_read(const gt_flat_log *l, const char *series, double *mean, double *std, double *num) {
    const gt_stats_series *s = gt_stats_find(l->stats, series);
    if (!s) return gt_fail(GT_USAGE, "the log has no series '%.100s'", series);
    for (int i = 0; i < l->stats->ticks; i++) {
        if (mean) mean[i] = s->values[i].mean;
        if (std) std[i] = s->values[i].std;
        if (num) num[i] = s->values[i].num;
    }
    return GT_OK;
}

void gt_flat_log_images(const gt_flat_log *l, int64_t *images) {
    for (int i = 0; i < l->stats->ticks; i++) images[i] = l->stats->images[i];
}

int gt_flat_run_state(const char *run, char state[16]) {
    gt_starts *s = gt_starts_read(run);
    if (s) snprintf(state, 16, "%s", gt_starts_state(run, s));
    gt_starts_free(s);
    return s ? GT_OK : gt_failure();
}

int gt_flat_curve(const char *file, const char *title, const char *x_label, const char *y_label, int n, const double *x,
                  const double *y) {
    const gt_curve curve = {.n = n, .x = x, .y = y};
    return gt_figure_write_as(
        file, &(gt_panel){.title = title, .x_label = x_label, .y_label = y_label, .n_curves = 1, .curves = &curve}, 1,
        1);
}

/* ---- arrays ---- */

static gt_status open_set(gt_h5_file *f, gt_h5_set **set, const char *file, const char *name) {
    *set = NULL;
    gt_status st = gt_h5_open(f, file);
    if (!st) st = gt_h5_set_open(set, f, name);
    if (st) return st;
    if ((*set)->kind != GT_H5_INTEGER && (*set)->kind != GT_H5_FLOAT)
        return gt_fail(GT_FORMAT, "%s: '%s' has no numbers", file, name);
    return (*set)->n_dims > GT_MAX_DIMS ? gt_fail(GT_FORMAT, "%s: '%s' has too many dimensions", file, name) : GT_OK;
}

int gt_flat_array_shape(const char *file, const char *name, int64_t shape[GT_MAX_DIMS], int *dimensions) {
    gt_h5_file f = {0};
    gt_h5_set *set;
    gt_status st = open_set(&f, &set, file, name);
    if (!st) memcpy(shape, set->dims, (size_t)set->n_dims * sizeof *shape);
    if (!st) *dimensions = set->n_dims;
    gt_h5_close(&f);
    return st;
}

int gt_flat_array_read(const char *file, const char *name, size_t numbers, double *values) {
    gt_h5_file f = {0};
    gt_h5_set *set;
    gt_status st = open_set(&f, &set, file, name);
    if (!st && set->elements != numbers) st = gt_fail(GT_FORMAT, "%s: '%s' has changed meanwhile", file, name);
    if (!st) st = gt_h5_set_read(set, 0, set->rows, GT_NUMBER_DOUBLE, values);
    gt_h5_close(&f);
    return st;
}
