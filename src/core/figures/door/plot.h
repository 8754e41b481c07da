/* SPDX-License-Identifier: Apache-2.0
 * What all drawings of data share: axes, their marks, curves. A pen draws them, either as SVG text within a page that
 * defines the classes and colours (report.c), or by cairo. */
#ifndef GANTRY_FIGURES_DOOR_PLOT_H
#define GANTRY_FIGURES_DOOR_PLOT_H

#include <cairo.h>
#include <stdbool.h>

#include "base/door/file.h"
#include "figures/door/figure.h"

typedef struct pen { /* one of the two; the other is NULL */
    gt_buffer *page;
    cairo_t *cairo;
} pen;

typedef struct axis {
    double lo, hi;   /* ends; logarithms to base 10 where the scale is logarithmic */
    double step;     /* between two marks of a linear scale; a logarithmic one has as many marks as there is room for */
    double from, to; /* places of the ends on the page */
    gt_axis_scale scale;
} axis;

/* The step between two marks: 1, 2 or 5 times a power of ten, `rough` rounded up or to the nearest. */
double plot_step(double rough, bool up);
double plot_place(const axis *a, double value);
/* Draws lines and numbers along both axes. */
void plot_marks(const pen *p, const axis *x, const axis *y);
/* Draws a curve. A point without finite place is a gap. On a page a point between gaps is a dot, and so is the last
 * point; a curve of two points, which shows no trend yet, is two dots. `dots`: all points are dots. */
void plot_curve(const pen *p, const axis *x, const axis *y, const gt_curve *curve, int colour, bool dots);
/* Writes text with its baseline at y. before = 0: to the right of x; 0.5: around x; 1: to the left of x. Cairo turns
 * the text by `angle`. */
void plot_text(const pen *p, double x, double y, double before, double size, double angle, const char *text);
/* The width of a text of this size; on a page about that. */
double plot_text_width(const pen *p, double size, const char *text);
/* Chooses a colour for what cairo draws next. */
void plot_colour(cairo_t *c, int colour, double alpha);
/* The colour of a value in 0 .. 1: dark violet over red and orange to yellow. Brightness grows with the value, so that
 * the colours can be read without colours, too. */
void plot_heat(double v, double rgb[3]);
/* From white to blue, light enough for text upon it. */
void plot_pale(double v, double rgb[3]);
/* Draws a heat map over both axes, and its scale of colours from x on. */
void plot_heat_map(const pen *p, const axis *x, const axis *y, const gt_heat *heat);
void plot_heat_scale(const pen *p, double x, const axis *y, const gt_heat *heat);

/* ---- page.c: a white page on which cairo draws, written as a PNG or SVG file ---- */

typedef struct page {
    cairo_surface_t *surface;
    cairo_t *cairo;
    bool png;
    gt_buffer bytes; /* of the file */
} page;

/* Begins a page of so many points (PNG: pixels), with a font chosen; returns page->cairo. Errors show at page_write().
 */
cairo_t *page_begin(page *p, bool png, int width, int height);
void page_drop(page *p); /* ends the page; nothing is written */
/* Writes the page whole into a file (base/door/file.h: cairo itself would write over the old file piece by piece, and
 * not say why it cannot), and ends the page. */
gt_status page_write(page *p, const char *path);
/* The same for the pixels [height,width,3] of a PNG's page, to be freed; NULL on failure. */
gt_status page_pixels(page *p, uint8_t **pixels);

#endif
