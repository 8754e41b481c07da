/* SPDX-License-Identifier: Apache-2.0
 * Radial power spectra of sets of pictures, and their distance: the azimuthal average of Durall et al., "Watch your
 * Up-Convolution: CNN Based Generative Deep Neural Networks are Failing to Reproduce Spectral Distributions", and the
 * log-spectral distance in decibel.
 *
 *     y = mean of the channels / 255;  P = |DFT of y|^2 / (H W);  m = min(H, W)
 *     ring of frequency (fu, fv), in cycles per pixel = floor(sqrt((m fu)^2 + (m fv)^2) + 1/2), up to m div 2
 *     A(ring) = mean of P over the ring, mean over pictures
 *     distance = sqrt(mean over rings 1 .. m div 2 of (10 log10((A1 + 1e-12) / (A2 + 1e-12)))^2) */
#ifndef GANTRY_METRICS_SPECTRUM_H
#define GANTRY_METRICS_SPECTRUM_H

#include "metrics/rows.h"

typedef struct gt_spectrum gt_spectrum;

int gt_spectrum_rings(int height, int width); /* ring 0 included */
/* Of a set of `count` pictures, each rank having its share (gt_rows_share). NULL: see gt_message(). */
gt_spectrum *gt_spectrum_new(const gt_team *team, int64_t count, int height, int width, int channels);
/* The next n of this rank's pictures [n,H,W,C], 0 .. 255. */
gt_status gt_spectrum_add(gt_spectrum *s, const uint8_t *pictures, int64_t n);
gt_status gt_spectrum_finish_all(gt_spectrum *s, double *power); /* [rings], on all ranks */
void gt_spectrum_free(gt_spectrum *s);                           /* NULL is fine */

/* Symmetric; 0 of a spectrum and itself. */
double gt_spectrum_distance(const double *a, const double *b, int rings);

#endif
