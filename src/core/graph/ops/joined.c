/* SPDX-License-Identifier: Apache-2.0
 * Values of several slices in one node: shapes, repetitions, and the view of one slice. */
#include "graph/ops/joined.h"

#include <string.h>

#include "graph/door/internal.h"
#include "graph/door/ops.h"
#include "graph/door/elementwise.h"
#include "graph/door/nodes.h"

gt_shape gt_joined_shape(const gt_shape *one, int slices) {
    if (one->n == 0) return GT_SHAPE(slices);
    gt_shape s = *one;
    s.d[0] *= slices;
    return s;
}

gt_node *gt_slices_apart(gt_graph *g, gt_node *joined, const gt_shape *one, int slices, int rank) {
    if (rank + 1 > GT_MAX_DIMS) return NULL;
    gt_shape s = {.n = rank + 1, .d = {slices}};
    int lead = rank - one->n;
    for (int i = 0; i < rank; i++) s.d[i + 1] = i < lead ? 1 : one->d[i - lead];
    while (joined && joined->op == &gt_op_reshape) joined = joined->in[0];
    return gt_reshape(g, joined, s);
}

bool gt_spreads_rows(const gt_node *n) {
    return n->op == &gt_op_elementwise[GT_MAP_broadcast] &&
           (n->in[0]->shape.n < n->shape.n || n->in[0]->shape.d[0] == 1);
}

gt_node *gt_slices_repeat(gt_graph *g, gt_node *shared, int slices) {
    gt_shape one = shared->shape, joined = gt_joined_shape(&one, slices);
    if (one.n && gt_spreads_rows(shared)) return gt_broadcast(g, shared->in[0], joined);
    if (one.n == 0 || one.d[0] == 1) return gt_broadcast(g, shared, joined);
    if (one.n == GT_MAX_DIMS) return gt_graph_fault(g, "'%s' has too many dimensions to be repeated", shared->name);
    gt_shape wide = {.n = one.n + 1, .d = {slices}};
    memcpy(wide.d + 1, one.d, (size_t)one.n * sizeof *one.d);
    return gt_reshape(g, gt_broadcast(g, shared, wide), joined);
}

gt_node *gt_slices_by_rows(gt_graph *g, const gt_node *n, int slices, gt_node *const *in, const bool *shared,
                           unsigned rows) {
    gt_node *joined[n->n_in + 1];
    for (int i = 0; i < n->n_in; i++) {
        bool by_rows = i < 32 && rows >> i & 1;
        if (!by_rows && !shared[i]) return NULL;
        joined[i] = by_rows && shared[i] ? gt_slices_repeat(g, in[i], slices) : in[i];
    }
    return gt_node_new(g, n->op, n->n_in, joined, n->attr, n->attr_bytes);
}

/* ---- a view of one slice ---- */

typedef struct view_attr {
    gt_shape shape;
    int64_t slice;
} view_attr;

static gt_status view_shape(gt_node *n) {
    n->shape = ((const view_attr *)n->attr)->shape;
    return GT_OK;
}

size_t gt_view_offset(const gt_node *n) {
    return n->op == &gt_op_slice_view
               ? (size_t)((const view_attr *)n->attr)->slice * (size_t)gt_shape_size(&n->shape) * sizeof(float)
               : 0;
}

const gt_op gt_op_slice_view = {.name = "slice_view",
                                .min_in = 1,
                                .shape = view_shape,
                                .not_differentiable = true,
                                .cost = gt_no_cost,
                                .view = true};

gt_node *gt_slice_view(gt_graph *g, gt_node *joined, const gt_shape *one, int slice) {
    view_attr attr = {.slice = slice};
    gt_shape_store(&attr.shape, one);
    while (joined && joined->op == &gt_op_reshape) joined = joined->in[0];
    return gt_node_new(g, &gt_op_slice_view, 1, &joined, &attr, sizeof attr);
}
