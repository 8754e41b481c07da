/* SPDX-License-Identifier: Apache-2.0
 * The layers of a network, found in the graph of its forward pass: for tables, and for values in the middle.
 *
 * A layer is what the tensors of one name do: conv1.weight and conv1.bias make the layer "conv1". The element-wise
 * nodes that follow (activation, sum with another branch) belong to it; so does what prepares its input or weights.
 * Poolings, concatenations and resampling have no tensors and are layers of their own: "max_pool.1",
 * "inception3a.concat". */
#ifndef GANTRY_GRAPH_LAYER_LIST_H
#define GANTRY_GRAPH_LAYER_LIST_H

#include "gantry/graph.h"

typedef struct gt_layer {
    const char *name;
    const char *kind; /* the op that has most to do: "conv", "matmul", ... */
    gt_node *output;  /* the last value; of convolutions after the activation, where no other layer lies between */
    double flops;     /* of one run of the graph, without what depends on parameters alone */
    double most;      /* flops of its largest node */
} gt_layer;

typedef struct gt_layer_list {
    int n;
    gt_layer *layers; /* in the order in which their values are there */
} gt_layer_list;

/* The layers of the graph, whose parameters are leaves "NET.TENSOR". The list lies in the graph's arena. */
gt_status gt_layer_list_make(gt_graph *g, gt_layer_list *out);

/* The value of the layer `name`, or of the block whose layers are called NAME.something: the last of these. NULL, with
 * a message that lists the names: there is neither. */
gt_node *gt_layer_list_find(const gt_layer_list *list, const char *name);

/* "C.conv1.weight" -> "conv1", of `bytes` bytes with its 0; of the name of a tensor alone (`of_net` false) likewise. */
void gt_layer_name(const char *leaf, bool of_net, char *name, size_t bytes);

#endif
