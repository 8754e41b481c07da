/* SPDX-License-Identifier: Apache-2.0
 * Convolutions whose images in are multiplied with a scale per sample and channel as they are read: what passes make of
 * a convolution of such a product. */
#ifndef GANTRY_GRAPH_OPS_CONV_H
#define GANTRY_GRAPH_OPS_CONV_H

#include "graph/op.h"

/* Is n a convolution, in any direction, without scales, that can multiply its input number i? */
bool gt_conv_node_takes_scales(const gt_node *n, int i);
/* n over in[] instead of its own inputs; where scales[i] is not NULL, of in[i] times scales[i], [N,1,1,C]. */
gt_node *gt_conv_with_scales(gt_graph *g, const gt_node *n, gt_node *const *in, gt_node *const scales[2]);

#endif
