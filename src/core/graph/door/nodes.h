/* SPDX-License-Identifier: Apache-2.0
 * What passes and other forms of a graph must know of ops: the nodes' attributes, and how such nodes are made anew. */
#ifndef GANTRY_GRAPH_DOOR_NODES_H
#define GANTRY_GRAPH_DOOR_NODES_H

#include "graph/door/ops.h"
#include "graph/door/op.h"

/* Attributes of the ops that move elements: the algebra pass combines them. */

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

/* The op that sums, and its attribute. */

typedef struct gt_sum_attr {
    uint32_t axes; /* bit i: axis i is summed and kept as 1 */
} gt_sum_attr;

extern const gt_op gt_op_sum;

/* The attribute of convolutions; and convolutions whose images in are multiplied with a scale per sample and channel as
 * they are read: what passes make of a convolution of such a product. */

typedef struct gt_conv_node_attr {
    gt_conv_attr conv; /* without its defaults' zeros */
    int32_t direction; /* a gt_conv_direction */
    int16_t kernel;    /* a gt_conv_kernel, chosen when the node is made */
    int16_t scales;    /* bit i: the images in[i] have scales */
    int64_t extent[2]; /* input grad: height and width; weight grad: kh and kw; packing: gt_conv_packing_extent() */
} gt_conv_node_attr;

/* Is n a convolution, in any direction, without scales, that can multiply its input number i? */
bool gt_conv_node_takes_scales(const gt_node *n, int i);
/* n over in[] instead of its own inputs; where scales[i] is not NULL, of in[i] times scales[i], [N,1,1,C]. */
gt_node *gt_conv_with_scales(gt_graph *g, const gt_node *n, gt_node *const *in, gt_node *const scales[2]);

/* Flops that a convolution's algorithm executes (gt_conv_work): fewer products than gt_node_cost() counts where there
 * are transforms. */
void gt_conv_node_work(const gt_node *n, double *products, double *transforms);

/* Max pooling by places (ops/max_pool.c), for passes. */

/* Where x has its maxima, in the windows of n, a node of pooling in either direction. */
gt_node *gt_max_pool_places(gt_graph *g, const gt_node *n, gt_node *x);
/* The node max_pool_spread `spread` with its maxima in these places. */
gt_node *gt_max_pool_put(gt_graph *g, const gt_node *spread, gt_node *places, gt_node *v);

/* The attribute of FIR resampling. A node holds the taps as they are applied - correlation order, gain included, an
 * outer product as its two factors - so that equal filters compare equal. */

typedef struct gt_fir_attr {
    int32_t up_x, up_y, down_x, down_y;
    int32_t pad_x0, pad_x1, pad_y0, pad_y1;
    int32_t nx, ny, separable;
    float taps[]; /* separable: nx, then ny; else ny x nx */
} gt_fir_attr;

#endif
