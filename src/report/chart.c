/* SPDX-License-Identifier: Apache-2.0
 * Line charts: see chart.h. */
#include "report/chart.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 560, HEIGHT = 210, LEFT = 54, RIGHT = 10, TOP = 8, BOTTOM = 24, MOST_POINTS = 400, X_STEPS = 6, Y_STEPS = 5 };

static const double LEAST = 1e-305, MOST = 1e300; /* so that sums and quotients of them stay numbers */

typedef struct axis {
    double lo, hi, step;
} axis;

void html_text(gt_buffer *out, const char *text) {
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "<>&\"'");
        gt_buffer_add(out, p, plain);
        p += plain;
        if (*p) gt_buffer_printf(out, "&#%d;", *p++);
    }
}

static double value(const chart *c, int line, int tick) {
    double x = c->lines[line].series->values[tick].mean;
    return c->lines[line].map ? c->lines[line].map(x) : x;
}

/* Ends on multiples of 1, 2 or 5 times a power of ten. Numbers that hardly differ count as one, or a step would be lost in them. */
static axis make_axis(double lo, double hi, int steps, bool whole) {
    double size = fmax(fabs(lo), fabs(hi));
    if (!(hi - lo > 1e-9 * size) || size < LEAST) {
        double around = size < LEAST ? 1 : size * 0.1;
        lo -= whole ? 0 : around;
        hi += around;
    }
    double rough = (hi - lo) / steps, power = pow(10, floor(log10(rough))), unit = rough / power;
    double step = power * (unit <= 1 ? 1 : unit <= 2 ? 2 : unit <= 5 ? 5 : 10);
    return whole ? (axis){lo, hi, step} : (axis){floor(lo / step) * step, ceil(hi / step) * step, step};
}

static double place_x(const axis *a, double x) { return LEFT + (x - a->lo) / (a->hi - a->lo) * (WIDTH - LEFT - RIGHT); }
static double place_y(const axis *a, double y) { return HEIGHT - BOTTOM - (y - a->lo) / (a->hi - a->lo) * (HEIGHT - TOP - BOTTOM); }

static double tidy(double x, double step) { return fabs(x) < step * 1e-6 ? 0 : x; } /* no -0, no 1e-17 */

static void draw_axes(gt_buffer *out, const axis *x, const axis *y, bool kimg) {
    for (double v = y->lo; v <= y->hi + y->step * 1e-6; v += y->step)
        gt_buffer_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%.4g</text>",
                         LEFT, WIDTH - RIGHT, place_y(y, v), place_y(y, v), LEFT - 7, place_y(y, v) + 4, tidy(v, y->step));
    double last = WIDTH - RIGHT - 34; /* room for the unit */
    for (double v = ceil(x->lo / x->step) * x->step; v <= x->hi && place_x(x, v) < last; v += x->step)
        gt_buffer_printf(out, "<text class=\"x\" x=\"%.1f\" y=\"%d\">%.6g</text>", place_x(x, v), HEIGHT - 6, tidy(v, x->step));
    gt_buffer_printf(out, "<text class=\"y\" x=\"%d\" y=\"%d\">%s</text>", WIDTH - RIGHT, HEIGHT - 6, kimg ? "kimg" : "images");
}

/* Averages of equal stretches of ticks; a stretch without a value is a gap (not in rare series), a point between gaps a
 * dot. */
static void draw_line(gt_buffer *out, const gt_stats *s, const chart *c, int line, const axis *x, const axis *y, double unit) {
    int stretch = (s->ticks + MOST_POINTS - 1) / MOST_POINTS, run = 0;
    double px = 0, py = 0;
    gt_buffer_printf(out, "<path class=\"l%d\" d=\"", line);
    for (int begin = 0; begin < s->ticks; begin += stretch) {
        double sum = 0, at = 0;
        int n = 0;
        for (int t = begin; t < begin + stretch && t < s->ticks; t++) {
            double v = value(c, line, t);
            if (!isfinite(v)) continue;
            sum += v;
            at += (double)s->images[t] / unit;
            n++;
        }
        if (n) {
            px = place_x(x, at / n);
            py = place_y(y, sum / n);
            gt_buffer_printf(out, "%c%.1f %.1f", run++ ? 'L' : 'M', px, py);
        } else if (!c->lines[line].rare) {
            if (run == 1) gt_buffer_printf(out, "h0");
            run = 0;
        }
    }
    if (run == 1) gt_buffer_printf(out, "h0");
    gt_buffer_printf(out, "\"/>");
    if (run) gt_buffer_printf(out, "<circle class=\"d%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", line, px, py);
}

static void draw_legend(gt_buffer *out, const gt_stats *s, const chart *c) {
    gt_buffer_printf(out, "<div class=\"legend\">");
    for (int i = 0; i < CHART_LINES; i++) {
        double last = NAN;
        for (int t = 0; c->lines[i].series && t < s->ticks; t++)
            if (isfinite(value(c, i, t))) last = value(c, i, t);
        if (!isfinite(last)) continue;
        gt_buffer_printf(out, "<span><i class=\"k%d\"></i>", i);
        html_text(out, c->lines[i].label);
        gt_buffer_printf(out, " <b>%.4g</b></span>", last);
    }
    gt_buffer_printf(out, "</div>");
}

bool chart_draw(gt_buffer *out, const gt_stats *s, const chart *c) {
    double lo = INFINITY, hi = -INFINITY;
    for (int i = 0; i < CHART_LINES; i++)
        for (int t = 0; c->lines[i].series && t < s->ticks; t++)
            if (isfinite(value(c, i, t))) {
                lo = fmin(lo, value(c, i, t));
                hi = fmax(hi, value(c, i, t));
            }
    if (!(hi >= lo) || lo < -MOST || hi > MOST) return false;
    int64_t first = s->images[0], last = first;
    for (int t = 0; t < s->ticks; t++) { /* in any order: it may be nobody's run */
        if (s->images[t] < first) first = s->images[t];
        if (s->images[t] > last) last = s->images[t];
    }
    bool kimg = last >= 10000;
    double unit = kimg ? 1000 : 1;
    axis x = make_axis((double)first / unit, (double)last / unit, X_STEPS, true), y = make_axis(lo, hi, Y_STEPS, false);
    gt_buffer_printf(out, "<figure><figcaption><h3>");
    html_text(out, c->title);
    gt_buffer_printf(out, "</h3><p>");
    html_text(out, c->note);
    gt_buffer_printf(out, "</p></figcaption>");
    draw_legend(out, s, c);
    gt_buffer_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT);
    draw_axes(out, &x, &y, kimg);
    for (int i = 0; i < CHART_LINES; i++)
        if (c->lines[i].series) draw_line(out, s, c, i, &x, &y, unit);
    gt_buffer_printf(out, "</svg></figure>\n");
    return true;
}
