/* SPDX-License-Identifier: Apache-2.0
 * The nodes of the tree over slices that a rank adds up (tree.h). */
#include "dist/tree.h"

#include "gantry/dist.h"

int gt_tree_nodes_of(int slices, int ranks, int rank, gt_tree_node *nodes) {
    int first, count, depth = 0;
    gt_slice_range(slices, ranks, rank, &first, &count);
    for (int i = 0; i < count; i++) gt_tree_push(nodes, &depth, (gt_tree_node){0, first + i}, slices);
    return depth;
}
