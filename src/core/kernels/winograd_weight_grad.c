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
 * Where a block has few tiles, to write D and to read it again takes longer than its products. Then D stays in
 * registers, two rows and a panel of columns at a time (gt_gradient_fn): same sums, same bits. Where U of 16 channels,
 * their D and Y fit the second-level cache, winograd_fused.c goes slice by slice, with the same bits too.
 *
 * winograd.c calls the two functions of this file for the direction GT_CONV_WEIGHT_GRAD. */
#include <string.h>

#include "kernels/winograd_run.h"
#include "base/door/pool.h"

enum {
    PATCH_PANELS = 4,       /* of channels out in a patch */
    GROUP = 8,              /* tiles transformed per tile of the pool */
    MOST_SLICES = 64,       /* at once */
    MOST_POINTS = 128 * 81, /* of the tiles of a slice */
    FEW_TILES = 8,          /* of a block */
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

/* Images, or their derivatives, of each part, all slices of them. */
typedef struct weight_grad {
    gt_winograd_block block; /* u: U; m: Y; out: w [taps][from][to] */
    patches patches;
    float *d;                       /* of worker 0 */
    int64_t u_step, y_step, d_step; /* floats from slice to slice, and from worker to worker */
    int64_t part_tiles; /* tiles of a part of a slice: those of a block are of part 0, then of part 1, ... */
    gt_winograd_images from[GT_PARTS_MAX], dy[GT_PARTS_MAX];
    /* several slices at once */
    const gt_conv_slices *all;
    int first, slices;
    float *leaves; /* of worker 0: a leaf and the nodes of a patch that wait for their right siblings */
    int64_t leaf_step, leaves_step;
} weight_grad;

static int64_t patch_plane(const patches *all) { return all->rows * all->columns + GT_WINOGRAD_PLANE_GAP; }

static bool few_tiles(const gt_winograd_tiling *p) { return p->block <= FEW_TILES && p->kernels->gradient[p->kind]; }

/* Places of everything within the workspace, in floats; returns its size. slices 0: one, block by block. */
static size_t lay_out(const gt_conv_shape *s, int slices, int parts, int threads, weight_grad *w, float *base) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    int64_t tiles = p.tiles, images = p.images * gt_largest(slices, 1);
    if (slices) p.block = parts * tiles;
    weight_grad z = {.block.tiling = p, .patches = patches_of(&p, threads), .slices = slices};
    z.part_tiles = slices ? tiles : p.block;
    size_t used = 0, zeros[GT_PARTS_MAX][2];
    z.u_step = gt_round_up(gt_winograd_floats(&p, p.from_points, gt_winograd_stored(&p)), 16);
    z.y_step = gt_round_up(
        gt_winograd_floats(&p, p.to_points, (int64_t)gt_product_packed_floats(p.kernels, p.to.channels, 1)), 16);
    z.d_step = few_tiles(&p) ? GT_GRADIENT_ROOM : gt_round_up(p.planes * patch_plane(&z.patches), 16);
    z.leaf_step = gt_round_up(p.taps * z.patches.rows * z.patches.columns, 16);
    z.leaves_step = slices ? z.leaf_step * (1 + gt_winograd_waiting(slices)) : 0;
    size_t u = gt_winograd_take(&used, z.u_step * gt_largest(slices, 1)),
           y = gt_winograd_take(&used, z.y_step * gt_largest(slices, 1)),
           d = gt_winograd_take(&used, threads * z.d_step), leaves = gt_winograd_take(&used, threads * z.leaves_step);
    for (int i = 0; i < parts; i++) {
        zeros[i][0] = gt_winograd_take(&used, images * p.from.channels);
        zeros[i][1] = gt_winograd_take(&used, images * p.to.channels);
    }
    if (!w) return used;
    *w = z;
    w->block.u = base + u, w->block.m = base + y, w->d = base + d, w->leaves = base + leaves;
    for (int i = 0; i < parts; i++) w->from[i].zeros = base + zeros[i][0], w->dy[i].zeros = base + zeros[i][1];
    return used;
}

/* tiles: of a block. Where D stays in registers there is nothing to gain. */
static bool is_fused(const gt_winograd_tiling *p, gt_winograd_way way, int64_t tiles, int threads) {
    if (way != GT_WINOGRAD_BY_SHAPE) return way == GT_WINOGRAD_FUSED;
    bool few = tiles <= FEW_TILES && p->kernels->gradient[p->kind];
    return !few && gt_winograd_fused_gradient_pays(p, tiles, threads);
}

size_t gt_winograd_weight_grad_workspace(const gt_conv_shape *s, gt_winograd_way way, int threads) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    if (is_fused(&p, way, p.block, threads))
        return gt_winograd_fused_gradient_floats(&p, p.block, 0, threads) * sizeof(float);
    return lay_out(s, 0, 1, threads, NULL, NULL) * sizeof(float);
}

size_t gt_winograd_slices_workspace(const gt_conv_shape *s, gt_winograd_way way, int slices, int parts, int threads) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    int64_t tiles = parts * p.tiles;
    if (is_fused(&p, way, tiles, threads))
        return gt_winograd_fused_gradient_floats(&p, tiles, slices, threads) * sizeof(float);
    return lay_out(s, slices, parts, threads, NULL, NULL) * sizeof(float);
}

static void read_images(weight_grad *w, const gt_conv_shape *s, int part, const float *const *in) {
    gt_winograd_tiling p = w->block.tiling;
    p.images = s->n * gt_largest(w->slices, 1);
    w->from[part] = gt_winograd_images_of(&p, &p.from, in[0], in[GT_CONV_SCALES], w->from[part].zeros);
    w->dy[part] = gt_winograd_images_of(&p, &p.to, in[1], in[GT_CONV_SCALES + 1], w->dy[part].zeros);
}

/* The block of a slice: its place in U and Y. */
static gt_winograd_block block_of_slice(const weight_grad *w, int slice) {
    gt_winograd_block z = w->block;
    z.u += slice * w->u_step, z.m += slice * w->y_step;
    z.tile0 += slice * w->part_tiles;
    return z;
}

/* ---- U and Y ---- */

/* Each strip is [tiles x points of the plane][its width]. */
static void image_tile(const weight_grad *w, const gt_winograd_block *z, const int64_t *planes, int64_t t) {
    const gt_winograd_tiling *p = &z->tiling;
    const gt_winograd_images *images = &w->from[t / w->part_tiles];
    const float *from[GT_WINOGRAD_POINTS_MAX + 1];
    float *to[GT_WINOGRAD_POINTS_MAX];
    int64_t channels = gt_winograd_stored(p), width = w->patches.strip, steps[GT_WINOGRAD_POINTS_MAX];
    int read = gt_winograd_read(p, &p->from, images, z->tile0 + t % w->part_tiles, from);
    for (int64_t c = 0; c < p->from.channels; c += width, gt_move_on(from, read, width)) {
        int64_t stored = gt_smallest(width, channels - c);
        for (int i = 0; i < p->points; i++) {
            int64_t strip = c * p->shared[p->plane[i]] * z->count;
            to[i] = z->u + planes[i] + strip + gt_winograd_row(p, i, t) * stored;
        }
        gt_transform_fn *transform = gt_winograd_reader(p, &p->from, images);
        transform(from, to, gt_winograd_steps(steps), gt_smallest(width, p->from.channels - c),
                  gt_winograd_pixels_ahead(&p->from));
    }
}

/* Columns past the last panel's own are never stored, so they stay as they are. */
static void derivative_tile(const weight_grad *w, const gt_winograd_block *z, const int64_t *planes, int64_t t) {
    const gt_winograd_tiling *p = &z->tiling;
    const gt_winograd_images *images = &w->dy[t / w->part_tiles];
    const float *from[GT_WINOGRAD_POINTS_MAX + 1];
    float *to[GT_WINOGRAD_POINTS_MAX];
    int panel = gt_product_panel_columns(p->kernels);
    int64_t steps[GT_WINOGRAD_POINTS_MAX];
    int read = gt_winograd_read(p, &p->to, images, z->tile0 + t % w->part_tiles, from);
    for (int64_t o = 0; o < p->to.channels; o += panel, gt_move_on(from, read, panel)) {
        int columns = (int)gt_smallest(panel, p->to.channels - o), width = gt_product_panel_width(p->kernels, columns);
        for (int i = 0; i < p->to_points; i++)
            to[i] = z->m + planes[i] + o * p->shared[p->plane[i]] * z->count + gt_winograd_row(p, i, t) * width;
        gt_winograd_reader(p, &p->to, images)(from, to, gt_winograd_steps(steps), columns,
                                              gt_winograd_pixels_ahead(&p->to));
    }
}

static void transform_group(void *arg, int group, int worker) {
    (void)worker;
    const weight_grad *w = arg;
    int groups = gt_winograd_groups(&w->block, GROUP);
    gt_winograd_block z = block_of_slice(w, group / groups);
    int64_t begin = (int64_t)(group % groups) * GROUP, end = gt_smallest(begin + GROUP, z.count);
    const gt_winograd_tiling *p = &z.tiling;
    int64_t planes[GT_WINOGRAD_POINTS_MAX];
    gt_winograd_planes_at(&z, p->points, gt_winograd_stored(p), planes);
    for (int64_t t = begin; t < end; t++) image_tile(w, &z, planes, t);
    gt_winograd_planes_at(&z, p->to_points, (int64_t)gt_product_packed_floats(p->kernels, p->to.channels, 1), planes);
    for (int64_t t = begin; t < end; t++) derivative_tile(w, &z, planes, t);
}

/* ---- patches ---- */

static void columns_of_u(const void *source, gt_pack_a *t) {
    const gt_winograd_operand *a = source;
    t->to = (float *)a->u + t->k0 * a->stored;
    t->stride = (int)a->stored;
}

/* Rows and columns of D: `from` and `to` are the channels of x and dy that they begin with. */
typedef struct patch {
    int64_t strip, from, rows; /* strip: the channel that the patch's strip begins with */
    int64_t to, columns;
} patch;

/* Rows 0: the last strip may have fewer patches. */
static patch patch_at(const weight_grad *w, int index) {
    const gt_winograd_tiling *p = &w->block.tiling;
    const patches *all = &w->patches;
    int64_t row = index / all->across, strip = row / all->per_strip * all->strip,
            in_strip = row % all->per_strip * all->rows, to = index % all->across * all->columns,
            rows = gt_smallest(all->rows, gt_smallest(all->strip, p->from.channels - strip) - in_strip);
    return (patch){strip, strip + in_strip, gt_largest(rows, 0), to, gt_smallest(all->columns, p->to.channels - to)};
}

/* U and Y of plane i where a patch begins. */
static gt_winograd_plane plane_of(const gt_winograd_block *z, const patch *at, int i) {
    const gt_winograd_tiling *p = &z->tiling;
    int64_t k = p->shared[i] * z->count, padded = (int64_t)gt_product_packed_floats(p->kernels, p->to.channels, 1);
    return (gt_winograd_plane){
        z->u + gt_winograd_plane_at(z, i, gt_winograd_stored(p)) + at->strip * k + at->from - at->strip,
        z->m + gt_winograd_plane_at(z, gt_winograd_plane_of(p, p->to_points, i), padded) + at->to * k, k};
}

/* Floats from one k to the next in the strip of a patch. */
static int64_t strip_width(const weight_grad *w, const patch *at) {
    return gt_smallest(w->patches.strip, gt_winograd_stored(&w->block.tiling) - at->strip);
}

/* D of a patch, from the tiles of block z. */
static void patch_products(const weight_grad *w, const gt_winograd_block *z, const patch *at, float *d,
                           const gt_range *soon) {
    const gt_winograd_tiling *p = &z->tiling;
    gt_winograd_operand operands[GT_WINOGRAD_PLANES_MAX];
    gt_product products[GT_WINOGRAD_PLANES_MAX];
    for (int i = 0; i < p->planes; i++) {
        gt_winograd_plane plane = plane_of(z, at, i);
        operands[i] = (gt_winograd_operand){plane.u, strip_width(w, at)};
        products[i] = (gt_product){.kernels = p->kernels,
                                   .m = at->rows,
                                   .n = at->columns,
                                   .k = plane.k,
                                   .a_by_k = true,
                                   .pack_a = columns_of_u,
                                   .a_source = &operands[i],
                                   .a_packed = true,
                                   .b_packed = plane.y,
                                   .c = d + i * patch_plane(&w->patches),
                                   .ldc = w->patches.columns};
    }
    gt_product_run_packed(products, p->planes, NULL, NULL, soon);
}

/* Row after row of D is transformed back to taps, [taps][rows] with these steps. */
static void patch_to_taps(const weight_grad *w, const patch *at, const float *d, gt_winograd_transform transform,
                          float *taps, int64_t tap_step, int64_t row_step) {
    const gt_winograd_tiling *p = &w->block.tiling;
    const float *from[GT_WINOGRAD_PLANES_MAX];
    float *to[GT_WINOGRAD_TAPS_MAX];
    int64_t steps[GT_WINOGRAD_POINTS_MAX];
    gt_transform_fn *back = gt_winograd_writer(p, transform);
    for (int64_t r = 0; r < at->rows; r++) {
        for (int i = 0; i < p->planes; i++) from[i] = d + i * patch_plane(&w->patches) + r * w->patches.columns;
        for (int i = 0; i < p->taps; i++) to[i] = taps + i * tap_step + r * row_step;
        back(from, to, gt_winograd_steps(steps), at->columns, (gt_ahead){GT_WINOGRAD_AHEAD, row_step});
    }
}

/* Products and transform of GT_GRADIENT_ROWS rows and a panel of columns at a time, for few tiles. */
static void taps_of_few_tiles(const weight_grad *w, const gt_winograd_block *z, const patch *at, float *room,
                              float *taps, int64_t tap_step, int64_t row_step, bool add) {
    const gt_winograd_tiling *p = &z->tiling;
    int panel = gt_product_panel_columns(p->kernels);
    gt_winograd_plane whole[GT_WINOGRAD_PLANES_MAX], planes[GT_WINOGRAD_PLANES_MAX];
    for (int i = 0; i < p->planes; i++) whole[i] = plane_of(z, at, i);
    for (int64_t o = 0; o < at->columns; o += panel) {
        int columns = (int)gt_smallest(panel, at->columns - o), width = gt_product_panel_width(p->kernels, columns);
        for (int64_t r = 0; r < at->rows; r += GT_GRADIENT_ROWS) {
            for (int i = 0; i < p->planes; i++)
                planes[i] = (gt_winograd_plane){whole[i].u + r, whole[i].y + o * whole[i].k, whole[i].k};
            p->kernels->gradient[p->kind](planes, strip_width(w, at), width,
                                          (int)gt_smallest(GT_GRADIENT_ROWS, at->rows - r), columns, room,
                                          taps + r * row_step + o, tap_step, row_step, add);
        }
    }
}

/* The taps of a patch, [taps][rows] with these steps, written or added; soon: as of gt_product_run_packed(). */
static void patch_taps(const weight_grad *w, const gt_winograd_block *z, const patch *at, float *d,
                       const gt_range *soon, float *taps, int64_t tap_step, int64_t row_step, bool add) {
    if (few_tiles(&z->tiling)) {
        taps_of_few_tiles(w, z, at, d, taps, tap_step, row_step, add);
        return;
    }
    patch_products(w, z, at, d, soon);
    patch_to_taps(w, at, d, add ? GT_WINOGRAD_WEIGHTS_ADDED : GT_WINOGRAD_WEIGHTS_ADJOINT, taps, tap_step, row_step);
}

/* The first channel of a patch in the gradient. */
static float *patch_in(const weight_grad *w, const patch *at) {
    return w->block.out + at->from * w->block.tiling.to.channels + at->to;
}

/* Patch number `index` of one block: its taps are written to w, or added from the second block on. The products hardly
 * wait for memory, so each patch also fetches its part of the pixels that the next block reads. */
static void weight_patch(void *arg, int index, int worker) {
    const weight_grad *w = arg;
    const gt_winograd_block *z = &w->block;
    const gt_winograd_tiling *p = &z->tiling;
    patch at = patch_at(w, index);
    if (!at.rows) return;
    float *d = w->d + worker * w->d_step;
    int64_t next = z->tile0 + z->count, outputs = p->to.channels;
    gt_range soon[GT_PRODUCT_RANGES] = {gt_winograd_rows_ahead(p, &p->from, w->from->at, next, next + p->block),
                                        gt_winograd_rows_ahead(p, &p->to, w->dy->at, next, next + p->block)};
    for (int i = 0; i < GT_PRODUCT_RANGES; i++)
        soon[i] = gt_range_of_thread(soon[i], index, index + 1, w->patches.down * w->patches.across);
    patch_taps(w, z, &at, d, soon, patch_in(w, &at), p->from.channels * outputs, outputs, z->tile0);
}

void gt_winograd_weight_grad(const gt_conv_shape *s, gt_winograd_way way, gt_pool *pool, float *workspace,
                             const float *const *in, float *out) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    if (is_fused(&p, way, p.block, gt_pool_threads(pool))) {
        gt_winograd_gradient g = {.tiling = p, .part_tiles = p.block, .out = out};
        g.from[0] = (gt_winograd_images){in[0], in[GT_CONV_SCALES], NULL};
        g.dy[0] = (gt_winograd_images){in[1], in[GT_CONV_SCALES + 1], NULL};
        gt_winograd_fused_gradient_run(&g, pool, workspace);
        return;
    }
    weight_grad w;
    lay_out(s, 0, 1, gt_pool_threads(pool), &w, workspace);
    gt_winograd_block *z = &w.block;
    read_images(&w, s, 0, in);
    z->out = out;
    for (; z->tile0 < z->tiling.tiles; z->tile0 += z->count) {
        z->count = gt_smallest(z->tiling.block, z->tiling.tiles - z->tile0);
        gt_pool_run(pool, gt_winograd_groups(z, GROUP), transform_group, &w);
        gt_pool_run(pool, (int)(w.patches.down * w.patches.across), weight_patch, &w);
    }
}

/* ---- several slices (slice_tree.h): all their tiles are one block for each, transformed at first ---- */

int gt_winograd_most_slices(const gt_conv_shape *s, int parts) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    int64_t most = MOST_POINTS / p.points / parts;
    if (p.block < p.tiles || p.tiles > most) return 0;
    int slices = 1;
    while (2 * slices <= MOST_SLICES && 2 * slices * p.tiles <= most) slices *= 2;
    return slices;
}

/* A patch of all slices: the leaves of its taps, and their tree. */
static void slices_patch(void *arg, int index, int worker) {
    const weight_grad *w = arg;
    const gt_winograd_tiling *p = &w->block.tiling;
    patch at = patch_at(w, index);
    if (!at.rows) return;
    float *d = w->d + worker * w->d_step, *room = w->leaves + worker * w->leaves_step, *node[32], *leaf = room;
    int64_t size = at.rows * at.columns, inputs = p->from.channels, outputs = p->to.channels;
    for (int i = 0; i < gt_winograd_waiting(w->slices); i++) node[i] = room + (i + 1) * w->leaf_step;
    for (int slice = 0; slice < w->slices; slice++) {
        gt_winograd_block z = block_of_slice(w, slice);
        patch_taps(w, &z, &at, d, NULL, leaf, size, at.columns, false);
        for (int tap = 0; tap < p->taps; tap++)
            gt_leaf_finish(w->all->leaf, w->first + slice, tap * inputs + at.from, at.to, at.rows, at.columns,
                           leaf + tap * size, at.columns);
        leaf = gt_tree_push(node, leaf, slice, w->slices, p->taps * size);
    }
    for (int tap = 0; tap < p->taps; tap++)
        for (int64_t r = 0; r < at.rows; r++)
            memcpy(patch_in(w, &at) + (tap * inputs + r) * outputs, leaf + tap * size + r * at.columns,
                   (size_t)at.columns * sizeof *leaf);
}

void gt_winograd_run_slices(const gt_conv_shape *s, gt_winograd_way way, const gt_conv_slices *all, int first,
                            int count, gt_pool *pool, void *workspace, float *out) {
    gt_winograd_tiling p = gt_winograd_tiling_of(s);
    if (is_fused(&p, way, all->parts * p.tiles, gt_pool_threads(pool))) {
        gt_winograd_gradient g = {.tiling = p, .part_tiles = p.tiles, .out = out, .slices = count};
        g.parts = all->parts, g.first = first, g.all = all;
        for (int part = 0; part < all->parts; part++) {
            const float *in[GT_CONV_INPUTS];
            gt_conv_slices_from(s, all, part, first, in);
            g.from[part] = (gt_winograd_images){in[0], in[GT_CONV_SCALES], NULL};
            g.dy[part] = (gt_winograd_images){in[1], in[GT_CONV_SCALES + 1], NULL};
        }
        gt_winograd_fused_gradient_run(&g, pool, workspace);
        return;
    }
    weight_grad w;
    lay_out(s, count, all->parts, gt_pool_threads(pool), &w, workspace);
    for (int part = 0; part < all->parts; part++) {
        const float *in[GT_CONV_INPUTS];
        gt_conv_slices_from(s, all, part, first, in);
        read_images(&w, s, part, in);
    }
    w.all = all, w.first = first;
    w.block.out = out;
    w.block.count = w.block.tiling.block;
    gt_pool_run(pool, count * gt_winograd_groups(&w.block, GROUP), transform_group, &w);
    gt_pool_run(pool, (int)(w.patches.down * w.patches.across), slices_patch, &w);
}
