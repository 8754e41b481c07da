/* SPDX-License-Identifier: Apache-2.0
 * Attributes of the ops that move elements: the algebra pass combines them. */
#ifndef GANTRY_GRAPH_OPS_SHAPE_H
#define GANTRY_GRAPH_OPS_SHAPE_H

#include "graph/op.h"

typedef struct gt_permute_attr {
    int32_t order[GT_MAX_DIMS]; /* output axis i is input axis order[i] */
} gt_permute_attr;

typedef struct gt_flip_attr {
    uint32_t axes;
} gt_flip_attr;

typedef struct gt_pad_attr {
    int64_t pad[GT_MAX_DIMS][2]; /* before, after; negative crops */
} gt_pad_attr;

typedef struct gt_concat_attr {
    int32_t axis;
} gt_concat_attr;

extern const gt_op gt_op_reshape, gt_op_stop_gradient, gt_op_permute, gt_op_flip, gt_op_pad;

#endif
