/* SPDX-License-Identifier: Apache-2.0
 * Max pooling: vectors of four channels, for which every compiler has registers. The place of a maximum is the number
 * of its tap in the window, so that a value is spread by comparing that number with each tap's in turn, without a
 * branch. */
#include "kernels/door/max_pool.h"

#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"

enum { CHANNELS = 64 /* of a tile of the spread */ };

/* The taps of a window that lie in the image: rows x columns, the first at `at`. */
typedef struct window {
    int64_t at; /* floats from the first channel of the image */
    int rows, columns;
} window;

GT_PART_OF_CLONES window window_at(const gt_max_pool_shape *s, int64_t p, int64_t q) {
    int64_t y = p * s->stride - s->pad, x = q * s->stride_x - s->pad_x, y0 = gt_largest(y, 0), x0 = gt_largest(x, 0);
    return (window){(y0 * s->w + x0) * s->c, (int)(gt_smallest(y + s->size, s->h) - y0),
                    (int)(gt_smallest(x + s->width, s->w) - x0)};
}

/* Four channels. An empty mask is 0, a full one -1. */
enum { LANES = 4 };
typedef float quad __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* n channels of the four; n is a constant but for the last ones */
GT_PART_OF_CLONES quad load(const float *from, int n) {
    quad x = {0};
    if (n == LANES) return *(const quad *)from;
    memcpy(&x, from, (size_t)n * sizeof *from);
    return x;
}

GT_PART_OF_CLONES void store(float *to, quad x, int n) {
    if (n == LANES) *(quad *)to = x;
    else memcpy(to, &x, (size_t)n * sizeof *to);
}

GT_PART_OF_CLONES quad chosen(mask m, quad yes, quad no) { return (quad)((m & (mask)yes) | (~m & (mask)no)); }

/* What is picked: the maximum, the value of v there, or the number of its tap. */
enum { OF_X, OF_V, PLACE };

/* The loops over taps are unrolled where sizes are constants. */
GT_PART_OF_CLONES quad picked(int what, int n, const float *x, const float *v, int rows, int columns, int64_t line,
                              int64_t step) {
    quad most = load(x, n), value = {0};
    float tap = 0;
    if (what == OF_V) value = load(v, n);
    for (int a = 0; a < rows; a++)
        for (int b = 0; b < columns; b++, tap++) {
            int64_t at = a * line + b * step;
            quad now = load(x + at, n);
            mask larger = (now > most) | (now != now);
            most = chosen(larger, now, most);
            if (what != OF_X)
                value = chosen(larger, what == OF_V ? load(v + at, n) : (quad){tap, tap, tap, tap}, value);
        }
    return what == OF_X ? most : value;
}

GT_PART_OF_CLONES void pick(int what, int n, const float *x, const float *v, float *to, int rows, int columns,
                            int64_t line, int64_t step) {
    store(to, picked(what, n, x, v, rows, columns, line, step), n);
}

/* `places`: the numbers of the taps. */
GT_PART_OF_CLONES void put(int n, quad places, quad value, float *to, bool add, int rows, int columns, int64_t line,
                           int64_t step) {
    float tap = 0;
    for (int a = 0; a < rows; a++)
        for (int b = 0; b < columns; b++, tap++) {
            float *at = to + a * line + b * step;
            quad share = (quad)((places == tap) & (mask)value);
            if (add) share += load(at, n);
            store(at, share, n);
        }
}

/* The maxima of so many channels: a loop that the compiler makes vectors of, as wide as its registers. */
enum { MANY = 16 };
GT_PART_OF_CLONES void pick_many(const float *restrict x, float *restrict to, int rows, int columns, int64_t line,
                                 int64_t step) {
    GT_INDEPENDENT
    for (int k = 0; k < MANY; k++) {
        float most = x[k];
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < columns; b++) {
                float now = x[a * line + b * step + k];
                most = ((now > most) | (now != now)) ? now : most;
            }
        to[k] = most;
    }
}

/* All channels of a window. */
GT_PART_OF_CLONES void pick_window(int what, int64_t c, const float *x, const float *v, float *to, int rows,
                                   int columns, int64_t line) {
    int64_t i = 0;
    for (; what == OF_X && i + MANY <= c; i += MANY) pick_many(x + i, to + i, rows, columns, line, c);
    for (; i + LANES <= c; i += LANES) pick(what, LANES, x + i, v + i, to + i, rows, columns, line, c);
    if (i < c && i > 0) { /* the last ones with those before them */
        i = c - LANES;
        pick(what, LANES, x + i, v + i, to + i, rows, columns, line, c);
    } else if (i < c) {
        pick(what, (int)c, x, v, to, rows, columns, line, c);
    }
}

/* The numbers of the taps with the maxima; `known`: x holds them. */
GT_PART_OF_CLONES quad places_of(bool known, int n, const float *x, int rows, int columns, int64_t line, int64_t step) {
    return known ? load(x, n) : picked(PLACE, n, x, x, rows, columns, line, step);
}

/* Some channels of a window, n of c; `known`: x holds the places of the maxima; `add`: to what is there. Else `to` may
 * be x: all of x is read before it is written. */
GT_PART_OF_CLONES void spread_window(bool known, int64_t n, int64_t c, const float *x, const float *v, float *to,
                                     bool add, int rows, int columns, int64_t line) {
    int64_t i = 0, last = n - LANES;
    bool rest = n % LANES && last > 0 && !add; /* the last ones with those before them */
    quad places = {0};
    if (rest) places = places_of(known, LANES, x + last, rows, columns, line, c);
    for (; i + LANES <= n; i += LANES)
        put(LANES, places_of(known, LANES, x + i, rows, columns, line, c), load(v + i, LANES), to + i, add, rows,
            columns, line, c);
    if (rest) {
        put(LANES, places, load(v + last, LANES), to + last, add, rows, columns, line, c);
    } else if (i < n) {
        int few = (int)(n - i);
        put(few, places_of(known, few, x + i, rows, columns, line, c), load(v + i, few), to + i, add, rows, columns,
            line, c);
    }
}

typedef struct job {
    const gt_max_pool_shape *s;
    const float *x, *v;
    float *out;
    int what;   /* is picked */
    bool known; /* spread: x holds the places of the maxima */
} job;

/* Line p of a pooled image. */
GT_CLONES static void pick_line(const job *j, int64_t index) {
    const gt_max_pool_shape *s = j->s;
    int64_t before = index / s->p * s->h * s->w * s->c, line = s->w * s->c;
    float *to = j->out + index * s->q * s->c;
    for (int64_t q = 0; q < s->q; q++, to += s->c) {
        window w = window_at(s, index % s->p, q);
        const float *x = j->x + before + w.at, *v = j->v + before + w.at;
        bool two = w.rows == 2 && w.columns == 2, three = w.rows == 3 && w.columns == 3;
        if (j->what == OF_X && two) pick_window(OF_X, s->c, x, x, to, 2, 2, line);
        else if (j->what == OF_X && three) pick_window(OF_X, s->c, x, x, to, 3, 3, line);
        else if (j->what == PLACE && two) pick_window(PLACE, s->c, x, x, to, 2, 2, line);
        else if (j->what == PLACE && three) pick_window(PLACE, s->c, x, x, to, 3, 3, line);
        else pick_window(j->what, s->c, x, v, to, w.rows, w.columns, line);
    }
}

/* Some channels of an image. Where windows cover each pixel once, each is written once. */
GT_CLONES static void spread_image(const job *j, int64_t index) {
    const gt_max_pool_shape *s = j->s;
    int64_t parts = gt_pieces(s->c, CHANNELS), image = index / parts, first = index % parts * CHANNELS;
    int64_t n = gt_smallest(CHANNELS, s->c - first), line = s->w * s->c, before = image * s->h * line + first;
    bool add = !gt_max_pool_apart(s);
    for (int64_t k = 0; add && k < s->h * s->w; k++) memset(j->out + before + k * s->c, 0, (size_t)n * sizeof *j->out);
    const float *v = j->v + image * s->p * s->q * s->c + first;
    for (int64_t p = 0; p < s->p; p++)
        for (int64_t q = 0; q < s->q; q++, v += s->c) {
            window w = window_at(s, p, q);
            const float *x = j->known ? j->x + (v - j->v) : j->x + before + w.at;
            float *to = j->out + before + w.at;
            bool two = w.rows == 2 && w.columns == 2;
            if (two && !add && j->known) spread_window(true, n, s->c, x, v, to, false, 2, 2, line);
            else if (two && !add) spread_window(false, n, s->c, x, v, to, false, 2, 2, line);
            else if (two) spread_window(j->known, n, s->c, x, v, to, true, 2, 2, line);
            else if (w.rows == 3 && w.columns == 3) spread_window(j->known, n, s->c, x, v, to, add, 3, 3, line);
            else spread_window(j->known, n, s->c, x, v, to, add, w.rows, w.columns, line);
        }
}

bool gt_max_pool_apart(const gt_max_pool_shape *s) {
    return !s->pad && !s->pad_x && s->stride == s->size && s->stride_x == s->width && s->h % s->size == 0 &&
           s->w % s->width == 0;
}

static void pick_tile(void *arg, int index, int worker) {
    (void)worker;
    pick_line(arg, index);
}

static void spread_tile(void *arg, int index, int worker) {
    (void)worker;
    spread_image(arg, index);
}

void gt_max_pool_pick_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, const float *v, float *out) {
    gt_pool_run(pool, (int)(s->n * s->p), pick_tile, &(job){s, x, v, out, x == v ? OF_X : OF_V, false});
}

void gt_max_pool_place_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, float *out) {
    gt_pool_run(pool, (int)(s->n * s->p), pick_tile, &(job){s, x, x, out, PLACE, false});
}

void gt_max_pool_spread_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, const float *v, float *out) {
    gt_pool_run(pool, (int)(s->n * gt_pieces(s->c, CHANNELS)), spread_tile, &(job){s, x, v, out, OF_X, false});
}

void gt_max_pool_put_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *places, const float *v,
                            float *out) {
    gt_pool_run(pool, (int)(s->n * gt_pieces(s->c, CHANNELS)), spread_tile, &(job){s, places, v, out, OF_X, true});
}
