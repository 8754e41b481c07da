/* SPDX-License-Identifier: Apache-2.0
 * The moving average of a network's parameters:
 *
 *   average = beta average + (1 - beta) parameters
 *   beta    = 0.5^(batch / images),  images = 1000 ema_kimg, at most rampup images_shown where there is a rampup
 *
 * so `images` is the half-life. train/update.c calls gt_ema_update() with each update of the parameters, train/step.c
 * for buffers. */
#include <math.h>

#include "base/clones.h"
#include "gantry/mathfn.h"
#include "gantry/optimizer.h"

double gt_ema_beta(double ema_kimg, double rampup, double images_shown, double batch) {
    double images = ema_kimg * 1000;
    if (rampup > 0) images = fmin(images, images_shown * rampup);
    return gt_pow(0.5, batch / fmax(images, 1e-8));
}

/* Computed from the nearer end, which keeps the small step exact. */
GT_CLONES void gt_ema_update(float *restrict average, const float *restrict params, size_t n, double beta) {
    float b = (float)beta, rest = (float)(1 - beta);
    if (b < 0.5f)
        for (size_t i = 0; i < n; i++) average[i] = params[i] + b * (average[i] - params[i]);
    else
        for (size_t i = 0; i < n; i++) average[i] = average[i] - rest * (average[i] - params[i]);
}
