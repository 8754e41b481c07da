/* SPDX-License-Identifier: Apache-2.0
 * Numbers of -1 .. 1 as the samples of a file, the other way round than gt_dataset_floats(). */
#include <math.h>

#include "gantry/dataset.h"

gt_sample_format gt_dataset_format(const gt_dataset_info *info) {
    return (gt_sample_format){info->type, {info->range[0], info->range[1]}};
}

void gt_floats_of_samples(const gt_sample_format *f, const void *samples, size_t n, float *out) {
    const gt_dataset_info info = {.type = f->type, .range = {f->range[0], f->range[1]}};
    gt_dataset_floats(&info, samples, n, out);
}

/* The arithmetic of float32 that the reference tools have. */
static void usual_bytes(const float *x, size_t n, uint8_t *out) {
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * 127.5f + 128;
        out[i] = v >= 255 ? 255 : v > 0 ? (uint8_t)v : 0; /* NaN is 0 */
    }
}

static double clamped(double v, double low, double high) { return v > low ? fmin(v, high) : low; } /* NaN is `low` */

/* The nearest whole number in the range, as far as the type holds the range. */
static double whole_sample(const gt_sample_format *f, double v) {
    double whole = clamped(floor(v + 0.5), ceil(f->range[0]), floor(f->range[1]));
    return clamped(whole, gt_sample_low(f->type), gt_sample_high(f->type));
}

void gt_samples_of_floats(const gt_sample_format *f, const float *x, size_t n, void *samples) {
    double low = f->range[0], high = f->range[1], half = (high - low) / 2;
    if (f->type == GT_U8 && low == 0 && high == 255) {
        usual_bytes(x, n, samples);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double v = low + ((double)x[i] + 1) * half;
        if (f->type == GT_U8) ((uint8_t *)samples)[i] = (uint8_t)whole_sample(f, v);
        else if (f->type == GT_U16) ((uint16_t *)samples)[i] = (uint16_t)whole_sample(f, v);
        else ((float *)samples)[i] = isnan(v) ? x[i] : (float)clamped(v, low, high);
    }
}

void gt_floats_round(const gt_sample_format *f, size_t n, float *x) {
    enum { PIECE = 1024 };
    float seen[PIECE];
    union {
        uint8_t u8[PIECE];
        uint16_t u16[PIECE];
        float f32[PIECE];
    } samples;
    for (size_t first = 0; first < n; first += PIECE) {
        size_t piece = n - first < PIECE ? n - first : PIECE;
        gt_samples_of_floats(f, x + first, piece, &samples);
        gt_floats_of_samples(f, &samples, piece, seen);
        for (size_t i = 0; i < piece; i++)
            /* as readers clamp: the ends of some ranges come out a little beyond -1 and 1 */
            if (isfinite(x[first + i])) x[first + i] = fminf(fmaxf(seen[i], -1), 1);
    }
}
