/* SPDX-License-Identifier: Apache-2.0
 * Winograd's weight gradient. winograd_transforms.h has the transforms A, B and G; winograd_tiling.h says what faces,
 * tiles, points and planes are. For a channel of x (from) and a channel of dy (to), with stride 1 (stride 2 has other
 * transforms in the places of A, B and G)
 *
 *   U = B^T x B,  Y = A dy A^T           of each tile: a value at each point
 *   D[plane] = sum of U Y                over all tiles, and over the points of the plane
 *   w[taps]  = G^T D G
 *
 * The tiles are taken block by block, in order. For each block the pool runs twice:
 *
 *   transform_group   over groups of tiles: writes U and Y of the block
 *   weight_patch      over patches: D = U Y, a product for each plane; the first block writes w, the others add to w
 *
 * In the product of a plane the tiles and the plane's points are K: tile t and point i lie at k = t * (points of the
 * plane) + (index of i in the plane). U is packed A, by k; Y is packed B:
 *
 *   U of a plane:  strip 0 [K][channels of the strip] | strip 1 [K][...] | ...      a strip: channels of x
 *   Y of a plane:  panel 0 [K][width of the panel]    | panel 1 [K][...] | ...      a panel: channels of dy
 *
 *                            channels of dy
 *                   +-----------+-----------+-----
 *   channels        |  patch 0  |  patch 1  | ...      D is cut into patches: rows of one strip, columns of
 *   of x            +-----------+-----------+-----     PATCH_PANELS panels. A patch has all planes:
 *                   |    ...    |                      [planes][rows][columns], in the memory of its worker.
 *
 * D of a patch stays in the second-level cache. All of D would be four times as large as the weights (4x4 windows: six
 * times) and would go through memory.
 *
 * winograd.c calls the two functions of this file for the direction GT_CONV_WEIGHT_GRAD. */
#include "kernels/winograd_run.h"

enum {
    PATCH_PANELS = 4, /* of channels out in a patch */
    GROUP = 8,        /* tiles transformed per tile of the pool */
};

/* U lies in strips of so many channels, one after the other. D is cut into patches of rows x columns. The rows of a
 * patch are a strip, or a part of a strip where whole strips would be too few for the threads. Bits do not depend on
 * the number of parts: each element of D is a sum of its own. */
typedef struct patches {
    int64_t strip, rows, columns;
    int64_t per_strip, down, across; /* patches */
} patches;

static patches patches_of(const gt_winograd_tiling *p, int threads) {
    int64_t from = p->from.channels, most = p->kernels->tile_rows, strips = gt_pieces(from, most);
    patches all = {.strip = gt_round_up(gt_pieces(from, strips), GT_CHUNK),
                   .columns = PATCH_PANELS * gt_product_panel_columns(p->kernels)};
    strips = gt_pieces(from, all.strip);
    all.across = gt_pieces(p->to.channels, all.columns);
    do {
        all.per_strip++;
        all.rows = gt_pieces(all.strip, all.per_strip);
        all.down = strips * all.per_strip;
    } while (threads > 1 && all.rows > GT_CHUNK && all.down * all.across < 2 * threads);
    return all;
}

typedef struct weight_grad {
    gt_winograd_block block; /* from: x; m: Y; out: w [taps][from][to] */
    gt_winograd_images dy;
    patches patches;
    float *d; /* of worker 0 */
} weight_grad;

static int64_t patch_plane(const patches *all) { return all->rows * all->columns + GT_WINOGRAD_PLANE_GAP; }

/* Places of everything within the workspace, in floats; returns its size. */
static size_t lay_out(const gt_conv_shape *s, int threads, weight_grad *w, float *base) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    patches all = patches_of(&p, threads);
    size_t used = 0;
    size_t u = gt_winograd_take(&used, gt_winograd_floats(&p, p.from_points, gt_winograd_stored(&p)));
    size_t y = gt_winograd_take(
        &used, gt_winograd_floats(&p, p.to_points, (int64_t)gt_product_packed_floats(p.kernels, p.to.channels, 1)));
    size_t d = gt_winograd_take(&used, threads * p.planes * patch_plane(&all));
    size_t x_zeros = gt_winograd_take(&used, p.images * p.from.channels),
           dy_zeros = gt_winograd_take(&used, p.images * p.to.channels);
    if (w)
        *w = (weight_grad){.block = {.tiling = p, .u = base + u, .m = base + y, .from.zeros = base + x_zeros},
                           .dy.zeros = base + dy_zeros,
                           .patches = all,
                           .d = base + d};
    return used;
}

size_t gt_winograd_weight_grad_workspace(const gt_conv_shape *s, int threads) {
    return lay_out(s, threads, NULL, NULL) * sizeof(float);
}

/* ---- U and Y ---- */

/* Each strip is [tiles x points of the plane][its width]. */
static void image_tile(const weight_grad *w, const int64_t *planes, int64_t t) {
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    const float *from[GT_WINOGRAD_POINTS_MAX + 1];
    float *to[GT_WINOGRAD_POINTS_MAX];
    int64_t channels = gt_winograd_stored(p), width = w->patches.strip, steps[GT_WINOGRAD_POINTS_MAX];
    int read = gt_winograd_read(p, &p->from, &z->from, z->tile0 + t, from);
    for (int64_t c = 0; c < p->from.channels; c += width, gt_move_on(from, read, width)) {
        int64_t stored = gt_smallest(width, channels - c);
        for (int i = 0; i < p->points; i++) {
            int64_t strip = c * p->shared[p->plane[i]] * z->count;
            to[i] = z->u + planes[i] + strip + gt_winograd_row(p, i, t) * stored;
        }
        gt_transform_fn *transform = gt_winograd_reader(p, &p->from, &z->from);
        transform(from, to, gt_winograd_steps(steps), gt_smallest(width, p->from.channels - c),
                  gt_winograd_pixels_ahead(&p->from));
    }
}

/* Columns past the last panel's own are never stored, so they stay as they are. */
static void derivative_tile(const weight_grad *w, const int64_t *planes, int64_t t) {
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    const float *from[GT_WINOGRAD_POINTS_MAX + 1];
    float *to[GT_WINOGRAD_POINTS_MAX];
    int panel = gt_product_panel_columns(p->kernels);
    int64_t steps[GT_WINOGRAD_POINTS_MAX];
    int read = gt_winograd_read(p, &p->to, &w->dy, z->tile0 + t, from);
    for (int64_t o = 0; o < p->to.channels; o += panel, gt_move_on(from, read, panel)) {
        int columns = (int)gt_smallest(panel, p->to.channels - o), width = gt_product_panel_width(p->kernels, columns);
        for (int i = 0; i < p->to_points; i++)
            to[i] = z->m + planes[i] + o * p->shared[p->plane[i]] * z->count + gt_winograd_row(p, i, t) * width;
        gt_winograd_reader(p, &p->to, &w->dy)(from, to, gt_winograd_steps(steps), columns,
                                              gt_winograd_pixels_ahead(&p->to));
    }
}

static void transform_group(void *arg, int group, int worker) {
    (void)worker;
    const weight_grad *w = arg;
    int64_t begin = (int64_t)group * GROUP, end = gt_smallest(begin + GROUP, w->block.count);
    const gt_winograd_tiling *p = &w->block.tiling;
    int64_t planes[GT_WINOGRAD_POINTS_MAX];
    gt_winograd_planes_at(&w->block, p->points, gt_winograd_stored(p), planes);
    for (int64_t t = begin; t < end; t++) image_tile(w, planes, t);
    gt_winograd_planes_at(&w->block, p->to_points, (int64_t)gt_product_packed_floats(p->kernels, p->to.channels, 1),
                          planes);
    for (int64_t t = begin; t < end; t++) derivative_tile(w, planes, t);
}

/* ---- patches ---- */

static void columns_of_u(const void *source, gt_pack_a *t) {
    const gt_winograd_operand *a = source;
    t->to = (float *)a->u + t->k0 * a->stored;
    t->stride = (int)a->stored;
}

/* Patch number `index`: the products of all planes make D of the patch in the worker's memory; then row after row of D
 * is transformed back to taps, which are written to w, or added from the second block on. The products hardly wait for
 * memory, so each patch also fetches its part of the pixels that the next block reads. */
static void weight_patch(void *arg, int index, int worker) {
    const weight_grad *w = arg;
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    const patches *all = &w->patches;
    int64_t row = index / all->across, strip = row / all->per_strip * all->strip,
            in_strip = row % all->per_strip * all->rows;
    int64_t o = index % all->across * all->columns, inputs = p->from.channels, outputs = p->to.channels,
            channels = gt_winograd_stored(p);
    int64_t rows = gt_smallest(all->rows, gt_smallest(all->strip, inputs - strip) - in_strip),
            columns = gt_smallest(all->columns, outputs - o);
    if (rows <= 0) return; /* the last strip may have fewer patches */
    int64_t stored = gt_smallest(all->strip, channels - strip),
            padded = (int64_t)gt_product_packed_floats(p->kernels, outputs, 1);
    float *d = w->d + worker * p->planes * patch_plane(all);
    gt_winograd_operand operands[GT_WINOGRAD_PLANES_MAX];
    gt_product products[GT_WINOGRAD_PLANES_MAX];
    for (int i = 0; i < p->planes; i++) {
        int64_t values = p->shared[i] * z->count;
        operands[i] = (gt_winograd_operand){z->u + gt_winograd_plane_at(z, i, channels) + strip * values + in_strip,
                                            stored};
        products[i] = (gt_product){
            .kernels = p->kernels,
            .m = rows,
            .n = columns,
            .k = values,
            .a_by_k = true,
            .pack_a = columns_of_u,
            .a_source = &operands[i],
            .a_packed = true,
            .b_packed = z->m + gt_winograd_plane_at(z, gt_winograd_plane_of(p, p->to_points, i), padded) + o * values,
            .c = d + i * patch_plane(all),
            .ldc = all->columns};
    }
    int64_t next = z->tile0 + z->count;
    gt_range soon[GT_PRODUCT_RANGES] = {gt_winograd_rows_ahead(p, &p->from, z->from.at, next, next + p->block),
                                        gt_winograd_rows_ahead(p, &p->to, w->dy.at, next, next + p->block)};
    for (int i = 0; i < GT_PRODUCT_RANGES; i++)
        soon[i] = gt_range_of_thread(soon[i], index, index + 1, all->down * all->across);
    gt_product_run_packed(products, p->planes, NULL, NULL, soon);
    const float *from[GT_WINOGRAD_PLANES_MAX];
    float *to[GT_WINOGRAD_TAPS_MAX];
    int64_t steps[GT_WINOGRAD_POINTS_MAX];
    gt_transform_fn *back = gt_winograd_writer(p, z->tile0 ? GT_WINOGRAD_WEIGHTS_ADDED : GT_WINOGRAD_WEIGHTS_ADJOINT);
    for (int64_t r = 0; r < rows; r++) {
        for (int i = 0; i < p->planes; i++) from[i] = products[i].c + r * all->columns;
        for (int i = 0; i < p->taps; i++) to[i] = z->out + (i * inputs + strip + in_strip + r) * outputs + o;
        back(from, to, gt_winograd_steps(steps), columns, (gt_ahead){GT_WINOGRAD_AHEAD, outputs});
    }
}

void gt_winograd_weight_grad(const gt_conv_shape *s, gt_pool *pool, float *workspace, const float *const *in,
                             float *out) {
    weight_grad w;
    lay_out(s, gt_pool_threads(pool), &w, workspace);
    gt_winograd_block *z = &w.block;
    z->from = gt_winograd_images_of(&z->tiling, &z->tiling.from, in[0], in[GT_CONV_SCALES], z->from.zeros);
    z->out = out;
    w.dy = gt_winograd_images_of(&z->tiling, &z->tiling.to, in[1], in[GT_CONV_SCALES + 1], w.dy.zeros);
    for (; z->tile0 < z->tiling.tiles; z->tile0 += z->count) {
        z->count = gt_smallest(z->tiling.block, z->tiling.tiles - z->tile0);
        gt_pool_run(pool, gt_winograd_groups(z, GROUP), transform_group, &w);
        gt_pool_run(pool, (int)(w.patches.down * w.patches.across), weight_patch, &w);
    }
}
