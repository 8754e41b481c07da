/* SPDX-License-Identifier: Apache-2.0
 * Max pooling of channels-last images. Of equal values the first in the window (rows, then columns) is the maximum; a
 * NaN is larger than any number, and of several the last counts. */
#ifndef GANTRY_KERNELS_DOOR_MAX_POOL_H
#define GANTRY_KERNELS_DOOR_MAX_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/pool.h"

typedef struct gt_max_pool_shape {
    int64_t n, h, w, c;         /* images [n,h,w,c] */
    int64_t p, q;               /* pooled images [n,p,q,c]; each window holds a pixel at least */
    int size, stride, pad;      /* of rows */
    int width, stride_x, pad_x; /* of columns */
} gt_max_pool_shape;

/* out [n,p,q,c]: v [n,h,w,c] at the maximum of x in each window. v may be x. */
void gt_max_pool_pick_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, const float *v, float *out);
/* Do the windows cover each pixel once? */
bool gt_max_pool_apart(const gt_max_pool_shape *s);
/* `out` may be x where windows are apart. out [n,h,w,c]: v [n,p,q,c], each value added to the pixel of the maximum of x
 * in its window. */
void gt_max_pool_spread_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, const float *v, float *out);
/* out [n,p,q,c]: the place of the maximum of x in each window, as a number that max_pool_put understands. */
void gt_max_pool_place_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *x, float *out);
/* max_pool_spread with these places. */
void gt_max_pool_put_kernel(const gt_max_pool_shape *s, gt_pool *pool, const float *places, const float *v, float *out);

#endif
