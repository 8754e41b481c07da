/* SPDX-License-Identifier: Apache-2.0
 * Discrete Fourier transform of any length, by its prime factors (Cooley and Tukey). float64, and no function of the C
 * library: the same bits everywhere. */
#ifndef GANTRY_METRICS_DOOR_FOURIER_H
#define GANTRY_METRICS_DOOR_FOURIER_H

#include <stddef.h>

typedef struct gt_complex {
    double re, im;
} gt_complex;

/* roots[k] = exp(-2 pi i k / n) */
void gt_fourier_roots(size_t n, gt_complex *roots);
/* out[k] = sum over j of in[j stride] roots[j k mod n]; roots as above; spare: n. Not in place. */
void gt_fourier(size_t n, size_t stride, const gt_complex *in, const gt_complex *roots, gt_complex *out,
                gt_complex *spare);

#endif
