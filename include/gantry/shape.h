/* SPDX-License-Identifier: Apache-2.0
 * Shapes of tensors.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_SHAPE_H
#define GANTRY_SHAPE_H

#include <stdint.h>

enum { GT_MAX_DIMS = 6, GT_MAX_SLOTS = 16 };

typedef struct gt_shape {
    int n; /* number of dimensions, 0 = scalar */
    int64_t d[GT_MAX_DIMS];
} gt_shape;

#define GT_SHAPE(...) ((gt_shape){sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}})

int64_t gt_shape_size(const gt_shape *s);                      /* product of the dimensions; 1 for a scalar */
const char *gt_shape_text(const gt_shape *s, char buffer[96]); /* "4x3x16x16", "scalar" */

typedef struct gt_graph gt_graph;

/* ---- building ---- */

typedef struct gt_exec gt_exec;

#endif
