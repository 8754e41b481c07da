/* SPDX-License-Identifier: Apache-2.0
 * The metrics of the sheets of a run: see gantry/metric.h. The team of their formulas is the calling rank alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "gantry/log.h"
#include "gantry/memory.h"
#include "gantry/runlog.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

struct gt_sheet_metrics {
    gt_team team;
    int height, width, channels;
    int64_t count;
    uint8_t *reals;                     /* NULL: not known */
    double values[GT_SHEET_MAX_VALUES]; /* of the rows with each_sheet, in the order of the table; NaN: none */
};

/* Row i of those that are computed of sheets, from 0. */
static const gt_metric *sheet_row(int i) {
    const gt_metric *m;
    for (int k = 0; i < GT_SHEET_MAX_VALUES && (m = gt_metric_at(k)); k++)
        if (m->each_sheet && !i--) return m;
    return NULL;
}

gt_sheet_metrics *gt_sheet_metrics_new(const gt_kernel_set *kernels, int height, int width, int channels,
                                       int64_t count) {
    gt_comm *alone = gt_comm_alone();
    gt_sheet_metrics *m = alone ? calloc(1, sizeof *m) : NULL;
    if (!m) {
        gt_comm_stop_all(alone);
        gt_fail(GT_NOMEM, "out of memory for metrics");
        return NULL;
    }
    *m = (gt_sheet_metrics){.team = {.comm = alone, .kernels = kernels},
                            .height = height,
                            .width = width,
                            .channels = channels,
                            .count = count};
    for (int i = 0; i < GT_SHEET_MAX_VALUES; i++) m->values[i] = NAN;
    return m;
}

void gt_sheet_metrics_free(gt_sheet_metrics *m) {
    if (!m) return;
    gt_comm_stop_all(m->team.comm);
    free(m->reals);
    free(m);
}

static bool needs_reals(const gt_metric *row) { return row->needs & GT_METRIC_REALS; }

bool gt_sheet_metrics_know_reals(const gt_sheet_metrics *m) {
    const gt_metric *row;
    for (int i = 0; (row = sheet_row(i)); i++)
        if (row->of_data ? isnan(m->values[i]) : needs_reals(row) && !m->reals) return false;
    return true;
}

/* The pictures in 8 bits; NULL: out of memory. */
static uint8_t *bytes_of(const gt_sheet_metrics *m, const float *pictures) {
    size_t n = (size_t)m->count * (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    uint8_t *bytes = malloc(n + 1);
    if (bytes) gt_samples_of_floats(&GT_SAMPLES_OF_8_BITS, pictures, n, bytes);
    else gt_fail(GT_NOMEM, "out of memory for the bytes of %lld pictures", (long long)m->count);
    return bytes;
}

static gt_metric_set set_of(const gt_sheet_metrics *m, const uint8_t *bytes, const float *floats) {
    return (gt_metric_set){.count = m->count,
                           .pictures = bytes,
                           .floats = floats,
                           .height = m->height,
                           .width = m->width,
                           .channels = m->channels};
}

static void keep_value(void *arg, const char *suffix, double value) {
    (void)suffix;
    *(double *)arg = value;
}

/* NaN: there is none this time. */
static double value_of(const gt_sheet_metrics *m, const gt_metric *row, const uint8_t *bytes, const float *floats) {
    double value = NAN;
    gt_metric_input in = {.team = &m->team, .is_sheet = true, .put = keep_value, .arg = &value};
    if (row->of_data) in.reals = set_of(m, bytes, floats);
    else in.fakes = set_of(m, bytes, floats);
    if (!row->of_data && needs_reals(row)) in.reals = set_of(m, m->reals, NULL);
    if (!row->of_data && needs_reals(row) && !m->reals) return NAN;
    gt_status st = row->compute_all(&in);
    if (st && st != GT_USAGE) gt_warn("no %s this time: %s", row->series, gt_message());
    return st ? NAN : value;
}

void gt_sheet_metrics_add(gt_sheet_metrics *m, int set, const float *pictures) {
    const gt_metric *row;
    bool of_data = set == GT_SHEET_REALS;
    uint8_t *bytes = bytes_of(m, pictures);
    if (!bytes) gt_warn("no metrics of the pictures this time: %s", gt_message());
    for (int i = 0; bytes && (row = sheet_row(i)); i++)
        if (row->of_data == of_data) m->values[i] = value_of(m, row, bytes, pictures);
    if (of_data && bytes) {
        free(m->reals);
        m->reals = bytes;
    } else free(bytes);
}

void gt_sheet_metrics_put(gt_sheet_metrics *m, gt_stat_value *values, int *n) {
    const gt_metric *row;
    for (int i = 0; (row = sheet_row(i)); i++) {
        if (!isnan(m->values[i])) values[(*n)++] = (gt_stat_value){row->series, 1, m->values[i], 0};
        if (!row->of_data) m->values[i] = NAN;
    }
}

void gt_sheet_metrics_go_on(gt_sheet_metrics *m, const gt_runlog *log) {
    const gt_metric *row;
    for (int i = 0; (row = sheet_row(i)); i++) {
        double last = row->of_data ? gt_runlog_last(log, row->series) : 0;
        m->values[i] = last > 0 ? last : NAN;
    }
}
