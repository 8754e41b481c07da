/* SPDX-License-Identifier: Apache-2.0
 * Max pooling by places (ops/max_pool.c), for passes. */
#ifndef GANTRY_GRAPH_OPS_MAX_POOL_H
#define GANTRY_GRAPH_OPS_MAX_POOL_H

#include "graph/op.h"

/* Where x has its maxima, in the windows of n, a node of pooling in either direction. */
gt_node *gt_max_pool_places(gt_graph *g, const gt_node *n, gt_node *x);
/* The node max_pool_spread `spread` with its maxima in these places. */
gt_node *gt_max_pool_put(gt_graph *g, const gt_node *spread, gt_node *places, gt_node *v);

#endif
