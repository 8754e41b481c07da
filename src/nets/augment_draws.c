/* SPDX-License-Identifier: Apache-2.0
 * Where the parameters of augmentations come from: counter-based random numbers, one percentile for everything, or
 * draws recorded from another implementation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gantry/augment.h"
#include "gantry/random.h"

/* Every draw has a stream of its own, so that a transform's numbers do not depend on which others are on. */
static void draw_random(const gt_augment_source *s, const gt_augment_draw *d, float *values) {
    char stream[256];
    snprintf(stream, sizeof stream, "%s/%s%s", s->prefix, d->name, d->kind == GT_DRAW_GATE ? "/gate" : "");
    gt_key key = {s->seed, gt_stream(stream), s->step, s->sample0 + (uint32_t)d->sample};
    if (d->kind == GT_DRAW_UNIFORM || d->kind == GT_DRAW_GATE) gt_random_uniform(key, values, (size_t)d->n);
    else gt_random_normal(key, values, (size_t)d->n);
}

/* The inverse of the error function by Newton's method, from Winitzki's approximation. */
static double inverse_erf(double y) {
    double l = log(1 - y * y), b = 2 / (M_PI * 0.147) + l / 2, x = copysign(sqrt(sqrt(b * b - l / 0.147) - b), y);
    for (int i = 0; i < 4; i++) x -= (erf(x) - y) / (M_2_SQRTPI * exp(-x * x));
    return x;
}

/* The reference's debug mode: erfinv(2q-1) for a normal value (no factor sqrt 2), and no rotation after the stretch. */
static void draw_percentile(const gt_augment_source *s, const gt_augment_draw *d, float *values) {
    double q = (double)s->percentile, v = q;
    if (d->kind == GT_DRAW_NORMAL) v = inverse_erf(2 * q - 1);
    if (d->kind == GT_DRAW_HALF_NORMAL) v = inverse_erf(q);
    if (d->kind == GT_DRAW_GATE) v = -1; /* below any probability */
    if (d->kind == GT_DRAW_UNIFORM && strcmp(d->name, "post_rotate") == 0) v = 0.5;
    for (int i = 0; i < d->n; i++) values[i] = (float)v;
}

static void draw_recorded(const gt_augment_source *s, const gt_augment_draw *d, float *values) {
    memcpy(values, s->recorded[d->call] + (size_t)d->sample * (size_t)d->n, sizeof(float) * (size_t)d->n);
}

gt_augment_source gt_augment_random(uint64_t seed, const char *prefix, uint32_t step, uint32_t sample0) {
    return (gt_augment_source){.draw = draw_random, .seed = seed, .prefix = prefix, .step = step, .sample0 = sample0};
}

gt_augment_source gt_augment_percentile(float q, const float *noise) {
    return (gt_augment_source){.draw = draw_percentile, .percentile = q, .noise = noise};
}

gt_augment_source gt_augment_recorded(int n, const float *const *draws) {
    return (gt_augment_source){.draw = draw_recorded, .n_recorded = n, .recorded = draws};
}
