/* SPDX-License-Identifier: Apache-2.0
 * Line charts of a page: see report.h. */
#include "features/report/drawing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/door/metric.h"
#include "gantry/runlog.h"
#include "features/report/compare.h"
#include "figures/door/html.h"

enum { WIDTH = 560, HEIGHT = 210, LEFT = 54, RIGHT = 10, TOP = 8, BOTTOM = 24, X_STEPS = 6, Y_STEPS = 5 };

static const double LEAST = 1e-305, MOST = 1e300; /* so that sums and quotients of them stay numbers */

static const double KIMG = 1000; /* images */

static double value(const chart_line *l, const gt_stats_series *series, int tick) {
    double x = series->values[tick].mean;
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
    return gt_metric_of_fakes(series) || !strncmp(series, GT_METRIC_SERIES, strlen(GT_METRIC_SERIES));
}

/* Looks at all values: is there a line, and from where to where does it go? */
static void measure_series(drawing *d, int i) {
    const chart_line *l = &d->chart->lines[i];
    const gt_stats_series *series = l->series ? gt_stats_find(l->stats, l->series) : NULL;
    bool any = false;
    for (int t = 0; series && t < l->stats->ticks; t++) {
        double v = value(l, series, t);
        if (!isfinite(v)) continue;
        any = true;
        d->values++;
        d->lines[i].last = v;
        d->lo = fmin(d->lo, v);
        d->hi = fmax(d->hi, v);
    }
    for (int t = 0; any && t < l->stats->ticks; t++) { /* in any order: it may be nobody's run */
        double images = (double)l->stats->images[t];
        if (images < d->first) d->first = images;
        if (images > d->last) d->last = images;
    }
    d->lines[i].points = any ? l->stats->ticks : 0;
    d->bridge |= any && is_rare(l->series);
}

/* How many ticks a point stands for. */
static int stretch_of(int ticks, int most) { return (ticks + most - 1) / most; }

/* The middle of a stretch of ticks on an axis. */
static double middle(const gt_stats *s, gt_compare_axis over, int begin, int stretch) {
    int end = begin + stretch < s->ticks ? begin + stretch : s->ticks;
    return (along_place(s, over, begin) + along_place(s, over, end - 1)) / 2;
}

/* Averages of equal stretches of ticks. */
static void take_points(drawing *d, int i, int most) {
    const chart_line *l = &d->chart->lines[i];
    drawing_line *to = &d->lines[i];
    const gt_stats_series *series = to->points ? gt_stats_find(l->stats, l->series) : NULL;
    int ticks = to->points, stretch = stretch_of(ticks, most);
    to->points = 0;
    to->x = d->numbers + (size_t)i * 2 * (size_t)most;
    to->y = to->x + most;
    for (int begin = 0; begin < ticks; begin += stretch) {
        double sum = 0;
        int n = 0, end = begin + stretch < ticks ? begin + stretch : ticks;
        for (int t = begin; t < end; t++) {
            double v = value(l, series, t);
            if (!isfinite(v)) continue;
            sum += v;
            n++;
        }
        to->x[to->points] = middle(l->stats, GT_OVER_KIMG, begin, stretch);
        to->y[to->points++] = sum / n;
    }
}

gt_curve drawing_curve(const drawing *d, int i, double *x, double *y) {
    const drawing_line *l = &d->lines[i];
    if (!is_rare(d->chart->lines[i].series)) return (gt_curve){.n = l->points, .x = l->x, .y = l->y};
    gt_curve curve = {.x = x, .y = y};
    for (int k = 0; k < l->points; k++) {
        if (isnan(l->y[k])) continue;
        x[curve.n] = l->x[k];
        y[curve.n++] = l->y[k];
    }
    return curve;
}

/* A stretch without a value is a gap, but not in rare series. */
static void draw_line(const pen *p, const drawing *d, int i) {
    double x[CHART_POINTS], y[CHART_POINTS];
    const gt_curve curve = drawing_curve(d, i, x, y);
    plot_curve(p, &d->x, &d->y, &curve, i, false);
}

static void put_number(gt_buffer *out, const char *before, double x) {
    if (isfinite(x)) gt_buffer_printf(out, "%s%.6g", before, x);
    else gt_buffer_printf(out, "%snull", before);
}

static void put_numbers(gt_buffer *out, const double *x, int n) {
    for (int i = 0; i < n; i++) put_number(out, i ? "," : "[", x[i]);
    gt_buffer_printf(out, "]");
}

void chart_places(gt_buffer *out, const gt_stats *const *stats, int n, int points) {
    int axes = 0;
    gt_buffer_printf(out, "<script type=\"application/json\" id=\"places\">{");
    for (int over = 0; over < ALONG_AXES; over++) {
        bool known = true;
        for (int i = 0; i < n; i++) known &= along_known(stats[i], (gt_compare_axis)over);
        if (!known) continue;
        gt_buffer_printf(out, "%s\"%s\":[", axes++ ? "," : "", along_axes[over].name);
        for (int i = 0; i < n; i++) {
            int stretch = stretch_of(stats[i]->ticks, points);
            gt_buffer_printf(out, i ? ",[" : "[");
            for (int begin = 0; begin < stats[i]->ticks; begin += stretch)
                put_number(out, begin ? "," : "", middle(stats[i], (gt_compare_axis)over, begin, stretch));
            gt_buffer_printf(out, "]");
        }
        gt_buffer_printf(out, "]");
    }
    gt_buffer_printf(out, "}</script>\n");
}

/* What the script of the page needs of the chart (report.js), as JSON in an attribute. */
static void put_data(gt_buffer *out, const drawing *d) {
    gt_buffer_printf(out, " data-chart='{\"of\":");
    for (int i = 0, k = 0; i < d->chart->n; i++)
        if (d->lines[i].points) gt_buffer_printf(out, "%s%d", k++ ? "," : "[", d->chart->lines[i].log);
    gt_buffer_printf(out, "],\"y\":");
    for (int i = 0, k = 0; i < d->chart->n; i++) {
        if (!d->lines[i].points) continue;
        gt_buffer_printf(out, k++ ? "," : "[");
        put_numbers(out, d->lines[i].y, d->lines[i].points);
    }
    gt_buffer_printf(out, "],\"bridge\":%s,\"log\":%s,\"axis\":[%.17g,%.17g,%g,%g,%.17g,%.17g,%g,%g]}'",
                     d->bridge ? "true" : "false", d->y.scale == GT_LINEAR ? "false" : "true", d->x.lo, d->x.hi,
                     d->x.from, d->x.to, d->y.lo, d->y.hi, d->y.from, d->y.to);
}

static void draw_legend(gt_buffer *out, const drawing *d) {
    gt_buffer_printf(out, "<div class=\"legend\">");
    for (int i = 0; i < d->chart->n; i++) {
        if (!d->lines[i].points) continue;
        gt_buffer_printf(out, "<span><i class=\"k%d\"></i>", i);
        html_text(out, "", d->chart->lines[i].label, "");
        gt_buffer_printf(out, " <b>%.4g</b></span>", d->lines[i].last);
    }
    gt_buffer_printf(out, "%s<span class=\"at\"></span></div>",
                     d->values == 1 ? "<span>one value so far: no curve yet</span>" : "");
}

/* What tells the meaning of the chart's first line; NULL: nothing does. */
static const gt_series *series_of(const drawing *d) {
    const gt_series *known = NULL;
    for (int i = 0; i < d->chart->n && !known; i++)
        if (d->lines[i].points) known = gt_series_of(d->chart->lines[i].series);
    return known;
}

void drawing_title(const drawing *d, char title[DRAWING_TITLE]) {
    const gt_series *known = series_of(d);
    const char *unit = known && !d->chart->lines[0].map ? known->unit : "";
    snprintf(title, DRAWING_TITLE, "%s%s%s%s", d->chart->title, *unit ? " (" : "", unit, *unit ? ")" : "");
}

/* The title has the unit, the note says what the series means where the chart does not. */
static void put_caption(gt_buffer *out, const drawing *d) {
    const gt_series *known = series_of(d);
    char title[DRAWING_TITLE];
    drawing_title(d, title);
    html_figure(out, title, *d->chart->note || !known ? d->chart->note : known->help);
}

static void draw_chart(gt_buffer *out, drawing *d) {
    put_caption(out, d);
    draw_legend(out, d);
    gt_buffer_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"", WIDTH, HEIGHT);
    put_data(out, d);
    gt_buffer_printf(out, ">");
    pen p = {.page = out};
    plot_marks(&p, &d->x, &d->y);
    gt_buffer_printf(out, "<text class=\"y unit\" x=\"%d\" y=\"%d\">kimg</text>", WIDTH - RIGHT, HEIGHT - 6);
    for (int i = 0; i < d->chart->n; i++)
        if (d->lines[i].points) draw_line(&p, d, i);
    gt_buffer_printf(out, "<line class=\"cursor\" x1=\"0\" x2=\"0\" y1=\"%d\" y2=\"%d\"/></svg></figure>\n", TOP,
                     HEIGHT - BOTTOM);
}

bool drawing_take(drawing *d, const chart *c, bool *failed) {
    int most = c->points;
    *d = (drawing){.chart = c, .lo = INFINITY, .hi = -INFINITY, .first = INFINITY, .last = -INFINITY};
    for (int i = 0; i < c->n; i++) measure_series(d, i);
    if (!(d->hi >= d->lo) || d->lo < -MOST || d->hi > MOST) return false;
    d->numbers = calloc((size_t)c->n * 2 * (size_t)most, sizeof *d->numbers);
    *failed |= !d->numbers;
    if (!d->numbers) return false;
    d->x = make_axis(d->first / KIMG, d->last / KIMG, X_STEPS, true);
    d->y = make_axis(d->lo, d->hi, Y_STEPS, false);
    d->y.scale = gt_axis_scale_of(d->lo, d->hi);
    if (d->y.scale != GT_LINEAR) d->y.lo = log10(d->lo), d->y.hi = log10(d->hi);
    for (int i = 0; i < c->n; i++) take_points(d, i, most);
    return true;
}

void chart_draw(gt_buffer *out, const chart *c) {
    drawing d;
    if (!drawing_take(&d, c, &out->failed)) return;
    draw_chart(out, &d);
    free(d.numbers);
}
