/* SPDX-License-Identifier: Apache-2.0
 * Heat maps by cairo: see plot.h. */
#include <math.h>
#include <stdio.h>

#include "figures/door/plot.h"

enum { SCALE_WIDTH = 16, SCALE_STEPS = 64 };

static axis values_of(const gt_heat *h, const axis *y) {
    axis a = {INFINITY, -INFINITY, 0, y->from, y->to, GT_LINEAR};
    if (h->range) a.lo = h->range[0], a.hi = h->range[1];
    for (int i = 0; i < h->columns * h->rows && !h->range; i++) {
        a.lo = fmin(a.lo, h->values[i]);
        a.hi = fmax(a.hi, h->values[i]);
    }
    if (!(a.hi > a.lo)) a.hi = a.lo + 1;
    a.step = plot_step((a.hi - a.lo) / 5, false);
    return a;
}

/* Paints columns x rows colours over a rectangle of the page; the first row is the lowest. */
static void paint(cairo_t *c, const axis *scale, bool pale, const double *values, int columns, int rows, double left,
                  double bottom, double width, double height) {
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
    uint8_t *data = cairo_surface_status(image) ? NULL : cairo_image_surface_get_data(image);
    size_t stride = (size_t)cairo_image_surface_get_stride(image);
    for (int y = 0; y < rows && data; y++)
        for (int x = 0; x < columns; x++) {
            double rgb[3];
            uint8_t *bgr = data + (size_t)(rows - 1 - y) * stride + 4 * (size_t)x;
            double v = (values[y * columns + x] - scale->lo) / (scale->hi - scale->lo);
            if (pale) plot_pale(v, rgb);
            else plot_heat(v, rgb);
            for (int k = 0; k < 3; k++) bgr[2 - k] = (uint8_t)(rgb[k] * 255 + .5);
        }
    cairo_surface_mark_dirty(image);
    cairo_save(c);
    cairo_translate(c, left, bottom - height);
    cairo_rectangle(c, 0, 0, width, height);
    cairo_clip(c);
    cairo_scale(c, width / columns, height / rows);
    cairo_set_source_surface(c, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c), CAIRO_FILTER_NEAREST);
    cairo_paint(c);
    cairo_restore(c);
    cairo_surface_destroy(image);
}

static void line(cairo_t *c, double x0, double y0, double x1, double y1) {
    cairo_move_to(c, x0, y0);
    cairo_line_to(c, x1, y1);
    cairo_stroke(c);
}

/* A value that is wider or higher than its cell is left out. */
static void write_numbers(const pen *p, const axis *x, const axis *y, const gt_heat *h) {
    const double size = 11, gap = 2;
    double width = (x->to - x->from) / h->columns, height = (y->from - y->to) / h->rows;
    cairo_set_source_rgb(p->cairo, .85, .85, .85);
    for (int i = 1; i < h->columns; i++) line(p->cairo, x->from + i * width, y->from, x->from + i * width, y->to);
    for (int i = 1; i < h->rows; i++) line(p->cairo, x->from, y->from - i * height, x->to, y->from - i * height);
    for (int i = 0; i < h->columns * h->rows && height >= size; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.4g", h->values[i]);
        if (plot_text_width(p, size, text) + gap <= width)
            plot_text(p, x->from + (i % h->columns + 0.5) * width,
                      y->from - (i / h->columns + 0.5) * height + size / 2 - 1.5, 0.5, size, 0, text);
    }
}

void plot_heat_map(const pen *p, const axis *x, const axis *y, const gt_heat *heat) {
    axis scale = values_of(heat, y);
    paint(p->cairo, &scale, heat->numbers, heat->values, heat->columns, heat->rows, x->from, y->from, x->to - x->from,
          y->from - y->to);
    if (heat->numbers) write_numbers(p, x, y, heat);
}

void plot_heat_scale(const pen *p, double x, const axis *y, const gt_heat *heat) {
    axis scale = values_of(heat, y);
    double steps[SCALE_STEPS];
    for (int i = 0; i < SCALE_STEPS; i++) steps[i] = scale.lo + (scale.hi - scale.lo) * i / (SCALE_STEPS - 1);
    paint(p->cairo, &scale, false, steps, 1, SCALE_STEPS, x, y->from, SCALE_WIDTH, y->from - y->to);
    for (double v = ceil(scale.lo / scale.step) * scale.step; v <= scale.hi; v += scale.step) {
        char text[32];
        snprintf(text, sizeof text, "%.4g", fabs(v) < 1e-6 * scale.step ? 0 : v);
        plot_text(p, x + SCALE_WIDTH + 6, plot_place(&scale, v) + 4, 0, 11, 0, text);
    }
    if (heat->label) plot_text(p, x, y->to - 8, 0, 11, 0, heat->label);
}
