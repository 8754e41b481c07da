/* SPDX-License-Identifier: Apache-2.0
 * The gradient of a weight as one node (kernels/slice_tree.h): what the pass `gradients` makes of convolutions' weight
 * gradients and matrix products, their sum, the gain and the term of demodulation that follow. */
#ifndef GANTRY_GRAPH_OPS_GRADIENT_H
#define GANTRY_GRAPH_OPS_GRADIENT_H

#include "graph/door/nodes.h"
#include "kernels/door/conv.h"

/* Made by passes alone: convolutions, and matrix products whose first input is transposed. */
extern const gt_op gt_op_conv_gradient, gt_op_matmul_gradient;

/* gain * (sum of the parts + before) + factor * w * (down^T across). All parts are nodes of one op and attributes,
 * gt_op_conv_weight_grad or gt_op_matmul, over inputs of equal shapes. w has the parts' shape; NULL: there is no term.
 * down: [samples][rows of w's last matrix], across: [samples][columns]. */
typedef struct gt_gradient {
    int n_parts;
    const gt_node *part[GT_PARTS_MAX];
    float gain, factor;
    gt_node *w, *down, *across;
    gt_node *before; /* NULL: nothing */
    bool apart;      /* the leaves of the slices, one after the other, instead of their sum: to be `before` */
} gt_gradient;

/* Can the node be part of a gradient, and beside `other` (NULL: alone)? */
bool gt_gradient_takes(const gt_node *part, const gt_node *other);
/* The inputs of part i are `in[i]`: what the part's own became in g. */
gt_node *gt_gradient_node(gt_graph *g, const gt_gradient *sum, gt_node *const *const *in);

gt_conv_work gt_gradient_work(const gt_node *n); /* see gt_conv_node_work(); products with those of leaves and sums */

/* ---- of ops/conv.c ---- */

/* The shape of a convolution of the direction that the attribute names: in[0] and in[1] are x and w, dy and w, or x and
 * dy. GT_USAGE: they do not fit. */
gt_status gt_conv_describe(gt_node *const *in, const gt_conv_node_attr *a, gt_conv_shape *s);
/* For tables: the kernel, with the products that it takes over, so many scales. */
const char *gt_conv_kernel_title(gt_conv_kernel kernel, int scales);

#endif
