/* SPDX-License-Identifier: Apache-2.0
 * What the loops of all Winograd directions share: where transformed values lie while a block of tiles is at work (but
 * for small blocks: gemm_kernels.h, gt_tile_kernels).
 *
 * The points of a plane lie tile by tile: as rows of U and M, as K of the weight gradient. Between planes there are a
 * few odd cache lines, or a tile's values, 36 to 100 of them at equal distances, would all fall into one set of the
 * cache. */
#ifndef GANTRY_KERNELS_WINOGRAD_RUN_H
#define GANTRY_KERNELS_WINOGRAD_RUN_H

#include "base/door/numbers.h"
#include "kernels/door/gemm_product.h"
#include "kernels/winograd_tiling.h"

enum {
    GT_WINOGRAD_PLANE_GAP = 5 * 16, /* floats */
    GT_WINOGRAD_AHEAD = 128,        /* floats: how far ahead transformed values are fetched */
};

/* A block of tiles at work. Sizes of U, M and Y are those of this block. */
typedef struct gt_winograd_block {
    gt_winograd_tiling tiling;
    gt_winograd_images from; /* images in; the weight gradient has its own */
    float *out;
    float *u;             /* transformed tiles of them */
    float *m;             /* the other face's values: M, or Y of the weight gradient */
    int64_t tile0, count; /* the block: so many tiles from this one on */
} gt_winograd_block;

/* A of the product of one plane: its values, and the channels stored per row. */
typedef struct gt_winograd_operand {
    const float *u;
    int64_t stored;
} gt_winograd_operand;

/* By large blocks of tiles, or by small ones (winograd_fused.c), which have the same bits. BY_SHAPE: by what is faster;
 * tests compare the two. */
typedef enum gt_winograd_way { GT_WINOGRAD_BY_SHAPE, GT_WINOGRAD_LARGE_BLOCKS, GT_WINOGRAD_FUSED } gt_winograd_way;

/* winograd_weight_grad.c; in: as of gt_conv_run(). */
size_t gt_winograd_weight_grad_workspace(const gt_conv_shape *s, gt_winograd_way way, int threads); /* bytes */
void gt_winograd_weight_grad(const gt_conv_shape *s, gt_winograd_way way, gt_pool *pool, float *workspace,
                             const float *const *in, float *out);
int gt_winograd_most_slices(const gt_conv_shape *s, int parts);
size_t gt_winograd_slices_workspace(const gt_conv_shape *s, gt_winograd_way way, int slices, int parts, int threads);
void gt_winograd_run_slices(const gt_conv_shape *s, gt_winograd_way way, const gt_conv_slices *all, int first,
                            int count, gt_pool *pool, void *workspace, float *out);

/* winograd.c. Workspaces in bytes; in: as of gt_conv_run(). */
size_t gt_winograd_workspace_by(const gt_conv_shape *s, gt_winograd_way way, bool packed, int threads);
void gt_winograd_run_by(const gt_conv_shape *s, gt_winograd_way way, gt_pool *pool, float *workspace,
                        const float *const *in, float *out);

/* winograd_fused.c. Whether there are kernels for small blocks; whether they are faster, which follows from the shape,
 * the kernel set and the number of threads; floats of workspace for all threads. */
bool gt_winograd_fused_possible(const gt_winograd_tiling *tiling);
bool gt_winograd_fused_pays(const gt_winograd_tiling *tiling, int threads);
int64_t gt_winograd_fused_floats(const gt_winograd_tiling *tiling, int threads);
/* v: packed weights, `plane` floats from plane to plane; room: the workspace. */
void gt_winograd_fused_run(const gt_winograd_tiling *tiling, gt_pool *pool, const float *images, const float *scales,
                           const float *v, int64_t plane, float *room, float *out);

/* A weight gradient: blocks of the tiling, one after the other; or one block for each slice, in which part_tiles tiles
 * are of part 0, then of part 1, ... */
typedef struct gt_winograd_gradient {
    gt_winograd_tiling tiling;
    gt_winograd_images from[GT_PARTS_MAX], dy[GT_PARTS_MAX]; /* all slices of each part; zeros are not read */
    int64_t part_tiles;                                      /* no slices: tiles of a block */
    float *out;
    int slices, parts, first; /* slices 0: none; first: number of the first slice in `all` */
    const gt_conv_slices *all;
} gt_winograd_gradient;
bool gt_winograd_fused_gradient_possible(const gt_winograd_tiling *tiling);
/* tiles: of a block. */
bool gt_winograd_fused_gradient_pays(const gt_winograd_tiling *tiling, int64_t tiles, int threads);
size_t gt_winograd_fused_gradient_floats(const gt_winograd_tiling *tiling, int64_t tiles, int slices, int threads);
void gt_winograd_fused_gradient_run(const gt_winograd_gradient *g, gt_pool *pool, float *room);

/* Takes `floats` floats of a workspace, of which *used are taken already; returns where they begin. */
static inline size_t gt_winograd_take(size_t *used, int64_t floats) {
    size_t at = *used;
    *used += (size_t)gt_round_up(floats, 16);
    return at;
}

/* Tiles of pixels out overlap: those of an image are added in order. */
static inline bool gt_winograd_overlapping(const gt_winograd_tiling *p) { return p->to.side.x != p->to.step.x; }

/* Most nodes of a tree over so many slices that wait for their right siblings. */
static inline int gt_winograd_waiting(int slices) {
    int n = 0;
    while ((slices - 1) >> n) n++;
    return n;
}

/* Channels of U as stored. */
static inline int64_t gt_winograd_stored(const gt_winograd_tiling *p) {
    return gt_round_up(p->from.channels, GT_CHUNK);
}

/* Floats of all planes of a face's values with so many floats per tile and point. */
static inline int64_t gt_winograd_floats(const gt_winograd_tiling *p, int points, int64_t floats) {
    return points * p->block * floats + p->planes * GT_WINOGRAD_PLANE_GAP;
}

/* Where plane number `plane` of matrices with so many floats per tile and point begins. */
static inline int64_t gt_winograd_plane_at(const gt_winograd_block *z, int plane, int64_t floats) {
    return z->tiling.first[plane] * z->count * floats + plane * GT_WINOGRAD_PLANE_GAP;
}

/* The same of the plane of each point. */
static inline void gt_winograd_planes_at(const gt_winograd_block *z, int points, int64_t floats, int64_t *at) {
    for (int i = 0; i < points; i++) at[i] = gt_winograd_plane_at(z, z->tiling.plane[i], floats);
}

/* The row (or index of K) of point i and tile t in its plane. */
static inline int64_t gt_winograd_row(const gt_winograd_tiling *p, int i, int64_t t) {
    return t * p->shared[p->plane[i]] + p->index[i];
}

static inline gt_transform_fn *gt_winograd_writer(const gt_winograd_tiling *p, gt_winograd_transform transform) {
    return p->kernels->transform[p->kind][transform];
}

/* The transform that reads these images of face f, with their scales if there are any. */
static inline gt_transform_fn *gt_winograd_reader(const gt_winograd_tiling *p, const gt_winograd_face *f,
                                                  const gt_winograd_images *images) {
    return images->scales ? p->kernels->scaled[p->kind][f->transform] : gt_winograd_writer(p, f->transform);
}

static inline void gt_move_on(const float **from, int count, int64_t floats) {
    for (int i = 0; i < count; i++) from[i] += floats;
}

/* The steps of results whose vectors lie behind each other. */
static inline const int64_t *gt_winograd_steps(int64_t steps[GT_WINOGRAD_POINTS_MAX]) {
    for (int i = 0; i < GT_WINOGRAD_POINTS_MAX; i++) steps[i] = GT_CHUNK;
    return steps;
}

/* What is near at hand while a tile of pixels is read or written: the same pixel of the tile to the right. */
static inline gt_ahead gt_winograd_pixels_ahead(const gt_winograd_face *f) {
    return (gt_ahead){f->step.x * f->channels, 0};
}
static inline gt_ahead gt_winograd_results_ahead(const gt_winograd_face *f) {
    return (gt_ahead){GT_WINOGRAD_AHEAD, f->step.x * f->channels};
}

/* Jobs for the pool if each transforms `size` tiles of the block. */
static inline int gt_winograd_groups(const gt_winograd_block *z, int size) { return (int)gt_pieces(z->count, size); }

#endif
