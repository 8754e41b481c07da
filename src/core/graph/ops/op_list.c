/* SPDX-License-Identifier: Apache-2.0
 * The table of all ops. */
#include "graph/door/op_list.h"

#include "graph/door/elementwise.h"

const gt_op *const gt_op_list[] = {
#define GT_MAP_ROW(id, ...) &gt_op_elementwise[GT_MAP_##id],
#define X(name) &gt_op_##name,
    GT_OP_LIST(X)
#undef X
        NULL,
};
