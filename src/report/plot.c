/* SPDX-License-Identifier: Apache-2.0
 * Axes, marks and curves by either pen: see plot.h. */
#include "report/plot.h"

#include <math.h>
#include <stdio.h>

#include "report/html.h"

enum { UNIT_ROOM = 34 /* at the end of a page's x axis */ };

static double on_scale(const axis *a, double value) { return a->scale == GT_LINEAR ? value : log10(value); }

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

void plot_text(const pen *p, double x, double y, double before, double size, double angle, const char *text) {
    cairo_t *c = p->cairo;
    if (p->page) {
        gt_buffer_printf(p->page, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", before < 1 ? "x" : "y", x, y);
        html_text(p->page, "", text, "</text>");
        return;
    }
    cairo_text_extents_t e;
    cairo_set_source_rgb(c, .2, .2, .2);
    cairo_set_font_size(c, size);
    cairo_text_extents(c, text, &e);
    cairo_save(c);
    cairo_move_to(c, x, y);
    cairo_rotate(c, angle);
    cairo_rel_move_to(c, -before * e.x_advance, 0);
    cairo_show_text(c, text);
    cairo_restore(c);
}

/* ---- marks ---- */

static double first_mark(const axis *a) {
    if (a->scale == GT_LINEAR) return ceil(a->lo / a->step - 1e-6) * a->step;
    return a->scale == GT_LOG_2 ? exp2(floor(a->lo / log10(2))) : pow(10, floor(a->lo));
}

static double next_mark(const axis *a, double v) {
    if (a->scale == GT_LINEAR) return v + a->step;
    double lead = v / pow(10, floor(log10(v) + 1e-6));
    return a->scale == GT_LOG_2 || lead < 1.5 || lead > 3 ? 2 * v : 2.5 * v; /* 1, 2, 5, 10 */
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
    if (p->page && of_x && at >= x->to - UNIT_ROOM) return;
    bool exact = a->scale != GT_LINEAR || p->page, zero = a->scale == GT_LINEAR && fabs(v) < 1e-6 * a->step;
    snprintf(text, sizeof text, "%.*g", exact ? 6 : 4, zero ? 0 : v); /* no -0, no 1e-17 */
    if (of_x && !p->page) rule(p, at, y->to, at, y->from);
    if (!of_x) rule(p, x->from, at, x->to, at);
    if (of_x) plot_text(p, at, y->from + (p->page ? 18 : 15), 0.5, 11, 0, text);
    else plot_text(p, x->from - (p->page ? 7 : 6), at + 4, 1, 11, 0, text);
}

void plot_marks(const pen *p, const axis *x, const axis *y) {
    for (int of_x = 1; of_x >= 0; of_x--) {
        const axis *a = of_x ? x : y;
        double slack = a->scale == GT_LINEAR ? a->step * 1e-6 : 1e-6;
        for (double v = first_mark(a); on_scale(a, v) <= a->hi + slack; v = next_mark(a, v))
            if (on_scale(a, v) >= a->lo - slack) mark(p, x, y, of_x, v);
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

void plot_curve(const pen *p, const axis *x, const axis *y, const gt_curve *curve, int colour, bool dots) {
    int run = 0; /* points since the last gap */
    double px = 0, py = 0;
    if (p->page) gt_buffer_printf(p->page, "<path class=\"l%d\" d=\"", colour);
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
            run++;
        } else {
            if (p->page && run == 1) gt_buffer_printf(p->page, "h0");
            if (i < curve->n) run = 0;
        }
    }
    if (p->page) gt_buffer_printf(p->page, "\"/>");
    else cairo_stroke(p->cairo);
    if (p->page && run) dot(p, px, py, colour);
    for (int i = 0; dots && i < curve->n; i++) {
        px = plot_place(x, curve->x[i]);
        py = plot_place(y, curve->y[i]);
        if (isfinite(px) && isfinite(py)) dot(p, px, py, colour);
    }
}
