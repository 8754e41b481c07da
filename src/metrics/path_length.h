/* SPDX-License-Identifier: Apache-2.0
 * Perceptual path length: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks",
 * section 4.1. How far features move when a latent moves by `epsilon` of its way to another latent:
 *
 *     distance of a sample = |features at t + epsilon - features at t|^2 / epsilon^2
 *
 * PPL is the mean of those that lie between the 1st percentile, rounded to a lower place, and the 99th, rounded to a
 * higher place. Here are the formulas; features and pictures are the caller's. */
#ifndef GANTRY_METRICS_PATH_LENGTH_H
#define GANTRY_METRICS_PATH_LENGTH_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

#define GT_PATH_EPSILON 1e-4

/* The point at t on the great circle through a and b, which are first brought to length 1; out [d] has length 1. */
void gt_slerp(size_t d, const float *a, const float *b, double t, float *out);

/* Of a sample, from its two rows of features. */
double gt_path_distance(size_t d, const float *at, const float *further, double epsilon);

/* PPL of n distances. GT_NOMEM; GT_NONFINITE: a distance is NaN. */
gt_status gt_path_length(const float *distances, int64_t n, double *value);

#endif
