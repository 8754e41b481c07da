/* SPDX-License-Identifier: Apache-2.0
 * The curves of anomalies (features/anomalies/anomalies.h): the histogram of errors, and the ROC curve. */
#include <math.h>
#include <stdio.h>

#include "features/anomalies/anomalies.h"
#include "figures/door/figure.h"

/* ---- the histogram ---- */

enum { BARS = 50 };

typedef struct histogram {
    double edges[BARS + 1], bars[BARS], others[BARS];
    double outline_x[2 * BARS], outline_y[2 * BARS]; /* of the others */
    double largest;                                  /* density */
} histogram;

/* Densities of the errors of one kind of images. */
static void count_kind(const gt_anomalies *l, gt_anomaly_kind kind, const double *edges, double *heights) {
    double n = 0, width = edges[1] - edges[0];
    for (int64_t i = 0; i < l->n; i++) n += l->all[i].kind == kind && isfinite(l->all[i].error);
    for (int k = 0; k < BARS; k++) heights[k] = 0;
    for (int64_t i = 0; i < l->n; i++) {
        if (l->all[i].kind != kind || !isfinite(l->all[i].error)) continue;
        int k = (int)(((double)l->all[i].error - edges[0]) / width);
        heights[k < BARS ? k : BARS - 1] += 1 / (n * width);
    }
}

static void count_errors(const gt_anomalies *l, histogram *h) {
    *h = (histogram){0};
    gt_histogram(&l->all->error, l->n, sizeof *l->all / sizeof(float), BARS, h->edges, h->bars);
    if (l->normal) {
        count_kind(l, GT_ANOMALY_NORMAL, h->edges, h->bars);
        count_kind(l, GT_ANOMALY_OTHER, h->edges, h->others);
    }
    for (int i = 0; i < 2 * BARS; i++) {
        h->outline_x[i] = h->edges[(i + 1) / 2];
        h->outline_y[i] = h->others[i / 2];
        h->largest = fmax(h->largest, fmax(h->outline_y[i], h->bars[i / 2]));
    }
}

gt_status gt_anomalies_plot_errors(const gt_anomalies *l, const char *stem) {
    histogram h;
    char label[64];
    gt_curve curves[2];
    int n = 0;
    count_errors(l, &h);
    int said = snprintf(label, sizeof label, "threshold %.4g", l->threshold);
    if (!isnan(l->quantile)) snprintf(label + said, sizeof label - (size_t)said, " (quantile %g)", l->quantile);
    if (l->normal)
        curves[n++] = (gt_curve){.label = "other classes", .n = 2 * BARS, .x = h.outline_x, .y = h.outline_y};
    curves[n++] = (gt_curve){.label = label,
                             .n = 2,
                             .x = (double[]){l->threshold, l->threshold},
                             .y = (double[]){0, h.largest},
                             .colour = 7};
    gt_panel p = {.title = l->normal ? "reconstruction errors; bars: normal images" : "reconstruction errors",
                  .x_label = "error of an image",
                  .y_label = "density",
                  .bars = {BARS, h.edges, h.bars},
                  .n_curves = n,
                  .curves = curves};
    return stem ? gt_figure_write(stem, &p, 1, 1) : GT_NOMEM;
}

/* ---- the ROC curve ---- */

gt_status gt_roc_of(gt_arena *a, const gt_anomalies *l, gt_roc *out) {
    size_t room = (size_t)l->n + 1;
    int64_t total[3] = {0}, so_far[3] = {0};
    *out = (gt_roc){.n = 1,
                    .false_positives = gt_arena_array(a, room, sizeof *out->false_positives),
                    .true_positives = gt_arena_array(a, room, sizeof *out->true_positives),
                    .threshold = gt_arena_array(a, room, sizeof *out->threshold)};
    if (gt_arena_failed(a)) return GT_NOMEM;
    out->threshold[0] = INFINITY;
    for (int64_t i = 0; i < l->n; i++) total[l->all[i].kind]++;
    for (int64_t i = 0; i < l->n; i++) {
        so_far[l->all[i].kind]++;
        if (i + 1 < l->n && l->all[i + 1].error == l->all[i].error) continue;
        double alarms = (double)so_far[GT_ANOMALY_NORMAL] / (double)total[GT_ANOMALY_NORMAL],
               found = (double)so_far[GT_ANOMALY_OTHER] / (double)total[GT_ANOMALY_OTHER];
        double last_alarms = out->false_positives[out->n - 1], last_found = out->true_positives[out->n - 1];
        if (alarms == last_alarms && found == last_found) continue; /* of images without a class */
        out->area += (alarms - last_alarms) * (found + last_found) / 2;
        out->false_positives[out->n] = alarms;
        out->true_positives[out->n] = found;
        out->threshold[out->n++] = (double)l->all[i].error;
    }
    return GT_OK;
}

static gt_status write_points(const gt_roc *r, const char *path) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "error,false_positive_rate,true_positive_rate\n");
    for (int i = 0; i < r->n; i++)
        gt_buffer_printf(&b, "%.9g,%.9g,%.9g\n", r->threshold[i], r->false_positives[i], r->true_positives[i]);
    return gt_buffer_write(&b, path);
}

gt_status gt_roc_write(gt_arena *a, const gt_roc *r, const char *stem) {
    char title[64];
    snprintf(title, sizeof title, "ROC curve, area %.4f", r->area);
    const gt_curve curves[] = {
        {.n = r->n, .x = r->false_positives, .y = r->true_positives},
        {.n = 2, .x = (double[]){0, 1}, .y = (double[]){0, 1}, .colour = 7},
    };
    gt_panel p = {.title = title,
                  .x_label = "normal images above the threshold",
                  .y_label = "anomalies above the threshold",
                  .n_curves = 2,
                  .curves = curves};
    gt_status st = write_points(r, gt_arena_printf(a, "%s.csv", stem));
    return st ? st : gt_figure_write(stem, &p, 1, 1);
}
