/* SPDX-License-Identifier: Apache-2.0
 * Convolution of each channel by itself: as many groups as channels, in and out. Such a convolution is not a product of
 * matrices; its loops run over channels. A tile of the images is a line of an image; a tile of the weights' gradient is
 * a block of channels. The order of the additions is that of the taps, and of the positions, whatever the tiles.
 *
 *   forward       y[n,p,q,i]  = sum over taps (a, b) of    x[n, p s + a - pad, q s + b - pad, i]  w[a,b,i]
 *   weight grad   dw[a,b,i]   = sum over (n, p, q) of      x[n, p s + a - pad, q s + b - pad, i]  dy[n,p,q,i]
 *   input grad    dx[n,y,x,i] = sum over taps (a, b) of    dy[n,p,q,i]  w[a,b,i]
 *                               for which y = p s + a - pad and x = q s + b - pad have a position (p, q)
 *
 * A row of the table in conv.c: gt_conv_choose() takes this kernel wherever it is possible. */
#include "kernels/door/conv.h"

#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"

enum { CHANNELS = 32 /* of a block: sums and weights stay in registers and the first-level cache */ };

typedef struct job {
    const gt_conv_shape *s;
    const float *x, *w; /* what is read: images or their gradients, and weights or gradients of images */
    float *out;
} job;

static bool possible(const gt_conv_shape *s) { return s->groups > 1 && s->groups == s->c && s->c == s->o; }

static size_t packed_floats(const gt_conv_shape *s) { return (size_t)(s->kh * s->kw * s->o); }

static void pack(const gt_conv_shape *s, gt_pool *pool, const float *w, float *packed) {
    (void)pool;
    memcpy(packed, w, packed_floats(s) * sizeof *w);
}

static size_t workspace(const gt_conv_shape *s, bool packed, int threads) {
    (void)s;
    (void)packed;
    (void)threads;
    return 0;
}

/* sums += x * w over n <= CHANNELS channels */
static inline void add_product(float *restrict sums, const float *restrict x, const float *restrict w, int n) {
    if (n == CHANNELS) /* a loop of known length stays in registers */
        for (int i = 0; i < CHANNELS; i++) sums[i] += x[i] * w[i];
    else
        for (int i = 0; i < n; i++) sums[i] += x[i] * w[i];
}

/* A box of taps that lie in the image: the first at `from` and `w`, the others line after line. */
typedef struct box {
    const float *from, *w;
    int64_t from_line, from_step, w_line, w_step;
} box;

/* The loops over taps are unrolled where sizes are constants, and the loop over channels around them becomes one of
 * vectors. */
GT_PART_OF_CLONES void sum_box(const box *t, const int rows, const int columns, int64_t c, float *restrict out) {
    const box k = *t;
    GT_INDEPENDENT for (int64_t i = 0; i < c; i++) {
        float sum = 0;
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < columns; b++)
                sum += k.from[a * k.from_line + b * k.from_step + i] * k.w[a * k.w_line + b * k.w_step + i];
        out[i] = sum;
    }
}

/* The same of any size, with the same order of additions. */
GT_PART_OF_CLONES void sum_any_box(const box *t, int rows, int columns, int64_t c, float *restrict out) {
    for (int64_t first = 0; first < c; first += CHANNELS) {
        int n = (int)gt_smallest(CHANNELS, c - first);
        float sums[CHANNELS] = {0};
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < columns; b++)
                add_product(sums, t->from + a * t->from_line + b * t->from_step + first,
                            t->w + a * t->w_line + b * t->w_step + first, n);
        memcpy(out + first, sums, (size_t)n * sizeof *sums);
    }
}

GT_PART_OF_CLONES void sum_taps(const box *t, int rows, int columns, int64_t c, float *out) {
    if (rows == 3 && columns == 3) sum_box(t, 3, 3, c, out);
    else if (rows == 3 && columns == 2) sum_box(t, 3, 2, c, out);
    else if (rows == 2 && columns == 3) sum_box(t, 2, 3, c, out);
    else if (rows == 2 && columns == 2) sum_box(t, 2, 2, c, out);
    else if (rows == 2 && columns == 1) sum_box(t, 2, 1, c, out);
    else if (rows == 1 && columns == 2) sum_box(t, 1, 2, c, out);
    else if (rows == 1 && columns == 1) sum_box(t, 1, 1, c, out);
    else sum_any_box(t, rows, columns, c, out);
}

/* Line p of an image, out [q,c]: taps inside the image. */
GT_CLONES static void forward_line(const job *j, int64_t line) {
    const gt_conv_shape *s = j->s;
    int64_t image = line / s->p, y0 = line % s->p * s->stride - s->pad_top;
    int a0 = (int)gt_largest(0, -y0), a1 = (int)gt_smallest(s->kh, s->h - y0);
    for (int64_t q = 0; q < s->q; q++) {
        int64_t x0 = q * s->stride - s->pad_left;
        int b0 = (int)gt_largest(0, -x0), b1 = (int)gt_smallest(s->kw, s->w - x0);
        box t = {j->x + ((image * s->h + y0 + a0) * s->w + x0 + b0) * s->c,
                 j->w + (a0 * s->kw + b0) * s->c,
                 s->w * s->c,
                 s->c,
                 s->kw * s->c,
                 s->c};
        sum_taps(&t, a1 - a0, b1 - b0, s->c, j->out + (line * s->q + q) * s->c);
    }
}

/* The taps of one axis whose windows hold pixel `at` (counted with the padding): first, first + stride, ... below end;
 * the first one's window is that of position `position`, the next one's of the position before. */
typedef struct taps {
    int first, end;
    int64_t position;
} taps;

static taps taps_of(int64_t at, int window, int stride, int64_t positions) {
    int64_t least = gt_largest(0, at - (positions - 1) * stride);
    int first = (int)(least + (at - least) % stride);
    return (taps){first, (int)gt_smallest(window, at + 1), (at - first) / stride};
}

static int taps_count(const taps *t, int stride) {
    return t->first < t->end ? (t->end - t->first - 1) / stride + 1 : 0;
}

/* Line h of an image: of each pixel those positions of dy whose windows hold it. */
GT_CLONES static void input_line(const job *j, int64_t line) {
    const gt_conv_shape *s = j->s;
    taps y = taps_of(line % s->h + s->pad_top, s->kh, s->stride, s->p);
    const float *dy = j->x + (line / s->h * s->p + y.position) * s->q * s->c;
    int rows = taps_count(&y, s->stride);
    for (int64_t w = 0; w < s->w; w++) {
        taps x = taps_of(w + s->pad_left, s->kw, s->stride, s->q);
        box t = {dy + x.position * s->c,
                 j->w + (y.first * s->kw + x.first) * s->c,
                 -s->q * s->c,
                 -s->c,
                 s->stride * s->kw * s->c,
                 s->stride * s->c};
        sum_taps(&t, rows, taps_count(&x, s->stride), s->c, j->out + (line * s->w + w) * s->c);
    }
}

/* A block of channels: for each tap the sum over all positions whose tap lies in the image. Sums of a line of positions
 * are added to those of the image, and these to the whole, so that a long sum loses few bits. */
GT_CLONES static void weight_block(const job *j, int64_t block) {
    const gt_conv_shape *s = j->s;
    int64_t c = block * CHANNELS;
    int n = (int)gt_smallest(CHANNELS, s->c - c);
    for (int a = 0; a < s->kh; a++)
        for (int b = 0; b < s->kw; b++) {
            int64_t q0 = gt_largest(0, (s->pad_left - b + s->stride - 1) / s->stride),
                    last = s->w - 1 - b + s->pad_left, q1 = last < 0 ? 0 : gt_smallest(s->q, last / s->stride + 1);
            double all[CHANNELS] = {0};
            for (int64_t line = 0; line < s->n * s->p; line++) {
                int64_t y = line % s->p * s->stride + a - s->pad_top;
                if (y < 0 || y >= s->h) continue;
                float sums[CHANNELS] = {0};
                const float *x = j->x + ((line / s->p * s->h + y) * s->w + b - s->pad_left) * s->c + c;
                for (int64_t q = q0; q < q1; q++)
                    add_product(sums, x + q * s->stride * s->c, j->w + (line * s->q + q) * s->c + c, n);
                for (int i = 0; i < n; i++) all[i] += (double)sums[i];
            }
            for (int i = 0; i < n; i++) j->out[(a * s->kw + b) * s->c + c + i] = (float)all[i];
        }
}

static void forward_tile(void *arg, int index, int worker) {
    (void)worker;
    forward_line(arg, index);
}

static void input_tile(void *arg, int index, int worker) {
    (void)worker;
    input_line(arg, index);
}

static void weight_tile(void *arg, int index, int worker) {
    (void)worker;
    weight_block(arg, index);
}

static void run(const gt_conv_shape *s, gt_pool *pool, void *room, const float *const *in, float *out) {
    (void)room;
    job j = {s, in[0], in[1], out};
    if (s->direction == GT_CONV_WEIGHT_GRAD) {
        gt_pool_run(pool, (int)((s->c + CHANNELS - 1) / CHANNELS), weight_tile, &j);
        return;
    }
    if (in[2]) j.w = in[2];
    bool forward = s->direction == GT_CONV_FORWARD;
    gt_pool_run(pool, (int)(s->n * (forward ? s->p : s->h)), forward ? forward_tile : input_tile, &j);
}

const gt_conv_algorithm gt_conv_depthwise = {.name = "depthwise",
                                             .possible = possible,
                                             .packed_floats = packed_floats,
                                             .pack = pack,
                                             .workspace = workspace,
                                             .run = run};
