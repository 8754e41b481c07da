/* SPDX-License-Identifier: Apache-2.0
 * Sequences: networks of one layer after the other, each a row of a table. Layer i of a sequence `name` has the tensors
 * NAME.i.weight [out,in] or [out,in,k,k] (transposed convolutions [in,out,k,k], as PyTorch has them) and NAME.i.bias
 * [out]. Initial weights and biases are uniform in +-1/sqrt(fan in): He et al., "Delving Deep into Rectifiers", eq. 10
 * with the slope sqrt(5), which is PyTorch's choice. Flattened images are in the order channels, rows, columns, as in
 * published networks. */
#ifndef GANTRY_NETWORKS_NETS_DOOR_SEQUENCE_H
#define GANTRY_NETWORKS_NETS_DOOR_SEQUENCE_H

#include "networks/nets/door/layers.h"

typedef enum gt_layer_kind {
    GT_LAYER_LINEAR,    /* on [N,F] */
    GT_LAYER_CONV,      /* on images [N,H,W,C] */
    GT_LAYER_TRANSPOSED /* the adjoint of CONV: a side becomes (side - 1) stride - 2 pad + kernel + output_pad */
} gt_layer_kind;

typedef struct gt_layer {
    gt_layer_kind kind;
    int out; /* features or channels of the result */
    int kernel, stride, pad, output_pad;
    const char *activation; /* NULL: none */
    float slope;            /* of the activation "lrelu" */
    gt_shape becomes;       /* [H,W,C]: the features are reshaped to images of this shape; n = 0: they are not */
} gt_layer;

/* Declares the tensors of n layers. *sample is the shape of one sample before the first layer, [F] or [H,W,C], and
 * becomes the shape after the last layer. A linear layer flattens images. A layer that does not fit is a fault of d. */
void gt_sequence_declare(gt_declarer *d, const char *name, const gt_layer *layers, int n, gt_shape *sample);
/* Appends the layers to b.graph: x [N,F] or [N,H,W,C]. */
gt_node *gt_sequence(gt_bound_net b, const char *name, const gt_layer *layers, int n, gt_node *x);
/* The same of one layer, with the tensors NAME.weight and NAME.bias. */
void gt_sequence_declare_layer(gt_declarer *d, const char *name, const gt_layer *l, gt_shape *sample);
gt_node *gt_sequence_layer(gt_bound_net b, const char *name, const gt_layer *l, gt_node *x);

/* [N,H,W,C] -> [N,C*H*W], anything else [N,...] -> [N,rest]. */
gt_node *gt_flatten(gt_graph *g, gt_node *x);

#endif
