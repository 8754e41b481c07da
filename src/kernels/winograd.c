/* SPDX-License-Identifier: Apache-2.0
 * Winograd convolution: the loops around the transforms (winograd_transforms.h) and the products (gemm_product.h).
 *
 *   forward, input grad, per block of tiles:   U[36][tiles][c] = transformed patches, written as packed A
 *                                              M[36][tiles][o] = U V, V[36] = transformed weights as packed B
 *                                              pixels = M transformed back
 *   weight grad, per block of tiles:           U[36][c][tiles] as packed A by k, Y[36][tiles][o] = transformed dy as packed B
 *                                              D[36][c][o] += U Y;  after the last block: w = D transformed back
 *
 * The input gradient is a convolution of dy with the flipped, transposed weights and padding 2 - pad. */
#include "kernels/winograd.h"

#include <string.h>

#include "kernels/gemm_product.h"

enum {
    POINTS = 36,
    TILE = 4,                /* pixels of a result tile along each axis */
    PATCH = 6,               /* pixels it depends on */
    TAPS = 9,
    GROUP = 8,               /* tiles transformed per tile of the pool */
    BLOCK_FLOATS = 2 << 20,  /* of U and M per block of tiles: 8 MiB, they stay in the last-level cache */
    PACK_ROWS = 16,          /* of weights gathered at a time */
    MOST_COLUMNS = 32,       /* of a panel of B of any kernel set */
};

static int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* A direction as a convolution of images [n,h,w,c] to [n,p,q,o]. */
typedef struct geometry {
    int64_t n, h, w, c, p, q, o;
    int64_t pad_y, pad_x;
    int64_t across, per_image, tiles; /* tiles of the result */
    int64_t block;                    /* tiles at a time */
} geometry;

static geometry geometry_of(const gt_conv_shape *s, gt_conv_direction direction) {
    geometry g = {.n = s->n, .h = s->h, .w = s->w, .c = s->c, .p = s->p, .q = s->q, .o = s->o, .pad_y = s->pad_top, .pad_x = s->pad_left};
    if (direction == GT_CONV_INPUT_GRAD)
        g = (geometry){.n = s->n, .h = s->p, .w = s->q, .c = s->o, .p = s->h, .q = s->w, .o = s->c, .pad_y = 2 - s->pad_top, .pad_x = 2 - s->pad_left};
    g.across = (g.q + TILE - 1) / TILE;
    g.per_image = (g.p + TILE - 1) / TILE * g.across;
    g.tiles = g.n * g.per_image;
    int64_t step = direction == GT_CONV_WEIGHT_GRAD ? GT_PRODUCT_KC : gt_gemm_kernels_now()->tile_rows;
    g.block = BLOCK_FLOATS / (POINTS * (g.c + g.o)) / step * step;
    if (g.block < step) g.block = step;
    g.block = least(g.block, g.tiles);
    return g;
}

bool gt_winograd_possible(const gt_conv_shape *s) {
    return s->kh == 3 && s->kw == 3 && s->stride == 1 && s->groups == 1 && s->pad_top <= 2 && s->pad_left <= 2;
}

int64_t gt_winograd_tiles_per_image(const gt_conv_shape *s, gt_conv_direction direction) { return geometry_of(s, direction).per_image; }

/* ---- workspace ---- */

/* A of the product of one point. */
typedef struct operand {
    float *u;
    int64_t tile_floats; /* from one tile of rows to the next */
    bool by_k;
} operand;

/* Everything a run shares among its loops. Sizes of U, M and Y are those of the block at hand. */
typedef struct winograd {
    geometry g;
    const gt_gemm_kernels *kernels;
    const float *from, *dy; /* images in; weight grad: dy as well */
    float *out;
    const float *v;         /* packed weights */
    float *u, *m, *d;       /* m: M, or Y of the weight gradient */
    float *zeros;           /* a pixel outside the image */
    float *trash;           /* of worker 0: results outside the image go here */
    void *product;          /* workspace of the products */
    int64_t tile0, count;   /* the block */
    operand operands[POINTS];
    gt_product products[POINTS];
} winograd;

/* Channels of U as stored. Weight grad: whole tiles of rows, as wide as the by-k layout wants them. */
static int64_t u_channels(const geometry *g, bool by_k) {
    if (!by_k) return round_up(g->c, GT_CHUNK);
    int64_t tile_rows = gt_gemm_kernels_now()->tile_rows;
    return (g->c + tile_rows - 1) / tile_rows * GT_TILE_ROWS;
}

static size_t take(size_t *used, int64_t floats) {
    size_t at = *used;
    *used += (size_t)round_up(floats, 16);
    return at;
}

/* Places of everything within the workspace, in floats; returns its size. */
static size_t lay_out(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads, winograd *z, float *base) {
    bool by_k = direction == GT_CONV_WEIGHT_GRAD;
    geometry g = geometry_of(s, direction);
    gt_product product = {.m = by_k ? g.c : g.block, .n = g.o, .k = by_k ? g.block : g.c, .b_packed = base};
    size_t used = 0;
    size_t v = by_k || packed ? 0 : take(&used, (int64_t)gt_winograd_packed_floats(s, direction));
    size_t u = take(&used, POINTS * g.block * u_channels(&g, by_k));
    size_t m = take(&used, by_k ? POINTS * (int64_t)gt_product_packed_floats(g.o, g.block) : POINTS * g.block * g.o);
    size_t d = take(&used, by_k ? POINTS * g.c * g.o : 0);
    size_t zeros = take(&used, g.c > g.o ? g.c : g.o);
    size_t trash = take(&used, threads * round_up(g.o, 16));
    size_t work = take(&used, (int64_t)(gt_product_workspace(&product, threads) / sizeof(float)));
    if (z)
        *z = (winograd){.g = g, .kernels = gt_gemm_kernels_now(), .v = base + v, .u = base + u, .m = base + m, .d = base + d,
                        .zeros = base + zeros, .trash = base + trash, .product = base + work};
    return used;
}

size_t gt_winograd_workspace(const gt_conv_shape *s, gt_conv_direction direction, bool packed, int threads) {
    static float nothing; /* only sizes matter */
    return lay_out(s, direction, packed, threads, NULL, &nothing) * sizeof(float);
}

/* ---- pixels ---- */

/* Pointers to the side x side pixels of images [n][height][width][channels] from (y, x) on; `outside` for those that are not there. */
static void pixels(const float *images, int64_t height, int64_t width, int64_t channels, int64_t n, int64_t y, int64_t x, int side,
                   const float *outside, const float **to) {
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            bool inside = y + i >= 0 && y + i < height && x + j >= 0 && x + j < width;
            to[i * side + j] = inside ? images + ((n * height + y + i) * width + x + j) * channels : outside;
        }
}

static void patch_of(const winograd *z, int64_t tile, const float **from) {
    const geometry *g = &z->g;
    int64_t in_image = tile % g->per_image;
    pixels(z->from, g->h, g->w, g->c, tile / g->per_image, in_image / g->across * TILE - g->pad_y, in_image % g->across * TILE - g->pad_x, PATCH,
           z->zeros, from);
}

static void result_of(const winograd *z, const float *images, int64_t tile, const float *outside, const float **to) {
    const geometry *g = &z->g;
    int64_t in_image = tile % g->per_image;
    pixels(images, g->p, g->q, g->o, tile / g->per_image, in_image / g->across * TILE, in_image % g->across * TILE, TILE, outside, to);
}

static void spread(float *base, int64_t stride, float **to) {
    for (int i = 0; i < POINTS; i++) to[i] = base + i * stride;
}

static void forward_by(const float **from, int count, int64_t floats) {
    for (int i = 0; i < count; i++) from[i] += floats;
}

/* ---- U: transformed patches ---- */

/* As rows of packed A: blocks of GT_PRODUCT_KC channels one after the other, each as the product takes it. */
static void image_rows(const winograd *z, int64_t t, const float **from) {
    const geometry *g = &z->g;
    int64_t stride = z->count * u_channels(g, false);
    gt_pack_a a = gt_pack_a_tile(t / z->kernels->tile_rows * z->kernels->tile_rows, z->count);
    float *tile = z->u + a.row0 * u_channels(g, false), *to[POINTS];
    int r = (int)(t - a.row0);
    for (int64_t c = 0; c < g->c; c += GT_PRODUCT_KC, forward_by(from, POINTS, GT_PRODUCT_KC)) {
        a.k = (int)least(GT_PRODUCT_KC, g->c - c);
        a.to = tile + c * a.rows;
        spread(gt_pack_a_at(&a, r, 0), stride, to);
        z->kernels->transform[GT_WINOGRAD_IMAGE](from, to, gt_pack_panel_rows(&a, r) * GT_CHUNK, a.k);
    }
}

/* As columns of packed A: tiles of rows one after the other, [tiles][GT_TILE_ROWS]. */
static void image_columns(const winograd *z, int64_t t, const float **from) {
    const geometry *g = &z->g;
    int64_t stride = z->count * u_channels(g, true), tile_rows = z->kernels->tile_rows;
    float *at = z->u + t * GT_TILE_ROWS, *to[POINTS];
    for (int64_t c = 0; c < g->c; c += tile_rows, forward_by(from, POINTS, tile_rows), at += z->count * GT_TILE_ROWS) {
        spread(at, stride, to);
        z->kernels->transform[GT_WINOGRAD_IMAGE](from, to, GT_CHUNK, least(tile_rows, g->c - c));
    }
}

static void image_group(void *arg, int group, int worker) {
    (void)worker;
    const winograd *z = arg;
    const float *from[POINTS];
    for (int64_t t = (int64_t)group * GROUP; t < least((int64_t)(group + 1) * GROUP, z->count); t++) {
        patch_of(z, z->tile0 + t, from);
        (z->dy ? image_columns : image_rows)(z, t, from);
    }
}

/* ---- products ---- */

static void find_operand(const void *source, gt_pack_a *t) {
    const operand *a = source;
    t->to = a->u + t->row0 / gt_gemm_kernels_now()->tile_rows * a->tile_floats + t->k0 * (a->by_k ? GT_TILE_ROWS : t->rows);
}

static void multiply(winograd *z, gt_pool *pool) {
    const geometry *g = &z->g;
    bool by_k = z->dy;
    int64_t channels = u_channels(g, by_k), k = by_k ? z->count : g->c, m = by_k ? g->c : z->count;
    int64_t v = (int64_t)gt_product_packed_floats(g->o, k);
    const float *b = by_k ? z->m : z->v;
    float *c = by_k ? z->d : z->m;
    for (int i = 0; i < POINTS; i++) {
        z->operands[i] = (operand){z->u + i * z->count * channels, by_k ? z->count * GT_TILE_ROWS : z->kernels->tile_rows * channels, by_k};
        z->products[i] = (gt_product){.m = m, .n = g->o, .k = k, .a_by_k = by_k, .pack_a = find_operand, .a_source = &z->operands[i],
                                      .b_packed = b + i * v, .c = c + i * m * g->o, .ldc = g->o, .accumulate = by_k && z->tile0 > 0};
    }
    gt_product_run_packed(z->products, POINTS, pool, z->product);
}

/* ---- forward and input grad ---- */

static void result_group(void *arg, int group, int worker) {
    const winograd *z = arg;
    const geometry *g = &z->g;
    const float *from[POINTS], *to[TILE * TILE];
    float *trash = z->trash + worker * round_up(g->o, 16);
    for (int64_t t = (int64_t)group * GROUP; t < least((int64_t)(group + 1) * GROUP, z->count); t++) {
        for (int i = 0; i < POINTS; i++) from[i] = z->m + (i * z->count + t) * g->o;
        result_of(z, z->out, z->tile0 + t, trash, to);
        z->kernels->transform[GT_WINOGRAD_RESULT](from, (float *const *)to, GT_CHUNK, g->o);
    }
}

/* ---- weight grad ---- */

/* Y: transformed derivatives of the result, as packed B. Columns past the last panel's own are never stored, so they stay as they are. */
static void derivative_group(void *arg, int group, int worker) {
    (void)worker;
    const winograd *z = arg;
    const geometry *g = &z->g;
    const float *from[TILE * TILE];
    float *to[POINTS];
    int64_t stride = (int64_t)gt_product_packed_floats(g->o, z->count);
    int panel = gt_product_panel_columns();
    for (int64_t t = (int64_t)group * GROUP; t < least((int64_t)(group + 1) * GROUP, z->count); t++) {
        result_of(z, z->dy, z->tile0 + t, z->zeros, from);
        for (int64_t o = 0; o < g->o; o += panel, forward_by(from, TILE * TILE, panel)) {
            int columns = (int)least(panel, g->o - o);
            spread(z->m + o * z->count + t * gt_product_panel_width(columns), stride, to);
            z->kernels->transform[GT_WINOGRAD_RESULT_ADJOINT](from, to, GT_CHUNK, columns);
        }
    }
}

static void weight_line(void *arg, int c, int worker) {
    (void)worker;
    const winograd *z = arg;
    const geometry *g = &z->g;
    const float *from[POINTS];
    float *to[TAPS];
    for (int i = 0; i < POINTS; i++) from[i] = z->d + (i * g->c + c) * g->o;
    for (int i = 0; i < TAPS; i++) to[i] = z->out + (i * g->c + c) * g->o;
    z->kernels->transform[GT_WINOGRAD_WEIGHTS_ADJOINT](from, to, GT_CHUNK, g->o);
}

/* ---- all directions ---- */

void gt_winograd(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, void *workspace, const float *const *in, float *out) {
    bool to_weights = direction == GT_CONV_WEIGHT_GRAD;
    const float *packed = to_weights ? NULL : in[2];
    winograd z;
    lay_out(s, direction, packed != NULL, gt_pool_threads(pool), &z, workspace);
    const geometry *g = &z.g;
    z.from = in[0];
    z.dy = to_weights ? in[1] : NULL;
    z.out = out;
    if (packed) z.v = packed;
    else if (!to_weights) gt_winograd_pack(s, direction, pool, in[1], (float *)z.v);
    memset(z.zeros, 0, (size_t)(g->c > g->o ? g->c : g->o) * sizeof *z.zeros);
    for (; z.tile0 < g->tiles; z.tile0 += z.count) {
        z.count = least(g->block, g->tiles - z.tile0);
        int groups = (int)((z.count + GROUP - 1) / GROUP);
        gt_pool_run(pool, groups, image_group, &z);
        if (to_weights) gt_pool_run(pool, groups, derivative_group, &z);
        multiply(&z, pool);
        if (!to_weights) gt_pool_run(pool, groups, result_group, &z);
    }
    if (to_weights) gt_pool_run(pool, (int)g->c, weight_line, &z);
}

/* ---- packed weights: V[36][c][o] ---- */

typedef struct packing {
    const gt_conv_shape *s;
    gt_conv_direction direction;
    const float *w;
    float *v;
    int64_t c, o; /* as the geometry has them */
} packing;

static void pack_panel(void *arg, int panel, int worker) {
    (void)worker;
    const packing *z = arg;
    const gt_conv_shape *s = z->s;
    gt_transform_fn *transform = gt_gemm_kernels_now()->transform[GT_WINOGRAD_WEIGHTS];
    int64_t stride = (int64_t)gt_product_packed_floats(z->o, z->c), o = (int64_t)panel * gt_product_panel_columns();
    int columns = (int)least(gt_product_panel_columns(), z->o - o), width = gt_product_panel_width(columns);
    float taps[TAPS][PACK_ROWS * MOST_COLUMNS], *to[POINTS], *v = z->v + o * z->c;
    const float *from[TAPS];
    for (int64_t c0 = 0; c0 < z->c; c0 += PACK_ROWS) {
        int64_t rows = least(PACK_ROWS, z->c - c0);
        for (int i = 0; i < TAPS; i++) {
            if (z->direction == GT_CONV_FORWARD) gt_pack_rows(z->w + (i * s->c + c0) * s->o + o, s->o, columns, width, rows, taps[i]);
            else gt_pack_transposed(z->w + ((TAPS - 1 - i) * s->c + o) * s->o + c0, s->o, columns, width, rows, taps[i]);
        }
        for (int64_t r = 0; r < rows; r++) {
            for (int i = 0; i < TAPS; i++) from[i] = taps[i] + r * width;
            spread(v + (c0 + r) * width, stride, to);
            transform(from, to, GT_CHUNK, width);
        }
    }
}

size_t gt_winograd_packed_floats(const gt_conv_shape *s, gt_conv_direction direction) {
    return direction == GT_CONV_FORWARD ? POINTS * gt_product_packed_floats(s->o, s->c) : POINTS * gt_product_packed_floats(s->c, s->o);
}

void gt_winograd_pack(const gt_conv_shape *s, gt_conv_direction direction, gt_pool *pool, const float *w, float *packed) {
    packing z = {.s = s, .direction = direction, .w = w, .v = packed, .c = direction == GT_CONV_FORWARD ? s->c : s->o,
                 .o = direction == GT_CONV_FORWARD ? s->o : s->c};
    int panel = gt_product_panel_columns();
    gt_pool_run(pool, (int)((z.o + panel - 1) / panel), pack_panel, &z);
}
