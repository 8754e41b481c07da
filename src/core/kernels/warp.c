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
 * others it goes with. Most images are not turned: a row of their samples lies at one place along y, and the rows of
 * all of its windows are summed up at once. */
#include "kernels/door/warp.h"

#include <math.h>
#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "kernels/door/fir.h"
#include "kernels/quad.h"

enum { TAPS = 12, REACH = 3, WINDOW = 2 * REACH + 1, LANES = 8, EXTRA = TAPS - 2, STRIP = 128 };
enum {
    TOGETHER = 4, /* samples that are summed up at once, or at most added to the image at once */
    BLOCK = 16,   /* of samples, located at once */
};
_Static_assert(WINDOW + 1 == LANES, "a window, or one that lies a pixel further, fits into one vector");

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

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

/* Where the samples of a row of the fine output grid lie along one axis: at first + step * j; the pixel in the middle
 * of each window, the row of the table, and the fraction. */
typedef struct positions {
    double first, step;
    int64_t count, n; /* located; pixels of a line */
    int32_t *pixel, *kind;
    float *fraction;
    float *weigh; /* their windows: LANES each, with a zero at the end of each and before the first */
} positions;

typedef struct sampling {
    int64_t height, width, channels, pitch; /* pitch of a row with margins */
    int64_t from, columns, fine;            /* the strip: first column, how many, and their samples in a fine row */
    int64_t image_floats, half_floats, line_floats;
    double m[6];
    bool once;
    bool level; /* a fine row lies at one place along y, as in an image that is not turned: that place alone is located
                 */
    tables t;
    float *rows;   /* the image between mirrored margins of REACH pixels: [height + 2 REACH][channels][pitch] */
    float *images; /* of each channel: [height][width] of the output side */
    float *lines;  /* of each channel: the strip of one row of it, filtered along one axis, between margins of zeros */
    float *halves; /* of each channel: samples of one fine row, even ones, then odd ones */
    float *sum;    /* of the rows of the windows of a level row, as one of `rows` */
    positions x, y;
} sampling;

enum { LINE_MARGIN = TAPS / 2 - 1 };

static int64_t padded(int64_t floats) { return (floats + 15) / 16 * 16; }
/* the last window is read as LANES pixels from column width-1 */
static int64_t pitch_of(int64_t width) { return width + WINDOW; }

static int64_t line_floats(int64_t columns) { return padded(columns + 2 * LINE_MARGIN + LANES); }

static int64_t strip_of(int64_t columns) { return columns < STRIP ? columns : STRIP; }

size_t gt_warp_scratch(int64_t height, int64_t width, int64_t channels) {
    int64_t columns = strip_of(width), fine = 2 * columns + EXTRA;
    int64_t together = channels < GT_WARP_CHANNELS ? channels : GT_WARP_CHANNELS, row = together * pitch_of(width);
    return (size_t)(padded((height + 2 * REACH) * row + LANES) + padded(row) +
                    together * (padded(height * width) + 2 * padded(fine / 2) + line_floats(columns)) +
                    2 * (3 * padded(fine) + padded(1) + LANES * padded(fine)));
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
    p->line_floats = line_floats(columns);
    for (int i = 0; i < 6; i++) p->m[i] = (double)matrix[i];
    p->level = p->m[3] == 0;
    make_tables(&p->t);
    p->rows = take(&scratch, (height + 2 * REACH) * channels * p->pitch + LANES);
    p->sum = take(&scratch, channels * p->pitch);
    p->images = take(&scratch, channels * p->image_floats);
    p->lines = take(&scratch, channels * line_floats(columns));
    p->halves = take(&scratch, channels * 2 * p->half_floats);
    positions *axes[] = {&p->x, &p->y};
    for (int i = 0; i < 2; i++) {
        axes[i]->n = i ? height : width;
        axes[i]->pixel = (int32_t *)take(&scratch, fine);
        axes[i]->kind = (int32_t *)take(&scratch, fine);
        axes[i]->fraction = take(&scratch, fine);
        axes[i]->weigh = take(&scratch, 1) + padded(1);
        axes[i]->weigh[-1] = 0;
        take(&scratch, LANES * padded(fine));
    }
}

/* Row y of a channel, from its first pixel on. */
static float *row_of(const sampling *p, int64_t y, int64_t channel) {
    return p->rows + ((y + REACH) * p->channels + channel) * p->pitch + REACH;
}
static float *line_of(const sampling *p, int64_t channel) { return p->lines + channel * p->line_floats; }
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

/* Places j0 to j1 - 1 of an axis, in a line of n pixels that is mirrored without end; inside: all lie on the line. */
GT_PART_OF_CLONES void locate_some(const positions *out, int32_t j0, int32_t j1, bool inside) {
    int32_t *restrict pixel = out->pixel, *restrict kind = out->kind;
    float *restrict fraction = out->fraction;
    double first = out->first, step = out->step, last = (double)(out->n - 1), period = out->n > 1 ? 2 * last : 1,
           per_period = 1 / period;
    for (int32_t j = j0; j < j1; j++) { /* a 32-bit counter: AVX2 converts no 64-bit one */
        double at = first + step * (double)j, whole = floor(at), middle = floor(0.5 * whole), near = middle,
               mirrored = 0;
        if (!inside) {
            double p = middle - period * floor(middle * per_period); /* may miss its range by a rounding */
            p = p < 0 ? p + period : p;
            p = p >= period ? p - period : p;
            mirrored = p > last ? 2 : 0, near = p > last ? period - p : p;
            near = near >= 0 ? near : 0; /* also what is not a number, or too large to have a place */
            near = near <= last ? near : last;
        }
        pixel[j] = (int32_t)near;
        kind[j] = (int32_t)((whole - 2 * middle > 0 ? 1 : 0) + mirrored);
        fraction[j] = (float)(at - whole);
    }
}

GT_CLONES static void locate(const positions *out) {
    double most = 2 * (double)(out->n - 1);
    for (int32_t j = 0, end; j < (int32_t)out->count; j = end) {
        end = (int32_t)gt_smallest(j + BLOCK, out->count);
        double a = out->first + out->step * (double)j, b = out->first + out->step * (double)(end - 1);
        if (a >= 0 && b >= 0 && a <= most && b <= most) locate_some(out, j, end, true);
        else locate_some(out, j, end, false);
    }
}

GT_CLONES static void weigh(const positions *at, const weights *table) {
    const int32_t *kind = at->kind;
    const float *fraction = at->fraction;
    float *restrict weigh = at->weigh;
    for (int64_t j = 0, count = at->count; j < count; j++) {
        const weights *w = &table[kind[j]];
        *(vec *)(weigh + j * LANES) = w->base + fraction[j] * w->slope;
    }
}

/* The fine positions first + step * j read pixels down to -(n - 1) and up to 2 (n - 1) of a line of n, and fine
 * positions of these; what lies beyond has no weight. Few samples reach so far. */
static void cut(const positions *at, const weights *table, int64_t count) {
    double least = -2 * (double)(at->n - 1), most = 4 * (double)(at->n - 1) + 1, reach = 2 * (REACH + 1);
    double ends[] = {at->first, at->first + at->step * (double)(count - 1)};
    if (fmin(ends[0], ends[1]) >= least + reach && fmax(ends[0], ends[1]) <= most - reach) return;
    for (int64_t j = 0; j < at->count; j++) {
        float t = at->fraction[j], *w = at->weigh + j * LANES;
        double whole = rint(at->first + at->step * (double)j - (double)t), middle = floor(0.5 * whole);
        bool mirrored = at->kind[j] & 2, here = whole >= least && whole <= most,
             next = whole + 1 >= least && whole + 1 <= most;
        const weights *both = &table[at->kind[j]];
        for (int k = 0; k < WINDOW; k++) {
            double pixel = middle + (mirrored ? REACH - k : k - REACH);
            bool there = pixel >= -(double)(at->n - 1) && pixel <= 2 * (double)(at->n - 1);
            float of_here = both->base[k], of_next = of_here + both->slope[k];
            w[k] = there ? (here ? (1 - t) * of_here : 0) + (next ? t * of_next : 0) : 0;
        }
    }
}

/* Nothing is worked out again where the last row lay: along x in an image that is not turned. */
static void place(const sampling *p, positions *at, double first, double step, int64_t count) {
    if (first == at->first && step == at->step && count == at->count) return;
    at->first = first;
    at->step = step;
    at->count = count;
    locate(at);
    weigh(at, p->t.window);
    if (p->once) cut(at, p->t.window, p->fine);
}

static void locate_row(sampling *p, int64_t i) {
    double x = (double)(2 * p->from - p->width - 4), y = (double)(i - p->height - 4);
    int64_t all = gt_round_up(p->fine, TOGETHER);
    place(p, &p->x, p->m[0] * x + p->m[1] * y + 2 * p->m[2] + (double)(p->width - 1), p->m[0], all);
    place(p, &p->y, p->m[3] * x + p->m[4] * y + 2 * p->m[5] + (double)(p->height - 1), p->m[3], p->level ? 1 : all);
}

#define INLINE static inline __attribute__((always_inline))

/* The sums of all lanes but the last of four vectors: of the even ones, then of the odd ones. The last lane, a value
 * times a weight of 0, becomes -0: to add that is to add nothing. */
INLINE quad sums_of_windows(const vec v[TOGETHER]) {
    quad halves[TOGETHER];
    for (int i = 0; i < TOGETHER; i++) {
        const quad *half = (const quad *)&v[i];
        halves[i] = half[0] + (quad)((quad_int)half[1] | (quad_int){0, 0, 0, INT32_MIN});
    }
    quad even = PICK(halves[0], halves[2], 0, 1, 4, 5) + PICK(halves[0], halves[2], 2, 3, 6, 7),
         odd = PICK(halves[1], halves[3], 0, 1, 4, 5) + PICK(halves[1], halves[3], 2, 3, 6, 7);
    return PICK(even, odd, 0, 2, 4, 6) + PICK(even, odd, 1, 3, 5, 7);
}

/* Before a loop over the rows of a window. Unrolled, it needs more registers for the places of all rows than there are,
 * and takes each weight out of a vector, which is slower than to load it into all lanes. */
#ifdef __clang__
#define ROLLED _Pragma("clang loop unroll(disable)")
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define ROLLED _Pragma("GCC unroll 1")
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* The first row of the window of sample y of those that are located along y. */
INLINE const float *row_of_window(const sampling *p, int channels, int64_t y) {
    return p->rows + p->y.pixel[y] * channels * p->pitch;
}

/* The sum of the rows of the windows of a fine row that lies at one place along y. */
INLINE void sum_level(const sampling *p, int channels) {
    int64_t row = channels * p->pitch;
    const float *rows = row_of_window(p, channels, 0), *down = p->y.weigh;
    for (int64_t x = 0; x < row; x += LANES) {
        vec sum = {0};
        for (int k = 0; k < WINDOW; k++) sum += down[k] * *(const vec *)(rows + k * row + x);
        *(vec *)(p->sum + x) = sum;
    }
}

/* The samples of one fine row, of each channel, into `halves`. Sample j is the sum over the pixels of its window, times
 * their weights down (along y) and across (along x): first the rows of the window, a vector of LANES columns each, then
 * the columns, of TOGETHER samples at once. level: the rows were summed up beforehand (sum_level). */
INLINE void gather(const sampling *p, int channels, bool level) {
    const positions x = p->x, y = p->y;
    const float *rows = level ? p->sum : p->rows;
    int64_t pitch = p->pitch, half = p->half_floats, fine = p->fine, row_floats = level ? 0 : channels * pitch;
    float *to = p->halves;
    for (int64_t j = 0; j < fine; to += TOGETHER / 2) {
        _Alignas(64) vec sums[GT_WARP_CHANNELS][TOGETHER];
        UNROLL for (int t = 0; t < TOGETHER; t++, j++) {
            int64_t i = level ? 0 : j;
            const float *row = rows + y.pixel[i] * row_floats + x.pixel[j], *down = y.weigh + i * LANES;
            vec across = *(const vec *)(x.weigh + j * LANES), sum[GT_WARP_CHANNELS] = {{0}};
            for (int c = 0; c < channels && level; c++) sum[c] = *(const vec *)(row + c * pitch);
            ROLLED for (int k = 0; k < WINDOW && !level; k++) {
                for (int c = 0; c < channels; c++) sum[c] += down[k] * *(const vec *)(row + c * pitch);
                row += row_floats;
            }
            for (int c = 0; c < channels; c++) sums[c][t] = sum[c] * across;
        }
        for (int c = 0; c < channels; c++) {
            quad sum = sums_of_windows(sums[c]);
            memcpy(to + 2 * c * half, &sum, sizeof sum / 2);
            memcpy(to + 2 * c * half + half, (const float *)&sum + 2, sizeof sum / 2);
        }
    }
}

INLINE void gather_channels(const sampling *p, int channels) {
    if (p->level) sum_level(p, channels);
    if (p->level) gather(p, channels, true);
    else gather(p, channels, false);
}

/* Samples from j on whose windows lie at most a pixel apart along each axis: how many, the least place, and by how many
 * rows they are apart. */
typedef struct cluster {
    int64_t count;
    int32_t x, y, rows;
} cluster;

INLINE cluster cluster_at(const sampling *p, int64_t j, int64_t next_y) {
    const int32_t *xs = p->x.pixel, *ys = p->y.pixel;
    int64_t end = gt_smallest(j + TOGETHER, p->fine), i = j + 1;
    int32_t x0 = xs[j], x1 = x0, y0 = ys[j * next_y], y1 = y0;
    for (; i < end; i++) {
        int32_t x = xs[i], y = ys[i * next_y];
        int32_t low_x = x < x0 ? x : x0, high_x = x > x1 ? x : x1, low_y = y < y0 ? y : y0, high_y = y > y1 ? y : y1;
        if ((high_x - low_x > 1) | (high_y - low_y > 1)) break;
        x0 = low_x, x1 = high_x, y0 = low_y, y1 = high_y;
    }
    return (cluster){i - j, x0, y0, y1 - y0};
}

/* The adjoint of gather() for the samples j to j + count - 1: each adds its value, times its weights, to the pixels of
 * its window. Pixels are read and written once for each cluster: to read again what was just written with another
 * alignment takes long. Each pixel is still a chain of samples in their order: a window that lies a pixel further
 * begins with a weight of 0, and to add 0 changes nothing. */
INLINE void scatter_cluster(const sampling *p, int channels, int64_t j, int64_t next_y, const cluster *at, int count) {
    int64_t pitch = p->pitch, half = p->half_floats;
    _Alignas(64) float values[TOGETHER][GT_WARP_CHANNELS][LANES]; /* times the weights along y */
    vec across[TOGETHER];
    UNROLL for (int t = 0; t < count; t++) {
        int64_t x = j + t, y = x * next_y;
        const float *from = p->halves + (x & 1) * half + (x >> 1); /* sample x, an even or an odd one */
        vec down = *(const vec *)(p->y.weigh + y * LANES - (p->y.pixel[y] - at->y));
        across[t] = *(const vec *)(p->x.weigh + x * LANES - (p->x.pixel[x] - at->x));
        for (int c = 0; c < channels; c++) *(vec *)values[t][c] = from[2 * c * half] * down;
    }
    float *row = p->rows + at->y * channels * pitch + at->x;
    ROLLED for (int k = 0; k < WINDOW + at->rows; k++) {
        for (int c = 0; c < channels; c++) {
            vec sum = *(const vec *)(row + c * pitch);
            UNROLL for (int t = 0; t < count; t++) sum += values[t][c][k] * across[t];
            *(vec *)(row + c * pitch) = sum;
        }
        row += channels * pitch;
    }
}

INLINE void scatter(const sampling *p, int channels) {
    int64_t next_y = p->level ? 0 : 1; /* along y there are places for all samples, or one */
    cluster at;
    for (int64_t j = 0; j < p->fine; j += at.count) {
        at = cluster_at(p, j, next_y);
        switch (at.count) {
        case 1: scatter_cluster(p, channels, j, next_y, &at, 1); break;
        case 2: scatter_cluster(p, channels, j, next_y, &at, 2); break;
        case 3: scatter_cluster(p, channels, j, next_y, &at, 3); break;
        case 4: scatter_cluster(p, channels, j, next_y, &at, 4); break;
        }
    }
}

/* Numbers of channels are known beforehand, so that their sums stay in registers. */
_Static_assert(GT_WARP_CHANNELS == 4, "one case for each number of channels");

GT_CLONES static void gather_row(const sampling *p) {
    switch (p->channels) {
    case 1: return gather_channels(p, 1);
    case 2: return gather_channels(p, 2);
    case 3: return gather_channels(p, 3);
    case 4: return gather_channels(p, 4);
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

GT_CLONES static void downsample_row(const sampling *p, int64_t i) {
    const float *f = p->t.filter;
    int64_t first, last, w = p->columns;
    rows_of(p, i, &first, &last);
    for (int64_t c = 0; c < p->channels; c++) {
        const float *evens = half_of(p, c, 0), *odds = half_of(p, c, 1);
        float *row = line_of(p, c);
        for (int64_t x = 0; x < w; x += LANES) {
            vec sum = {0};
            UNROLL for (int k = 0; k < TAPS / 2; k++)
                sum += f[2 * k] * *(const vec *)(evens + x + k) + f[2 * k + 1] * *(const vec *)(odds + x + k);
            *(vec *)(row + x) = sum;
        }
        for (int64_t m = first; m <= last; m++) {
            float *y = image_of(p, c) + m * p->width + p->from, t = f[i - 2 * m];
            for (int64_t x = 0; x < w; x++) y[x] += t * row[x];
        }
    }
}

GT_CLONES static void upsample_row(const sampling *p, int64_t i) {
    const float *f = p->t.filter;
    int64_t first, last, w = p->columns;
    rows_of(p, i, &first, &last);
    for (int64_t c = 0; c < p->channels; c++) {
        const float *image = image_of(p, c) + p->from;
        float *row = line_of(p, c) + LINE_MARGIN;
        for (int64_t x = 0; x < w; x += LANES) { /* its last vector reads what lies beyond the strip */
            vec sum = {0};
            for (int64_t m = first; m <= last; m++) sum += f[i - 2 * m] * *(const vec *)(image + m * p->width + x);
            *(vec *)(row + x) = sum;
        }
        memset(row - LINE_MARGIN, 0, sizeof(float) * LINE_MARGIN);
        memset(row + w, 0, sizeof(float) * (LINE_MARGIN + LANES));
    }
    for (int64_t c = 0; c < p->channels; c++) {
        const float *row = line_of(p, c) + LINE_MARGIN;
        float *evens = half_of(p, c, 0), *odds = half_of(p, c, 1);
        for (int64_t q = 0; q < p->fine / 2; q += LANES) {
            vec even = {0}, odd = {0};
            UNROLL for (int k = 0; k < TAPS / 2; k++) {
                vec x = *(const vec *)(row + q - k);
                even += f[2 * k] * x;
                odd += f[2 * k + 1] * x;
            }
            *(vec *)(evens + q) = even;
            *(vec *)(odds + q) = odd;
        }
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
        if (adjoint) {
            upsample_row(p, i);
            scatter_row(p);
        } else {
            gather_row(p);
            downsample_row(p, i);
        }
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
