/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * One kernel does both passes: sums of whole rows, which is what vector units like. The horizontal pass takes STRIP
 * rows at a time and transposes them, so that neighbours in a row become rows. */
#include "data/door/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clones.h"
#include "base/door/mathfn.h"
#include "files/codec/door/sample.h"
#include "gantry/memory.h"

enum { FRACTION = 22, STRIP = 16, BLOCK = 256 };

void gt_resizer_free(gt_resizer *r) {
    for (int i = 0; i < 2; i++) {
        free(r->weights[i].first);
        free(r->weights[i].count);
        free(r->weights[i].fixed);
        free(r->weights[i].real);
    }
    free(r->scratch);
    *r = (gt_resizer){0};
}

/* ---- weights ---- */

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double sinc(double x) { return x == 0 ? 1 : gt_sin_pi(x) / (x * M_PI); }

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
    double (*value)(double x);
    double reach;
} filters[] = {[GT_FILTER_BOX] = {box, 0.5}, [GT_FILTER_LANCZOS] = {lanczos, 3}};

static int clip(double x, int most) { return x < 0 ? 0 : x > most ? most : (int)x; }

/* Weights of output sample i into w[]. */
static void weigh_input(struct gt_resize_weights *s, int i, double *w) {
    double scale = (double)s->in / s->out, stretch = scale < 1 ? 1 : scale, centre = (i + 0.5) * scale;
    double reach = filters[s->filter].reach * stretch, sum = 0;
    int first = clip(centre - reach + 0.5, s->in), count = clip(centre + reach + 0.5, s->in) - first;
    for (int k = 0; k < count; k++) sum += w[k] = filters[s->filter].value((k + first - centre + 0.5) * (1 / stretch));
    for (int k = 0; k < count; k++) {
        double v = sum != 0 ? w[k] / sum : w[k];
        s->real[(size_t)i * (size_t)s->taps + (size_t)k] = (float)v;
        s->fixed[(size_t)i * (size_t)s->taps + (size_t)k] = (int32_t)((v < 0 ? -0.5 : 0.5) + v * (1 << FRACTION));
    }
    s->first[i] = first;
    s->count[i] = count;
}

static gt_status prepare_weights(struct gt_resize_weights *s, gt_resize_filter filter, int in, int out) {
    if (s->taps && s->filter == filter && s->in == in && s->out == out) return GT_OK;
    double stretch = out < in ? (double)in / out : 1;
    int taps = 2 * (int)ceil(filters[filter].reach * stretch) + 1;
    size_t n = (size_t)out, all = n * (size_t)taps; /* sides are below 2^16: no overflow */
    free(s->first), free(s->count), free(s->fixed), free(s->real);
    *s = (struct gt_resize_weights){.filter = filter,
                                    .in = in,
                                    .out = out,
                                    .first = calloc(n, sizeof *s->first),
                                    .count = calloc(n, sizeof *s->count),
                                    .fixed = calloc(all, sizeof *s->fixed),
                                    .real = calloc(all, sizeof *s->real)};
    GT_FREED double *w = calloc((size_t)taps, sizeof *w);
    if (s->first && s->count && s->fixed && s->real && w) {
        s->taps = taps;
        for (int i = 0; i < out; i++) weigh_input(s, i, w);
    }
    return s->taps ? GT_OK : gt_fail(GT_NOMEM, "out of memory for resizing %d pixels to %d", in, out);
}

/* ---- sums of rows ---- */

/* out[y,:] = sum over k of weight[y,k] in[first[y] + k,:]; `line` samples per row of both, rows of `in` are `stride`
 * apart. */
typedef void sum_rows(const struct gt_resize_weights *s, const void *in, size_t stride, size_t line, void *out);

GT_CLONES static void sum_bytes(const struct gt_resize_weights *s, const void *in, size_t stride, size_t line,
                                void *out) {
    int32_t sum[BLOCK];
    for (int y = 0; y < s->out; y++) {
        const int32_t *w = s->fixed + (size_t)y * (size_t)s->taps;
        for (size_t at = 0; at < line; at += BLOCK) {
            size_t n = line - at < BLOCK ? line - at : BLOCK;
            const uint8_t *row = (const uint8_t *)in + (size_t)s->first[y] * stride + at;
            uint8_t *to = (uint8_t *)out + (size_t)y * line + at;
            for (size_t x = 0; x < n; x++) sum[x] = 1 << (FRACTION - 1);
            for (int k = 0; k < s->count[y]; k++, row += stride)
                for (size_t x = 0; x < n; x++) sum[x] += w[k] * row[x];
            for (size_t x = 0; x < n; x++) {
                int32_t v = sum[x] >> FRACTION;
                to[x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
    }
}

GT_CLONES static void sum_floats(const struct gt_resize_weights *s, const void *in, size_t stride, size_t line,
                                 void *out) {
    for (int y = 0; y < s->out; y++) {
        const float *w = s->real + (size_t)y * (size_t)s->taps, *row = (const float *)in + (size_t)s->first[y] * stride;
        float *to = (float *)out + (size_t)y * line;
        memset(to, 0, line * sizeof *to);
        for (int k = 0; k < s->count[y]; k++, row += stride)
            for (size_t x = 0; x < line; x++) to[x] += w[k] * row[x];
    }
}

/* ---- passes ---- */

/* `rows` rows of `columns` pixels -> columns rows; strides in bytes. */
static inline void turn_fixed(const char *in, size_t in_stride, int rows, int columns, size_t pixel, char *out,
                              size_t out_stride) {
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++)
            memcpy(out + (size_t)x * out_stride + (size_t)y * pixel, in + (size_t)y * in_stride + (size_t)x * pixel,
                   pixel);
}

/* The usual pixels get copies of a length that the compiler knows. */
static void turn_pixels(const char *in, size_t in_stride, int rows, int columns, size_t pixel, char *out,
                        size_t out_stride) {
    switch (pixel) {
    case 1: turn_fixed(in, in_stride, rows, columns, 1, out, out_stride); break;
    case 3: turn_fixed(in, in_stride, rows, columns, 3, out, out_stride); break;
    case 4: turn_fixed(in, in_stride, rows, columns, 4, out, out_stride); break;
    case 12: turn_fixed(in, in_stride, rows, columns, 12, out, out_stride); break;
    default: turn_fixed(in, in_stride, rows, columns, pixel, out, out_stride);
    }
}

gt_status gt_resize(gt_resizer *r, const gt_resize_job *j, gt_sample type, const void *in, void *out) {
    size_t sample = gt_sample_bytes(type);
    sum_rows *sum = type == GT_U8 ? sum_bytes : sum_floats;
    bool across = j->width != j->in_width, down = j->height != j->in_height;
    gt_status st = across ? prepare_weights(&r->weights[0], j->filter, j->in_width, j->width) : GT_OK;
    if (!st && down) st = prepare_weights(&r->weights[1], j->filter, j->in_height, j->height);
    if (st) return st;
    size_t pixel = sample * (size_t)j->channels, in_line = j->in_stride * sample, line = (size_t)j->width * pixel;
    size_t turned = (size_t)j->in_width * STRIP * pixel, narrow = (size_t)j->width * STRIP * pixel;
    size_t between = across && down ? (size_t)j->in_height * line : 0, need = between + turned + narrow;
    if (need > r->room) {
        void *larger = realloc(r->scratch, need);
        if (!larger) return gt_fail(GT_NOMEM, "out of memory for resizing");
        r->scratch = larger;
        r->room = need;
    }
    char *wide = (char *)r->scratch + between, *slim = wide + turned;
    char *half = across && down ? r->scratch : out; /* after the horizontal pass */
    for (int y = 0; y < j->in_height && across; y += STRIP) {
        int rows = j->in_height - y < STRIP ? j->in_height - y : STRIP;
        size_t strip = (size_t)rows * pixel;
        turn_pixels((const char *)in + (size_t)y * in_line, in_line, rows, j->in_width, pixel, wide, strip);
        sum(&r->weights[0], wide, strip / sample, strip / sample, slim);
        turn_pixels(slim, strip, j->width, rows, pixel, half + (size_t)y * line, line);
    }
    if (down) sum(&r->weights[1], across ? half : in, across ? line / sample : j->in_stride, line / sample, out);
    if (!across && !down)
        for (int y = 0; y < j->height; y++)
            memcpy((char *)out + (size_t)y * line, (const char *)in + (size_t)y * in_line, line);
    return GT_OK;
}
