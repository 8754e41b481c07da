/* SPDX-License-Identifier: Apache-2.0
 * The table of all ops. */
#include "graph/ops/op_list.h"

#include "graph/ops/elementwise.h"

const gt_op *const gt_op_list[] = {
#define X(id, inputs, constants, flops, differentiable) &gt_op_elementwise[GT_MAP_##id],
    GT_ELEMENTWISE_TABLE(X)
#undef X
#define X(name) &gt_op_##name,
        GT_OP_LIST(X)
#undef X
            NULL,
};
