/* SPDX-License-Identifier: Apache-2.0
 * Line charts: see chart.h. */
#include "report/chart.h"

#include <math.h>

#include "gantry/metric.h"
#include "metrics/score.h"
#include "report/html.h"
#include "report/plot.h"

enum {
    WIDTH = 560,
    HEIGHT = 210,
    LEFT = 54,
    RIGHT = 10,
    TOP = 8,
    BOTTOM = 24,
    MOST_POINTS = 400,
    X_STEPS = 6,
    Y_STEPS = 5
};

static const double LEAST = 1e-305, MOST = 1e300; /* so that sums and quotients of them stay numbers */

typedef struct line { /* of a chart; series NULL: there is none */
    const gt_stats_series *series;
    double (*map)(double);
    double last; /* of the finite values; NaN: there is none */
} line;

static double value(const line *l, int tick) {
    double x = l->series->values[tick].mean;
    return l->map ? l->map(x) : x;
}

/* Ends on marks, unless the axis is that of images (`whole`). Numbers that hardly differ count as one, or a step would
 * be lost in them. */
static axis make_axis(double lo, double hi, int steps, bool whole) {
    double size = fmax(fabs(lo), fabs(hi));
    if (!(hi - lo > 1e-9 * size) || size < LEAST) {
        double around = size < LEAST ? 1 : size * 0.1;
        lo -= whole ? 0 : around;
        hi += around;
    }
    double step = plot_step((hi - lo) / steps, true);
    if (whole) return (axis){.lo = lo, .hi = hi, .step = step, .from = LEFT, .to = WIDTH - RIGHT};
    return (axis){
        .lo = floor(lo / step) * step, .hi = ceil(hi / step) * step, .step = step, .from = HEIGHT - BOTTOM, .to = TOP};
}

/* Averages of equal stretches of ticks; a stretch without a value is a gap (not in rare series). */
static void draw_line(const pen *p, const gt_stats *s, const line *l, int colour, const axis *x, const axis *y,
                      double unit) {
    bool rare = gt_metric_of_fakes(l->series->name) ||
                !strncmp(l->series->name, GT_SCORE_SERIES, strlen(GT_SCORE_SERIES));
    int stretch = (s->ticks + MOST_POINTS - 1) / MOST_POINTS, points = 0;
    double places[MOST_POINTS], means[MOST_POINTS];
    for (int begin = 0; begin < s->ticks; begin += stretch) {
        double sum = 0, at = 0;
        int n = 0;
        for (int t = begin; t < begin + stretch && t < s->ticks; t++) {
            double v = value(l, t);
            if (!isfinite(v)) continue;
            sum += v;
            at += (double)s->images[t] / unit;
            n++;
        }
        if (!n && rare) continue;
        places[points] = at / n;
        means[points++] = sum / n;
    }
    plot_curve(p, x, y, &(gt_curve){.n = points, .x = places, .y = means}, colour, false);
}

static void draw_legend(gt_buffer *out, const chart *c, const line *lines) {
    gt_buffer_printf(out, "<div class=\"legend\">");
    for (int i = 0; i < CHART_LINES; i++) {
        if (isnan(lines[i].last)) continue;
        gt_buffer_printf(out, "<span><i class=\"k%d\"></i>", i);
        html_text(out, "", c->lines[i].label, "");
        gt_buffer_printf(out, " <b>%.4g</b></span>", lines[i].last);
    }
    gt_buffer_printf(out, "</div>");
}

void chart_draw(gt_buffer *out, const gt_stats *s, const chart *c) {
    double lo = INFINITY, hi = -INFINITY;
    line lines[CHART_LINES];
    for (int i = 0; i < CHART_LINES; i++) {
        lines[i] = (line){c->lines[i].series ? gt_stats_find(s, c->lines[i].series) : NULL, c->lines[i].map, NAN};
        for (int t = 0; lines[i].series && t < s->ticks; t++) {
            double v = value(&lines[i], t);
            if (!isfinite(v)) continue;
            lines[i].last = v;
            lo = fmin(lo, v);
            hi = fmax(hi, v);
        }
    }
    if (!(hi >= lo) || lo < -MOST || hi > MOST) return;
    int64_t first = s->images[0], last = first;
    for (int t = 0; t < s->ticks; t++) { /* in any order: it may be nobody's run */
        if (s->images[t] < first) first = s->images[t];
        if (s->images[t] > last) last = s->images[t];
    }
    bool kimg = last >= 10000;
    double unit = kimg ? 1000 : 1;
    axis x = make_axis((double)first / unit, (double)last / unit, X_STEPS, true), y = make_axis(lo, hi, Y_STEPS, false);
    html_figure(out, c->title, c->note);
    draw_legend(out, c, lines);
    gt_buffer_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT);
    pen p = {.page = out};
    plot_marks(&p, &x, &y);
    plot_text(&p, WIDTH - RIGHT, HEIGHT - 6, 1, 0, 0, kimg ? "kimg" : "images");
    for (int i = 0; i < CHART_LINES; i++)
        if (lines[i].series) draw_line(&p, s, &lines[i], i, &x, &y, unit);
    gt_buffer_printf(out, "</svg></figure>\n");
}
