/* SPDX-License-Identifier: Apache-2.0
 * Curves through points: see curve.h. */
#include "features/walk/curve.h"

#include <math.h>

static int64_t point_of(int64_t i, int64_t n, bool closed) {
    if (closed) return ((i % n) + n) % n;
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

gt_curve_place gt_curve_at(double t, int64_t n, bool closed) {
    int64_t last = closed ? n : n - 1, k = (int64_t)t;
    if (k >= last) k = last - 1; /* the end of an open curve */
    if (k < 0) k = 0;
    double u = t - (double)k, u2 = u * u, u3 = u2 * u;
    gt_curve_place p = {.weight = {0.5 * (-u3 + 2 * u2 - u), 0.5 * (3 * u3 - 5 * u2 + 2), 0.5 * (-3 * u3 + 4 * u2 + u),
                                   0.5 * (u3 - u2)},
                        .u = u};
    for (int i = 0; i < 4; i++) p.point[i] = point_of(k - 1 + i, n, closed);
    if (closed) return p;
    /* beyond an end the curve goes on as it came: the missing point mirrors its neighbour */
    double *w = p.weight;
    if (k == 0) w[1] += 2 * w[0], w[2] -= w[0], w[0] = 0;
    if (k + 2 >= n) w[2] += 2 * w[3], w[1] -= w[3], w[3] = 0;
    return p;
}

double gt_curve_time(int64_t i, int64_t frames, int64_t parts, bool closed) {
    int64_t steps = closed ? frames : frames - 1;
    return steps > 0 ? (double)i * (double)parts / (double)steps : 0;
}

static double length_of(const float *z, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)z[i] * z[i];
    return sqrt(sum);
}

void gt_curve_latent(const gt_curve_place *p, const float *const z[4], size_t n, float *out) {
    const double near_zero = 1e-6; /* there is no direction to keep */
    double sum = 0, from = length_of(z[1], n), to = length_of(z[2], n), ease = p->u * p->u * (3 - 2 * p->u);
    for (size_t i = 0; i < n; i++) {
        double x = 0;
        for (int j = 0; j < 4; j++) x += p->weight[j] * z[j][i];
        sum += x * x;
    }
    double length = sqrt(sum), wanted = from + (to - from) * ease,
           scale = length > near_zero * wanted ? wanted / length : 1;
    if (p->u == 0) scale = 1;
    for (size_t i = 0; i < n; i++) {
        double x = 0;
        for (int j = 0; j < 4; j++) x += p->weight[j] * z[j][i];
        out[i] = (float)(scale * x);
    }
}
