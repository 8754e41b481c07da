/* SPDX-License-Identifier: Apache-2.0
 * Max pooling: vectors over channels. The place of a maximum is the number of its tap in the window, so that a value is
 * picked or spread by comparing that number with each tap's in turn, without a branch. */
#include "kernels/max_pool.h"

#include <stdbool.h>
#include <string.h>

#include "base/clones.h"
#include "base/numbers.h"

enum { CHANNELS = 64 /* of a tile of the spread */ };

/* The taps of a window that lie in the image: rows x columns, the first at `at`. */
typedef struct window {
    int64_t at; /* floats from the first channel of the image */
    int rows, columns;
} window;

GT_PART_OF_CLONES window window_at(const gt_max_pool_shape *s, int64_t p, int64_t q) {
    int64_t y = p * s->stride - s->pad, x = q * s->stride - s->pad, y0 = gt_largest(y, 0), x0 = gt_largest(x, 0);
    return (window){(y0 * s->w + x0) * s->c, (int)(gt_least(y + s->size, s->h) - y0),
                    (int)(gt_least(x + s->size, s->w) - x0)};
}

/* The tap of the maximum of channel i, and the maximum. The loops over taps are unrolled where sizes are constants, and
 * the loop over channels around them becomes one of vectors. */
GT_PART_OF_CLONES int32_t maximum(const float *x, int rows, int columns, int64_t line, int64_t step, float *best) {
    float most = *x;
    int32_t where = 0, tap = 0;
    for (int a = 0; a < rows; a++)
        for (int b = 0; b < columns; b++, tap++) {
            float now = x[a * line + b * step];
            bool larger = (now > most) | (now != now);
            most = larger ? now : most;
            where = larger ? tap : where;
        }
    *best = most;
    return where;
}

GT_PART_OF_CLONES void largest(const int n, const float *restrict x, float *restrict to, int rows, int columns,
                               int64_t line, int64_t step) {
    GT_INDEPENDENT for (int i = 0; i < n; i++) {
        float most = x[i];
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < columns; b++) {
                float now = x[a * line + b * step + i];
                most = ((now > most) | (now != now)) ? now : most;
            }
        to[i] = most;
    }
}

GT_PART_OF_CLONES void pick(const int n, const float *restrict x, const float *restrict v, float *restrict to, int rows,
                            int columns, int64_t line, int64_t step) {
    GT_INDEPENDENT for (int i = 0; i < n; i++) {
        float best, value = 0;
        int32_t place = maximum(x + i, rows, columns, line, step, &best), tap = 0;
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < columns; b++, tap++) {
                float now = v[a * line + b * step + i];
                value = place == tap ? now : value;
            }
        to[i] = value;
    }
}

GT_PART_OF_CLONES void spread(const int n, const float *restrict x, const float *restrict v, float *restrict to,
                              bool add, int rows, int columns, int64_t line, int64_t step) {
    GT_INDEPENDENT for (int i = 0; i < n; i++) {
        float best;
        int32_t place = maximum(x + i, rows, columns, line, step, &best), tap = 0;
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < columns; b++, tap++) {
                float share = place == tap ? v[i] : 0, *at = to + a * line + b * step + i;
                *at = add ? *at + share : share;
            }
    }
}

/* CALL(lanes, i) for channels i of 0 .. n-1, 16 at a time; the rest with those before them where that is allowed. */
#define IN_LANES(n, again, CALL)                 \
    do {                                         \
        int64_t i = 0;                           \
        for (; i + 16 <= (n); i += 16) CALL(16); \
        if ((again) && i > 0 && i < (n)) {       \
            i = (n)-16;                          \
            CALL(16);                            \
            break;                               \
        }                                        \
        for (; i + 4 <= (n); i += 4) CALL(4);    \
        for (; i < (n); i++) CALL(1);            \
    } while (0)
/* WITH(rows, columns) of window `w`: constants where it is whole and small, so that its loops unroll. */
#define WITH_SIZES(w, WITH)                                     \
    do {                                                        \
        if ((w).rows == 2 && (w).columns == 2) WITH(2, 2);      \
        else if ((w).rows == 3 && (w).columns == 3) WITH(3, 3); \
        else WITH((w).rows, (w).columns);                       \
    } while (0)

typedef struct job {
    const gt_max_pool_shape *s;
    const float *x, *v;
    float *out;
} job;

/* Line p of a pooled image. */
GT_CLONES static void pick_line(const job *j, int64_t index) {
    const gt_max_pool_shape *s = j->s;
    int64_t before = index / s->p * s->h * s->w * s->c, line = s->w * s->c;
    float *to = j->out + index * s->q * s->c;
    for (int64_t q = 0; q < s->q; q++, to += s->c) {
        window w = window_at(s, index % s->p, q);
        const float *x = j->x + before + w.at, *v = j->v + before + w.at;
#define LARGEST_LANES(L) largest(L, x + i, to + i, rows, columns, line, s->c)
#define PICK_LANES(L) pick(L, x + i, v + i, to + i, rows, columns, line, s->c)
#define LARGEST(R, C)                        \
    do {                                     \
        const int rows = (R), columns = (C); \
        IN_LANES(s->c, true, LARGEST_LANES); \
    } while (0)
#define PICK(R, C)                           \
    do {                                     \
        const int rows = (R), columns = (C); \
        IN_LANES(s->c, true, PICK_LANES);    \
    } while (0)
        if (x == v) WITH_SIZES(w, LARGEST);
        else WITH_SIZES(w, PICK);
    }
}

/* Some channels of an image. Where windows cover each pixel once, each is written once. */
GT_CLONES static void spread_image(const job *j, int64_t index) {
    const gt_max_pool_shape *s = j->s;
    int64_t parts = gt_pieces(s->c, CHANNELS), image = index / parts, first = index % parts * CHANNELS;
    int64_t n = gt_least(CHANNELS, s->c - first), line = s->w * s->c, before = image * s->h * line + first;
    bool add = s->pad || s->stride != s->size || s->h % s->size || s->w % s->size;
    for (int64_t k = 0; add && k < s->h * s->w; k++) memset(j->out + before + k * s->c, 0, (size_t)n * sizeof *j->out);
    const float *v = j->v + image * s->p * s->q * s->c + first;
    for (int64_t p = 0; p < s->p; p++)
        for (int64_t q = 0; q < s->q; q++, v += s->c) {
            window w = window_at(s, p, q);
            const float *x = j->x + before + w.at;
            float *to = j->out + before + w.at;
#define SPREAD_LANES(L) spread(L, x + i, v + i, to + i, add, rows, columns, line, s->c)
#define SPREAD(R, C)                         \
    do {                                     \
        const int rows = (R), columns = (C); \
        IN_LANES(n, !add, SPREAD_LANES);     \
    } while (0)
            WITH_SIZES(w, SPREAD);
        }
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
    gt_pool_run(pool, (int)(s->n * s->p), pick_tile, &(job){s, x, v, out});
}

void gt_max_pool_spread_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, const float *v, float *out) {
    gt_pool_run(pool, (int)(s->n * gt_pieces(s->c, CHANNELS)), spread_tile, &(job){s, x, v, out});
}
