/* SPDX-License-Identifier: Apache-2.0
 * The curves of gantry anomalies: the histogram of errors, and the ROC curve. */
#include <math.h>

#include "cli/anomalies.h"
#include "gantry/figure.h"
#include "gantry/file.h"

enum { BARS = 50 };

typedef struct outline { /* of a histogram with the bars of another */
    double x[2 * BARS], y[2 * BARS];
} outline;

/* Densities of the errors of one kind of images. */
static void count_kind(const anomalies *a, anomaly_kind kind, const double *edges, double *heights) {
    double n = 0, width = edges[1] - edges[0];
    for (int64_t i = 0; i < a->n; i++) n += a->all[i].kind == kind && isfinite(a->all[i].error);
    for (int k = 0; k < BARS; k++) heights[k] = 0;
    for (int64_t i = 0; i < a->n; i++) {
        if (a->all[i].kind != kind || !isfinite(a->all[i].error)) continue;
        int k = (int)(((double)a->all[i].error - edges[0]) / width);
        heights[k < BARS ? k : BARS - 1] += 1 / (n * width);
    }
}

gt_status anomalies_draw_errors(const cli_session *s, const anomalies *a, double quantile) {
    double edges[BARS + 1], heights[BARS], others[BARS], top = 0;
    outline *o = gt_arena_alloc(s->arena, sizeof *o);
    char label[64];
    gt_curve curves[2];
    int n_curves = 0;
    if (!o) return GT_NOMEM;
    gt_histogram(&a->all->error, a->n, sizeof *a->all / sizeof(float), BARS, edges, heights);
    if (a->classes) {
        count_kind(a, ANOMALY_NORMAL, edges, heights);
        count_kind(a, ANOMALY_OTHER, edges, others);
        for (int i = 0; i < 2 * BARS; i++) {
            o->x[i] = edges[(i + 1) / 2];
            o->y[i] = others[i / 2];
            top = fmax(top, o->y[i]);
        }
        curves[n_curves++] = (gt_curve){.label = "other classes", .n = 2 * BARS, .x = o->x, .y = o->y};
    }
    for (int k = 0; k < BARS; k++) top = fmax(top, heights[k]);
    snprintf(label, sizeof label, "threshold %.4g (quantile %g)", a->threshold, quantile);
    curves[n_curves++] = (gt_curve){
        .label = label, .n = 2, .x = (double[]){a->threshold, a->threshold}, .y = (double[]){0, top}, .colour = 7};
    gt_panel p = {.title = a->classes ? "reconstruction errors; bars: normal images" : "reconstruction errors",
                  .x_label = "error of an image",
                  .y_label = "density",
                  .bars = {BARS, edges, heights},
                  .n_curves = n_curves,
                  .curves = curves};
    return gt_figure_write(cli_out(s, "errors"), &p, 1, 1);
}

/* A place of the ROC curve behind each group of equal errors: shares of normal images and of others at or above it. */
typedef struct roc {
    int n;
    double *false_alarms, *found, *error;
    double area;
} roc;

static gt_status make_roc(const cli_session *s, const anomalies *a, roc *r) {
    size_t room = (size_t)a->n + 1;
    int64_t total[3] = {0}, so_far[3] = {0};
    *r = (roc){.n = 1,
               .false_alarms = gt_arena_array(s->arena, room, sizeof *r->found),
               .found = gt_arena_array(s->arena, room, sizeof *r->found),
               .error = gt_arena_array(s->arena, room, sizeof *r->found)};
    if (!r->false_alarms || !r->found || !r->error) return GT_NOMEM;
    r->error[0] = INFINITY;
    for (int64_t i = 0; i < a->n; i++) total[a->all[i].kind]++;
    for (int64_t i = 0; i < a->n; i++) {
        so_far[a->all[i].kind]++;
        if (i + 1 < a->n && a->all[i + 1].error == a->all[i].error) continue;
        double alarms = (double)so_far[ANOMALY_NORMAL] / (double)total[ANOMALY_NORMAL],
               found = (double)so_far[ANOMALY_OTHER] / (double)total[ANOMALY_OTHER];
        int k = r->n;
        if (alarms == r->false_alarms[k - 1] && found == r->found[k - 1]) continue; /* of images without a class */
        r->area += (alarms - r->false_alarms[k - 1]) * (found + r->found[k - 1]) / 2;
        r->false_alarms[k] = alarms, r->found[k] = found, r->error[k] = (double)a->all[i].error;
        r->n++;
    }
    return GT_OK;
}

gt_status anomalies_write_roc(const cli_session *s, const anomalies *a, double *auc) {
    roc r;
    gt_buffer b = {0};
    char title[64];
    gt_status st = make_roc(s, a, &r);
    if (st) return st;
    *auc = r.area;
    gt_buffer_printf(&b, "error,false_positive_rate,true_positive_rate\n");
    for (int i = 0; i < r.n; i++) gt_buffer_printf(&b, "%.9g,%.9g,%.9g\n", r.error[i], r.false_alarms[i], r.found[i]);
    st = gt_buffer_write(&b, cli_out(s, "roc.csv"));
    snprintf(title, sizeof title, "ROC curve, area %.4f", r.area);
    const gt_curve curves[] = {
        {.n = r.n, .x = r.false_alarms, .y = r.found},
        {.n = 2, .x = (double[]){0, 1}, .y = (double[]){0, 1}, .colour = 7},
    };
    gt_panel p = {.title = title,
                  .x_label = "normal images above the threshold",
                  .y_label = "anomalies above the threshold",
                  .n_curves = 2,
                  .curves = curves};
    return st ? st : gt_figure_write(cli_out(s, "roc"), &p, 1, 1);
}
