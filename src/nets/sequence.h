/* SPDX-License-Identifier: Apache-2.0
 * Networks that are one layer after the other, as tables: the classic networks. Layer i of a sequence `name` has the
 * tensors NAME.i.weight [out,in] or [out,in,k,k] (transposed convolutions [in,out,k,k], as PyTorch has them) and
 * NAME.i.bias [out]. Initial weights and biases are uniform in +-1/sqrt(fan in): He et al., "Delving Deep into
 * Rectifiers", eq. 10 with the slope sqrt(5), which is PyTorch's choice. Flattened images are in the order channels,
 * rows, columns, as in published networks. */
#ifndef GANTRY_NETS_SEQUENCE_H
#define GANTRY_NETS_SEQUENCE_H

#include "nets/layers.h"

typedef enum gt_layer_kind {
    GT_LAYER_LINEAR,    /* on [N,F] */
    GT_LAYER_CONV,      /* on images [N,H,W,C] */
    GT_LAYER_TRANSPOSED /* its adjoint: the size becomes (size - 1) stride - 2 pad + kernel + output_pad */
} gt_layer_kind;

typedef struct gt_layer {
    gt_layer_kind kind;
    int out; /* features, or channels */
    int kernel, stride, pad, output_pad;
    const char *activation; /* NULL: none */
    float slope;            /* of "lrelu" */
    gt_shape becomes;       /* n = 3: the features leave as images of this shape [H,W,C] */
} gt_layer;

/* Declares the layers; *sample is the shape of one sample before ([F] or [H,W,C]) and becomes that after them. A linear
 * layer flattens images. */
void gt_sequence_declare(gt_declarer *d, const char *name, const gt_layer *layers, int n, gt_shape *sample);
gt_node *gt_sequence(gt_bound_net b, const char *name, const gt_layer *layers, int n, gt_node *x);

#endif
