/* SPDX-License-Identifier: Apache-2.0
 * The attribute of convolutions; and convolutions whose images in are multiplied with a scale per sample and channel as
 * they are read: what passes make of a convolution of such a product. */
#ifndef GANTRY_GRAPH_OPS_CONV_H
#define GANTRY_GRAPH_OPS_CONV_H

#include "gantry/ops.h"
#include "graph/op.h"

typedef struct gt_conv_node_attr {
    gt_conv_attr conv; /* without its defaults' zeros */
    int32_t direction; /* a gt_conv_direction */
    int16_t kernel;    /* a gt_conv_kernel, chosen when the node is made */
    int16_t scales;    /* bit i: the images in[i] have scales */
    int64_t extent[2]; /* input grad: height and width; weight grad: kh and kw */
} gt_conv_node_attr;

/* Is n a convolution, in any direction, without scales, that can multiply its input number i? */
bool gt_conv_node_takes_scales(const gt_node *n, int i);
/* n over in[] instead of its own inputs; where scales[i] is not NULL, of in[i] times scales[i], [N,1,1,C]. */
gt_node *gt_conv_with_scales(gt_graph *g, const gt_node *n, gt_node *const *in, gt_node *const scales[2]);

#endif
