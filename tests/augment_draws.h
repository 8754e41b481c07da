/* SPDX-License-Identifier: Apache-2.0
 * Draws of augmentation for tests: a value per kind of draw, as in the reference's debug mode. */
#ifndef AUGMENT_DRAWS_H
#define AUGMENT_DRAWS_H

#include <math.h>
#include <string.h>

#include "networks/nets/door/augment.h"

/* The inverse of the error function by Newton's method, from Winitzki's approximation. */
static inline double inverse_erf(double y) {
    double l = log(1 - y * y), b = 2 / (M_PI * 0.147) + l / 2, x = copysign(sqrt(sqrt(b * b - l / 0.147) - b), y);
    for (int i = 0; i < 4; i++) x -= (erf(x) - y) / (M_2_SQRTPI * exp(-x * x));
    return x;
}

/* erfinv(2q-1) for a normal value (no factor sqrt 2), and no rotation after the stretch. */
static inline void draw_percentile(const gt_augment_source *s, const gt_augment_draw *d, float *values) {
    double q = (double)*(const float *)s->own, v = q;
    if (d->kind == GT_DRAW_NORMAL) v = inverse_erf(2 * q - 1);
    if (d->kind == GT_DRAW_HALF_NORMAL) v = inverse_erf(q);
    if (d->kind == GT_DRAW_GATE) v = -1; /* below any probability */
    if (d->kind == GT_DRAW_UNIFORM && strcmp(d->name, "post_rotate") == 0) v = 0.5;
    for (int i = 0; i < d->n; i++) values[i] = (float)v;
}

/* Every value is its q-quantile and every gate opens. q is kept, not copied. */
static inline gt_augment_source percentile_draws(const float *q) {
    return (gt_augment_source){.draw = draw_percentile, .own = q};
}

#endif
