/* SPDX-License-Identifier: Apache-2.0
 * What samples mean: numbers of -1 .. 1 for networks, and the other way round; which channels are colours. */
#include <math.h>
#include <string.h>

#include "base/door/clones.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "data/door/source.h"

static inline float meaning(double x, double low, float half) { return (float)(x - low) / half - 1; }

/* The same bits as meaning() where low is a whole number: the difference is exact. */
GT_CLONES static void floats_of_bytes(const uint8_t *bytes, size_t n, float low, float half, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = ((float)bytes[i] - low) / half - 1;
}

void gt_dataset_floats(const gt_dataset_info *info, const void *samples, size_t n, float *out) {
    enum { LEVELS = 256, EXACT = 1 << 20 };
    double low = info->range[0];
    float half = (float)((info->range[1] - low) / 2), level[LEVELS];
    if (info->scale) { /* fields are normalised */
        memcpy(out, samples, n * sizeof *out);
        return;
    }
    switch (info->type) {
    case GT_U8:
        if (fabs(low) < EXACT && low == floor(low)) {
            floats_of_bytes(samples, n, (float)low, half, out);
            break;
        }
        for (int v = 0; v < LEVELS; v++) level[v] = meaning(v, low, half);
        for (size_t i = 0; i < n; i++) out[i] = level[((const uint8_t *)samples)[i]];
        break;
    case GT_U16:
        for (size_t i = 0; i < n; i++) out[i] = meaning(((const uint16_t *)samples)[i], low, half);
        break;
    case GT_F32:
        for (size_t i = 0; i < n; i++) out[i] = meaning((double)((const float *)samples)[i], low, half);
        break;
    }
}

int gt_dataset_colours(const gt_dataset_info *info) {
    static const struct {
        const char *names;
        int channels;
    } colours[] = {{"r,g,b", 3}, {"red,green,blue", 3}, {"grey", 1}, {"gray", 1}, {"l", 1}};
    if (!info->channel_names || info->channels == 1) return 0; /* one channel is grey, whatever it is of */
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (info->channels >= colours[i].channels && gt_names_begin(info->channel_names, colours[i].names))
            return info->channels == colours[i].channels ? 0 : colours[i].channels;
    return -1;
}

bool gt_dataset_alpha(const gt_dataset_info *info) { return gt_channels_alpha(info->channel_names, info->channels); }

bool gt_dataset_usual_range(const gt_dataset_info *i) {
    return i->range[0] == gt_sample_low(i->type) && i->range[1] == gt_sample_high(i->type);
}

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
