/* SPDX-License-Identifier: Apache-2.0
 * Reading metrics.h5, also while a run writes it: `images` says how many rows are complete. */
#include "gantry/runlog.h"

#include <stdlib.h>

#include "files/h5/door/h5.h"
#include "run/stats_line.h"

enum { MOST_ROWS = 1 << 24 };

typedef struct reader {
    gt_h5_file file;
    gt_stats *stats;
    double *rows; /* [ticks,3]: num, mean, std */
} reader;

static bool is_axis(const gt_h5_set *s) { return s->n_dims == 1 && s->rows <= MOST_ROWS; }

/* What of a set cannot be read is missing; GT_NOMEM: that is not known. */
static gt_status fill_series(reader *r, gt_h5_set *set, gt_stats_series *series) {
    int n = !is_axis(set) ? 0 : set->rows < r->stats->ticks ? (int)set->rows : r->stats->ticks;
    gt_status st = gt_h5_set_read(set, 0, n, GT_NUMBER_STATISTIC, r->rows);
    for (int t = 0; t < n && !st; t++) {
        const double *row = r->rows + 3 * t;
        series->values[t] = (gt_stat_value){series->name, row[0], row[1], row[2]};
    }
    return st == GT_NOMEM ? st : GT_OK;
}

/* Every set of statistics is a series. Others are passed over. */
static gt_status visit_set(void *arg, const char *path) {
    reader *r = arg;
    gt_stats *s = r->stats;
    gt_h5_set *set;
    if (!gt_stats_has_room(s, s->ticks, GT_STATS_MOST_VALUES)) return GT_OK;
    gt_status st = gt_h5_set_open(&set, &r->file, path);
    if (st) return st == GT_NOMEM ? st : GT_OK;
    if (set->kind == GT_H5_STATISTIC) {
        gt_stats_series *series = gt_stats_add_series(s, path + 1, s->ticks);
        st = series ? fill_series(r, set, series) : GT_NOMEM;
    }
    gt_h5_set_close(set);
    return st;
}

static gt_status read_axis(reader *r, const char *name, gt_number type, void *out) {
    gt_h5_set *set;
    gt_status st = gt_h5_set_open(&set, &r->file, name);
    if (!st && (!is_axis(set) || set->rows < r->stats->ticks)) st = gt_fail(GT_FORMAT, "'%s' is too short", name);
    if (!st) st = gt_h5_set_read(set, 0, r->stats->ticks, type, out);
    gt_h5_set_close(set);
    return st;
}

static gt_status read_all(reader *r, gt_arena *a, int64_t rows) {
    gt_stats *s = r->stats = gt_stats_new(a, rows);
    r->rows = calloc((size_t)rows + 1, 3 * sizeof *r->rows);
    if (!s || !r->rows) return GT_NOMEM;
    s->ticks = (int)rows;
    gt_status st = read_axis(r, "images", GT_NUMBER_INT64, s->images);
    for (int i = 0; i < s->ticks && !st; i++)
        if (s->images[i] < 0) st = gt_fail(GT_FORMAT, "its numbers of images are damaged");
    if (!st) st = read_axis(r, "timestamp", GT_NUMBER_DOUBLE, s->timestamp);
    return st ? st : gt_h5_each(&r->file, true, visit_set, r);
}

/* The number of ticks; `other` unless there is an axis of them. */
static gt_status count_rows(reader *r, int64_t *rows, bool *other) {
    gt_h5_set *images = NULL;
    gt_status st = gt_h5_has(&r->file, "timestamp") ? gt_h5_set_open(&images, &r->file, "images")
                                                    : gt_fail(GT_FORMAT, "there is no 'timestamp'");
    if (!st && !is_axis(images)) st = gt_fail(GT_FORMAT, "'images' is not an axis of ticks");
    if (!st) *rows = images->rows;
    *other = st == GT_FORMAT;
    gt_h5_set_close(images);
    return st;
}

gt_stats *gt_metrics_read(const char *path, bool *other) {
    reader r = {0};
    int64_t rows = 0;
    gt_arena *a = gt_arena_new();
    *other = false;
    gt_status st = gt_h5_open(&r.file, path);
    if (!st && !(st = count_rows(&r, &rows, other))) st = a ? read_all(&r, a, rows) : GT_NOMEM;
    if (st == GT_NOMEM || !a || gt_arena_failed(a)) gt_fail(GT_NOMEM, "out of memory for the metric log '%s'", path);
    else if (st && r.file.id) gt_wrap(st, "'%s' cannot be read as a metric log", path);
    gt_h5_close(&r.file);
    free(r.rows);
    if (!st && a) return r.stats;
    gt_arena_free(a);
    return NULL;
}
