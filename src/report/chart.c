/* SPDX-License-Identifier: Apache-2.0
 * Line charts: see chart.h. */
#include "report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gantry/metric.h"
#include "metrics/score.h"
#include "report/html.h"
#include "report/plot.h"
#include "run/series.h"

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
        bool zero = size < LEAST; /* then the axis begins there: most series have no values below */
        lo -= whole || zero ? 0 : size * 0.1;
        hi += zero ? 1 : size * 0.1;
    }
    double step = plot_step((hi - lo) / steps, true);
    if (whole) return (axis){.lo = lo, .hi = hi, .step = step, .from = LEFT, .to = WIDTH - RIGHT};
    return (axis){
        .lo = floor(lo / step) * step, .hi = ceil(hi / step) * step, .step = step, .from = HEIGHT - BOTTOM, .to = TOP};
}

/* Series that most ticks have no value of: a line bridges the gaps. */
static bool is_rare(const char *series) {
    return gt_metric_of_fakes(series) || !strncmp(series, GT_SCORE_SERIES, strlen(GT_SCORE_SERIES));
}

static int stretch_of(const gt_stats *s) { return (s->ticks + MOST_POINTS - 1) / MOST_POINTS; }

/* The mean of a stretch of ticks and its mean place; NaN: there is no value. */
static double mean_of(const gt_stats *s, const line *l, int begin, double unit, double *place) {
    double sum = 0, at = 0;
    int n = 0;
    for (int t = begin; t < begin + stretch_of(s) && t < s->ticks; t++) {
        double v = value(l, t);
        if (!isfinite(v)) continue;
        sum += v;
        at += (double)s->images[t] / unit;
        n++;
    }
    *place = at / n;
    return sum / n;
}

/* Averages of equal stretches of ticks; a stretch without a value is a gap (not in rare series). */
static void draw_line(const pen *p, const gt_stats *s, const line *l, int colour, const axis *x, const axis *y,
                      double unit) {
    int points = 0;
    double places[MOST_POINTS], means[MOST_POINTS];
    for (int begin = 0; begin < s->ticks; begin += stretch_of(s)) {
        means[points] = mean_of(s, l, begin, unit, &places[points]);
        if (!isnan(means[points]) || !is_rare(l->series->name)) points++;
    }
    plot_curve(p, x, y, &(gt_curve){.n = points, .x = places, .y = means}, colour, false);
}

static void put_number(gt_buffer *out, const char *before, double x) {
    if (isfinite(x)) gt_buffer_printf(out, "%s%.6g", before, x);
    else gt_buffer_printf(out, "%snull", before);
}

/* What the script of the page needs of the chart (report.js), as JSON in an attribute. */
static void put_data(gt_buffer *out, const gt_stats *s, const line *lines, const axis *x, const axis *y, double unit) {
    double place;
    bool bridge = false;
    gt_buffer_printf(out, " data-chart='{\"unit\":\"%s\",\"x\":[", unit > 1 ? "kimg" : "images");
    for (int begin = 0; begin < s->ticks; begin += stretch_of(s)) {
        int end = begin + stretch_of(s), last = end < s->ticks ? end - 1 : s->ticks - 1;
        put_number(out, begin ? "," : "", (double)(s->images[begin] + s->images[last]) / 2 / unit);
    }
    gt_buffer_printf(out, "],\"y\":[");
    for (int i = 0, n = 0; i < CHART_LINES; i++) {
        if (isnan(lines[i].last)) continue;
        gt_buffer_printf(out, n++ ? ",[" : "[");
        for (int begin = 0; begin < s->ticks; begin += stretch_of(s))
            put_number(out, begin ? "," : "", mean_of(s, &lines[i], begin, unit, &place));
        gt_buffer_printf(out, "]");
        bridge |= is_rare(lines[i].series->name);
    }
    gt_buffer_printf(out, "],\"bridge\":%s,\"axis\":[%.17g,%.17g,%g,%g,%.17g,%.17g,%g,%g]}'", bridge ? "true" : "false",
                     x->lo, x->hi, x->from, x->to, y->lo, y->hi, y->from, y->to);
}

static void draw_legend(gt_buffer *out, const chart *c, const line *lines) {
    gt_buffer_printf(out, "<div class=\"legend\">");
    for (int i = 0; i < CHART_LINES; i++) {
        if (isnan(lines[i].last)) continue;
        gt_buffer_printf(out, "<span><i class=\"k%d\"></i>", i);
        html_text(out, "", c->lines[i].label, "");
        gt_buffer_printf(out, " <b>%.4g</b></span>", lines[i].last);
    }
    gt_buffer_printf(out, "<span class=\"at\"></span></div>");
}

/* The title has the unit, the note says what the series means where the chart does not. */
static void put_caption(gt_buffer *out, const chart *c, const line *lines) {
    const gt_series *known = NULL;
    char title[200];
    for (int i = 0; i < CHART_LINES && !known; i++)
        if (lines[i].series) known = gt_series_of(lines[i].series->name);
    const char *unit = known && !c->lines[0].map ? known->unit : "";
    snprintf(title, sizeof title, "%s%s%s%s", c->title, *unit ? " (" : "", unit, *unit ? ")" : "");
    html_figure(out, title, *c->note || !known ? c->note : known->help);
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
    put_caption(out, c, lines);
    draw_legend(out, c, lines);
    gt_buffer_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"", WIDTH, HEIGHT);
    put_data(out, s, lines, &x, &y, unit);
    gt_buffer_printf(out, ">");
    pen p = {.page = out};
    plot_marks(&p, &x, &y);
    plot_text(&p, WIDTH - RIGHT, HEIGHT - 6, 1, 0, 0, kimg ? "kimg" : "images");
    for (int i = 0; i < CHART_LINES; i++)
        if (!isnan(lines[i].last)) draw_line(&p, s, &lines[i], i, &x, &y, unit);
    gt_buffer_printf(out, "<line class=\"cursor\" x1=\"0\" x2=\"0\" y1=\"%d\" y2=\"%d\"/></svg></figure>\n", TOP,
                     HEIGHT - BOTTOM);
}
