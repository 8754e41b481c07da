/* SPDX-License-Identifier: Apache-2.0
 * Direct convolution, for every shape (conv.h has the contract): each direction is one product (per group and phase)
 * whose operand A is made of patches.
 *
 *   forward       A [positions of y][taps x c] = patches of x      B [taps x c][o] = w            C = y
 *   input grad    A [positions of x][taps x o] = patches of dy     B [taps x o][c] = w transposed C = x
 *   weight grad   A [taps x c][positions of y] = patches of x^T    B [positions of y][o] = dy     C = w
 *
 * Row (n, p, q) of A in the forward direction is the window of that position, zero outside the image:
 *
 *   y[n, p, q, o] = sum over a, b, c of  x[n, p s + a - pad_top, q s + b - pad_left, c]  w[a, b, c, o]
 *
 * The input gradient of a convolution with stride s falls apart into s x s phases: positions of x with the same
 * remainders see the same taps, so each phase is a product of its own over those taps alone and nothing is multiplied
 * by zero. Along an axis, phase f has the pixels m s + f of x and the taps a = first + i s:
 *
 *   dx[m s + f] = sum over i of  dy[m + offset - i]  w[first + i s]        first = (f + pad) mod s
 *                                                                          offset = (f + pad) div s
 *
 *   three taps, stride 2, pad 1:   dx[2m]     = dy[m] w[1]
 *                                  dx[2m + 1] = dy[m + 1] w[0] + dy[m] w[2]
 *
 * A row of the table in conv.c: nodes of graph/ops/conv.c run the algorithm that gt_conv_choose() names. conv_strided.c
 * packs its weights by the functions of this file. */
#include <string.h>

#include "base/door/numbers.h"
#include "kernels/door/conv.h"
#include "kernels/door/gemm_product.h"
#include "kernels/door/kernel_set.h"

enum { SMALL_PATCH = 96 }; /* floats of a patch that is gathered as a whole; a tile has at least so many rows */

/* A product's patches: row m is position (n, p, q) of a grid. Its taps form a box; tap (i, j) reads pixel
 * (p * step + dy0 + sign * i, q * step + dx0 + sign * j) of source image n, zero outside, and belongs to the weights at
 * (a0 + i * tap_step, b0 + j * tap_step) of the window. */
typedef struct patches {
    const gt_conv_shape *s;
    const float *src;             /* first channel of the group */
    int64_t height, width, pixel; /* of the source images; floats from pixel to pixel */
    int64_t channels;             /* of the group */
    int64_t p, q;                 /* the grid */
    int step;                     /* pixels of the source per step of the grid */
    int taps_x;                   /* taps along a line of the box */
    int dy0, dx0, sign;
    int a0, b0, tap_step;
    const float *weights; /* first channels of the group */
    float *out;           /* first channel of the group */
    int out_y, out_x;     /* position (p, q) is pixel (p * tap_step + out_y, q * tap_step + out_x) of the output */
} patches;

typedef struct position {
    int64_t n, y, x; /* of the source, before the tap's offset */
} position;

static position position_of(const patches *g, int64_t m) {
    int64_t row = m / g->q;
    return (position){row / g->p, row % g->p * g->step, m % g->q * g->step};
}

static void advance(const patches *g, position *at) {
    if ((at->x += g->step) < g->q * g->step) return;
    at->x = 0;
    if ((at->y += g->step) < g->p * g->step) return;
    at->y = 0;
    at->n++;
}

/* The pixel tap (i, j) of a position reads; NULL: outside. */
static const float *pixel_at(const patches *g, const position *at, int i, int j) {
    int64_t y = at->y + g->dy0 + g->sign * i, x = at->x + g->dx0 + g->sign * j;
    if (y < 0 || y >= g->height || x < 0 || x >= g->width) return NULL;
    return g->src + ((at->n * g->height + y) * g->width + x) * g->pixel;
}

/* Rows of patches: k runs over taps, then channels. */
static void pack_patches(const void *source, gt_pack_a *t) {
    const patches *g = source;
    position at = position_of(g, t->row0);
    for (int r = 0; r < t->rows; r++, advance(g, &at)) {
        int64_t tap = t->k0 / g->channels, channel = t->k0 % g->channels;
        for (int k = 0; k < t->k; tap++, channel = 0) {
            int64_t left = g->channels - channel;
            int count = left < t->k - k ? (int)left : t->k - k;
            const float *from = pixel_at(g, &at, (int)(tap / g->taps_x), (int)(tap % g->taps_x));
            gt_pack_a_row(t, r, k, count, from ? from + channel : NULL);
            k += count;
        }
    }
}

/* Columns of patches: rows run over taps, then channels; k over positions. */
static void pack_patches_by_k(const void *source, gt_pack_a *t) {
    const patches *g = source;
    int64_t tap = t->row0 / g->channels, channel = t->row0 % g->channels;
    for (int r = 0; r < t->rows; tap++, channel = 0) {
        int64_t left = g->channels - channel;
        int count = left < t->rows - r ? (int)left : t->rows - r;
        int i = (int)(tap / g->taps_x), j = (int)(tap % g->taps_x);
        position at = position_of(g, t->k0);
        float *to = t->to + r;
        for (int k = 0; k < t->k; k++, to += GT_TILE_ROWS, advance(g, &at)) {
            const float *from = pixel_at(g, &at, i, j);
            if (from) memcpy(to, from + channel, (size_t)count * sizeof *to);
            else memset(to, 0, (size_t)count * sizeof *to);
        }
        r += count;
    }
}

/* Patches of few floats, as of images: a line of the window lies in the source as it lies in the patch, and goes there
 * at once. */
static bool are_small(const patches *g) {
    return g->s->direction != GT_CONV_INPUT_GRAD && g->pixel == g->channels &&
           g->s->kh * g->s->kw * g->channels <= SMALL_PATCH;
}

static void small_patch(const patches *g, const position *at, float *patch) {
    int64_t x = at->x + g->dx0, left = x < 0 ? -x : 0,
            right = x + g->taps_x > g->width ? x + g->taps_x - g->width : 0; /* taps outside */
    int64_t line = g->taps_x * g->channels, begin = left * g->channels, end = line - right * g->channels;
    for (int i = 0; i < g->s->kh; i++, patch += line) {
        int64_t y = at->y + g->dy0 + i;
        bool outside = y < 0 || y >= g->height || begin >= end;
        const float *from = outside ? NULL : g->src + ((at->n * g->height + y) * g->width + x) * g->channels;
        for (int64_t f = 0; f < line; f++) patch[f] = 0;
        for (int64_t f = begin; f < end && from; f++) patch[f] = from[f];
    }
}

static void pack_small_patches(const void *source, gt_pack_a *t) {
    const patches *g = source;
    float patch[SMALL_PATCH];
    position at = position_of(g, t->row0);
    for (int r = 0; r < t->rows; r++, advance(g, &at)) {
        small_patch(g, &at, patch);
        gt_pack_a_row(t, r, 0, t->k, patch);
    }
}

static void pack_small_patches_by_k(const void *source, gt_pack_a *t) {
    const patches *g = source;
    position at = position_of(g, t->k0);
    for (int k = 0; k < t->k; k++, advance(g, &at)) small_patch(g, &at, t->to + k * GT_TILE_ROWS);
}

/* B of the input gradient: row (tap, o), column c is w[tap][c][o]. */
static void pack_transposed_weights(const void *source, int64_t column, int columns, int width, int64_t k0, int64_t k,
                                    float *panel) {
    const patches *g = source;
    const gt_conv_shape *s = g->s;
    int64_t inputs = s->c / s->groups;
    int64_t tap = k0 / g->channels, channel = k0 % g->channels;
    for (; k > 0; tap++, channel = 0) {
        int64_t count = g->channels - channel < k ? g->channels - channel : k;
        int64_t a = g->a0 + tap / g->taps_x * g->tap_step, b = g->b0 + tap % g->taps_x * g->tap_step;
        const float *w = g->weights + ((a * s->kw + b) * inputs + column) * s->o + channel;
        gt_pack_transposed(w, s->o, columns, width, count, panel);
        panel += count * width;
        k -= count;
    }
}

static void phase_rows(const void *source, int64_t row0, int count, float **rows) {
    const patches *g = source;
    const gt_conv_shape *s = g->s;
    for (int r = 0; r < count; r++) {
        int64_t m = row0 + r, line = m / g->q;
        int64_t y = line % g->p * g->tap_step + g->out_y, x = m % g->q * g->tap_step + g->out_x;
        rows[r] = g->out + ((line / g->p * s->h + y) * s->w + x) * s->c;
    }
}

/* The taps and positions of one axis in one phase of the input gradient. */
typedef struct phase_axis {
    int first_tap, taps; /* tap first_tap + i * stride of the window ... */
    int offset;          /* ... reads position + offset - i */
    int64_t positions;
} phase_axis;

static phase_axis phase_of(int phase, int64_t extent, int window, int stride, int pad) {
    phase_axis a = {.first_tap = (phase + pad) % stride,
                    .positions = extent > phase ? (extent - phase - 1) / stride + 1 : 0};
    a.taps = window > a.first_tap ? (window - a.first_tap - 1) / stride + 1 : 0;
    a.offset = (phase + pad) / stride;
    return a;
}

/* Number of products of a direction: one for each group and phase. */
static int products_of(const gt_conv_shape *s) {
    return s->direction == GT_CONV_INPUT_GRAD ? s->groups * s->stride * s->stride : s->groups;
}

/* The product of one group, forward or weight gradient: the same patches are rows of A, or columns. */
static gt_product forward_product(patches *g) {
    const gt_conv_shape *s = g->s;
    bool to_weights = s->direction == GT_CONV_WEIGHT_GRAD;
    int64_t positions = s->n * s->p * s->q, window = (int64_t)s->kh * s->kw * g->channels;
    g->height = s->h, g->width = s->w, g->pixel = s->c;
    g->p = s->p, g->q = s->q, g->step = s->stride;
    g->taps_x = s->kw, g->dy0 = -s->pad_top, g->dx0 = -s->pad_left, g->sign = 1;
    void (*by_k)(const void *, gt_pack_a *) = are_small(g) ? pack_small_patches_by_k : pack_patches_by_k;
    void (*by_rows)(const void *, gt_pack_a *) = are_small(g) ? pack_small_patches : pack_patches;
    return (gt_product){.m = to_weights ? window : positions,
                        .k = to_weights ? positions : window,
                        .n = s->o / s->groups,
                        .a_by_k = to_weights,
                        .pack_a = to_weights ? by_k : by_rows,
                        .a_source = g,
                        .ldb = s->o,
                        .ldc = s->o};
}

/* The product of one group and phase of the input gradient. */
static gt_product phase_product(patches *g, int phase) {
    const gt_conv_shape *s = g->s;
    int phase_y = phase / s->stride, phase_x = phase % s->stride;
    phase_axis y = phase_of(phase_y, s->h, s->kh, s->stride, s->pad_top),
               x = phase_of(phase_x, s->w, s->kw, s->stride, s->pad_left);
    g->height = s->p, g->width = s->q, g->pixel = s->o;
    g->p = y.positions, g->q = x.positions, g->step = 1;
    g->taps_x = x.taps, g->dy0 = y.offset, g->dx0 = x.offset, g->sign = -1;
    g->a0 = y.first_tap, g->b0 = x.first_tap, g->tap_step = s->stride;
    g->out_y = phase_y, g->out_x = phase_x;
    return (gt_product){.m = s->n * y.positions * x.positions,
                        .k = (int64_t)y.taps * x.taps * g->channels,
                        .n = s->c / s->groups,
                        .pack_a = pack_patches,
                        .a_source = g,
                        .pack_b = pack_transposed_weights,
                        .b_source = g,
                        .c_rows = phase_rows,
                        .c_source = g};
}

/* Product number i of a direction (the phases of the first group, then those of the second, ...), and its patches `g`,
 * which the product points to. `in` and `out` are those of gt_conv_algorithm.run; `in` is NULL where only sizes matter,
 * in[0] and `out` where weights are only packed, in[1] where they are packed already. */
static gt_product product_of(const gt_conv_shape *s, int i, const float *const *in, float *out, patches *g) {
    int phases = products_of(s) / s->groups, group = i / phases;
    int64_t inputs = s->c / s->groups, outputs = s->o / s->groups;
    bool to_input = s->direction == GT_CONV_INPUT_GRAD;
    *g = (patches){.s = s, .channels = to_input ? outputs : inputs};
    gt_product p = to_input ? phase_product(g, i % phases) : forward_product(g);
    p.kernels = gt_kernel_set_or_best(s->kernels)->gemm;
    if (!in) return p;
    const float *weights = in[1] ? in[1] + group * outputs : NULL;
    if (in[0]) g->src = in[0] + group * g->channels;
    if (out) out += group * (to_input ? inputs : outputs);
    if (to_input) g->weights = weights, g->out = out;
    else p.b = weights, p.c = out;
    return p;
}

static bool possible(const gt_conv_shape *s) {
    (void)s;
    return true;
}

static size_t packed_floats(const gt_conv_shape *s) {
    size_t floats = 0;
    for (int i = 0; i < products_of(s); i++) {
        patches g;
        gt_product p = product_of(s, i, NULL, NULL, &g);
        floats += gt_product_packed_floats(p.kernels, p.n, p.k);
    }
    return floats;
}

static void pack(const gt_conv_shape *s, gt_pool *pool, const float *w, float *packed) {
    for (int i = 0; i < products_of(s); i++) {
        patches g;
        gt_product p = product_of(s, i, (const float *const[]){NULL, w}, NULL, &g);
        gt_product_pack_b(&p, pool, packed);
        packed += gt_product_packed_floats(p.kernels, p.n, p.k);
    }
}

static size_t workspace(const gt_conv_shape *s, bool packed, int threads) {
    static const float set; /* only whether B is packed matters */
    size_t most = 0;
    for (int i = 0; i < products_of(s); i++) {
        patches g;
        gt_product p = product_of(s, i, NULL, NULL, &g);
        if (packed) p.b_packed = &set;
        size_t bytes = gt_product_workspace(&p, threads);
        if (bytes > most) most = bytes;
    }
    return most;
}

static void run(const gt_conv_shape *s, gt_pool *pool, void *workspace, const float *const *in, float *out) {
    const float *packed = s->direction == GT_CONV_WEIGHT_GRAD ? NULL : in[2];
    for (int i = 0; i < products_of(s); i++) {
        patches g;
        gt_product p = product_of(s, i, in, out, &g);
        if (packed) {
            p.b_packed = packed;
            packed += gt_product_packed_floats(p.kernels, p.n, p.k);
        }
        gt_product_run(&p, pool, workspace);
    }
}

/* ---- the gradient of weights over several slices: K is [slices][parts][positions] ---- */

typedef struct parts {
    patches of[GT_PARTS_MAX];
    const float *dy[GT_PARTS_MAX];
    int count;
    int64_t positions; /* of a part of a slice */
    void (*pack)(const void *patches, gt_pack_a *t);
} parts;

/* A piece of K within one part of one slice. */
typedef struct stretch {
    int part;
    int64_t from, length; /* positions, counted over all slices */
} stretch;

static stretch stretch_at(const parts *all, int64_t k0, int64_t k) {
    int64_t number = k0 / all->positions, in_part = k0 % all->positions;
    return (stretch){(int)(number % all->count), number / all->count * all->positions + in_part,
                     gt_smallest(k, all->positions - in_part)};
}

static void pack_parts(const void *source, gt_pack_a *t) {
    const parts *all = source;
    for (int k = 0; k < t->k;) {
        stretch s = stretch_at(all, t->k0 + k, t->k - k);
        gt_pack_a piece = *t;
        piece.k0 = s.from;
        piece.k = (int)s.length;
        piece.to = t->to + (int64_t)k * GT_TILE_ROWS;
        all->pack(&all->of[s.part], &piece);
        k += piece.k;
    }
}

static void pack_dy(const void *source, int64_t column, int columns, int width, int64_t k0, int64_t k, float *panel) {
    const parts *all = source;
    int64_t o = all->of[0].s->o;
    for (int64_t end = k0 + k; k0 < end;) {
        stretch s = stretch_at(all, k0, end - k0);
        gt_pack_rows(all->dy[s.part] + s.from * o + column, o, columns, width, s.length, panel);
        panel += s.length * width;
        k0 += s.length;
    }
}

static gt_product_tree tree_of(int slices, int count, gt_product one, parts *all) {
    *all = (parts){.count = count, .positions = one.k, .pack = one.pack_a};
    gt_product_tree t = {.product = one, .slices = slices};
    t.product.k *= count;
    t.product.pack_a = pack_parts, t.product.a_source = all;
    t.product.pack_b = pack_dy, t.product.b_source = all, t.product.b = NULL;
    return t;
}

static int most_slices(const gt_conv_shape *s, int count) {
    patches g;
    gt_product one = product_of(s, 0, NULL, NULL, &g);
    return gt_product_tree_most(one.kernels, one.n, count * one.k);
}

static size_t slices_workspace(const gt_conv_shape *s, int slices, int count, int threads) {
    patches g;
    parts all;
    gt_product_tree t = tree_of(slices, count, product_of(s, 0, NULL, NULL, &g), &all);
    return gt_product_tree_workspace(&t, threads);
}

static void run_slices(const gt_conv_shape *s, const gt_conv_slices *z, int first, int count, gt_pool *pool,
                       void *workspace, float *out) {
    for (int i = 0; i < s->groups; i++) {
        parts all;
        patches g[GT_PARTS_MAX];
        const float *dy[GT_PARTS_MAX];
        gt_product one = {0};
        for (int part = 0; part < z->parts; part++) {
            const float *in[GT_CONV_INPUTS];
            gt_conv_slices_from(s, z, part, first, in);
            one = product_of(s, i, in, out, &g[part]);
            dy[part] = one.b;
        }
        gt_product_tree t = tree_of(count, z->parts, one, &all);
        memcpy(all.of, g, (size_t)z->parts * sizeof *g);
        memcpy(all.dy, dy, (size_t)z->parts * sizeof *dy);
        t.first = first;
        t.leaf = z->leaf;
        gt_product_tree_run(&t, pool, workspace);
    }
}

const gt_conv_algorithm gt_conv_direct = {.name = "direct",
                                          .possible = possible,
                                          .packed_floats = packed_floats,
                                          .pack = pack,
                                          .workspace = workspace,
                                          .run = run,
                                          .most_slices = most_slices,
                                          .slices_workspace = slices_workspace,
                                          .run_slices = run_slices};
