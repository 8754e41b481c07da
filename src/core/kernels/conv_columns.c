/* SPDX-License-Identifier: Apache-2.0
 * The input gradient of convolutions whose images have few channels (conv.h has the contract): one product gives what
 * each position of dy adds to all pixels of its window, columns[positions][taps x c] = dy w^T, and the columns are then
 * added up. The direct kernel's products would be narrower than a vector.
 *
 * Images are cut into strips of lines, and a tile computes one strip: the tile makes the columns of all lines of dy
 * that reach into the strip. The terms of a pixel are added in the order of these lines, whatever the strips. */
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/door/conv.h"
#include "kernels/door/gemm.h"

enum { STRIP_FLOATS = 1 << 15 /* of columns: 128 KiB stay in the second-level cache */, ALIGN = 16 };

static size_t aligned(size_t floats) { return (size_t)gt_round_up((int64_t)floats, ALIGN); }

typedef struct columns {
    const gt_conv_shape *s;
    int64_t width;         /* taps x c */
    int64_t strip, strips; /* lines of the image in a strip; strips of an image */
    int64_t most_lines;    /* of dy that reach into a strip */
    const float *dy, *packed;
    float *out;
    char *workspace; /* of worker 0: columns, then the product's own */
    size_t bytes;    /* of each worker */
} columns;

static gt_gemm_args product(const columns *z, int64_t positions) {
    return (gt_gemm_args){.kernels = z->s->kernels,
                          .m = positions,
                          .n = z->width,
                          .k = z->s->o,
                          .transpose_b = true,
                          .lda = z->s->o,
                          .ldb = z->s->o,
                          .ldc = z->width,
                          .b_packed = z->packed};
}

/* `set` is what b_packed points at where only sizes matter. */
static columns sizes_of(const gt_conv_shape *s) {
    static const float set;
    columns z = {.s = s, .width = s->kh * s->kw * s->c, .packed = &set};
    int64_t lines = gt_largest(1, STRIP_FLOATS / (s->q * z.width));
    z.strip = gt_smallest(lines * s->stride, s->h);
    z.strips = gt_pieces(s->h, z.strip);
    z.most_lines = gt_smallest((z.strip + s->kh - 2) / s->stride + 1, s->p);
    gt_gemm_args g = product(&z, z.most_lines * s->q);
    z.bytes = sizeof(float) * aligned((size_t)(z.most_lines * s->q * z.width)) +
              (gt_gemm_workspace(&g, 1) + 63) / 64 * 64;
    return z;
}

static bool possible(const gt_conv_shape *s) { return s->direction == GT_CONV_INPUT_GRAD && s->groups == 1; }

static gt_gemm_args packing_of(const gt_conv_shape *s) {
    return (gt_gemm_args){
        .kernels = s->kernels, .n = s->kh * s->kw * s->c, .k = s->o, .transpose_b = true, .ldb = s->o};
}

static size_t packed_floats(const gt_conv_shape *s) {
    gt_gemm_args g = packing_of(s);
    return gt_gemm_packed_floats(&g);
}

static void pack(const gt_conv_shape *s, gt_pool *pool, const float *w, float *packed) {
    gt_gemm_args g = packing_of(s);
    g.b = w;
    gt_gemm_pack_b(&g, pool, packed);
}

static size_t workspace(const gt_conv_shape *s, bool packed, int threads) {
    return sizes_of(s).bytes * (size_t)threads + (packed ? 0 : aligned(packed_floats(s)) * sizeof(float));
}

/* What line `line` of dy, whose columns are given, adds to line y of the image. */
static void add_line(const gt_conv_shape *s, const float *from, int tap_line, float *pixels) {
    int64_t window = s->kw * s->c, step = s->kh * window;
    from += tap_line * window;
    for (int64_t q = 0; q < s->q; q++, from += step) {
        int64_t x = q * s->stride - s->pad_left, left = gt_largest(0, -x) * s->c,
                right = gt_smallest(s->kw, s->w - x) * s->c;
        float *to = pixels + x * s->c;
        for (int64_t i = left; i < right; i++) to[i] += from[i];
    }
}

static void strip_tile(void *arg, int index, int worker) {
    const columns *z = arg;
    const gt_conv_shape *s = z->s;
    int64_t n = index / z->strips, y0 = index % z->strips * z->strip, y1 = gt_smallest(y0 + z->strip, s->h);
    int64_t first = gt_largest(0, (y0 + s->pad_top - s->kh + s->stride) / s->stride),
            end = gt_smallest(s->p, (y1 - 1 + s->pad_top) / s->stride + 1);
    float *mine = (float *)(z->workspace + (size_t)worker * z->bytes), *line = z->out + (n * s->h + y0) * s->w * s->c;
    memset(line, 0, (size_t)((y1 - y0) * s->w * s->c) * sizeof *line);
    if (end <= first) return;
    gt_gemm_args g = product(z, (end - first) * s->q);
    g.a = z->dy + (n * s->p + first) * s->q * s->o;
    g.c = mine;
    gt_gemm(&g, NULL, mine + aligned((size_t)(z->most_lines * s->q * z->width)));
    for (int64_t p = first; p < end; p++, mine += s->q * z->width)
        for (int tap = 0; tap < s->kh; tap++) {
            int64_t y = p * s->stride + tap - s->pad_top;
            if (y >= y0 && y < y1) add_line(s, mine, tap, z->out + (n * s->h + y) * s->w * s->c);
        }
}

static void run(const gt_conv_shape *s, gt_pool *pool, void *workspace, const float *const *in, float *out) {
    columns z = sizes_of(s);
    z.dy = in[0];
    z.out = out;
    z.workspace = workspace;
    z.packed = in[2];
    if (!z.packed) {
        float *packed = (float *)(z.workspace + z.bytes * (size_t)gt_pool_threads(pool));
        pack(s, pool, in[1], packed);
        z.packed = packed;
    }
    gt_pool_run(pool, (int)(s->n * z.strips), strip_tile, &z);
}

const gt_conv_algorithm gt_conv_columns = {.name = "columns",
                                           .possible = possible,
                                           .packed_floats = packed_floats,
                                           .pack = pack,
                                           .workspace = workspace,
                                           .run = run};
