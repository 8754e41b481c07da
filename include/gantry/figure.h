/* SPDX-License-Identifier: Apache-2.0
 * Figures of data: panels with bars, curves, points and ellipses, written as SVG and as PNG.
 *
 *     gt_curve curve = {.n = m, .x = x, .y = y};
 *     gt_panel p = {.title = "latent 0", .x_label = "z", .y_label = "density", .bars = {n, edges, heights}, .n_curves = 1, .curves = &curve};
 *     gt_status st = gt_figure_write("out/latent", &p, 1, 1);     // out/latent.svg and out/latent.png
 */
#ifndef GANTRY_FIGURE_H
#define GANTRY_FIGURE_H

#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_bars { /* heights[i] over edges[i] .. edges[i+1] */
    int n;
    const double *edges, *heights;
} gt_bars;

typedef struct gt_curve { /* through [n] points; one that has no finite place is a gap */
    const char *label; /* in a legend beside the panel, all of whose curves then have one, and dots on their points; NULL: none */
    int n;
    const double *x, *y;
} gt_curve;

typedef struct gt_points {
    int64_t n;
    const float *x, *y;
    int64_t x_stride, y_stride; /* floats from one point to the next; 0: 1 */
    const int32_t *group;       /* chooses the colour; NULL: all alike */
} gt_points;

typedef struct gt_ellipse { /* the points c with (c - mean)^T covariance^-1 (c - mean) = radius^2 */
    double mean[2], covariance[3]; /* xx, xy, yy */
    double radius;
    int group;
} gt_ellipse;

typedef enum gt_scale { GT_LINEAR, GT_LOG_2, GT_LOG_10 } gt_scale; /* logarithmic: marks at powers of 2; at 1, 2, 5, 10, ... */

typedef struct gt_panel {
    const char *title, *x_label, *y_label; /* NULL: none */
    gt_scale x_scale, y_scale;
    gt_bars bars;
    int n_curves;
    const gt_curve *curves;
    gt_points points;
    int n_ellipses;
    const gt_ellipse *ellipses;
} gt_panel;

/* STEM.svg and STEM.png. The axes of a panel hold all that is finite in it. Many points are thinned evenly. The message names the path. */
gt_status gt_figure_write(const char *stem, const gt_panel *panels, int n, int columns);
gt_status gt_figure_write_svg(const char *path, const gt_panel *panel);

/* Heights of `bars` equal bars over the values, as densities, into edges [bars+1] and heights [bars]. */
void gt_histogram(const float *x, int64_t n, int64_t stride, int bars, double *edges, double *heights);

#endif
