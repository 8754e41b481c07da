/* SPDX-License-Identifier: Apache-2.0
 * Copying a box of elements from one strided place to another: all that permute, flip, pad and concat do. */
#ifndef GANTRY_GRAPH_OPS_COPY_BOX_H
#define GANTRY_GRAPH_OPS_COPY_BOX_H

#include "gantry/pool.h"
#include "gantry/shape.h"

/* out[sum i_k to_k] = in[sum i_k from_k] for 0 <= i_k < d_k. Strides are in floats; those of the input may be negative.
 */
typedef struct gt_box_copy {
    int n;
    int64_t d[GT_MAX_DIMS], to[GT_MAX_DIMS], from[GT_MAX_DIMS];
} gt_box_copy;

void gt_copy_box(gt_pool *pool, const gt_box_copy *b, const float *in, float *out);
void gt_fill_zero(gt_pool *pool, float *out, int64_t n);

#endif
