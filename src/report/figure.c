/* SPDX-License-Identifier: Apache-2.0
 * Figures, drawn by cairo. */
#include "gantry/figure.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/cairo_buffer.h"

enum { PANEL_WIDTH = 420, PANEL_HEIGHT = 320, LEFT = 60, RIGHT = 16, TOP = 34, BOTTOM = 46, MOST_POINTS = 20000, ELLIPSE_STEPS = 96 };

typedef struct colour {
    double r, g, b;
} colour;

/* Okabe and Ito's palette, which colour-blind readers can tell apart. */
static const colour palette[] = {{0, .447, .698}, {.835, .369, 0}, {0, .62, .451}, {.8, .475, .655}, {.902, .624, 0}, {.337, .706, .914}, {.941, .894, .259}, {.3, .3, .3}};
enum { COLOURS = sizeof palette / sizeof *palette };

typedef struct frame { /* of a panel: data ranges and where it lies on the page */
    double x0, x1, y0, y1, left, top;
} frame;

static void widen(double *lo, double *hi, double v) {
    if (!isfinite(v)) return;
    *lo = fmin(*lo, v);
    *hi = fmax(*hi, v);
}

static void ellipse_point(const gt_ellipse *e, double angle, double *x, double *y) {
    /* covariance = L L^T */
    double a = sqrt(fmax(e->covariance[0], 0)), b = a > 0 ? e->covariance[1] / a : 0, c = sqrt(fmax(e->covariance[2] - b * b, 0));
    *x = e->mean[0] + e->radius * a * cos(angle);
    *y = e->mean[1] + e->radius * (b * cos(angle) + c * sin(angle));
}

static float point_at(const float *p, int64_t stride, int64_t i) { return p[i * (stride ? stride : 1)]; }

static void margins(double *lo, double *hi, bool from_zero) {
    if (!(*hi >= *lo)) *lo = 0, *hi = 1;
    double size = fmax(fabs(*lo), fabs(*hi)), span = *hi - *lo > 1e-9 * size ? *hi - *lo : fmax(size, 1); /* ticks must not be lost in what they mark */
    if (!from_zero) *lo -= 0.04 * span;
    *hi += 0.04 * span;
}

static frame frame_of(const gt_panel *p, int cell, int columns) {
    frame f = {INFINITY, -INFINITY, INFINITY, -INFINITY, cell % columns * PANEL_WIDTH, cell / columns * PANEL_HEIGHT};
    for (int i = 0; i < p->bars.n; i++) {
        widen(&f.x0, &f.x1, p->bars.edges[i]);
        widen(&f.x0, &f.x1, p->bars.edges[i + 1]);
        widen(&f.y0, &f.y1, p->bars.heights[i]);
        widen(&f.y0, &f.y1, 0);
    }
    for (int i = 0; i < p->curve.n; i++) widen(&f.x0, &f.x1, p->curve.x[i]), widen(&f.y0, &f.y1, p->curve.y[i]);
    for (int64_t i = 0; i < p->points.n; i++) {
        widen(&f.x0, &f.x1, (double)point_at(p->points.x, p->points.x_stride, i));
        widen(&f.y0, &f.y1, (double)point_at(p->points.y, p->points.y_stride, i));
    }
    for (int i = 0; i < p->n_ellipses; i++)
        for (int k = 0; k < 4; k++) {
            double x, y;
            ellipse_point(&p->ellipses[i], k * M_PI / 2, &x, &y);
            widen(&f.x0, &f.x1, x);
            widen(&f.y0, &f.y1, y);
        }
    margins(&f.x0, &f.x1, false);
    margins(&f.y0, &f.y1, p->bars.n > 0);
    return f;
}

static double at_x(const frame *f, double x) { return f->left + LEFT + (x - f->x0) / (f->x1 - f->x0) * (PANEL_WIDTH - LEFT - RIGHT); }
static double at_y(const frame *f, double y) { return f->top + PANEL_HEIGHT - BOTTOM - (y - f->y0) / (f->y1 - f->y0) * (PANEL_HEIGHT - TOP - BOTTOM); }

static void ink(cairo_t *c, int group, double alpha) {
    colour k = palette[(group % COLOURS + COLOURS) % COLOURS];
    cairo_set_source_rgba(c, k.r, k.g, k.b, alpha);
}

/* Text whose point (share of its width, baseline) lies at x, y; turned by `angle`. */
static void write_text(cairo_t *c, double x, double y, double share, double size, double angle, const char *text) {
    cairo_text_extents_t e;
    cairo_set_font_size(c, size);
    cairo_text_extents(c, text, &e);
    cairo_save(c);
    cairo_move_to(c, x, y);
    cairo_rotate(c, angle);
    cairo_rel_move_to(c, -share * e.x_advance, 0);
    cairo_show_text(c, text);
    cairo_restore(c);
}

/* 1, 2 or 5 times a power of ten, so that about five fit into the range. */
static double tick_step(double range) {
    double rough = range / 5, power = pow(10, floor(log10(rough))), lead = rough / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void draw_axes(cairo_t *c, const frame *f, const gt_panel *p) {
    char text[32];
    double left = f->left + LEFT, right = f->left + PANEL_WIDTH - RIGHT, top = f->top + TOP, bottom = f->top + PANEL_HEIGHT - BOTTOM;
    cairo_set_line_width(c, 0.5);
    double dx = tick_step(f->x1 - f->x0), dy = tick_step(f->y1 - f->y0);
    for (double v = ceil(f->x0 / dx) * dx; v <= f->x1; v += dx) {
        cairo_set_source_rgb(c, .85, .85, .85);
        cairo_move_to(c, at_x(f, v), top);
        cairo_line_to(c, at_x(f, v), bottom);
        cairo_stroke(c);
        cairo_set_source_rgb(c, .2, .2, .2);
        snprintf(text, sizeof text, "%.4g", fabs(v) < 1e-9 * dx ? 0 : v);
        write_text(c, at_x(f, v), bottom + 15, 0.5, 11, 0, text);
    }
    for (double v = ceil(f->y0 / dy) * dy; v <= f->y1; v += dy) {
        cairo_set_source_rgb(c, .85, .85, .85);
        cairo_move_to(c, left, at_y(f, v));
        cairo_line_to(c, right, at_y(f, v));
        cairo_stroke(c);
        cairo_set_source_rgb(c, .2, .2, .2);
        snprintf(text, sizeof text, "%.4g", fabs(v) < 1e-9 * dy ? 0 : v);
        write_text(c, left - 6, at_y(f, v) + 4, 1, 11, 0, text);
    }
    cairo_set_source_rgb(c, .2, .2, .2);
    cairo_rectangle(c, left, top, right - left, bottom - top);
    cairo_stroke(c);
    if (p->title) write_text(c, (left + right) / 2, top - 10, 0.5, 14, 0, p->title);
    if (p->x_label) write_text(c, (left + right) / 2, bottom + 34, 0.5, 12, 0, p->x_label);
    if (p->y_label) write_text(c, f->left + 14, (top + bottom) / 2, 0.5, 12, -M_PI / 2, p->y_label);
}

static void draw_data(cairo_t *c, const frame *f, const gt_panel *p) {
    for (int i = 0; i < p->bars.n; i++) {
        double x = at_x(f, p->bars.edges[i]), y = at_y(f, p->bars.heights[i]);
        cairo_rectangle(c, x, y, at_x(f, p->bars.edges[i + 1]) - x, at_y(f, 0) - y);
    }
    ink(c, 0, 0.55);
    cairo_fill(c);
    int64_t step = p->points.n > MOST_POINTS ? (p->points.n + MOST_POINTS - 1) / MOST_POINTS : 1;
    for (int64_t i = 0; i < p->points.n; i += step) {
        double x = (double)point_at(p->points.x, p->points.x_stride, i), y = (double)point_at(p->points.y, p->points.y_stride, i);
        if (!isfinite(x) || !isfinite(y)) continue;
        ink(c, p->points.group ? p->points.group[i] : 0, 0.5);
        cairo_arc(c, at_x(f, x), at_y(f, y), p->points.n > 2000 ? 1 : 2, 0, 2 * M_PI);
        cairo_fill(c);
    }
    cairo_set_line_width(c, 1.8);
    for (int i = 0; i < p->n_ellipses; i++) {
        for (int k = 0; k < ELLIPSE_STEPS; k++) {
            double x, y;
            ellipse_point(&p->ellipses[i], 2 * M_PI * k / ELLIPSE_STEPS, &x, &y);
            cairo_line_to(c, at_x(f, x), at_y(f, y));
        }
        cairo_close_path(c);
        ink(c, p->ellipses[i].group, 1);
        cairo_stroke(c);
    }
    for (int i = 0; i < p->curve.n; i++) cairo_line_to(c, at_x(f, p->curve.x[i]), at_y(f, p->curve.y[i]));
    ink(c, 1, 1);
    cairo_stroke(c);
}

static void draw(cairo_t *c, const gt_panel *panels, int n, int columns) {
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    for (int i = 0; i < n; i++) {
        frame f = frame_of(&panels[i], i, columns);
        draw_axes(c, &f, &panels[i]);
        cairo_save(c);
        cairo_rectangle(c, f.left + LEFT, f.top + TOP, PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM);
        cairo_clip(c);
        draw_data(c, &f, &panels[i]);
        cairo_restore(c);
    }
}

gt_status gt_figure_write(const char *stem, const gt_panel *panels, int n, int columns) {
    char path[4096];
    if (!stem) return gt_fail(GT_NOMEM, "out of memory for the name of a figure");
    if (columns > n) columns = n;
    int width = columns * PANEL_WIDTH, height = (n + columns - 1) / columns * PANEL_HEIGHT;
    for (int png = 0; png < 2; png++) {
        if (snprintf(path, sizeof path, "%s.%s", stem, png ? "png" : "svg") >= (int)sizeof path) return gt_fail(GT_USAGE, "the path '%.40s...' is too long", stem);
        gt_buffer out = {0};
        cairo_surface_t *s = png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height) : cairo_svg_surface_create_for_stream(gt_cairo_add, &out, width, height);
        cairo_t *c = cairo_create(s);
        draw(c, panels, n, columns);
        cairo_status_t status = cairo_status(c);
        cairo_destroy(c);
        if (!status && png) status = cairo_surface_write_to_png_stream(s, gt_cairo_add, &out);
        cairo_surface_finish(s);
        if (!status) status = cairo_surface_status(s);
        cairo_surface_destroy(s);
        gt_status st = status ? gt_fail(GT_FAILED, "%s: the figure cannot be made: %s", path, cairo_status_to_string(status)) : gt_file_write(path, out.data, out.n);
        gt_buffer_free(&out);
        if (st) return st;
    }
    return GT_OK;
}

void gt_histogram(const float *x, int64_t n, int64_t stride, int bars, double *edges, double *heights) {
    double lo = INFINITY, hi = -INFINITY;
    int64_t finite = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)point_at(x, stride, i);
        widen(&lo, &hi, v);
        finite += isfinite(v);
    }
    if (!finite) lo = 0, hi = 1;
    if (hi <= lo) lo -= 0.5, hi += 0.5;
    double width = (hi - lo) / bars;
    for (int i = 0; i <= bars; i++) edges[i] = lo + i * width;
    for (int i = 0; i < bars; i++) heights[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)point_at(x, stride, i);
        if (!isfinite(v)) continue;
        int k = (int)((v - lo) / width);
        heights[k < bars ? k : bars - 1] += 1 / ((double)finite * width);
    }
}
