/* SPDX-License-Identifier: Apache-2.0
 * Layers in the field's usual words. The texts lie in the arena. */
#ifndef GANTRY_FEATURES_INSPECT_LAYER_WORDS_H
#define GANTRY_FEATURES_INSPECT_LAYER_WORDS_H

#include "graph/door/graph.h"
#include "gantry/memory.h"
#include "gantry/model.h"
#include "networks/nets/door/nets.h"

/* "conv 5x5, stride 2, padding 2", "transposed conv 4x4, stride 2, padding 1", "linear", "batch norm", "max pool 2x2,
 * stride 2", "average pool 2x2, stride 2"; the op's name of what has no other. */
const char *layer_kind(gt_arena *a, const gt_net *net, const gt_graph_layer *l);
/* "3 to 64": channels that the layer's product reads and makes; "": it has no product with weights. */
const char *layer_channels(gt_arena *a, const gt_graph_layer *l);
/* "relu", "lrelu 0.2", "swish"; "": there is none. */
const char *layer_activation(gt_arena *a, const gt_graph_layer *l);

#endif
