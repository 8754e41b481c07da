/* SPDX-License-Identifier: Apache-2.0
 * Every op that networks are made of: one line each, for tests that go over all ops. Element-wise ops are the rows of
 * graph/door/elementwise_ops.h. Not here: leaves (graph.c), and what only passes make: fused element-wise nodes
 * (elementwise.c) and views of a slice (joined.c). */
#ifndef GANTRY_GRAPH_DOOR_OP_LIST_H
#define GANTRY_GRAPH_DOOR_OP_LIST_H

#include "graph/door/op.h"

#define GT_OP_LIST(X)     \
    X(sum)                \
    X(sum_over_slices)    \
    X(one_hot_max)        \
    X(reshape)            \
    X(stop_gradient)      \
    X(permute)            \
    X(flip)               \
    X(pad)                \
    X(concat)             \
    X(matmul)             \
    X(matmul_pack)        \
    X(conv)               \
    X(conv_input_grad)    \
    X(conv_weight_grad)   \
    X(conv_pack)          \
    X(upfirdn)            \
    X(sample_fir)         \
    X(reflect_pad)        \
    X(warp)               \
    X(max_pool_pick)      \
    X(max_pool_spread)    \
    X(max_pool_place)     \
    X(max_pool_put)       \
    X(cross_entropy)      \
    X(cross_entropy_grad) \
    X(random_normal)      \
    X(random_uniform)

#define X(name) extern const gt_op gt_op_##name;
GT_OP_LIST(X)
#undef X

extern const gt_op *const gt_op_list[]; /* ends with NULL; the element-wise ops come first */

#endif
