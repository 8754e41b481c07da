/* SPDX-License-Identifier: Apache-2.0
 * What a node costs. */
#include "graph/exec.h"

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

/* What a core does in a microsecond of small nodes (a Zen 5; older ones a third of it). A node is not shared out where
 * that alone costs as much as the node: some microseconds, and some more for each thread, as each announces its end on
 * the same cache line. What a shared node loses in all is more: threads wait for the last of them, and read what lies
 * in the caches of others (11 microseconds with two threads and networks for 32x32). */
static const double work_a_microsecond = 2e5;
typedef struct loss {
    double once, each; /* microseconds; for each thread */
} loss;
static const loss announcing = {2, 0.5}, in_all = {8, 1.5};

static double work_of(loss l, int threads) { return work_a_microsecond * (l.once + l.each * threads); }

bool gt_node_is_shared(const gt_node *n, int threads) {
    return threads > 1 && gt_node_work(n) > work_of(announcing, threads);
}

double gt_exec_estimate(const gt_exec *e, int threads) {
    double sum = 0;
    for (int k = e->n_hoisted; k < e->n_steps; k++) {
        const gt_node *n = e->steps[k].node;
        double work = gt_node_work(n);
        sum += gt_node_is_shared(n, threads) ? work / threads + work_of(in_all, threads) : work;
    }
    return 1e-6 * sum / work_a_microsecond;
}

double gt_graph_work(const gt_graph *g) {
    double work = 0;
    for (int id = 0; id < g->n_nodes; id++) work += gt_node_work(g->nodes[id]);
    return work;
}
