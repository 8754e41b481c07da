/* SPDX-License-Identifier: Apache-2.0
 * What a node costs. */
#include "graph/internal.h"

void gt_node_cost(const gt_node *n, double *flops, double *bytes) {
    *flops = 0;
    *bytes = (double)gt_shape_size(&n->shape);
    for (int i = 0; i < n->n_in; i++) *bytes += (double)gt_shape_size(&n->in[i]->shape);
    *bytes *= sizeof(float);
    if (n->op->cost) n->op->cost(n, flops, bytes);
}

void gt_no_cost(const gt_node *n, double *flops, double *bytes) {
    (void)n;
    *flops = *bytes = 0;
}

/* What a core of the present does in the time in which it moves a byte: element after element, or in the order of
 * packing, filtering and permuting. Plans follow from these numbers and from shapes alone, never from a machine's
 * speed. */
enum { FLOPS_PER_BYTE_STREAMED = 16, FLOPS_PER_BYTE = 32 };

double gt_node_work(const gt_node *n) {
    double flops, bytes;
    if (gt_is_leaf(n) || n->op->view) return 0;
    gt_node_cost(n, &flops, &bytes);
    return flops + (n->op->elementwise ? FLOPS_PER_BYTE_STREAMED : FLOPS_PER_BYTE) * bytes;
}

double gt_graph_work(const gt_graph *g) {
    double work = 0;
    for (int id = 0; id < g->n_nodes; id++) work += gt_node_work(g->nodes[id]);
    return work;
}
