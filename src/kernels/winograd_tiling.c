/* SPDX-License-Identifier: Apache-2.0
 * How a Winograd convolution is cut up. */
#include "kernels/winograd_tiling.h"

#include <math.h>
#include <string.h>

#include "kernels/kernel_set.h"
#include "kernels/winograd.h"

enum {
    TILE = 4,              /* pixels of a result tile along each axis */
    SIDE = 6,              /* stride 1: points along each axis */
    HALF_POINTS = 9,       /* stride 2: points along each axis; the last four belong to one plane */
    FOUR_POINTS = 10,      /* windows of 4x4 */
    TWO_TAPS_POINTS = 5,   /* of which so many are different ones for dy */
    LEAST_BLOCK = 5 << 17, /* floats of transformed data per block of tiles: 2.5 MiB */
    MOST_CACHED = 3 << 20, /* 12 MiB: weights that stay in the last-level cache from block to block */
    MOST_BLOCK = 11 << 20, /* 44 MiB: what the last-level cache does not hold is read in order */
    MOST_AHEAD = 5 << 18,  /* 5 MiB of rows: more would drive from the cache what the products read */
    MOST_VALUES = 128 * HALF_POINTS * HALF_POINTS, /* points of all tiles in a block of the weight gradient */
};

static int plane_along(const gt_winograd_tiling *p, int point) {
    return point < p->planes_side ? point : p->planes_side - 1;
}

static void find_planes(gt_winograd_tiling *p) {
    for (int i = 0; i < p->points; i++) {
        int plane = plane_along(p, i / p->side) * p->planes_side + plane_along(p, i % p->side);
        p->plane[i] = (uint8_t)plane;
        p->index[i] = p->shared[plane]++;
    }
    for (int i = 1; i < p->planes; i++) p->first[i] = (uint8_t)(p->first[i - 1] + p->shared[i - 1]);
}

/* Stride 1: the input gradient is a convolution of dy with the flipped, transposed weights and padding 2 - pad. */
static void stride_one(gt_winograd_tiling *p, const gt_conv_shape *s, gt_conv_direction direction) {
    p->side = p->planes_side = SIDE;
    p->weights = GT_WINOGRAD_WEIGHTS;
    p->to_weights = GT_WINOGRAD_WEIGHTS_ADJOINT;
    p->add_weights = GT_WINOGRAD_WEIGHTS_ADDED;
    p->from = (gt_winograd_face){s->h, s->w, s->c, SIDE, TILE, s->pad_top, s->pad_left, GT_WINOGRAD_IMAGE};
    p->to = (gt_winograd_face){
        s->p, s->q, s->o, TILE,
        TILE, 0,    0,    direction == GT_CONV_WEIGHT_GRAD ? GT_WINOGRAD_RESULT_ADJOINT : GT_WINOGRAD_RESULT};
    if (direction != GT_CONV_INPUT_GRAD) return;
    p->flipped = p->transposed = true;
    p->from = (gt_winograd_face){s->p, s->q, s->o, SIDE, TILE, 2 - s->pad_top, 2 - s->pad_left, GT_WINOGRAD_IMAGE};
    p->to = (gt_winograd_face){s->h, s->w, s->c, TILE, TILE, 0, 0, GT_WINOGRAD_RESULT};
}

/* Stride 2: the input gradient is the adjoint of all steps in opposite order, so that it has no more tiles than the
 * forward direction; its tiles overlap. By windows of 3x3 and of 4x4. */
typedef struct strided {
    int points, planes_side, overlap; /* of the image's tiles, along each axis */
    gt_winograd_transform weights, to_weights, add_weights, image, image_adjoint, result, result_adjoint;
} strided;
static const strided three_taps = {HALF_POINTS,
                                   SIDE,
                                   1,
                                   GT_WINOGRAD_HALF_WEIGHTS,
                                   GT_WINOGRAD_HALF_WEIGHTS_ADJOINT,
                                   GT_WINOGRAD_HALF_WEIGHTS_ADDED,
                                   GT_WINOGRAD_HALF_IMAGE,
                                   GT_WINOGRAD_HALF_IMAGE_ADJOINT,
                                   GT_WINOGRAD_HALF_RESULT,
                                   GT_WINOGRAD_HALF_RESULT_ADJOINT};
static const strided four_taps = {FOUR_POINTS,
                                  FOUR_POINTS,
                                  2,
                                  GT_WINOGRAD_FOUR_WEIGHTS,
                                  GT_WINOGRAD_FOUR_WEIGHTS_ADJOINT,
                                  GT_WINOGRAD_FOUR_WEIGHTS_ADDED,
                                  GT_WINOGRAD_FOUR_IMAGE,
                                  GT_WINOGRAD_FOUR_IMAGE_ADJOINT,
                                  GT_WINOGRAD_FOUR_RESULT,
                                  GT_WINOGRAD_FOUR_RESULT_ADJOINT};

static void stride_two(gt_winograd_tiling *p, const gt_conv_shape *s, gt_conv_direction direction, const strided *by) {
    bool adjoint = direction == GT_CONV_INPUT_GRAD;
    p->side = by->points;
    p->planes_side = by->planes_side;
    p->weights = by->weights;
    p->to_weights = by->to_weights;
    p->add_weights = by->add_weights;
    p->transposed = adjoint;
    gt_winograd_face image = {s->h,     s->w,       s->c,        2 * TILE + by->overlap,
                              2 * TILE, s->pad_top, s->pad_left, adjoint ? by->image_adjoint : by->image};
    gt_winograd_face result = {s->p, s->q, s->o, TILE,
                               TILE, 0,    0,    direction == GT_CONV_FORWARD ? by->result : by->result_adjoint};
    p->from = adjoint ? result : image;
    p->to = adjoint ? image : result;
}

/* Points of results of 4x4 windows are the same for even and odd pixels. */
static void share_points(gt_winograd_tiling *p, gt_conv_direction direction) {
    if (direction == GT_CONV_INPUT_GRAD) p->from_points = TWO_TAPS_POINTS * TWO_TAPS_POINTS;
    if (direction == GT_CONV_WEIGHT_GRAD) p->to_points = TWO_TAPS_POINTS * TWO_TAPS_POINTS;
}

int gt_winograd_plane_of(const gt_winograd_tiling *tiling, int points, int plane) {
    if (points == tiling->points) return plane;
    return plane / FOUR_POINTS % TWO_TAPS_POINTS * TWO_TAPS_POINTS + plane % FOUR_POINTS % TWO_TAPS_POINTS;
}

static int64_t tiles_along(const gt_winograd_face *f, bool across, const gt_winograd_face *other) {
    if (f->side != TILE) f = other; /* the face of results counts */
    return ((across ? f->width : f->height) + TILE - 1) / TILE;
}

static int64_t down_to(int64_t value, int64_t step) { return value / step * step; }

/* Every block reads all weights: so a block is as large as they are, or half of that where they come from the cache,
 * within bounds. Of the weight gradient it is as large that transforming its weights back, once per block, is a small
 * part; blocks are equal then, or the last would have as much to transform back for less. */
static int64_t block_of(const gt_winograd_tiling *p, gt_conv_direction direction) {
    const gt_gemm_kernels *kernels = p->kernels;
    int64_t weights = p->planes * p->from.channels * p->to.channels,
            tile = p->from_points * p->from.channels + p->to_points * p->to.channels;
    bool to_weights = direction == GT_CONV_WEIGHT_GRAD;
    if (weights <= MOST_CACHED) weights /= 2;
    int64_t floats = to_weights ? MOST_VALUES / p->points * tile : weights < LEAST_BLOCK ? LEAST_BLOCK : weights;
    int64_t block = (floats < MOST_BLOCK ? floats : MOST_BLOCK) / tile;
    if (!to_weights) block = down_to(block, block < kernels->tile_rows ? kernels->rows : kernels->tile_rows);
    if (block < kernels->rows) block = kernels->rows;
    int64_t blocks = (p->tiles + block - 1) / block;
    return to_weights ? (p->tiles + blocks - 1) / blocks : block < p->tiles ? block : p->tiles;
}

gt_winograd_tiling gt_winograd_tiling_of(const gt_conv_shape *s, gt_conv_direction direction) {
    gt_winograd_tiling p = {.kernels = gt_kernel_set_or_best(s->kernels)->gemm, .images = s->n};
    if (s->stride == 1) stride_one(&p, s, direction);
    else stride_two(&p, s, direction, s->kh == 4 ? &four_taps : &three_taps);
    if (s->kh == 4) share_points(&p, direction);
    p.points = p.side * p.side;
    p.planes = p.planes_side * p.planes_side;
    if (!p.from_points) p.from_points = p.points;
    if (!p.to_points) p.to_points = p.points;
    p.taps = s->kh * s->kw;
    p.across = tiles_along(&p.to, true, &p.from);
    p.per_image = tiles_along(&p.to, false, &p.from) * p.across;
    p.tiles = p.images * p.per_image;
    p.block = block_of(&p, direction);
    find_planes(&p);
    return p;
}

bool gt_winograd_possible(const gt_conv_shape *s) {
    int window = s->kh;
    if (s->kw != window || s->groups != 1) return false;
    if (s->stride == 1) return window == 3 && s->pad_top <= 2 && s->pad_left <= 2;
    bool sees_all = s->h + s->pad_top <= 2 * s->p + window - 2 && s->w + s->pad_left <= 2 * s->q + window - 2;
    return s->stride == 2 && (window == 3 || window == 4) && sees_all;
}

int64_t gt_winograd_tiles_per_image(const gt_conv_shape *s, gt_conv_direction direction) {
    return gt_winograd_tiling_of(s, direction).per_image;
}

void gt_winograd_pixels(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *images, int64_t tile,
                        const float *outside, const float **to) {
    int64_t n = tile / tiling->per_image, in_image = tile % tiling->per_image;
    int64_t y = in_image / tiling->across * f->step - f->pad_y, x = in_image % tiling->across * f->step - f->pad_x;
    for (int i = 0; i < f->side; i++)
        for (int j = 0; j < f->side; j++) {
            bool inside = y + i >= 0 && y + i < f->height && x + j >= 0 && x + j < f->width;
            to[i * f->side + j] = inside ? images + ((n * f->height + y + i) * f->width + x + j) * f->channels
                                         : outside;
        }
}

/* A pixel outside is +0, whatever the signs of scales. */
gt_winograd_images gt_winograd_images_of(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *at,
                                         const float *scales, float *zeros) {
    if (!scales) memset(zeros, 0, (size_t)f->channels * sizeof *zeros);
    for (int64_t i = 0; scales && i < tiling->images * f->channels; i++) zeros[i] = copysignf(0, scales[i]);
    return (gt_winograd_images){at, scales, zeros};
}

int gt_winograd_read(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const gt_winograd_images *images,
                     int64_t tile, const float *from[GT_WINOGRAD_MOST_POINTS + 1]) {
    int pixels = f->side * f->side;
    int64_t own = images->scales ? tile / tiling->per_image * f->channels : 0;
    gt_winograd_pixels(tiling, f, images->at, tile, images->zeros + own, from);
    if (!images->scales) return pixels;
    from[pixels] = images->scales + own;
    return pixels + 1;
}

/* Floats of the images up to the last row of pixels of a tile. */
static int64_t rows_end(const gt_winograd_tiling *tiling, const gt_winograd_face *f, int64_t tile) {
    if (tile < 0) return 0;
    int64_t y = tile % tiling->per_image / tiling->across * f->step - f->pad_y + f->side;
    return (tile / tiling->per_image * f->height + (y < f->height ? y : f->height)) * f->width * f->channels;
}

gt_range gt_winograd_rows_ahead(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *images,
                                int64_t begin, int64_t end) {
    if (end > tiling->tiles) end = tiling->tiles;
    if (begin >= end) return (gt_range){NULL, 0};
    int64_t at = rows_end(tiling, f, begin - 1);
    int64_t floats = rows_end(tiling, f, end - 1) - at;
    return (gt_range){images + at, floats <= MOST_AHEAD ? floats : 0};
}
