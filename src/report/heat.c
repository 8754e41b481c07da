/* SPDX-License-Identifier: Apache-2.0
 * Heat maps by cairo: see plot.h. */
#include <math.h>
#include <stdio.h>

#include "report/plot.h"

enum { SCALE_WIDTH = 16, SCALE_STEPS = 64 };

static axis values_of(const gt_heat *h, const axis *y) {
    axis a = {INFINITY, -INFINITY, 0, y->from, y->to, GT_LINEAR};
    for (int i = 0; i < h->columns * h->rows; i++) {
        a.lo = fmin(a.lo, h->values[i]);
        a.hi = fmax(a.hi, h->values[i]);
    }
    if (!(a.hi > a.lo)) a.hi = a.lo + 1;
    a.step = plot_step((a.hi - a.lo) / 5, false);
    return a;
}

/* Paints columns x rows colours over a rectangle of the page; the first row is the lowest. */
static void paint(cairo_t *c, const axis *scale, const double *values, int columns, int rows, double left,
                  double bottom, double width, double height) {
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
    uint8_t *data = cairo_surface_status(image) ? NULL : cairo_image_surface_get_data(image);
    size_t stride = (size_t)cairo_image_surface_get_stride(image);
    for (int y = 0; y < rows && data; y++)
        for (int x = 0; x < columns; x++) {
            double rgb[3];
            uint8_t *bgr = data + (size_t)(rows - 1 - y) * stride + 4 * (size_t)x;
            plot_heat((values[y * columns + x] - scale->lo) / (scale->hi - scale->lo), rgb);
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

void plot_heat_map(const pen *p, const axis *x, const axis *y, const gt_heat *heat) {
    axis scale = values_of(heat, y);
    paint(p->cairo, &scale, heat->values, heat->columns, heat->rows, x->from, y->from, x->to - x->from,
          y->from - y->to);
}

void plot_heat_scale(const pen *p, double x, const axis *y, const gt_heat *heat) {
    axis scale = values_of(heat, y);
    double steps[SCALE_STEPS];
    for (int i = 0; i < SCALE_STEPS; i++) steps[i] = scale.lo + (scale.hi - scale.lo) * i / (SCALE_STEPS - 1);
    paint(p->cairo, &scale, steps, 1, SCALE_STEPS, x, y->from, SCALE_WIDTH, y->from - y->to);
    for (double v = ceil(scale.lo / scale.step) * scale.step; v <= scale.hi; v += scale.step) {
        char text[32];
        snprintf(text, sizeof text, "%.4g", fabs(v) < 1e-6 * scale.step ? 0 : v);
        plot_text(p, x + SCALE_WIDTH + 6, plot_place(&scale, v) + 4, 0, 11, 0, text);
    }
    if (heat->label) plot_text(p, x, y->to - 8, 0, 11, 0, heat->label);
}
