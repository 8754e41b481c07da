/* SPDX-License-Identifier: Apache-2.0
 * What random transforms of pictures are made of: products of geometric transforms, and of colour transforms. */
#ifndef GANTRY_NETWORKS_NETS_AUGMENT_MATRICES_H
#define GANTRY_NETWORKS_NETS_AUGMENT_MATRICES_H

#include <stdbool.h>

double gt_power_of_two(float exponent);

/* Geometry: G <- G M. A matrix takes places of the output to places of the input; x goes right and y down, from the
 * middle. */
void gt_then(double g[9], double xx, double xy, double x, double yx, double yy, double y);
void gt_then_rotate(double g[9], float angle);
void gt_geometry_put(const double g[9], float out[2][3]);

/* Colour: C <- M C on (r, g, b, 1). */
void gt_brighten(double c[16], double shift);
/* a I + b v v^T + s [v]x with the grey axis v = (1,1,1)/sqrt 3: every linear colour transform here has this form. */
void gt_about_grey(double c[16], double a, double b, double s);
/* Grey: the mean of the three rows, as it acts on equal channels: out[0][0] is the factor, out[0][3] the shift. */
void gt_colour_put(const double c[16], bool grey, float out[3][4]);

#endif
