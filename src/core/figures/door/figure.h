/* SPDX-License-Identifier: Apache-2.0
 * Figures of data: panels with heat maps, bars, curves, points and ellipses, written as SVG and as PNG.
 *
 *     gt_curve curve = {.n = m, .x = x, .y = y};
 *     gt_panel p = {.title = "latent 0", .x_label = "z", .y_label = "density", .bars = {n, edges, heights},
 *                   .n_curves = 1, .curves = &curve};
 *     gt_status st = gt_figure_write("out/latent", &p, 1, 1);     // out/latent.svg and out/latent.png
 */
#ifndef GANTRY_FIGURES_DOOR_FIGURE_H
#define GANTRY_FIGURES_DOOR_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/memory.h"
#include "gantry/status.h"

/* How often a class is the true one: the sum of its row. */
int64_t gt_confusion_count(const int64_t *counts, int classes, int class);

typedef struct gt_bars { /* heights[i] over edges[i] .. edges[i+1] */
    int n;
    const double *edges, *heights;
} gt_bars;

typedef struct gt_curve { /* through [n] points; one that has no finite place is a gap */
    const char *label;    /* in a legend, with dots on the points; NULL: the curve is not in the legend */
    int n;
    const double *x, *y;
    int colour; /* from 1; 0: the place among the panel's curves */
} gt_curve;

typedef struct gt_points {
    int64_t n;
    const float *x, *y;
    int64_t x_stride, y_stride; /* floats from one point to the next; 0: 1 */
    const int32_t *group;       /* numbers of colours, [n]; NULL: one colour for all */
} gt_points;

typedef struct gt_ellipse {        /* the points c with (c - mean)^T covariance^-1 (c - mean) = radius^2 */
    double mean[2], covariance[3]; /* xx, xy, yy */
    double radius;
    int group;
    bool thin; /* of a family of contours */
} gt_ellipse;

typedef struct gt_heat { /* equal cells over the panel's x_range and y_range, both of which are needed */
    int columns, rows;
    const double *values; /* [rows,columns], finite; the first row is the lowest */
    const char *label;    /* over the scale of colours */
    const double *range;  /* two ends of the scale; NULL: the least and the largest value */
    bool numbers;         /* pale cells with their values, as far as these fit, in place of marks and of the scale */
} gt_heat;

/* Both others are logarithmic, with marks at powers of 2, or at 1, 2, 5, 10, 20, ... */
typedef enum gt_axis_scale { GT_LINEAR, GT_LOG_2, GT_LOG_10 } gt_axis_scale;
/* Of an axis with values from lo to hi: logarithmic if all are above 0 and span three decades. */
gt_axis_scale gt_axis_scale_of(double lo, double hi);

typedef struct gt_panel {
    const char *title, *x_label, *y_label; /* NULL: none */
    gt_axis_scale x_scale, y_scale;
    gt_heat heat; /* 0 rows: none */
    gt_bars bars;
    int n_curves;
    const gt_curve *curves;
    gt_points points;
    int n_ellipses;
    const gt_ellipse *ellipses;
    const double *x_range, *y_range; /* two ends of an axis; NULL: the axis shows all finite values of the panel */
    bool small;                      /* of the first panel: all are small, and its legend stands once, below all */
} gt_panel;

/* Writes STEM.svg and STEM.png, in rows of `columns` panels. Of more than 20000 points evenly spaced ones are drawn.
 * The message of an error names the path. */
gt_status gt_figure_write(const char *stem, const gt_panel *panels, int n, int columns);
gt_status gt_figure_write_png(const char *path, const gt_panel *panels, int n, int columns);
/* A PNG; an SVG if the path ends in .svg. */
gt_status gt_figure_write_as(const char *path, const gt_panel *panels, int n, int columns);
/* The pixels [height,width,3] of the PNG, to be freed; NULL on failure. */
gt_status gt_figure_pixels(const gt_panel *panels, int n, int columns, uint8_t **pixels, int *height, int *width);
gt_status gt_figure_write_svg(const char *path, const gt_panel *panel);

/* Writes a confusion matrix [classes,classes] (rows: the class, columns: what was said) as a PNG: each cell coloured by
 * its share of the row, with numbers and names up to 24 classes. names [classes] or NULL: numbers. GT_USAGE: more than
 * 8192 classes. */
gt_status gt_confusion_write(const char *path, const int64_t *counts, int classes, const char *const *names);
/* The same in a folder, with names, as confusion.png and as confusion.csv, which has the names on both sides; and
 * classes.csv, the share of each class that is right. `of`: what is counted, "images". iou [classes]: a column more;
 * NULL: none. */
gt_status gt_confusion_write_tables(gt_arena *a, const char *dir, const char *of, const int64_t *counts, int classes,
                                    const char *const *names, const double *iou);

/* A histogram of the finite values among x[0], x[stride], ... (n of them): `bars` bars of equal width. edges
 * [bars+1]; heights [bars] are densities. */
void gt_histogram(const float *x, int64_t n, int64_t stride, int bars, double *edges, double *heights);

#endif
