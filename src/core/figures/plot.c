/* SPDX-License-Identifier: Apache-2.0
 * Axes, marks and curves by either pen: see plot.h. */
#include "figures/door/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "figures/door/html.h"

enum { UNIT_ROOM = 31 /* at the end of a page's x axis */ };

static double on_scale(const axis *a, double value) { return a->scale == GT_LINEAR ? value : log10(value); }

gt_axis_scale gt_axis_scale_of(double lo, double hi) {
    const double wide = 1000;
    return lo > 0 && hi >= wide * lo ? GT_LOG_10 : GT_LINEAR;
}

double plot_place(const axis *a, double value) {
    return a->from + (on_scale(a, value) - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

double plot_step(double rough, bool up) {
    static const double limits[2][3] = {{1.5, 3.5, 7.5}, {1, 2, 5}};
    double power = pow(10, floor(log10(rough))), lead = rough / power;
    return power * (lead <= limits[up][0] ? 1 : lead <= limits[up][1] ? 2 : lead <= limits[up][2] ? 5 : 10);
}

void plot_colour(cairo_t *c, int colour, double alpha) {
    /* Okabe and Ito's palette, which colour-blind readers can tell apart. */
    static const double palette[][3] = {{0, .447, .698}, {.835, .369, 0},    {0, .62, .451},     {.8, .475, .655},
                                        {.902, .624, 0}, {.337, .706, .914}, {.941, .894, .259}, {.3, .3, .3}};
    enum { COLOURS = sizeof palette / sizeof *palette };
    const double *k = palette[(colour % COLOURS + COLOURS) % COLOURS];
    cairo_set_source_rgba(c, k[0], k[1], k[2], alpha);
}

void plot_heat(double v, double rgb[3]) {
    static const double at[][3] = {{.08, .04, .25}, {.42, .09, .43}, {.74, .21, .33}, {.96, .49, .08}, {.99, .95, .60}};
    enum { STEPS = sizeof at / sizeof *at - 1 };
    double place = fmin(fmax(v, 0), 1) * STEPS;
    int i = place < STEPS ? (int)place : STEPS - 1;
    for (int k = 0; k < 3; k++) rgb[k] = at[i][k] + (place - i) * (at[i + 1][k] - at[i][k]);
}

void plot_pale(double v, double rgb[3]) {
    static const double full[3] = {0.45, 0.70, 0.95};
    for (int k = 0; k < 3; k++) rgb[k] = 1 - fmin(fmax(v, 0), 1) * (1 - full[k]);
}

double plot_text_width(const pen *p, double size, const char *text) {
    const double of_size = 0.6; /* of digits, in the fonts that pages ask for */
    cairo_text_extents_t e;
    if (p->page) return of_size * size * (double)strlen(text);
    cairo_set_font_size(p->cairo, size);
    cairo_text_extents(p->cairo, text, &e);
    return e.x_advance;
}

void plot_text(const pen *p, double x, double y, double before, double size, double angle, const char *text) {
    cairo_t *c = p->cairo;
    if (p->page) {
        gt_buffer_printf(p->page, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", before < 1 ? "x" : "y", x, y);
        html_text(p->page, "", text, "</text>");
        return;
    }
    cairo_set_source_rgb(c, .2, .2, .2);
    double width = plot_text_width(p, size, text);
    cairo_save(c);
    cairo_move_to(c, x, y);
    cairo_rotate(c, angle);
    cairo_rel_move_to(c, -before * width, 0);
    cairo_show_text(c, text);
    cairo_restore(c);
}

/* ---- marks ---- */

enum { MARK_SIZE = 11 };

/* On a logarithmic scale a step of -1 means 1, 2, 3, ..., 10, 20, ..., 0 means 1, 2, 5, 10, ..., n every n-th power. */
static double first_mark(const axis *a) {
    if (a->scale == GT_LINEAR) return ceil(a->lo / a->step - 1e-6) * a->step;
    double base = a->scale == GT_LOG_2 ? 2 : 10, power = floor(a->lo / log10(base)), every = fmax(a->step, 1);
    return pow(base, floor(power / every) * every);
}

static double next_mark(const axis *a, double v) {
    if (a->scale == GT_LINEAR) return v + a->step;
    if (a->scale == GT_LOG_2 || a->step >= 1) return v * pow(a->scale == GT_LOG_2 ? 2 : 10, fmax(a->step, 1));
    double power = pow(10, floor(log10(v) + 1e-6)), lead = v / power;
    if (a->step < 0) return v + power;
    return lead < 1.5 || lead > 3 ? 2 * v : 2.5 * v; /* 1, 2, 5, 10 */
}

static double slack_of(const axis *a) { return a->scale == GT_LINEAR ? a->step * 1e-6 : 1e-6; }

/* Marks of a linear axis have as many digits as tell them apart: two more than places of v above the step. */
static void print_mark(const pen *p, const axis *a, double v, char text[32]) {
    bool exact = a->scale != GT_LINEAR || p->page, zero = a->scale == GT_LINEAR && fabs(v) < 1e-6 * a->step;
    int digits = exact ? 6 : 4;
    if (a->scale == GT_LINEAR && !zero) digits = (int)fmin(15, fmax(digits, 2 + floor(log10(fabs(v) / a->step))));
    snprintf(text, 32, "%.*g", digits, zero ? 0 : v); /* no -0, no 1e-17 */
}

/* Does no number along a logarithmic axis touch the one before? */
static bool marks_fit(const pen *p, const axis *a, bool of_x) {
    const double gap = 4;
    double before = -INFINITY;
    for (double v = first_mark(a); on_scale(a, v) <= a->hi + slack_of(a); v = next_mark(a, v)) {
        char text[32];
        if (on_scale(a, v) < a->lo - slack_of(a)) continue;
        print_mark(p, a, v, text);
        double at = fabs(plot_place(a, v) - a->from),
               half = of_x ? plot_text_width(p, MARK_SIZE, text) / 2 : MARK_SIZE / 2;
        if (at - half < before + gap) return false;
        before = at + half;
    }
    return true;
}

/* The smallest step of a logarithmic axis with which numbers fit; within a power of ten that can be -1. */
static axis with_room(const pen *p, const axis *a, bool of_x) {
    enum { MOST = 64 };
    axis b = *a;
    bool narrow = b.scale == GT_LOG_10 && b.hi - b.lo < 1;
    for (b.step = narrow ? -1 : 0; b.scale != GT_LINEAR && b.step < MOST && !marks_fit(p, &b, of_x);) b.step++;
    if (b.scale == GT_LINEAR) b.step = a->step;
    return b;
}

static void rule(const pen *p, double x0, double y0, double x1, double y1) {
    if (p->page) {
        gt_buffer_printf(p->page, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", x0, x1, y0,
                         y1);
        return;
    }
    cairo_set_source_rgb(p->cairo, .85, .85, .85);
    cairo_move_to(p->cairo, x0, y0);
    cairo_line_to(p->cairo, x1, y1);
    cairo_stroke(p->cairo);
}

static void mark(const pen *p, const axis *x, const axis *y, bool of_x, double v) {
    const axis *a = of_x ? x : y;
    double at = plot_place(a, v);
    char text[32];
    print_mark(p, a, v, text);
    if (p->page && of_x && at + plot_text_width(p, MARK_SIZE, text) / 2 >= x->to - UNIT_ROOM) return;
    if (of_x && !p->page) rule(p, at, y->to, at, y->from);
    if (!of_x) rule(p, x->from, at, x->to, at);
    if (of_x) plot_text(p, at, y->from + (p->page ? 18 : 15), 0.5, MARK_SIZE, 0, text);
    else plot_text(p, x->from - (p->page ? 7 : 6), at + 4, 1, MARK_SIZE, 0, text);
}

void plot_marks(const pen *p, const axis *x, const axis *y) {
    for (int of_x = 1; of_x >= 0; of_x--) {
        axis a = with_room(p, of_x ? x : y, of_x);
        for (double v = first_mark(&a); on_scale(&a, v) <= a.hi + slack_of(&a); v = next_mark(&a, v))
            if (on_scale(&a, v) >= a.lo - slack_of(&a)) mark(p, x, y, of_x, v);
    }
}

/* ---- curves ---- */

static void dot(const pen *p, double x, double y, int colour) {
    if (p->page) {
        gt_buffer_printf(p->page, "<circle class=\"d%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", colour, x, y);
        return;
    }
    cairo_arc(p->cairo, x, y, 3, 0, 2 * M_PI);
    cairo_fill(p->cairo);
}

static bool is_two(const axis *x, const axis *y, const gt_curve *curve) {
    int n = 0;
    for (int i = 0; i < curve->n; i++)
        n += isfinite(plot_place(x, curve->x[i])) && isfinite(plot_place(y, curve->y[i]));
    return n == 2;
}

void plot_curve(const pen *p, const axis *x, const axis *y, const gt_curve *curve, int colour, bool dots) {
    int run = 0; /* points since the last gap */
    double px = 0, py = 0;
    bool apart = p->page && is_two(x, y, curve);
    if (p->page) gt_buffer_printf(p->page, "<path class=\"l%d%s\" d=\"", colour, apart ? " two" : "");
    else plot_colour(p->cairo, colour, 1);
    for (int i = 0; i <= curve->n; i++) {
        double nx = i < curve->n ? plot_place(x, curve->x[i]) : NAN;
        double ny = i < curve->n ? plot_place(y, curve->y[i]) : NAN;
        if (isfinite(nx) && isfinite(ny)) {
            px = nx;
            py = ny;
            if (p->page) gt_buffer_printf(p->page, "%c%.1f %.1f", run ? 'L' : 'M', px, py);
            else if (run) cairo_line_to(p->cairo, px, py);
            else cairo_move_to(p->cairo, px, py);
            if (apart) gt_buffer_printf(p->page, "h0");
            run += !apart;
        } else {
            if (p->page && run == 1) gt_buffer_printf(p->page, "h0");
            if (i < curve->n) run = 0;
        }
    }
    if (p->page) gt_buffer_printf(p->page, "\"/>");
    else cairo_stroke(p->cairo);
    if (p->page && (run || apart)) dot(p, px, py, colour);
    for (int i = 0; dots && i < curve->n; i++) {
        px = plot_place(x, curve->x[i]);
        py = plot_place(y, curve->y[i]);
        if (isfinite(px) && isfinite(py)) dot(p, px, py, colour);
    }
}
