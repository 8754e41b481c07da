/* SPDX-License-Identifier: Apache-2.0
 * Smooth curves through points that are reached at equal intervals of time: the uniform Catmull-Rom spline (Catmull and
 * Rom, "A class of local interpolating splines", 1974), whose direction and speed change without a jump. */
#ifndef GANTRY_FEATURES_WALK_CURVE_H
#define GANTRY_FEATURES_WALK_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place on a curve: the sum of weight[i] times point[i]. At a point itself one weight is 1, and the others are 0. */
typedef struct gt_curve_place {
    int64_t point[4];
    double weight[4];
    double u; /* from point[1] (0) to point[2] (1) */
} gt_curve_place;

/* The place at time t among n points: point i is reached at time i. Open curves have times from 0 to n - 1; closed ones
 * go from the last point back to the first, which is reached again at time n. */
gt_curve_place gt_curve_at(double t, int64_t n, bool closed);

/* The time of frame i of `frames` on a way of `parts` parts. Closed: the frame after the last one would be the first
 * again; open: the last frame is the end. */
double gt_curve_time(int64_t i, int64_t frames, int64_t parts, bool closed);

/* The place on a curve of latents z[4][n], at distances from 0 that go from that of point 1 to that of point 2, so that
 * each place is as likely a latent as the points are. */
void gt_curve_latent(const gt_curve_place *p, const float *const z[4], size_t n, float *out);

#endif
