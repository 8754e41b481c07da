/* SPDX-License-Identifier: Apache-2.0
 * Winograd convolution: the loops around the transforms (winograd_transforms.h) and the products (gemm_product.h).
 *
 *   forward, input grad, per block of tiles:   U[points][tiles][from] = transformed tiles, written as packed A
 *                                              M[points][tiles][to] = U V, V[planes] = transformed weights as packed B
 *                                              pixels = M transformed back
 *   weight grad, per block of tiles:           U[points][from][tiles] as packed A by k, Y[points][tiles][to] = transformed dy as packed B
 *                                              D[planes][from][to] += U Y;  after the last block: w = D transformed back
 *
 * The points of a plane lie tile by tile: as rows of U and M, as K of the weight gradient. Between planes there are a few odd cache
 * lines, or a tile's values, 36 to 81 of them at equal distances, would all fall into one set of the cache. */
#include "kernels/winograd.h"

#include <string.h>

#include "kernels/gemm_product.h"
#include "kernels/winograd_plan.h"

enum {
    GROUP = 8,             /* tiles transformed per tile of the pool */
    MOST_CHANNELS = 64,    /* the same where tiles overlap: one image's tiles in order, so many channels, ... */
    LEAST_CHANNELS = 16,   /* ... or fewer if there are not enough pieces for the threads: bits do not depend on it */
    PLANE_GAP = 5 * 16,    /* floats */
    PACK_ROWS = 16,        /* of weights gathered at a time */
    MOST_COLUMNS = 32,     /* of a panel of B of any kernel set */
    AHEAD = 128,           /* floats: how far ahead transformed values are fetched */
};

static int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t largest(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- workspace ---- */

/* Floats from one plane of V to the next. */
static int64_t weight_plane(const gt_winograd_plan *p) { return (int64_t)gt_product_packed_floats(p->to.channels, p->from.channels) + PLANE_GAP; }

/* A of the product of one plane. */
typedef struct operand {
    float *u;
    int64_t rows, k; /* of the plane */
    bool by_k;
} operand;

/* Everything a run shares among its loops. Sizes of U, M and Y are those of the block at hand. */
typedef struct winograd {
    gt_winograd_plan plan;
    const gt_gemm_kernels *kernels;
    const float *from, *dy; /* images in; weight grad: dy as well */
    float *out;
    const float *v;         /* packed weights */
    float *u, *m, *d;       /* m: M, or Y of the weight gradient */
    float *zeros;           /* a pixel outside the image */
    float *trash;           /* of worker 0: results outside the image go here */
    void *product;          /* workspace of the products */
    int64_t tile0, count;   /* the block */
    int64_t part;           /* channels at a time where tiles overlap */
    operand operands[GT_WINOGRAD_PLANES];
    gt_product products[GT_WINOGRAD_PLANES];
} winograd;

/* Channels of U as stored. */
static int64_t u_channels(const gt_winograd_plan *p) { return round_up(p->from.channels, GT_CHUNK); }

/* The weight gradient's U: tiles of rows, that is channels, one after the other. Channels as stored of the one that begins at channel c. */
static int64_t tile_width(int64_t c, int64_t channels) {
    return round_up(least(gt_gemm_kernels_now()->tile_rows, channels - c), GT_CHUNK);
}

static size_t take(size_t *used, int64_t floats) {
    size_t at = *used;
    *used += (size_t)round_up(floats, 16);
    return at;
}

/* Places of everything within the workspace, in floats; returns its size. */
static size_t lay_out(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads, winograd *z, float *base) {
    bool by_k = direction == GT_CONV_WEIGHT_GRAD;
    gt_winograd_plan p = gt_winograd_plan_of(s, direction);
    int64_t from = p.from.channels, to = p.to.channels, values = p.points * p.block;
    gt_product product = {.m = by_k ? from : values, .n = to, .k = by_k ? values : from, .b_packed = base};
    size_t used = 0;
    size_t v = by_k || packed ? 0 : take(&used, (int64_t)gt_winograd_packed_floats(s, direction));
    size_t u = take(&used, values * u_channels(&p) + GT_WINOGRAD_PLANES * PLANE_GAP);
    size_t m = take(&used, (by_k ? (int64_t)gt_product_packed_floats(to, values) : values * to) + GT_WINOGRAD_PLANES * PLANE_GAP);
    size_t d = take(&used, by_k ? GT_WINOGRAD_PLANES * (from * to + PLANE_GAP) : 0);
    size_t zeros = take(&used, largest(from, to));
    size_t trash = take(&used, threads * round_up(to, 16));
    size_t work = take(&used, (int64_t)(gt_product_workspace(&product, threads) / sizeof(float)));
    if (z)
        *z = (winograd){.plan = p, .kernels = gt_gemm_kernels_now(), .v = base + v, .u = base + u, .m = base + m, .d = base + d,
                        .zeros = base + zeros, .trash = base + trash, .product = base + work};
    return used;
}

size_t gt_winograd_workspace(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads) {
    static float nothing; /* only sizes matter */
    return lay_out(s, direction, packed, threads, NULL, &nothing) * sizeof(float);
}

/* ---- where the values of all points lie ---- */

/* A plane of matrices with so many floats per tile and point, in U, M or Y. */
static int64_t plane_at(const winograd *z, int plane, int64_t floats) { return z->plan.first[plane] * z->count * floats + plane * PLANE_GAP; }

/* The row (or index of K) of point i and tile t in its plane. */
static int64_t row_of(const gt_winograd_plan *p, int i, int64_t t) { return t * p->shared[p->plane[i]] + p->index[i]; }

static void fill(int64_t value, int count, int64_t *to) {
    for (int i = 0; i < count; i++) to[i] = value;
}

static void forward_by(const float **from, int count, int64_t floats) {
    for (int i = 0; i < count; i++) from[i] += floats;
}

/* Pixels that lie behind each other: the steps of results. */
static const int64_t *pixel_steps(int64_t steps[GT_WINOGRAD_MOST_POINTS]) {
    fill(GT_CHUNK, GT_WINOGRAD_MOST_POINTS, steps);
    return steps;
}

/* Floats from a pixel to the same one of the tile to the right. */
static int64_t next_tile(const gt_winograd_face *f) { return f->step * f->channels; }

/* ---- U: transformed tiles ---- */

/* The rows of tile t in a plane with so many points, as packed A: where channel c (a multiple of GT_PRODUCT_KC) of each
 * lies within the plane, and the step to the next chunk; k: channels of this block of K. */
typedef struct row_place {
    int64_t at, step;
} row_place;

static void find_rows(const winograd *z, int shared, int64_t t, int64_t c, int k, row_place *rows) {
    int64_t channels = u_channels(&z->plan), tile_rows = z->kernels->tile_rows;
    for (int i = 0; i < shared; i++) {
        int64_t row = t * shared + i, row0 = row / tile_rows * tile_rows;
        gt_pack_a a = gt_pack_a_tile(row0, shared * z->count);
        a.k = k;
        a.to = z->u;
        rows[i].at = gt_pack_a_at(&a, (int)(row - row0), 0) - z->u + row0 * channels + c * a.rows;
        rows[i].step = (int64_t)gt_pack_panel_rows(&a, (int)(row - row0)) * GT_CHUNK;
    }
}

static void image_rows(const winograd *z, int64_t t, const float **from) {
    const gt_winograd_plan *p = &z->plan;
    int64_t channels = u_channels(p), step[GT_WINOGRAD_MOST_POINTS];
    float *to[GT_WINOGRAD_MOST_POINTS];
    for (int64_t c = 0; c < p->from.channels; c += GT_PRODUCT_KC, forward_by(from, p->from.side * p->from.side, GT_PRODUCT_KC)) {
        int k = (int)least(GT_PRODUCT_KC, p->from.channels - c);
        row_place rows[GT_WINOGRAD_MOST_SHARED + 1][GT_WINOGRAD_MOST_SHARED];
        uint32_t known = 0;
        for (int i = 0; i < p->points; i++) {
            int shared = p->shared[p->plane[i]];
            if (!(known >> shared & 1)) find_rows(z, shared, t, c, k, rows[shared]);
            known |= 1u << shared;
            const row_place *row = &rows[shared][p->index[i]];
            to[i] = z->u + plane_at(z, p->plane[i], channels) + row->at;
            step[i] = row->step;
        }
        z->kernels->transform[p->from.transform](from, to, step, k, next_tile(&p->from));
    }
}

/* As columns of packed A: each tile of rows is [tiles x points of the plane][its width]. */
static void image_columns(const winograd *z, int64_t t, const float **from) {
    const gt_winograd_plan *p = &z->plan;
    int64_t channels = u_channels(p), tile_rows = z->kernels->tile_rows, step[GT_WINOGRAD_MOST_POINTS];
    float *to[GT_WINOGRAD_MOST_POINTS];
    fill(GT_CHUNK, p->points, step);
    for (int64_t c = 0; c < p->from.channels; c += tile_rows, forward_by(from, p->from.side * p->from.side, tile_rows)) {
        for (int i = 0; i < p->points; i++) {
            int64_t before = c * p->shared[p->plane[i]] * z->count;
            to[i] = z->u + plane_at(z, p->plane[i], channels) + before + row_of(p, i, t) * tile_width(c, p->from.channels);
        }
        z->kernels->transform[p->from.transform](from, to, step, least(tile_rows, p->from.channels - c), next_tile(&p->from));
    }
}

static void image_group(void *arg, int group, int worker) {
    (void)worker;
    const winograd *z = arg;
    const float *from[GT_WINOGRAD_MOST_POINTS];
    for (int64_t t = (int64_t)group * GROUP; t < least((int64_t)(group + 1) * GROUP, z->count); t++) {
        gt_winograd_pixels(&z->plan, &z->plan.from, z->from, z->tile0 + t, z->zeros, from);
        (z->dy ? image_columns : image_rows)(z, t, from);
    }
}

/* ---- products ---- */

static void find_operand(const void *source, gt_pack_a *t) {
    const operand *a = source;
    t->to = a->u + t->row0 * round_up(a->k, a->by_k ? 1 : GT_CHUNK) + t->k0 * (a->by_k ? tile_width(t->row0, a->rows) : t->rows);
    if (a->by_k) t->stride = (int)tile_width(t->row0, a->rows);
}

static void multiply(winograd *z, gt_pool *pool) {
    const gt_winograd_plan *p = &z->plan;
    bool by_k = z->dy;
    int64_t channels = u_channels(p), from = p->from.channels, to = p->to.channels;
    for (int i = 0; i < GT_WINOGRAD_PLANES; i++) {
        int64_t values = p->shared[i] * z->count;
        z->operands[i] = (operand){z->u + plane_at(z, i, channels), by_k ? from : values, by_k ? values : from, by_k};
        gt_product product = {.n = to, .a_by_k = by_k, .pack_a = find_operand, .a_packed = true, .a_source = &z->operands[i], .ldc = to};
        if (by_k) {
            product.m = from, product.k = values;
            product.b_packed = z->m + plane_at(z, i, (int64_t)gt_product_packed_floats(to, 1));
            product.c = z->d + i * (from * to + PLANE_GAP);
            product.accumulate = z->tile0 > 0;
        } else {
            product.m = values, product.k = from;
            product.b_packed = z->v + i * weight_plane(p);
            product.c = z->m + plane_at(z, i, to);
        }
        z->products[i] = product;
    }
    gt_product_run_packed(z->products, GT_WINOGRAD_PLANES, pool, z->product);
}

/* ---- forward and input grad ---- */

/* The values of tile t of the block at all points, from channel c on. */
static void find_values(const winograd *z, int64_t t, int64_t c, const float **from) {
    const gt_winograd_plan *p = &z->plan;
    for (int i = 0; i < p->points; i++) from[i] = z->m + plane_at(z, p->plane[i], p->to.channels) + row_of(p, i, t) * p->to.channels + c;
}

static void result_group(void *arg, int group, int worker) {
    const winograd *z = arg;
    const gt_winograd_plan *p = &z->plan;
    const float *from[GT_WINOGRAD_MOST_POINTS], *to[GT_WINOGRAD_MOST_POINTS];
    int64_t steps[GT_WINOGRAD_MOST_POINTS];
    float *trash = z->trash + worker * round_up(p->to.channels, 16);
    for (int64_t t = (int64_t)group * GROUP; t < least((int64_t)(group + 1) * GROUP, z->count); t++) {
        find_values(z, t, 0, from);
        gt_winograd_pixels(p, &p->to, z->out, z->tile0 + t, trash, to);
        z->kernels->transform[p->to.transform](from, (float **)to, pixel_steps(steps), p->to.channels, AHEAD);
    }
}

/* What the tile will add to although no tile before it has been there: the first rows and columns of an image. */
static void clear_edges(const gt_winograd_plan *p, int64_t tile, const float **to, size_t bytes) {
    int64_t in_image = tile % p->per_image;
    bool top = in_image < p->across, left = in_image % p->across == 0;
    for (int i = 0; i < p->to.side; i++) {
        if (left && (top || i > 0)) memset((float *)to[i * p->to.side], 0, bytes);
        if (top && i > 0) memset((float *)to[i], 0, bytes);
    }
}

/* Tiles that overlap: one image's tiles of this block, in order. */
static void overlapping_results(void *arg, int index, int worker) {
    const winograd *z = arg;
    const gt_winograd_plan *p = &z->plan;
    int64_t parts = (p->to.channels + z->part - 1) / z->part, image = z->tile0 / p->per_image + index / parts;
    int64_t c = index % parts * z->part, count = least(z->part, p->to.channels - c), steps[GT_WINOGRAD_MOST_POINTS];
    const float *from[GT_WINOGRAD_MOST_POINTS], *to[GT_WINOGRAD_MOST_POINTS];
    float *trash = z->trash + worker * round_up(p->to.channels, 16);
    int64_t end = least((image + 1) * p->per_image, z->tile0 + z->count);
    for (int64_t tile = largest(image * p->per_image, z->tile0); tile < end; tile++) {
        find_values(z, tile - z->tile0, c, from);
        gt_winograd_pixels(p, &p->to, z->out, tile, trash, to);
        for (int i = 0; i < p->to.side * p->to.side; i++)
            if (to[i] != trash) to[i] += c;
        clear_edges(p, tile, to, (size_t)count * sizeof(float));
        z->kernels->transform[p->to.transform](from, (float **)to, pixel_steps(steps), count, AHEAD);
    }
}

static void write_results(winograd *z, gt_pool *pool, int groups) {
    const gt_winograd_plan *p = &z->plan;
    if (p->to.side == p->to.step) {
        gt_pool_run(pool, groups, result_group, z);
        return;
    }
    int64_t images = (z->tile0 + z->count - 1) / p->per_image - z->tile0 / p->per_image + 1;
    z->part = MOST_CHANNELS;
    while (z->part > LEAST_CHANNELS && images * p->to.channels < 2 * gt_pool_threads(pool) * z->part) z->part /= 2;
    gt_pool_run(pool, (int)(images * ((p->to.channels + z->part - 1) / z->part)), overlapping_results, z);
}

/* ---- weight grad ---- */

/* Y: transformed derivatives of the result, as packed B. Columns past the last panel's own are never stored, so they stay as they are. */
static void derivative_group(void *arg, int group, int worker) {
    (void)worker;
    const winograd *z = arg;
    const gt_winograd_plan *p = &z->plan;
    const float *from[GT_WINOGRAD_MOST_POINTS];
    float *to[GT_WINOGRAD_MOST_POINTS];
    int panel = gt_product_panel_columns();
    int64_t padded = (int64_t)gt_product_packed_floats(p->to.channels, 1), steps[GT_WINOGRAD_MOST_POINTS];
    for (int64_t t = (int64_t)group * GROUP; t < least((int64_t)(group + 1) * GROUP, z->count); t++) {
        gt_winograd_pixels(p, &p->to, z->dy, z->tile0 + t, z->zeros, from);
        for (int64_t o = 0; o < p->to.channels; o += panel, forward_by(from, p->to.side * p->to.side, panel)) {
            int columns = (int)least(panel, p->to.channels - o), width = gt_product_panel_width(columns);
            for (int i = 0; i < p->points; i++)
                to[i] = z->m + plane_at(z, p->plane[i], padded) + o * p->shared[p->plane[i]] * z->count + row_of(p, i, t) * width;
            z->kernels->transform[p->to.transform](from, to, pixel_steps(steps), columns, next_tile(&p->to));
        }
    }
}

static void weight_line(void *arg, int c, int worker) {
    (void)worker;
    const winograd *z = arg;
    const gt_winograd_plan *p = &z->plan;
    const float *from[GT_WINOGRAD_PLANES];
    float *to[GT_WINOGRAD_TAPS];
    int64_t steps[GT_WINOGRAD_MOST_POINTS], inputs = p->from.channels, outputs = p->to.channels;
    for (int i = 0; i < GT_WINOGRAD_PLANES; i++) from[i] = z->d + i * (inputs * outputs + PLANE_GAP) + c * outputs;
    for (int i = 0; i < GT_WINOGRAD_TAPS; i++) to[i] = z->out + (i * inputs + c) * outputs;
    z->kernels->transform[p->to_weights](from, to, pixel_steps(steps), outputs, AHEAD);
}

/* ---- all directions ---- */

void gt_winograd(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, void *workspace, const float *const *in, float *out) {
    bool to_weights = direction == GT_CONV_WEIGHT_GRAD;
    const float *packed = to_weights ? NULL : in[2];
    winograd z;
    lay_out(s, direction, packed != NULL, gt_pool_threads(pool), &z, workspace);
    const gt_winograd_plan *p = &z.plan;
    z.from = in[0];
    z.dy = to_weights ? in[1] : NULL;
    z.out = out;
    if (packed) z.v = packed;
    else if (!to_weights) gt_winograd_pack(s, direction, pool, in[1], (float *)z.v);
    memset(z.zeros, 0, (size_t)largest(p->from.channels, p->to.channels) * sizeof *z.zeros);
    for (; z.tile0 < p->tiles; z.tile0 += z.count) {
        z.count = least(p->block, p->tiles - z.tile0);
        int groups = (int)((z.count + GROUP - 1) / GROUP);
        gt_pool_run(pool, groups, image_group, &z);
        if (to_weights) gt_pool_run(pool, groups, derivative_group, &z);
        multiply(&z, pool);
        if (!to_weights) write_results(&z, pool, groups);
    }
    if (to_weights) gt_pool_run(pool, (int)p->from.channels, weight_line, &z);
}

/* ---- packed weights: V[planes][from][to] ---- */

typedef struct packing {
    const gt_conv_shape *s;
    gt_winograd_plan plan;
    const float *w;
    float *v;
} packing;

static void pack_panel(void *arg, int panel, int worker) {
    (void)worker;
    const packing *z = arg;
    const gt_winograd_plan *p = &z->plan;
    int64_t inputs = z->s->c, outputs = z->s->o, from_channels = p->from.channels, to_channels = p->to.channels;
    int64_t stride = weight_plane(p), o = (int64_t)panel * gt_product_panel_columns();
    int columns = (int)least(gt_product_panel_columns(), to_channels - o), width = gt_product_panel_width(columns);
    float taps[GT_WINOGRAD_TAPS][PACK_ROWS * MOST_COLUMNS], *to[GT_WINOGRAD_PLANES], *v = z->v + o * from_channels;
    const float *from[GT_WINOGRAD_TAPS];
    int64_t steps[GT_WINOGRAD_MOST_POINTS];
    for (int64_t c0 = 0; c0 < from_channels; c0 += PACK_ROWS) {
        int64_t rows = least(PACK_ROWS, from_channels - c0);
        for (int i = 0; i < GT_WINOGRAD_TAPS; i++) {
            const float *tap = z->w + (p->flipped ? GT_WINOGRAD_TAPS - 1 - i : i) * inputs * outputs;
            if (p->transposed) gt_pack_transposed(tap + o * outputs + c0, outputs, columns, width, rows, taps[i]);
            else gt_pack_rows(tap + c0 * outputs + o, outputs, columns, width, rows, taps[i]);
        }
        for (int64_t r = 0; r < rows; r++) {
            for (int i = 0; i < GT_WINOGRAD_TAPS; i++) from[i] = taps[i] + r * width;
            for (int i = 0; i < GT_WINOGRAD_PLANES; i++) to[i] = v + (c0 + r) * width + i * stride;
            gt_gemm_kernels_now()->transform[p->weights](from, to, pixel_steps(steps), width, 0);
        }
    }
}

size_t gt_winograd_packed_floats(const gt_conv_shape *s, gt_conv_direction direction) {
    gt_winograd_plan p = gt_winograd_plan_of(s, direction);
    return (size_t)(GT_WINOGRAD_PLANES * weight_plane(&p));
}

void gt_winograd_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, const float *w, float *packed) {
    packing z = {.s = s, .plan = gt_winograd_plan_of(s, direction), .w = w, .v = packed};
    int panel = gt_product_panel_columns();
    gt_pool_run(pool, (int)((z.plan.to.channels + panel - 1) / panel), pack_panel, &z);
}
