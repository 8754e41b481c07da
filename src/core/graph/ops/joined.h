/* SPDX-License-Identifier: Apache-2.0
 * Several slices in one node: what the rules of the ops (gt_op.joined) are made of. The values of slices lie one after
 * the other, so that their node has the shape of one slice's with the first dimension so many times as long ("joined");
 * a scalar becomes [slices]. */
#ifndef GANTRY_GRAPH_OPS_JOINED_H
#define GANTRY_GRAPH_OPS_JOINED_H

#include "graph/door/op.h"

gt_shape gt_joined_shape(const gt_shape *one, int slices);
/* Joined values of shape `one` each as [slices, 1 ..., one]: the slices have a dimension of their own, and `one` is
 * filled up to `rank` dimensions. NULL without a fault where that is more than there can be. */
gt_node *gt_slices_apart(gt_graph *g, gt_node *joined, const gt_shape *one, int slices, int rank);
/* Is n a broadcast that spreads along the first dimension anyhow, and so can spread further? */
bool gt_spreads_rows(const gt_node *n);
/* What all slices share, joined: as often as there are slices. */
gt_node *gt_slices_repeat(gt_graph *g, gt_node *shared, int slices);
/* n over in[], with its own attributes: for ops of which row r of the result's first dimension needs but row r of the
 * inputs in `rows` (bit i: in[i]) and all of the others, which must be shared. NULL without a fault: they are not. */
gt_node *gt_slices_by_rows(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared,
                           unsigned rows);

/* One slice of joined values: a view. */
extern const gt_op gt_op_slice_view;
gt_node *gt_slice_view(gt_graph *g, gt_node *joined, const gt_shape *one, int slice);

#endif
