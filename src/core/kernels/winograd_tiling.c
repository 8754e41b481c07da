/* SPDX-License-Identifier: Apache-2.0
 * How a Winograd convolution is cut up: winograd_tiling.h has the terms and a table of the tiles. conv.c asks for the
 * kind and the number of tiles, to choose an algorithm; winograd.c and winograd_weight_grad.c ask for all of it, and
 * for the pixels of each tile. Everything here follows from the shape and the kernel set alone, never from the number
 * of threads: how tiles are cut into blocks decides the order of the weight gradient's sums.
 *
 * How many tiles a block has, where `tile` floats are the values of one tile at the points of both faces, and `weights`
 * floats are the transformed weights of all planes:
 *
 *   forward, input grad   floats / tile; floats = weights, or weights / 2 up to MOST_CACHED, but at least LEAST_BLOCK
 *                         and at most MOST_BLOCK; rounded down to whole tile_rows of the kernels (smaller blocks: to
 *                         whole rows of the micro-kernel)
 *   weight grad           MOST_VALUES / points, but at most MOST_BLOCK / tile; then all blocks are made equal */
#include "kernels/winograd_tiling.h"

#include <math.h>
#include <string.h>

#include "base/door/numbers.h"
#include "kernels/door/kernel_set.h"

enum {
    LEAST_WIDE = 16,        /* pixels across results that wide tiles pay for */
    WIDE_CHANNELS = 32,     /* of fewer, products are too small a part of the time for wide tiles' larger errors */
    SURELY_WIDE = 1 << 16,  /* height and width for which wide tiles pay, however many channels there are */
    MOST_WEIGHTS = 8,       /* wide tiles: transformed weights for each transformed value of an image */
    FOUR_POINTS = 10,       /* windows of 4x4: points along each axis */
    TWO_TAPS_POINTS = 5,    /* of which so many are different ones for dy */
    LEAST_BLOCK = 8 << 17,  /* floats of transformed data per block of tiles: 4 MiB */
    MOST_CACHED = 3 << 20,  /* 12 MiB: weights that stay in the last-level cache from block to block */
    MOST_BLOCK = 11 << 20,  /* 44 MiB: what the last-level cache does not hold is read in order */
    MOST_AHEAD = 5 << 18,   /* 5 MiB of rows: more would drive from the cache what the products read */
    MOST_VALUES = 128 * 81, /* points of all tiles in a block of the weight gradient */
};

/* Tiles along an axis. */
typedef struct axis {
    int results, side; /* pixels of a tile of results, and of images in, with as many points */
    int planes, step;  /* step: from tile to tile of images in */
    /* additions that the maps of one line have (winograd_transforms.h), of transforms of gradients and images */
    int additions[GT_WINOGRAD_TRANSFORMS];
} axis;

/* The transforms in the order of gt_winograd_transform. */
#define ADDITIONS(image, result_adjoint, image_adjoint, result, weights_adjoint)    \
    {                                                                               \
        [GT_WINOGRAD_IMAGE] = image, [GT_WINOGRAD_RESULT_ADJOINT] = result_adjoint, \
        [GT_WINOGRAD_IMAGE_ADJOINT] = image_adjoint, [GT_WINOGRAD_RESULT] = result, \
        [GT_WINOGRAD_WEIGHTS_ADJOINT] = weights_adjoint                             \
    }
/* With stride 2 the last four points along an axis share a plane. */
static const axis whole = {4, 6, 6, 4, ADDITIONS(12, 8, 0, 10, 9)}, wide = {8, 10, 10, 8, ADDITIONS(40, 32, 0, 34, 20)},
                  half = {4, 9, 6, 8, ADDITIONS(10, 8, 10, 13, 7)},
                  four = {4, FOUR_POINTS, FOUR_POINTS, 8, ADDITIONS(20, 8, 20, 14, 14)};

static const struct {
    const axis *y, *x;
} kinds[GT_WINOGRAD_KINDS] = {
    [GT_WINOGRAD_WHOLE] = {&whole, &whole},
    [GT_WINOGRAD_WIDE] = {&whole, &wide},
    [GT_WINOGRAD_HALF] = {&half, &half},
    [GT_WINOGRAD_FOUR] = {&four, &four},
};

static void find_planes(gt_winograd_tiling *p) {
    const axis *y = kinds[p->kind].y, *x = kinds[p->kind].x;
    for (int i = 0; i < p->points; i++) {
        int64_t plane = gt_smallest(i / x->side, y->planes - 1) * x->planes + gt_smallest(i % x->side, x->planes - 1);
        p->plane[i] = (uint8_t)plane;
        p->index[i] = p->shared[plane]++;
    }
    for (int i = 1; i < p->planes; i++) p->first[i] = (uint8_t)(p->first[i - 1] + p->shared[i - 1]);
}

/* Wide tiles have a sixth fewer products than two others in the place of each. They pay where they do not reach too far
 * beyond the edge, and where transformed weights, of which there are more, are few beside transformed images. */
static bool wide_tiles_pay(const gt_conv_shape *s) {
    bool back = s->direction == GT_CONV_INPUT_GRAD;
    int64_t width = back ? s->w : s->q, across = gt_pieces(width, wide.results),
            tiles = across * gt_pieces(back ? s->h : s->p, whole.results);
    return width >= LEAST_WIDE && gt_smallest(s->c, s->o) >= WIDE_CHANNELS &&
           s->c * s->o <= MOST_WEIGHTS * tiles * (s->c + s->o) &&
           across * wide.side < gt_pieces(width, whole.results) * whole.side;
}

int64_t gt_winograd_packing_extent(const gt_conv_shape *s) {
    return gt_winograd_kind_of(s) == GT_WINOGRAD_WIDE ? SURELY_WIDE : 1;
}

gt_winograd_kind gt_winograd_kind_of(const gt_conv_shape *s) {
    if (s->stride == 1) return wide_tiles_pay(s) ? GT_WINOGRAD_WIDE : GT_WINOGRAD_WHOLE;
    return s->kh == 4 ? GT_WINOGRAD_FOUR : GT_WINOGRAD_HALF;
}

/* The input gradient. Stride 1: a convolution of dy with the flipped, transposed weights and padding 2 - pad. Stride 2:
 * the adjoint of all steps in opposite order, so that it has no more tiles than the forward direction; its tiles
 * overlap. */
static void find_faces(gt_winograd_tiling *p, const gt_conv_shape *s) {
    const axis *y = kinds[p->kind].y, *x = kinds[p->kind].x;
    gt_winograd_size side = {y->side, x->side}, step = {y->step, x->step};
    bool forward = s->direction == GT_CONV_FORWARD, adjoint = s->direction == GT_CONV_INPUT_GRAD;
    gt_winograd_face image = {s->h, s->w,       s->c,        side,
                              step, s->pad_top, s->pad_left, adjoint ? GT_WINOGRAD_IMAGE_ADJOINT : GT_WINOGRAD_IMAGE};
    gt_winograd_face result = {s->p,       s->q, s->o, p->results,
                               p->results, 0,    0,    forward ? GT_WINOGRAD_RESULT : GT_WINOGRAD_RESULT_ADJOINT};
    p->transposed = adjoint;
    p->flipped = adjoint && s->stride == 1;
    if (p->flipped) {
        image = (gt_winograd_face){s->h, s->w, s->c, p->results, p->results, 0, 0, GT_WINOGRAD_RESULT};
        result = (gt_winograd_face){s->p, s->q, s->o, side, step, 2 - s->pad_top, 2 - s->pad_left, GT_WINOGRAD_IMAGE};
    }
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

/* The face that is cut into tiles of results. */
static const gt_winograd_face *counted(const gt_winograd_tiling *p) {
    return p->to.side.y == p->results.y ? &p->to : &p->from;
}

static int64_t down_to(int64_t value, int64_t step) { return value / step * step; }

/* Every block reads all weights: so a block is as large as the weights, or half as large where the weights come from
 * the cache, within bounds. For the weight gradient a block is so large that transforming the weights back, once per
 * block, is a small part of the work; the blocks are equal, as a small last block would cost as much to transform back
 * as a large one. */
static int64_t block_of(const gt_winograd_tiling *p, gt_conv_direction direction) {
    const gt_gemm_kernels *kernels = p->kernels;
    int64_t weights = p->planes * p->from.channels * p->to.channels,
            tile = p->from_points * p->from.channels + p->to_points * p->to.channels;
    bool to_weights = direction == GT_CONV_WEIGHT_GRAD;
    if (weights <= MOST_CACHED) weights /= 2;
    int64_t floats = to_weights ? MOST_VALUES / p->points * tile : weights < LEAST_BLOCK ? LEAST_BLOCK : weights;
    int64_t block = gt_smallest(floats, MOST_BLOCK) / tile;
    if (!to_weights) block = down_to(block, block < kernels->tile_rows ? kernels->rows : kernels->tile_rows);
    if (block < kernels->rows) block = kernels->rows;
    int64_t blocks = gt_pieces(p->tiles, block);
    return to_weights ? gt_pieces(p->tiles, blocks) : gt_smallest(block, p->tiles);
}

gt_winograd_tiling gt_winograd_tiling_of(const gt_conv_shape *s) {
    gt_winograd_tiling p = {.kernels = gt_kernel_set_or_best(s->kernels)->gemm, .images = s->n};
    p.kind = gt_winograd_kind_of(s);
    const axis *y = kinds[p.kind].y, *x = kinds[p.kind].x;
    p.results = (gt_winograd_size){y->results, x->results};
    find_faces(&p, s);
    if (p.kind == GT_WINOGRAD_FOUR) share_points(&p, s->direction);
    p.points = y->side * x->side;
    p.planes = y->planes * x->planes;
    if (!p.from_points) p.from_points = p.points;
    if (!p.to_points) p.to_points = p.points;
    p.taps = s->kh * s->kw;
    p.across = gt_pieces(counted(&p)->width, p.results.x);
    p.per_image = gt_pieces(counted(&p)->height, p.results.y) * p.across;
    p.tiles = p.images * p.per_image;
    p.block = block_of(&p, s->direction);
    find_planes(&p);
    return p;
}

/* Of one transform, for each tile and channel: columns of what is read, then rows of what is made. */
static double additions(const gt_winograd_tiling *p, gt_winograd_transform transform, int columns, int rows) {
    return columns * kinds[p->kind].y->additions[transform] + rows * kinds[p->kind].x->additions[transform];
}

static double face_additions(const gt_winograd_tiling *p, const gt_winograd_face *f) {
    const axis *y = kinds[p->kind].y, *x = kinds[p->kind].x;
    bool to_points = f->transform < GT_WINOGRAD_SCALED,
         shared = p->kind == GT_WINOGRAD_FOUR && f->transform == GT_WINOGRAD_RESULT_ADJOINT;
    int rows = shared ? TWO_TAPS_POINTS : y->side;
    double each = to_points ? additions(p, f->transform, f->side.x, rows)
                            : additions(p, f->transform, x->side, f->side.y);
    return each * (double)(p->tiles * f->channels);
}

double gt_winograd_additions(const gt_winograd_tiling *tiling, gt_conv_direction direction) {
    double images = face_additions(tiling, &tiling->from) + face_additions(tiling, &tiling->to);
    if (direction != GT_CONV_WEIGHT_GRAD) return images;
    int window = tiling->kind == GT_WINOGRAD_FOUR ? 4 : 3, columns = kinds[tiling->kind].x->planes;
    return images + additions(tiling, GT_WINOGRAD_WEIGHTS_ADJOINT, columns, window) *
                        (double)(tiling->from.channels * tiling->to.channels);
}

bool gt_winograd_possible(const gt_conv_shape *s) {
    int window = s->kh;
    if (s->kw != window || s->groups != 1) return false;
    if (s->stride == 1) return window == 3 && s->pad_top <= 2 && s->pad_left <= 2;
    bool sees_all = s->h + s->pad_top <= 2 * s->p + window - 2 && s->w + s->pad_left <= 2 * s->q + window - 2;
    return s->stride == 2 && (window == 3 || window == 4) && sees_all;
}

void gt_winograd_pixels(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *images, int64_t tile,
                        const float *outside, const float **to) {
    int64_t n = tile / tiling->per_image, in_image = tile % tiling->per_image;
    int64_t y = in_image / tiling->across * f->step.y - f->pad_y, x = in_image % tiling->across * f->step.x - f->pad_x;
    int across = f->side.x, left = (int)gt_smallest(across, gt_largest(0, -x)),
        right = (int)gt_smallest(across, gt_largest(left, f->width - x));
    for (int i = 0; i < f->side.y; i++, to += across) {
        bool inside = y + i >= 0 && y + i < f->height;
        int begin = inside ? left : across, end = inside ? right : across;
        const float *line = images + ((n * f->height + y + i) * f->width + x) * f->channels;
        for (int j = 0; j < begin; j++) to[j] = outside;
        for (int j = begin; j < end; j++) to[j] = line + j * f->channels;
        for (int j = end; j < across; j++) to[j] = outside;
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
                     int64_t tile, const float *from[GT_WINOGRAD_POINTS_MAX + 1]) {
    int pixels = f->side.y * f->side.x;
    int64_t own = images->scales ? tile / tiling->per_image * f->channels : 0;
    gt_winograd_pixels(tiling, f, images->at, tile, images->zeros + own, from);
    if (!images->scales) return pixels;
    from[pixels] = images->scales + own;
    return pixels + 1;
}

/* Floats of the images up to the last row of pixels of a tile. */
static int64_t rows_end(const gt_winograd_tiling *tiling, const gt_winograd_face *f, int64_t tile) {
    if (tile < 0) return 0;
    int64_t y = tile % tiling->per_image / tiling->across * f->step.y - f->pad_y + f->side.y;
    return (tile / tiling->per_image * f->height + gt_smallest(y, f->height)) * f->width * f->channels;
}

gt_range gt_winograd_rows_ahead(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *images,
                                int64_t begin, int64_t end) {
    if (end > tiling->tiles) end = tiling->tiles;
    if (begin >= end) return (gt_range){NULL, 0};
    int64_t at = rows_end(tiling, f, begin - 1);
    int64_t floats = rows_end(tiling, f, end - 1) - at;
    return (gt_range){images + at, floats <= MOST_AHEAD ? floats : 0};
}
