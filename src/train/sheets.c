/* SPDX-License-Identifier: Apache-2.0
 * The metrics of the sheets that a run shows (gantry/metric.h): how far generated pictures are from real ones, how much
 * they differ from each other. Rank 0 has the sheets, and computes. */
#include "gantry/grid.h"
#include "gantry/metric.h"
#include "train/measurer.h"

typedef struct sheets {
    gt_sheet_metrics *metrics; /* NULL on other ranks */
} sheets;

static gt_status open_metrics(gt_engine *e, sheets *s) {
    gt_grid grid;
    gt_status st = gt_sheet_grid(e, &grid);
    if (st) return st;
    s->metrics = gt_sheet_metrics_new(e->model->kernels, e->info->height, e->info->width, e->info->channels,
                                      grid.columns * grid.rows);
    return s->metrics ? GT_OK : GT_NOMEM;
}

static gt_status open_all(gt_engine *e, void *own) {
    return gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : open_metrics(e, own));
}

static void close_metrics(void *own) { gt_sheet_metrics_free(((sheets *)own)->metrics); }

static bool needs_reals(const void *own) { return !gt_sheet_metrics_know_reals(((const sheets *)own)->metrics); }

static void take_sheet(void *own, const gt_sheet_pictures *p) {
    gt_sheet_metrics_add(((sheets *)own)->metrics, p->set, p->images);
}

static void put_sheet(void *own, gt_values *values) {
    gt_stat_value fresh[GT_SHEET_MAX_VALUES];
    int n = 0;
    gt_sheet_metrics_put(((sheets *)own)->metrics, fresh, &n);
    for (int i = 0; i < n; i++) gt_values_put_stat(values, fresh[i], NULL);
}

static void read_past(gt_engine *e, gt_journal *j, void *own) {
    (void)e;
    gt_sheet_metrics_go_on(((sheets *)own)->metrics, j->log);
}

const gt_measurer gt_measurer_sheets = {
    .name = "metrics of sheets",
    .own_bytes = sizeof(sheets),
    .open_all = open_all,
    .close = close_metrics,
    .needs_reals = needs_reals,
    .take_sheet = take_sheet,
    .put_sheet = put_sheet,
    .begin = read_past,
};
