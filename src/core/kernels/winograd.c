/* SPDX-License-Identifier: Apache-2.0
 * Winograd convolution on channels-last images: 3x3 windows in all three directions (conv.h has the contract), with
 * stride 1 by F(4x4,3x3), a quarter of the multiplications, or by F(4x8,3x3), a fifth; with stride 2 by F(4,2) on the
 * even pixels of each axis, 81 products for 16 results instead of 144; and 4x4 windows with stride 2, by F(4,2) on even
 * and on odd pixels, 100 instead of 256. Results are cut into tiles of 4x4 or 4x8 pixels (partial ones at the edges are
 * padded). An image's result has the same bits whatever the other images of the call; weight gradients sum over tiles
 * in order.
 *
 * Here are the loops around the transforms (winograd_transforms.h) and the products (gemm_product.h). Forward and input
 * grad, per block of tiles (the weight gradient is in winograd_weight_grad.c):
 *
 *   U[points][tiles][from] = transformed tiles, written as packed A
 *   M[points][tiles][to]   = U V, V[planes][from][to] = transformed weights as packed B
 *   pixels                 = M transformed back
 *
 * While products run, pixels of this block's results and of the next block's images are fetched. Where there are few
 * channels, winograd_fused.c does the same by small blocks.
 *
 * Threads do not share a block where there are enough for all: each takes a span of tiles, with U and M of its own, and
 * waits for nobody. Where tiles overlap, a span is an image, as its tiles add up in order. What is left when each
 * thread had the same number of spans is done together, block by block. */
#include <string.h>

#include "base/door/clones.h"
#include "base/door/pool.h"
#include "kernels/winograd_run.h"

enum {
    MOST_CHANNELS = 512, /* where tiles overlap: one image's tiles in order, so many channels at a time, ... */
    LEAST_CHANNELS = 16, /* ... or fewer if there are not enough pieces for the threads: bits do not depend on it */
    PACK_ROWS = 16,      /* of weights gathered at a time */
    LINE = 16,           /* floats that the cache holds together */
    ROWS_AHEAD = 2,      /* rows of V fetched ahead: no hardware follows so many planes at a time */
    MOST_COLUMNS = 32,   /* of a panel of B of any kernel set */
    GROUP = 4,           /* tiles transformed per tile of the pool */
    LEAST_SPANS = 2,     /* for each thread, or threads share all blocks */
};

typedef struct winograd {
    gt_winograd_block block;
    const float *v; /* packed weights */
    float *trash;   /* of worker 0: results outside the image go here */
    int64_t part;   /* channels at a time where tiles overlap */
    int64_t next;   /* the tile after this block for the same threads */
    int64_t spans;  /* that threads take alone, a multiple of the threads */
    int64_t room;   /* of those: floats of U and M of each thread */
    int threads;
} winograd;

/* Tiles of a span. */
static int64_t span_of(const gt_winograd_tiling *p) { return gt_winograd_overlapping(p) ? p->per_image : p->block; }

static int64_t spans_alone(const gt_winograd_tiling *p, int threads) {
    int64_t spans = p->tiles / span_of(p);
    bool enough = threads > 1 && spans >= LEAST_SPANS * threads && span_of(p) >= p->block;
    return enough ? spans / threads * threads : 0;
}

/* Floats from one plane of V to the next. */
static int64_t weight_plane(const gt_winograd_tiling *p) {
    return (int64_t)gt_product_packed_floats(p->kernels, p->to.channels, p->from.channels) + GT_WINOGRAD_PLANE_GAP;
}

static int64_t packed_floats(const gt_winograd_tiling *p) { return p->planes * weight_plane(p); }

/* Places of everything within the workspace, in floats; returns its size. */
static size_t lay_out(const gt_conv_shape *s, bool packed, int threads, winograd *w, float *base) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    size_t used = 0;
    size_t v = packed ? 0 : gt_winograd_take(&used, packed_floats(&p));
    size_t u = gt_winograd_take(&used, gt_winograd_floats(&p, p.from_points, gt_winograd_stored(&p)));
    size_t m = gt_winograd_take(&used, gt_winograd_floats(&p, p.to_points, p.to.channels));
    int64_t spans = spans_alone(&p, threads), room = (int64_t)(used - u);
    if (spans) gt_winograd_take(&used, (threads - 1) * room);
    size_t zeros = gt_winograd_take(&used, p.images * p.from.channels);
    size_t trash = gt_winograd_take(&used, threads * gt_round_up(p.to.channels, 16));
    if (w)
        *w = (winograd){.block = {.tiling = p, .u = base + u, .m = base + m, .from.zeros = base + zeros},
                        .v = base + v,
                        .trash = base + trash,
                        .spans = spans,
                        .room = room,
                        .threads = threads};
    return used;
}

static bool is_fused(const gt_winograd_tiling *p, gt_winograd_way way, int threads) {
    if (way == GT_WINOGRAD_BY_SHAPE) return gt_winograd_fused_pays(p, threads);
    return way == GT_WINOGRAD_FUSED;
}

size_t gt_winograd_workspace_by(const gt_conv_shape *s, gt_winograd_way way, bool packed, int threads) {
    if (s->direction == GT_CONV_WEIGHT_GRAD) return gt_winograd_weight_grad_workspace(s, way, threads);
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    if (!is_fused(&p, way, threads)) return lay_out(s, packed, threads, NULL, NULL) * sizeof(float);
    size_t used = 0;
    if (!packed) gt_winograd_take(&used, packed_floats(&p));
    gt_winograd_take(&used, gt_winograd_fused_floats(&p, threads));
    return used * sizeof(float);
}

static size_t workspace(const gt_conv_shape *s, bool packed, int threads) {
    return gt_winograd_workspace_by(s, GT_WINOGRAD_BY_SHAPE, packed, threads);
}

/* ---- U: transformed tiles ---- */

/* The rows of tile t in a plane with so many points, as packed A: where channel c (a multiple of GT_PRODUCT_KC) of each
 * lies within the plane, and the step to the next chunk; k: channels of this block of K. */
typedef struct row_place {
    int64_t at, step;
} row_place;

static void find_rows(const gt_winograd_block *z, int shared, int64_t t, int64_t c, int k, row_place *rows) {
    int64_t channels = gt_winograd_stored(&z->tiling), tile_rows = z->tiling.kernels->tile_rows;
    for (int i = 0; i < shared; i++) {
        int64_t row = t * shared + i, row0 = row / tile_rows * tile_rows;
        gt_pack_a a = gt_pack_a_tile(z->tiling.kernels, row0, shared * z->count);
        a.k = k;
        a.to = z->u;
        rows[i].at = gt_pack_a_at(&a, (int)(row - row0), 0) - z->u + row0 * channels + c * a.rows;
        rows[i].step = (int64_t)gt_pack_panel_rows(&a, (int)(row - row0)) * GT_CHUNK;
    }
}

/* planes: where those of U begin, for each point */
static void image_tile(const gt_winograd_block *z, const int64_t *planes, int64_t t) {
    const gt_winograd_tiling *p = &z->tiling;
    int64_t step[GT_WINOGRAD_POINTS_MAX];
    const float *from[GT_WINOGRAD_POINTS_MAX + 1];
    float *to[GT_WINOGRAD_POINTS_MAX];
    int read = gt_winograd_read(p, &p->from, &z->from, z->tile0 + t, from);
    for (int64_t c = 0; c < p->from.channels; c += GT_PRODUCT_KC, gt_move_on(from, read, GT_PRODUCT_KC)) {
        int k = (int)gt_smallest(GT_PRODUCT_KC, p->from.channels - c);
        row_place rows[GT_WINOGRAD_SHARED_MAX + 1][GT_WINOGRAD_SHARED_MAX];
        uint32_t known = 0;
        for (int i = 0; i < p->from_points; i++) {
            int shared = p->shared[p->plane[i]];
            if (!(known >> shared & 1)) find_rows(z, shared, t, c, k, rows[shared]);
            known |= 1u << shared;
            const row_place *row = &rows[shared][p->index[i]];
            to[i] = z->u + planes[i] + row->at;
            step[i] = row->step;
        }
        gt_winograd_reader(p, &p->from, &z->from)(from, to, step, k, gt_winograd_pixels_ahead(&p->from));
    }
}

static void image_group(void *arg, int group, int worker) {
    (void)worker;
    const winograd *w = arg;
    int64_t begin = (int64_t)group * GROUP, end = gt_smallest(begin + GROUP, w->block.count);
    int64_t planes[GT_WINOGRAD_POINTS_MAX];
    gt_winograd_planes_at(&w->block, w->block.tiling.from_points, gt_winograd_stored(&w->block.tiling), planes);
    for (int64_t t = begin; t < end; t++) image_tile(&w->block, planes, t);
}

/* ---- M: products ---- */

static void rows_of_u(const void *source, gt_pack_a *t) {
    const gt_winograd_operand *a = source;
    t->to = (float *)a->u + t->row0 * a->stored + t->k0 * t->rows;
}

/* M = U V of the block: a product for each plane, all in one loop over tiles, while what the next steps need is
 * fetched. */
static void multiply(const winograd *w, gt_pool *pool) {
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    int64_t channels = gt_winograd_stored(p), from = p->from.channels, to = p->to.channels;
    gt_winograd_operand operands[GT_WINOGRAD_PLANES_MAX];
    gt_product products[GT_WINOGRAD_PLANES_MAX];
    for (int i = 0; i < p->planes; i++) {
        operands[i] = (gt_winograd_operand){
            z->u + gt_winograd_plane_at(z, gt_winograd_plane_of(p, p->from_points, i), channels), channels};
        products[i] = (gt_product){.kernels = p->kernels,
                                   .m = p->shared[i] * z->count,
                                   .n = to,
                                   .k = from,
                                   .pack_a = rows_of_u,
                                   .a_source = &operands[i],
                                   .a_packed = true,
                                   .b_packed = w->v + i * weight_plane(p),
                                   .c = z->m + gt_winograd_plane_at(z, i, to),
                                   .ldc = to};
    }
    gt_range soon[GT_PRODUCT_RANGES] = {gt_winograd_rows_ahead(p, &p->from, z->from.at, w->next, w->next + p->block),
                                        gt_winograd_rows_ahead(p, &p->to, z->out, z->tile0, z->tile0 + z->count)};
    gt_product_run_packed(products, p->planes, pool, NULL, soon);
}

/* ---- results ---- */

/* The values of tile t of the block at all points, from channel c on. */
static void find_values(const gt_winograd_block *z, int64_t t, int64_t c, const float **from) {
    const gt_winograd_tiling *p = &z->tiling;
    for (int i = 0; i < p->points; i++)
        from[i] = z->m + gt_winograd_plane_at(z, p->plane[i], p->to.channels) +
                  gt_winograd_row(p, i, t) * p->to.channels + c;
}

static float *trash_of(const winograd *w, int worker) {
    return w->trash + worker * gt_round_up(w->block.tiling.to.channels, 16);
}

static void result_group(void *arg, int group, int worker) {
    const winograd *w = arg;
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    const float *from[GT_WINOGRAD_POINTS_MAX], *to[GT_WINOGRAD_POINTS_MAX];
    int64_t steps[GT_WINOGRAD_POINTS_MAX], begin = (int64_t)group * GROUP, end = gt_smallest(begin + GROUP, z->count);
    find_values(z, begin, 0, from);
    for (int64_t t = begin; t < end; t++) {
        gt_winograd_pixels(p, &p->to, z->out, z->tile0 + t, trash_of(w, worker), to);
        gt_winograd_writer(p, p->to.transform)(from, (float **)to, gt_winograd_steps(steps), p->to.channels,
                                               gt_winograd_results_ahead(&p->to));
        for (int i = 0; i < p->points; i++) from[i] += p->shared[p->plane[i]] * p->to.channels;
    }
}

/* What the tile will add to although no tile before it, above or to the left, has been there: the first rows and
 * columns of an image. */
static void clear_edges(const gt_winograd_tiling *p, int64_t tile, const float **to, size_t bytes) {
    int64_t in_image = tile % p->per_image;
    bool top = in_image < p->across, left = in_image % p->across == 0;
    int side = p->to.side.x, overlap = side - p->to.step.x; /* such tiles are square */
    for (int i = 0; i < side; i++)
        for (int j = 0; j < (i < overlap ? side : overlap); j++)
            if ((top || i >= overlap) && (left || j >= overlap)) memset((float *)to[i * side + j], 0, bytes);
}

/* Tiles that overlap: one image's tiles of this block, in order. */
static void overlapping_results(void *arg, int index, int worker) {
    const winograd *w = arg;
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    int64_t parts = gt_pieces(p->to.channels, w->part), image = z->tile0 / p->per_image + index / parts;
    int64_t c = index % parts * w->part, count = gt_smallest(w->part, p->to.channels - c),
            steps[GT_WINOGRAD_POINTS_MAX];
    const float *from[GT_WINOGRAD_POINTS_MAX], *to[GT_WINOGRAD_POINTS_MAX];
    float *trash = trash_of(w, worker);
    int64_t end = gt_smallest((image + 1) * p->per_image, z->tile0 + z->count);
    for (int64_t tile = gt_largest(image * p->per_image, z->tile0); tile < end; tile++) {
        find_values(z, tile - z->tile0, c, from);
        gt_winograd_pixels(p, &p->to, z->out, tile, trash, to);
        for (int i = 0; i < p->to.side.y * p->to.side.x; i++)
            if (to[i] != trash) to[i] += c;
        clear_edges(p, tile, to, (size_t)count * sizeof(float));
        gt_winograd_writer(p, p->to.transform)(from, (float **)to, gt_winograd_steps(steps), count,
                                               gt_winograd_results_ahead(&p->to));
    }
}

static void write_results(winograd *w, gt_pool *pool) {
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    if (!gt_winograd_overlapping(p)) {
        gt_pool_run(pool, gt_winograd_groups(z, GROUP), result_group, w);
        return;
    }
    int64_t images = (z->tile0 + z->count - 1) / p->per_image - z->tile0 / p->per_image + 1;
    w->part = MOST_CHANNELS;
    while (w->part > LEAST_CHANNELS && images * p->to.channels < 2 * gt_pool_threads(pool) * w->part) w->part /= 2;
    gt_pool_run(pool, (int)(images * gt_pieces(p->to.channels, w->part)), overlapping_results, w);
}

/* ---- packed weights: V[planes][from][to] ---- */

typedef struct packing {
    const gt_conv_shape *s;
    gt_winograd_tiling tiling;
    const float *w;
    float *v;
} packing;

/* Where a tap of the weights from channel c to channel o, and of those that follow, lies. */
static const float *tap_at(const packing *z, int tap, int64_t c, int64_t o) {
    const gt_winograd_tiling *p = &z->tiling;
    int64_t inputs = z->s->c, outputs = z->s->o;
    return z->w + (p->flipped ? p->taps - 1 - tap : tap) * inputs * outputs +
           (p->transposed ? o * outputs + c : c * outputs + o);
}

/* What is gathered next is fetched while this is transformed: short pieces of memory, far apart. Inlined: gcc takes a
 * function that only fetches for one that does nothing. */
GT_PART_OF_CLONES void fetch_taps(const packing *z, int tap, int64_t c, int64_t o, int64_t columns) {
    bool transposed = z->tiling.transposed;
    int64_t pieces = transposed ? columns : PACK_ROWS, length = transposed ? PACK_ROWS : columns;
    const float *from = tap_at(z, tap, c, o);
    for (int64_t i = 0; i < pieces; i++, from += z->s->o)
        for (int64_t j = 0; j < length; j += LINE) __builtin_prefetch(from + j, 0, 2);
}

/* One panel of V, in all planes: PACK_ROWS channels at a time, the taps are gathered as panels of their own (flipped or
 * transposed for the input gradient), and all rows of all taps are transformed to rows of all planes. */
static void pack_panel(void *arg, int panel, int worker) {
    (void)worker;
    const packing *z = arg;
    const gt_winograd_tiling *p = &z->tiling;
    int64_t outputs = z->s->o, from_channels = p->from.channels, to_channels = p->to.channels;
    int64_t stride = weight_plane(p), o = (int64_t)panel * gt_product_panel_columns(p->kernels);
    int columns = (int)gt_smallest(gt_product_panel_columns(p->kernels), to_channels - o),
        width = gt_product_panel_width(p->kernels, columns);
    float taps[GT_WINOGRAD_TAPS_MAX][PACK_ROWS * MOST_COLUMNS], *to[GT_WINOGRAD_PLANES_MAX],
        *v = z->v + o * from_channels;
    const float *from[GT_WINOGRAD_TAPS_MAX];
    int64_t steps[GT_WINOGRAD_POINTS_MAX];
    for (int i = 0; i < p->taps; i++) from[i] = taps[i];
    for (int64_t c0 = 0; c0 < from_channels; c0 += PACK_ROWS) {
        int64_t rows = gt_smallest(PACK_ROWS, from_channels - c0);
        for (int i = 0; i < p->taps; i++) {
            const float *tap = tap_at(z, i, c0, o);
            if (p->transposed) gt_pack_transposed(tap, outputs, columns, width, rows, taps[i]);
            else gt_pack_rows(tap, outputs, columns, width, rows, taps[i]);
            if (c0 + PACK_ROWS < from_channels) fetch_taps(z, i, c0 + PACK_ROWS, o, columns);
            else if (o + columns < to_channels) fetch_taps(z, i, 0, o + columns, columns);
        }
        for (int i = 0; i < p->planes; i++) to[i] = v + c0 * width + i * stride;
        gt_winograd_writer(p, GT_WINOGRAD_WEIGHTS)(from, to, gt_winograd_steps(steps), rows * width,
                                                   (gt_ahead){0, ROWS_AHEAD * width});
    }
}

static size_t floats_packed(const gt_conv_shape *s) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    return (size_t)packed_floats(&p);
}

static void pack(const gt_conv_shape *s, gt_pool *pool, const float *w, float *packed) {
    packing z = {.s = s, .tiling = gt_winograd_tiling_of(s), .w = w, .v = packed};
    int panel = gt_product_panel_columns(z.tiling.kernels);
    gt_pool_run(pool, (int)gt_pieces(z.tiling.to.channels, panel), pack_panel, &z);
}

/* ---- the algorithm ---- */

/* Tiles from `begin` on up to `end`, block by block; `then`: the tile after them for the same threads. */
static void run_blocks(winograd *w, gt_pool *pool, int64_t begin, int64_t end, int64_t then) {
    gt_winograd_block *z = &w->block;
    for (z->tile0 = begin; z->tile0 < end; z->tile0 += z->count) {
        z->count = gt_smallest(z->tiling.block, end - z->tile0);
        w->next = z->tile0 + z->count < end ? z->tile0 + z->count : then;
        gt_pool_run(pool, gt_winograd_groups(z, GROUP), image_group, w);
        multiply(w, pool);
        write_results(w, pool);
    }
}

static void span_alone(void *arg, int index, int worker) {
    const winograd *all = arg;
    winograd w = *all;
    int64_t span = span_of(&w.block.tiling), begin = index * span;
    w.block.u += worker * w.room;
    w.block.m += worker * w.room;
    w.trash = trash_of(all, worker);
    run_blocks(&w, NULL, begin, begin + span, begin + w.threads * span);
}

static void run_large_blocks(const gt_conv_shape *s, gt_pool *pool, float *workspace, const float *const *in,
                             float *out) {
    winograd w;
    lay_out(s, in[2] != NULL, gt_pool_threads(pool), &w, workspace);
    gt_winograd_block *z = &w.block;
    z->from = gt_winograd_images_of(&z->tiling, &z->tiling.from, in[0], in[GT_CONV_SCALES], z->from.zeros);
    z->out = out;
    if (in[2]) w.v = in[2];
    else pack(s, pool, in[1], (float *)w.v);
    gt_pool_run(pool, (int)w.spans, span_alone, &w);
    run_blocks(&w, pool, w.spans * span_of(&z->tiling), z->tiling.tiles, z->tiling.tiles);
}

void gt_winograd_run_by(const gt_conv_shape *s, gt_winograd_way way, gt_pool *pool, float *workspace,
                        const float *const *in, float *out) {
    if (s->direction == GT_CONV_WEIGHT_GRAD) {
        gt_winograd_weight_grad(s, way, pool, workspace, in, out);
        return;
    }
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    if (!is_fused(&p, way, gt_pool_threads(pool))) {
        run_large_blocks(s, pool, workspace, in, out);
        return;
    }
    size_t used = 0;
    const float *v = in[2];
    if (!v) {
        v = workspace + gt_winograd_take(&used, packed_floats(&p));
        pack(s, pool, in[1], (float *)v);
    }
    gt_winograd_fused_run(&p, pool, in[0], in[GT_CONV_SCALES], v, weight_plane(&p), workspace + used, out);
}

static void run(const gt_conv_shape *s, gt_pool *pool, void *workspace, const float *const *in, float *out) {
    gt_winograd_run_by(s, GT_WINOGRAD_BY_SHAPE, pool, workspace, in, out);
}

static gt_conv_work work(const gt_conv_shape *s) {
    gt_winograd_tiling t = gt_winograd_tiling_of(s);
    return (gt_conv_work){.products = 2 * (double)t.points * (double)t.tiles * (double)s->c * (double)s->o,
                          .transforms = 2 * gt_winograd_additions(&t, s->direction)};
}

static size_t slices_workspace(const gt_conv_shape *s, int slices, int parts, int threads) {
    return gt_winograd_slices_workspace(s, GT_WINOGRAD_BY_SHAPE, slices, parts, threads);
}

static void run_slices(const gt_conv_shape *s, const gt_conv_slices *all, int first, int count, gt_pool *pool,
                       void *workspace, float *out) {
    gt_winograd_run_slices(s, GT_WINOGRAD_BY_SHAPE, all, first, count, pool, workspace, out);
}

const gt_conv_algorithm gt_conv_winograd = {.name = "winograd",
                                            .takes_scales = true,
                                            .possible = gt_winograd_possible,
                                            .work = work,
                                            .packed_floats = floats_packed,
                                            .pack = pack,
                                            .workspace = workspace,
                                            .run = run,
                                            .most_slices = gt_winograd_most_slices,
                                            .slices_workspace = slices_workspace,
                                            .run_slices = run_slices};
