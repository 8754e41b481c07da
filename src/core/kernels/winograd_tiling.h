/* SPDX-License-Identifier: Apache-2.0
 * How a Winograd convolution is cut up: faces, tiles, points, planes, blocks.
 *
 * The images on either side of the products are a *face*: a linear map turns each tile of a face, side.y x side.x
 * pixels, into the points of the transformed domain, or back. Points with the same transformed weights form a *plane*:
 * one product. A *block* is as many tiles as stay in the last-level cache (small blocks: winograd_fused.c).
 *
 * Tile t along an axis, for the forward direction and the weight gradient (pad: pad_top or pad_left; wide tiles have 6
 * points along y):
 *
 *   windows, stride   pixels of images in            pixels of results   points   planes
 *   3x3, 1            4t - pad ... 4t - pad + 5      4t ... 4t + 3       6        6
 *   3x3, 1, wide: x   8t - pad ... 8t - pad + 9      8t ... 8t + 7       10       10
 *   3x3, 2            8t - pad ... 8t - pad + 8      4t ... 4t + 3       9        6: points 5 to 8 share plane 5
 *   4x4, 2            8t - pad ... 8t - pad + 9      4t ... 4t + 3       10       10
 *
 * Points 5 to 8 of 3x3 with stride 2 are the odd pixels, which all meet the middle tap. Both axes together have 36, 60,
 * 81 and 100 points in 36, 60, 36 and 100 planes. With 3x3 and stride 2 a plane has 1, 4 or 16 points:
 *
 *   plane of point (y, x)   x 0 ... 4   x 5 ... 8
 *             y 0 ... 4     1 point     4 points
 *             y 5 ... 8     4 points    16 points
 *
 * With 4x4 windows the even and the odd pixels of x (points 0 to 4, points 5 to 9) meet the same points of dy: 5 along
 * each axis, 25 in all, each of which serves four planes.
 *
 * The input gradient with stride 1 is a forward convolution of dy by flipped weights with padding 2 - pad. With stride
 * 2 the input gradient is the adjoint of the forward direction, with the same tiles: tiles of dx overlap, and what two
 * tiles give to a pixel is added.
 *
 * Tiles of all images are numbered image by image, line by line: tile = (n * down + y) * across + x. */
#ifndef GANTRY_KERNELS_WINOGRAD_TILING_H
#define GANTRY_KERNELS_WINOGRAD_TILING_H

#include "kernels/door/conv.h"
#include "kernels/door/gemm_product.h"

enum {
    GT_WINOGRAD_PLANES_MAX = 100,
    GT_WINOGRAD_TAPS_MAX = 16,
    GT_WINOGRAD_SHARED_MAX = 16, /* points of a plane */
};

typedef struct gt_winograd_size {
    int y, x;
} gt_winograd_size;

typedef struct gt_winograd_face {
    int64_t height, width, channels; /* of the images */
    gt_winograd_size side, step;     /* of a tile; pixels from tile to tile: neighbours share side - step */
    int64_t pad_y, pad_x;
    gt_winograd_transform transform;
} gt_winograd_face;

typedef struct gt_winograd_tiling {
    const gt_gemm_kernels *kernels;
    gt_winograd_kind kind;
    int points, planes, taps; /* in all; of a window */
    gt_winograd_size results; /* of a tile: pixels */
    /* of each point: its plane and its place there */
    uint8_t plane[GT_WINOGRAD_POINTS_MAX], index[GT_WINOGRAD_POINTS_MAX];
    /* of each plane: points in those before, and in it */
    uint8_t first[GT_WINOGRAD_PLANES_MAX], shared[GT_WINOGRAD_PLANES_MAX];

    /* Different points of each face: fewer than all where several planes read the same values. */
    int from_points, to_points;
    gt_winograd_face from, to; /* images in; images out, or dy of the weight gradient */
    bool flipped, transposed;  /* the weights, for the input gradient */
    int64_t images, across, per_image, tiles;
    int64_t block; /* tiles of a block */
} gt_winograd_tiling;

/* One group; 3x3 with stride 1 and padding 0 to 2, or 3x3 or 4x4 with stride 2 where a result sees every pixel of the
 * image. */
bool gt_winograd_possible(const gt_conv_shape *s);
/* The next two are of convolutions for which that is so. */
gt_winograd_kind gt_winograd_kind_of(const gt_conv_shape *s);
gt_winograd_tiling gt_winograd_tiling_of(const gt_conv_shape *s);

/* Additions of all transforms of a convolution but those of packed weights: subtractions count as well, and products
 * do not, since most of them are fused with an addition. Of gradients, weights are transformed back once. */
double gt_winograd_additions(const gt_winograd_tiling *tiling, gt_conv_direction direction);

/* See gt_conv_packing_extent(). */
int64_t gt_winograd_packing_extent(const gt_conv_shape *s);

/* The number of the plane in which a face with so many different points keeps the values that the product of plane
 * number `plane` reads. */
int gt_winograd_plane_of(const gt_winograd_tiling *tiling, int points, int plane);

/* Images that are read by tiles. */
typedef struct gt_winograd_images {
    const float *at;
    const float *scales; /* NULL, or [n][channels]: pixels are multiplied with them as they are read */
    /* [n][channels]: a pixel outside. With scales, one for each image: zeros whose product is +0 */
    float *zeros;
} gt_winograd_images;

/* Fills `zeros`. */
gt_winograd_images gt_winograd_images_of(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *at,
                                         const float *scales, float *zeros);

/* Pointers to what a transform of these images reads for tile number `tile`; returns their number. */
int gt_winograd_read(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const gt_winograd_images *images,
                     int64_t tile, const float *from[GT_WINOGRAD_POINTS_MAX + 1]);

/* Pointers to the pixels of tile number `tile` of images with face f; `outside` for those that are not there. */
void gt_winograd_pixels(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *images, int64_t tile,
                        const float *outside, const float **to);

/* What to fetch ahead for tiles [begin, end) of images with face f: the rows of pixels that the tiles before do not
 * have. Nothing past the last tile, nor where it is too much for the cache. */
gt_range gt_winograd_rows_ahead(const gt_winograd_tiling *tiling, const gt_winograd_face *f, const float *images,
                                int64_t begin, int64_t end);

#endif
