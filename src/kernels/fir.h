/* SPDX-License-Identifier: Apache-2.0
 * FIR filters on one channels-last image: zero-insertion, padding, correlation and decimation in one go (spec 1.3),
 * touching only the products that count. Every sum runs in the order of the taps, so neither the vector width nor the
 * way rows are cut into tiles changes a bit. */
#ifndef GANTRY_KERNELS_FIR_H
#define GANTRY_KERNELS_FIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
} gt_fir;

size_t gt_fir_scratch(const gt_fir *f); /* floats that gt_fir_rows needs */

/* Rows row0 .. row1-1 of the filtered image. in [y.in, x.in, channels], out [y.out, x.out, channels]. */
void gt_fir_rows(const gt_fir *f, const float *in, float *out, int64_t row0, int64_t row1, float *scratch);

int64_t gt_fir_tile_rows(const gt_fir *f); /* rows per tile: by shape alone */
double gt_fir_flops(const gt_fir *f);      /* of one image */

/* Position i of a line of n, mirrored at both ends without repeating them, as often as it takes: 0 .. n-1. */
static inline int64_t gt_reflect(int64_t i, int64_t n) {
    if (n == 1) return 0;
    int64_t period = 2 * (n - 1), r = i % period;
    if (r < 0) r += period;
    return r < n ? r : period - r;
}

#endif
