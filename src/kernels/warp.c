/* SPDX-License-Identifier: Apache-2.0
 * Geometric augmentation of channels of an image and its adjoint.
 *
 * Grids. The fine grid of the output has 2H+10 rows, numbered 0 .. 2H+9: what the 12-tap downsampling reads for H rows.
 * Its row i lies at pixel coordinate (i - H - 4) / 2 from the centre
 * (docs/mathematics/augmentation.md#resampling-by-g). Fine position n of the input lies at pixel n/2; between two fine
 * positions the sample is bilinear. With n = 2i + parity the two neighbours of a sample reach pixels i-3 .. i+3, so a
 * sample is a 7-tap sum along each axis, its weights linear in the fraction. The output is made in strips of columns,
 * so that the samples of successive rows of a turned image meet in the cache. Where samples lie and how their windows
 * are weighed is worked out once for a few channels; each of them is a plane of its own, so no bit depends on which
 * others it goes with. */
#include "kernels/warp.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "kernels/fir.h"

enum { TAPS = 12, REACH = 3, WINDOW = 2 * REACH + 1, LANES = 8, EXTRA = TAPS - 2, STRIP = 128 };
_Static_assert(WINDOW < LANES, "a window fits into one vector with an unused last lane");

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float half_vec __attribute__((vector_size(2 * LANES), aligned(4), may_alias));

static const double sym6[TAPS] = {0.015404109327027373, 0.0034907120842174702, -0.11799011114819057,
                                  -0.048311742585633,   0.4910559419267466,    0.787641141030194,
                                  0.3379294217276218,   -0.07263752278646252,  -0.021060292512300564,
                                  0.04472490177066578,  0.0017677118642428036, -0.007800708325034148};

/* Weights of a window for a sample at fraction t between two fine positions: base + t * slope. */
typedef struct weights {
    vec base, slope;
} weights;

/* Indexed by parity of the fine position + 2 * (the window lies in a mirrored stretch, so its order is reversed). */
typedef struct tables {
    weights window[4];
    float filter[TAPS]; /* of the downsampling */
} tables;

static void make_tables(tables *t) {
    double total = 0;
    for (int k = 0; k < TAPS; k++) total += sym6[k];
    for (int k = 0; k < TAPS; k++) t->filter[k] = (float)(sym6[k] / total);
    /* weights of pixels i-3 .. i+3 for fine positions 2i, 2i+1, 2i+2; upsampling has gain 2 */
    float fine[3][LANES] = {{0}};
    for (int k = 0; k < TAPS / 2; k++) {
        fine[0][k] = 2 * t->filter[TAPS - 1 - 2 * k];
        fine[1][k + 1] = 2 * t->filter[TAPS - 2 - 2 * k];
        fine[2][k + 1] = fine[0][k];
    }
    memset(t->window, 0, sizeof t->window);
    for (int v = 0; v < 4; v++)
        for (int k = 0; k < WINDOW; k++) {
            int at = v & 2 ? WINDOW - 1 - k : k;
            ((float *)&t->window[v].base)[k] = fine[v & 1][at];
            ((float *)&t->window[v].slope)[k] = fine[(v & 1) + 1][at] - fine[v & 1][at];
        }
}

/* Where the samples of a row of the fine output grid lie along one axis: the pixel in the middle of each window, the
 * row of the table, and the fraction. */
typedef struct positions {
    int32_t *pixel, *kind;
    float *fraction;
} positions;

typedef struct sampling {
    int64_t height, width, channels, pitch; /* pitch of a row with margins */
    int64_t from, columns, fine;            /* the strip: first column, how many, and their samples in a fine row */
    int64_t image_floats, half_floats;
    double m[6];
    bool once;
    tables t;
    float *rows;   /* the image between mirrored margins of REACH pixels: [height + 2 REACH][channels][pitch] */
    float *images; /* of each channel: [height][width] of the output side */
    float *row;    /* the strip of one row of it, filtered vertically, between margins of TAPS/2 - 1 zeros */
    float *halves; /* of each channel: samples of one fine row, even ones, then odd ones */
    positions x, y;
    int64_t *window;      /* of the samples of a fine row: where in `rows` the window of the first channel begins */
    float *across, *down; /* and its weights, LANES along each axis */
} sampling;

enum { ROW_MARGIN = TAPS / 2 - 1 };

static int64_t padded(int64_t floats) { return (floats + 15) / 16 * 16; }
/* the last window is read as LANES pixels from column width-1 */
static int64_t pitch_of(int64_t width) { return width + WINDOW; }

static int64_t strip_of(int64_t columns) { return columns < STRIP ? columns : STRIP; }

size_t gt_warp_scratch(int64_t height, int64_t width, int64_t channels) {
    int64_t columns = strip_of(width), fine = 2 * columns + EXTRA;
    int64_t together = channels < GT_WARP_CHANNELS ? channels : GT_WARP_CHANNELS;
    return (size_t)(padded((height + 2 * REACH) * together * pitch_of(width)) +
                    together * (padded(height * width) + 2 * padded(fine / 2)) + padded(columns + 2 * ROW_MARGIN) +
                    6 * padded(fine) + padded(2 * fine) + 2 * padded(LANES * fine));
}

double gt_warp_flops(int64_t height, int64_t width) {
    double fine = (double)(2 * height + EXTRA) * (double)(2 * width + EXTRA);
    double filters = 2.0 * TAPS * (double)width * (double)(2 * height + EXTRA) + 2.0 * TAPS * (double)(width * height);
    return fine * (2 * WINDOW * WINDOW + 4 * WINDOW) + filters;
}

static float *take(float **scratch, int64_t floats) {
    float *p = *scratch;
    *scratch += padded(floats);
    return p;
}

static void begin_sampling(sampling *p, int64_t height, int64_t width, int64_t channels, const float matrix[6],
                           float *scratch) {
    int64_t columns = strip_of(width), fine = 2 * columns + EXTRA;
    *p = (sampling){.height = height, .width = width, .channels = channels, .pitch = pitch_of(width)};
    p->image_floats = padded(height * width);
    p->half_floats = padded(fine / 2);
    for (int i = 0; i < 6; i++) p->m[i] = (double)matrix[i];
    make_tables(&p->t);
    p->rows = take(&scratch, (height + 2 * REACH) * channels * p->pitch);
    p->images = take(&scratch, channels * p->image_floats);
    p->row = take(&scratch, columns + 2 * ROW_MARGIN);
    p->halves = take(&scratch, channels * 2 * p->half_floats);
    positions *axes[] = {&p->x, &p->y};
    for (int i = 0; i < 2; i++) {
        axes[i]->pixel = (int32_t *)take(&scratch, fine);
        axes[i]->kind = (int32_t *)take(&scratch, fine);
        axes[i]->fraction = take(&scratch, fine);
    }
    p->window = (int64_t *)take(&scratch, 2 * fine);
    p->across = take(&scratch, LANES * fine);
    p->down = take(&scratch, LANES * fine);
}

/* Row y of a channel, from its first pixel on. */
static float *row_of(const sampling *p, int64_t y, int64_t channel) {
    return p->rows + ((y + REACH) * p->channels + channel) * p->pitch + REACH;
}
static float *image_of(const sampling *p, int64_t channel) { return p->images + channel * p->image_floats; }
static float *half_of(const sampling *p, int64_t channel, int64_t odd) {
    return p->halves + (2 * channel + odd) * p->half_floats;
}

/* Go on to the next strip; start with from = columns = 0. */
static bool next_strip(sampling *p) {
    p->from += p->columns;
    p->columns = strip_of(p->width - p->from);
    p->fine = 2 * p->columns + EXTRA;
    return p->columns > 0;
}

/* Fine input positions first + step * j, in a line of n pixels that is mirrored without end. */
GT_CLONES static void locate(const positions *out, double first, double step, int64_t count, int64_t n) {
    int32_t *restrict pixel = out->pixel, *restrict kind = out->kind;
    float *restrict fraction = out->fraction;
    double last = (double)(n - 1), period = n > 1 ? 2 * last : 1, per_period = 1 / period;
    for (int32_t j = 0; j < (int32_t)count; j++) { /* a 32-bit counter: AVX2 converts no 64-bit one */
        double at = first + step * (double)j, whole = floor(at), middle = floor(0.5 * whole);
        double p = middle - period * floor(middle * per_period); /* may miss its range by a rounding */
        p = p < 0 ? p + period : p;
        p = p >= period ? p - period : p;
        double mirrored = p > last ? 2 : 0, near = p > last ? period - p : p;
        near = near >= 0 ? near : 0; /* also what is not a number, or too large to have a place */
        pixel[j] = (int32_t)(near <= last ? near : last);
        kind[j] = (int32_t)((whole - 2 * middle > 0 ? 1 : 0) + mirrored);
        fraction[j] = (float)(at - whole);
    }
}

GT_CLONES static void weigh_row(const sampling *p) {
    const positions x = p->x, y = p->y;
    const weights *table = p->t.window;
    int64_t *restrict window = p->window, row = p->channels * p->pitch, count = p->fine;
    float *restrict across = p->across, *restrict down = p->down;
    for (int64_t j = 0; j < count; j++) {
        const weights *wx = &table[x.kind[j]], *wy = &table[y.kind[j]];
        window[j] = y.pixel[j] * row + x.pixel[j];
        *(vec *)(across + j * LANES) = wx->base + x.fraction[j] * wx->slope;
        *(vec *)(down + j * LANES) = wy->base + y.fraction[j] * wy->slope;
    }
}

/* The fine positions first + step * j read pixels down to -(n - 1) and up to 2 (n - 1) of a line of n, and fine
 * positions of these; what lies beyond has no weight. Few samples reach so far. */
static void cut(const sampling *p, const positions *at, float *weigh, double first, double step, int64_t n) {
    double least = -2 * (double)(n - 1), most = 4 * (double)(n - 1) + 1, reach = 2 * (REACH + 1);
    double ends[] = {first, first + step * (double)(p->fine - 1)};
    if (fmin(ends[0], ends[1]) >= least + reach && fmax(ends[0], ends[1]) <= most - reach) return;
    for (int64_t j = 0; j < p->fine; j++) {
        float t = at->fraction[j], *w = weigh + j * LANES;
        double whole = rint(first + step * (double)j - (double)t), middle = floor(0.5 * whole);
        bool mirrored = at->kind[j] & 2, here = whole >= least && whole <= most,
             next = whole + 1 >= least && whole + 1 <= most;
        const weights *both = &p->t.window[at->kind[j]];
        for (int k = 0; k < WINDOW; k++) {
            double pixel = middle + (mirrored ? REACH - k : k - REACH);
            bool there = pixel >= -(double)(n - 1) && pixel <= 2 * (double)(n - 1);
            float of_here = both->base[k], of_next = of_here + both->slope[k];
            w[k] = there ? (here ? (1 - t) * of_here : 0) + (next ? t * of_next : 0) : 0;
        }
    }
}

static void locate_row(const sampling *p, int64_t i) {
    double x = (double)(2 * p->from - p->width - 4), y = (double)(i - p->height - 4);
    double first_x = p->m[0] * x + p->m[1] * y + 2 * p->m[2] + (double)(p->width - 1),
           first_y = p->m[3] * x + p->m[4] * y + 2 * p->m[5] + (double)(p->height - 1);
    locate(&p->x, first_x, p->m[0], p->fine, p->width);
    locate(&p->y, first_y, p->m[3], p->fine, p->height);
    weigh_row(p);
    if (!p->once) return;
    cut(p, &p->x, p->across, first_x, p->m[0], p->width);
    cut(p, &p->y, p->down, first_y, p->m[3], p->height);
}

#define INLINE static inline __attribute__((always_inline))

/* The sum of all lanes but the last. */
INLINE float sum_of_window(const vec *v) {
    const half_vec *half = (const half_vec *)v;
    half_vec sum = half[0] + half[1];
    return (sum[0] + sum[2]) + (sum[1] + half[0][3]);
}

/* Before a loop over the rows of a window. Unrolled, it needs more registers for the places of all rows than there are,
 * and takes each weight out of a vector, which is slower than to load it into all lanes. */
#ifdef __clang__
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED _Pragma("GCC unroll 1")
#endif

INLINE void gather(const sampling *p, int channels) {
    int64_t pitch = p->pitch, half = p->half_floats;
    for (int64_t j = 0; j < p->fine; j++) {
        const float *row = p->rows + p->window[j], *down = p->down + j * LANES;
        float *to = p->halves + (j & 1) * half + (j >> 1);
        vec across = *(const vec *)(p->across + j * LANES), sum[GT_WARP_CHANNELS] = {{0}};
        ROLLED for (int k = 0; k < WINDOW; k++) {
            for (int c = 0; c < channels; c++) sum[c] += down[k] * *(const vec *)(row + c * pitch);
            row += channels * pitch;
        }
        for (int c = 0; c < channels; c++) {
            sum[c] *= across;
            to[2 * c * half] = sum_of_window(&sum[c]);
        }
    }
}

INLINE void scatter(const sampling *p, int channels) {
    int64_t pitch = p->pitch, half = p->half_floats;
    for (int64_t j = 0; j < p->fine; j++) {
        float *row = p->rows + p->window[j], value[GT_WARP_CHANNELS];
        const float *down = p->down + j * LANES, *from = p->halves + (j & 1) * half + (j >> 1);
        vec across = *(const vec *)(p->across + j * LANES);
        for (int c = 0; c < channels; c++) value[c] = from[2 * c * half];
        ROLLED for (int k = 0; k < WINDOW; k++) {
            for (int c = 0; c < channels; c++) *(vec *)(row + c * pitch) += value[c] * down[k] * across;
            row += channels * pitch;
        }
    }
}

/* Numbers of channels are known beforehand, so that their sums stay in registers. */
_Static_assert(GT_WARP_CHANNELS == 4, "one case for each number of channels");

GT_CLONES static void gather_row(const sampling *p) {
    switch (p->channels) {
    case 1: return gather(p, 1);
    case 2: return gather(p, 2);
    case 3: return gather(p, 3);
    case 4: return gather(p, 4);
    }
}

GT_CLONES static void scatter_row(const sampling *p) {
    switch (p->channels) {
    case 1: return scatter(p, 1);
    case 2: return scatter(p, 2);
    case 3: return scatter(p, 3);
    case 4: return scatter(p, 4);
    }
}

/* The rows of the image that row i of the fine grid takes part in: tap i - 2m of the downsampling. */
static void rows_of(const sampling *p, int64_t i, int64_t *first, int64_t *last) {
    *first = i < TAPS ? 0 : (i - TAPS + 2) / 2;
    *last = i / 2 < p->height - 1 ? i / 2 : p->height - 1;
}

GT_CLONES static void downsample_row(sampling *p, int64_t i, int64_t channel) {
    const float *f = p->t.filter, *even = half_of(p, channel, 0), *odd = half_of(p, channel, 1);
    int64_t first, last, w = p->columns;
    for (int64_t x = 0; x < w; x++) {
        float sum = 0;
        for (int k = 0; k < TAPS / 2; k++) sum += f[2 * k] * even[x + k] + f[2 * k + 1] * odd[x + k];
        p->row[x] = sum;
    }
    rows_of(p, i, &first, &last);
    for (int64_t m = first; m <= last; m++) {
        float *y = image_of(p, channel) + m * p->width + p->from, t = f[i - 2 * m];
        for (int64_t x = 0; x < w; x++) y[x] += t * p->row[x];
    }
}

GT_CLONES static void upsample_row(sampling *p, int64_t i, int64_t channel) {
    const float *f = p->t.filter;
    int64_t first, last, w = p->columns;
    float *row = p->row + ROW_MARGIN, *evens = half_of(p, channel, 0), *odds = half_of(p, channel, 1);
    memset(p->row, 0, sizeof(float) * (size_t)(w + 2 * ROW_MARGIN));
    rows_of(p, i, &first, &last);
    for (int64_t m = first; m <= last; m++) {
        const float *y = image_of(p, channel) + m * p->width + p->from;
        float t = f[i - 2 * m];
        for (int64_t x = 0; x < w; x++) row[x] += t * y[x];
    }
    for (int64_t q = 0; q < p->fine / 2; q++) {
        float even = 0, odd = 0;
        for (int k = 0; k < TAPS / 2; k++) {
            even += f[2 * k] * row[q - k];
            odd += f[2 * k + 1] * row[q - k];
        }
        evens[q] = even;
        odds[q] = odd;
    }
}

/* A channel of the image between its mirrored margins. */
static void mirror(const sampling *p, const float *in, int64_t stride, int64_t channel) {
    int64_t width = p->width;
    for (int64_t y = -REACH; y < p->height + REACH; y++) {
        const float *from = in + gt_reflect(y, p->height) * width * stride + channel;
        float *to = row_of(p, y, channel);
        for (int64_t x = 0; x < width; x++) to[x] = from[x * stride];
        for (int64_t x = 1; x <= REACH; x++) to[-x] = to[gt_reflect(-x, width)];
        for (int64_t x = width; x < p->pitch - REACH; x++) to[x] = to[gt_reflect(x, width)];
    }
}

/* The adjoint: the pixels in the margins are added to those that they came from. */
static void fold(const sampling *p, int64_t channel) {
    int64_t width = p->width;
    float *image = image_of(p, channel);
    memset(image, 0, sizeof(float) * (size_t)(p->height * width));
    for (int64_t y = -REACH; y < p->height + REACH; y++) {
        float *from = row_of(p, y, channel);
        float *to = image + gt_reflect(y, p->height) * width;
        for (int64_t x = 0; x < width; x++) to[x] += from[x];
        for (int64_t x = 1; x <= REACH; x++) {
            to[gt_reflect(-x, width)] += from[-x];
            to[gt_reflect(width - 1 + x, width)] += from[width - 1 + x];
        }
    }
}

static void begin_channel(const sampling *p, bool adjoint, const float *in, int64_t stride, int64_t channel) {
    float *image = image_of(p, channel);
    if (!adjoint) mirror(p, in, stride, channel);
    for (int64_t i = 0; i < p->height * p->width; i++) image[i] = adjoint ? in[i * stride + channel] : 0;
}

static void end_channel(const sampling *p, bool adjoint, float *out, int64_t stride, int64_t channel) {
    const float *image = image_of(p, channel);
    if (adjoint) fold(p, channel);
    for (int64_t i = 0; i < p->height * p->width; i++) out[i * stride + channel] = image[i];
}

/* All rows of a strip, of all channels. */
static void warp_strip(sampling *p, bool adjoint) {
    for (int64_t i = 0; i < 2 * p->height + EXTRA; i++) {
        locate_row(p, i);
        for (int64_t c = 0; c < p->channels && adjoint; c++) upsample_row(p, i, c);
        if (adjoint) scatter_row(p);
        else gather_row(p);
        for (int64_t c = 0; c < p->channels && !adjoint; c++) downsample_row(p, i, c);
    }
}

void gt_warp_image(gt_warp_way way, const float *in, float *out, int64_t stride, int64_t height, int64_t width,
                   int64_t channels, const float matrix[6], float *scratch) {
    for (int64_t done = 0; done < channels; done += GT_WARP_CHANNELS) {
        int64_t together = channels - done < GT_WARP_CHANNELS ? channels - done : GT_WARP_CHANNELS;
        sampling p;
        begin_sampling(&p, height, width, together, matrix, scratch);
        p.once = way.once;
        size_t floats = (size_t)((height + 2 * REACH) * together * p.pitch);
        if (way.adjoint) memset(p.rows, 0, sizeof(float) * floats);
        for (int64_t c = 0; c < together; c++) begin_channel(&p, way.adjoint, in + done, stride, c);
        while (next_strip(&p)) warp_strip(&p, way.adjoint);
        for (int64_t c = 0; c < together; c++) end_channel(&p, way.adjoint, out + done, stride, c);
    }
}
