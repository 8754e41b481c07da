/* SPDX-License-Identifier: Apache-2.0
 * The metrics of the sheets that a run shows (gantry/metric.h): how far generated pictures are from real ones, how much
 * they differ from each other. Rank 0 has the sheets, and computes; pictures.c gives the sheets as they are drawn. */
#include "gantry/grid.h"
#include "metrics/door/metric.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

typedef gt_sheet_metrics sheets;

static gt_status open_metrics(gt_engine *e) {
    gt_grid grid;
    gt_status st = gt_sheet_grid(e, &grid);
    if (st) return st;
    e->sheets = gt_sheet_metrics_new(e->model->kernels, e->info->height, e->info->width, e->info->channels,
                                     grid.columns * grid.rows);
    return e->sheets ? GT_OK : GT_NOMEM;
}

static gt_status open_all(gt_engine *e, void *own) {
    sheets **s = own;
    gt_status st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : open_metrics(e));
    *s = e->sheets;
    return st;
}

static void close_metrics(void *own) { gt_sheet_metrics_free(*(sheets **)own); }

/* What the sheets since the tick before have given. */
static gt_status measure_all(gt_engine *e, void *own, gt_values *values) {
    gt_stat_value fresh[GT_SHEET_MAX_VALUES];
    int n = 0;
    (void)own;
    if (!e->comm->rank) gt_sheet_metrics_put(e->sheets, fresh, &n);
    for (int i = 0; i < n; i++) gt_values_put_stat(values, fresh[i], NULL);
    return GT_OK;
}

static void read_past(gt_engine *e, gt_journal *j, void *own) {
    (void)own;
    if (j->log) gt_sheet_metrics_go_on(e->sheets, j->log);
}

const gt_measurer gt_measurer_sheets = {
    .name = "metrics of sheets",
    .own_bytes = sizeof(sheets *),
    .open_all = open_all,
    .close = close_metrics,
    .measure_all = measure_all,
    .begin = read_past,
};
