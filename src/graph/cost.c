/* SPDX-License-Identifier: Apache-2.0
 * What a node costs. */
#include "graph/internal.h"

void gt_node_cost(const gt_node *n, double *flops, double *bytes) {
    if (n->op->cost) {
        n->op->cost(n, flops, bytes);
        return;
    }
    *flops = 0;
    *bytes = (double)gt_shape_size(&n->shape);
    for (int i = 0; i < n->n_in; i++) *bytes += (double)gt_shape_size(&n->in[i]->shape);
    *bytes *= sizeof(float);
}

/* A core of the present makes about twenty float operations in the time in which it moves a byte from or to memory. Plans follow from
 * this number and the shapes alone, never from a machine's speed. */
double gt_node_work(const gt_node *n) {
    enum { FLOPS_PER_BYTE = 20 };
    double flops, bytes;
    if (gt_is_leaf(n) || n->op->view) return 0;
    gt_node_cost(n, &flops, &bytes);
    return flops + FLOPS_PER_BYTE * bytes;
}
