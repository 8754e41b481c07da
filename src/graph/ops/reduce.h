/* SPDX-License-Identifier: Apache-2.0
 * The op that sums, and its attribute. */
#ifndef GANTRY_GRAPH_OPS_REDUCE_H
#define GANTRY_GRAPH_OPS_REDUCE_H

#include "graph/op.h"

typedef struct gt_sum_attr {
    uint32_t axes; /* bit i: axis i is summed and kept as 1 */
} gt_sum_attr;

extern const gt_op gt_op_sum;

#endif
