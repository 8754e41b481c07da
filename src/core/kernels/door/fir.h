/* SPDX-License-Identifier: Apache-2.0
 * FIR filters on channels-last images: zero-insertion, padding, correlation and decimation in one go
 * (docs/mathematics/stylegan2-ada.md#fir-resampling), touching only the products that count. Every sum runs in the
 * order of the taps, so neither the vector width nor the way rows are cut into tiles changes a bit. */
#ifndef GANTRY_KERNELS_DOOR_FIR_H
#define GANTRY_KERNELS_DOOR_FIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/pool.h"

/* One axis: y[m] = sum_k u[m*down + k - pad] taps[k], u[i*up] = x[i] and zero elsewhere. */
typedef struct gt_fir_axis {
    int64_t in, out; /* lengths */
    int64_t up, down, pad;
    int64_t n; /* taps */
} gt_fir_axis;

typedef struct gt_fir {
    gt_fir_axis x, y;
    int64_t channels;
    bool separable;
    const float *taps_x; /* separable: x.n taps; else y.n rows of x.n taps */
    const float *taps_y; /* separable: y.n taps */
    /* floats from the taps of an image to those of the next one; 0: all images have the same */
    int64_t next_x, next_y;
} gt_fir;

size_t gt_fir_workspace(const gt_fir *f, int threads); /* bytes; the taps are not read */

/* Filters images one after the other: in [images, y.in, x.in, channels], out [images, y.out, x.out, channels]. */
void gt_fir_images(const gt_fir *f, gt_pool *pool, int64_t images, const float *in, float *out, void *workspace);

double gt_fir_flops(const gt_fir *f); /* of one image */

/* Position i of a line of n, mirrored at both ends without repeating them, as often as it takes: 0 .. n-1. */
static inline int64_t gt_reflect(int64_t i, int64_t n) {
    if (n == 1) return 0;
    int64_t period = 2 * (n - 1), r = i % period;
    if (r < 0) r += period;
    return r < n ? r : period - r;
}

#endif
