/* SPDX-License-Identifier: Apache-2.0
 * Discrete Fourier transform. */
#include "metrics/door/fourier.h"

#include "base/door/mathfn.h"

void gt_fourier_roots(size_t n, gt_complex *roots) {
    for (size_t k = 0; k < n; k++) {
        double turn = 2 * (double)k / (double)n;
        roots[k] = (gt_complex){gt_cos_pi(turn), gt_cos_pi(turn + 0.5)}; /* -sin(x) = cos(x + pi / 2) */
    }
}

static size_t least_factor(size_t n) {
    for (size_t p = 2; p * p <= n; p++)
        if (n % p == 0) return p;
    return n;
}

/* Of the numbers whose roots are each `step`-th of all n step roots. */
static void transform(size_t n, size_t stride, size_t step, const gt_complex *in, const gt_complex *roots,
                      gt_complex *out, gt_complex *spare) {
    if (n == 1) {
        *out = *in;
        return;
    }
    size_t p = least_factor(n), m = n / p;
    for (size_t r = 0; r < p; r++) transform(m, stride * p, step * p, in + r * stride, roots, out + r * m, spare);
    for (size_t k = 0; k < m; k++) {
        for (size_t q = 0; q < p; q++) {
            gt_complex sum = out[k];
            for (size_t r = 1; r < p; r++) {
                gt_complex w = roots[r * (k + q * m) % n * step], x = out[r * m + k];
                sum.re += w.re * x.re - w.im * x.im;
                sum.im += w.re * x.im + w.im * x.re;
            }
            spare[q] = sum;
        }
        for (size_t q = 0; q < p; q++) out[q * m + k] = spare[q];
    }
}

void gt_fourier(size_t n, size_t stride, const gt_complex *in, const gt_complex *roots, gt_complex *out,
                gt_complex *spare) {
    transform(n, stride, 1, in, roots, out, spare);
}
